"""The columns of an answer beside those of users, and what all of them hold."""

from collections.abc import Mapping

from oneroster_nb.people.demographics import DEMOGRAPHIC_COLUMNS
from oneroster_nb.tables.field import Kind
from oneroster_nb.tables.table import TABLES, empty_table

GROUP_COLUMNS = ("groupType", "groupSourcedId", "groupName", "matchedOn")
CLASS_COLUMNS: Mapping[str, str] = {
    "classSourcedId": "sourcedId",
    "classTitle": "title",
    "classCode": "classCode",
    "courseSourcedId": "courseSourcedId",
    "courseTitle": "courseTitle",
    "schoolSourcedId": "schoolSourcedId",
    "schoolName": "schoolName",
    "termSourcedIds": "termSourcedIds",
    "termTitles": "termTitles",
}
"""What an answer says of classes: its columns, and those of the classes that they are of."""

ENROLLMENT_COLUMNS: Mapping[str, str] = {
    "enrollmentRole": "role",
    "enrollmentPrimary": "primary",
    "enrollmentBeginDate": "beginDate",
    "enrollmentEndDate": "endDate",
}
"""What an answer says of enrollments, and their own columns."""

GROUP_COUNT = "groupCount"
"""The column that says in how many groups a user is; it is shown in answers of one row a user."""

LISTS = frozenset({"termSourcedIds", "termTitles"})
"""The columns of classes that hold several values."""

ANSWER_COLUMNS: Mapping[str, Kind] = {
    **dict.fromkeys(map(str, empty_table("users", sensitive=True)), Kind.TEXT),
    **TABLES["users"].columns,
    **dict.fromkeys((*GROUP_COLUMNS, *CLASS_COLUMNS, *ENROLLMENT_COLUMNS), Kind.TEXT),
    **dict.fromkeys((*LISTS, "schoolSourcedIds", "schoolNames"), Kind.VALUES),
    GROUP_COUNT: Kind.NUMBER,
    "enrollmentPrimary": Kind.BOOLEAN,
    "enrollmentBeginDate": Kind.DATE,
    "enrollmentEndDate": Kind.DATE,
    **DEMOGRAPHIC_COLUMNS,
}
"""Each column that an answer can have, and what it holds.

A provider's own columns are not among them; they have a dot in their names.
"""
