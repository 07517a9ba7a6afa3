"""Rules about guardians and their students."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.analysis.roster_tables import RosterTables
from oneroster_nb.tables.elements import elements_by_row
from oneroster_nb.tables.lookup import among, codes
from oneroster_nb.tables.roles_at_orgs import LINKED_ROLES
from oneroster_nb.tables.rules import Finding, found


def one_way(roster: RosterTables) -> list[Finding]:
    """Find students and guardians of whom only one names the other: one finding for all."""
    users = roster.users
    ids = users["sourcedId"]
    row, agent = elements_by_row(users["agentSourcedIds"])
    who, whom = codes(ids, ids)[row], codes(agent, ids)
    student, linked = (
        among(ids, ids[roster.has_role(*words)]).to_numpy() for words in (["student"], LINKED_ROLES)
    )
    known = (who >= 0) & (whom >= 0)
    by_student = known & student[who] & linked[whom]
    by_guardian = known & linked[who] & student[whom]
    there = _links(who[by_student], whom[by_student])
    back = _links(whom[by_guardian], who[by_guardian])
    of_students, of_guardians = int((~there.isin(back)).sum()), int((~back.isin(there)).sum())
    total = of_students + of_guardians
    if not total:
        return []
    words = f"{of_students:,} links are with the student alone, {of_guardians:,} with the guardian"
    field = "agentSourcedIds"
    return [found("guardian-one-way", "users", f"{words} alone.", field=field, explains=total)]


def _links(student: NDArray[np.intp], guardian: NDArray[np.intp]) -> "pd.Series[int]":
    """Return one number for each pair of two users, given by their rows."""
    return pd.Series((student.astype(np.int64) << 32) + guardian)
