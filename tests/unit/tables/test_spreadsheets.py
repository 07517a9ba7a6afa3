"""No cell that we write is run by a spreadsheet, whatever it looks like at first."""

import csv
import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from helpers.district import small_district
from helpers.form_tools import file_of

import oneroster_nb as onb
from oneroster_nb.export import export
from oneroster_nb.forms.explorer import explore

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66"
BEFORE = {
    "nothing": "",
    "a space": " ",
    "spaces": "   ",
    "a space that does not break": "\xa0",
    "a space of no width": "\u200b",
    "a mark of byte order": "\ufeff",
    "a mark of direction": "\u202e",
    "a soft hyphen": "\xad",
    "a wide space": "\u3000",
    "a line end": "\n",
    "both line ends": "\r\n",
    "a line separator": "\u2028",
    "a control sign": "\x7f",
    "a mix": " \u200b\n\xa0",
}
HARMLESS = ["Ada", "1-2", "a=b", "ada@school.example", "Anne-Marie", "'=1", "#N/A", "007", "(+1)"]


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("sign", SIGNS)
def test_a_formula_is_text_in_every_file(sign: str, before: str) -> None:
    text = f"{before}{sign}1+1"
    frame = pd.DataFrame({"givenName": [text, "Ada"], text: ["a", "b"], "count": [-1, 2]})
    header, *rows = cells(export(frame, "csv"))
    assert header == ["givenName", f"'{text}", "count"]
    assert rows == [[f"'{text}", "a", "-1"], ["Ada", "b", "2"]]
    sheet = openpyxl.load_workbook(io.BytesIO(export(frame, "excel"))).active
    for cell in (sheet["A2"], sheet["B1"]):
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert sheet["C2"].value == -1


@pytest.mark.parametrize("separator", [";", "\t", "|", ",", "\r\n"])
def test_what_another_separator_would_cut_off_is_quoted(separator: str) -> None:
    text = f"a{separator}=1+1"
    content = export(pd.DataFrame({"givenName": [text], "x": ["y"]}), "csv")
    assert content.decode("utf-8-sig") == f'givenName,x\r\n"{text}",y\r\n'
    assert cells(content)[1] == [text, "y"]


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_stay_as_they_are(text: str) -> None:
    frame = pd.DataFrame({"givenName": [text]})
    assert cells(export(frame, "csv"))[1] == [text]
    sheet = openpyxl.load_workbook(io.BytesIO(export(frame, "excel"))).active
    assert sheet["A2"].value == text


def test_the_label_of_a_crosstab_is_no_formula() -> None:
    people = pd.DataFrame(
        {"sourcedId": ["a", "b"], "school": ["\uff1d1", "N"], "grade": ["6", "7"]}
    )
    table = onb.crosstab(people, "school", "grade")
    assert [row[0] for row in cells(export(table, "csv"))] == ["school", "N", "'\uff1d1", "All"]


def test_a_crosswalk_is_safe_to_open(tmp_path: Path) -> None:
    tables = small_district()
    ids = {"18001": "\uff1d1+1", "18002": " -2", "18003": "a;=1+1", "18004": '"quoted", it is'}
    for table, column in (("users", "sourcedId"), ("demographics", "sourcedId")):
        tables[table] = tables[table].replace({column: ids})
    for table in ("roles", "enrollments"):
        tables[table] = tables[table].replace({"userSourcedId": ids})
    path = tmp_path / "crosswalk.csv"
    coded = onb.pseudonymise(onb.Roster(tables), codes="random", crosswalk=path)
    text = path.read_bytes().decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == ["sourcedId", "code"]
    written = {key for key, _ in rows}
    assert {"'\uff1d1+1", "' -2", "a;=1+1", '"quoted", it is'} <= written
    assert '"a;=1+1",' in text
    assert {code for _, code in rows} >= set(coded.users["sourcedId"])


def test_the_file_that_the_form_writes_is_safe(tmp_path: Path) -> None:
    tables = small_district()
    users = tables["users"]
    tables["users"] = users.assign(givenName=users["givenName"].replace("Aaron", "\u200b=1+1"))
    tables["users"].loc[0, "givenName"] = "\u200b=1+1"
    form = explore(onb.Roster(tables), user_filter="users")
    form.run()
    content = file_of(form).content
    given = {row[cells(content)[0].index("givenName")] for row in cells(content)[1:]}
    assert "'\u200b=1+1" in given
    assert "\u200b=1+1" not in given
