"""The calls that return canonical tables, the same for every source."""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

import pandas as pd

from oneroster_nb.errors import QueryError
from oneroster_nb.progress import ProgressOption
from oneroster_nb.query.moment import Day
from oneroster_nb.query.query import Query
from oneroster_nb.spelling import nearest, shown
from oneroster_nb.tables.table import EXTRA_TABLES, TABLES
from oneroster_nb.tables.where import Where, selected

_Call = TypeVar("_Call", bound=Callable[..., pd.DataFrame])


def table_names(names: str | Sequence[str]) -> list[str]:
    """Return the names of canonical tables as a list; QueryError if there is no such table."""
    listed = [names] if isinstance(names, str) else list(names)
    for name in listed:
        if name not in TABLES and name not in EXTRA_TABLES:
            raise QueryError(
                f"There is no canonical table {shown(name)}.{nearest(str(name), TABLES)}"
                f" The tables are: {', '.join(TABLES)}."
            )
    return listed


@dataclass(frozen=True)
class Choice:
    """Which rows of a table a call asks for; see :meth:`TableCalls.get_orgs`."""

    where: Where | None
    modified_since: str | datetime.date | None
    status: str


def _like(model: _Call) -> Callable[[Callable[[Any], tuple[str, ...]]], _Call]:
    """Return a decorator that makes a call with the parameters of another one.

    The decorated function returns the table and, if not all of its rows are meant, their types.
    """

    def made(of_table: Callable[[Any], tuple[str, ...]]) -> _Call:
        @wraps(model, assigned=())
        @wraps(of_table, assigned=("__name__", "__qualname__", "__doc__"))
        def call(
            source: "TableCalls",
            where: Where | None = None,
            *,
            columns: Sequence[str] | None = None,
            modified_since: str | datetime.date | None = None,
            status: str = "active",
            progress: ProgressOption = None,
        ) -> pd.DataFrame:
            choice = Choice(where, modified_since, status)
            return source._get(of_table(source), choice, columns, progress)

        return cast("_Call", call)

    return made


