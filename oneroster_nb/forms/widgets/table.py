"""A table that can be searched, sorted and leafed through, of which the browser gets one page.

The rows travel as custom messages to the view that asked, never as synchronised state: state would
be written into the notebook file wherever widget state is saved, and rows are about children. It
also lets two views of one table stand on different pages.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from anywidget import AnyWidget
from traitlets import Bool, Int

from oneroster_nb.forms.cells import column_name
from oneroster_nb.forms.widgets import STATIC
from oneroster_nb.forms.widgets.table_pages import Pages, Request

# What a view may ask for at once, whatever it says.
_LARGEST_PAGE = 1_000


class ResultTable(AnyWidget):
    """A DataFrame as an accessible table; search, sorting and paging happen in the kernel.

    Cells are shown as text, whatever they hold; the index is not shown. Nothing of the frame is in
    the widget's state. ``columns`` are shown at first, in that order, if the frame has them; by
    default, all are. If the table is ``searchable``, there are a search, a choice of columns and of
    the page size above the rows.

    Examples
    --------
    >>> table = ResultTable(pd.DataFrame({"givenName": ["Ada", "Ben"]}))
    >>> table.show(pd.DataFrame({"givenName": ["Cleo"]}))
    >>> len(table.frame)
    1
    """

    _esm = STATIC / "table.js"
    _css = STATIC / "table.css"

    page_size = Int(50).tag(sync=True)
    searchable = Bool(True).tag(sync=True)

    def __init__(
        self,
        frame: pd.DataFrame | None = None,
        *,
        columns: Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._set(pd.DataFrame() if frame is None else frame, columns)
        self.on_msg(self._received)

    @property
    def frame(self) -> pd.DataFrame:
        """The frame that is shown."""
        return self._frame

    def show(self, frame: pd.DataFrame, *, columns: Sequence[str] | None = None) -> None:
        """Show another frame; every view starts again at its first page, unsorted, unsearched."""
        self._set(frame, columns)
        self.send({"type": "changed"})

    def _set(self, frame: pd.DataFrame, columns: Sequence[str] | None) -> None:
        self._frame = frame
        self._pages = Pages(frame)
        place = {name: number for number, name in enumerate(columns or ())}
        names = [column_name(name) for name in frame.columns]
        there = [at for at, name in enumerate(names) if name in place]
        self._first_columns = sorted(there, key=lambda at: place[names[at]])

    def _received(self, _table: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("type") != "page":
            return
        asked = content["columns"]
        request = Request(
            search=content["search"],
            sort=content["sort"],
            descending=content["descending"],
            columns=tuple(self._first_columns if asked is None else asked),
            page=content["page"],
            size=min(content["size"], _LARGEST_PAGE),
        )
        self.send(
            {
                "type": "page",
                "view": content["view"],
                "question": content["question"],
                "names": self._pages.names,
                **self._pages.page(request),
            }
        )
