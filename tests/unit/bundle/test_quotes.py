"""Quotes without a partner never swallow rows; what is written as CSV has it is read as it is."""

import csv
import io
import json
import random
from collections.abc import Sequence

import pytest
from helpers.bundles import demo, packed, table

import oneroster_nb as onb
from oneroster_nb.bundle.rows import read_rows

HEAD = "sourcedId,status,givenName,familyName,email\n"
PEOPLE = [
    ["1", "active", "Ann", "Lee", "ann@example.org"],
    ["2", "active", "Bob", "Ray", "bob@example.org"],
    ["3", "active", "Cal", "Dee", "cal@example.org"],
    ["4", "active", "Eve", "Fox", "eve@example.org"],
]


def rows_of(text: str) -> tuple[list[list[str]], dict[str, int]]:
    """Read rows, and what is noted about them."""
    data = text.encode()
    rows = read_rows(lambda: io.BufferedReader(io.BytesIO(data)), "users.csv", lambda _: None)
    noted = {name: count for name, count in vars(rows).items() if isinstance(count, int) and count}
    return [list(row) for row in zip(*(c.to_pylist() for c in rows.columns), strict=True)], noted


def lines(people: Sequence[Sequence[str]], quoted: Sequence[tuple[int, int]]) -> str:
    """Write people with a quote before some values: pairs of row and column."""
    return "".join(
        ",".join('"' * ((place, at) in quoted) + value for at, value in enumerate(row)) + "\n"
        for place, row in enumerate(people)
    )


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (0, 3), (1, 2)])
def test_two_opening_quotes_swallow_no_rows(column: int, pair: tuple[int, int]) -> None:
    text = HEAD + lines(PEOPLE, [(row, column) for row in pair])
    read, noted = rows_of(text)
    assert read == PEOPLE
    assert noted == {"parted": pair[1] - pair[0] + 1, "first_parted": pair[0] + 2}


@pytest.mark.parametrize("columns", [(1, 3), (3, 1), (0, 4), (4, 0)])
def test_two_opening_quotes_in_several_columns_swallow_no_rows(columns: tuple[int, int]) -> None:
    read, noted = rows_of(HEAD + lines(PEOPLE, [(0, columns[0]), (2, columns[1])]))
    assert read == PEOPLE
    assert noted["parted"] == 3


def test_quoted_values_among_the_rows_stay_whole() -> None:
    people = [[*row] for row in PEOPLE]
    people[1][3] = '"Ray, Jr."'
    people[2][2] = '"Cal ""C"""'
    read, _ = rows_of(HEAD + lines(people, [(0, 2), (3, 2)]))
    assert read[0] == PEOPLE[0]
    assert (read[1][3], read[2][2]) == ("Ray, Jr.", 'Cal "C"')
    assert read[3] == PEOPLE[3]


def test_a_closing_quote_that_fits_by_chance_swallows_no_rows() -> None:
    text = HEAD + lines(PEOPLE, [(0, 2)]).replace("Bob,", 'Bob",')
    read, noted = rows_of(text)
    assert [[value.strip('"') for value in row] for row in read] == PEOPLE
    assert noted["parted"] == 2


def test_rows_that_cannot_be_recovered_are_an_error_with_the_line() -> None:
    broken = lines(PEOPLE, [(0, 2), (2, 2)]).replace("bob@example.org", "bob@example.org,more,")
    with pytest.raises(onb.BundleError, match=r"line 2 of users\.csv is never closed"):
        rows_of(HEAD + broken)
    with pytest.raises(onb.BundleError, match="from line 2 on"):  # too far away to be looked for
        rows_of(HEAD + lines([*PEOPLE, *PEOPLE * 9000, *PEOPLE], [(0, 2), (36_000, 2)]))
    with pytest.raises(onb.BundleError, match="first line ends within a quote"):
        rows_of(HEAD.replace("status", '"status') + lines(PEOPLE, [(1, 1)]))


