"""A live source: the parts that it is made of, and which of them answers a question."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from oneroster_nb.analysis.methods import RosterQuestions
from oneroster_nb.connectors.live.group_cache import GroupCache
from oneroster_nb.connectors.live.member_lists import MemberLists
from oneroster_nb.connectors.live.options import LiveOptions
from oneroster_nb.connectors.live.provider import LISTED_ROLES, Provider
from oneroster_nb.connectors.live.puller import Puller, pull_jobs, whole_tables
from oneroster_nb.connectors.live.refreshing import Refresh
from oneroster_nb.connectors.live.roster_pull import RosterPull
from oneroster_nb.connectors.live.server_filters import REFUSED, ServerFilters
from oneroster_nb.counts.footnotes import with_gaps_of_each, with_left_out, with_unknown_roles
from oneroster_nb.errors import (
    DanglingReferenceWarning,
    NotFoundError,
    PartialResultWarning,
    RosterError,
    UnknownRoleWarning,
    muted,
    warn,
)
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.query.membership import without_group
from oneroster_nb.query.query import PEOPLE_GROUPS, Query
from oneroster_nb.query.referring import references_of_answer
from oneroster_nb.roster.roster import Roster
from oneroster_nb.source.class_list import with_people
from oneroster_nb.source.source import warn_not_shared
from oneroster_nb.source.table_calls import Choice, table_names
from oneroster_nb.tables.added_columns import AddedColumns
from oneroster_nb.tables.lookup import among, codes
from oneroster_nb.tables.references import not_there
from oneroster_nb.tables.status import active
from oneroster_nb.tables.table import empty_table
from oneroster_nb.tables.unknown_roles import people_of_unknown_role


class Connector(RosterQuestions):
    """A live source, which answers questions with requests to a server.

    If a question is about a few groups, their members are listed side by side. If it is about all
    groups, or the provider has no such lists, whole tables are pulled and asked as a roster is.
    """

    host: str
    version: str
    """The version of the interface; ``"1.1"`` if users say themselves what they are."""

    def __init__(self, provider: Provider, options: LiveOptions, recipe: str) -> None:
        self.host, self.version = provider.host, provider.version
        self.match_groups_by = options.match_on
        self.max_users = Query(max_users=options.max_users).max_users
        self._provider = provider
        self._options = options
        # connect() writes its own call instead.
        self._recipe = recipe
        puller = Puller(provider, partial(pull_jobs, provider.session, options.max_workers))
        self._puller = puller
        self._cache = GroupCache(puller)
        self._filters = ServerFilters(puller)
        self._lists = MemberLists(puller, self._cache, self._filters)
        self._rosters = RosterPull(puller)
        self._refresh = Refresh(puller, self._rosters, self._filters)

    @property
    def provider(self) -> str:
        """The address or name of the source, as a roster keeps it."""
        return self._provider.name

    @property
    def key_identifier(self) -> str:
        """The field of a group that stands in addresses."""
        return self._provider.key_identifier

    @property
    def page_size(self) -> int:
        """Rows to ask for at once."""
        return self._provider.page_size

    @property
    def max_workers(self) -> int:
        """Requests under way at once."""
        return self._options.max_workers

    @property
    def recipe(self) -> str:
        """A Python expression that makes this connection again and holds no secret."""
        return self._recipe

    @property
    def added_columns(self) -> AddedColumns:
        """The columns of people that the provider adds to the standard's."""
        return self._provider.added_columns

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._provider.session.close()

    def refresh_groups(self) -> None:
        """Forget the groups as listed; the next question lists them again."""
        self._cache.clear()
        self._lists.clear()

    def headcounts(self, *, progress: ProgressOption = False) -> dict[str, int | None]:
        """Count people and schools, from the totals that the server announces.

        Parameters
        ----------
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        dict
            ``students``, ``teachers`` and ``schools``; None if the server does not say.

        Raises
        ------
        RosterError
            If the server cannot be asked.
        """
        with Reporter(progress, "totals") as reporter:
            jobs = [self._provider.count_job(role) for role in ("student", "teacher")]
            outcomes, tables = self._cache.together(jobs, ("orgs",), reporter)
        students, teachers = (
            None if isinstance(outcome, RosterError) else job.total
            for job, outcome in zip(jobs, outcomes, strict=True)
        )
        orgs = tables["orgs"]
        schools = active(orgs.loc[orgs["type"] == "school"], "active")
        return {"students": students, "teachers": teachers, "schools": len(schools)}

    def get_roster(
        self,
        *,
        tables: Sequence[str] | None = None,
        sensitive: bool = False,
        progress: ProgressOption = None,
    ) -> Roster:
        """Pull every table once, to ask and keep the roster locally.

        Parameters
        ----------
        tables : sequence of str, optional
            Canonical names of the tables to pull; left out, all that the provider has.
        sensitive : bool
            Whether to pull ``sms`` and ``phone``, and a provider's own columns of phone numbers.
        progress : None, bool or callable
            See :data:`oneroster_nb.progress.ProgressOption`.

        Returns
        -------
        Roster

        Raises
        ------
        QueryError
            For a name that is no canonical table.
        RosterError
            If a table cannot be pulled that was named, or that every roster has.

        Warns
        -----
        PartialResultWarning
            If the server does not show a table; it is empty then.
        NotSharedWarning
            If the server shows none of the people, classes and courses that are asked for.
        DanglingReferenceWarning
            If references point nowhere.

        Examples
        --------
        >>> import oneroster_nb as onb
        >>> with onb.connect("demo") as conn:
        ...     roster = conn.get_roster()
        >>> len(roster.get_users("students", "classes", "31763"))
        3
        """
        named = None if tables is None else table_names(tables)
        options = [] if named is None else [f"tables={named!r}"]
        options += ["sensitive=True"] if sensitive else []
        recipe = f"{self.recipe}.get_roster({', '.join(options)})"
        return self._rosters.roster(named, sensitive=sensitive, recipe=recipe, progress=progress)

    def changes_since(self, old: Roster, *, allow_shrink: bool, progress: ProgressOption) -> Roster:
        """Return a new roster from what changed; see :meth:`Roster.refresh`."""
        return self._refresh.changes_since(old, allow_shrink=allow_shrink, progress=progress)

    def _rows(self, name: str, choice: Choice, progress: ProgressOption) -> pd.DataFrame:
        if name in self._provider.gaps:
            warn(self._provider.gaps[name], PartialResultWarning)
        with Reporter(progress, name) as reporter:
            return self._filters.rows(name, choice, reporter)

    def _listed_groups(self, group_filter: str, progress: ProgressOption) -> pd.DataFrame:
        return self._cache.groups(group_filter, progress)

    def _people_as_groups(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        return self._cache.people_as_groups(query, progress)

    def _sessions(self) -> pd.DataFrame:
        return self._cache.kept("academicSessions")

    def _people_of(self, query: Query, groups: pd.DataFrame) -> dict[str, list[int | None]]:  # noqa: ARG002
        return {column: [None] * len(groups) for column in ("studentCount", "teacherCount")}

    def _with_people(
        self, query: Query, classes: pd.DataFrame, progress: ProgressOption
    ) -> pd.DataFrame:
        groups = classes.assign(matchedOn=None)
        with Reporter(progress, "people of classes") as reporter:
            answers = []
            for who in ("students", "teachers"):  # a person who is both in a class counts as both
                with muted(DanglingReferenceWarning, UnknownRoleWarning):
                    asked = replace(query, user_filter=who)
                    answer = self._lists.answer(asked, groups, reporter)
                if answer is None:
                    roster = self._cache.roster_for(query, reporter)
                    return roster.with_people(query, classes)
                answers.append(answer)
        students, teachers = (
            answer.assign(class_=codes(answer["classSourcedId"], classes["sourcedId"]))
            for answer in answers
        )
        found = with_people(classes, students=students["class_"].to_numpy(), teachers=teachers)
        return with_gaps_of_each(found, answers)

    def _answer(self, query: Query, progress: ProgressOption) -> pd.DataFrame:
        if query.group_filter is None:
            with Reporter(progress, query.user_filter) as reporter:
                return self._without_group(query, reporter)
        if query.group_filter in PEOPLE_GROUPS:
            with Reporter(progress, f"{query.user_filter} of {query.group_filter}") as reporter:
                roster = self._cache.roster_for(query, reporter)
            groups = self._matched_groups(query, roster.people_as_groups(query))
            return roster.members(query, groups)
        match_on = query.match_fields or self.match_groups_by
        groups = self._matched_groups(query, self._cache.meant_groups(query, match_on, progress))
        with Reporter(progress, f"{query.user_filter} of {query.group_filter}") as reporter:
            answer = self._lists.answer(query, groups, reporter)
            if answer is not None:
                return answer
            return self._cache.roster_for(query, reporter).members(query, groups)

    def _without_group(self, query: Query, reporter: Reporter) -> pd.DataFrame:
        role = query.roles[0] if query.roles else "user"
        listable = role in {*LISTED_ROLES, "user"} and role not in self._lists.lacking
        if query.timed or not listable:
            return self._cache.roster_for(query, reporter).without_group(query)
        clause = self._filters.clause_of_people(role, query.where, reporter)
        wanted = query.max_users
        while True:
            job = self._provider.user_job(
                role, sensitive=query.sensitive, wanted=wanted, clause=str(clause or "")
            )
            job.keep = job.keep if clause is None else REFUSED
            (outcome,), tables = self._cache.together([job], ("orgs",), reporter)
            if clause is not None and isinstance(outcome, RosterError):
                self._filters.distrust(role, clause)
                return self._without_group(query, reporter)
            if isinstance(outcome, NotFoundError):
                self._lists.lacking.add(role)
                return self._without_group(query, reporter)
            orgs = tables["orgs"]
            came = self._puller.people(whole_tables(outcome), orgs, sensitive=query.sensitive)
            users = active(came.users, query.status)
            roles, all_users = active(came.roles, query.status), users
            if role != "user":
                users = _in_role(all_users, roles, role)
            if wanted is None or len(users) >= wanted or job.rows < wanted:
                break
            wanted = None  # too few of those that came are asked for, so look at all users
        if users.empty and clause is None:
            warn_not_shared(query.user_filter)
        known = {"users": came.users, "orgs": orgs}
        classes = empty_table("classes")
        refers = references_of_answer(query, known, users=users, classes=classes, groups=None)
        answer = with_left_out(without_group(query, users, orgs), not_there(known, refers))
        odd = people_of_unknown_role(all_users, roles)
        return with_unknown_roles(answer, odd.loc[~among(odd["user"], users["sourcedId"])])


def _in_role(users: pd.DataFrame, roles: pd.DataFrame, role: str) -> pd.DataFrame:
    """Keep the people of a list who hold the role, or of whom no role is known."""
    holders = roles.loc[roles["role"] == role, "userSourcedId"]
    holds = codes(users["sourcedId"], holders) >= 0
    kept = users["role"].isna() | (users["role"] == role) | holds
    return users.loc[kept].reset_index(drop=True)
