"""The files of a OneRoster CSV bundle and their columns, in the order of the standard."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FILES", "MANIFEST", "REQUIRED"]

MANIFEST = "manifest"

# A line a file, in the order of the manifest; "!" marks a column that must have a value.
# Every file begins with sourcedId!, status and dateLastModified, of which bulk leaves two empty.
_BOTH = """
academicSessions  title! type! startDate! endDate! parentSourcedId schoolYear!
classes           title! grades courseSourcedId! classCode classType! location schoolSourcedId!
                  termSourcedIds! subjects subjectCodes periods
classResources    title classSourcedId! resourceSourcedId!
courses           schoolYearSourcedId title! courseCode grades orgSourcedId! subjects subjectCodes
courseResources   title courseSourcedId! resourceSourcedId!
demographics      birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican
                  nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces
                  hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth
                  publicSchoolResidenceStatus
enrollments       classSourcedId! schoolSourcedId! userSourcedId! role! primary beginDate endDate
orgs              name! type! identifier parentSourcedId
resources         vendorResourceId! title roles importance vendorId applicationId
"""
_OLD = """
categories        title!
lineItems         title! description assignDate! dueDate! classSourcedId! categorySourcedId!
                  gradingPeriodSourcedId! resultValueMin! resultValueMax!
results           lineItemSourcedId! studentSourcedId! scoreStatus! score! scoreDate! comment
users             enabledUser! orgSourcedIds! role! username! userIds givenName! familyName!
                  middleName identifier email sms phone agentSourcedIds grades password
"""
_NEW = """
categories        title! weight
lineItemLearningObjectiveIds  lineItemSourcedId! source! learningObjectiveId!
lineItems         title! description assignDate! dueDate! classSourcedId! categorySourcedId!
                  academicSessionSourcedId! resultValueMin resultValueMax schoolSourcedId!
lineItemScoreScales  title lineItemSourcedId! scoreScaleSourcedId!
resultLearningObjectiveIds  resultSourcedId! source! learningObjectiveId! score textScore
results           lineItemSourcedId! studentSourcedId! scoreStatus! score scoreDate! comment
                  textScore classSourcedId inProgress incomplete late missing
resultScoreScales title resultSourcedId! scoreScaleSourcedId!
roles             userSourcedId! roleType! role! beginDate endDate orgSourcedId!
                  userProfileSourcedId
scoreScales       title! type! orgSourcedId! courseSourcedId! classSourcedId! scoreScaleValue!
userProfiles      userSourcedId! profileType! vendorId! applicationId description credentialType!
                  username! password
userResources     userSourcedId! orgSourcedId classSourcedId resourceSourcedId!
users             enabledUser! username! userIds givenName! familyName! middleName identifier email
                  sms phone agentSourcedIds grades password userMasterIdentifier
                  preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId
                  pronouns
"""


def _marked(text: str) -> dict[str, list[str]]:
    """Read lines of a file's name and its columns; an indented line goes on with the last file."""
    files: dict[str, list[str]] = {}
    name = ""
    for line in text.strip().splitlines():
        words = line.split()
        if not line.startswith(" "):
            name, *words = words
            files[name] = ["sourcedId!", "status", "dateLastModified"]
        files[name] += words
    return {name: files[name] for name in sorted(files, key=str.casefold)}


_MARKED = {"1.1": _marked(_BOTH + _OLD.lstrip()), "1.2": _marked(_BOTH + _NEW.lstrip())}

FILES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        version: {name: tuple(word.rstrip("!") for word in words) for name, words in files.items()}
        for version, files in _MARKED.items()
    }
)
"""Version to file to its columns.

Sources: OneRoster 1.1 CSV Tables, section 4; OneRoster 1.2 CSV Binding, section 4.
"""

REQUIRED: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        version: {
            name: tuple(word.rstrip("!") for word in words if word.endswith("!"))
            for name, words in files.items()
        }
        for version, files in _MARKED.items()
    }
)
"""Version to file to the columns that must have a value in every row of a bulk file."""
