"""The parts of the form without a browser: pages of frames, charts, and what widgets answer."""

import json
import logging
import math
import re
import secrets
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from anywidget import AnyWidget
from hypothesis import given, strategies as st
from matplotlib import rcParams
from nbclient import NotebookClient

from oneroster_nb.errors import QueryError
from oneroster_nb.forms.cells import cell_texts, column_name
from oneroster_nb.forms.charts.bars import bars
from oneroster_nb.forms.charts.chart import Chart
from oneroster_nb.forms.charts.coloured_crosstab import HeatMap, heat_map
from oneroster_nb.forms.widgets.code_cell import CodeCell
from oneroster_nb.forms.widgets.download_button import Download, DownloadButton
from oneroster_nb.forms.widgets.group_field import GroupField
from oneroster_nb.forms.widgets.secret_field import SecretField
from oneroster_nb.forms.widgets.table import ResultTable
from oneroster_nb.forms.widgets.table_pages import Pages, Request
from oneroster_nb.secret import Secret

HOSTILE = "<img src=x onerror=alert(1)>"
SVG = "{http://www.w3.org/2000/svg}"


# Cells


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (pd.Series(["Ada", None], dtype="str"), ["Ada", ""]),
        (pd.Series([True, None, False], dtype="boolean"), ["true", "", "false"]),
        (pd.Series([True, False]), ["true", "false"]),
        (pd.Series([7, 10**17]), ["7", "100000000000000000"]),
        (pd.Series([7, None], dtype="Int64"), ["7", ""]),
        (pd.Series([31763.0, None, -2.0]), ["31763", "", "-2"]),
        (pd.Series([1.5, 2.0]), ["1.5", "2.0"]),
        (pd.Series([1.0, math.inf]), ["1.0", "inf"]),
        (pd.to_datetime(pd.Series(["2024-01-02", None])), ["2024-01-02", ""]),
        (
            pd.to_datetime(pd.Series(["2024-01-02 00:00", "2024-01-02 13:05"])),
            ["2024-01-02 00:00:00", "2024-01-02 13:05:00"],
        ),
        (
            pd.to_datetime(pd.Series(["2024-01-02 00:00+02:00", None])),
            ["2024-01-01 22:00:00 UTC", ""],
        ),
        (pd.Series(["<10", 12, None, True], dtype=object), ["<10", "12", "", "true"]),
        (pd.Series([["a", "b"], None], dtype=object), ["['a', 'b']", ""]),
        (pd.Series(["x", None], dtype="category"), ["x", ""]),
    ],
    ids=lambda value: str(value.dtype) if isinstance(value, pd.Series) else "",
)
def test_cells_read_as_people_write(values: pd.Series, shown: list[str]) -> None:
    assert cell_texts(values)(values) == shown


def test_a_part_of_a_column_is_written_like_the_whole() -> None:
    column = pd.to_datetime(pd.Series(["2024-01-02 00:00", "2024-01-02 13:05"]))
    assert cell_texts(column)(column.iloc[:1]) == ["2024-01-02 00:00:00"]


def test_column_names_of_several_levels_are_joined() -> None:
    assert [column_name(("06", "North")), column_name(3)] == ["06 / North", "3"]


# Pages


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": pd.Series(["ben", "Ada", None, "Cleo", "ada"], dtype="str"),
            "score": [10.0, 9.0, 100.0, None, 9.0],
            "born": pd.to_datetime(["2010-05-01", None, "2009-12-31", "2011-01-01", "2010-05-01"]),
            "row": ["0", "1", "2", "3", "4"],
        }
    )


def order(pages: Pages, **wanted: Any) -> str:
    return "".join(row[3] for row in pages.page(Request(**wanted))["rows"])


@pytest.mark.parametrize(
    ("column", "ascending", "descending"),
    [(0, "14032", "30142"), (1, "14023", "20143"), (2, "20431", "30421")],
)
def test_sorting_is_stable_by_value_and_keeps_missing_last(
    frame: pd.DataFrame, column: int, ascending: str, descending: str
) -> None:
    pages = Pages(frame)
    assert order(pages, sort=column) == ascending
    assert order(pages, sort=column, descending=True) == descending
    assert order(pages) == "01234"


