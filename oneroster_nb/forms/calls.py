"""Calls that the form makes and writes as code, both from one object."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from oneroster_nb.errors import QueryError
from oneroster_nb.forms.codegen import arguments_of
from oneroster_nb.query.query import Query


@dataclass(frozen=True)
class Extra:
    """What some questions need besides a roster, as it was typed or is set.

    Attributes
    ----------
    path : str
        A saved roster, or a CSV file with a list.
    on : str
        What people on lists are known by: columns, with commas between them.
    rules : str
        Rules, one a line.
    people : Query
        The question whose people are meant.
    """

    path: str = ""
    on: str = ""
    rules: str = ""
    people: Query = field(default_factory=Query)

    @property
    def file(self) -> str:
        """The path; QueryError if none was typed."""
        if not self.path.strip():
            raise QueryError("Type where the other list or roster is, in Compare with.")
        return self.path.strip()

    @property
    def columns(self) -> list[str]:
        """The columns that people are known by."""
        return [name.strip() for name in self.on.split(",") if name.strip()] or ["sourcedId"]

    @property
    def lines(self) -> list[str]:
        """The rules; QueryError if there is none."""
        lines = [line.strip() for line in self.rules.splitlines() if line.strip()]
        if not lines:
            raise QueryError("Type one rule a line, such as courses::Art 101::students, in Rules.")
        return lines


class Given(NamedTuple):
    """What an expression is evaluated or written with; without a source it can only be written."""

    extra: Extra
    options: Mapping[str, Any]
    source: Any = None


@dataclass(frozen=True)
class Expression:
    """Something that has a value, and that code can be written for.

    Attributes
    ----------
    value : callable
        Returns its value.
    code : callable
        Writes it as code, in which the source is ``conn``.
    needs : frozenset of str
        The attributes of :class:`Extra` that it reads.
    takes : tuple of str
        The options that it takes: ``progress``, ``suppress_below``, and those that say when.
    """

    value: Callable[[Given], Any]
    code: Callable[[Given], str]
    needs: frozenset[str] = frozenset()
    takes: tuple[str, ...] = ()


CONN = Expression(lambda given: given.source, lambda _: "conn")
PEOPLE = Expression(
    lambda given: given.source.query(given.extra.people, progress=given.options["progress"]),
    lambda given: f"conn.get_users({', '.join(arguments_of(given.extra.people))})",
    frozenset({"people"}),
)
"""The people of the question that is set."""


def typed(name: str, read: Callable[[Extra], Any]) -> Expression:
    """Return the expression for what was typed into a field, as `read` reads it."""
    return Expression(
        lambda given: read(given.extra), lambda given: repr(read(given.extra)), frozenset({name})
    )


def call(
    name: str,
    *arguments: Any,
    function: Callable[..., Any] | None = None,
    takes: tuple[str, ...] = (),
    part: str = "",
    **named: Any,
) -> Expression:
    """Return the expression for a call of a function, or of a method of the source.

    Parameters
    ----------
    name : str
        What is called, as it is written: ``"onb.diff"`` or ``"conn.class_sizes"``.
    *arguments, **named
        Expressions or plain values.
    function : callable, optional
        The function; not needed for a method of the source.
    takes : tuple of str
        The options that it takes.
    part : str
        The attribute of the result that is meant; empty for the result itself.
    """
    positional = [_expression(argument) for argument in arguments]
    by_name = {key: _expression(argument) for key, argument in named.items()}

    def taken(given: Given) -> dict[str, Any]:
        return {key: option for key, option in given.options.items() if key in takes}

    def value(given: Given) -> Any:
        called = function or getattr(given.source, name.removeprefix("conn."))
        found = called(
            *(argument.value(given) for argument in positional),
            **{key: argument.value(given) for key, argument in by_name.items()},
            **taken(given),
        )
        return getattr(found, part) if part else found

    def code(given: Given) -> str:
        texts = [argument.code(given) for argument in positional]
        texts += [f"{key}={argument.code(given)}" for key, argument in by_name.items()]
        texts += [f"{key}={option!r}" for key, option in taken(given).items()]
        return f"{name}({', '.join(texts)}){part and '.' + part}"

    inner = (*positional, *by_name.values())
    needs = frozenset(need for argument in inner for need in argument.needs)
    return Expression(value, code, needs, takes)


def _expression(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    return Expression(lambda _: value, lambda _: repr(value))
