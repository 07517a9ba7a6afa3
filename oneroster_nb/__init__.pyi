from .analysis.classes import (
    class_sizes as class_sizes,
    empty_classes as empty_classes,
)
from .analysis.enrollments import (
    dangling_enrollments as dangling_enrollments,
    repeated_courses as repeated_courses,
)
from .analysis.people import (
    duplicate_people as duplicate_people,
    email_problems as email_problems,
    grade_and_role_problems as grade_and_role_problems,
    multi_school as multi_school,
    without_classes as without_classes,
)
from .analysis.seats import seats as seats
from .analysis.sections import cross_listed as cross_listed
from .analysis.teachers import teacher_loads as teacher_loads
from .compare.diff import Diff as Diff, diff as diff
from .compare.lists import compare_lists as compare_lists
from .compare.match_people import match_people as match_people
from .connectors.clever.connector import CleverConnector as CleverConnector
from .connectors.connect import connect as connect
from .connectors.csv import CsvConnector as CsvConnector
from .connectors.live.connector import Connector as Connector
from .connectors.oneroster.classlink import ClasslinkConnector as ClasslinkConnector
from .connectors.oneroster.connector import OneRosterConnector as OneRosterConnector
from .connectors.profile_store import list_profiles as list_profiles
from .connectors.profiles import delete_profile as delete_profile, save_profile as save_profile
from .counts.count import count as count, crosstab as crosstab
from .errors import (
    AnswerError as AnswerError,
    AuthenticationError as AuthenticationError,
    BundleError as BundleError,
    CancelledError as CancelledError,
    CertificateError as CertificateError,
    ConfigurationError as ConfigurationError,
    ConnectionFailedError as ConnectionFailedError,
    CredentialsError as CredentialsError,
    DanglingReferenceWarning as DanglingReferenceWarning,
    DuplicateKeyWarning as DuplicateKeyWarning,
    ForbiddenError as ForbiddenError,
    IncompleteError as IncompleteError,
    NoAnswerError as NoAnswerError,
    NoMatchWarning as NoMatchWarning,
    NotFoundError as NotFoundError,
    NotProvidedError as NotProvidedError,
    NotSharedWarning as NotSharedWarning,
    PartialResultWarning as PartialResultWarning,
    QueryError as QueryError,
    RosterError as RosterError,
    RosterWarning as RosterWarning,
    ServerError as ServerError,
    SeveralRecordsWarning as SeveralRecordsWarning,
    SnapshotError as SnapshotError,
    UnavailableError as UnavailableError,
    UnknownRoleWarning as UnknownRoleWarning,
    UnreadableValueWarning as UnreadableValueWarning,
)
from .forms.explorer import explore as explore
from .privacy.pseudonyms import pseudonymise as pseudonymise
from .quality.check import check as check
from .quality.findings import Findings as Findings
from .query.query import Query as Query
from .roster.roster import Roster as Roster
from .source.source import Source as Source
from .tables.rulebook import rules as rules
from .tables.table import split_values as split_values
