"""What a form asks and shows, as traits: the arguments of ``get_users`` and of the counting."""

from typing import Any

from traitlets import Any as AnyTrait, HasTraits, List, Unicode, validate
from traitlets.utils.bunch import Bunch

from oneroster_nb.connectors.registry import provider_entry
from oneroster_nb.errors import QueryError
from oneroster_nb.query.query import Query

_CONNECTION = (
    *("provider", "profile", "host", "client_id"),
    *("token_url", "application_id", "district", "path"),
)
QUESTION = (
    *("user_filter", "group_filter", "group_name", "match_on", "match"),
    *("as_of", "include_end_date", "term", "status", "unique", "max_users", "sensitive"),
    "demographics",
)
"""The traits that are the arguments of ``get_users``."""

MOMENT = ("as_of", "term", "include_end_date")
"""Those of them that say when."""

COUNTING = ("by", "rows", "columns", "unit", "margins", "normalize", "suppress_below")
"""The traits that say what is counted, and how."""

_UNITS = ("users", "rows")
_NORMALIZE = (False, "all", "index", "columns")


class State(HasTraits):
    """The state of a form; none of it is widget state, so none is in a saved notebook.

    Attributes
    ----------
    provider, profile, host, client_id, token_url, application_id, district, path : str
        The connection; a profile is None if there is none.
    user_filter, group_filter, group_name, match_on, match, as_of, include_end_date, term, status,
    unique, max_users, sensitive, demographics
        The arguments of ``get_users``; ``include_end_date`` holds while a day is set.
    by : list of str
        The columns of Counts.
    rows, columns : str
        The columns of Crosstab; empty if the form chooses.
    unit, margins, normalize, suppress_below
        The arguments of :func:`oneroster_nb.crosstab`; ``unit`` and ``suppress_below`` hold for
        the counts as well. A ``suppress_below`` of None is not chosen, and 0 hides nothing.
    """

    provider = Unicode("demo")
    profile = Unicode(None, allow_none=True)
    host = Unicode("")
    client_id = Unicode("")
    token_url = Unicode("")
    application_id = Unicode("")
    district = Unicode("")
    path = Unicode("")

    user_filter = Unicode("students")
    group_filter = Unicode(None, allow_none=True)
    group_name = AnyTrait(None)
    match_on = AnyTrait(None)
    match = Unicode("exact")
    as_of = AnyTrait(None)
    include_end_date = AnyTrait(False)
    term = Unicode(None, allow_none=True)
    status = Unicode("active")
    unique = AnyTrait(False)
    max_users = AnyTrait(None)
    sensitive = AnyTrait(False)
    demographics = AnyTrait(False)

    by = List(Unicode())
    rows = Unicode("")
    columns = Unicode("")
    unit = Unicode("users")
    margins = AnyTrait(True)
    normalize = AnyTrait(False)
    suppress_below = AnyTrait(None)

    def question(self) -> Query:
        """Return the question that is set.

        Raises
        ------
        QueryError
            If it cannot be asked like this.
        """
        parts = {name: getattr(self, name) for name in QUESTION if name not in MOMENT}
        parts |= self.moment()
        if parts["group_filter"] is None:
            parts |= {"group_name": None, "match_on": None}
        return Query(**parts)

    def moment(self) -> dict[str, Any]:
        """Return the arguments that say when, as far as they are set."""
        parts = {name: getattr(self, name) for name in MOMENT}
        if self.as_of is None:  # then there is no last day
            parts["include_end_date"] = False
        defaults = {name: self.traits()[name].default() for name in MOMENT}
        return {name: value for name, value in parts.items() if value != defaults[name]}

    def state(self) -> dict[str, Any]:
        """Return what is set as plain JSON, without secrets; ``explore(**state)`` restores it."""
        names = (*_CONNECTION, *QUESTION, *COUNTING)
        parts = {name: getattr(self, name) for name in names}
        defaults = {name: self.traits()[name].default() for name in names}
        kept = ("provider", "user_filter")
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in parts.items()
            if name in kept or value != defaults[name]
        }

    @validate("provider")
    def _known_provider(self, proposal: Bunch) -> str:
        return provider_entry(proposal["value"]).name

    @validate(*QUESTION)
    def _part_of_a_question(self, proposal: Bunch) -> Any:
        """Check a part as a question does; several names or fields become a list."""
        name, value = proposal["trait"].name, proposal["value"]
        parts = {"group_filter": "classes"} if name in ("group_name", "match_on") else {}
        part = getattr(Query(**{**parts, name: value}), name)
        if name == "group_name" and part is None:  # every group, as it was written
            return value
        return list(part) if isinstance(part, tuple) else part

    @validate("suppress_below")
    def _threshold(self, proposal: Bunch) -> int | None:
        value = proposal["value"]
        if value is not None and type(value) is not int:
            raise QueryError(f"suppress_below must be a whole number, not {value!r}.")
        return value

    @validate("unit", "normalize", "margins")
    def _choice(self, proposal: Bunch) -> Any:
        name = proposal["trait"].name
        choices: tuple[Any, ...] = {
            "unit": _UNITS,
            "normalize": _NORMALIZE,
            "margins": (True, False),
        }[name]
        value = proposal["value"]
        if value not in choices:
            listed = ", ".join(map(repr, choices))
            raise QueryError(f"Unknown {name} {value!r}. It can be {listed}.")
        return value

    @validate("by")
    def _at_most_three(self, proposal: Bunch) -> list[str]:
        value: list[str] = proposal["value"]
        if len(value) > 3:
            raise QueryError(f"Counts can be by three columns at most, not by {len(value)}.")
        return value
