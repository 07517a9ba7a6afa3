"""What one vendor adds to a live source: where its lists are, and what their records mean."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd
import pyarrow as pa

from oneroster_nb.connectors.live.options import LiveOptions
from oneroster_nb.errors import ForbiddenError, NotFoundError, QueryError, RosterError
from oneroster_nb.query.groups import field_named
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.added_columns import ADDED_BY_ONEROSTER, AddedColumns
from oneroster_nb.transport.address import encoded
from oneroster_nb.transport.page_size import PageSizes
from oneroster_nb.transport.pages import Tables
from oneroster_nb.transport.session import Session
from oneroster_nb.transport.side_by_side import Job

LISTED_ROLES = frozenset({"student", "teacher"})
"""The roles whose people servers list by themselves."""
NO_ROUTE = (NotFoundError, ForbiddenError)
"""What a server answers if it has no such list, or does not show it."""
_DEFAULT_PAGE_SIZE = 10_000
TRIES_OF_A_LARGE_PAGE = 4  # then a smaller one is tried


class Provider(ABC):
    """The adapter of one vendor's API.

    Parameters
    ----------
    session : Session
        The HTTP session with the server.
    version : str
        The version of the interface; ``"1.1"`` if users say themselves what they are.
    listable : sequence of str
        The canonical tables that can be pulled, in the order of the schema.
    options : LiveOptions
        Their `page_size` and `key_identifier` are used.
    """

    comes_with: Mapping[str, str] = {}
    """Table to the one with whose pages it comes, so that it need not be pulled by itself."""
    has_filters = True
    """Whether the server can be asked for the rows that fulfil a condition."""
    has_profiles = False
    """Whether the records of users hold their profiles."""
    collections: Mapping[str, str] = {}
    """Table to its collection in addresses, if that has another name."""
    listed_below: Mapping[tuple[str, str], str] = {}
    """Table and column to the collection below which the rows with a value there are listed."""
    added_columns: AddedColumns = ADDED_BY_ONEROSTER
    """The columns of people that it has beside the standard's."""
    gaps: Mapping[str, str] = {}
    """Table to a warning of what this vendor does not say in it."""

    def __init__(
        self, session: Session, version: str, listable: Sequence[str], options: LiveOptions
    ) -> None:
        self.session = session
        self.host = session.host
        self.version = version
        # Where the data come from, as a roster keeps it.
        self.name = session.host
        self.listable = tuple(listable)
        self.page_size = options.page_size or _DEFAULT_PAGE_SIZE
        self.key_identifier = options.key_identifier
        # What the server was seen to take.
        self.page_sizes = PageSizes()

    def rows_at_once(self, wanted: int | None) -> int:
        """Return how many rows to ask for at once if `wanted` are enough."""
        return self.page_size if wanted is None else min(wanted, self.page_size)

    def keys(self, groups: pd.DataFrame) -> list[str]:
        """Return what stands for each group in addresses.

        Raises
        ------
        QueryError
            If the groups have no such field, or one of them no value in it.
        """
        column = field_named(self.key_identifier, groups.columns)
        if column is None:
            raise QueryError(
                f"key_identifier {self.key_identifier!r} is not a field of these groups."
                f"{nearest(self.key_identifier, groups.columns)} Most servers take 'sourcedId'."
            )
        keys = groups[column]
        if keys.isna().any():
            raise QueryError(
                f"{int(keys.isna().sum()):,} of the matched groups have no"
                f" {self.key_identifier!r}, which is the key_identifier of this connector."
            )
        return [str(key) for key in keys]

    # Where the lists are.

    @abstractmethod
    def list_job(
        self,
        table: str,
        *,
        sensitive: bool = False,
        wanted: int | None = None,
        clause: str = "",
        fields: str = "",
    ) -> Job:
        """Pull a whole canonical table, or at least `wanted` rows of it.

        A filter and a choice of fields are asked of a provider that has filters only.
        """

    @abstractmethod
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
        """Pull the lists at some paths, whose records become rows of a canonical table.

        The parameters are sent by a provider that has filters only.
        """

    def object_job(self, table: str, key: str) -> Job:
        """Pull one row of a canonical table; a 404 or 403 is an outcome."""
        return self.path_job(table, table, encoded(self._collection(table), key), keep=NO_ROUTE)

    def user_job(self, role: str, *, sensitive: bool, wanted: int | None, clause: str = "") -> Job:
        """Pull the students, the teachers or (role "user") all people, or at least `wanted`.

        For students and teachers a 404 is an outcome. A filter is asked of a provider that has
        filters only.
        """
        return self.path_job(
            "users",
            f"{role}s",
            self.people_path(role),
            sensitive=sensitive,
            wanted=wanted,
            params={"filter": clause} if clause else {},
            keep=() if role == "user" else (NotFoundError,),
        )

    def count_job(self, role: str) -> Job:
        """Pull what announces how many students or teachers there are."""
        return self.user_job(role, sensitive=False, wanted=1)

    def member_job(self, kind: str, key: str, role: str, *, sensitive: bool) -> Job:
        """Pull the students or teachers of one class or school; a 404 or 403 is an outcome."""
        path = f"{encoded(self._collection(kind), key)}/{self.people_path(role)}"
        what = f"{role}s of {kind}"
        return self.path_job("users", what, path, sensitive=sensitive, keep=NO_ROUTE)

    def course_classes_job(self, key: str) -> Job:
        """Pull the classes of one course; a 404 or 403 is an outcome."""
        path = encoded("courses", key, self._collection("classes"))
        return self.path_job("classes", "classes of a course", path, keep=NO_ROUTE)

    def part_job(self, table: str, column: str, value: str) -> Job | None:
        """Pull the rows with a value in a column; None if they have no list of their own."""
        if column == "sourcedId":
            return self.object_job(table, value)
        within = self.listed_below.get((table, column))
        if within is None:
            return None
        path = encoded(within, value, self._collection(table))
        return self.path_job(table, f"{table} of {within}", path)

    def people_path(self, role: str) -> str:
        """Return the path of the people of a role, by itself or below a group."""
        return f"{role}s"

    def _collection(self, table: str) -> str:
        return self.collections.get(table, table)

    def plain_fields(self, table: str) -> Collection[str]:  # noqa: ARG002
        """Return the columns of a table that are one text in the records, under the same name."""
        return ()

    # What the records mean.

    def followers(self, table: str, pages: Tables) -> dict[str, Iterable[pa.Table]]:  # noqa: ARG002
        """Return the pages of the tables that are made of the pages of another one."""
        return {}

    def place_roles(self, roles: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG002
        """Add where roles are held if the records of users do not say it."""
        return roles

    def completed(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG002
        """Add to a canonical table what follows from its other rows."""
        return frame
