"""The same questions, asked with the package ``oneroster`` from PyPI."""

import collections
import collections.abc
import importlib
import logging
import warnings
from contextlib import ExitStack
from functools import cache
from typing import Any

from groups import CLASS
from job import Job, Way

Records = list[dict[str, Any]]


@cache
def _module() -> Any:
    """Return the package, with what it needs of an older Python put back."""
    vars(collections).setdefault("MutableMapping", collections.abc.MutableMapping)
    logging.getLogger("classlink").addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # it compares numbers with `is`
        return importlib.import_module("oneroster.classlink")


def _asked(job: Job, *group: str) -> Records:
    """Return the students of a group, or all, as the package returns them."""
    kind, name = group or (None, None)
    connector = _module().ClasslinkConnector(
        host=job.serving.host,
        client_id="an id",
        client_secret="a secret",
        page_size=job.network.page,
    )
    found: Records = connector.get_users(kind, name, "students")
    return found


def as_list(job: Job, stack: ExitStack) -> Any:
    """Ask for a list of records."""
    _asked(job, "classes", CLASS)
    return lambda: _asked(job, *job.group)


def as_frame(job: Job, stack: ExitStack) -> Any:
    """Ask for a list of records, and make it a frame."""
    import pandas as pd

    pd.json_normalize(_asked(job, "classes", CLASS))
    return lambda: pd.json_normalize(_asked(job, *job.group))


WAYS: dict[str, Way] = {"peer": as_list, "peer + pandas": as_frame}
