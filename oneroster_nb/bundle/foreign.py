"""CSV files that are not a OneRoster bundle, and OneRoster files with other names (pure)."""

from collections.abc import Callable, Collection, Mapping, Sequence

from oneroster_nb.bundle.layout import FILES

_SDS_1 = frozenset(
    {"school", "section", "student", "teacher", "studentenrollment", "teacherroster"}
)
_CLEVER = frozenset({"schools", "students", "teachers", "sections"})
_FILES_OF_ONE = 3
_SDS_2: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "roles": (frozenset({"usersourcedid", "orgsourcedid", "role"}), frozenset({"sourcedid"})),
    "enrollments": (
        frozenset({"classsourcedid", "usersourcedid", "role"}),
        frozenset({"sourcedid"}),
    ),
    "classes": (frozenset({"sessionsourcedids"}), frozenset()),
    "users": (frozenset({"activedirectorymatchid"}), frozenset()),
}
"""File of SDS V2.1 to the columns that it has, and the columns that only OneRoster has."""

_OTHER_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("organization", "organizations", "organisations", "schools"), "orgs"),
    **dict.fromkeys(("sessions", "terms", "academicterms", "schoolyears"), "academicSessions"),
    **dict.fromkeys(("sections",), "classes"),
    **dict.fromkeys(("people", "persons", "students", "teachers", "staff"), "users"),
    **dict.fromkeys(("memberships", "rosters", "classenrollments"), "enrollments"),
    **dict.fromkeys(("userroles",), "roles"),
    **dict.fromkeys(("studentdemographics",), "demographics"),
}
_COMMON = frozenset({"sourcedid", "status", "datelastmodified"})
_ENOUGH = 0.6
_FEW = 3
_TOLD_BY_COLUMNS = frozenset(
    {"orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics"}
)
"""Tables that most bundles have. Extra files of a district may look like the other tables."""


def foreign_set(names: Collection[str], header: Callable[[str], Sequence[str]]) -> str:
    """Return the name of a format if the files are in it instead of OneRoster's, else "".

    Parameters
    ----------
    names : collection of str
        The names of the files, without extension.
    header : callable
        Returns the column names of a file.

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
    """Return the table that a file holds, judged by its name or columns; "" if it is none.

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
