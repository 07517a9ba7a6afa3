"""School rosters from OneRoster, ClassLink and Clever as pandas DataFrames.

    import oneroster_nb as onb

    conn = onb.connect("demo")
    conn.get_users("students", "classes", "ELA 6 (6A ELA)")

The names below are the public ones; they are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oneroster_nb.analysis import (
        class_sizes,
        count,
        cross_listed,
        crosstab,
        dangling_enrollments,
        duplicate_people,
        email_problems,
        empty_classes,
        grade_and_role_problems,
        multi_school,
        repeated_courses,
        seats,
        teacher_loads,
        without_classes,
    )
    from oneroster_nb.compare import Diff, compare_lists, diff, match_people
    from oneroster_nb.connection import connect
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
        SeveralRecordsWarning,
        SnapshotError,
        UnavailableError,
        UnknownRoleWarning,
        UnreadableValueWarning,
    )
    from oneroster_nb.forms.explorer import explore
    from oneroster_nb.privacy.pseudonyms import pseudonymise
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
    "Diff",
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
    "SeveralRecordsWarning",
    "SnapshotError",
    "UnavailableError",
    "UnknownRoleWarning",
    "UnreadableValueWarning",
    "check",
    "class_sizes",
    "compare_lists",
    "connect",
    "count",
    "cross_listed",
    "crosstab",
    "dangling_enrollments",
    "delete_profile",
    "diff",
    "duplicate_people",
    "email_problems",
    "empty_classes",
    "explore",
    "grade_and_role_problems",
    "list_profiles",
    "match_people",
    "multi_school",
    "pseudonymise",
    "repeated_courses",
    "save_profile",
    "seats",
    "split_values",
    "teacher_loads",
    "without_classes",
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
    "Diff": "compare",
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
    "SeveralRecordsWarning": "errors",
    "SnapshotError": "errors",
    "UnavailableError": "errors",
    "UnknownRoleWarning": "errors",
    "UnreadableValueWarning": "errors",
    "check": "quality",
    "class_sizes": "analysis",
    "compare_lists": "compare",
    "connect": "connection",
    "count": "analysis",
    "cross_listed": "analysis",
    "crosstab": "analysis",
    "dangling_enrollments": "analysis",
    "delete_profile": "profiles",
    "diff": "compare",
    "duplicate_people": "analysis",
    "email_problems": "analysis",
    "empty_classes": "analysis",
    "explore": "forms.explorer",
    "grade_and_role_problems": "analysis",
    "list_profiles": "profiles",
    "match_people": "compare",
    "multi_school": "analysis",
    "pseudonymise": "privacy.pseudonyms",
    "repeated_courses": "analysis",
    "save_profile": "profiles",
    "seats": "analysis",
    "split_values": "schema",
    "teacher_loads": "analysis",
    "without_classes": "analysis",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
