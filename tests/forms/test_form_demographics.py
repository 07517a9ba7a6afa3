"""Sex, age, race and ethnicity in the form: asked for by a switch, small numbers hidden."""

import io
import json
from typing import Any

import pandas as pd
from helpers.faults import at, status
from helpers.faultserver import FaultServer
from helpers.form_tools import control, file_of, look_at, press, table_in, texts
from helpers.records import school
from pandas.testing import assert_frame_equal

import oneroster_nb as onb
from oneroster_nb.demo.district.making import make_district
from oneroster_nb.forms.common_questions import COMMON
from oneroster_nb.forms.explorer import Explorer, explore

ROSTER = onb.Roster(make_district())
HIDING = "Counts by demographics hide small numbers."
OFFERED = {"sex", "age", "raceEthnicity"}


def by_race(**state: Any) -> Explorer:
    """Return a form with the races at each school."""
    state = {"demographics": True, "rows": "schoolName", "columns": "raceEthnicity"} | state
    form = explore(ROSTER, group_filter="schools", **state)
    form.run()
    return form


def crossed(form: Explorer, **options: Any) -> pd.DataFrame:
    return onb.crosstab(form.result, "schoolName", "raceEthnicity", **options)


def exported(form: Explorer, what: str) -> pd.DataFrame:
    control(form, "Data").value = what
    return pd.read_csv(io.BytesIO(file_of(form).content), dtype="str", encoding="utf-8-sig")


def ran(form: Explorer) -> dict[str, Any]:
    """Run the code of the form."""
    names: dict[str, Any] = {"conn": form.source}
    exec(form.code, names)
    return names


def test_they_are_asked_for_by_the_switch_alone() -> None:
    form = explore(ROSTER)
    press(form, "Run query")
    assert OFFERED.isdisjoint(form.result.columns)
    assert OFFERED.isdisjoint(control(form, "Rows").options)
    control(form, "Demographics").value = True
    press(form, "Run query")
    assert form.result["birthDate"].notna().all()
    assert "Students, with demographics" in texts(form).splitlines()
    assert "df = conn.get_users('students', demographics=True)" in form.code
    for label in ("By", "Rows", "Columns"):
        assert set(control(form, label).options) >= OFFERED
    assert set(table_in(form, "Table").frame.columns) >= OFFERED
    assert explore(**json.loads(json.dumps(form.state()))).query == form.query


def test_counts_by_them_hide_small_numbers_until_zero_is_chosen() -> None:
    form = by_race()
    assert control(form, "Hide counts below").value == 10
    assert form.suppress_below is None, "nothing was chosen"
    assert_frame_equal(form.table, crossed(form, suppress_below=10))
    assert_frame_equal(ran(form)["table"], form.table)
    look_at(form, "Crosstab")
    assert HIDING in texts(form)
    assert "suppress_below" not in texts(form), "a form speaks of its own controls"

    control(form, "Hide counts below").value = 0
    assert form.suppress_below == 0
    assert_frame_equal(form.table, crossed(form, suppress_below=0))
    assert_frame_equal(ran(form)["table"], form.table)
    assert HIDING not in texts(form)
    again = explore(ROSTER, **json.loads(json.dumps(form.state())))
    again.run()
    assert_frame_equal(again.table, form.table)


def test_a_threshold_that_was_chosen_is_kept() -> None:
    form = by_race(suppress_below=5)
    assert control(form, "Hide counts below").value == 5
    assert_frame_equal(form.table, crossed(form, suppress_below=5))
    control(form, "Hide counts below").value = 10
    form.columns = "grades"
    assert (form.suppress_below, control(form, "Hide counts below").value) == (10, 10)


def test_the_usual_threshold_goes_and_comes_with_what_is_counted() -> None:
    form = by_race()
    control(form, "Columns").value = "grades"
    assert control(form, "Hide counts below").value == 0
    assert_frame_equal(form.table, onb.crosstab(form.result, "schoolName", "grades"))
    control(form, "By").value = ("sex",)  # the counts and the crosstab have one threshold
    assert control(form, "Hide counts below").value == 10
    assert_frame_equal(form.counts, onb.count(form.result, "sex", suppress_below=10))
    assert form.table.attrs["footnote"].startswith("Hidden: ")
    form._use(ROSTER)  # there is no answer any more
    assert control(form, "Hide counts below").value == 0


def test_files_of_counts_show_small_numbers_only_if_told_so() -> None:
    form = by_race()
    hidden, shown = crossed(form, suppress_below=10), crossed(form, suppress_below=0)
    for chosen in (None, 0):
        form.suppress_below = chosen
        for hide, expected in ((True, hidden), (False, shown)):
            control(form, "Hide small counts").value = hide
            file = exported(form, "Crosstab").iloc[:, 1:]
            assert file.to_numpy().tolist() == expected.astype("str").to_numpy().tolist()


def test_common_questions_are_asked_as_chosen() -> None:
    form = explore(ROSTER)
    form.answer("Class sizes")
    assert "suppress_below" not in form.code
    form.suppress_below = 0
    for question in (
        name for name, asked in COMMON.items() if asked.hides and not asked.call.needs
    ):
        form.answer(question)
        assert "suppress_below=0" in form.code
        assert_frame_equal(ran(form)["df"], form.result)
    form.answer("Seats for several rules", rules="students\nteachers")
    assert form.result["people"].tolist()[:2] == [139, 37]


def test_a_server_that_forbids_them_is_said_in_one_sentence() -> None:
    with (
        FaultServer(school(), at("demographics", status(403))) as server,
        onb.OneRosterConnector(server.host, "an id", "a secret") as conn,
    ):
        form = explore(conn)
        form.run()
        before = form.result
        control(form, "Demographics").value = True
        form.run()
    assert_frame_equal(form.result[before.columns], before)
    assert form.result["sex"].isna().all()
    _, said = form.message.split("\n")
    assert said.startswith("The source does not show demographics (403), so")
    assert said.index(".") == len(said) - 1, "one sentence"


def test_numbers_that_an_answer_hides_itself_are_in_a_file_if_told_so() -> None:
    form = explore(ROSTER)
    rule = "schools::Classlink HS::students?demographics=true&grades=09&sex=female"
    form.answer("Seats for several rules", rules=rule)
    assert form.result["people"].iloc[0] == "<10"
    control(form, "Hide small counts").value = False
    students = ROSTER.get_users("students", "schools", "Classlink HS", demographics=True)
    girls = students.query("grades == '09' and sex == 'female'")
    assert exported(form, "Table")["people"].iloc[0] == str(len(girls))
