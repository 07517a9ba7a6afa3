"""What a row of the table of fields says (pure)."""

from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

OLD, NEW, BOTH, NEVER = ("1.1",), ("1.2",), ("1.1", "1.2"), ()
"""Versions of OneRoster."""


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    VALUES = "values"
    """Several values in one string, joined with commas: see ``split_values``."""
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    NUMBER = "number"

    @property
    def dtype(self) -> str:
        """The pandas dtype."""
        return {
            Kind.BOOLEAN: "boolean",
            Kind.DATE: "datetime64[us]",
            Kind.TIMESTAMP: "datetime64[us, UTC]",
            Kind.NUMBER: "float64",
        }.get(self, "str")


class Shape(Enum):
    """How a field of a record is written in JSON."""

    TEXT = "text"
    NUMBER = "number"
    VALUES = "values"  # ["06", "07"]
    REF = "ref"  # {"href": …, "sourcedId": …, "type": …}
    REFS = "refs"  # a list of those
    IDS = "ids"  # [{"type": …, "identifier": …}]
    ROLES = "roles"  # [{"roleType": …, "role": …, "org": {…}, …}] of OneRoster 1.2
    OBJECTS = "objects"  # a list of other objects


class Personal(Enum):
    """What pseudonyms leave of a column in a table about people."""

    CODE = auto()
    """A code for each value. A reference to a person becomes the code of that person."""
    STAYS = auto()
    """The value, if it mentions nobody."""
    NAME = auto()
    """A code for each person. Texts of other columns that hold the name become codes."""
    ID = auto()
    """A code for each value. Texts of other columns that hold the id become codes."""
    EMAIL = auto()
    """An address with a code. Texts of other columns that hold the address become codes."""
    YEAR = auto()
    """The first day of the year."""
    NOTHING = auto()


@dataclass(frozen=True)
class Field:
    """One column.

    Attributes
    ----------
    name : str
        The name of the column, which is that of the CSV binding.
    kind : Kind
        What it holds.
    to : str
        The table that it refers to.
    link : bool
        Whether a row says nothing without this reference, so that no table can lack it.
    required : tuple of str
        The versions whose files must have a value in every row.
    rest_optional : bool
        Whether the records of 1.2 may lack a value that files must have.
    words : tuple of str
        The words that it can hold, in one version or the other. If empty, any text.
    personal : Personal
        What pseudonyms leave of it, if its table is about people.
    versions : tuple of str
        The versions that have it.
    csv, rest : tuple of str, optional
        The versions that have it in their files, and in their JSON records, if not all of these.
    mixed : bool
        Whether it is known in the records of the other version too: servers mix them.
    key : str
        The key in JSON, if :attr:`json_key` would be another.
    json : Shape, optional
        How it is written in JSON, if :attr:`shape` would be another.
    csv11, csv12, json11, json12 : int, optional
        The position, counted from 0, in the file or record of a version, if the order there is
        not that of the table.
    kept : bool
        Whether it is a column of its table. If not, only files or records have it.
    sensitive : bool
        Whether it is there only if it was asked for.
    secret : bool
        Whether it is a credential, which is never kept.
    """

    name: str
    kind: Kind = Kind.TEXT
    to: str = ""
    link: bool = False
    required: tuple[str, ...] = NEVER
    rest_optional: bool = False
    words: tuple[str, ...] = ()
    personal: Personal = Personal.CODE
    versions: tuple[str, ...] = BOTH
    csv: tuple[str, ...] | None = None
    rest: tuple[str, ...] | None = None
    mixed: bool = True
    key: str = ""
    json: Shape | None = None
    csv11: int | None = None
    csv12: int | None = None
    json11: int | None = None
    json12: int | None = None
    kept: bool = True
    sensitive: bool = False
    secret: bool = False

    def in_files(self, version: str) -> bool:
        """Return True if the files of a version have it."""
        return version in (self.versions if self.csv is None else self.csv)

    def in_records(self, version: str) -> bool:
        """Return True if the JSON records of a version have it."""
        return version in (self.versions if self.rest is None else self.rest)

    @property
    def json_key(self) -> str:
        """The key in JSON: ``org`` for ``orgSourcedId``, ``terms`` for ``termSourcedIds``."""
        return self.key or (self.name.replace("SourcedId", "") if self.to else self.name)

    @property
    def shape(self) -> Shape:
        """How it is written in JSON: as its kind, and whether it is a reference, say."""
        if self.json is not None:
            return self.json
        if self.to:
            return Shape.REFS if self.kind is Kind.VALUES else Shape.REF
        return {Kind.VALUES: Shape.VALUES, Kind.NUMBER: Shape.NUMBER}.get(self.kind, Shape.TEXT)


STATUSES = ("active", "tobedeleted")

COMMON = (
    Field("sourcedId", required=BOTH),
    Field("status", words=STATUSES, personal=Personal.STAYS),
    Field("dateLastModified", Kind.TIMESTAMP, personal=Personal.STAYS),
)
"""The columns that every table begins with."""


@dataclass(frozen=True)
class TableFields:
    """The columns of one table.

    Attributes
    ----------
    own : tuple of Field
        The columns after :data:`COMMON`. One that is named as one of these takes its place.
    csv, rest : tuple of str
        The versions that have a file of it, and that have records of it.
    within : str
        The table whose records hold these records.
    people : bool
        Whether its rows are about people.
    extra : bool
        Whether it is beyond the canonical tables. Then it is kept as it is found.
    """

    own: tuple[Field, ...]
    csv: tuple[str, ...] = BOTH
    rest: tuple[str, ...] = BOTH
    within: str = ""
    people: bool = False
    extra: bool = False

    @cached_property
    def rows(self) -> tuple[Field, ...]:
        """All fields, in the order of the table."""
        return tuple({each.name: each for each in (*COMMON, *self.own)}.values())

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        """The fields that are columns of the table."""
        return tuple(each for each in self.rows if each.kept and not each.secret)

    def in_file(self, version: str) -> list[Field]:
        """Return the columns of a file, in the order of a version; none if it has no file."""
        known = [each for each in self.rows if version in self.csv and each.in_files(version)]
        return _placed(known, [each.csv11 if version == "1.1" else each.csv12 for each in known])

    def in_record(self, version: str) -> list[Field]:
        """Return the fields of a record, in the order of a version; none if it has no records."""
        rows = [each for each in (self.own if self.within else self.rows) if not each.secret]
        known = [each for each in rows if version in self.rest and each.in_records(version)]
        return _placed(known, [each.json11 if version == "1.1" else each.json12 for each in known])


def _placed(fields: list[Field], positions: list[int | None]) -> list[Field]:
    """Put the fields that have a position at it, between the others in their order."""
    pairs = list(zip(fields, positions, strict=True))
    placed = [each for each, position in pairs if position is None]
    numbered = {position: each for each, position in pairs if position is not None}
    for position in sorted(numbered):
        placed.insert(position, numbered[position])
    return placed
