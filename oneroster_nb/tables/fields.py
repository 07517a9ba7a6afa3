"""The columns of the standard: one table, a row a column (pure).

The schema, the JSON records, the CSV files, the demo server, ``check`` and pseudonyms read it. To
add a column, add a row at its place in its table. Say only what differs from the defaults of
:class:`~oneroster_nb.tables.field.Field`.

Sources: OneRoster 1.1, section 4 of the REST document and of CSV Tables; OneRoster 1.2, REST
binding, and section 4 of the CSV Binding.
"""

from collections.abc import Mapping
from functools import partial

from oneroster_nb.tables.field import (
    BOTH,
    NEVER,
    NEW,
    OLD,
    Field,
    Kind,
    Personal,
    Shape,
    TableFields,
)

ROLES = (
    *("student", "teacher", "administrator", "aide", "counselor", "districtAdministrator"),
    *("guardian", "parent", "principal", "proctor", "relative", "siteAdministrator"),
    "systemAdministrator",
)
"""The roles of people (OneRoster 1.1, 4.13.5; 1.2, RoleEnum)."""

_VALUES, _BOOLEAN, _DATE = Kind.VALUES, Kind.BOOLEAN, Kind.DATE
_STAMP, _NUMBER = Kind.TIMESTAMP, Kind.NUMBER
_STAYS, _NAME, _ID = Personal.STAYS, Personal.NAME, Personal.ID


_preferred = partial(Field, personal=_NAME, versions=NEW, mixed=False)


def _table(
    *own: Field,
    versions: tuple[str, ...] = BOTH,
    rest: tuple[str, ...] | None = None,
    within: str = "",
    people: bool = False,
    extra: bool = False,
) -> TableFields:
    return TableFields(own, versions, versions if rest is None else rest, within, people, extra)


def _files(*own: Field, people: bool = False) -> TableFields:
    """Return the columns of a table that is only in the files of 1.2, and beyond the canonical."""
    return TableFields(own, NEW, NEVER, people=people, extra=True)


