"""The form, used the way a person uses it: by its labels, its buttons and what it says."""

import re
import threading
from pathlib import Path

import pandas as pd
from helpers.faultserver import Answer, Asked
from playwright.sync_api import Locator, expect

Tables = dict[str, pd.DataFrame]

CELL = """
import oneroster_nb as onb
form = onb.explore()
form
"""


class Form:
    """The form within a part of a page.

    Parameters
    ----------
    within : Locator
        The outputs of a notebook, or the whole page where there is nothing else.
    """

    def __init__(self, within: Locator) -> None:
        self.within = within
        self.page = within.page

    def labelled(self, label: str) -> Locator:
        return self.within.get_by_label(label, exact=True)

    def button(self, name: str) -> Locator:
        return self.within.get_by_role("button", name=name, exact=True)

    def tab(self, name: str) -> Locator:
        return self.within.get_by_role("tab", name=name, exact=True)

    def choose(self, label: str, *options: str) -> None:
        self.labelled(label).select_option(list(options))

    def options(self, label: str) -> list[str]:
        """Return the choices of a control, as they read."""
        texts = self.labelled(label).locator("option").all_inner_texts()
        return [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts]

    def expect_error(self, words: str) -> None:
        """Wait for a sentence that is announced at once, and see that it is no traceback."""
        expect(self.within.get_by_role("alert").filter(visible=True)).to_contain_text(words)
        expect(self.within.get_by_text("Traceback")).to_have_count(0)
        expect(self.within.locator("[data-mime-type*=stderr]")).to_have_count(0)

    def expect_words(self, words: str | re.Pattern[str]) -> None:
        expect(self.within.get_by_text(words).filter(visible=True).first).to_be_visible()

    def expect_no_words(self, words: str) -> None:
        """Wait until these words, which were shown, are gone."""
        expect(self.within.get_by_text(words)).to_have_count(0)

    def connect(self, **typed: str) -> None:
        """Choose OneRoster, type what is given and press Connect; without it, take the demo."""
        if typed:
            self.choose("Provider", "OneRoster")
            self.labelled("Host").fill(typed["host"])
            self.labelled("Client ID").fill(typed["client_id"])
            self.labelled("Client secret").fill(typed["client_secret"])
        self.press("Connect")

    def run(self) -> None:
        self.press("Run query")

    def press(self, name: str) -> None:
        """Press a button by its key: a pointer would miss one that moves as fields come and go."""
        expect(self.button(name)).to_be_enabled()
        self.button(name).press("Enter")

    def completions(self) -> list[str]:
        """Return what the browser offers to complete in Group."""
        offered: list[str] = self.labelled("Group").evaluate(
            "(input) => [...input.list.options].map((option) => option.value)"
        )
        return offered

    def rows(self) -> list[list[str]]:
        """Return the texts of the table that is shown, its header first."""
        read: list[list[str]] = (
            self.within.locator("table")
            .filter(visible=True)
            .evaluate("(table) => [...table.rows].map((r) => [...r.cells].map((c) => c.innerText))")
        )
        return read

    def expect_rows(self, text: str) -> None:
        """Wait until the table that is shown says which rows these are, ``"Rows 1-4 of 4"``."""
        line = self.within.locator(".onb-table-status").filter(visible=True)
        expect(line).to_have_text(text.replace("-", "\N{EN DASH}"))


KEYRING = """
import keyring, keyring.backend, keyring.errors
class Memory(keyring.backend.KeyringBackend):
    priority = 0
    kept = {}
    def get_password(self, service, username):
        return self.kept.get((service, username))
    def set_password(self, service, username, password):
        self.kept[service, username] = password
    def delete_password(self, service, username):
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("nothing of that name")
keyring.set_keyring(Memory())
"""


def settings_in(folder: Path) -> str:
    """Return what a kernel runs to keep its saved connections in a folder."""
    return f"import os; os.environ['XDG_CONFIG_HOME'] = {str(folder)!r}"


def students_of(district: Tables, part: str) -> pd.DataFrame:
    """Return a row a student of each class whose title has a part, with the school's name."""
    titled = district["classes"]["title"].str.casefold().str.contains(part)
    enrolled = district["enrollments"].query("role == 'student'")
    members = district["classes"][titled].merge(
        enrolled, left_on="sourcedId", right_on="classSourcedId", suffixes=("Class", "")
    )
    people = district["users"].drop(columns="role").set_index("sourcedId")
    schools = district["orgs"].set_index("sourcedId")["name"]
    return members.assign(
        who=members["userSourcedId"],
        email=members["userSourcedId"].map(people["email"]),
        grade=members["userSourcedId"].map(people["grades"]),
        school=members["schoolSourcedIdClass"].map(schools),
    )


class Door:
    """A behaviour of a server: answers pass, wait while it is shut, or break off in the middle.

    ``reached`` is set when an answer waits.
    """

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()
        self._open.set()
        self._breaking = False

    def __call__(self, _asked: Asked, answer: Answer) -> None:
        if not self._open.is_set():
            self.reached.set()
            self._open.wait(60)
        answer.dropped = self._breaking

    def shut(self) -> None:
        self.reached.clear()
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def break_off(self) -> None:
        """Break off the answers that wait, and all that follow."""
        self._breaking = True
        self._open.set()
