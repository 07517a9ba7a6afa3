"""The strict reader of bundles, and what it says of the bundles that the package writes."""

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.strict_reader import DATA_FILES, required_but_empty, strict_problems

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.errors import PartialResultWarning
from oneroster_nb.roster.roster import Roster

Texts = dict[str, str]

# Two bundles written by hand from the bindings: every file of the version, with a row or two.
BOTH = {
    "orgs.csv": """\
sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
D1,,,North District,district,3499,
S1,,,Lincoln High School,school,,D1
S2,,,"Adams, the ""Hill"" School",school,,D1
""",
    "academicSessions.csv": """\
sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear
Y1,,,2026-2027,schoolYear,2026-08-17,2027-06-12,,2027
T1,,,Fall,semester,2026-08-17,2027-01-15,Y1,2027
""",
    "courses.csv": """\
sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,\
subjects,subjectCodes
C1,,,Y1,Algebra 1,MA1,"09,10",D1,"Algebra,Logic","02052,02053"
""",
    "classes.csv": """\
sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,\
schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods
K1,,,Algebra 1 - 3,09,C1,MA1-3,scheduled,Room 4,S1,"T1,Y1",Algebra,02052,"1,3"
""",
    "enrollments.csv": """\
sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,\
beginDate,endDate
E1,,,K1,S1,U1,teacher,true,,
E2,,,K1,S1,U2,student,false,2026-08-17,2027-01-15
""",
    "resources.csv": """\
sourcedId,status,dateLastModified,vendorResourceId,title,roles,importance,vendorId,applicationId
R1,,,book-1,Algebra,"student,teacher",primary,press,
""",
    "classResources.csv": """\
sourcedId,status,dateLastModified,title,classSourcedId,resourceSourcedId
K1@R1,,,,K1,R1
""",
    "courseResources.csv": """\
sourcedId,status,dateLastModified,title,courseSourcedId,resourceSourcedId
C1@R1,,,,C1,R1
""",
    "demographics.csv": """\
sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,\
blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,\
hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,\
publicSchoolResidenceStatus
U2,,,2011-05-01,female,false,true,false,false,true,true,false,US,CA,Fresno,
""",
}
ONLY_1P1 = {
    "users.csv": """\
sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,\
familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
U1,,,true,"S1,S2",teacher,jdoe,,Jo,Doe,,T-1,jo@example.org,,,,,
U2,,,true,S1,student,zoe,"{LDAP:12},{LTI:15}",Zoé,Ruiz,M.,,,,,U3,09,
U3,,,false,S1,parent,eva,,Eva,Ruiz,,,,,,U2,,
""",
    "categories.csv": """\
sourcedId,status,dateLastModified,title
G1,,,Homework
""",
    "lineItems.csv": """\
sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,\
categorySourcedId,gradingPeriodSourcedId,resultValueMin,resultValueMax
L1,,,Sheet 1,"Lines, slopes",2026-09-01,2026-09-08,K1,G1,T1,0,10.5
""",
    "results.csv": """\
sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,\
comment
Q1,,,L1,U2,fully graded,9.5,2026-09-09,Good
""",
}
ONLY_1P2 = {
    "users.csv": """\
sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,\
identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,\
preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns,\
metadata.house
U1,,,true,jdoe,,Jo,Doe,,T-1,jo@example.org,,,,,,,Joey,,,S1,they,red
U2,,,true,zoe,"{LDAP:12},{LTI:15}",Zoé,Ruiz,M.,,,,,U3,09,,M-2,,,,S1,,
U3,,,false,eva,,Eva,Ruiz,,,,,,U2,,,,,,,,,blue
""",
    "roles.csv": """\
sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,\
userProfileSourcedId
O1,,,U1,primary,teacher,2026-08-17,2027-06-12,S1,P1
O2,,,U1,secondary,ext:coach,,,S1,
O3,,,U1,primary,counselor,,,S2,
O4,,,U2,primary,student,,,S1,
O5,,,U3,primary,parent,,,S1,
""",
    "userProfiles.csv": """\
sourcedId,status,dateLastModified,userSourcedId,profileType,vendorId,applicationId,description,\
credentialType,username,password
P1,,,U1,mail,press,reader,,basic,jdoe,
""",
    "userResources.csv": """\
sourcedId,status,dateLastModified,userSourcedId,orgSourcedId,classSourcedId,resourceSourcedId
U2@R1,,,U2,S1,K1,R1
""",
    "categories.csv": """\
sourcedId,status,dateLastModified,title,weight
G1,,,Homework,40
""",
    "lineItems.csv": """\
sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,\
categorySourcedId,academicSessionSourcedId,resultValueMin,resultValueMax,schoolSourcedId
L1,,,Sheet 1,"Lines, slopes",2026-09-01,2026-09-08,K1,G1,T1,0,10.5,S1
""",
    "results.csv": """\
sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,\
comment,textScore,classSourcedId,inProgress,incomplete,late,missing
Q1,,,L1,U2,fully graded,9.5,2026-09-09,Good,A,K1,false,false,true,false
""",
    "scoreScales.csv": """\
sourcedId,status,dateLastModified,title,type,orgSourcedId,courseSourcedId,classSourcedId,\
scoreScaleValue
A1,,,Letters,letters,S1,C1,K1,"{A:9-10},{B:7-8}"
""",
    "lineItemLearningObjectiveIds.csv": """\
sourcedId,status,dateLastModified,lineItemSourcedId,source,learningObjectiveId
L1@1,,,L1,case,urn:uuid:0a1b2c3d-0000-4000-8000-000000000001
""",
    "lineItemScoreScales.csv": """\
sourcedId,status,dateLastModified,title,lineItemSourcedId,scoreScaleSourcedId
L1@A1,,,,L1,A1
""",
    "resultLearningObjectiveIds.csv": """\
sourcedId,status,dateLastModified,resultSourcedId,source,learningObjectiveId,score,textScore
Q1@1,,,Q1,unknown,slopes,3,
""",
    "resultScoreScales.csv": """\
sourcedId,status,dateLastModified,title,resultSourcedId,scoreScaleSourcedId
Q1@A1,,,,Q1,A1
""",
}
MANIFESTS = {
    "1.1": """\
propertyName,value
manifest.version,1.0
oneroster.version,1.1
file.academicSessions,bulk
file.categories,bulk
file.classes,bulk
file.classResources,bulk
file.courses,bulk
file.courseResources,bulk
file.demographics,bulk
file.enrollments,bulk
file.lineItems,bulk
file.orgs,bulk
file.resources,bulk
file.results,bulk
file.users,bulk
source.systemName,A system
source.systemCode,sis
""",
    "1.2": """\
propertyName,value
manifest.version,1.0
oneroster.version,1.2
file.academicSessions,bulk
file.categories,bulk
file.classes,bulk
file.classResources,bulk
file.courses,bulk
file.courseResources,bulk
file.demographics,bulk
file.enrollments,bulk
file.lineItemLearningObjectiveIds,bulk
file.lineItems,bulk
file.lineItemScoreScales,bulk
file.orgs,bulk
file.resources,bulk
file.resultLearningObjectiveIds,bulk
file.results,bulk
file.resultScoreScales,bulk
file.roles,bulk
file.scoreScales,bulk
file.userProfiles,bulk
file.userResources,bulk
file.users,bulk
""",
}
SMALLEST = {
    "manifest.csv": MANIFESTS["1.1"].replace("bulk", "absent").replace("orgs,absent", "orgs,bulk"),
    "orgs.csv": BOTH["orgs.csv"],
}


