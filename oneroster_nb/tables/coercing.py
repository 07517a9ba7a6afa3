"""Tables that a person made by hand, validated and brought to the dtypes of the schema."""

from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from oneroster_nb.errors import ConfigurationError, PartialResultWarning, warn
from oneroster_nb.tables.casting import cast_columns, to_frame
from oneroster_nb.tables.demographic_names import is_demographic, without_demographics
from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.tables.grades import grade_code
from oneroster_nb.tables.notes import Note, findings_of_notes, notes_of, warn_of_unreadable
from oneroster_nb.tables.repeated_keys import distinct_rows, warn_of_lost_rows
from oneroster_nb.tables.roles import completed_roles
from oneroster_nb.tables.rules import Finding
from oneroster_nb.tables.table import EXTRA_TABLES, TABLES, empty_table, split_text
from oneroster_nb.tables.text import arrow_texts, texts
from oneroster_nb.tables.vocabulary import ACTIVE, has_words, standard_word


def coerce_frame(name: str, table: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """Bring the canonical columns of a table that have other dtypes to those of the schema.

    The table has a RangeIndex, and is returned itself if nothing had to be changed. Notes say what
    was read otherwise than it was written. A value that cannot be read is missing.

    Examples
    --------
    >>> given = pd.DataFrame({"sourcedId": [7, 8], "givenName": ["Ada", "Bo"], "grades": [6, 7]})
    >>> table, notes = coerce_frame("users", given)
    >>> table[["sourcedId", "givenName", "grades"]].to_numpy().tolist(), notes
    ([['7', 'Ada', '06'], ['8', 'Bo', '07']], [])
    """
    kinds = TABLES[name].columns
    known = {str(column): values for column, values in table.items() if column in kinds}
    odd = [
        column
        for column, values in known.items()
        if values.dtype != kinds[column].dtype or _is_untidy(name, values)
    ]
    if not odd:
        return table, []
    written = {c: pa.array(texts(table[c]), pa.string(), from_pandas=True) for c in odd}
    read = cast_columns(name, written, sensitive=True)
    frame = to_frame(read)
    kept = [*odd, *(column for column in frame.columns if column not in kinds)]
    return table.assign(**{column: frame[column] for column in kept}), notes_of(read)


def _is_untidy(name: str, values: "pd.Series[str]") -> bool:
    """Return True if texts are blank, or words or grades that the standard writes otherwise."""
    if values.dtype != "str" or values.empty:
        return False
    column, given = str(values.name), arrow_texts(values)
    if has_words(name, column):
        words = pc.unique(given).to_pylist()
        odd = any(word is not None and standard_word(name, column, word) != word for word in words)
        return odd or (column == "status" and None in words)
    if column != "grades":
        return bool(pc.index(given, "").as_py() >= 0)
    parts = {
        part
        for text in pc.unique(given).to_pylist()
        if text is not None
        for part in split_text(text) or [""]
    }
    return any(not part or grade_code(part) != part for part in parts)


def validated_tables(
    tables: Mapping[str, pd.DataFrame],
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Return the tables of a roster with all columns, the dtypes of the schema and each key once.

    A column that is not given is missing throughout. Findings say what was read otherwise than it
    was written.

    Raises
    ------
    ConfigurationError
        For a table that is not canonical, or one that lacks ``sourcedId`` or a reference without
        which its rows say nothing, such as ``enrollments.userSourcedId``.

    Warns
    -----
    UnreadableValueWarning
        For values that cannot be brought to the dtype of their column, and become missing.
    PartialResultWarning
        If users have columns that hold demographics; they are left out.
    DuplicateKeyWarning
        If rows are left out because an earlier one has their sourcedId.
    """
    checked = {name: _validated_frame(name, table) for name, table in tables.items()}
    rows = {name: distinct_rows(name, table) for name, (table, _) in checked.items()}
    findings = [each for name in rows for each in (*checked[name][1], *rows[name].findings)]
    warn_of_lost_rows(findings)
    kept = {name: distinct.table for name, distinct in rows.items()}
    parts = rows["users"].parts if "users" in rows else empty_table("users")
    if len(parts) > len(kept.get("users", ())):
        # What joined rows say of different roles has its place in the table of roles.
        held, orgs = (kept.get(name, empty_table(name)) for name in ("roles", "orgs"))
        kept["roles"] = completed_roles(parts, held, orgs)
    return kept, findings


def _validated_frame(name: str, table: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    if name not in TABLES and name not in EXTRA_TABLES:
        raise ConfigurationError(
            f"There is no canonical table {name!r}. The tables are: {', '.join(TABLES)}."
        )
    if not isinstance(table, pd.DataFrame):
        raise ConfigurationError(f"The table {name} is no DataFrame but {type(table).__name__}.")
    table = _with_every_column(name, table.reset_index(drop=True))
    table.attrs = {}  # notes of whoever made it are no part of a roster, and not to be saved
    if name not in TABLES:
        return table, []
    table, notes = coerce_frame(name, table)
    warn_of_unreadable(name, notes)
    kept = _without_demographics(table) if name == "users" else table
    return kept, list(findings_of_notes(name, notes))


def _with_every_column(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the columns that it lacks, as an earlier version saved it, missing."""
    columns = [each for each in FIELDS[name].columns if not each.sensitive]
    lacking = [each for each in columns if each.name not in table.columns]
    keys = [each.name for each in lacking if each.link or each.name == "sourcedId"]
    if keys:
        raise ConfigurationError(
            f"The table {name} lacks {' and '.join(keys)}, which every row needs. Other columns can"
            " be left out."
        )
    if not lacking:
        return table
    _refuse_misspelt(name, table, [each.name for each in lacking])
    added = {
        each.name: pd.Series(
            ACTIVE if each.name == "status" else None, index=table.index, dtype=each.kind.dtype
        )
        for each in lacking
    }
    known = [each.name for each in FIELDS[name].columns if each.name in {*table.columns, *added}]
    others = [column for column in table.columns if column not in known]
    return table.assign(**added)[[*known, *others]]


def _refuse_misspelt(name: str, table: pd.DataFrame, lacking: Sequence[str]) -> None:
    """Refuse a column that is one of those that lack but for case and underscores."""
    plain = {str(column).replace("_", "").casefold(): column for column in table.columns}
    for column in lacking:
        if column.casefold() in plain:
            raise ConfigurationError(
                f"The table {name} has a column {plain[column.casefold()]!r}, which is called"
                f" {column!r} in the standard. Rename it."
            )


def _without_demographics(users: pd.DataFrame) -> pd.DataFrame:
    """Leave out the additions to users that are demographics."""
    added = [c for c in users.columns if c not in TABLES["users"].columns]
    told = [c for c in added if is_demographic(str(c))]
    if told:
        warn(
            f"The columns {', '.join(map(str, told))} of users hold demographics, so they are left"
            " out. Put them into the table demographics.",
            PartialResultWarning,
        )
    for column in added:
        values = users[column]
        if column not in told and values.dtype == "str" and values.str.match(r"\s*[\[{]").any():
            kept = {text: without_demographics(text) for text in values.dropna().unique()}
            users = users.assign(**{column: values.map(kept).astype("str")})
    return users.drop(columns=told)
