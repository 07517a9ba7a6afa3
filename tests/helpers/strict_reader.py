"""A strict reader of OneRoster CSV bundles: it reads the bytes of a zip and lists the problems.

It knows nothing of the package: the rules come from the CSV bindings of OneRoster 1.1 and 1.2, and
each names its source:

- "binding": 1EdTech, "OneRoster CSV Tables 1.1.1" and "OneRoster CSV Binding 1.2.1". Columns, their
  order and what is required were compared with public readers of these documents:
  oat-sa/oneroster-import (1.1), LongsightGroup/oneroster (1.2), and, for the users, the roles and
  the list of files, hanachin/meibo (1.2).
- "OpenAPI": the official OpenAPI files of OneRoster 1.2.
- "RFC 4180": the form of CSV that both bindings ask for.
- "package": a rule that the package promises and the bindings leave open.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

__all__ = ["DATA_FILES", "required_but_empty", "strict_problems"]

Rows = list[list[str]]

# Binding: every file begins with these three; blank status and date in bulk, both given in delta.
_FIRST = "sourcedId! guid; status status; dateLastModified dateTime; "

# Binding and OpenAPI: the enumerations. Version 1.2 also takes words that begin with "ext:".
_WORDS = {
    "session": "gradingPeriod semester schoolYear term",
    "org": "department district local national school state",
    "class": "homeroom scheduled",
    "user": "administrator aide guardian parent proctor relative student teacher",
    "role": "aide counselor districtAdministrator guardian parent principal proctor relative"
    " siteAdministrator student systemAdministrator teacher",
    "enrollment": "administrator proctor student teacher",
    "sex": "male female",
    "sex12": "male female other unspecified",
    "importance": "primary secondary",
    "objectives": "case unknown",
}
_SCORE_STATUS = ["exempt", "fully graded", "not submitted", "partially graded", "submitted"]
_ENUMERATIONS = {name: text.split() for name, text in _WORDS.items()} | {"score": _SCORE_STATUS}
# OpenAPI: the lists that stay closed in 1.2.
_CLOSED = {"importance"}

_RACES = (
    "americanIndianOrAlaskaNative boolean; asian boolean; blackOrAfricanAmerican boolean;"
    " nativeHawaiianOrOtherPacificIslander boolean; white boolean;"
    " demographicRaceTwoOrMoreRaces boolean; hispanicOrLatinoEthnicity boolean;"
    " countryOfBirthCode; stateOfBirthAbbreviation; cityOfBirth; publicSchoolResidenceStatus"
)

# Binding: the files, their columns in order, `!` for "required"; after the name the kind of value,
# and for references the file (and the type of the row) that they point to.
_COMMON = {
    "academicSessions": "title!; type! words:session; startDate! date; endDate! date;"
    " parentSourcedId ref:academicSessions; schoolYear! year",
    "orgs": "name!; type! words:org; identifier; parentSourcedId ref:orgs",
    "courses": "schoolYearSourcedId ref:academicSessions:schoolYear; title!; courseCode; grades;"
    " orgSourcedId! ref:orgs; subjects list; subjectCodes list",
    "classes": "title!; grades list; courseSourcedId! ref:courses; classCode;"
    " classType! words:class; location; schoolSourcedId! ref:orgs:school;"
    " termSourcedIds! refs:academicSessions; subjects list; subjectCodes list; periods list",
    "enrollments": "classSourcedId! ref:classes; schoolSourcedId! ref:orgs:school;"
    " userSourcedId! ref:users; role! words:enrollment; primary boolean; beginDate date;"
    " endDate date",
    "resources": "vendorResourceId!; title; roles list:user; importance words:importance;"
    " vendorId; applicationId",
    "classResources": "title; classSourcedId! ref:classes; resourceSourcedId! ref:resources",
    "courseResources": "title; courseSourcedId! ref:courses; resourceSourcedId! ref:resources",
}
_ONLY_1P1 = {
    "users": "enabledUser! boolean; orgSourcedIds! refs:orgs; role! words:user; username!;"
    " userIds pairs; givenName!; familyName!; middleName; identifier; email; sms; phone;"
    " agentSourcedIds refs:users; grades list; password",
    "demographics": f"birthDate date; sex words:sex; {_RACES}",
    "categories": "title!",
    "lineItems": "title!; description; assignDate! date; dueDate! date;"
    " classSourcedId! ref:classes; categorySourcedId! ref:categories;"
    " gradingPeriodSourcedId! ref:academicSessions; resultValueMin! number;"
    " resultValueMax! number",
    "results": "lineItemSourcedId! ref:lineItems; studentSourcedId! ref:users;"
    " scoreStatus! words:score; score! number; scoreDate! date; comment",
}
_ONLY_1P2 = {
    "users": "enabledUser! boolean; username!; userIds pairs; givenName!; familyName!;"
    " middleName; identifier; email; sms; phone; agentSourcedIds refs:users; grades list;"
    " password; userMasterIdentifier; preferredGivenName; preferredMiddleName;"
    " preferredFamilyName; primaryOrgSourcedId ref:orgs; pronouns",
    "roles": "userSourcedId! ref:users; roleType! words:importance; role! words:role;"
    " beginDate date; endDate date; orgSourcedId! ref:orgs;"
    " userProfileSourcedId ref:userProfiles",
    "userProfiles": "userSourcedId! ref:users; profileType!; vendorId!; applicationId;"
    " description; credentialType!; username!; password",
    "userResources": "userSourcedId! ref:users; orgSourcedId ref:orgs;"
    " classSourcedId ref:classes; resourceSourcedId! ref:resources",
    "demographics": f"birthDate date; sex words:sex12; {_RACES}",
    # OpenAPI: a weight is a float.
    "categories": "title!; weight number",
    "lineItems": "title!; description; assignDate! date; dueDate! date;"
    " classSourcedId! ref:classes; categorySourcedId! ref:categories;"
    " academicSessionSourcedId! ref:academicSessions; resultValueMin number;"
    " resultValueMax number; schoolSourcedId! ref:orgs:school",
    "results": "lineItemSourcedId! ref:lineItems; studentSourcedId! ref:users;"
    " scoreStatus! words:score; score number; scoreDate! date; comment; textScore;"
    " classSourcedId ref:classes; inProgress boolean; incomplete boolean; late boolean;"
    " missing boolean",
    "scoreScales": "title!; type!; orgSourcedId! ref:orgs; courseSourcedId! ref:courses;"
    " classSourcedId! ref:classes; scoreScaleValue! pairs",
    "lineItemLearningObjectiveIds": "lineItemSourcedId! ref:lineItems;"
    " source! words:objectives; learningObjectiveId!",
    "lineItemScoreScales": "title; lineItemSourcedId! ref:lineItems;"
    " scoreScaleSourcedId! ref:scoreScales",
    "resultLearningObjectiveIds": "resultSourcedId! ref:results; source! words:objectives;"
    " learningObjectiveId!; score number; textScore",
    "resultScoreScales": "title; resultSourcedId! ref:results;"
    " scoreScaleSourcedId! ref:scoreScales",
}


@dataclass(frozen=True)
class _Column:
    """A column of the binding: its name, whether it is required, and what its values are."""

    name: str
    required: bool
    kind: str
    argument: str

    @property
    def target(self) -> tuple[str, str]:
        """The file that the column refers to, and the type that the row there must have."""
        name, _, wanted = self.argument.partition(":")
        return name, wanted


def _column(text: str) -> _Column:
    name, _, rest = text.strip().partition(" ")
    kind, _, argument = rest.partition(":")
    return _Column(name.rstrip("!"), name.endswith("!"), kind, argument)


def _layout(*groups: dict[str, str]) -> dict[str, list[_Column]]:
    files = {name: text for group in groups for name, text in group.items()}
    return {
        name: [_column(part) for part in (_FIRST + text).split(";")]
        for name, text in sorted(files.items())
    }


_LAYOUTS = {"1.1": _layout(_COMMON, _ONLY_1P1), "1.2": _layout(_COMMON, _ONLY_1P2)}

# Binding: with manifest.csv these are the 14 files of 1.1 and the 22 files of 1.2.
DATA_FILES = {version: list(layout) for version, layout in _LAYOUTS.items()}
HEADS = {
    version: {name: [column.name for column in columns] for name, columns in layout.items()}
    for version, layout in _LAYOUTS.items()
}
"""Version to file to its columns in order."""


@dataclass
class _Table:
    """The rows of a file by the columns of its head."""

    file: str
    mode: str
    version: str
    columns: list[str]
    rows: list[dict[str, str]]

    @property
    def layout(self) -> list[_Column]:
        """The columns that the binding asks for."""
        return _LAYOUTS[self.version][self.file]

    def cells(self, column: str) -> Iterator[tuple[str, str]]:
        """Return the values of a column that are not blank, each with the place where it stands."""
        for number, row in enumerate(self.rows, start=2):
            if row.get(column):
                yield f"{self.file}.csv row {number} {column}", row[column]


Tables = dict[str, _Table]


def strict_problems(data: bytes, source_ids: Collection[str] = ()) -> list[str]:
    """List what keeps a zip from being a bundle of OneRoster 1.1 or 1.2.

    Parameters
    ----------
    data : bytes
        The zip.
    source_ids : collection of str
        Ids of the source that hold signs outside the standard's set, and may.

    Returns
    -------
    list of str
        The problems, empty if there are none.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        return ["The bytes are no zip."]
    with archive:
        names = archive.namelist()
        contents = {name: archive.read(name) for name in names}
    if "manifest.csv" not in contents:
        return ["The zip has no manifest.csv at its root."]
    found, version, modes = _read_manifest(contents["manifest.csv"])
    found += _member_problems(names, modes)
    tables: Tables = {}
    for file in DATA_FILES.get(version, ()):
        if f"{file}.csv" in contents and modes.get(file) in ("bulk", "delta"):
            problems, table = _read_table(file, contents[f"{file}.csv"], version, modes[file])
            found += problems
            if table:
                tables[file] = table
    for table in tables.values():
        found += _row_problems(table, source_ids)
        found += _reference_problems(table, tables)
    return found + _role_problems(tables)


