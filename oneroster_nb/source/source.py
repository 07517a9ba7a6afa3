"""The questions that every source answers with the same frames, live or local."""

import datetime
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import pandas as pd

from oneroster_nb.counts.footnotes import (
    BY_DEMOGRAPHICS,
    with_footnote,
    with_left_out,
    with_repeated_people,
    with_terms_together,
    with_unknown_roles,
)
from oneroster_nb.errors import (
    ForbiddenError,
    NoMatchWarning,
    NotFoundError,
    NotSharedWarning,
    PartialResultWarning,
    warn,
)
from oneroster_nb.people.demographics import DEMOGRAPHIC_COLUMNS, with_demographics
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.groups import (
    DEFAULT_MATCH_ON,
    checked_fields,
    known_fields,
    match_groups,
    name_column,
)
from oneroster_nb.query.membership import chosen_rows, one_row_each
from oneroster_nb.query.moment import Day, Moment
from oneroster_nb.query.query import PEOPLE_GROUPS, Query, checked_group_filter
from oneroster_nb.query.school import groups_at_schools, schools_named
from oneroster_nb.query.terms import terms_apart
from oneroster_nb.source.at_moment import with_moment
from oneroster_nb.source.class_list import (
    CLASS_LIST_COLUMNS,
    split_conditions,
    without_people,
)
from oneroster_nb.source.lacking_columns import with_lacking_columns
from oneroster_nb.source.table_calls import Choice, TableCalls
from oneroster_nb.spelling import nearest, shown
from oneroster_nb.tables.added_columns import AddedColumns
from oneroster_nb.tables.rules import Finding, frame_of
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import empty_table
from oneroster_nb.tables.vocabulary import DELETED
from oneroster_nb.tables.where import Where, fitting, selected, with_columns
from oneroster_nb.today import local_date