@pytest.mark.parametrize("descending", [False, True])
def test_rows_of_equal_value_keep_their_order(descending: bool) -> None:
    frame = pd.DataFrame({"key": [at % 3 for at in range(900)], "at": range(900)})
    page = Pages(frame).page(Request(sort=0, descending=descending, size=900))
    for key in "012":
        kept = [int(at) for value, at in page["rows"] if value == key]
        assert kept == sorted(kept)


def test_ordered_categories_sort_in_their_order() -> None:
    sizes = pd.Categorical(["big", "small", None], ["small", "big"], ordered=True)
    page = Pages(pd.DataFrame({"size": sizes})).page(Request(sort=0))
    assert page["rows"] == [["small"], ["big"], [""]]


def test_counts_behind_marks_are_numbers() -> None:
    counts = pd.DataFrame({"count": [112, "<10", "*", 12, None, 0]}, dtype=object)
    page = Pages(counts).page(Request(sort=0))
    assert page["columns"][0]["kind"] == "number"
    assert page["rows"] == [["0"], ["<10"], ["12"], ["112"], ["*"], [""]]
    for marks in (pd.Series(["<10", "*"]), pd.Series([0.25, "*"], dtype=object)):
        assert Pages(marks.to_frame()).page(Request())["columns"][0]["kind"] == "number"


def test_columns_of_mixed_values_sort_as_text() -> None:
    page = Pages(pd.DataFrame({"count": ["about <10", 12, "*", None]}, dtype=object)).page(
        Request(sort=0)
    )
    assert page["columns"][0]["kind"] == "text"
    assert page["rows"] == [["*"], ["12"], ["about <10"], [""]]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ADA", "14"),
        ("ada 9", "14"),
        ("2010 BEN", "0"),
        ("2010-05-01", "04"),
        ("ben ada", ""),
        ("  ", "01234"),
        ("ben 10", "0"),
        ("ben10", ""),
    ],
)
def test_all_words_must_be_found_in_the_row(frame: pd.DataFrame, search: str, found: str) -> None:
    assert order(Pages(frame), search=search) == found


def test_only_shown_columns_are_searched(frame: pd.DataFrame) -> None:
    pages = Pages(frame)
    assert pages.page(Request(search="ada", columns=(1, 3)))["found"] == 0
    assert pages.page(Request(search="ada", columns=(0, 3)))["found"] == 2
    assert pages.page(Request(search="ada", columns=(0, 99)))["rows"] == [["Ada"], ["ada"]]


def test_case_is_ignored_beyond_ascii() -> None:
    pages = Pages(pd.DataFrame({"name": ["STRASSE", "Straße", "ÉMILE"]}))
    assert pages.page(Request(search="straße"))["found"] == 2
    assert pages.page(Request(search="émile"))["found"] == 1


def test_frames_in_several_chunks_are_searched() -> None:
    part = pd.DataFrame({"name": pd.Series(["Ada", None], dtype="str"), "at": [1, 2]})
    pages = Pages(pd.concat([part] * 3, ignore_index=True))
    assert pages.page(Request(search="ada 1"))["found"] == 3


def test_names_may_repeat_and_be_no_text() -> None:
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    page = Pages(frame).page(Request(sort=1, descending=True, columns=(1,)))
    assert page["rows"] == [["4"], ["2"]]
    assert Pages(pd.DataFrame([[1]], columns=[("x", 7)])).names == ["x / 7"]


def test_a_page_beyond_the_last_is_the_last(frame: pd.DataFrame) -> None:
    page = Pages(frame).page(Request(page=9, size=2))
    assert (page["page"], page["first"], len(page["rows"])) == (2, 4, 1)


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"a": []})])
def test_an_empty_frame_has_an_empty_page(frame: pd.DataFrame) -> None:
    page = Pages(frame).page(Request(search="x", sort=0))
    assert (page["rows"], page["found"], page["total"]) == ([], 0, 0)