def required_but_empty(problems: list[str]) -> set[str]:
    """Return "file.column (empty of all rows)" for each problem that is an empty required column.

    This is how the package's warning names such columns.
    """
    pattern = re.compile(r"(\w+)\.csv: required (\w+) is empty in (\d+ of \d+ rows)")
    matches = (pattern.fullmatch(problem) for problem in problems)
    return {f"{match[1]}.{match[2]} ({match[3]})" for match in matches if match}


# Files -------------------------------------------------------------------------------------------


def _member_problems(names: list[str], modes: dict[str, str]) -> list[str]:
    """Compare the members of the zip with the manifest."""
    # Binding: the zip holds manifest.csv and the files that are said to be there, at its root, and
    # each at most once.
    found = _twice("The zip holds", names)
    said = {f"{file}.csv" for file, mode in modes.items() if mode in ("bulk", "delta")}
    said.add("manifest.csv")
    found += [f"{name} is in the zip but not in the manifest." for name in sorted({*names} - said)]
    return found + [f"{name} is not in the zip." for name in sorted(said - {*names})]


_FIELD = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|\Z)')


def _read_csv(file: str, data: bytes) -> tuple[list[str], Rows]:
    """Read a file as RFC 4180 writes it."""
    # Package: no byte order mark. The bindings ask for UTF-8 and let readers tolerate a mark.
    if data.startswith(b"\xef\xbb\xbf"):
        return [f"{file} begins with a byte order mark."], []
    try:
        text = data.decode("utf-8")  # Binding: UTF-8.
    except UnicodeDecodeError:
        return [f"{file} is not UTF-8."], []
    found: list[str] = []
    rows: Rows = []
    row: list[str] = []
    at = 0
    ends: set[str] = set()
    while at < len(text) or row:
        match = _FIELD.match(text, at)
        if not match:
            return [*found, f"{file} record {len(rows) + 1} is not of RFC 4180."], []
        quoted, plain, end = match.groups()
        value = plain if quoted is None else quoted.replace('""', '"')
        # Binding: RFC 4180 but for line ends within a value.
        if "\r" in value or "\n" in value:
            found.append(f"{file} record {len(rows) + 1} has a line end within a value.")
        row.append(value)
        at = match.end()
        ends.add(end)
        if end != ",":
            rows.append(row)
            row = []
    # RFC 4180: "delimited by a line break (CRLF)".
    return found + [f"{file} has lines that end in LF, not in CR LF."] * ("\n" in ends), rows


