"""Names compared with the values of a column: all at once, or one by one."""

import unicodedata

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from oneroster_nb.query.groups import match_values

# Letters whose lower case is another letter, or several, and spaces that only Python takes away.
_TEXT = st.text(alphabet="aAkKsS ß\u017f\u212a\ufb01fi\u0130i\u00a0\x1f\te\u0301é", max_size=5)


def plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


@pytest.mark.parametrize("match", ["exact", "contains"])
def test_each_value_is_compared_without_case_and_outer_spaces(match: str) -> None:
    @given(st.lists(st.none() | _TEXT, max_size=8), _TEXT)
    def compared(values: list[str | None], name: str) -> None:
        column = pd.Series(values, dtype="str", name="title")
        wanted = [
            value is not None
            and (plain(value) == plain(name) if match == "exact" else plain(name) in plain(value))
            for value in values
        ]
        assert match_values(column, name, match).tolist() == wanted

    compared()


@pytest.mark.parametrize(
    ("match", "name", "found"),
    [("exact", " art 101 ", [True, False, False]), ("contains", "ART", [True, True, False])],
)
def test_plain_titles(match: str, name: str, found: list[bool]) -> None:
    titles = pd.Series(["Art 101", "Fine art", "Econ 101"], dtype="str", name="title")
    assert match_values(titles, name, match).tolist() == found
