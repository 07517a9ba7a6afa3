"""Every notebook runs from top to bottom in Binder's image, and is committed without outputs."""

import datetime
import itertools
import re
import shutil

import nbformat
import pytest
from helpers.places import NOTEBOOKS as FOLDER

NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Copy the notebooks, away from the package's source, which would be imported instead."""
    copy = tmp_path_factory.mktemp("work") / "notebooks"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns(".*"))
    return copy


@pytest.fixture(scope="module")
def executed(image, folder):
    """Run a notebook once for all tests of this module, as it runs in Binder."""
    done = {}

    def run(name):
        if name not in done:
            image.run("jupyter", "execute", "--inplace", "--timeout=120", name, cwd=folder)
            done[name] = nbformat.read(folder / name, as_version=4)
        return done[name]

    return run


def texts(notebook):
    """Return what each code cell printed or showed as plain text, joined.

    What a cell prints may arrive in several pieces, each of which ends where its lines end.
    """
    shown = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            parts = [
                out.get("text") or out.get("data", {}).get("text/plain", "") + "\n"
                for out in cell.outputs
            ]
            shown.append("".join(parts).strip())
    return shown


def test_there_are_notebooks():
    assert "01_quickstart.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_runs_without_errors_or_warnings(name, executed):
    code = [cell for cell in executed(name).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert any(cell.outputs for cell in code)
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.get("text")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_is_committed_without_outputs(name):
    notebook = nbformat.read(FOLDER / name, as_version=4)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_explains_every_code_cell(name):
    cells = nbformat.read(FOLDER / name, as_version=4).cells
    assert cells[0].cell_type == "markdown"
    lonely = 0
    for before, cell in itertools.pairwise(cells):
        lonely = lonely + 1 if before.cell_type == cell.cell_type == "code" else 0
        assert lonely < 3, cell.source


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_names_no_year_that_will_be_over(name):
    for cell in nbformat.read(FOLDER / name, as_version=4).cells:
        assert not re.search(r"\b20\d\d\b", cell.source), cell.source


@pytest.mark.parametrize(
    ("name", "day"),
    [*((name, "2027-07-15") for name in NOTEBOOKS), ("09_days_and_terms.ipynb", "2029-01-21")],
)
def test_runs_without_warnings_if_no_term_is_running(name, day, on_day, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    on_day(datetime.date.fromisoformat(day))
    names = {}
    for cell in nbformat.read(FOLDER / name, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)


def test_quick_start_gives_its_figures(executed):
    shown = "\n".join(texts(executed("01_quickstart.ipynb")))
    for figure in (
        "139",
        "7 rows",
        "3 rows",
        "38 students at Classlink HS",
        "54 students at the school with id 7",
        "13 students have classes in room 302",
    ):
        assert figure in shown


def test_quick_start_gives_the_same_over_clever(image, folder, executed):
    name, other = "01_quickstart.ipynb", "01_quickstart_of_clever.ipynb"
    notebook = nbformat.read(FOLDER / name, as_version=4)
    (cell,) = [
        c
        for c in notebook.cells
        if 'connect("demo")' in c.source and c.execution_count is None and c.cell_type == "code"
    ]
    cell.source = cell.source.replace('connect("demo")', 'connect("demo-clever")')
    nbformat.write(notebook, folder / other)
    image.run("jupyter", "execute", "--inplace", "--timeout=120", other, cwd=folder)
    notebook = nbformat.read(folder / other, as_version=4)
    assert not [
        o for c in notebook.cells for o in c.get("outputs", []) if o.get("name") == "stderr"
    ]
    figures = [text.splitlines()[0] for text in texts(notebook) if text]
    same = [text.splitlines()[0] for text in texts(executed(name)) if text]
    # Only how the connection is shown, what can be matched, and headings with ids are others.
    numbers = [line for line in same if line.partition(" ")[0].isdigit()]
    assert len(numbers) >= 6
    assert [line for line in figures if line.partition(" ")[0].isdigit()] == numbers


def test_the_whole_roster_gives_the_figures_of_the_demo(executed):
    shown = "\n".join(texts(executed("03_whole_roster.ipynb")))
    assert "38" in shown.splitlines()  # students at Classlink HS, from the saved roster
    assert "manifest.json" in shown
    assert "True 371" in shown


def test_the_common_questions_find_what_was_put_wrong(executed):
    shown = "\n".join(texts(executed("05_common_questions.ipynb")))
    for part in ("no such class", "Lions", "shared", "birthDate", "138 matched", "Hidden: "):
        assert part in shown
    assert "not anonymous" in str(executed("05_common_questions.ipynb").cells)


def test_a_day_shows_who_changed_sections(executed):
    shown = "\n".join(texts(executed("09_days_and_terms.ipynb")))
    assert "2 terms are counted together: Semester 1, Semester 2." in shown
    # One of the twenty seventh graders leaves, another one comes.
    assert (
        "19 students; Nadia is in Math 7 (7A Math)\n19 students; Nadia is in Math 7 (7B Math)"
        in shown
    )
    assert re.search(r"only left +6 +1\nonly right +6 +1\n", shown)  # six courses each


def test_what_changed_is_what_was_changed(executed):
    shown = "\n".join(texts(executed("06_what_changed.ipynb")))
    assert "1 added, 1 removed, 2 changed, 0 enrollmentsAdded, 1 enrollmentsDropped" in shown
    assert "135 same, 1 different, 3 only left, 0 only right." in shown
