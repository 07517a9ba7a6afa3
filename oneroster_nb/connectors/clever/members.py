"""Tables that Clever has inside others: enrollments in sections, demographics in students."""

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from oneroster_nb.tables.casting import cast_columns
from oneroster_nb.tables.table import split_text

_SEXES: Mapping[str, str] = {"M": "male", "F": "female", "X": "other"}
_RACES: Mapping[str, str] = {
    "American Indian": "americanIndianOrAlaskaNative",
    "Asian": "asian",
    "Black or African American": "blackOrAfricanAmerican",
    "Hawaiian or Other Pacific Islander": "nativeHawaiianOrOtherPacificIslander",
    "Caucasian": "white",
}
_SEVERAL = "demographicRaceTwoOrMoreRaces"
_YES_NO: Mapping[str, str] = {"Y": "true", "N": "false"}


def enrollments_of(sections: pa.Table) -> pa.Table:
    """Make the enrollments of a page of sections of ``_students``, ``_teachers`` and ``_teacher``.

    First come a section's teachers, its ``teacher`` as the primary one, then its students;
    ``sourcedId`` is section, role and user joined by ``@``.
    """
    names = ("sourcedId", "schoolSourcedId", "_teacher", "_teachers", "_students")
    columns = {name: _texts(sections, name) for name in names}
    rows: list[tuple[int, str, str, str]] = []
    for number, primary in enumerate(columns["_teacher"]):
        teachers = [primary, *split_text(columns["_teachers"][number] or "")]
        rows += [
            (number, "teacher", teacher, "true" if teacher == primary else "false")
            for teacher in dict.fromkeys(filter(None, teachers))
        ]
        students = split_text(columns["_students"][number] or "")
        rows += [(number, "student", student, "false") for student in dict.fromkeys(students)]
    section = [columns["sourcedId"][number] for number, *_ in rows]
    texts = {
        "sourcedId": [
            f"{key}@{role}@{user}" for key, (_, role, user, _) in zip(section, rows, strict=True)
        ],
        "status": ["active"] * len(rows),
        "classSourcedId": section,
        "schoolSourcedId": [columns["schoolSourcedId"][number] for number, *_ in rows],
        "userSourcedId": [user for _, _, user, _ in rows],
        "role": [role for _, role, _, _ in rows],
        "primary": [primary for *_, primary in rows],
    }
    table = cast_columns("enrollments", {n: pa.array(v, pa.string()) for n, v in texts.items()})
    changed = sections["dateLastModified"].take(pa.array([n for n, *_ in rows], pa.int64()))
    place = table.column_names.index("dateLastModified")
    return table.set_column(place, "dateLastModified", changed)


def demographics_of(users: pa.Table) -> pa.Table:
    """Make the demographics of a page of users of ``_dob``, ``_gender``, ``_race``, ``_hispanic``.

    Each user of whom something is known has a row. A single race says that the others are not
    held; of several it is not known which.
    """
    told = [_texts(users, name) for name in ("_dob", "_gender", "_race", "_hispanic")]
    known = [number for number, values in enumerate(zip(*told, strict=True)) if any(values)]
    rows = [_demographic(*(column[number] for column in told)) for number in known]
    names = ("birthDate", "sex", *_RACES.values(), _SEVERAL, "hispanicOrLatinoEthnicity")
    texts = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    positions = pa.array(known, pa.int64())
    own = {name: users[name].take(positions) for name in ("sourcedId", "status")}
    table = cast_columns("demographics", {**own, **texts})
    place = table.column_names.index("dateLastModified")
    return table.set_column(place, "dateLastModified", users["dateLastModified"].take(positions))


def _demographic(
    born: str | None, gender: str | None, race: str | None, hispanic: str | None
) -> dict[str, str | None]:
    row: dict[str, str | None] = {
        "birthDate": _iso(born or ""),
        "sex": _SEXES.get(gender or ""),
        "hispanicOrLatinoEthnicity": _YES_NO.get(hispanic or ""),
    }
    if race in _RACES:
        row |= {column: "true" if name == race else "false" for name, column in _RACES.items()}
        row[_SEVERAL] = "false"
    elif race == "Two or More Races":
        row[_SEVERAL] = "true"
    return row


def _iso(text: str) -> str | None:
    """Write ``MM/DD/YYYY`` as ISO 8601; what is no such date is left as it is, to be counted."""
    parts = text.strip().split("/")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return text or None
    month, day, year = parts
    return f"{year:0>4}-{month:0>2}-{day:0>2}"


def with_parents(sessions: pd.DataFrame) -> pd.DataFrame:
    """Put each term below the shortest other one that it lies within; Clever does not say.

    A class is in one term only, so whoever asks for a semester means the classes of the whole
    year, too.
    """
    spans = sessions.dropna(subset=["startDate", "endDate"])
    length = spans["endDate"] - spans["startDate"]
    parents = {}
    for row in spans.index:
        start, end = spans.loc[row, ["startDate", "endDate"]]
        holds = (spans["startDate"] <= start) & (spans["endDate"] >= end)
        around = length.loc[holds & (length > length[row])]
        if len(around):
            parents[row] = spans.loc[around.idxmin(), "sourcedId"]
    found = pd.Series(parents, dtype="str").reindex(sessions.index).astype("str")
    return sessions.assign(parentSourcedId=found)


def with_schools_of_students(roles: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """Put contacts, who have no school in Clever, where their students (``agentSourcedIds``) are.

    A guardian gets a row for each school of the students that are known.
    """
    lost = (roles["role"] == "guardian") & roles["orgSourcedId"].isna()
    if not lost.any():
        return roles
    places = roles.dropna(subset=["orgSourcedId"]).groupby("userSourcedId", sort=False)
    schools = places["orgSourcedId"].agg(list).to_dict()
    agents = dict(zip(users["sourcedId"], users["agentSourcedIds"], strict=True))

    def found(guardian: str) -> list[str | None]:
        students = agents[guardian]
        listed = split_text(students) if isinstance(students, str) else []
        return list(dict.fromkeys(s for one in listed for s in schools.get(one, ()))) or [None]

    people = zip(roles["userSourcedId"], lost, roles["orgSourcedId"], strict=True)
    placed = [found(user) if guardian else [org] for user, guardian, org in people]
    orgs = pd.Series(placed, index=roles.index, dtype=object)
    spread = roles.assign(orgSourcedId=orgs).explode("orgSourcedId")
    return spread.astype({"orgSourcedId": "str"})


def _texts(table: pa.Table, name: str) -> list[str | None]:
    if name not in table.column_names:
        return [None] * table.num_rows
    texts: list[str | None] = table[name].to_pylist()
    return texts
