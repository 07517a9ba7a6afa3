"""The form used as people use it: widgets are found by their labels."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import ipywidgets as widgets
from pandas.testing import assert_frame_equal

from oneroster_nb.forms.explorer import Explorer
from oneroster_nb.forms.widgets.download_button import Download, DownloadButton
from oneroster_nb.forms.widgets.table import ResultTable
from oneroster_nb.forms.widgets.upload_field import UploadField

SECONDS = 30


def walk(widget: Any, shown: bool = True) -> Iterator[tuple[Any, bool]]:
    shown = shown and widget.layout.display != "none"
    yield widget, shown
    for child in getattr(widget, "children", ()):
        yield from walk(child, shown)


def control(form: Explorer, label: str) -> Any:
    (found,) = [w for w, _ in walk(form) if getattr(w, "description", None) == label]
    return found


def is_shown(form: Explorer, label: str) -> bool:
    (shown,) = [s for w, s in walk(form) if getattr(w, "description", None) == label]
    return shown


def tabs_of(form: Explorer) -> widgets.Tab:
    return next(w for w, _ in walk(form) if isinstance(w, widgets.Tab))


def look_at(form: Explorer, title: str) -> None:
    tabs = tabs_of(form)
    tabs.selected_index = tabs.titles.index(title)


def looked_at(form: Explorer) -> str:
    """Return the title of the tab that is shown."""
    tabs = tabs_of(form)
    title: str = tabs.titles[tabs.selected_index]
    return title


def table_in(form: Explorer, title: str) -> ResultTable:
    """Return the table in a tab."""
    tabs = tabs_of(form)
    shown = tabs.children[tabs.titles.index(title)]
    return next(w for w, _ in walk(shown) if isinstance(w, ResultTable))


def file_of(form: Explorer) -> Download:
    """Make the file that Download makes."""
    return next(w for w, _ in walk(form) if isinstance(w, DownloadButton))._make()


def texts(form: Explorer) -> str:
    """Return all that the form says at this moment."""
    return "\n".join(w.text for w, shown in walk(form) if shown and hasattr(w, "text"))


def press(form: Explorer, label: str) -> None:
    control(form, label).click()


def check_code(form: Explorer) -> None:
    """Run the code as a fresh kernel does, without anything of this one."""
    names: dict[str, Any] = {}
    exec(form.code, names)
    names["conn"].close()
    assert_frame_equal(names["df"], form.result)
    assert_frame_equal(names["table"], form.table)


def save_as(form: Explorer, name: str) -> None:
    control(form, "Save as").value = name
    press(form, "Save connection")


def in_loop(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    asyncio.run(main())


async def until(form: Explorer, words: str) -> None:
    """Wait until the form says these words."""
    said = asyncio.Event()
    watched = [w for w, _ in walk(form) if hasattr(w, "text")]
    for widget in watched:
        widget.observe(lambda _: said.set(), "value")
    async with asyncio.timeout(SECONDS):
        while words not in texts(form):
            said.clear()
            await said.wait()


def upload(form: Explorer, name: str, content: bytes, piece: int = 1000) -> list[dict[str, Any]]:
    """Send a file the way the browser does; give what the field answered."""
    field = next(w for w, _ in walk(form) if isinstance(w, UploadField))
    answers: list[dict[str, Any]] = []
    field.send = lambda message, buffers=None: answers.append(message)
    pieces = [content[at : at + piece] for at in range(0, len(content), piece)]
    for number, part in enumerate(pieces):
        message = {
            "type": "piece" if number else "begin",
            "view": "v",
            "name": name,
            "size": len(content),
            "last": number == len(pieces) - 1,
        }
        field._received(field, message, [memoryview(part)])
    return answers
