"""All ways, by name; each module is loaded only by the process that measures one of its ways."""

import importlib
from collections.abc import Mapping

from job import Way

MODULES: Mapping[str, tuple[str, ...]] = {
    "peer": ("peer", "peer + pandas"),
    "ours": (
        "ours",
        "ours, listed before",
        "ours, asked before",
        "ours, whole roster",
        "ours, Clever",
    ),
    "limits": ("limit: fetch only", "limit: parse only"),
}
"""Module to its ways; all others are in :mod:`local`."""


def way_named(name: str) -> Way:
    """Return a way."""
    module = next((module for module, names in MODULES.items() if name in names), "local")
    way: Way = importlib.import_module(module).WAYS[name]
    return way