def _twice(what: str, names: list[str]) -> list[str]:
    return [f"{what} {name} {count} times." for name, count in Counter(names).items() if count > 1]


def _width_problems(file: str, rows: Rows) -> list[str]:
    # RFC 4180: each line holds the same number of fields.
    return [
        f"{file} record {number} has {len(row)} fields, not {len(rows[0])}."
        for number, row in enumerate(rows, start=1)
        if len(row) != len(rows[0])
    ]


def _read_manifest(data: bytes) -> tuple[list[str], str, dict[str, str]]:
    """Return the problems of the manifest, its version, and the mode of each file."""
    found, rows = _read_csv("manifest.csv", data)
    if not rows:
        return [*found, "manifest.csv has no rows."], "", {}
    found += _width_problems("manifest.csv", rows)
    if rows[0] != ["propertyName", "value"]:  # Binding: the head.
        found.append("The head of manifest.csv is not propertyName,value.")
    pairs = [(row[0], row[1]) for row in rows[1:] if len(row) == 2]
    properties = dict(pairs)
    found += _twice("manifest.csv has", [name for name, _ in pairs])
    version = properties.get("oneroster.version", "")
    if version not in DATA_FILES:
        found.append(f"manifest.csv: oneroster.version is {version!r}, not 1.1 or 1.2.")
    if properties.get("manifest.version") != "1.0":  # Binding: fixed.
        found.append("manifest.csv: manifest.version is not 1.0.")
    return found + _mode_problems(properties, version), version, _modes(properties)


