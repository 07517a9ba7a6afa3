"""School rosters from OneRoster, ClassLink and Clever as pandas DataFrames.

    import oneroster_nb as onb

    conn = onb.connect("demo")
    conn.get_users("students", "classes", "ELA 6 (6A ELA)")

The names below are the public ones; they are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oneroster_nb.analysis import count, crosstab
    from oneroster_nb.connectors import connect
    from oneroster_nb.connectors.classlink import ClasslinkConnector
    from oneroster_nb.connectors.clever import CleverConnector
    from oneroster_nb.connectors.csv_bundle import CsvConnector
    from oneroster_nb.connectors.oneroster import OneRosterConnector
    from oneroster_nb.errors import (
        AnswerError,
        AuthenticationError,
        BundleError,
        CancelledError,
        CertificateError,
        ConfigurationError,
        ConnectionFailedError,
        CredentialsError,
        DanglingReferenceWarning,
        DuplicateKeyWarning,
        ForbiddenError,
        IncompleteError,
        NoAnswerError,
        NoMatchWarning,
        NotFoundError,
        NotProvidedError,
        NotSharedWarning,
        PartialResultWarning,
        QueryError,
        RosterError,
        RosterWarning,
        ServerError,
        SnapshotError,
        UnavailableError,
        UnreadableValueWarning,
    )
    from oneroster_nb.forms.explorer import explore
    from oneroster_nb.profiles import delete_profile, list_profiles, save_profile
    from oneroster_nb.quality import check
    from oneroster_nb.query import Query
    from oneroster_nb.roster import Roster
    from oneroster_nb.schema import split_values

__all__ = [
    "AnswerError",
    "AuthenticationError",
    "BundleError",
    "CancelledError",
    "CertificateError",
    "ClasslinkConnector",
    "CleverConnector",
    "ConfigurationError",
    "ConnectionFailedError",
    "CredentialsError",
    "CsvConnector",
    "DanglingReferenceWarning",
    "DuplicateKeyWarning",
    "ForbiddenError",
    "IncompleteError",
    "NoAnswerError",
    "NoMatchWarning",
    "NotFoundError",
    "NotProvidedError",
    "NotSharedWarning",
    "OneRosterConnector",
    "PartialResultWarning",
    "Query",
    "QueryError",
    "Roster",
    "RosterError",
    "RosterWarning",
    "ServerError",
    "SnapshotError",
    "UnavailableError",
    "UnreadableValueWarning",
    "check",
    "connect",
    "count",
    "crosstab",
    "delete_profile",
    "explore",
    "list_profiles",
    "save_profile",
    "split_values",
]

_HOMES = {
    "AnswerError": "errors",
    "AuthenticationError": "errors",
    "BundleError": "errors",
    "CancelledError": "errors",
    "CertificateError": "errors",
    "ClasslinkConnector": "connectors.classlink",
    "CleverConnector": "connectors.clever",
    "ConfigurationError": "errors",
    "ConnectionFailedError": "errors",
    "CredentialsError": "errors",
    "CsvConnector": "connectors.csv_bundle",
    "DanglingReferenceWarning": "errors",
    "DuplicateKeyWarning": "errors",
    "ForbiddenError": "errors",
    "IncompleteError": "errors",
    "NoAnswerError": "errors",
    "NoMatchWarning": "errors",
    "NotFoundError": "errors",
    "NotProvidedError": "errors",
    "NotSharedWarning": "errors",
    "OneRosterConnector": "connectors.oneroster",
    "PartialResultWarning": "errors",
    "Query": "query",
    "QueryError": "errors",
    "Roster": "roster",
    "RosterError": "errors",
    "RosterWarning": "errors",
    "ServerError": "errors",
    "SnapshotError": "errors",
    "UnavailableError": "errors",
    "UnreadableValueWarning": "errors",
    "check": "quality",
    "connect": "connectors",
    "count": "analysis",
    "crosstab": "analysis",
    "delete_profile": "profiles",
    "explore": "forms.explorer",
    "list_profiles": "profiles",
    "save_profile": "profiles",
    "split_values": "schema",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
