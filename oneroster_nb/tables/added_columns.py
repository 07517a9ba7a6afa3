"""The columns that providers add to the standard's, and the words that people use for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PREFIXES = ("clever.",)
"""How the names of added columns begin."""
OTHER_NAMES = {"sis_id": ("clever.sis_id", "identifier")}
"""A word of a provider to the columns that can be meant."""
MATCHED_TOO = {"clever.sis_id": "sis_id"}
"""An added column of classes to the field that names are compared with if the column is there."""


@dataclass(frozen=True)
class AddedColumns:
    """The columns of people that a provider adds, as far as they are known beforehand.

    Attributes
    ----------
    names : frozenset of str
        Its own fields.
    beginnings : tuple of str
        How the names of fields begin that its customers choose, so that any name is possible.
    """

    names: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()

    def may_have(self, name: str) -> bool:
        """Return True if the provider can have a column of that name."""
        return name in self.names or self.is_free(name)

    def is_free(self, name: str) -> bool:
        """Return True if nobody knows beforehand whether there is a column of that name."""
        return (
            name not in self.names
            and name.startswith(self.beginnings)
            and name not in self.beginnings
        )


ADDED_BY_ONEROSTER = AddedColumns(beginnings=("metadata.",))

_CLEVER_ROLES: Mapping[str, str] = {
    "student": (
        "disability disability.disability_code disability.disability_status"
        " disability.disability_type ell_status enrollments ext frl_status gifted_status"
        " graduation_year home_language home_language_code iep_status legacy_id location"
        " location.address location.city location.lat location.lon location.state location.zip"
        " section_504_status state_id student_number"
    ),
    "teacher": "district ext legacy_id state_id teacher_number title",
    "staff": "department ext legacy_id roles title",
    "district_admin": "legacy_id title",
    "contact": "legacy_id phone_type student_relationships",
}
"""What each role of a user in Clever 2.1, 3.0 and 3.1 has beside the canonical columns."""
_CLEVER_TWICE: Mapping[str, str] = {
    "teacher": "identifier username",
    "staff": "identifier username",
    "district_admin": "",
    "contact": "identifier phone",
}
"""What a second role of a user can say otherwise than the first."""
ADDED_BY_CLEVER = AddedColumns(
    names=frozenset(
        {
            *("clever.created", "clever.district"),
            *("clever.lms_status", "clever.lms_status.synced_in_lms"),
            # How a grade was written, if that is not the standard's code.
            "metadata.grades",
            *(f"clever.{name}" for text in _CLEVER_ROLES.values() for name in text.split()),
            *(
                f"clever.{role}.{name}"
                for role, text in _CLEVER_TWICE.items()
                for name in f"{text} {_CLEVER_ROLES[role]}".split()
            ),
        }
    ),
    beginnings=("clever.ext.", *(f"clever.{role}.ext." for role in _CLEVER_TWICE)),
)


def added_columns(columns: Iterable[str], of_users: Iterable[str]) -> AddedColumns:
    """Return what the provider of some tables adds, by the names of their columns.

    Examples
    --------
    >>> added_columns(["clever.created"], []).may_have("clever.ell_status")
    True
    >>> added_columns(["name"], ["metadata.track"]).may_have("clever.ell_status")
    False
    """
    of_clever = any(column.startswith(PREFIXES) for column in columns)
    usual = ADDED_BY_CLEVER if of_clever else ADDED_BY_ONEROSTER
    held = {name for name in of_users if "." in name}
    return AddedColumns(usual.names | held, usual.beginnings)
