"""People with several roles at several orgs: one answer live, from a roster, saved and from CSV."""

import random
import tempfile
import warnings

import pandas as pd
from helpers.untidy import Tables, questions, untidy
from hypothesis import HealthCheck, given, settings, strategies as st

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.tables.roles import users_of_roles

WORDS = ["student", "teacher", "guardian", "aide", "siteAdministrator"]


def with_second_roles(seed: int) -> Tables:
    """Give people of an untidy district more roles, at their own and at other orgs."""
    chance = random.Random(seed)
    tables = {n: t.loc[t["status"] != "tobedeleted"] for n, t in untidy(seed).items()}
    roles, orgs = tables["roles"], tables["orgs"]["sourcedId"].tolist()
    more = roles.sample(frac=0.4, random_state=seed)
    more = more.assign(
        sourcedId=more["sourcedId"] + "-more",
        roleType="secondary",
        role=[chance.choice(WORDS) for _ in range(len(more))],
        orgSourcedId=[chance.choice([org, *orgs]) for org in more["orgSourcedId"]],
    )
    roles = pd.concat([roles, more]).drop_duplicates(["userSourcedId", "role", "orgSourcedId"])
    roles = roles.sort_values("userSourcedId", kind="stable", ignore_index=True)
    return tables | {"roles": roles, "users": users_of_roles(tables["users"], roles)}


@settings(max_examples=2, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000))
def test_every_source_gives_the_same_answer(seed: int) -> None:
    tables = with_second_roles(seed)
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
        DemoServer(tables) as server,
        onb.OneRosterConnector(
            server.host_v1p2, server.client_id, server.client_secret, token_url=server.token_url
        ) as live,
    ):
        warnings.simplefilter("ignore", onb.RosterWarning)
        roster = live.get_roster(sensitive=True)
        sources = {
            "roster": roster,
            "saved roster": onb.Roster.load(roster.save(folder + "/kept.roster")),
            "bundle": onb.CsvConnector(roster.to_csv_bundle(folder + "/bundle.zip", "1.2")),
        }
        asked = [
            *questions(tables, seed),
            *(onb.Query(who, "schools") for who in ("students", "teachers", "users", "guardians")),
            *(
                onb.Query(who, "schools", name)
                for who in ("students", "users")
                for name in tables["orgs"].loc[tables["orgs"]["type"] == "school", "name"]
            ),
        ]
        for query in asked:
            expected = live.query(query)
            for name, source in sources.items():
                frame = source.query(query)
                known = [
                    column
                    for column in expected
                    if not (column.startswith("enrollment") and expected[column].isna().all())
                ]
                pd.testing.assert_frame_equal(
                    frame[known], expected[known], obj=f"{name}, {query!r}, seed {seed}"
                )
        students = roster.get_users("students", "schools")
        counted = roster.groups("schools").set_index("sourcedId")["studentCount"]
        shown = students.groupby("groupSourcedId")["sourcedId"].nunique()
        assert counted[counted > 0].to_dict() == shown.to_dict()