def test_later_changes_of_the_frame_are_not_shown(frame: pd.DataFrame) -> None:
    pages = Pages(frame)
    frame.loc[0, "row"] = "changed"
    assert order(pages) == "01234"


def test_a_huge_cell_is_cut() -> None:
    (row,) = Pages(pd.DataFrame({"a": ["x" * 5000]})).page(Request())["rows"]
    assert row == ["x" * 1000 + "…"]


def test_a_page_is_json(frame: pd.DataFrame) -> None:
    page = Pages(frame).page(Request())
    assert json.loads(json.dumps(page)) == page


@given(
    st.lists(st.one_of(st.none(), st.text("aAbB 1", max_size=4)), max_size=20),
    st.text("aAb1 ", max_size=3),
    st.integers(1, 7),
)
def test_the_pages_together_are_the_matching_rows(
    values: list[str | None], search: str, size: int
) -> None:
    pages = Pages(pd.DataFrame({"a": pd.Series(values, dtype="str")}))
    first = pages.page(Request(search=search, size=size))
    count = max(math.ceil(first["found"] / size), 1)
    leafed = [
        row[0]
        for page in range(count)
        for row in pages.page(Request(search=search, size=size, page=page))["rows"]
    ]
    words = search.lower().split()
    expected = [v or "" for v in values if all(word in (v or "").lower() for word in words)]
    assert leafed == expected
    assert first["found"] == len(expected)


# Widgets, with what they send written down


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[bytes]]]:
    messages: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(
        AnyWidget,
        "send",
        lambda _, content, buffers=None: messages.append((content, list(buffers or []))),
    )
    return messages


def receive(widget: AnyWidget, content: dict[str, Any], *buffers: bytes) -> None:
    """Let a message from a browser arrive, in the form in which the kernel hands it on."""
    widget._handle_msg(
        {
            "content": {"data": {"method": "custom", "content": content}},
            "buffers": [memoryview(buffer) for buffer in buffers],
        }
    )


def test_a_collected_secret_arrives_once(sent: list[Any]) -> None:
    field = SecretField("Client secret")
    heard: list[Secret] = []
    field.collect(heard.append)
    ((question, _),) = sent
    answer = {"type": "answer", "question": question["question"]}
    text = secrets.token_urlsafe() + "é"
    receive(field, answer, text.encode())
    receive(field, answer, b"again")
    assert [secret.reveal() for secret in heard] == [text]
    assert text not in str(field.get_state())
    assert text not in str(vars(field))


def test_an_answer_to_another_question_is_dropped(sent: list[Any]) -> None:
    field = SecretField()
    first: list[Secret] = []
    second: list[Secret] = []
    field.collect(first.append)
    field.collect(second.append)
    for question, _ in sent:
        receive(field, {"type": "answer", "question": question["question"]}, b"x")
    assert (len(first), len(second)) == (0, 1)


def test_enter_hands_the_secret_over(sent: list[Any]) -> None:
    field = SecretField()
    receive(field, {"type": "submit"}, b"nobody listens yet")
    heard: list[Secret] = []
    field.on_submit(heard.append)
    receive(field, {"type": "submit"}, b"open sesame")
    assert [secret.reveal() for secret in heard] == ["open sesame"]
    field.clear()
    assert sent == [({"type": "clear"}, [])]


def test_a_secret_field_has_no_value() -> None:
    field = SecretField("Client secret", placeholder="p", disabled=True)
    assert not field.has_trait("value")
    shown = {key: field.get_state()[key] for key in ("description", "placeholder", "disabled")}
    assert shown == {"description": "Client secret", "placeholder": "p", "disabled": True}


def test_a_view_gets_the_page_it_asks_for(sent: list[Any], frame: pd.DataFrame) -> None:
    table = ResultTable(frame, columns=["row", "not there"])
    ask = {"type": "page", "view": "v", "question": 1, "search": "", "sort": None, "size": 2}
    receive(table, ask | {"descending": False, "columns": None, "page": 1})
    ((answer, _),) = sent
    assert answer["rows"] == [["2"], ["3"]]
    assert (answer["view"], answer["question"], answer["names"]) == ("v", 1, list(frame.columns))
    assert table.frame is frame
    assert "Cleo" not in str(table.get_state())