def _modes(properties: dict[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("file."): value
        for name, value in properties.items()
        if name.startswith("file.")
    }


def _mode_problems(properties: dict[str, str], version: str) -> list[str]:
    # Binding: one entry a file, bulk, delta or absent; source.* may be left out; nothing else.
    files = {f"file.{file}" for file in DATA_FILES.get(version, ())}
    known = files | {"manifest.version", "oneroster.version"}
    known |= {"source.systemName", "source.systemCode"}
    found = [f"manifest.csv lacks {name}." for name in sorted(files - {*properties})]
    if files:
        unknown = sorted({*properties} - known)
        found += [f"manifest.csv: {name} is no property of {version}." for name in unknown]
    return found + [
        f"manifest.csv: {name} is {properties[name]!r}, not bulk, delta or absent."
        for name in sorted(files & {*properties})
        if properties[name] not in ("bulk", "delta", "absent")
    ]


def _read_table(file: str, data: bytes, version: str, mode: str) -> tuple[list[str], _Table | None]:
    """Read a data file; without a table if its rows cannot be told."""
    found, rows = _read_csv(f"{file}.csv", data)
    # Binding: files without data rows are not permitted; the manifest calls them absent.
    if len(rows) < 2:
        return [*found, f"{file}.csv has no data rows."], None
    widths = _width_problems(f"{file}.csv", rows)
    found += widths + _head_problems(file, rows[0], version)
    if widths:
        return found, None
    named = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    return found, _Table(file, mode, version, rows[0], named)


def _head_problems(file: str, head: list[str], version: str) -> list[str]:
    # Binding: all columns in the order of the tables, then metadata, and no name twice. So the
    # users.csv of 1.2 has no role, no orgSourcedIds and no resourceSourcedIds.
    wanted = [column.name for column in _LAYOUTS[version][file]]
    extra = head[len(wanted) :]
    found = []
    if head[: len(wanted)] != wanted:
        found.append(f"{file}.csv: the head is {','.join(head)}, not {','.join(wanted)}.")
    else:
        found += [
            f"{file}.csv: {name} is no column of {version}."
            for name in extra
            if not re.fullmatch(r"metadata\..+", name)
        ]
    return found + _twice(f"{file}.csv has the column", head)


# Rows --------------------------------------------------------------------------------------------


def _row_problems(table: _Table, source_ids: Collection[str]) -> list[str]:
    found = _mode_of_rows_problems(table) + _required_problems(table)
    for column in table.layout:
        for place, value in table.cells(column.name):
            problem = _value_problem(column, value, table.version)
            if problem and not (column.kind == "guid" and value in source_ids):
                found.append(f"{place}: {value!r} {problem}.")
    # Binding: a sourcedId is unique within its file.
    ids = [value for _, value in table.cells("sourcedId")]
    found += _twice(f"{table.file}.csv has sourcedId", ids)
    return found + _password_problems(table) + _pairing_problems(table)


def _mode_of_rows_problems(table: _Table) -> list[str]:
    # Binding: bulk leaves status and dateLastModified blank, delta fills both.
    found = []
    for name in ("status", "dateLastModified"):
        filled = sum(1 for _ in table.cells(name))
        if table.mode == "bulk" and filled:
            found.append(f"{table.file}.csv: {name} is filled in {filled} rows of a bulk file.")
        if table.mode == "delta" and filled < len(table.rows):
            found.append(f"{table.file}.csv: {name} is empty in rows of a delta file.")
    return found


def _required_problems(table: _Table) -> list[str]:
    found = []
    for column in table.layout:
        empty = sum(not row.get(column.name, "").strip() for row in table.rows)
        if column.required and empty:
            rows = f"{empty} of {len(table.rows)} rows"
            found.append(f"{table.file}.csv: required {column.name} is empty in {rows}")
    return found


def _password_problems(table: _Table) -> list[str]:
    # Package: the bindings have the column; a roster that people pass on holds no values there.
    names = [name for name in table.columns if "password" in name.casefold()]
    return [f"{place} holds a value." for name in names for place, _ in table.cells(name)]


def _pairing_problems(table: _Table) -> list[str]:
    # Binding and OpenAPI: subjects and subjectCodes match one by one.
    found = []
    for number, row in enumerate(table.rows, start=2):
        subjects, codes = row.get("subjects"), row.get("subjectCodes")
        if subjects and codes and subjects.count(",") != codes.count(","):
            place = f"{table.file}.csv row {number}"
            found.append(f"{place}: subjects and subjectCodes differ in number.")
    return found


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value))