FIELDS: Mapping[str, TableFields] = {
    "orgs": _table(
        Field("name", required=BOTH),
        Field(
            "type",
            required=BOTH,
            words=("department", "school", "district", "local", "state", "national"),
        ),
        Field("identifier"),
        Field("parentSourcedId", to="orgs"),
        Field("children", _VALUES, to="orgs", csv=NEVER, kept=False),
    ),
    "academicSessions": _table(
        Field("title", required=BOTH),
        Field("type", required=BOTH, words=("gradingPeriod", "semester", "schoolYear", "term")),
        Field("startDate", _DATE, required=BOTH),
        Field("endDate", _DATE, required=BOTH),
        Field("parentSourcedId", to="academicSessions"),
        Field("children", _VALUES, to="academicSessions", csv=NEVER, kept=False),
        Field("schoolYear", required=BOTH),
    ),
    "courses": _table(
        Field("schoolYearSourcedId", to="academicSessions", json11=4, json12=4),
        Field("title", required=BOTH),
        Field("courseCode"),
        Field("grades", _VALUES),
        Field("orgSourcedId", to="orgs", required=BOTH, rest_optional=True, json11=8, json12=8),
        Field("subjects", _VALUES),
        Field("subjectCodes", _VALUES),
        Field("resources", _VALUES, to="resources", csv=NEVER, kept=False),
    ),
    "classes": _table(
        Field("title", required=BOTH),
        Field("grades", _VALUES, json11=7, json12=7),
        Field("courseSourcedId", to="courses", required=BOTH, json11=9, json12=9),
        Field("classCode"),
        Field("classType", required=BOTH, rest_optional=True, words=("homeroom", "scheduled")),
        Field("location"),
        Field("schoolSourcedId", to="orgs", required=BOTH),
        Field("termSourcedIds", _VALUES, to="academicSessions", required=BOTH),
        Field("subjects", _VALUES, json11=8, json12=8),
        Field("subjectCodes", _VALUES),
        Field("periods", _VALUES),
        Field("resources", _VALUES, to="resources", csv=NEVER, kept=False),
    ),
    "users": _table(
        Field("enabledUser", _BOOLEAN, required=BOTH, personal=_STAYS, json11=5, json12=6),
        Field("username", required=BOTH, rest_optional=True, personal=_ID),
        Field("userIds", _VALUES, json=Shape.IDS),
        Field("givenName", required=BOTH, personal=_NAME),
        Field("familyName", required=BOTH, personal=_NAME),
        Field("middleName", personal=_NAME),
        _preferred("preferredGivenName", key="preferredFirstName", csv12=17),
        _preferred("preferredMiddleName", csv12=18),
        _preferred("preferredFamilyName", key="preferredLastName", csv12=19),
        Field("pronouns", personal=Personal.NOTHING, versions=NEW, csv12=21, mixed=False),
        Field("role", required=OLD, words=ROLES, personal=_STAYS, versions=OLD, csv11=5),
        Field("roles", to="roles", csv=NEVER, rest=NEW, json=Shape.ROLES, kept=False),
        Field(
            "profiles",
            to="userProfiles",
            csv=NEVER,
            rest=NEW,
            key="userProfiles",
            json=Shape.OBJECTS,
            mixed=False,
            kept=False,
        ),
        Field("identifier", personal=_ID),
        Field("userMasterIdentifier", personal=_ID, versions=NEW, csv12=16, json12=3, mixed=False),
        Field("email", personal=Personal.EMAIL),
        Field("sms", personal=_ID, sensitive=True),
        Field("phone", personal=_ID, sensitive=True),
        Field("agentSourcedIds", _VALUES, to="users"),
        Field(
            "orgSourcedIds",
            _VALUES,
            to="orgs",
            required=OLD,
            personal=_STAYS,
            versions=OLD,
            csv11=4,
        ),
        Field("primaryOrgSourcedId", to="orgs", personal=_STAYS, versions=NEW, csv12=20, json12=16),
        Field("grades", _VALUES, personal=_STAYS),
        Field("password", secret=True),
        Field(
            "resourceSourcedIds",
            _VALUES,
            to="resources",
            personal=_STAYS,
            csv=NEVER,
            rest=NEW,
            mixed=False,
        ),
        people=True,
    ),
    "roles": _table(
        Field("userSourcedId", to="users", link=True, required=NEW, rest=NEVER),
        Field("roleType", required=NEW, words=("primary", "secondary"), personal=_STAYS),
        Field("role", required=NEW, words=ROLES, personal=_STAYS),
        Field("beginDate", _DATE, personal=_STAYS),
        Field("endDate", _DATE, personal=_STAYS),
        Field("orgSourcedId", to="orgs", required=NEW, personal=_STAYS, json11=2, json12=2),
        Field("userProfileSourcedId", to="userProfiles", json=Shape.TEXT, json11=3, json12=3),
        versions=NEW,
        within="users",
        people=True,
    ),
    "enrollments": _table(
        Field("classSourcedId", to="classes", link=True, required=BOTH, personal=_STAYS),
        Field("schoolSourcedId", to="orgs", required=BOTH, personal=_STAYS),
        Field("userSourcedId", to="users", link=True, required=BOTH, json11=3, json12=3),
        Field(
            "role",
            required=BOTH,
            words=("administrator", "aide", "proctor", "student", "teacher"),
            personal=_STAYS,
        ),
        Field("primary", _BOOLEAN, personal=_STAYS),
        Field("beginDate", _DATE, personal=_STAYS),
        Field("endDate", _DATE, personal=_STAYS),
        people=True,
    ),
    "demographics": _table(
        Field("sourcedId", to="users", required=BOTH, json=Shape.TEXT),
        Field("birthDate", _DATE, personal=Personal.YEAR),
        Field("sex", words=("male", "female", "unspecified", "other"), personal=_STAYS),
        Field("americanIndianOrAlaskaNative", _BOOLEAN, personal=_STAYS),
        Field("asian", _BOOLEAN, personal=_STAYS),
        Field("blackOrAfricanAmerican", _BOOLEAN, personal=_STAYS),
        Field("nativeHawaiianOrOtherPacificIslander", _BOOLEAN, personal=_STAYS),
        Field("white", _BOOLEAN, personal=_STAYS),
        Field("demographicRaceTwoOrMoreRaces", _BOOLEAN, personal=_STAYS),
        Field("hispanicOrLatinoEthnicity", _BOOLEAN, personal=_STAYS),
        Field("countryOfBirthCode", personal=_STAYS),
        Field("stateOfBirthAbbreviation", personal=_STAYS),
        Field("cityOfBirth"),
        Field("publicSchoolResidenceStatus", personal=_STAYS),
        people=True,
    ),
    "resources": _table(
        Field("vendorResourceId", required=BOTH, json11=6, json12=6),
        Field("title"),
        Field("roles", _VALUES),
        Field("importance", words=("primary", "secondary")),
        Field("vendorId"),
        Field("applicationId"),
    ),
    "classResources": _table(
        Field("title"),
        Field("classSourcedId", to="classes", link=True, required=BOTH),
        Field("resourceSourcedId", to="resources", link=True, required=BOTH),
        rest=NEVER,
    ),
    "courseResources": _table(
        Field("title"),
        Field("courseSourcedId", to="courses", link=True, required=BOTH),
        Field("resourceSourcedId", to="resources", link=True, required=BOTH),
        rest=NEVER,
    ),
    "categories": _table(Field("title", required=BOTH), Field("weight", _NUMBER, versions=NEW)),
    "lineItems": _table(
        Field("title", required=BOTH),
        Field("description"),
        Field("assignDate", _STAMP, required=BOTH),
        Field("dueDate", _STAMP, required=BOTH),
        Field("classSourcedId", to="classes", required=BOTH),
        Field("schoolSourcedId", to="orgs", required=NEW, versions=NEW, csv12=12),
        Field("categorySourcedId", to="categories", required=BOTH),
        Field("gradingPeriodSourcedId", to="academicSessions", required=OLD, csv=OLD),
        Field("academicSessionSourcedId", to="academicSessions", required=NEW, versions=NEW),
        Field("resultValueMin", _NUMBER, required=OLD),
        Field("resultValueMax", _NUMBER, required=OLD),
    ),
    "results": _table(
        Field("lineItemSourcedId", to="lineItems", link=True, required=BOTH, personal=_STAYS),
        Field("studentSourcedId", to="users", link=True, required=BOTH),
        Field("classSourcedId", to="classes", personal=_STAYS, versions=NEW, csv12=10),
        Field(
            "scoreStatus",
            required=BOTH,
            words=("exempt", "fully graded", "not submitted", "partially graded", "submitted"),
            personal=_STAYS,
        ),
        Field("score", _NUMBER, required=OLD, personal=_STAYS),
        Field("textScore", personal=_STAYS, versions=NEW, csv12=9),
        Field("scoreDate", _DATE, required=BOTH, personal=_STAYS),
        Field("comment"),
        Field("inProgress", _BOOLEAN, personal=_STAYS, versions=NEW),
        Field("incomplete", _BOOLEAN, personal=_STAYS, versions=NEW),
        Field("late", _BOOLEAN, personal=_STAYS, versions=NEW),
        Field("missing", _BOOLEAN, personal=_STAYS, versions=NEW),
        people=True,
    ),
    "userProfiles": _table(
        Field("sourcedId", required=BOTH, key="profileId"),
        Field("userSourcedId", to="users", link=True, required=NEW, rest=NEVER),
        Field("profileType", required=NEW, personal=_STAYS),
        Field("vendorId", required=NEW),
        Field("applicationId"),
        Field("description"),
        Field("credentialType", required=NEW, secret=True),
        Field("username", required=NEW, secret=True),
        Field("password", secret=True),
        versions=NEW,
        within="users",
        people=True,
        extra=True,
    ),
    "scoreScales": _table(
        Field("title", required=NEW, rest=NEVER, kept=False),
        Field("type", required=NEW, rest=NEVER, kept=False),
        Field("orgSourcedId", required=NEW, rest=NEVER, kept=False),
        Field("courseSourcedId", required=NEW, rest=NEVER, kept=False),
        Field("classSourcedId", required=NEW, rest=NEVER, kept=False),
        Field("scoreScaleValue", required=NEW, rest=NEVER, kept=False),
        versions=NEW,
        extra=True,
    ),
    "lineItemScoreScales": _files(
        Field("title", kept=False),
        Field("lineItemSourcedId", required=NEW, kept=False),
        Field("scoreScaleSourcedId", required=NEW, kept=False),
    ),
    "resultScoreScales": _files(
        Field("title", kept=False),
        Field("resultSourcedId", to="results", required=NEW, kept=False),
        Field("scoreScaleSourcedId", required=NEW, personal=_STAYS, kept=False),
        people=True,
    ),
    "lineItemLearningObjectiveIds": _files(
        Field("lineItemSourcedId", required=NEW, kept=False),
        Field("source", required=NEW, kept=False),
        Field("learningObjectiveId", required=NEW, kept=False),
    ),
    "resultLearningObjectiveIds": _files(
        Field("resultSourcedId", to="results", required=NEW, kept=False),
        Field("source", required=NEW, personal=_STAYS, kept=False),
        Field("learningObjectiveId", required=NEW, personal=_STAYS, kept=False),
        Field("score", personal=_STAYS, kept=False),
        Field("textScore", personal=_STAYS, kept=False),
        people=True,
    ),
    "userResources": _files(
        Field("userSourcedId", to="users", required=NEW, kept=False),
        Field("orgSourcedId", personal=_STAYS, kept=False),
        Field("classSourcedId", personal=_STAYS, kept=False),
        Field("resourceSourcedId", required=NEW, personal=_STAYS, kept=False),
        people=True,
    ),
    "assessmentLineItems": _table(versions=NEVER, rest=NEW, extra=True),
    "assessmentResults": _table(
        Field("textScore", rest=NEVER, personal=_STAYS, kept=False),
        versions=NEVER,
        rest=NEW,
        people=True,
        extra=True,
    ),
}
"""The tables, the canonical ones first, and the columns of each."""
