"""What a form tells the page around it: its colours, and that keys pressed in it are its own."""

from anywidget import AnyWidget

from oneroster_nb.forms.widgets import STATIC

FORM_CLASS = "onb-form"
"""The CSS class that a form carries, within which its marker works."""


class FormMarker(AnyWidget):
    """An invisible child of a form, which keeps JupyterLab's shortcuts away from its controls.

    Examples
    --------
    >>> import ipywidgets
    >>> form = ipywidgets.VBox([FormMarker(), ipywidgets.Text()])
    >>> form = form.add_class(FORM_CLASS)
    """

    _esm = STATIC / "form.js"
    _css = STATIC / "form.css"