def _is_date_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", value))


_PATTERNS = {
    # Binding: a GUID has 1 to 255 of these signs.
    "guid": (r"[0-9A-Za-z./@_-]{1,255}", "is no GUID"),
    # Binding and OpenAPI: "YYYY", the year in which the school year ends.
    "year": (r"\d{4}", "is no year"),
    # Binding and OpenAPI: an enumeration of two words.
    "boolean": (r"true|false", "is not true or false"),
    "number": (r"-?\d+(\.\d+)?", "is no number"),
    # Binding: "{type:id}", with commas between them.
    "pairs": (r"\{[^{}:]+:[^{}]+\}(,\{[^{}:]+:[^{}]+\})*", "is no list of {type:id}"),
    "status": (r"active|tobedeleted", "is no status"),
}


def _value_problem(column: _Column, value: str, version: str) -> str:
    """Return what is wrong with a value; "" if nothing."""
    if column.kind in _PATTERNS:
        pattern, problem = _PATTERNS[column.kind]
        return "" if re.fullmatch(pattern, value, re.ASCII) else problem
    if column.kind == "date":  # Binding: YYYY-MM-DD. The OpenAPI has dateTime in line items.
        return "" if _is_date(value) else "is no date YYYY-MM-DD"
    if column.kind == "dateTime":  # Binding: UTC, with Z.
        return "" if _is_date_time(value) else "is no dateTime with Z"
    if column.kind in ("list", "refs") and not all(value.split(",")):
        return "is a list with an empty entry"
    if column.kind == "words":
        return _word_problem(column.argument, value, version)
    if column.kind == "list" and column.argument:
        words = value.split(",")
        return next(filter(None, (_word_problem(column.argument, w, version) for w in words)), "")
    return ""