def by_hand(version: str) -> Texts:
    """Return the files of a bundle written by hand."""
    own = ONLY_1P1 if version == "1.1" else ONLY_1P2
    return {"manifest.csv": MANIFESTS[version], **BOTH, **own}


def zipped(files: dict[str, str] | dict[str, bytes]) -> bytes:
    """Pack files; texts get the line ends of RFC 4180."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            if isinstance(content, str):
                content = content.replace("\n", "\r\n").encode()
            archive.writestr(name, content)
    return buffer.getvalue()


# Bundles by hand ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_bundle_written_by_hand_conforms(version: str) -> None:
    files = by_hand(version)

    assert {*files} == {"manifest.csv", *(f"{file}.csv" for file in DATA_FILES[version])}
    assert strict_problems(zipped(files)) == []


def test_a_bundle_of_one_file_conforms() -> None:
    assert strict_problems(zipped(SMALLEST)) == []


def test_a_delta_may_refer_to_rows_of_other_bundles() -> None:
    manifest = SMALLEST["manifest.csv"].replace("orgs,bulk", "orgs,delta")
    row = "S1,active,2026-09-01T08:00:00.000Z,Lincoln High School,school,,D1\n"
    head = BOTH["orgs.csv"].partition("\n")[0] + "\n"

    assert strict_problems(zipped({"manifest.csv": manifest, "orgs.csv": head + row})) == []
    blank = head + "S1,,,Lincoln High School,school,,D1\n"
    found = strict_problems(zipped({"manifest.csv": manifest, "orgs.csv": blank}))
    assert [problem.partition(" is ")[0] for problem in found] == [
        "orgs.csv: status",
        "orgs.csv: dateLastModified",
    ]


def test_an_id_of_the_source_may_hold_other_signs() -> None:
    files = by_hand("1.2")
    files["categories.csv"] = files["categories.csv"].replace("G1", "G 1:é")
    files["lineItems.csv"] = files["lineItems.csv"].replace("G1", "G 1:é")

    assert strict_problems(zipped(files), source_ids={"G 1:é"}) == []
    assert any("is no GUID" in problem for problem in strict_problems(zipped(files)))


# Breaks: the file, a text in it and what stands there instead, and a part of the problem.
EITHER = [
    ("manifest.csv", "propertyName,value", "propertyName,propertyValue", "head of manifest.csv"),
    ("manifest.csv", "manifest.version,1.0", "manifest.version,1.1", "manifest.version"),
    ("manifest.csv", "manifest.version,1.0\n", "", "manifest.version"),
    ("manifest.csv", "oneroster.version,1.", "oneroster.version,2.", "oneroster.version"),
    ("manifest.csv", "file.orgs,bulk\n", "", "lacks file.orgs"),
    ("manifest.csv", "file.orgs,bulk\n", "file.orgs,bulk\nfile.orgs,bulk\n", "file.orgs 2 times"),
    ("manifest.csv", "file.orgs,bulk", "file.orgs,yes", "not bulk, delta or absent"),
    ("manifest.csv", "file.orgs,bulk", "file.orgs,absent", "orgs.csv is in the zip but not"),
    ("manifest.csv", "file.categories", "file.catagories", "file.catagories is no property"),
    ("orgs.csv", "identifier,parentSourcedId", "parentSourcedId,identifier", "the head is"),
    ("orgs.csv", ",parentSourcedId\n", ",parent\n", "the head is"),
    (
        "orgs.csv",
        "S1,,,Lincoln High School,school,,D1",
        "S1,,,Lincoln High School,school,",
        "fields",
    ),
    ("orgs.csv", "S1,,,Lincoln", 'S1,,,Lin"coln', "is not of RFC 4180"),
    ("orgs.csv", "Lincoln High School", '"Lincoln\nHigh School"', "line end within a value"),
    ("orgs.csv", "Lincoln High School", "", "required name is empty in 1 of 3 rows"),
    ("orgs.csv", "Lincoln High School,school", "Lincoln High School,School", "enumeration"),
    ("orgs.csv", "S2,,,", "S1,,,", "orgs.csv has sourcedId S1 2 times"),
    ("orgs.csv", "S2,,,", "S:2,,,", "'S:2' is no GUID"),
    ("orgs.csv", "S1,,,", "S1,active,,", "status is filled in 1 rows of a bulk file"),
    ("orgs.csv", "S1,,,", "S1,,2026-09-01T00:00:00.000Z,", "dateLastModified is filled"),
    ("orgs.csv", ",,D1", ",,D9", "'D9' is not in orgs.csv"),
    ("academicSessions.csv", ",,2027\n", ",,2026-2027\n", "is no year"),
    ("academicSessions.csv", "2026-08-17", "8/17/2026", "is no date"),
    ("academicSessions.csv", "2027-06-12", "2027-06-31", "is no date"),
    ("courses.csv", ",D1,", ",K1,", "'K1' is not in orgs.csv"),
    ("courses.csv", ",,Y1,", ",,T1,", "'T1' is of type semester, not schoolYear"),
    ("courses.csv", '"02052,02053"', "02052", "differ in number"),
    ("classes.csv", '"T1,Y1"', '"T1,T9"', "'T9' is not in academicSessions.csv"),
    ("classes.csv", '"T1,Y1"', '"T1,"', "empty entry"),
    ("classes.csv", '"T1,Y1"', "", "required termSourcedIds"),
    ("classes.csv", ",S1,", ",D1,", "'D1' is of type district, not school"),
    ("classes.csv", "scheduled", "regular", "enumeration"),
    ("enrollments.csv", ",U2,student", ",U9,student", "'U9' is not in users.csv"),
    ("enrollments.csv", "student,false", "student,FALSE", "is not true or false"),
    ("enrollments.csv", "student,false", "student,true", "primary is true for a student"),
    ("enrollments.csv", ",U2,student", ",U2,parent", "enumeration"),
    ("resources.csv", '"student,teacher"', '"student,pupil"', "enumeration"),
    ("resources.csv", "primary", "first", "enumeration"),
    ("classResources.csv", "K1@R1", "K1:R1", "'K1:R1' is no GUID"),
    ("demographics.csv", "U2,,,", "U9,,,", "'U9' is not in users.csv"),
    ("demographics.csv", "female", "Female", "enumeration"),
    ("users.csv", "{LDAP:12}", "LDAP:12", "is no list of {type:id}"),
    ("users.csv", ",jdoe,", ",,", "required username is empty in 1 of 3 rows"),
    ("lineItems.csv", "2026-09-01", "2026-09-01T00:00:00Z", "is no date"),
    ("lineItems.csv", ",0,10.5", ",0,ten", "is no number"),
    ("results.csv", "fully graded", "graded", "enumeration"),
    ("results.csv", "L1,U2", "L2,U2", "'L2' is not in lineItems.csv"),
]
OF_1P1 = [
    ("users.csv", ",U2,,\n", ",U2,,secret\n", "password holds a value"),
    ("users.csv", '"S1,S2"', '"S1,S3"', "'S3' is not in orgs.csv"),
    ("users.csv", "S1,student", "S1,ext:pupil", "enumeration"),
    ("lineItems.csv", "gradingPeriodSourcedId", "academicSessionSourcedId", "the head is"),
    ("manifest.csv", "oneroster.version,1.1", "oneroster.version,1.2", "lacks file.roles"),
]
OF_1P2 = [
    ("manifest.csv", "file.resultScoreScales,bulk\n", "", "lacks file.resultScoreScales"),
    ("users.csv", "pronouns,metadata.house", "pronouns,house", "house is no column of 1.2"),
    ("users.csv", "pronouns,metadata.house", "pronouns,resourceSourcedIds", "is no column of 1.2"),
    ("users.csv", "enabledUser,username", "enabledUser,role", "the head is"),
    ("users.csv", "pronouns,metadata.house", "pronouns,metadata.password", "holds a value"),
    ("userProfiles.csv", "jdoe,\n", "jdoe,secret\n", "password holds a value"),
    ("roles.csv", "O2,,,U1,secondary", "O2,,,U1,primary", "user U1 has 2 primary roles at org S1"),
    ("roles.csv", "O3,,,U1,primary", "O3,,,U1,secondary", "user U1 has 0 primary roles at org S2"),
    ("roles.csv", "O5,,,U3,primary", "O5,,,U2,secondary", "user U3 has no row in roles.csv"),
    ("roles.csv", "O1,,,", "U1:S1,,,", "'U1:S1' is no GUID"),
    ("roles.csv", "primary,student", "primary,administrator", "enumeration"),
    ("roles.csv", "ext:coach", "ext:coach at home", "enumeration"),
    ("roles.csv", "S1,P1", "S1,P9", "'P9' is not in userProfiles.csv"),
    ("lineItems.csv", "10.5,S1", "10.5,", "required schoolSourcedId"),
    ("lineItems.csv", "academicSessionSourcedId", "gradingPeriodSourcedId", "the head is"),
    ("results.csv", "comment,textScore", "textScore,comment", "the head is"),
    ("scoreScales.csv", '"{A:9-10},{B:7-8}"', "A-B", "is no list of {type:id}"),
]
BREAKS = [
    *(("1.1", *row) for row in [*EITHER, *OF_1P1]),
    *(("1.2", *row) for row in [*EITHER, *OF_1P2]),
]


@pytest.mark.parametrize(("version", "file", "old", "new", "problem"), BREAKS)
def test_a_break_is_reported(version: str, file: str, old: str, new: str, problem: str) -> None:
    files = by_hand(version)
    assert old in files[file]
    files[file] = files[file].replace(old, new, 1)

    assert any(problem in found for found in strict_problems(zipped(files)))


def with_file(name: str, content: bytes) -> Callable[[], bytes]:
    """Return a maker of the bundle of one file in which a member has other bytes."""
    encoded = {key: text.replace("\n", "\r\n").encode() for key, text in SMALLEST.items()}
    return lambda: zipped({**encoded, name: content})


def with_doubled_member() -> bytes:
    """Return a zip that holds orgs.csv two times."""
    buffer = io.BytesIO(zipped(SMALLEST))
    with zipfile.ZipFile(buffer, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("orgs.csv", SMALLEST["orgs.csv"].replace("\n", "\r\n"))
    return buffer.getvalue()


ORGS = SMALLEST["orgs.csv"].replace("\n", "\r\n").encode()
WHOLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"sourcedId", "no zip"),
    "no manifest": (lambda: zipped({"orgs.csv": SMALLEST["orgs.csv"]}), "no manifest.csv"),
    "one folder down": (
        lambda: zipped({f"set/{name}": text for name, text in SMALLEST.items()}),
        "no manifest.csv at its root",
    ),
    "a file is missing": (
        lambda: zipped({"manifest.csv": SMALLEST["manifest.csv"]}),
        "orgs.csv is not in the zip",
    ),
    "another file": (with_file("readme.txt", b"hello"), "readme.txt is in the zip but not"),
    "a file twice": (with_doubled_member, "holds orgs.csv 2 times"),
    "a head alone": (with_file("orgs.csv", ORGS.partition(b"\n")[0] + b"\n"), "has no data rows"),
    "no bytes": (with_file("orgs.csv", b""), "has no data rows"),
    "a byte order mark": (with_file("orgs.csv", b"\xef\xbb\xbf" + ORGS), "byte order mark"),
    "cp1252": (with_file("orgs.csv", ORGS.replace(b"Hill", b"H\xf6hen")), "is not UTF-8"),
    "LF": (with_file("orgs.csv", ORGS.replace(b"\r\n", b"\n")), "end in LF"),
    "an open quote": (with_file("orgs.csv", ORGS + b'"S3'), "is not of RFC 4180"),
    "an empty line": (with_file("orgs.csv", ORGS + b"\r\n"), "fields"),
    "an empty manifest": (with_file("manifest.csv", b""), "manifest.csv has no rows"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_break_of_the_whole_is_reported(name: str) -> None:
    made, problem = WHOLE[name]

    assert any(problem in found for found in strict_problems(made()))


# Bundles of the package --------------------------------------------------------------------------

SOURCES = ["demo", "demo 1.2", "demo-clever", "csv 1.1", "csv 1.2", "saved"]


@contextmanager
def demo_1p2() -> Iterator[onb.OneRosterConnector]:
    """Connect to a demo server over OneRoster 1.2."""
    with DemoServer() as server:
        secrets = server.client_id, server.client_secret
        with onb.OneRosterConnector(
            server.host_v1p2, *secrets, token_url=server.token_url
        ) as connector:
            yield connector


def of_csv(folder: Path, version: str) -> Roster:
    """Read a bundle that was written by hand."""
    path = folder / "by-hand.zip"
    path.write_bytes(zipped(by_hand(version)))
    return onb.CsvConnector(path).get_roster()


def roster_of(source: str, folder: Path) -> Roster:
    """Return the roster of a source."""
    if source.startswith("csv"):
        return of_csv(folder, source.removeprefix("csv "))
    if source == "demo 1.2":
        with demo_1p2() as connector:
            return connector.get_roster()
    if source == "saved":
        with onb.connect("demo") as connector:
            connector.get_roster(sensitive=True).save(folder / "saved")
        return onb.Roster.load(folder / "saved")
    with onb.connect(source) as connector:
        return connector.get_roster()


@pytest.fixture(scope="module")
def rosters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Roster]:
    """Return the roster of each source, pulled once."""
    return {source: roster_of(source, tmp_path_factory.mktemp("source")) for source in SOURCES}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("source", ["demo", "demo 1.2", "csv 1.1", "saved"])
def test_a_written_bundle_conforms(
    rosters: dict[str, Roster], source: str, version: str, tmp_path: Path
) -> None:
    path = rosters[source].to_csv_bundle(tmp_path / "bundle.zip", version=version)

    assert strict_problems(path.read_bytes()) == []


def test_a_bundle_of_1p2_written_as_1p1_conforms(
    rosters: dict[str, Roster], tmp_path: Path
) -> None:
    with pytest.warns(PartialResultWarning, match="userResources") as caught:  # 1.1 has no place
        path = rosters["csv 1.2"].to_csv_bundle(tmp_path / "bundle.zip", version="1.1")

    assert len(caught) == 1
    assert strict_problems(path.read_bytes()) == []


# Clever has no such fields, and a roster keeps no credentials of user profiles.
@pytest.mark.parametrize(
    ("source", "version"), [("demo-clever", "1.1"), ("demo-clever", "1.2"), ("csv 1.2", "1.2")]
)
def test_a_written_bundle_lacks_only_what_the_warning_names(
    rosters: dict[str, Roster], source: str, version: str, tmp_path: Path
) -> None:
    with pytest.warns(PartialResultWarning) as caught:
        path = rosters[source].to_csv_bundle(tmp_path / "bundle.zip", version=version)
    named = re.findall(r"\w+\.\w+ \(\d+ of \d+ rows\)", str(caught[0].message))
    problems = strict_problems(path.read_bytes())

    assert len(caught) == 1
    assert named
    assert required_but_empty(problems) == {*named}
    assert [problem for problem in problems if not required_but_empty([problem])] == []