class Source(TableCalls):
    """The calls that connectors and rosters have in common."""

    _match_on: list[str] | None = None
    max_users: int | None = None

    # What a kind of source provides.

    @abstractmethod
    def _answer(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        """Answer a validated query, with all rows among which are those that fit its conditions."""

    @abstractmethod
    def _listed_groups(self, group_filter: str, progress: ProgressOption) -> pd.DataFrame:
        """Return every group of a kind, with the names of its course, school and terms."""

    @abstractmethod
    def _people_as_groups(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        """Return the people who are the groups of a question, with name and schools."""

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
    def added_columns(self) -> AddedColumns:
        """The columns of people that the provider adds to the standard's."""

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

    @abstractmethod
    def _sessions(self) -> pd.DataFrame:
        """Return the academic sessions, as far as they were read for an answer."""

    def _not_there(self, query: Query, groups: pd.DataFrame | None) -> dict[str, int]:  # noqa: ARG002
        """Count the missing people and groups that an answer leaves out, as far as known."""
        return {}

    def _of_unknown_role(self, query: Query, groups: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG002
        """Return the people of groups left out because of an unknown role, as far as known."""
        return pd.DataFrame(columns=["user", "role"])

    @abstractmethod
    def _people_of(self, query: Query, groups: pd.DataFrame) -> dict[str, list[int | None]]:
        """Count the people of groups as ``studentCount teacherCount``; None if unknown.

        The query says which day or term counts.
        """

    @abstractmethod
    def _with_people(
        self, query: Query, classes: pd.DataFrame, progress: ProgressOption
    ) -> pd.DataFrame:
        """Add the people of classes; see :func:`with_people`. The footnote says who is left out."""

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
        as_of: Day = None,
        term: str | None = None,
        include_end_date: bool = False,
        where: Where | None = None,
        school: str | None = None,
        status: str = "active",
        unique: bool = False,
        demographics: bool = False,
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
            ``"classes"`` (or ``"sections"``), ``"courses"`` or ``"schools"``; or ``"teachers"`` or
            ``"students"``: the others in classes that such a person teaches or is a student of. The
            guardians of a student are those of this student alone, of no class.
        group_name : str or list of str, optional
            Names or ids. By default, or with ``"*"``, every group of that kind.
        match_on : str or list of str, optional
            Fields of the group to compare with; see :meth:`match_fields`.
        match : str
            ``"exact"``, ``"contains"``, ``"glob"`` or ``"regex"``; all ignore case.
        as_of : str or datetime.date, optional
            A day such as ``"2026-10-01"``, or ``"today"``. An enrollment counts from its
            ``beginDate`` to the day before its ``endDate``; a missing date is that of the terms of
            the class. With schools or without a group, students and teachers need an enrollment
            that counts.
        term : str, optional
            A title or an id of an academic session, or ``"current"``: the class has that term, one
            above or one below it, and the enrollment's own dates overlap it.
        include_end_date : bool
            Whether an enrollment counts on its ``endDate``, too. The standard excludes it; many
            systems mean the last day.
        where : mapping, optional
            Conditions on columns of the answer, all of which must hold: ``{"grades": ["06", "07"],
            "email": None, "courseTitle": {"~": "art"}}``. A value means equal, a list any of them,
            None missing; operators are ``= != > >= < <= ~`` (contains, ignores case). ``!=`` keeps
            rows without a value. ``groupCount`` is in how many groups a user is, of the rows that
            fit the other conditions: ``{"groupCount": {">": 1}}``. A field of the provider, such as
            ``clever.ell_status``, that nobody has is missing for everyone.
        school : str, optional
            The name or id of a school. Only its groups are meant, and only classes at this school:
            a course of the district has the people of its sections there.
        status : str
            ``"active"`` leaves out users, groups and enrollments marked ``tobedeleted``;
            ``"all"`` keeps them.
        unique : bool
            If True, one row per user, with joined membership columns and ``groupCount``.
        demographics : bool
            Whether to add ``sex birthDate age raceEthnicity`` and the seven flags of race and
            ethnicity. ``age`` is on the day of `as_of`, or today. ``raceEthnicity`` is one value by
            the rule of federal reports: Hispanic or Latino first, then two or more races.
            :func:`count` and :func:`crosstab` by these columns hide counts below 10.
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
            a group ``schoolSourcedIds schoolNames`` (str). ``attrs["as_of"]`` holds the day or term
            that was asked about.

        Raises
        ------
        QueryError
            If the question is not valid.
        RosterError
            If the answer of the source is not complete.

        Warns
        -----
        NoMatchWarning
            If a name matches no group, if no term is running on the day, or if a condition is on a
            column such as ``metadata.track``, which nobody has and which may be misspelt.
        NotSharedWarning
            If the source returns no data at all.
        PartialResultWarning
            If `sensitive` is True and a roster was pulled without phone numbers, if the source does
            not show demographics that are asked for, or if a server's member list of a school
            contradicts the orgs and roles of its users.
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
                as_of=as_of,
                term=term,
                include_end_date=include_end_date,
                where=where,
                school=school,
                status=status,
                unique=unique,
                demographics=demographics,
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
        query = query.on_a_date()
        every = replace(query, unique=False)
        if query.where is not None:
            every = replace(every, max_users=None)
        answer = self._answer(every, progress)
        if query.demographics:
            answer = self._with_demographics(answer, query, progress)
        if query.where is not None:
            answer = self._chosen(query, query.where, answer)
            if not DEMOGRAPHIC_COLUMNS.keys().isdisjoint(query.where):
                answer.attrs[BY_DEMOGRAPHICS] = True
        if query.by_classes and not query.timed:
            answer = with_terms_together(answer, terms_apart(answer, self._sessions()))
        if query.group_filter is not None and query.unique:
            answer = one_row_each(answer)
        return with_repeated_people(answer)

    def _chosen(self, query: Query, where: Where, answer: pd.DataFrame) -> pd.DataFrame:
        """Keep the rows of an answer that fit conditions; say which columns nobody has."""
        wider, notes = with_lacking_columns(
            answer, where, self.added_columns, sensitive=query.sensitive
        )
        return with_footnote(chosen_rows(query, wider), notes)

    def _with_demographics(
        self, answer: pd.DataFrame, query: Query, progress: ProgressOption
    ) -> pd.DataFrame:
        """Put sex, birth date, age, race and ethnicity beside people, as far as they are shown."""
        asked = Moment.of(query)
        day = (asked and asked.as_of) or local_date()
        try:
            found, status = self.get_demographics(status=query.status, progress=progress), ""
        except (ForbiddenError, NotFoundError) as error:
            found, status = empty_table("demographics"), f" ({error.status})"
        # Of several rows of a person, one that is active comes first.
        found = found.sort_values("status", key=lambda status: status == DELETED, kind="stable")
        answer = with_demographics(answer, found, day)
        if len(found):
            return answer
        note = f"The source does not show demographics{status}, so those columns are empty"
        warn(f"{note}; ask the roster's administrator to share them.", PartialResultWarning)
        return with_footnote(answer, [f"{note}."])

    def groups(
        self,
        group_filter: str,
        *,
        as_of: Day = None,
        term: str | None = None,
        include_end_date: bool = False,
        progress: ProgressOption = None,
    ) -> pd.DataFrame:
        """List the groups that ``group_name`` can match.

        Parameters
        ----------
        group_filter : str
            ``"classes"``, ``"courses"``, ``"schools"``, ``"teachers"`` or ``"students"``.
        as_of, term, include_end_date
            The day or term of the counts, as for :meth:`get_users`. Classes that do not meet then
            are left out.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        pandas.DataFrame
            The active groups: the columns of their canonical table, the names of related rows
            (``courseTitle schoolName termTitles`` for classes, ``schoolName`` for courses, ``name
            schoolSourcedIds schoolNames`` for people), and ``studentCount teacherCount`` (Int64),
            missing if unknown. Teachers are also those who teach a class in another role.

        Warns
        -----
        NoMatchWarning
            If no term is running on the day.
        DanglingReferenceWarning, UnknownRoleWarning
            If a roster leaves people out of the counts; see the footnote, too.
        """
        kind = checked_group_filter(group_filter)
        query = Query(
            "users", kind, as_of=as_of, term=term, include_end_date=include_end_date
        ).on_a_date()
        moment = Moment.of(query)
        listed = active(self._groups_of(query, progress)).reset_index(drop=True)
        if moment is not None:
            sessions = self.get_academic_sessions(status="all", progress=progress)
            if kind == "classes":
                listed = listed.loc[moment.meets(listed, sessions)].reset_index(drop=True)
        counted = listed.assign(
            **{
                column: pd.array(counts, "Int64")
                for column, counts in self._people_of(query, listed).items()
            }
        )
        if moment is not None:
            classes = listed if kind == "classes" else empty_table("classes")
            counted = with_moment(counted, moment, classes, sessions)
        counted = with_left_out(counted, self._not_there(query, listed))
        return with_unknown_roles(counted, self._of_unknown_role(query, listed))

    def _classes_with_names(
        self, choice: Choice, columns: Sequence[str] | None, when: Query, progress: ProgressOption
    ) -> pd.DataFrame:
        first, of_people = split_conditions(choice.where)
        listed = without_people(self._listed_groups("classes", progress))
        chosen = selected(
            listed, CLASS_LIST_COLUMNS, first, None, choice.modified_since, choice.status
        )
        moment = Moment.of(when)
        if moment is not None:
            sessions = self.get_academic_sessions(status="all", progress=progress)
            chosen = chosen.loc[moment.meets(chosen, sessions)].reset_index(drop=True)
        few = list(chosen["sourcedId"].dropna()) if first else None
        query = replace(when, status=choice.status, group_name=few or None)
        found = self._with_people(query, chosen, progress)
        if moment is None:
            found = with_terms_together(found, terms_apart(found, self._sessions()))
        notes = dict(found.attrs)
        found = with_columns(fitting(found, CLASS_LIST_COLUMNS, of_people), columns)
        found = found.reset_index(drop=True)
        found.attrs = notes
        return found

    def match_fields(self, group_filter: str, *, progress: ProgressOption = None) -> list[str]:
        """List the fields that ``match_on`` can name for a kind of group.

        Parameters
        ----------
        group_filter : str
            ``"classes"``, ``"courses"``, ``"schools"``, ``"teachers"`` or ``"students"``.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        list of str
            Columns of the group table, and names of related rows.
        """
        query = Query(group_filter=checked_group_filter(group_filter))
        return list(self._groups_of(query, progress).columns)

    def _groups_of(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        """Return every group of the kind that a question is about."""
        kind = query.group_filter or ""
        if kind in PEOPLE_GROUPS:
            return self._people_as_groups(query, progress)
        return self._listed_groups(kind, progress)

    def _matched_groups(self, query: Query, listed: pd.DataFrame) -> pd.DataFrame:
        """Return the groups of a query with a column ``matchedOn``; warn about unmatched names."""
        groups = active(listed, query.status).reset_index(drop=True)
        if groups.empty:
            warn_not_shared(query.group_filter or "")
        at = ""
        if query.school is not None:
            groups, at = self._at_school(query, groups, query.school), f" at {shown(query.school)}"
        fields = self._compared(query.match_fields or self._match_on, list(groups.columns))
        matched = match_groups(groups, query.names, fields, query.match)
        if matched.unmatched and not groups.empty:
            kind = query.group_filter or ""
            titles = list(dict.fromkeys(groups[name_column(kind)].dropna()))
            # A message names no person but the one who was asked for.
            titles = [] if kind in PEOPLE_GROUPS else titles
            hints = "".join(nearest(name, titles) for name in matched.unmatched[:3])
            warn(
                f"No {kind}{at} match {', '.join(map(shown, matched.unmatched))} on"
                f" {', '.join(fields.values())} ({query.match}).{hints} Check the spelling, match"
                " on other fields, or match with 'contains'.",
                NoMatchWarning,
            )
        on = pd.Series(matched.matched_on, dtype="str").replace("", None).astype("str")
        return groups.iloc[matched.positions].reset_index(drop=True).assign(matchedOn=on)

    def _at_school(self, query: Query, groups: pd.DataFrame, school: str) -> pd.DataFrame:
        """Return those of some groups that are of a school."""
        kind = query.group_filter or ""
        schools = schools_named(self._listed_groups("schools", False), school, query.status)
        classes = groups
        if kind == "courses":
            classes = active(self._listed_groups("classes", False), query.status)
        mine = groups_at_schools(kind, groups, classes, schools)
        return groups.loc[mine].reset_index(drop=True)

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
