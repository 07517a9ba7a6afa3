"""Which rules to judge: those of the package, functions of the caller, and how grave they are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import pandas as pd

from oneroster_nb.errors import ConfigurationError, QueryError, RosterError
from oneroster_nb.spelling import nearest, shown
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.rulebook import RULES, SEVERITIES, Rule
from oneroster_nb.tables.rules import Finding, Tables
from oneroster_nb.tables.table import TABLES

OwnRule: TypeAlias = Callable[[Tables], Mapping[str, pd.DataFrame]]
"""A rule of the caller: from the active rows of each table to those that are wrong, by table."""

RulesOption: TypeAlias = str | OwnRule | Sequence[str | OwnRule] | None
"""Codes of rules to judge alone, functions to judge beside them, or both."""


@dataclass(frozen=True)
class ChosenRules:
    """The rules to judge.

    Attributes
    ----------
    every : mapping of str to Rule
        All rules that there are, with the severities that were asked for.
    codes : frozenset of str
        The rules to judge.
    own : mapping of str to function
        Those of them that are functions of the caller.
    """

    every: Mapping[str, Rule]
    codes: frozenset[str]
    own: Mapping[str, OwnRule]


def chosen_rules(rules: RulesOption, severity: Mapping[str, str] | None) -> ChosenRules:
    """Return the rules that the arguments of :func:`check` mean.

    QueryError for anything else, for a code or a severity that there is not, and for a function
    without a name of its own.

    Examples
    --------
    >>> def no_email(tables):
    ...     '''A person has no email.'''
    >>> chosen = chosen_rules(["email-shared", no_email], {"no-email": "error"})
    >>> sorted(chosen.codes), chosen.every["no-email"].severity
    (['email-shared', 'no-email'], 'error')
    """
    listed = _listed(rules)
    if severity is not None and not isinstance(severity, Mapping):
        raise QueryError(
            "severity must map codes of rules to severities, such as"
            f" {{'email-shared': 'info'}}, not {shown(severity)}."
        )
    own: dict[str, OwnRule] = {}
    every = dict(RULES)
    for function in (each for each in listed if not isinstance(each, str)):
        rule = _rule_of(function)
        if rule.code in every:
            raise QueryError(f"There is a rule {rule.code!r} already; rename the function.")
        every[rule.code] = rule
        own[rule.code] = function
    named = [each for each in listed if isinstance(each, str)]
    _refuse_unknown(named, every)
    for code, word in (severity or {}).items():
        _refuse_unknown([code], every)
        if word not in SEVERITIES:
            raise QueryError(
                f"The severity of {code!r} can be {', '.join(SEVERITIES)}, not {shown(word)}."
                f"{nearest(str(word), SEVERITIES)}"
            )
        every[code] = replace(every[code], severity=word)
    return ChosenRules(every, frozenset([*(named or RULES), *own]), own)


def _listed(rules: object) -> list[Any]:
    """Return the rules of an argument as a list; QueryError if it is empty or no list."""
    if rules is None:
        return []
    if isinstance(rules, str) or callable(rules):
        return [rules]
    if isinstance(rules, Mapping | bytes) or not isinstance(rules, Iterable):
        raise QueryError(
            "rules must be a code such as 'student-without-class', a function, or a list of these,"
            f" not {shown(rules)}."
        )
    listed = list(rules)
    if not listed:
        raise QueryError("rules is empty; name a rule, or leave it out to judge all of them.")
    return listed


def _rule_of(function: object) -> Rule:
    """Return the rule that a function of the caller is: its code and its sentence."""
    name = getattr(function, "__name__", "").strip("_")
    if not callable(function) or not name.isidentifier():
        kind = type(function).__name__
        raise QueryError(
            "A rule is a code such as 'student-without-class', or a function with a name (def);"
            f" this one is a {kind}{' without a name' if callable(function) else ''}."
        )
    words = name.replace("_", "-")
    sentence = next(iter((function.__doc__ or "").strip().splitlines()), "")
    return Rule(words, "warning", sentence or f"{words.replace('-', ' ').capitalize()}.")


def _refuse_unknown(codes: Sequence[str], every: Mapping[str, Rule]) -> None:
    for code in codes:
        if code not in every:
            hint = nearest(str(code), every) or " onb.rules() lists them."
            raise QueryError(f"There is no rule {shown(code)}.{hint}")


def findings_of(
    rule: Rule, function: OwnRule, tables: Tables
) -> tuple[list[Finding], tuple[str, ...]]:
    """Return what a function of the caller finds, and the tables that it looks at.

    ConfigurationError if it fails, or returns something other than rows of the tables.
    """
    try:
        # A function that changes its tables must not change those of the others.
        wrong = function({name: table.copy(deep=False) for name, table in tables.items()})
    except RosterError:
        raise
    except Exception as exc:
        raise ConfigurationError(
            f"The rule {rule.code!r} failed with {type(exc).__name__}. Fix the function."
        ) from exc
    if not isinstance(wrong, Mapping):
        raise ConfigurationError(
            f"The rule {rule.code!r} returned a {type(wrong).__name__}. It must return the wrong"
            ' rows by table, such as {"users": rows}.'
        )
    found = []
    for name, rows in wrong.items():
        if name not in TABLES:
            raise ConfigurationError(
                f"The rule {rule.code!r} returned rows of {shown(name)}, which is no table."
                f"{nearest(str(name), TABLES)}"
            )
        if not isinstance(rows, pd.DataFrame) or list(rows).count("sourcedId") != 1:
            raise ConfigurationError(
                f"The rule {rule.code!r} must return rows of {name} as a DataFrame with sourcedId."
            )
        keys = rows["sourcedId"].astype("str").drop_duplicates()
        others = keys.notna() & ~among(keys, tables[name]["sourcedId"])
        if others.any():
            raise ConfigurationError(
                f"The rule {rule.code!r} returned rows of {name} whose sourcedId is not there:"
                f' {int(others.sum()):,}. It must return rows of tables["{name}"].'
            )
        found += [
            Finding(rule.code, name, rule.sentence, key if isinstance(key, str) else None)
            for key in keys
        ]
    return found, tuple(wrong)
