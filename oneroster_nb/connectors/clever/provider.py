"""The Clever Data API: where its lists are, and what its records mean."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from oneroster_nb.connectors.live.provider import NO_ROUTE, TRIES_OF_A_LARGE_PAGE, Provider
from oneroster_nb.errors import AnswerError, NotFoundError, NotProvidedError, RosterError
from oneroster_nb.tables.casting import cast_columns
from oneroster_nb.transport.address import encoded, origin, resolve_url
from oneroster_nb.transport.pages import Page, PageRequest, Tables
from oneroster_nb.transport.paging import pull_links
from oneroster_nb.transport.retrying import Call
from oneroster_nb.transport.session import Session
from oneroster_nb.transport.side_by_side import Fetch, Job

LARGEST_PAGE = 10_000  # Clever answers 413 to more
_PATHS: Mapping[str, tuple[str, ...]] = {
    "orgs": ("districts", "schools"),
    "academicSessions": ("terms",),
    "courses": ("courses",),
    "classes": ("sections",),
    "enrollments": ("sections",),
    "resources": ("resources",),
}
"""Canonical table to the lists that hold its rows."""
_PEOPLE = ("students", "teachers", "school_admins", "district_admins", "contacts")
"""The lists of people of version 2.1; later versions have one."""
_OBJECTS: Mapping[str, str] = {"orgs": "schools", "courses": "courses", "classes": "sections"}
_LISTED_BELOW: Mapping[tuple[str, str], str] = {
    ("classes", "courseSourcedId"): "courses",
    ("classes", "schoolSourcedId"): "schools",
}
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
            return self._job(table, table, [self._people_path("student")], wanted=wanted)
        return self._job(table, table, _PATHS[table], wanted=wanted)

    def user_job(self, role: str, *, sensitive: bool, wanted: int | None) -> Job:
        if role == "user":
            # All of them, as contacts are at the schools of their students.
            paths = _PEOPLE if self.version == "v2.1" else ("users",)
            return self._job("users", "users", paths, sensitive=sensitive)
        return self._job(
            "users",
            f"{role}s",
            [self._people_path(role)],
            sensitive=sensitive,
            wanted=wanted,
            keep=(NotFoundError,),
        )

    def count_job(self, role: str) -> Job:
        path = self._people_path(role)
        path += ("&" if "?" in path else "?") + "count=true"
        return self._job("users", f"{role}s", [path], wanted=1, keep=(NotFoundError,))

    def member_job(self, kind: str, key: str, role: str, *, sensitive: bool) -> Job:
        within = "sections" if kind == "classes" else kind
        path = f"{encoded(within, key)}/{self._people_path(role)}"
        what = f"{role}s of {kind}"
        return self._job("users", what, [path], sensitive=sensitive, keep=NO_ROUTE)

    def course_classes_job(self, key: str) -> Job:
        path = encoded("courses", key, "sections")
        return self._job("classes", "classes of a course", [path], keep=NO_ROUTE)

    def part_job(self, table: str, column: str, value: str) -> Job | None:
        if column == "sourcedId" and table in _OBJECTS:
            return self.object_job(table, value)
        within = _LISTED_BELOW.get((table, column))
        if within is None:
            return None
        return self._job(table, f"{table} of {within}", [encoded(within, value, "sections")])

    def object_job(self, table: str, key: str) -> Job:
        return self._job(table, table, [encoded(_OBJECTS[table], key)], keep=NO_ROUTE)

    def _people_path(self, role: str) -> str:
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

    def _job(
        self,
        table: str,
        what: str,
        paths: Sequence[str],
        *,
        sensitive: bool = False,
        wanted: int | None = None,
        keep: tuple[type[RosterError], ...] = (),
    ) -> Job:
        """Pull lists along their links; their records become rows of a canonical table."""
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
