"""Rules about guardians and their students."""

import pandas as pd

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.tables.lookup import among
from oneroster_nb.tables.roles_at_orgs import LINKED_ROLES
from oneroster_nb.tables.rules import Finding, found
from oneroster_nb.tables.table import split_values


def one_way(roster: RosterTables) -> list[Finding]:
    """Find students and guardians of whom only one names the other: one finding for all."""
    users = roster.users
    agents = split_values(users.set_index("sourcedId")["agentSourcedIds"]).explode().dropna()
    pairs = pd.DataFrame({"who": agents.index, "whom": agents.astype("str").array})
    students, linked = (
        users.loc[roster.has_role(*words), "sourcedId"] for words in (["student"], LINKED_ROLES)
    )
    by_student = pairs.loc[among(pairs["who"], students) & among(pairs["whom"], linked)]
    by_guardian = pairs.loc[among(pairs["who"], linked) & among(pairs["whom"], students)]
    there = pd.MultiIndex.from_frame(by_student)
    back = pd.MultiIndex.from_frame(by_guardian[["whom", "who"]])
    of_students, of_guardians = int((~there.isin(back)).sum()), int((~back.isin(there)).sum())
    total = of_students + of_guardians
    if not total:
        return []
    words = f"{of_students:,} links are with the student alone, {of_guardians:,} with the guardian"
    field = "agentSourcedIds"
    return [found("guardian-one-way", "users", f"{words} alone.", field=field, explains=total)]
