"""The demo district behind every kind of source; a new provider gets a line here."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

import oneroster_nb as onb
from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.source.source import Source

Opener = Callable[[DemoServer, Path], Source]


def _live_1p1(server: DemoServer, _folder: Path) -> Source:
    return onb.OneRosterConnector(server.host, server.client_id, server.client_secret)


def _live_1p2(server: DemoServer, _folder: Path) -> Source:
    return onb.OneRosterConnector(
        server.host_v1p2, server.client_id, server.client_secret, token_url=server.token_url
    )


def _clever(version: str) -> Opener:
    def opened(server: DemoServer, _folder: Path) -> Source:
        return onb.CleverConnector(server.clever_token, server.clever_hosts[version])

    return opened


def _bundle(version: str) -> Opener:
    def opened(server: DemoServer, folder: Path) -> Source:
        with _live_1p2(server, folder) as live:
            path = live.get_roster().to_csv_bundle(folder / f"{version}.zip", version)
        return onb.CsvConnector(path)

    return opened


def _pulled(server: DemoServer, folder: Path) -> Source:
    with _live_1p1(server, folder) as live:
        return live.get_roster()


def _saved(server: DemoServer, folder: Path) -> Source:
    with _live_1p2(server, folder) as live:
        return onb.Roster.load(live.get_roster().save(folder / "kept.roster"))


OPENERS: Mapping[str, Opener] = MappingProxyType(
    {
        "OneRoster 1.1": _live_1p1,
        "OneRoster 1.2": _live_1p2,
        "Clever 3.1": _clever("3.1"),
        "Clever 3.0": _clever("3.0"),
        "Clever 2.1": _clever("2.1"),
        "CSV 1.1": _bundle("1.1"),
        "CSV 1.2": _bundle("1.2"),
        "roster": _pulled,
        "saved roster": _saved,
    }
)


class EverySource:
    """Opens each kind of source when it is first asked for, and closes all at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._server = self._open.enter_context(DemoServer())
        self._sources: dict[str, Source] = {}

    def __getitem__(self, kind: str) -> Source:
        if kind not in self._sources:
            opened = OPENERS[kind](self._server, self._folder)
            self._sources[kind] = self._open.enter_context(opened)
        return self._sources[kind]

    def close(self) -> None:
        """Close the sources and stop the server."""
        self._open.close()
