"""A OneRoster service over a store: addresses, answers and errors."""

import json
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import parse_qsl, unquote

import numpy as np

from oneroster_nb.demo.server.answers import Answer, RefusalError, Request
from oneroster_nb.demo.server.collection import Collection, belonging, members
from oneroster_nb.demo.server.fields import Field, Records
from oneroster_nb.demo.server.filters import select, sort
from oneroster_nb.demo.server.members import WITHIN
from oneroster_nb.demo.server.pages import Page
from oneroster_nb.demo.server.services import Service, Version, homes
from oneroster_nb.demo.server.store import Positions, Store
from oneroster_nb.demo.server.wire import Writer


class Guard(Protocol):
    """Checks who sent a request."""

    def check(self, request: Request, scopes: Sequence[str]) -> None:
        """Raise a RefusalError unless the request has permission for any of the scopes."""
        ...


class OneRoster:
    """One service of the OneRoster REST interface.

    Parameters
    ----------
    service : Service
        The service.
    version : Version
        Its version.
    writer : Writer
        Writes the records of that version.
    records : Records
        The records of that version.
    guard : Guard
        Who may ask.
    max_page_size : int
        The largest page; a larger ``limit`` is taken as that.
    """

    reads: bool = False

    def __init__(
        self,
        service: Service,
        version: Version,
        *,
        writer: Writer,
        records: Records,
        guard: Guard,
        max_page_size: int,
    ) -> None:
        self.prefix = service.prefix
        self._service = service
        self._version = version
        self._writer = writer
        self._records = records
        self._store = records.store
        self._guard = guard
        self._max_page_size = max_page_size

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises
        ------
        RefusalError
            401 and 403 if the guard refuses, 404 if there is nothing at that address, 400 if a
            parameter is wrong, 405 if the method is not GET.
        """
        if request.method != "GET":
            raise RefusalError(405, "invaliddata", "Only GET is answered here.", {"Allow": "GET"})
        path = request.path.removeprefix(self.prefix)
        steps = [unquote(step) for step in path.removesuffix("/").split("/")]
        self._guard.check(request, self._service.scopes(steps))
        params = dict(parse_qsl(request.query, keep_blank_values=True))
        collection, rows, single = self._find(steps)
        fields = self._fields(collection.table, params.get("fields"))
        if single:
            (record,) = self._written(collection, rows, fields)
            return Answer(200, b'{"%s":%s}' % (collection.one.encode(), record))
        return self._page(request, params, collection, rows, fields)

    def refuse(self, refusal: RefusalError) -> Answer:
        """Write the error body that OneRoster has."""
        body = {
            "imsx_codeMajor": "unsupported" if refusal.status == 405 else "failure",
            "imsx_severity": "error",
            "imsx_description": refusal.description,
            "imsx_CodeMinor": {
                "imsx_codeMinorField": [
                    {
                        "imsx_codeMinorFieldName": "TargetEndSystem",
                        "imsx_codeMinorFieldValue": refusal.code,
                    }
                ]
            },
        }
        return Answer(refusal.status, json.dumps(body).encode(), refusal.headers)

    def _find(self, steps: Sequence[str]) -> tuple[Collection, Positions, bool]:
        """Return the collection and the rows of an address, and whether it is one record."""
        nested, last = self._version.nested, steps[len(steps) - 1 & ~1]
        if last not in self._service.names:
            raise _no_such_address()
        collection = self._version.collections[last]
        if len(steps) == 1:
            return collection, members(self._store, collection), False
        if len(steps) == 2:
            return collection, self._one(last, steps[1]), True
        if len(steps) == 3 and (steps[0], last) in nested:
            self._one(steps[0], steps[1])
            return collection, nested[steps[0], last](self._store, steps[1]), False
        if len(steps) == 5 and (steps[0], steps[2], last) in WITHIN:
            outer, outer_id, inner, inner_id, _ = steps
            self._one(outer, outer_id)
            row = self._one(inner, inner_id)
            if not np.isin(row, nested[outer, inner](self._store, outer_id)).all():
                raise RefusalError(404, "unknownobject", f"Nothing of that id is in these {inner}.")
            return collection, WITHIN[outer, inner, last](self._store, outer_id, inner_id), False
        raise _no_such_address()

    def _one(self, name: str, sourced_id: str) -> Positions:
        """Return the row of one record of a collection."""
        collection = self._version.collections[name]
        rows = self._store.rows(collection.table, "sourcedId", sourced_id)[:1]
        if not len(belonging(self._store, collection, rows)):
            raise RefusalError(404, "unknownobject", f"There is nothing of that id in {name}.")
        return rows

    def _fields(self, table: str, names: str | None) -> Sequence[Field] | None:
        """Return the requested fields; None for all of them."""
        if names is None:
            return None
        wanted = {name.strip() for name in names.split(",")}
        known = self._records.fields(table)
        labels = {_label(field) for field in known}
        if not wanted <= labels:
            unknown = ", ".join(sorted(wanted - labels))
            raise RefusalError(
                400, "invalid_selection_field", f"There is no field named {unknown}."
            )
        return [field for field in known if _label(field) in wanted]

    def _page(
        self,
        request: Request,
        params: dict[str, str],
        collection: Collection,
        rows: Positions,
        fields: Sequence[Field] | None,
    ) -> Answer:
        """Filter and sort, and return the requested page."""
        page = Page.asked(params, self._max_page_size)
        if "filter" in params:
            rows = select(self._records, collection.table, rows, params["filter"])
        if "sort" in params:
            order = params.get("orderBy", "asc")
            if order not in ("asc", "desc"):
                raise RefusalError(400, "invaliddata", "orderBy is asc or desc.")
            rows = sort(
                self._records, collection.table, rows, params["sort"], descending=order == "desc"
            )
        shown = rows[page.offset : page.offset + page.limit]
        written = self._written(collection, shown, fields)
        body = b'{"%s":[%s]}' % (collection.many.encode(), b",".join(written))
        return Answer(200, body, page.headers(request, params, len(rows)))

    def _written(
        self, collection: Collection, rows: Positions, fields: Sequence[Field] | None
    ) -> list[bytes]:
        """Write records, with all fields or some."""
        if fields is None:
            return self._writer.records(collection.table, rows)
        return self._writer.selection(collection.table, rows, fields)


def one_roster(
    version: Version, store: Store, root: str, guard: Guard, max_page_size: int
) -> list[OneRoster]:
    """Return all services of a version for one store.

    Parameters
    ----------
    version : Version
        The version.
    store : Store
        The district.
    root : str
        Scheme, host and port, for the addresses of records.
    guard : Guard
        Who may ask.
    max_page_size : int
        The largest page; a larger ``limit`` is taken as that.
    """
    records = Records(store, version.fields)
    writer = Writer(records, homes(root, version.services))
    return [
        OneRoster(
            service,
            version,
            writer=writer,
            records=records,
            guard=guard,
            max_page_size=max_page_size,
        )
        for service in version.services
    ]


def _no_such_address() -> RefusalError:
    return RefusalError(404, "unknownobject", "There is no such address.")


def _label(field: Field) -> str:
    """Return the name to select a field by; metadata is selected as a whole."""
    return "metadata" if field.metadata else field.name
