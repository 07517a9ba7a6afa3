"""The files of a OneRoster CSV bundle and their columns, in the order of the standard."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CORE", "FILES", "MANIFEST"]

MANIFEST = "manifest"
CORE = frozenset({"orgs", "academicSessions", "courses", "classes", "users", "enrollments"})
"""The tables that are written also where they are empty."""


def _columns(text: str) -> tuple[str, ...]:
    return ("sourcedId", "status", "dateLastModified", *text.split())


_OLD = {
    "academicSessions": _columns("title type startDate endDate parentSourcedId schoolYear"),
    "categories": _columns("title"),
    "classes": _columns(
        "title grades courseSourcedId classCode classType location schoolSourcedId"
        " termSourcedIds subjects subjectCodes periods"
    ),
    "classResources": _columns("title classSourcedId resourceSourcedId"),
    "courses": _columns(
        "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes"
    ),
    "courseResources": _columns("title courseSourcedId resourceSourcedId"),
    "demographics": _columns(
        "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
        " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces"
        " hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth"
        " publicSchoolResidenceStatus"
    ),
    "enrollments": _columns(
        "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate"
    ),
    "lineItems": _columns(
        "title description assignDate dueDate classSourcedId categorySourcedId"
        " gradingPeriodSourcedId resultValueMin resultValueMax"
    ),
    "orgs": _columns("name type identifier parentSourcedId"),
    "resources": _columns("vendorResourceId title roles importance vendorId applicationId"),
    "results": _columns("lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment"),
    "users": _columns(
        "enabledUser orgSourcedIds role username userIds givenName familyName middleName"
        " identifier email sms phone agentSourcedIds grades password"
    ),
}
_NEW = _OLD | {
    "categories": _columns("title weight"),
    "lineItems": _columns(
        "title description assignDate dueDate classSourcedId categorySourcedId"
        " gradingPeriodSourcedId resultValueMin resultValueMax schoolSourcedId"
        " academicSessionSourcedId"
    ),
    "results": _columns(
        "lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment classSourcedId"
        " inProgress incomplete late missing textScore"
    ),
    "roles": _columns(
        "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId"
    ),
    "users": _columns(
        "enabledUser username userIds givenName familyName middleName identifier email sms phone"
        " agentSourcedIds grades password userMasterIdentifier resourceSourcedIds"
        " preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns"
    ),
    "userProfiles": _columns(
        "userSourcedId profileType vendorId applicationId description credentialType username"
        " password"
    ),
}
FILES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({"1.1": _OLD, "1.2": _NEW})
"""Version to table to the columns of its file.

Sources: OneRoster 1.1 CSV Tables, section 4; OneRoster 1.2 CSV Binding, section 4.
"""
