"""Rules about what refers to what: references, circles, enrollments."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.findings import Finding, found
from oneroster_nb.holding import holds_role
from oneroster_nb.membership import codes
from oneroster_nb.schema import TABLES, Kind, split_values

__all__ = ["cycles", "enrollments_outside_terms", "references", "roles_of_enrollments"]

Tables = Mapping[str, pd.DataFrame]


def references(tables: Tables) -> list[Finding]:
    """Find what is referred to and is not there: a finding each, with all that refer to it."""
    lost: dict[str, list[pd.DataFrame]] = {}
    for name, table in tables.items():
        for column, target in TABLES[name].references.items():
            values = table[column]
            if TABLES[name].columns[column] is Kind.VALUES:
                values = split_values(values).explode()
            values = values.dropna().astype("str")
            unknown = values[~values.isin(tables[target]["sourcedId"])]
            if len(unknown):
                place = f"{name}.{column}"
                lost.setdefault(target, []).append(
                    pd.DataFrame({"key": unknown.to_numpy(), "place": place})
                )
    findings = []
    for target, parts in lost.items():
        counts = pd.concat(parts).groupby(["key", "place"], sort=False).size().reset_index()
        counts.columns = pd.Index(["key", "place", "count"])
        if tables[target].empty:
            total = int(counts["count"].sum())
            words = f"there are no {target} at all, and {total:,} references to them."
            findings.append(found("reference-unknown", target, words, explains=total))
            continue
        for key, of_key in counts.groupby("key", sort=False):
            pairs = zip(of_key["count"], of_key["place"], strict=True)
            where = ", ".join(f"{count:,} in {place}" for count, place in pairs)
            words = f"{str(key)[:60]!r} is not there; {where} refer to it."
            total = int(of_key["count"].sum())
            findings.append(found("reference-unknown", target, words, key=key, explains=total))
    return findings


def cycles(tables: Tables) -> list[Finding]:
    """Find orgs and sessions that are below themselves."""
    findings = []
    for name in ("orgs", "academicSessions"):
        table = tables[name].dropna(subset=["sourcedId", "parentSourcedId"])
        parents = dict(zip(table["sourcedId"], table["parentSourcedId"], strict=True))
        settled: set[str] = set()
        for start in parents:
            path: dict[str, None] = {}
            at: str | None = start
            while at is not None and at not in settled and at not in path:
                path[at] = None
                at = parents.get(at)
            if at in path:
                walked = list(path)
                circle = walked[walked.index(str(at)) :]
                words = " in ".join([*circle, circle[0]])[:200] + "."
                findings.append(
                    found(
                        "cycle",
                        name,
                        words,
                        key=circle[0],
                        field="parentSourcedId",
                        explains=len(circle) - 1,
                    )
                )
            settled.update(path)
    return findings


def roles_of_enrollments(tables: Tables) -> list[Finding]:
    """Find people who are enrolled as what they are not, at the school of the class."""
    users, classes, enrollments = tables["users"], tables["classes"], tables["enrollments"]
    asked = enrollments.loc[enrollments["role"].isin(["student", "teacher"])]
    asked = asked.loc[asked["userSourcedId"].isin(users["sourcedId"])]
    school_of = classes.drop_duplicates("sourcedId").set_index("sourcedId")["schoolSourcedId"]
    org = asked["classSourcedId"].map(school_of).astype("str")
    holder = codes(asked["userSourcedId"], users["sourcedId"])
    wrong = ~holds_role(users, tables["roles"], holder, org, asked["role"])
    main = users["role"].fillna("nothing").array.take(holder[wrong])
    asked = asked.loc[wrong]
    return [
        found(
            "enrollment-role",
            "enrollments",
            f"as a {role}, and is {'none at that school' if role == word else f'a {word}'}.",
            key=key,
            field="role",
        )
        for key, role, word in zip(asked["sourcedId"], asked["role"], main, strict=True)
    ]


def enrollments_outside_terms(tables: Tables) -> list[Finding]:
    """Find enrollments that begin before the terms of their class, or end after them."""
    sessions = tables["academicSessions"].drop_duplicates("sourcedId").set_index("sourcedId")
    classes = tables["classes"].drop_duplicates("sourcedId")
    terms = split_values(classes.set_index("sourcedId")["termSourcedIds"]).explode().dropna()
    if terms.empty or sessions.empty:
        return []
    spans = pd.DataFrame(
        {
            "begins": terms.map(sessions["startDate"]).astype("datetime64[us]"),
            "ends": terms.map(sessions["endDate"]).astype("datetime64[us]"),
        }
    )
    known = spans.notna().all(axis="columns").groupby(level=0).all()
    spans = spans.groupby(level=0).agg(begins=("begins", "min"), ends=("ends", "max"))
    spans = spans.loc[known[known].index]
    rows = tables["enrollments"].join(spans, on="classSourcedId")
    outside = rows.loc[(rows["beginDate"] < rows["begins"]) | (rows["endDate"] > rows["ends"])]
    return [
        found(
            "enrollment-outside-term",
            "enrollments",
            f"the terms are from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}.",
            key=key,
            field="beginDate",
        )
        for key, begins, ends in zip(
            outside["sourcedId"], outside["begins"], outside["ends"], strict=True
        )
    ]