class TableCalls(ABC):
    """A call for each canonical table, to choose rows and columns."""

    @abstractmethod
    def _rows(self, name: str, choice: Choice, progress: ProgressOption) -> pd.DataFrame:
        """Return rows of a canonical table that include all chosen rows."""

    @abstractmethod
    def _classes_with_names(
        self, choice: Choice, columns: Sequence[str] | None, when: Query, progress: ProgressOption
    ) -> pd.DataFrame:
        """Return the chosen classes with names, and with their people at a moment."""

    def _get(
        self,
        of_table: Sequence[str],
        choice: Choice,
        columns: Sequence[str] | None,
        progress: ProgressOption,
    ) -> pd.DataFrame:
        """Return the chosen rows of a table, of some types if any are given."""
        name, *types = of_table
        frame = self._rows(name, choice, progress)
        if types:
            frame = frame.loc[frame["type"].isin(types)]
        kinds = TABLES[name].columns
        return selected(frame, kinds, choice.where, columns, choice.modified_since, choice.status)

    def get_orgs(
        self,
        where: Where | None = None,
        *,
        columns: Sequence[str] | None = None,
        modified_since: str | datetime.date | None = None,
        status: str = "active",
        progress: ProgressOption = None,
    ) -> pd.DataFrame:
        """Get the orgs: districts, schools and others.

        Parameters
        ----------
        where : mapping, optional
            ``{"title": "Art", "grades": ["06", "07"], "dateLastModified": {">": "2026-08-01"}}``:
            a value, a list of values, or operators ``= != > >= < <= ~`` with values. Values are
            compared exactly; ``!=`` keeps rows without a value.
        columns : list of str, optional
            Columns to keep; ``sourcedId`` is always kept.
        modified_since : str or date, optional
            Only rows modified at that time (UTC) or later.
        status : str
            ``"active"`` leaves out rows marked ``tobedeleted``, ``"all"`` keeps them.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``orgs``: ``sourcedId status name type identifier
            parentSourcedId`` (str) and ``dateLastModified`` (UTC timestamp).

        Raises
        ------
        QueryError
            If a column or operator is unknown, or a column cannot hold a value.
        """
        choice = Choice(where, modified_since, status)
        return self._get(("orgs",), choice, columns, progress)

    @_like(get_orgs)
    def get_schools(self) -> tuple[str, ...]:
        """Get the orgs of type school; parameters and columns as for :meth:`get_orgs`.

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> with onb.connect("demo") as conn:
        ...     "Classlink HS" in set(conn.get_schools()["name"])
        True
        """
        return "orgs", "school"

    @_like(get_orgs)
    def get_courses(self) -> tuple[str, ...]:
        """Get the courses; parameters as for :meth:`get_orgs`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``courses``: ``title courseCode grades subjects
            schoolYearSourcedId orgSourcedId`` and more, all str except ``dateLastModified``.
        """
        return ("courses",)

    def get_classes(
        self,
        where: Where | None = None,
        *,
        with_names: bool = False,
        as_of: Day = None,
        term: str | None = None,
        include_end_date: bool = False,
        columns: Sequence[str] | None = None,
        modified_since: str | datetime.date | None = None,
        status: str = "active",
        progress: ProgressOption = None,
    ) -> pd.DataFrame:
        """Get the classes, with the names of what they refer to and numbers of people if asked.

        Parameters
        ----------
        where, columns, modified_since, status, progress
            As for :meth:`get_orgs`, also for the columns that `with_names` adds.
        with_names : bool
            Whether to add names and numbers. They go by the groups that a connector has listed
            before, as :meth:`groups` does.
        as_of, term, include_end_date
            The day or term of the people, as for :meth:`get_users`, with `with_names`. Classes that
            do not meet then are left out.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``classes``: ``title classCode classType location periods grades
            subjects courseSourcedId schoolSourcedId termSourcedIds`` and more, all str except
            ``dateLastModified``. With names also ``courseTitle schoolName termTitles
            teacherNames`` (str; several with commas, teachers by family name) and ``studentCount
            teacherCount`` (int64, distinct active people).

        Raises
        ------
        QueryError
            If a column, operator or term is unknown, if a column cannot hold a value, or for a day
            or term without `with_names`.

        Warns
        -----
        NoMatchWarning
            If no term is running on the day.
        DanglingReferenceWarning, UnknownRoleWarning
            If people are left out of names and numbers; see ``attrs["footnote"]``, too.

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> with onb.connect("demo") as conn:
        ...     room = conn.get_classes({"location": "302"}, with_names=True)
        >>> room[["title", "termTitles", "teacherNames", "studentCount"]]
                    title             termTitles       teacherNames  studentCount
        0  ELA 6 (6A ELA)  Semester 1,Semester 2     Ernesto Dawson             3
        1  ELA 6 (6B ELA)  Semester 1,Semester 2     Ernesto Dawson             6
        2  ELA 6 (6A ELA)  Semester 1,Semester 2  Margaret Baptiste             4
        """
        choice = Choice(where, modified_since, status)
        when = Query(
            "users", "classes", as_of=as_of, term=term, include_end_date=include_end_date
        ).on_a_date()
        if with_names:
            return self._classes_with_names(choice, columns, when, progress)
        if when.timed:
            raise QueryError(
                "get_classes() counts people on a day or in a term only with with_names=True. Pass"
                " that too, or leave as_of and term out."
            )
        return self._get(("classes",), choice, columns, progress)

    @_like(get_orgs)
    def get_enrollments(self) -> tuple[str, ...]:
        """Get the enrollments; parameters as for :meth:`get_orgs`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``enrollments``: ``classSourcedId schoolSourcedId userSourcedId
            role`` (str), ``primary`` (boolean), ``beginDate endDate`` (datetime64).
        """
        return ("enrollments",)

    @_like(get_orgs)
    def get_academic_sessions(self) -> tuple[str, ...]:
        """Get the academic sessions: school years, terms, grading periods; as :meth:`get_orgs`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``academicSessions``: ``title type parentSourcedId schoolYear``
            (str), ``startDate endDate`` (datetime64).
        """
        return ("academicSessions",)

    @_like(get_orgs)
    def get_terms(self) -> tuple[str, ...]:
        """Get the academic sessions of type term and semester; as :meth:`get_orgs`."""
        return "academicSessions", "term", "semester"

    @_like(get_orgs)
    def get_grading_periods(self) -> tuple[str, ...]:
        """Get the academic sessions of type gradingPeriod; as :meth:`get_orgs`."""
        return "academicSessions", "gradingPeriod"

    @_like(get_orgs)
    def get_demographics(self) -> tuple[str, ...]:
        """Get the demographics of people; parameters as for :meth:`get_orgs`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``demographics``, whose ``sourcedId`` is that of the user:
            ``birthDate`` (datetime64), the races and ``hispanicOrLatinoEthnicity`` (boolean),
            ``sex countryOfBirthCode`` and more (str).

        Raises
        ------
        ForbiddenError
            If the account may not see them, as is common.
        """
        return ("demographics",)

    @_like(get_orgs)
    def get_resources(self) -> tuple[str, ...]:
        """Get the learning resources; parameters as for :meth:`get_orgs`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``resources``: ``vendorResourceId title roles importance vendorId
            applicationId`` (str).
        """
        return ("resources",)

    @_like(get_orgs)
    def get_categories(self) -> tuple[str, ...]:
        """Get the categories of the gradebook; parameters as for :meth:`get_orgs`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``categories``: ``title`` (str), ``weight`` (float64).
        """
        return ("categories",)

    @_like(get_orgs)
    def get_line_items(self) -> tuple[str, ...]:
        """Get the line items of the gradebook; parameters as for :meth:`get_orgs`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``lineItems``: ``title classSourcedId categorySourcedId`` and more
            (str), ``assignDate dueDate`` (UTC timestamps), ``resultValueMin resultValueMax``
            (float64).
        """
        return ("lineItems",)

    @_like(get_orgs)
    def get_results(self) -> tuple[str, ...]:
        """Get the results of the gradebook; parameters as for :meth:`get_orgs`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``results``: ``lineItemSourcedId studentSourcedId scoreStatus
            textScore comment`` (str), ``score`` (float64), ``scoreDate`` (datetime64),
            ``inProgress incomplete late missing`` (boolean).

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> with onb.connect("demo") as conn:
        ...     items = conn.get_line_items(columns=["title"])
        ...     results = conn.get_results({"lineItemSourcedId": items["sourcedId"].iloc[0]})
        >>> len(items), len(results)
        (80, 10)
        """
        return ("results",)
