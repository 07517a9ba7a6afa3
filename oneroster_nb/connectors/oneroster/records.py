"""The JSON records of OneRoster 1.1 and 1.2: their fields, and the columns that they become."""

from collections.abc import Mapping

from oneroster_nb.transport.json_shapes import Field, Shape

_SHAPES = {"*": Shape.VALUES, "#": Shape.IDS, "@": Shape.ROLES}


def _fields(text: str) -> tuple[Field, ...]:
    """Read a line of fields.

    ``title`` is text, ``grades*`` a list of texts, ``course>courseSourcedId`` a reference,
    ``terms>>termSourcedIds`` a list of references, ``userIds#`` a list of ids, ``roles:_roles@`` a
    list of roles; after a colon stands the name of a column that is called otherwise.
    """
    fields = []
    for word in ["sourcedId", "status", "dateLastModified", *text.split()]:
        if ">" in word:
            source, _, column = word.replace(">>", ">").partition(">")
            fields.append(Field(source, column, Shape.REFS if ">>" in word else Shape.REF))
        else:
            source, _, column = word.rstrip("".join(_SHAPES)).partition(":")
            shape = _SHAPES.get(word[-1], Shape.TEXT)
            fields.append(Field(source, column or source, shape))
    return tuple(fields)


_SHARED = {
    "orgs": _fields("name type identifier parent>parentSourcedId children>>_children"),
    "academicSessions": _fields(
        "title type startDate endDate parent>parentSourcedId children>>_children schoolYear"
    ),
    "courses": _fields(
        "title schoolYear>schoolYearSourcedId courseCode grades* subjects* subjectCodes*"
        " org>orgSourcedId resources>>_resources"
    ),
    "classes": _fields(
        "title classCode classType location grades* subjects* course>courseSourcedId"
        " school>schoolSourcedId terms>>termSourcedIds subjectCodes* periods*"
        " resources>>_resources"
    ),
    "enrollments": _fields(
        "user>userSourcedId class>classSourcedId school>schoolSourcedId role primary"
        " beginDate endDate"
    ),
    "demographics": _fields(
        "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
        " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces"
        " hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth"
        " publicSchoolResidenceStatus"
    ),
    "resources": _fields("title roles* importance vendorResourceId vendorId applicationId"),
    "categories": _fields("title weight"),
    "lineItems": _fields(
        "title description assignDate dueDate class>classSourcedId school>schoolSourcedId"
        " category>categorySourcedId gradingPeriod>gradingPeriodSourcedId"
        " academicSession>academicSessionSourcedId resultValueMin resultValueMax"
    ),
    "results": _fields(
        "lineItem>lineItemSourcedId student>studentSourcedId class>classSourcedId scoreStatus"
        " score textScore scoreDate comment inProgress incomplete late missing"
    ),
}

_BOTH = (
    "username userIds# enabledUser givenName familyName middleName identifier email sms phone"
    " agents>>agentSourcedIds grades* password role orgs>>orgSourcedIds roles:_roles@"
    " primaryOrg>primaryOrgSourcedId"
)
"""The fields of users: 1.1 has role and orgs, 1.2 roles and primaryOrg, and servers mix them."""

RECORDS: Mapping[str, Mapping[str, tuple[Field, ...]]] = {
    "1.1": _SHARED | {"users": _fields(_BOTH)},
    "1.2": _SHARED
    | {
        "users": _fields(
            f"{_BOTH} userMasterIdentifier preferredFirstName:preferredGivenName"
            " preferredMiddleName preferredLastName:preferredFamilyName pronouns"
            " userProfiles:_profiles resources>>resourceSourcedIds"
        )
    },
}
"""Version to canonical table to the fields of a record (1.1: section 4.2 on; 1.2: the OpenAPI).

What records say of one another in both directions is taken once. A field whose column begins with
``_`` is no column of its table: the roles and profiles of 1.2 and the resources of classes become
rows of tables of their own, the rest is left out.
"""
