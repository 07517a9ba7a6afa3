"""The questions that every source answers with the same frames, live or local."""

import datetime
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import pandas as pd

from oneroster_nb.counts.footnotes import with_left_out, with_repeated_people, with_unknown_roles
from oneroster_nb.errors import NoMatchWarning, NotSharedWarning, warn
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.groups import DEFAULT_MATCH_ON, checked_fields, known_fields, match_groups
from oneroster_nb.query.query import Query, checked_group_filter
from oneroster_nb.source.table_calls import TableCalls
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.rules import Finding, frame_of
from oneroster_nb.tables.status import active


class Source(TableCalls):
    """The calls that connectors and rosters have in common."""

    _match_on: list[str] | None = None
    max_users: int | None = None

    # What a kind of source provides.

    @abstractmethod
    def _answer(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        """Answer a validated query."""

    @abstractmethod
    def _listed_groups(self, group_filter: str, progress: ProgressOption) -> pd.DataFrame:
        """Return every group of a kind, with the names of its course, school and terms."""

    @property
    def noted(self) -> Sequence[Finding]:
        """Values that were changed while reading; a live source notes them in its rosters."""
        return ()

    @property
    def findings(self) -> pd.DataFrame:
        """Values that were changed while reading, with the columns of :func:`check`.

        A live connection has none itself; the roster that ``get_roster()`` returns has them.
        """
        return frame_of(self.noted)

    @property
    @abstractmethod
    def recipe(self) -> str:
        """A Python expression without secrets that makes this source again; "" if unknown."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections of the source."""

    @abstractmethod
    def headcounts(self, *, progress: ProgressOption = False) -> dict[str, int | None]:
        """Count the students, teachers and schools; None if the number is unknown."""

    @abstractmethod
    def get_roster(
        self,
        *,
        tables: Sequence[str] | None = None,
        sensitive: bool = False,
        progress: ProgressOption = None,
    ) -> "WholeRoster":
        """Return all tables as a roster in memory."""

    def _roster_to_check(self, progress: ProgressOption) -> "WholeRoster":
        """Return a roster of all readable tables; the findings name the others."""
        return self.get_roster(progress=progress)

    def _not_there(self, query: Query, groups: pd.DataFrame | None) -> dict[str, int]:  # noqa: ARG002
        """Count the missing people and groups that an answer leaves out, as far as known."""
        return {}

    def _of_unknown_role(self, query: Query, groups: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG002
        """Return the people of groups left out because of an unknown role, as far as known."""
        return pd.DataFrame(columns=["user", "role"])

    @abstractmethod
    def _people_of(self, group_filter: str, groups: pd.DataFrame) -> dict[str, list[int | None]]:
        """Count the people of some groups for ``studentCount teacherCount``; None if unknown."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # The questions.

    @property
    def match_groups_by(self) -> list[str]:
        """The fields to compare group names with if a call names none."""
        return list(self._match_on or self.default_match_on)

    @match_groups_by.setter
    def match_groups_by(self, fields: str | Sequence[str] | None) -> None:
        given = Query(group_filter="classes", match_on=fields).match_fields
        self._match_on = None if given is None else list(given)

    @property
    def default_match_on(self) -> tuple[str, ...]:
        """The fields to compare group names with by default; a table may lack some of them."""
        return DEFAULT_MATCH_ON

    def get_users(
        self,
        user_filter: str = "users",
        group_filter: str | None = None,
        group_name: str | Sequence[str] | None = None,
        match_on: str | Sequence[str] | None = None,
        *,
        match: str = "exact",
        term: str | None = None,
        status: str = "active",
        unique: bool = False,
        max_users: int | None = None,
        sensitive: bool = False,
        progress: ProgressOption = None,
    ) -> pd.DataFrame:
        """Get users, all of them or those of some groups, with membership columns.

        Parameters
        ----------
        user_filter : str
            ``"students"``, ``"teachers"``, ``"users"`` or any OneRoster role in the plural. In
            classes and courses, the role of the enrollment counts; guardians, parents and relatives
            are those of the students. At a school, the role held there counts.
        group_filter : str, optional
            ``"classes"`` (or ``"sections"``), ``"courses"`` or ``"schools"``.
        group_name : str or list of str, optional
            Names or ids. By default, or with ``"*"``, every group of that kind.
        match_on : str or list of str, optional
            Fields of the group to compare with; see :meth:`match_fields`.
        match : str
            ``"exact"``, ``"contains"``, ``"glob"`` or ``"regex"``; all ignore case.
        term : str, optional
            A title or an id of an academic session, or ``"current"``.
        status : str
            ``"active"`` leaves out users, groups and enrollments marked ``tobedeleted``;
            ``"all"`` keeps them.
        unique : bool
            If True, one row per user, with joined membership columns and ``groupCount``.
        max_users : int, optional
            The most distinct users to return; 0 for no limit.
        sensitive : bool
            Whether to include ``sms`` and ``phone``, and a provider's own columns of phone numbers.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        pandas.DataFrame
            One row per user, matched group and class. First the columns of users (OneRoster 1.2
            CSV binding and 1.1's ``role`` and ``orgSourcedIds``), then, with a group, ``groupType
            groupSourcedId groupName matchedOn classSourcedId classTitle classCode courseSourcedId
            courseTitle schoolSourcedId schoolName termSourcedIds termTitles enrollmentRole``
            (str), ``enrollmentPrimary`` (boolean), ``enrollmentBeginDate enrollmentEndDate``
            (datetime64), missing if the source would need another request for them; without
            a group ``schoolSourcedIds schoolNames`` (str).

        Raises
        ------
        QueryError
            If the question is not valid.
        RosterError
            If the answer of the source is not complete.

        Warns
        -----
        NoMatchWarning
            If a name matches no group.
        NotSharedWarning
            If the source returns no data at all.
        PartialResultWarning
            If `sensitive` is True and a roster was pulled without phone numbers, or if a server's
            member list of a school contradicts the orgs and roles of its users.
        DanglingReferenceWarning
            If rows refer to people, classes or orgs that are missing, for example because they are
            not shared. ``attrs["footnote"]`` says how many, and ``attrs["notThere"]`` holds the
            numbers. People missing from a server's own member list of a class are not noticed.
        UnknownRoleWarning
            If people are left out because OneRoster does not know their role; see the footnote.

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> with onb.connect("demo") as conn:
        ...     students = conn.get_users("students", "schools", "Classlink HS")
        >>> len(students)
        38
        """
        return self._checked_answer(
            Query(
                user_filter=user_filter,
                group_filter=group_filter,
                group_name=group_name,
                match_on=match_on,
                match=match,
                term=term,
                status=status,
                unique=unique,
                max_users=self.max_users if max_users is None else max_users,
                sensitive=sensitive,
            ),
            progress,
        )

    def query(self, query: str | Query, *, progress: ProgressOption = None) -> pd.DataFrame:
        """Answer a query, given as text or as an object.

        Parameters
        ----------
        query : str or Query
            ``"courses::Econ 101::students"``, see :meth:`Query.parse`, or a :class:`Query`.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        pandas.DataFrame
            As :meth:`get_users`.

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> with onb.connect("demo") as conn:
        ...     len(conn.query("classes::ELA 6 (6A ELA)::students"))
        7
        """
        if not isinstance(query, Query):
            query = Query.parse(query)
        if query.max_users is None:
            query = replace(query, max_users=self.max_users)
        return self._checked_answer(query, progress)

    def _checked_answer(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        """Answer a query; warn about what may mislead, and note it in the footnote."""
        return with_repeated_people(self._answer(query, progress))

    def groups(self, group_filter: str, *, progress: ProgressOption = None) -> pd.DataFrame:
        """List the groups that ``group_name`` can match.

        Parameters
        ----------
        group_filter : str
            ``"classes"``, ``"courses"`` or ``"schools"``.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        pandas.DataFrame
            The active groups: the columns of their canonical table, the names of related rows
            (``courseTitle schoolName termTitles`` for classes, ``schoolName`` for courses), and
            ``studentCount teacherCount`` (Int64), missing if unknown.

        Warns
        -----
        DanglingReferenceWarning, UnknownRoleWarning
            If a roster leaves people out of the counts; see the footnote, too.
        """
        kind = checked_group_filter(group_filter)
        listed = active(self._listed_groups(kind, progress), "active").reset_index(drop=True)
        counted = listed.assign(
            **{
                column: pd.array(counts, "Int64")
                for column, counts in self._people_of(kind, listed).items()
            }
        )
        query = Query("users", kind)
        counted = with_left_out(counted, self._not_there(query, listed))
        return with_unknown_roles(counted, self._of_unknown_role(query, listed))

    def match_fields(self, group_filter: str, *, progress: ProgressOption = None) -> list[str]:
        """List the fields that ``match_on`` can name for a kind of group.

        Parameters
        ----------
        group_filter : str
            ``"classes"``, ``"courses"`` or ``"schools"``.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        list of str
            Columns of the group table, and names of related rows.
        """
        kind = checked_group_filter(group_filter)
        return list(self._listed_groups(kind, progress).columns)

    def _matched_groups(self, query: Query, listed: pd.DataFrame) -> pd.DataFrame:
        """Return the groups of a query with a column ``matchedOn``; warn about unmatched names."""
        groups = active(listed, query.status).reset_index(drop=True)
        if groups.empty:
            warn_not_shared(query.group_filter or "")
        fields = self._compared(query.match_fields or self._match_on, list(groups.columns))
        matched = match_groups(groups, query.names, fields, query.match)
        if matched.unmatched and not groups.empty:
            name = "name" if query.group_filter == "schools" else "title"
            titles = list(dict.fromkeys(groups[name].dropna()))
            hints = "".join(nearest(name, titles) for name in matched.unmatched[:3])
            warn(
                f"No {query.group_filter} match {', '.join(map(repr, matched.unmatched))} on"
                f" {', '.join(fields.values())} ({query.match}).{hints} Check the spelling, match"
                " on other fields, or match with 'contains'.",
                NoMatchWarning,
            )
        on = pd.Series(matched.matched_on, dtype="str").replace("", None).astype("str")
        return groups.iloc[matched.positions].reset_index(drop=True).assign(matchedOn=on)

    def _compared(self, asked: Sequence[str] | None, available: Sequence[str]) -> dict[str, str]:
        """Return the columns to compare names with, and the field names of the call."""
        if asked and tuple(asked) != self.default_match_on:
            return checked_fields(asked, available)
        return known_fields(self.default_match_on, available)


class WholeRoster(Source):
    """A source that holds every table of one moment, as ``get_roster`` returns it.

    Attributes
    ----------
    taken : datetime.datetime
        When the tables were pulled, in UTC.
    """

    taken: datetime.datetime

    @abstractmethod
    def table(self, name: str) -> pd.DataFrame:
        """Return a whole canonical table by its name, including rows marked ``tobedeleted``."""


def warn_not_shared(what: str) -> None:
    """Warn that a source returns no data of a kind."""
    warn(
        f"The provider returns no {what} at all. They may not be shared with this application."
        " Ask the roster's administrator which schools and data it may see.",
        NotSharedWarning,
    )