def test_completions_go_to_the_views_and_not_into_the_state(sent: list[Any]) -> None:
    field = GroupField(description="Group")
    receive(field, {"type": "ask"})
    assert sent == []
    field.offer(["Ms. Lovelace, Art 1", HOSTILE])
    field.offer(("Ms. Lovelace, Art 1", HOSTILE))  # the same, so nothing is to be said
    content = {"type": "content", "options": ("Ms. Lovelace, Art 1", HOSTILE)}
    assert sent == [(content, [])]
    receive(field, {"type": "ask"})  # a view that is shown later
    assert sent == [(content, [])] * 2
    field.offer([])
    assert sent[-1] == ({"type": "content", "options": ()}, [])
    field.offer([HOSTILE])
    assert field.options == (HOSTILE,)
    assert HOSTILE not in str(field.get_state())


def test_code_goes_to_the_views_and_not_into_the_state(sent: list[Any]) -> None:
    cell = CodeCell()
    cell.show("df = conn.get_users(group_name='Ms. Lovelace')")
    receive(cell, {"type": "ask"})
    assert sent == [({"type": "content", "code": cell.code}, [])] * 2
    assert "Lovelace" not in str(cell.get_state())


def test_a_new_frame_calls_the_views_back(sent: list[Any], frame: pd.DataFrame) -> None:
    table = ResultTable()
    assert table.frame.empty
    table.show(frame)
    assert sent == [({"type": "changed"}, [])]
    assert table.frame is frame


def press(button: DownloadButton) -> None:
    receive(button, {"type": "press", "view": "v"})


def test_a_press_sends_the_file(sent: list[Any]) -> None:
    press(DownloadButton(lambda: Download("a.csv", b"x,y", "text/csv")))
    about = {"type": "file", "view": "v", "filename": "a.csv", "media_type": "text/csv"}
    assert sent == [(about, [b"x,y"])]


def failing(error: Exception) -> Callable[[], Download]:
    def make() -> Download:
        raise error

    return make


def test_a_refusal_is_said_in_its_own_words(sent: list[Any]) -> None:
    press(DownloadButton(failing(QueryError("Run a query first"))))
    assert sent == [({"type": "failed", "view": "v", "reason": "Run a query first"}, [])]


