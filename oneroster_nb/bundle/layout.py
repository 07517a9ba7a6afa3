"""The files of a OneRoster CSV bundle and their columns, in the order of the standard."""

from collections.abc import Mapping

from oneroster_nb.tables.field import BOTH
from oneroster_nb.tables.fields import FIELDS

MANIFEST = "manifest"

_FIELDS = {
    version: {
        name: FIELDS[name].in_file(version)
        for name in sorted(FIELDS, key=str.casefold)
        if version in FIELDS[name].csv
    }
    for version in BOTH
}

FILES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    version: {name: tuple(each.name for each in fields) for name, fields in files.items()}
    for version, files in _FIELDS.items()
}
"""Version to file to its columns, in the order of the manifest."""

REQUIRED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    version: {
        name: tuple(each.name for each in fields if version in each.required)
        for name, fields in files.items()
    }
    for version, files in _FIELDS.items()
}
"""Version to file to the columns that must have a value in every row of a bulk file."""
