"""The fields of a connection: which ones a provider needs, and what was typed into them."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
from traitlets import link

from oneroster_nb.connectors.registry import PROVIDERS, ProviderEntry
from oneroster_nb.forms.state import State
from oneroster_nb.forms.widgets.messages import LABEL, Message, labelled, row
from oneroster_nb.forms.widgets.secret_field import SecretField
from oneroster_nb.forms.widgets.upload_field import UploadField
from oneroster_nb.secret import Secret

_ACCOUNT = ("host", "client_id", "token_url", "application_id")
"""The fields that say, with the provider and the saved connection, to whom a secret belongs."""

_USUAL_HINTS = {name: hint for entry in PROVIDERS.values() for name, hint in entry.fields.items()}
"""What a field holds that the provider does not need.

When a field is shown it should change no more: a browser would write over what is being typed.
"""

Secrets = dict[str, Secret]
"""Name of an option to the secret that was typed for it."""


class AccountFields:
    """Host, ids, secrets and what else the chosen provider needs; the state holds all but secrets.

    ``belongs_to`` are further controls that say for which connection a secret is typed.
    """

    def __init__(self, state: State, *belongs_to: widgets.Widget) -> None:
        self._state = state
        self._texts = {
            "host": _text("Host", width="40em"),
            "client_id": _text("Client ID"),
            "token_url": _text("Token URL", width="40em"),
            "application_id": _text("Application ID"),
            "district": _text("District"),
            "path": _text("Folder", width="40em"),
        }
        account = (*belongs_to, *(self._texts[name] for name in _ACCOUNT))
        self._secrets = {
            "client_secret": _secret("Client secret", account),
            "access_token": _secret("Access token", account),
        }
        self._upload = UploadField(description="Upload", accept=".zip", label_width=LABEL)
        self._upload.on_upload(self._uploaded)
        self._advice = Message()
        self._fields = field = {**self._texts, **self._secrets, "upload": self._upload}
        self.widget = widgets.VBox(
            [
                field["path"],
                field["upload"],
                field["host"],
                row(field["client_id"], field["client_secret"]),
                field["token_url"],
                row(field["application_id"], field["district"], field["access_token"]),
                self._advice,
            ]
        )
        for name, text in self._texts.items():
            link((state, name), (text, "value"))
        self.show()

    @property
    def needed(self) -> Mapping[str, str]:
        """The fields of the chosen provider, each with what stands in it while it is empty."""
        return self._entry.fields

    @property
    def _entry(self) -> ProviderEntry:
        return PROVIDERS[self._state.provider]

    def show(self) -> None:
        """Show what the chosen provider needs, and nothing else."""
        for name, field in self._fields.items():
            field.layout.display = None if name in self.needed else "none"
        for name, text in self._texts.items():
            text.placeholder = self.needed.get(name, _USUAL_HINTS[name])
        self._texts["path"].description = "Bundle" if "upload" in self.needed else "Folder"
        self._advice.say(self._entry.advice)
        self.widget.layout.display = None if self.needed else "none"

    def options(self) -> dict[str, Any]:
        """Return the options of the connection that were typed, without secrets."""
        typed = {n: text.value.strip() for n, text in self._texts.items() if n in self.needed}
        options: dict[str, Any] = {name: value for name, value in typed.items() if value}
        if "upload" in self.needed and "path" not in options and self._upload.content is not None:
            options["path"] = self._upload.content
        return options

    def _uploaded(self) -> None:
        """Mean the file that was chosen, and not a path that was typed before."""
        self._texts["path"].value = ""

    def fill(self, options: Mapping[str, Any]) -> None:
        """Show what a saved connection holds."""
        for name, text in self._texts.items():
            text.value = str(options.get(name, ""))

    @property
    def _account(self) -> tuple[str | None, ...]:
        return (
            self._state.provider,
            self._state.profile,
            *(getattr(self._state, n) for n in _ACCOUNT),
        )

    def collect(self, then: Callable[[Secrets], None], changed: Callable[[], None]) -> None:
        """Hand over the secrets that were typed, once the browser has told them.

        If the account is another by then, `changed` is called instead: a secret goes to no other
        account than the one that it was typed for.
        """
        names = [name for name in self._secrets if name in self.needed]
        found: Secrets = {}
        account = self._account

        def ask(place: int) -> None:
            if place == len(names):
                then(found)
                return
            name = names[place]

            def told(secret: Secret | None) -> None:
                if secret is None or self._account != account:
                    changed()
                    return
                if secret:
                    found[name] = secret
                ask(place + 1)

            self._secrets[name].collect(told)

        ask(0)

    def on_submit(self, then: Callable[[], None]) -> None:
        """Call `then` when Enter is pressed in a secret field."""
        for field in self._secrets.values():
            field.on_submit(lambda _: then())

    def clear_secrets(self) -> None:
        """Empty the secret fields wherever they are shown."""
        for field in self._secrets.values():
            field.clear()

    def clear_upload(self, options: Mapping[str, Any]) -> None:
        """Forget the file that was chosen, unless a connection with these options reads it."""
        path = options.get("path")
        if path is None or path is not self._upload.content:
            self._upload.clear()


def _text(label: str, width: str = "26em") -> widgets.Text:
    # Told at every key stroke: whatever arrives from the kernel then shows what was typed.
    return widgets.Text(description=label, **labelled(width=width))


def _secret(label: str, belongs_to: tuple[widgets.Widget, ...]) -> SecretField:
    return SecretField(
        belongs_to=belongs_to,
        description=label,
        placeholder="empty where it is kept",
        label_width=LABEL,
        layout=labelled()["layout"],
    )
