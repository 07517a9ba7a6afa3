"""Rules about guardians and their students."""

from collections.abc import Mapping

import pandas as pd

from oneroster_nb.tables.findings import Finding, found
from oneroster_nb.tables.roles_at_orgs import LINKED_ROLES
from oneroster_nb.tables.schema import split_values

__all__ = ["one_way"]

Tables = Mapping[str, pd.DataFrame]


def one_way(tables: Tables) -> list[Finding]:
    """Find students and guardians of whom only one names the other: one finding for all."""
    users = tables["users"]
    agents = split_values(users.set_index("sourcedId")["agentSourcedIds"]).explode().dropna()
    role = users.drop_duplicates("sourcedId").set_index("sourcedId")["role"]
    pairs = pd.DataFrame({"who": agents.index, "whom": agents.astype("str").array})
    of_who, of_whom = pairs["who"].map(role), pairs["whom"].map(role)
    by_student = pairs.loc[(of_who == "student") & of_whom.isin(LINKED_ROLES)]
    by_guardian = pairs.loc[of_who.isin(LINKED_ROLES) & (of_whom == "student")]
    told = pd.MultiIndex.from_frame(by_student)
    back = pd.MultiIndex.from_frame(by_guardian[["whom", "who"]])
    students, guardians = int((~told.isin(back)).sum()), int((~back.isin(told)).sum())
    if not students + guardians:
        return []
    words = f"{students:,} links are with the student alone, {guardians:,} with the guardian alone."
    return [
        found(
            "guardian-one-way",
            "users",
            words,
            field="agentSourcedIds",
            explains=students + guardians,
        )
    ]
