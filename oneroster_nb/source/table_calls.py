"""The calls that return canonical tables, the same for every source."""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from oneroster_nb.errors import QueryError
from oneroster_nb.progress import ProgressOption
from oneroster_nb.spelling import nearest
from oneroster_nb.tables.table import EXTRA_TABLES, TABLES
from oneroster_nb.tables.where import Where, selected

_P = ParamSpec("_P")
_S = TypeVar("_S", bound="TableCalls")


def table_names(names: str | Sequence[str]) -> list[str]:
    """Return the names of canonical tables as a list; QueryError if there is no such table."""
    listed = [names] if isinstance(names, str) else list(names)
    for name in listed:
        if name not in TABLES and name not in EXTRA_TABLES:
            raise QueryError(
                f"There is no canonical table {name!r}.{nearest(str(name), TABLES)}"
                f" The tables are: {', '.join(TABLES)}."
            )
    return listed


@dataclass(frozen=True)
class Choice:
    """Which rows of a table a call asks for; see :meth:`TableCalls.get_orgs`."""

    where: Where | None
    modified_since: str | datetime.date | None
    status: str


def _like(
    model: Callable[Concatenate[_S, _P], pd.DataFrame],
) -> Callable[[Callable[[Any], tuple[str, ...]]], Callable[Concatenate[_S, _P], pd.DataFrame]]:
    """Return a decorator that makes a call with the parameters of another one.

    The decorated function returns the table and, if not all of its rows are meant, their types.
    """

    def made(
        of_table: Callable[[Any], tuple[str, ...]],
    ) -> Callable[Concatenate[_S, _P], pd.DataFrame]:
        @wraps(model, assigned=())
        @wraps(of_table, assigned=("__name__", "__qualname__", "__doc__"))
        def call(source: _S, /, *args: _P.args, **options: _P.kwargs) -> pd.DataFrame:
            name, *types = of_table(source)
            get: Callable[..., pd.DataFrame] = source._get
            return get(name, types, *args, **options)

        return call

    return made


class TableCalls(ABC):
    """A call for each canonical table, to choose rows and columns."""

    @abstractmethod
    def _rows(self, name: str, choice: Choice, progress: ProgressOption) -> pd.DataFrame:
        """Return rows of a canonical table that include all chosen rows."""

    def _get(
        self,
        name: str,
        types: Sequence[str],
        where: Where | None = None,
        *,
        columns: Sequence[str] | None = None,
        modified_since: str | datetime.date | None = None,
        status: str = "active",
        progress: ProgressOption = None,
    ) -> pd.DataFrame:
        """Return the chosen rows of a table, of some types if any are given."""
        frame = self._rows(name, Choice(where, modified_since, status), progress)
        if types:
            frame = frame.loc[frame["type"].isin(types)]
        return selected(frame, name, where, columns, modified_since, status)

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
        return self._get(
            "orgs",
            (),
            where,
            columns=columns,
            modified_since=modified_since,
            status=status,
            progress=progress,
        )

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

    @_like(get_orgs)
    def get_classes(self) -> tuple[str, ...]:
        """Get the classes; parameters as for :meth:`get_orgs`.

        Returns
        -------
        pandas.DataFrame
            The canonical table ``classes``: ``title classCode classType location periods grades
            subjects courseSourcedId schoolSourcedId termSourcedIds`` and more, all str except
            ``dateLastModified``.
        """
        return ("classes",)

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