@pytest.mark.parametrize(
    "value",
    [
        "two\nlines",
        "12 Main St,\nSpringfield, USA",
        'she said "hi"\nand left',
        '{"a": 1, "b": [1, 2, 3], "c": {"d": "x, y"}}',
        json.dumps({"a": [1, 2, 3, 4, 5, 6, 7], "b": {"c": "d"}}, indent=1),
        "a,b,c,d,e,f,g\nh,i",
        "\n\n",
        '"',
        '""',
        "x\ry",
        "carriage\r\nreturns, and, commas\r\n",
    ],
)
@pytest.mark.parametrize("column", [1, 4])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_values_that_are_quoted_as_they_should_be_are_read_as_they_are(
    value: str, column: int, end: str
) -> None:
    people = [[*row] for row in PEOPLE]
    for row in (0, 2, 3):
        people[row][column] = value
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(
        [HEAD.strip().split(","), *people]
    )
    read, noted = rows_of(text.getvalue())
    assert read == people
    assert noted == {}


def test_random_values_that_are_quoted_come_back() -> None:
    chance = random.Random(3)
    signs = ["a", "b", ",", '"', "\n", " ", "\r\n", "é"]
    for _ in range(300):
        people = [
            [str(row), *("".join(chance.choices(signs, k=chance.randint(0, 9))) for _ in "abcd")]
            for row in range(6)
        ]
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
            [HEAD.strip().split(","), *people]
        )
        read, noted = rows_of(text.getvalue())
        assert read == people
        assert noted == {}


def test_unquoted_json_is_kept_as_it_is() -> None:
    read, noted = rows_of(HEAD + '1,active,{"a": 1},Lee,x\n2,active,b,Ray,y\n')
    assert [row[2] for row in read] == ['{"a": 1}', "b"]
    assert noted == {}


def test_a_narrow_table_keeps_text_of_several_lines() -> None:
    read, noted = rows_of('sourcedId,title\n1,"two\nlines, more"\n2,Art\n')
    assert read == [["1", "two\nlines, more"], ["2", "Art"]]
    assert noted == {}


def test_recovered_rows_are_a_finding_and_stay_separate_people() -> None:
    files = demo()
    header, rows = table(files["users.csv"])
    at = header.index("givenName")
    text = files["users.csv"].decode().splitlines(keepends=True)
    for line in (5, 8):
        values = next(csv.reader([text[line]]))
        assert "," not in values[at]
        text[line] = text[line].replace(f",{values[at]},", f',"{values[at]},', 1)
    files["users.csv"] = "".join(text).encode()
    conn = onb.CsvConnector(packed(files))
    users = conn.get_roster(progress=False).users
    assert users["sourcedId"].tolist() == [row[0] for row in rows]
    assert users["givenName"].tolist() == [row[at] for row in rows]
    (found,) = conn.findings.to_dict("records")
    assert (found["severity"], found["code"], found["table"]) == ("error", "quote-alone", "users")
    assert "the first in line 6" in found["message"]


@pytest.mark.parametrize("shifted", [1, 3])
@pytest.mark.parametrize("end", ["", "x"])
def test_a_row_that_an_unquoted_comma_shifts_is_a_finding(shifted: int, end: str) -> None:
    files = demo()
    header, rows = table(files["orgs.csv"])
    width, at = len(header), header.index("name")
    values = [[*row[: width - 1], end] for row in rows]
    for row in values[:shifted]:
        row[at : at + 1] = ["High School", " North"]
    files["orgs.csv"] = "\n".join([",".join(header), *map(",".join, values), ""]).encode()
    findings = onb.CsvConnector(packed(files)).findings
    (found,) = findings.loc[findings["code"] == "row-ragged"].to_dict("records")
    assert found["table"] == "orgs"
    assert f"{shifted} rows, the first in line 2" in found["message"]
