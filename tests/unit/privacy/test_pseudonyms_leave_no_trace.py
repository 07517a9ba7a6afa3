"""What a pseudonymised roster does not keep, and that long texts are searched in time."""

import threading
from pathlib import Path

import pandas as pd
import pytest
from helpers.district import small_district

import oneroster_nb as onb
from oneroster_nb.privacy.mentions import Mentions

KEY = "a long key of these tests"


def test_the_path_of_a_bundle_is_not_kept(tmp_path: Path) -> None:
    path = onb.Roster(small_district()).to_csv_bundle(tmp_path / "lincoln-county.zip")
    coded = onb.pseudonymise(onb.CsvConnector(path), key=KEY)
    saved = coded.save(tmp_path / "coded.roster")
    assert coded.provider == ""
    assert coded.recipe == ""
    assert "lincoln" not in coded._repr_html_()
    assert "lincoln" not in (saved / "manifest.json").read_text()


def test_the_host_is_not_kept(tmp_path: Path, demo: onb.OneRosterConnector) -> None:
    coded = onb.pseudonymise(demo, key=KEY)
    assert "127.0.0.1" not in coded.provider + coded.recipe + coded._repr_html_()


def test_pronouns_are_not_kept() -> None:
    tables = small_district()
    tables["users"] = tables["users"].assign(pronouns="they/them")
    coded = onb.pseudonymise(onb.Roster(tables), key=KEY)
    assert coded.users["pronouns"].isna().all()
    assert list(coded.users.columns) == list(onb.Roster(tables).users.columns)


@pytest.mark.parametrize(
    "text",
    ["a" * 400_000, "a@" * 200_000, "@" * 400_000, "1" * 400_000, "1-" * 200_000, "Aa" * 200_000],
    ids=["letters", "pairs", "signs", "digits", "numbers", "humps"],
)
def test_long_texts_are_searched_in_linear_time(text: str) -> None:
    # In quadratic time one of these takes an hour. The bound only ends a test that hangs.
    people = Mentions(["Ada Okonkwo", "Maximiliane"], ["18001", "ada.okonkwo"], ["555 0143"])
    found: list[bool] = []
    search = threading.Thread(target=lambda: found.append(text in people), daemon=True)
    search.start()
    search.join(120)
    assert found == [False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to x@school.example", True),
        ("<x@school.example>", True),
        ("a@b@c.de", True),
        ("x@school", False),
        ("x@.example", False),
        ("@school.example", False),
        ("x@school.", False),
        ("6th @ North. 2nd floor", False),
    ],
)
def test_email_addresses_are_found(text: str, expected: bool) -> None:
    assert (text in Mentions([])) is expected


def test_a_name_of_many_words_is_found_as_a_whole() -> None:
    name = "Ana Maria do Carmo Luz"
    assert name in Mentions([name])
    assert "Ana Maria do Carmo" not in Mentions([name], parts=False)


def test_the_codes_are_those_of_before() -> None:
    tables = small_district()
    before = onb.pseudonymise(onb.Roster(tables), key=KEY)
    pd.testing.assert_frame_equal(onb.pseudonymise(onb.Roster(tables), key=KEY).users, before.users)
