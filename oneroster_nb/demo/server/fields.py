"""The fields of the records of OneRoster 1.1 and 1.2, and the columns they are written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

import pandas as pd

from oneroster_nb.demo.server.store import Store

__all__ = ["V1P1_FIELDS", "V1P2_FIELDS", "Field", "Records", "Shape"]


class Shape(Enum):
    """How a column becomes JSON."""

    TEXT = auto()
    LIST = auto()
    NUMBER = auto()
    REFERENCE = auto()
    REFERENCES = auto()
    USER_IDS = auto()
    OWNED = auto()
    METADATA = auto()


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
    """

    name: str
    column: str
    shape: Shape = Shape.TEXT
    target: str = ""


_MARKS: Final = {"[]": Shape.LIST, "#": Shape.NUMBER, "{}": Shape.USER_IDS}
_ARROWS: Final = {">>": Shape.REFERENCES, ">": Shape.REFERENCE, "<": Shape.OWNED}


def _fields(text: str) -> tuple[Field, ...]:
    """Read the fields of a record behind those that every record has."""
    return (*_parts("sourcedId status dateLastModified"), *_parts(text))


def _parts(text: str) -> tuple[Field, ...]:
    """Read words, one a field.

    A word is ``name``, ``name[]`` (list), ``name#`` (number) or ``name{}`` (user ids), with
    ``=column`` where the column has another name; ``name=column>target`` (a reference),
    ``name=column>>target`` (references) or ``name=column<target`` (what is owned).
    """
    return tuple(_field(word) for word in text.split())


def _field(word: str) -> Field:
    """Read one word."""
    name, _, column = word.partition("=")
    for arrow, shape in _ARROWS.items():
        if arrow in column:
            column, _, target = column.partition(arrow)
            return Field(name, column, shape, target)
    for mark, shape in _MARKS.items():
        if name.endswith(mark):
            name = name.removesuffix(mark)
            return Field(name, column or name, shape)
    return Field(name, column or name)


V1P1_FIELDS: Final[Mapping[str, tuple[Field, ...]]] = MappingProxyType(
    {
        "orgs": _fields(
            "name type identifier parent=parentSourcedId>orgs children=childSourcedIds>>orgs"
        ),
        "academicSessions": _fields(
            "title type startDate endDate parent=parentSourcedId>academicSessions"
            " children=childSourcedIds>>academicSessions schoolYear"
        ),
        "courses": _fields(
            "title schoolYear=schoolYearSourcedId>academicSessions courseCode grades[] subjects[]"
            " org=orgSourcedId>orgs subjectCodes[] resources=resourceSourcedIds>>resources"
        ),
        "classes": _fields(
            "title classCode classType location grades[] subjects[]"
            " course=courseSourcedId>courses school=schoolSourcedId>orgs"
            " terms=termSourcedIds>>academicSessions subjectCodes[] periods[]"
            " resources=resourceSourcedIds>>resources"
        ),
        "users": _fields(
            "username userIds{} enabledUser givenName familyName middleName role identifier email"
            " sms phone agents=agentSourcedIds>>users orgs=orgSourcedIds>>orgs grades[]"
        ),
        "enrollments": _fields(
            "user=userSourcedId>users class=classSourcedId>classes school=schoolSourcedId>orgs"
            " role primary beginDate endDate"
        ),
        "demographics": _fields(
            "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
            " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces"
            " hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth"
            " publicSchoolResidenceStatus"
        ),
        "resources": _fields("title roles[] importance vendorResourceId vendorId applicationId"),
        "categories": _fields("title"),
        "lineItems": _fields(
            "title description assignDate dueDate class=classSourcedId>classes"
            " category=categorySourcedId>categories"
            " gradingPeriod=gradingPeriodSourcedId>academicSessions resultValueMin# resultValueMax#"
        ),
        "results": _fields(
            "lineItem=lineItemSourcedId>lineItems student=studentSourcedId>users scoreStatus score#"
            " scoreDate comment"
        ),
    }
)
"""The fields of OneRoster 1.1's records, by table."""

V1P2_FIELDS: Final[Mapping[str, tuple[Field, ...]]] = MappingProxyType(
    {
        **V1P1_FIELDS,
        "users": _fields(
            "userMasterIdentifier username userIds{} enabledUser givenName familyName middleName"
            " preferredFirstName=preferredGivenName preferredMiddleName"
            " preferredLastName=preferredFamilyName pronouns roles=userSourcedId<roles"
            " userProfiles=userSourcedId<userProfiles primaryOrg=primaryOrgSourcedId>orgs"
            " identifier email sms phone agents=agentSourcedIds>>users grades[]"
            " resources=resourceSourcedIds>>resources"
        ),
        "roles": _parts(
            "roleType role org=orgSourcedId>orgs userProfile=userProfileSourcedId beginDate endDate"
        ),
        "userProfiles": _parts(
            "profileId=sourcedId profileType vendorId applicationId description"
        ),
        "categories": _fields("title weight#"),
        "lineItems": _fields(
            "title description assignDate dueDate class=classSourcedId>classes"
            " school=shownSchoolSourcedId>orgs category=categorySourcedId>categories"
            " gradingPeriod=gradingPeriodSourcedId>academicSessions"
            " academicSession=academicSessionSourcedId>academicSessions"
            " resultValueMin# resultValueMax#"
        ),
        "results": _fields(
            "lineItem=lineItemSourcedId>lineItems student=studentSourcedId>users"
            " class=classSourcedId>classes scoreStatus score# textScore scoreDate comment"
            " inProgress incomplete late missing"
        ),
        "scoreScales": _fields(""),
        "assessmentLineItems": _fields(""),
        "assessmentResults": _fields(""),
    }
)
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
        """Give the fields of a table's records; each metadata column is one."""
        return self._fields[table]


def _metadata(table: pd.DataFrame) -> list[Field]:
    """Give a field for each metadata column."""
    extra = [str(column) for column in table if str(column).startswith(_PREFIX)]
    return [Field(column.removeprefix(_PREFIX), column, Shape.METADATA) for column in extra]