def _word_problem(enumeration: str, word: str, version: str) -> str:
    # OpenAPI: an extension of an enumeration, in 1.2 alone.
    extends = version == "1.2" and enumeration not in _CLOSED
    if extends and re.fullmatch(r"ext:[a-zA-Z0-9.\-_]+", word):
        return ""
    return "" if word in _ENUMERATIONS[enumeration] else "is no word of the enumeration"


# Between rows ------------------------------------------------------------------------------------


def _reference_problems(table: _Table, tables: Tables) -> list[str]:
    # Binding: what a bulk file refers to is in the same bundle.
    if table.mode == "delta":
        return []
    found = []
    for column in table.layout:
        if column.kind not in ("ref", "refs"):
            continue
        types = _types(tables, column.target[0])
        for place, value in table.cells(column.name):
            ids = value.split(",") if column.kind == "refs" else [value]
            lost = (_lost(id_, column, types) for id_ in ids)
            found += [f"{place}: {problem}" for problem in lost if problem]
    if table.file == "demographics":  # Binding: the sourcedId is that of the user.
        users = _types(tables, "users")
        found += [
            f"{place}: {value!r} is not in users.csv."
            for place, value in table.cells("sourcedId")
            if value not in users
        ]
    return found


def _types(tables: Tables, file: str) -> dict[str, str]:
    """Return the type of each row of a file by its sourcedId."""
    rows = tables[file].rows if file in tables else []
    return {row.get("sourcedId", ""): row.get("type", "") for row in rows}


def _lost(id_: str, column: _Column, types: dict[str, str]) -> str:
    """Return why a reference does not resolve; "" if it does."""
    file, wanted = column.target
    if id_ not in types:
        return f"{id_!r} is not in {file}.csv."
    # Binding: "an Org with type 'school'", "an AcademicSession with type of 'schoolYear'".
    if wanted and types[id_] != wanted and not types[id_].startswith("ext:"):
        return f"{id_!r} is of type {types[id_]}, not {wanted}."
    return ""


def _role_problems(tables: Tables) -> list[str]:
    return [
        *_primary_role_problems(tables),
        *_users_without_role(tables),
        *_primary_teacher_problems(tables),
    ]


def _primary_role_problems(tables: Tables) -> list[str]:
    # OpenAPI: "There MUST be one, and only one, primary role for each org."
    primary: Counter[tuple[str, str]] = Counter()
    for row in tables["roles"].rows if "roles" in tables else []:
        key = row.get("userSourcedId", ""), row.get("orgSourcedId", "")
        primary[key] += row.get("roleType") == "primary"
    return [
        f"roles.csv: user {user} has {count} primary roles at org {org}."
        for (user, org), count in primary.items()
        if count != 1
    ]


def _users_without_role(tables: Tables) -> list[str]:
    # OpenAPI: a user has at least one role (minItems 1).
    users = tables.get("users")
    if users is None or users.version == "1.1" or users.mode == "delta":
        return []
    roles = tables["roles"].rows if "roles" in tables else []
    holders = {row.get("userSourcedId", "") for row in roles}
    return [
        f"{place}: user {value} has no row in roles.csv."
        for place, value in users.cells("sourcedId")
        if value not in holders
    ]


def _primary_teacher_problems(tables: Tables) -> list[str]:
    # Binding and OpenAPI: primary is "applicable only to teachers".
    rows = tables["enrollments"].rows if "enrollments" in tables else []
    return [
        f"enrollments.csv row {number}: primary is true for a {row.get('role')}."
        for number, row in enumerate(rows, start=2)
        if row.get("primary") == "true" and row.get("role") != "teacher"
    ]
