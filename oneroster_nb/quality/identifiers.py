"""Rules about ids, addresses and user names."""

import pandas as pd
import pyarrow.compute as pc

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.people.same_person import names_and_roles
from oneroster_nb.tables.rules import Finding, Tables, found, found_each
from oneroster_nb.tables.text import arrow_texts

_SIGNS = r"^[0-9A-Za-z./@_-]{1,255}$"
_UNTYPABLE = r"[\s\x00-\x1f\x7f]"
_ADDRESS = r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+"
# What nearly all of them are like. Arrow matches these at once, and so only the others are left to
# Python's regular expressions, which know the spaces of all scripts.
_PLAIN_ADDRESS = r"^[0-9A-Za-z.+_-]+@[0-9A-Za-z.-]+\.[0-9A-Za-z-]+$"
_PLAIN_NAME = r"^[!-~]*$"


def keys(tables: Tables) -> list[Finding]:
    """Find rows without a key, and keys that are there more than once."""
    findings = []
    for name, table in tables.items():
        key = table["sourcedId"]
        if key.isna().any():
            findings.append(found("key-missing", name, f"{int(key.isna().sum()):,} rows."))
        again = key[key.duplicated() & key.notna()].drop_duplicates()
        findings += found_each("key-repeated", name, again, "sourcedId")
    return findings


def signs(tables: Tables) -> list[Finding]:
    """Find ids with characters that the CSV binding of 1.2 forbids: a finding for each table."""
    findings = []
    for name, table in tables.items():
        ids = table["sourcedId"].dropna()
        fits = pc.match_substring_regex(arrow_texts(ids), _SIGNS)
        odd = ids[~fits.to_numpy(zero_copy_only=False)]
        if len(odd):
            words = f"{len(odd):,} of {len(table):,}, such as {odd.iloc[0][:40]!r}."
            findings.append(found("id-signs", name, words, field="sourcedId", explains=len(odd)))
    return findings


def addresses(roster: RosterTables) -> list[Finding]:
    """Find malformed email addresses, and addresses and user names that several people have."""
    users = roster.users
    given = _unlike(_PLAIN_ADDRESS, users, "email")
    bad = given.loc[~given["email"].str.strip().str.fullmatch(_ADDRESS)]
    named = _unlike(_PLAIN_NAME, users, "username")
    odd = named.loc[named["username"].str.contains(_UNTYPABLE, regex=True)]
    return [
        *found_each("email-malformed", "users", bad["sourcedId"], "email"),
        *found_each("username-malformed", "users", odd["sourcedId"], "username"),
        *_shared("email-shared", users, "email"),
        *_shared("username-shared", users, "username"),
    ]


def _unlike(pattern: str, users: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the users whose value is there and does not match a pattern of Arrow's."""
    fits = pc.match_substring_regex(arrow_texts(users[column]), pattern)
    plain = pd.Series(pc.fill_null(fits, True).to_numpy(zero_copy_only=False), index=users.index)
    return users.loc[~plain]


def _shared(code: str, users: pd.DataFrame, column: str) -> list[Finding]:
    """Find values that several people have; the value itself is not shown.

    OneRoster 1.1 has a user for each role of a person, so users of one name and different roles
    are one person.
    """
    values = users[column].dropna().str.strip().str.casefold()
    rows = users.loc[values.index[values.duplicated(keep=False)]]
    if rows.empty:
        return []
    marks = names_and_roles(rows).set_axis(rows.index).assign(value=values[rows.index])
    counts = marks.groupby("value").agg(
        size=("role", "size"),
        roles=("role", "nunique"),
        given=("given", "nunique"),
        family=("family", "nunique"),
    )
    one = (counts["given"] == 1) & (counts["family"] == 1) & (counts["roles"] == counts["size"])
    several = marks.loc[marks["value"].isin(counts.index[~one])]
    findings = []
    for _, same in several.groupby("value", sort=False):
        ids = users.loc[same.index, "sourcedId"].dropna().tolist()
        words = f"{len(same):,} people: {', '.join(ids[:5])}{', …' if len(ids) > 5 else ''}."
        key = ids[0] if ids else None
        findings.append(found(code, "users", words, key=key, field=column, explains=len(same) - 1))
    return findings
