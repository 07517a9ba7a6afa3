"""The first part of the form: which source, and how to get in."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from traitlets import link

from oneroster_nb.connectors import connect
from oneroster_nb.errors import ConfigurationError, RosterError
from oneroster_nb.forms.runner import Done, Runner
from oneroster_nb.forms.secret import SecretField
from oneroster_nb.forms.state import PROVIDERS, State
from oneroster_nb.forms.words import LABEL, Message, labelled, row
from oneroster_nb.profiles import keep_secret, list_profiles, load_profile, save_profile
from oneroster_nb.secret import Secret
from oneroster_nb.source import Source

__all__ = ["ConnectionPanel"]

_NEEDS_ACCOUNT = frozenset({"classlink", "oneroster"})
_NONE = "(none)"


class ConnectionPanel:
    """Provider, saved connections, the fields that provider needs, and Connect.

    Parameters
    ----------
    state : State
        What is chosen.
    connected : callable
        Called with a source once there is one.

    Attributes
    ----------
    widget : ipywidgets.Box
        What to show.
    source : Source or None
        What one is connected to.
    """

    def __init__(self, state: State, connected: Callable[[Source], None]) -> None:
        self._state = state
        self._connected = connected
        self._runner = Runner()
        self.source: Source | None = None
        self._made: Source | None = None
        self._provider_of_saved = ""
        # The options that a connection was made with, and the secret that was typed for it.
        self._typed: tuple[str, dict[str, Any], Secret | None] | None = None

        self.provider = widgets.Dropdown(
            options=list(PROVIDERS.items()), description="Provider", **labelled()
        )
        self.saved = widgets.Dropdown(description="Saved connection", **labelled())
        self.host = widgets.Text(
            description="Host",
            placeholder="https://example.oneroster.com/ims/oneroster/v1p1/",
            continuous_update=False,
            **labelled(width="40em"),
        )
        self.client_id = widgets.Text(description="Client ID", **labelled())
        self.client_secret = SecretField(
            description="Client secret",
            placeholder="kept by the environment or keyring? leave empty",
            label_width=LABEL,
            layout=widgets.Layout(width="26em", max_width="100%"),
        )
        self.connect_button = widgets.Button(description="Connect", button_style="primary")
        self.name = widgets.Text(
            description="Save as", placeholder="a name for this connection", **labelled()
        )
        self.save_button = widgets.Button(description="Save connection")
        self.message = Message()
        self._account = widgets.VBox([self.host, row(self.client_id, self.client_secret)])
        self._saving = row(self.name, self.save_button)
        self.widget = widgets.VBox(
            [
                row(self.provider, self.saved),
                self._account,
                self.connect_button,
                self.message,
                self._saving,
            ]
        )
        self.message.say("Choose a provider and press Connect.")
        self._offer_saved()
        link((state, "provider"), (self.provider, "value"))
        link((state, "host"), (self.host, "value"))
        link((state, "client_id"), (self.client_id, "value"))
        self._fill_in()
        self._show_fields()
        self.provider.observe(lambda _: self._provider_chosen(), "value")
        self.saved.observe(lambda _: self._fill_in(), "value")
        self.connect_button.on_click(lambda _: self._pressed())
        self.client_secret.on_submit(self._start)
        self.save_button.on_click(lambda _: self._save())

    def connect(self, client_secret: str | Secret | None = None) -> None:
        """Connect to what the fields say; a secret that is not given is looked for."""
        secret = Secret(client_secret) if isinstance(client_secret, str) else client_secret
        self._start(secret)

    def take(self, source: Source, words: str = "") -> None:
        """Take a source that is connected already."""
        if self._made is not None and self._made is not source:
            self._made.close()
            self._made = None
        self.source = source
        self.message.say(words or f"Connected to {source!r}.")
        self._show_fields()
        self._connected(source)

    def _pressed(self) -> None:
        if self.provider.value in _NEEDS_ACCOUNT:
            self.client_secret.collect(self._start)
        else:
            self._start(None)

    def _start(self, secret: Secret | None) -> None:
        if self._runner.busy:
            return
        options = self._options()
        typed = (self._state.provider, dict(options), secret or None)
        if secret:
            options["client_secret"] = secret
        profile = self._state.profile
        provider = None if profile else self._state.provider
        self.connect_button.disabled = True
        self.message.say("Connecting …", "working")

        def work(_: object) -> tuple[Source, str]:
            source = connect(provider, profile=profile, **options)
            try:
                return source, _words(source)
            except RosterError:
                source.close()
                raise

        def ended(done: Done[tuple[Source, str]]) -> None:
            if done.value is not None:
                self._typed = typed
            self._ended(done)

        self._runner.start(work, ended)

    def _ended(self, done: Done[tuple[Source, str]]) -> None:
        self.connect_button.disabled = False
        if done.value is None:
            self.message.say(str(done.error), "error")
            return
        source, words = done.value
        self.client_secret.clear()
        self.take(source, "\n".join([words, *done.warnings]))
        self._made = source

    def _options(self) -> dict[str, Any]:
        if self.provider.value not in _NEEDS_ACCOUNT:
            return {}
        typed = {"host": self.host.value.strip(), "client_id": self.client_id.value.strip()}
        return {name: value for name, value in typed.items() if value}

    def _save(self) -> None:
        name = self.name.value.strip()
        try:
            if not name:
                raise ConfigurationError("Give the connection a name in Save as, then save it.")
            save_profile(name, self.provider.value, **self._options())
        except RosterError as error:
            self.message.say(str(error), "error")
            return
        # A secret is kept only for the connection that it opened.
        provider, options, secret = self._typed or ("", {}, None)
        same = (provider, options) == (self.provider.value, self._options())
        kept = same and secret is not None and keep_secret(name, secret)
        self._offer_saved()
        self.saved.value = name
        self.message.say(
            f"Saved as {name!r}, "
            + (
                "and its secret in this system's keyring."
                if kept
                else "without its secret: type it next time, or set ONEROSTER_CLIENT_SECRET."
            )
        )

    def _offer_saved(self) -> None:
        try:
            names = [name for name in list_profiles() if self._knows(name)]
        except ConfigurationError as error:
            names = []
            self.message.say(str(error), "error")
        chosen = self._state.profile if self._state.profile in names else ""
        self.saved.options = [(_NONE, ""), *((name, name) for name in names)]
        self.saved.value = chosen
        self.saved.layout.display = None if names else "none"

    def _knows(self, name: str) -> bool:
        return load_profile(name).provider in PROVIDERS.values()

    def _fill_in(self) -> None:
        """Show what a saved connection holds."""
        if self.saved.value:
            try:
                profile = load_profile(self.saved.value)
            except ConfigurationError as error:  # it was deleted meanwhile
                self.message.say(str(error), "error")
                return
            self._provider_of_saved = profile.provider
            self.provider.value = profile.provider
            self.host.value = profile.options.get("host", "")
            self.client_id.value = profile.options.get("client_id", "")
            self.name.value = profile.name
        self._state.profile = self.saved.value or None

    def _provider_chosen(self) -> None:
        if self.saved.value and self._provider_of_saved != self.provider.value:
            self.saved.value = ""
        self._show_fields()

    def _show_fields(self) -> None:
        """Show only what the chosen provider needs."""
        needed = self.provider.value in _NEEDS_ACCOUNT
        self._account.layout.display = None if needed else "none"
        self._saving.layout.display = None if needed and self.source is not None else "none"


def _words(source: Source) -> str:
    """Say what one is connected to."""
    counts = source.headcounts()
    orgs = source.get_orgs(progress=False)
    district = orgs.loc[orgs["type"] == "district", "name"].dropna()
    name = district.iloc[0] if len(district) == 1 else repr(source)
    told = [
        f"{count:,} {what[:-1] if count == 1 else what}"
        for what, count in counts.items()
        if count is not None
    ]
    return f"Connected to {name}: {', '.join(told)}."
