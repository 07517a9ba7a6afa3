from .analysis.classes import (
    class_sizes as class_sizes,
)
from .analysis.classes import (
    empty_classes as empty_classes,
)
from .analysis.classes import (
    teacher_loads as teacher_loads,
)
from .analysis.enrollments import (
    dangling_enrollments as dangling_enrollments,
)
from .analysis.enrollments import (
    repeated_courses as repeated_courses,
)
from .analysis.people import (
    duplicate_people as duplicate_people,
)
from .analysis.people import (
    email_problems as email_problems,
)
from .analysis.people import (
    grade_and_role_problems as grade_and_role_problems,
)
from .analysis.people import (
    multi_school as multi_school,
)
from .analysis.people import (
    without_classes as without_classes,
)
from .analysis.seats import seats as seats
from .analysis.sections import cross_listed as cross_listed
from .compare.diff import Diff as Diff
from .compare.diff import diff as diff
from .compare.lists import compare_lists as compare_lists
from .compare.match_people import match_people as match_people
from .connectors.clever.connector import CleverConnector as CleverConnector
from .connectors.connect import connect as connect
from .connectors.csv import CsvConnector as CsvConnector
from .connectors.live.connector import Connector as Connector
from .connectors.oneroster.classlink import ClasslinkConnector as ClasslinkConnector
from .connectors.oneroster.connector import OneRosterConnector as OneRosterConnector
from .connectors.profile_store import list_profiles as list_profiles
from .connectors.profiles import delete_profile as delete_profile
from .connectors.profiles import save_profile as save_profile
from .counts.count import count as count
from .counts.count import crosstab as crosstab
from .errors import (
    AnswerError as AnswerError,
)
from .errors import (
    AuthenticationError as AuthenticationError,
)
from .errors import (
    BundleError as BundleError,
)
from .errors import (
    CancelledError as CancelledError,
)
from .errors import (
    CertificateError as CertificateError,
)
from .errors import (
    ConfigurationError as ConfigurationError,
)
from .errors import (
    ConnectionFailedError as ConnectionFailedError,
)
from .errors import (
    CredentialsError as CredentialsError,
)
from .errors import (
    DanglingReferenceWarning as DanglingReferenceWarning,
)
from .errors import (
    DuplicateKeyWarning as DuplicateKeyWarning,
)
from .errors import (
    ForbiddenError as ForbiddenError,
)
from .errors import (
    IncompleteError as IncompleteError,
)
from .errors import (
    NoAnswerError as NoAnswerError,
)
from .errors import (
    NoMatchWarning as NoMatchWarning,
)
from .errors import (
    NotFoundError as NotFoundError,
)
from .errors import (
    NotProvidedError as NotProvidedError,
)
from .errors import (
    NotSharedWarning as NotSharedWarning,
)
from .errors import (
    PartialResultWarning as PartialResultWarning,
)
from .errors import (
    QueryError as QueryError,
)
from .errors import (
    RosterError as RosterError,
)
from .errors import (
    RosterWarning as RosterWarning,
)
from .errors import (
    ServerError as ServerError,
)
from .errors import (
    SeveralRecordsWarning as SeveralRecordsWarning,
)
from .errors import (
    SnapshotError as SnapshotError,
)
from .errors import (
    UnavailableError as UnavailableError,
)
from .errors import (
    UnknownRoleWarning as UnknownRoleWarning,
)
from .errors import (
    UnreadableValueWarning as UnreadableValueWarning,
)
from .forms.explorer import explore as explore
from .privacy.pseudonyms import pseudonymise as pseudonymise
from .quality.check import Findings as Findings
from .quality.check import check as check
from .query.query import Query as Query
from .roster.roster import Roster as Roster
from .source.source import Source as Source
from .tables.schema import split_values as split_values