def test_another_failure_is_named_without_its_words_and_kept(
    sent: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    error = KeyError("Ada Lovelace")
    button = DownloadButton(failing(error))
    press(button)
    assert sent[0][0]["reason"] == "The file could not be made (KeyError)."
    assert button.error is error
    assert "Lovelace" not in caplog.text


# Charts


def picture(chart: Chart) -> ET.Element:
    return ET.fromstring(chart.svg)


def texts(chart: Chart) -> list[str]:
    return ["".join(text.itertext()) for text in picture(chart).iter(f"{SVG}text")]


def test_bars_start_with_the_most_and_end_with_the_hidden() -> None:
    counts = pd.DataFrame(
        {"school": ["North", "South", "East", "West"], "count": [5, "<10", 1200, "*"]}
    )
    chart = bars(counts)
    assert chart.alt == "Bar chart: people by school. East: 1,200; North: 5; South: <10; West: *."
    assert [t for t in texts(chart) if t in {"East", "North", "South", "West"}] == [
        *("East", "North", "South", "West")
    ]
    assert {"1,200", "5", "<10", "*"} <= set(texts(chart))


def test_hidden_bars_are_all_of_one_length() -> None:
    def stubs(counts: list[object]) -> list[str]:
        chart = bars(pd.DataFrame({"school": list("abc"), "count": counts}))
        paths = [path.get("d", "") for path in picture(chart).iter(f"{SVG}path")]
        return [path for path in paths if path]

    assert stubs([50, "<10", "*"]) == stubs([50, "*", "<10"])


@pytest.mark.parametrize("labels", [["KG", "06", "07", "(missing)"], ["2", "10", "11"]])
def test_grades_and_numbers_keep_their_order(labels: list[str]) -> None:
    counts = pd.DataFrame({"key": labels, "count": range(len(labels))})
    assert re.findall(r"(\S+): \d", bars(counts).alt) == labels


def test_several_keys_make_one_label() -> None:
    counts = pd.DataFrame({"school": ["North"], "grades": ["06"], "count": [3]})
    assert "people by school, grades. North / 06: 3." in bars(counts).alt


def test_only_forty_bars_are_drawn_and_the_chart_says_so() -> None:
    counts = pd.DataFrame({"course": [f"Course {i}" for i in range(60)], "count": range(60)})
    chart = bars(counts)
    assert "Shown: the first 40 of 60." in texts(chart)
    assert chart.alt.endswith("Course 20: 20. Shown: the first 40 of 60.")


def test_a_long_label_is_cut_in_the_picture_and_whole_in_words() -> None:
    name = "The Academy of Arts, Letters and Sciences of the North"
    chart = bars(pd.DataFrame({"school": [name], "count": [3]}))
    assert name in chart.alt
    assert name not in texts(chart)
    assert "The Academy of Arts, Letters an…" in texts(chart)


@pytest.mark.parametrize("name", ["$x^2$", "$broken", HOSTILE, "a\x00\x1f\nb", "学校", "--><!--"])
def test_any_name_gives_a_chart_that_loads(name: str) -> None:
    shown = re.sub("[\x00\x1f]", "\ufffd", name).replace("\n", " ")
    chart = bars(pd.DataFrame({name: [name], "count": [3]}, dtype=object))
    assert shown in texts(chart)
    assert shown in chart.alt
    found = heat_map(pd.DataFrame([[3]], index=[name], columns=[name]))
    assert (found.columns, found.rows[0][0]) == ([shown], shown)
    assert f"Most: 3 in {shown}, {shown}." in found.caption


def test_counts_need_a_key_and_a_count() -> None:
    with pytest.raises(QueryError, match="named 'count'"):
        bars(pd.DataFrame({"count": [1]}))
    with pytest.raises(QueryError, match="named 'count'"):
        bars(pd.DataFrame({"a": [1], "b": [2]}))


@pytest.fixture
def crosstab() -> pd.DataFrame:
    table = pd.DataFrame(
        [[31, "<10", 40], [12, "*", 90], [43, 77, 130]],
        index=pd.Index(["06", "07", "All"], name="grades"),
        columns=pd.Index(["North", "South", "All"], name="schoolName"),
        dtype=object,
    )
    table.attrs["footnote"] = "Two people stand in several cells."
    return table


def cells(found: HeatMap) -> dict[str, str]:
    """Return the colour of each text of a heat map."""
    return {text: colour for _, row in found.rows for text, colour in row}


def lightness(colour: str) -> int:
    match = re.fullmatch(r"hsl\(208 75% (\d+)%\)", colour)
    assert match is not None, colour
    return int(match[1])


def test_cells_are_the_darker_the_more_hidden_ones_alike_and_totals_uncoloured(
    crosstab: pd.DataFrame,
) -> None:
    found = heat_map(crosstab)
    assert [[text for text, _ in row] for _, row in found.rows] == [
        ["31", "<10", "40"],
        ["12", "*", "90"],
        ["43", "77", "130"],
    ]
    assert [label for label, _ in found.rows] == ["06", "07", "All"]
    assert (found.corner, found.columns) == ("grades", ["North", "South", "All"])
    colour = cells(found)
    assert {colour[total] for total in ("40", "90", "43", "77", "130")} == {""}
    assert colour["<10"] == colour["*"] == "#e0e0e0"
    assert lightness(colour["31"]) < lightness(colour["12"]) < 100
    assert found.caption == (
        "Heat map: people by grades and schoolName, 3 rows by 3 columns."
        " Most: 31 in 06, North. 2 cells are hidden. Two people stand in several cells."
    )


def test_only_the_last_row_and_column_are_totals() -> None:
    table = pd.DataFrame([[2, 4], [6, 8]], index=["All", "06"], columns=["All", "North"])
    assert [lightness(colour) for colour in cells(heat_map(table)).values()] == [90, 80, 70, 60]


def test_hidden_cells_do_not_change_with_their_marks(crosstab: pd.DataFrame) -> None:
    other = crosstab.copy()
    other.loc[["06", "07"], "South"] = ["*", "<10"]
    colours = [[[c for _, c in row] for _, row in heat_map(t).rows] for t in (crosstab, other)]
    assert colours[0] == colours[1]


def test_a_crosstab_of_hidden_cells_and_totals_says_no_most() -> None:
    table = pd.DataFrame([["<10", 0]], index=["06"], columns=["North", "All"], dtype=object)
    assert heat_map(table).caption == "Heat map: people, 1 row by 2 columns. 1 cell is hidden."


def test_nothing_to_colour_leaves_cells_white() -> None:
    assert lightness(cells(heat_map(pd.DataFrame([[0]])))["0"]) == 100


def test_shares_are_percentages() -> None:
    shown = cells(heat_map(pd.DataFrame([[0.25, 1.0]]), percent=True))
    assert {text: lightness(colour) for text, colour in shown.items()} == {"25%": 90, "100%": 60}


def test_a_large_crosstab_is_cut_and_says_so() -> None:
    found = heat_map(pd.DataFrame(np.arange(50 * 30).reshape(50, 30)))
    assert found.caption.endswith("Shown: the first 40 of 50 rows and 20 of 30 columns.")
    assert (len(found.rows), {len(row) for _, row in found.rows}) == (40, {20})
    assert len(found.columns) == 20


def test_empty_frames_give_charts() -> None:
    assert (
        bars(pd.DataFrame({"a": [], "count": []})).alt == "Bar chart: people by a. Nothing to show."
    )
    assert heat_map(pd.DataFrame()).rows == []


def test_a_chart_is_the_same_whatever_style_the_user_has_set() -> None:
    counts = pd.DataFrame({"school": ["North", "South"], "count": [5, "<10"]})
    before = dict(rcParams)
    plain = bars(counts).svg
    assert dict(rcParams) == before
    rcParams.update({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"})
    try:
        assert bars(counts).svg == plain
    finally:
        rcParams.update({key: before[key] for key in ("font.size", "axes.facecolor")})
        rcParams["svg.fonttype"] = before["svg.fonttype"]


# What nbclient saves


CELLS = f"""
import pandas as pd
from oneroster_nb.forms.widgets.secret_field import SecretField
from oneroster_nb.forms.widgets.table import ResultTable
field = SecretField("Client secret")
heard = []
field.collect(heard.append)
field.on_submit(heard.append)
table = ResultTable(pd.DataFrame({{"givenName": ["A" + "da", {HOSTILE!r}]}}))
print(field.model_id, field._pending[0])
"""


def test_a_secret_that_was_collected_is_not_in_a_notebook_run_without_a_browser(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    text = secrets.token_urlsafe()
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(CELLS),
            nbformat.v4.new_code_cell("print([s.reveal()[:3] for s in heard], heard)\ntable"),
        ]
    )
    client = NotebookClient(notebook, timeout=60, store_widget_state=True)
    with client.setup_kernel():
        client.execute_cell(notebook.cells[0], 0)
        model, question = notebook.cells[0].outputs[0]["text"].split()
        for content in ({"type": "answer", "question": question}, {"type": "submit"}):
            message = client.kc.session.msg(
                "comm_msg",
                {"comm_id": model, "data": {"method": "custom", "content": content}},
            )
            client.kc.session.send(client.kc.shell_channel.socket, message, buffers=[text.encode()])
        client.execute_cell(notebook.cells[1], 1)
        client.set_widgets_metadata()
    written = nbformat.writes(notebook)
    assert notebook.cells[1].outputs[0]["text"] == f"{[text[:3]] * 2} [<secret>, <secret>]\n"
    assert "Client secret" in str(notebook.metadata["widgets"])
    assert text not in written
    assert text not in caplog.text
    assert "Ada" not in written
