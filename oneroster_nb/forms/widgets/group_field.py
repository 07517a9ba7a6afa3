"""A text field that offers completions, none of which is widget state.

Titles of classes may hold the names of people, so they stay out of saved notebooks.
"""

from collections.abc import Sequence

from traitlets import Unicode

from oneroster_nb.forms.widgets import STATIC
from oneroster_nb.forms.widgets.unsaved import Unsaved


class GroupField(Unsaved):
    """A labelled text field with completions; any other text can be typed, too.

    What is typed arrives in ``value`` at every key stroke.

    Examples
    --------
    >>> field = GroupField(description="Group")
    >>> field.offer(["Art 1", "Art 2"])
    >>> field.options
    ('Art 1', 'Art 2')
    """

    _esm = STATIC / "groupfield.js"
    _css = STATIC / "groupfield.css"

    value = Unicode().tag(sync=True)
    description = Unicode().tag(sync=True)
    placeholder = Unicode().tag(sync=True)
    label_width = Unicode().tag(sync=True)

    options: tuple[str, ...] = ()

    def offer(self, options: Sequence[str]) -> None:
        """Offer other completions, wherever the field is shown."""
        if tuple(options) != self.options:
            self.options = tuple(options)
            self._hand_over({"options": self.options})
