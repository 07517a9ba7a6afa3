"""OneRoster REST 1.1 and 1.2: where its lists are, and what its records mean."""

from collections.abc import Callable, Collection, Mapping
from urllib.parse import parse_qs, urlsplit

from oneroster_nb.connectors.live.options import LiveOptions
from oneroster_nb.connectors.live.provider import NO_ROUTE, TRIES_OF_A_LARGE_PAGE, Provider
from oneroster_nb.connectors.oneroster.records import RECORDS
from oneroster_nb.errors import NotProvidedError, RosterError
from oneroster_nb.tables.casting import cast_columns
from oneroster_nb.tables.field import Kind, Shape
from oneroster_nb.tables.table import TABLES
from oneroster_nb.tables.vocabulary import has_words
from oneroster_nb.transport.address import encoded
from oneroster_nb.transport.decode import Decoder
from oneroster_nb.transport.header_values import whole_number
from oneroster_nb.transport.pages import Page, PageRequest
from oneroster_nb.transport.paging import pull
from oneroster_nb.transport.retrying import Call
from oneroster_nb.transport.session import Session
from oneroster_nb.transport.side_by_side import Fetch, Job

_SERVICES: Mapping[str, str] = {
    "categories": "gradebook",
    "lineItems": "gradebook",
    "results": "gradebook",
    "resources": "resources",
}
"""The tables of OneRoster 1.2 that are not in its rostering service."""

_LISTED_AS: Mapping[str, Collection[str]] = {
    "users": ("users", "students", "teachers"),
    "orgs": ("orgs", "schools"),
    "academicSessions": ("academicSessions", "terms", "gradingPeriods"),
}
"""The keys under which servers list the rows of a table, if not under its name alone."""


class OneRosterProvider(Provider):
    """A OneRoster server of version ``"1.1"`` or ``"1.2"``."""

    listed_below: Mapping[tuple[str, str], str] = {
        ("classes", "courseSourcedId"): "courses",
        ("classes", "schoolSourcedId"): "schools",
        ("enrollments", "schoolSourcedId"): "schools",
        ("lineItems", "classSourcedId"): "classes",
        ("results", "classSourcedId"): "classes",
    }

    def __init__(self, session: Session, version: str, options: LiveOptions) -> None:
        records = RECORDS[version]
        super().__init__(session, version, tuple(records), options)
        self.has_profiles = version == "1.2"
        self._decoders = {
            table: Decoder(fields, _LISTED_AS.get(table, (table,)))
            for table, fields in records.items()
        }

    def list_job(
        self,
        table: str,
        *,
        sensitive: bool = False,
        wanted: int | None = None,
        clause: str = "",
        fields: str = "",
    ) -> Job:
        asked = {"filter": clause, "fields": fields}
        params = {name: value for name, value in asked.items() if value}
        return self.path_job(table, table, table, sensitive=sensitive, wanted=wanted, params=params)

    def plain_fields(self, table: str) -> Collection[str]:
        records = RECORDS[self.version].get(table, ())
        return {f.column for f in records if f.shape is Shape.TEXT and f.column == f.source} & {
            column
            for column, kind in TABLES[table].columns.items()
            # A server compares words as it writes them, which may not be as the standard does.
            if kind is Kind.TEXT and not has_words(table, column)
        }

    def object_job(self, table: str, key: str) -> Job:
        url = self.session.url(encoded(table, key), base=self._base(table))
        fetch = _one_record(self.session, table, self._decoders[table], url)
        return Job(pull(table, 1, wanted=1), fetch, keep=NO_ROUTE)

    def _base(self, table: str) -> str:
        """Return the address of the service that has a table; OneRoster 1.1 has one for all."""
        service = _SERVICES.get(table)
        if self.version == "1.1" or service is None:
            return self.host
        return self.host.replace("/rostering/", f"/{service}/")

    def path_job(
        self,
        table: str,
        what: str,
        *paths: str,
        sensitive: bool = False,
        wanted: int | None = None,
        params: Mapping[str, str] = {},
        keep: tuple[type[RosterError], ...] = (),
    ) -> Job:
        if table not in self._decoders:
            raise NotProvidedError(f"This connector cannot list {table}.")

        (path,) = paths

        def address(query: Mapping[str, str]) -> str:
            return self.session.url(path, {**query, **params}, self._base(table))

        decoder = self._decoders[table]
        fetch = _list_pages(self.session, table, decoder, address, sensitive=sensitive)
        pages = pull(what, self.rows_at_once(wanted), wanted, self.page_sizes)
        return Job(pages, fetch, keep=keep)


def _one_record(session: Session, table: str, decoder: Decoder, url: str) -> Fetch:
    """Return what gets a single row of a canonical table."""

    def fetch(request: PageRequest, call: Call) -> Page:  # noqa: ARG001 - there is one page
        _, columns = session.read(url, call, decoder.read_one)
        return Page(cast_columns(table, columns))

    return fetch


def _list_pages(
    session: Session,
    table: str,
    decoder: Decoder,
    address: Callable[[Mapping[str, str]], str],
    *,
    sensitive: bool,
) -> Fetch:
    """Return what gets a page of a list, whose records become rows of a canonical table."""

    def fetch(request: PageRequest, call: Call) -> Page:
        url = request.link or address({"limit": str(request.limit), "offset": str(request.offset)})
        tries = TRIES_OF_A_LARGE_PAGE if request.divisible else None
        answer, (columns, total) = session.read(url, call, decoder.read, attempts=tries)
        length = len(columns["sourcedId"])
        return Page(
            cast_columns(table, columns, sensitive=sensitive),
            whole_number(answer.headers.get("X-Total-Count")) if total is None else total,
            answer.next if _continues(answer.next, request.offset + length) else None,
            answer.more,
            answer.headers.get("x-perm-rev"),
        )

    return fetch


def _continues(link: str | None, offset: int) -> bool:
    """Return True if a link leads to where this page ends, as far as it tells."""
    told = parse_qs(urlsplit(link or "").query).get("offset")
    return told is None or told == [str(offset)]
