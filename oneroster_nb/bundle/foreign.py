"""Sets of CSV files that are no OneRoster bundles, and files under other names (pure)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from oneroster_nb.bundle.layout import FILES

__all__ = ["foreign_set", "table_under_another_name"]

_SDS_1 = frozenset(
    {"school", "section", "student", "teacher", "studentenrollment", "teacherroster"}
)
_CLEVER = frozenset({"schools", "students", "teachers", "sections"})
_FILES_OF_ONE = 3
_SDS_2: Mapping[str, tuple[frozenset[str], frozenset[str]]] = MappingProxyType(
    {
        "roles": (frozenset({"usersourcedid", "orgsourcedid", "role"}), frozenset({"sourcedid"})),
        "enrollments": (
            frozenset({"classsourcedid", "usersourcedid", "role"}),
            frozenset({"sourcedid"}),
        ),
        "classes": (frozenset({"sessionsourcedids"}), frozenset()),
        "users": (frozenset({"activedirectorymatchid"}), frozenset()),
    }
)
"""File of SDS V2.1 to the columns that it has, and those that only OneRoster has."""

_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("organization", "organizations", "organisations", "schools"), "orgs"),
        **dict.fromkeys(("sessions", "terms", "academicterms", "schoolyears"), "academicSessions"),
        **dict.fromkeys(("sections",), "classes"),
        **dict.fromkeys(("people", "persons", "students", "teachers", "staff"), "users"),
        **dict.fromkeys(("memberships", "rosters", "classenrollments"), "enrollments"),
        **dict.fromkeys(("userroles",), "roles"),
        **dict.fromkeys(("studentdemographics",), "demographics"),
    }
)
_COMMON = frozenset({"sourcedid", "status", "datelastmodified"})
_ENOUGH = 0.6
_FEW = 3
_TOLD_BY_COLUMNS = frozenset(
    {"orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics"}
)
"""The tables of which every bundle has most; files of one's own may look like the others."""


def foreign_set(names: Collection[str], header: Callable[[str], Sequence[str]]) -> str:
    """Return what a set of files is if it is another one than a OneRoster bundle, else "".

    Parameters
    ----------
    names : collection of str
        The names of the files, without ending.
    header : callable
        Gives the names of the columns of a file.

    Examples
    --------
    >>> foreign_set(["School", "Section", "Student", "Teacher"], lambda name: ["SIS ID"])
    'a set of Microsoft School Data Sync (SDS V1)'
    """
    folded = {name.casefold(): name for name in names}
    if "users" not in folded:
        if len(_SDS_1 & folded.keys()) >= _FILES_OF_ONE:
            return "a set of Microsoft School Data Sync (SDS V1)"
        if len(_CLEVER & folded.keys()) >= _FILES_OF_ONE:
            return "a set of CSV files for Clever"
    for table, (needed, ours) in _SDS_2.items():
        if table in folded:
            columns = {column.strip().casefold() for column in header(folded[table])}
            if needed <= columns and not ours & columns:
                return "a set of Microsoft School Data Sync (SDS V2.1)"
    return ""


def table_under_another_name(name: str, header: Sequence[str], free: Collection[str]) -> str:
    """Return which of the tables that have no file a file is, told by its name or columns.

    Examples
    --------
    >>> table_under_another_name("Organizations", ["Id", "Name"], ["orgs", "users"])
    'orgs'
    >>> table_under_another_name("buses", ["sourcedId", "route"], ["orgs", "users"])
    ''
    """
    table = _OTHER_NAMES.get(name.casefold().replace("_", "").replace("-", ""), "")
    if table in free:
        return table
    names = {column.strip().casefold() for column in header}
    own = names - _COMMON
    if "sourcedid" not in names:
        return ""
    shares = {one: len(own & _columns_of(one)) for one in free if one in _TOLD_BY_COLUMNS}
    best = max(shares, key=shares.__getitem__, default="")
    return best if best and shares[best] >= max(_FEW, _ENOUGH * len(own)) else ""


def _columns_of(table: str) -> set[str]:
    return {column.casefold() for files in FILES.values() for column in files.get(table, ())}
