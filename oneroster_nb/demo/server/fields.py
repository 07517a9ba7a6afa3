"""The fields of the records of OneRoster 1.1 and 1.2, and the columns they are written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from oneroster_nb.demo.server.store import Store
from oneroster_nb.tables import field as standard
from oneroster_nb.tables.field import Shape
from oneroster_nb.tables.fields import FIELDS


@dataclass(frozen=True)
class Field:
    """One field of a record.

    Attributes
    ----------
    name : str
        The JSON key.
    column : str
        The canonical column it is written from.
    shape : Shape
        How.
    target : str
        For references, the collection they point into. For what is owned, its table, whose
        `column` holds the id of the owner.
    metadata : bool
        Whether it stands in the object ``metadata``.
    """

    name: str
    column: str
    shape: Shape = Shape.TEXT
    target: str = ""
    metadata: bool = False

    @property
    def owned(self) -> bool:
        """Whether it is a list of records of another table."""
        return self.shape in (Shape.ROLES, Shape.OBJECTS)


_WORKED_OUT: Final = {("lineItems", "schoolSourcedId"): "shownSchoolSourcedId"}
"""Columns of which the records show more than their table has."""


def _field(table: str, one: standard.Field) -> Field:
    column = _WORKED_OUT.get((table, one.name), one.name)
    field = Field(one.json_key, column, one.shape, one.to if one.shape is not Shape.TEXT else "")
    if not field.owned:
        return field
    (owner,) = (each.name for each in FIELDS[one.to].own if each.to == table)
    return Field(field.name, owner, field.shape, one.to)


def _fields(version: str) -> dict[str, tuple[Field, ...]]:
    return {
        name: tuple(_field(name, one) for one in table.in_record(version))
        for name, table in FIELDS.items()
        if version in table.rest
    }


V1P1_FIELDS: Final[Mapping[str, tuple[Field, ...]]] = _fields("1.1")
"""The fields of OneRoster 1.1's records, by table."""

V1P2_FIELDS: Final[Mapping[str, tuple[Field, ...]]] = _fields("1.2")
"""The fields of OneRoster 1.2's records, by table."""

_PREFIX: Final = "metadata."


class Records:
    """The tables of a store as the records of one version of OneRoster.

    Parameters
    ----------
    store : Store
        The tables.
    fields : Mapping[str, tuple[Field, ...]]
        :data:`V1P1_FIELDS` or :data:`V1P2_FIELDS`.
    """

    def __init__(self, store: Store, fields: Mapping[str, tuple[Field, ...]]) -> None:
        self.store = store
        self._fields = {
            table: (*own, *_metadata(store.tables[table])) for table, own in fields.items()
        }

    def fields(self, table: str) -> tuple[Field, ...]:
        """Return the fields of a table's records, including each metadata column."""
        return self._fields[table]


def _metadata(table: pd.DataFrame) -> list[Field]:
    """Return a field for each metadata column."""
    extra = [str(column) for column in table if str(column).startswith(_PREFIX)]
    return [Field(column.removeprefix(_PREFIX), column, metadata=True) for column in extra]
