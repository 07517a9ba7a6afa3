"""The first part of the form: which source, and how to get in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import ipywidgets as widgets
from traitlets import link

from oneroster_nb.connectors.connect import connect
from oneroster_nb.connectors.profile_store import list_profiles, load_profile
from oneroster_nb.connectors.profiles import keep_secret, save_profile
from oneroster_nb.connectors.registry import PROVIDERS
from oneroster_nb.errors import ConfigurationError, RosterError
from oneroster_nb.forms.panels.connection_fields import AccountFields, Secrets
from oneroster_nb.forms.runner import Done, Report
from oneroster_nb.forms.state import State
from oneroster_nb.forms.widgets.messages import Kind, Message, error_text, labelled, row
from oneroster_nb.forms.widgets.progress_bar import Working
from oneroster_nb.quality.check import check
from oneroster_nb.quality.findings import Findings
from oneroster_nb.roster.local import LocalSource
from oneroster_nb.source.source import Source, WholeRoster

T = TypeVar("T")

_NONE = "(none)"


@dataclass(frozen=True)
class _Opened:
    """How the connection was made that stands: what to save of it, and its secrets."""

    provider: str
    options: dict[str, Any]
    secrets: Secrets


class ConnectionPanel:
    """Provider, saved connections, the fields that provider needs, and Connect.

    ``left`` is called when another connection is tried: nothing of the source may stay.
    ``connected`` is called with a source once there is one; nothing of the former one may stay.
    ``checked`` is called with the findings about the source.
    """

    def __init__(
        self,
        state: State,
        working: Working,
        left: Callable[[], None],
        connected: Callable[[Source], None],
        checked: Callable[[Findings], None],
    ) -> None:
        self._state = state
        self._working = working
        self._left = left
        self._connected = connected
        self._checked = checked
        self.source: Source | None = None
        self._made: Source | None = None
        self._provider_of_saved = ""
        self._opened: _Opened | None = None

        self.provider = widgets.Dropdown(
            options=[(entry.label, entry.name) for entry in PROVIDERS.values()],
            description="Provider",
            **labelled(),
        )
        self.saved = widgets.Dropdown(description="Saved connection", **labelled())
        self.connect_button = widgets.Button(description="Connect", button_style="primary")
        self.load_button = widgets.Button(description="Load whole roster")
        self.check_button = widgets.Button(
            description="Check roster",
            tooltip="Find out what is wrong with the whole roster, at the time of When and Term",
        )
        self.name = widgets.Text(
            description="Save as", placeholder="a name for this connection", **labelled()
        )
        self.save_button = widgets.Button(description="Save connection")
        self.message = Message()
        self.message.say("Choose a provider and press Connect.")
        self._offer_saved()
        link((state, "provider"), (self.provider, "value"))
        self._fields = AccountFields(state, self.provider, self.saved)
        self._saving = row(self.name, self.save_button)
        self.widget = widgets.VBox(
            [
                row(self.provider, self.saved),
                self._fields.widget,
                row(self.connect_button, self.load_button, self.check_button),
                self.message,
                self._saving,
            ]
        )
        self._fill_in()
        self._show_fields()
        self.provider.observe(lambda _: self._provider_chosen(), "value")
        self.saved.observe(lambda _: self._fill_in(), "value")
        state.observe(lambda _: self._show_profile(), "profile")
        self.connect_button.on_click(lambda _: self._pressed())
        self.load_button.on_click(lambda _: self.load())
        self.check_button.on_click(lambda _: self.check())
        self._fields.on_submit(self._pressed)
        self.save_button.on_click(lambda _: self._save())

    def connect(self, secrets: Secrets) -> None:
        """Connect to what the fields say; a secret that is not given is looked for."""
        if self._working.busy:
            return
        if len(secrets) > 1:
            self.message.say("Type a client secret or an access token, not both.", "error")
            return
        typed = self._fields.options()
        if "access_token" in secrets:
            typed.pop("client_id", None)  # a token stands for itself
        profile = self._state.profile
        provider = None if profile else self._state.provider
        self.message.clear()
        self._left()
        self._fields.clear_upload(typed)

        def work(report: Report) -> tuple[Source, str]:
            source = connect(provider, profile=profile, **typed, **secrets)
            try:
                return source, _words(source, report)
            except BaseException:
                source.close()
                raise

        def ended(done: Done[tuple[Source, str]]) -> None:
            if done.value is None:
                words, kind = error_text(done.error)
                if self.source is not None:
                    words += f"\nStill connected to {self.source!r}."
                self.message.say(words, kind)
                return
            self._opened = _Opened(self._state.provider, typed, secrets)
            source, words = done.value
            self._fields.clear_secrets()
            self.take(source, "\n".join([words, *done.warnings]))
            self._made = source

        self._working.start("Connecting …", work, ended, self.connect_button)

    def load(self) -> None:
        """Load the whole roster; from then on questions are answered from memory."""
        sensitive = self._state.sensitive

        def loaded(roster: WholeRoster, warnings: list[str]) -> None:
            held = {n: len(roster.table(n)) for n in ("users", "classes", "enrollments")}
            words = (
                f"Loaded: {held['users']:,} people, {held['classes']:,} classes,"
                f" {held['enrollments']:,} enrollments. Every question is now answered from"
                " memory; Connect asks the server again."
            )
            self.take(roster, "\n".join([words, *warnings]))

        self._start(
            "Loading the whole roster …",
            self.load_button,
            lambda source, report: source.get_roster(sensitive=sensitive, progress=report),
            loaded,
        )

    def check(self) -> None:
        """Find out what is wrong with the roster, on the day or in the term that is set."""
        moment = self._state.moment()
        self._start(
            "Checking the roster …",
            self.check_button,
            lambda source, report: check(source, **moment, progress=report),
            lambda findings, _: self._checked(findings),
        )

    def _start(
        self,
        what: str,
        button: widgets.Button,
        work: Callable[[Source, Report], T],
        then: Callable[[T, list[str]], None],
    ) -> None:
        """Start work on the source; `then` takes the result, if the form has no other source."""
        source = self.source
        if self._working.busy or source is None:
            return

        def ended(done: Done[T]) -> None:
            if self.source is not source:
                return
            if done.value is None:
                self.message.say(*error_text(done.error))
            else:
                then(done.value, done.warnings)

        self._working.start(what, lambda report: work(source, report), ended, button)

    def take(self, source: Source, words: str = "") -> None:
        """Take a source that is connected already."""
        if self._made is not None and self._made is not source:
            self._made.close()
            self._made = None
        self.source = source
        self._show_fields()
        self._connected(source)
        # Last, so that who reads it and begins to ask finds the form ready.
        self.message.say(words or f"Connected to {source!r}.")

    def _pressed(self) -> None:
        words = "The connection was changed while its secret was read. Press Connect again."
        self._fields.collect(self.connect, lambda: self.message.say(words, "error"))

    def _save(self) -> None:
        name = self.name.value.strip()
        opened = self._opened
        options = self._fields.options()
        if opened is not None and "access_token" in opened.secrets:
            options.pop("client_id", None)
        try:
            if not name:
                raise ConfigurationError("Give the connection a name in Save as, then save it.")
            if isinstance(options.get("path"), bytes):
                raise ConfigurationError(
                    "A bundle that was uploaded cannot be saved as a connection. Put it beside the"
                    " notebook, give its path and connect to that."
                )
            save_profile(name, self.provider.value, **options)
        except RosterError as error:
            self.message.say(str(error), "error")
            return
        # A secret is kept only for the connection that it opened.
        secrets: Secrets = {}
        if opened is not None and (opened.provider, opened.options) == (
            self.provider.value,
            options,
        ):
            secrets = opened.secrets
        secret = secrets.get("access_token") or secrets.get("client_secret")
        kept, failure = False, ""
        try:
            kept = secret is not None and keep_secret(name, secret)
        except RosterError as error:
            failure = f"\n{error}"
        if self._offer_saved():
            self.saved.value = name
            self.message.say(*_saved_words(name, self.provider.value, kept, failure))

    def _offer_saved(self) -> bool:
        """Offer the saved connections; say so and return False if they cannot be read."""
        names, whole = [], True
        try:
            names = [n for n in list_profiles() if load_profile(n).provider in PROVIDERS]
        except RosterError as error:
            whole = False
            self.message.say(str(error), "error")
        chosen = self._state.profile if self._state.profile in names else ""
        self.saved.options = [(_NONE, ""), *((name, name) for name in names)]
        self.saved.value = chosen
        self.saved.layout.display = None if names else "none"
        return whole

    def _show_profile(self) -> None:
        """Show a saved connection that was set from outside."""
        name = self._state.profile or ""
        if name in [value for _, value in self.saved.options]:
            self.saved.value = name

    def _fill_in(self) -> None:
        """Show what a saved connection holds."""
        if self.saved.value:
            try:
                profile = load_profile(self.saved.value)
            except RosterError as error:  # it was deleted meanwhile
                self.message.say(str(error), "error")
                return
            self._provider_of_saved = profile.provider
            self.provider.value = profile.provider
            self._fields.fill(profile.options)
            self.name.value = profile.name
        self._state.profile = self.saved.value or None

    def _provider_chosen(self) -> None:
        if self.saved.value and self._provider_of_saved != self.provider.value:
            self.saved.value = ""
        self._show_fields()

    def _show_fields(self) -> None:
        """Show only what the chosen provider needs, and what can be done with the source."""
        self._fields.show()
        live = self.source is not None and not isinstance(self.source, LocalSource)
        self.load_button.layout.display = None if live else "none"
        self.check_button.layout.display = None if self.source is not None else "none"
        savable = self._fields.needed and self.source is not None
        self._saving.layout.display = None if savable else "none"


def _saved_words(name: str, provider: str, kept: bool, failure: str) -> tuple[str, Kind]:
    """Write what was saved, and what was not."""
    if PROVIDERS[provider].local:
        return f"Saved as {name!r}.", "info"
    if kept:
        return f"Saved as {name!r}, and its secret in this system's keyring.", "info"
    words = (
        f"Saved as {name!r}, without its secret: type it next time, or set ONEROSTER_CLIENT_SECRET"
        " or ONEROSTER_ACCESS_TOKEN."
    )
    return words + failure, "error" if failure else "info"


def _words(source: Source, report: Report) -> str:
    """Describe what the form is connected to."""
    counts = source.headcounts(progress=report)
    orgs = source.get_orgs(progress=report)
    district = orgs.loc[orgs["type"] == "district", "name"].dropna()
    name = district.iloc[0] if len(district) == 1 else repr(source)
    numbers = [
        f"{count:,} {what[:-1] if count == 1 else what}"
        for what, count in counts.items()
        if count is not None
    ]
    return f"Connected to {name}: {', '.join(numbers)}."
