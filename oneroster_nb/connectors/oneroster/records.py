"""The JSON records of OneRoster 1.1 and 1.2: their fields, and the columns that they become."""

from collections.abc import Mapping

from oneroster_nb.tables import field as standard
from oneroster_nb.tables.field import BOTH, Shape
from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.transport.json_shapes import Field

_AS_TEXT = (Shape.NUMBER, Shape.OBJECTS)


def _field(one: standard.Field) -> Field:
    column = one.name if one.kept else f"_{one.name}"
    return Field(one.json_key, column, Shape.TEXT if one.shape in _AS_TEXT else one.shape)


def _known(one: standard.Field, version: str) -> bool:
    """Return True if the records of a version are searched for a field."""
    return any(one.in_records(each) for each in (BOTH if one.mixed else (version,)))


RECORDS: Mapping[str, Mapping[str, tuple[Field, ...]]] = {
    version: {
        name: tuple(_field(one) for one in table.rows if _known(one, version))
        for name, table in FIELDS.items()
        if version in table.rest and not (table.extra or table.within)
    }
    for version in BOTH
}
"""Version to canonical table to the fields of a record (1.1: section 4.2 on; 1.2: the OpenAPI).

What records say of one another in both directions is taken once. A field whose column begins with
``_`` is no column of its table: the roles and profiles of 1.2 and the resources of classes become
rows of tables of their own, the rest is left out.
"""
