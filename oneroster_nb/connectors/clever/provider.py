"""The Clever Data API: where its lists are, and what its records mean."""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import pandas as pd
import pyarrow as pa

from oneroster_nb.connectors.clever.envelope import read_envelope
from oneroster_nb.connectors.clever.members import (
    demographics_of,
    enrollments_of,
    with_parents,
    with_schools_of_students,
)
from oneroster_nb.connectors.clever.records import columns_of
from oneroster_nb.connectors.live.options import LiveOptions
from oneroster_nb.connectors.live.provider import TRIES_OF_A_LARGE_PAGE, Provider
from oneroster_nb.errors import AnswerError, NotFoundError, NotProvidedError, RosterError
from oneroster_nb.tables.added_columns import ADDED_BY_CLEVER
from oneroster_nb.tables.casting import cast_columns
from oneroster_nb.transport.address import origin, resolve_url
from oneroster_nb.transport.pages import Page, PageRequest, Tables
from oneroster_nb.transport.paging import pull_links
from oneroster_nb.transport.retrying import Call
from oneroster_nb.transport.session import Session
from oneroster_nb.transport.side_by_side import Fetch, Job

LARGEST_PAGE = 10_000  # Clever answers 413 to more
_PATHS: Mapping[str, tuple[str, ...]] = {
    "orgs": ("districts", "schools"),
    "academicSessions": ("terms",),
    "classes": ("sections",),
    "enrollments": ("sections",),
}
"""Canonical table to the lists that hold its rows, if not to one of its own name."""
_PEOPLE = ("students", "teachers", "school_admins", "district_admins", "contacts")
"""The lists of people of version 2.1; later versions have one."""
_OBJECTS = frozenset({"orgs", "courses", "classes"})
"""The tables whose rows can be asked for one by one."""
_LACKING = "Clever has no {}: it is a roster without a gradebook and without the tables around it."
_PAGE_READERS: Mapping[str, Callable[[pa.Table], pa.Table]] = {
    "enrollments": enrollments_of,
    "demographics": demographics_of,
}
"""The tables that are made of the pages of another one, and what makes them."""


class CleverProvider(Provider):
    """A district's roster in Clever, of version ``"v3.1"``, ``"v3.0"`` or ``"v2.1"``."""

    comes_with: Mapping[str, str] = {"enrollments": "classes", "demographics": "users"}
    has_filters = False
    added_columns = ADDED_BY_CLEVER
    collections: Mapping[str, str] = {"orgs": "schools", "classes": "sections"}
    listed_below: Mapping[tuple[str, str], str] = {
        ("classes", "courseSourcedId"): "courses",
        ("classes", "schoolSourcedId"): "schools",
    }
    gaps: Mapping[str, str] = {
        "demographics": (
            "Clever gives the birth date, gender, race and ethnicity of students only; the"
            " other columns of demographics are missing."
        )
    }

    def __init__(
        self, session: Session, version: str, district: str | None, options: LiveOptions
    ) -> None:
        resources = () if version == "v2.1" else ("resources",)
        tables = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
        super().__init__(session, version, (*tables, "demographics", *resources), options)
        if district:
            self.name = f"{session.host} {district}"

    def list_job(
        self,
        table: str,
        *,
        sensitive: bool = False,
        wanted: int | None = None,
        clause: str = "",  # noqa: ARG002
        fields: str = "",  # noqa: ARG002
    ) -> Job:
        if table not in self.listable:
            raise NotProvidedError(_LACKING.format(table))
        if table == "users":
            return self.user_job("user", sensitive=sensitive, wanted=wanted)
        if table == "demographics":
            return self.path_job(table, table, self.people_path("student"), wanted=wanted)
        return self.path_job(table, table, *_PATHS.get(table, (table,)), wanted=wanted)

    def user_job(
        self,
        role: str,
        *,
        sensitive: bool,
        wanted: int | None,
        clause: str = "",  # noqa: ARG002
    ) -> Job:
        if role != "user":
            return super().user_job(role, sensitive=sensitive, wanted=wanted)
        # All of them, as contacts are at the schools of their students.
        paths = _PEOPLE if self.version == "v2.1" else ("users",)
        return self.path_job("users", "users", *paths, sensitive=sensitive)

    def count_job(self, role: str) -> Job:
        path = self.people_path(role)
        path += ("&" if "?" in path else "?") + "count=true"
        return self.path_job("users", f"{role}s", path, wanted=1, keep=(NotFoundError,))

    def part_job(self, table: str, column: str, value: str) -> Job | None:
        missing = column == "sourcedId" and table not in _OBJECTS
        return None if missing else super().part_job(table, column, value)

    def people_path(self, role: str) -> str:
        return f"{role}s" if self.version == "v2.1" else f"users?role={role}"

    def followers(self, table: str, pages: Tables) -> dict[str, Iterable[pa.Table]]:
        return {
            follower: map(_PAGE_READERS[follower], pages)
            for follower, source in self.comes_with.items()
            if source == table
        }

    def place_roles(self, roles: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
        return with_schools_of_students(roles, users)

    def completed(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        return with_parents(frame) if table == "academicSessions" else frame

    def path_job(
        self,
        table: str,
        what: str,
        *paths: str,
        sensitive: bool = False,
        wanted: int | None = None,
        params: Mapping[str, str] = {},  # noqa: ARG002
        keep: tuple[type[RosterError], ...] = (),
    ) -> Job:
        source = self.comes_with.get(table, table)
        fetch = _list_pages(self.session, source, _PAGE_READERS.get(table), sensitive=sensitive)
        size = min(self.rows_at_once(wanted), LARGEST_PAGE)
        starts = [self.session.url(path) for path in paths]
        return Job(pull_links(what, starts, size, wanted, self.page_sizes), fetch, keep=keep)


def _list_pages(
    session: Session,
    table: str,
    read: Callable[[pa.Table], pa.Table] | None,
    *,
    sensitive: bool,
) -> Fetch:
    """Return what gets a page of a list, as rows of a table or of one that is read out of it."""

    def fetch(request: PageRequest, call: Call) -> Page:
        url = _sized(request.link or "", request.limit)
        tries = TRIES_OF_A_LARGE_PAGE if request.divisible else None
        answer, (records, link, count) = session.read(url, call, read_envelope, attempts=tries)
        listed = urlsplit(url).path.removeprefix(urlsplit(session.host).path).split("/")
        columns = columns_of(table, listed[-1 if len(listed) != 2 else 0], records)
        page = cast_columns(table, columns, sensitive=sensitive)
        following = _followed(session.host, answer.url, link)
        return Page(read(page) if read else page, count, following)

    return fetch


def _followed(host: str, url: str, link: str | None) -> str | None:
    """Return the address of the next page; AnswerError if it is on another server."""
    if link is None:
        return None
    target = resolve_url(url, link)
    if origin(target) != origin(host):
        raise AnswerError(
            f"GET {urlsplit(url).path}: the link to the next page leads to another server, so"
            " it was not followed. Check the host."
        )
    return target


def _sized(url: str, limit: int) -> str:
    """Write how many rows are wanted into an address, in the place of what it says."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), "limit": str(limit)}
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote, safe="")))
