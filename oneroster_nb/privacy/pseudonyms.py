"""Pseudonyms: codes instead of all values that identify people."""

import hashlib
import hmac
import io
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import pandas as pd

from oneroster_nb.errors import ConfigurationError
from oneroster_nb.files import new_private
from oneroster_nb.privacy.mentions import Mentions
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.roster.roster import Roster
from oneroster_nb.source.source import Source
from oneroster_nb.tables.field import Kind, Personal
from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.tables.spreadsheet_safety import csv_cell
from oneroster_nb.tables.table import EXTRA_TABLES, TABLES, join_values, split_text
from oneroster_nb.tables.text import texts

_Code: TypeAlias = Callable[[str, str], str]
"""Returns the code of a value in a namespace."""

_CONSONANTS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")
_PEOPLE = {name: table for name, table in FIELDS.items() if table.people}
_KEPT: Mapping[str, frozenset[str]] = {
    name: frozenset(each.name for each in table.rows if each.personal is Personal.STAYS)
    for name, table in _PEOPLE.items()
}
"""The tables whose rows are about people, and what stays in them; all else becomes codes."""

_REFERENCES: Mapping[str, str] = {
    each.name: each.to
    for table in _PEOPLE.values()
    for each in table.own
    if each.to in _PEOPLE and each.name.endswith(("SourcedId", "SourcedIds"))
}
"""Columns that point to people or to what is theirs, and the namespace of their codes."""

_SEVERAL = frozenset(
    each.name
    for table in _PEOPLE.values()
    for each in table.own
    if each.kind is Kind.VALUES and each.personal is not Personal.STAYS
)
_KEPT_ADDITIONS = frozenset({"metadata.grades"})
"""Columns about people that stay wherever they are."""

_ALIKE: Mapping[str, Personal] = {
    each.name: each.personal
    for table in _PEOPLE.values()
    for each in table.own
    if each.personal in (Personal.NOTHING, Personal.YEAR, Personal.EMAIL)
}
"""Columns that are treated in the same way in every table about people."""


def _users_with(*treated: Personal) -> tuple[str, ...]:
    return tuple(each.name for each in FIELDS["users"].own if each.personal in treated)


_NAMES = _users_with(Personal.NAME)
_IDS = ("sourcedId", *_users_with(Personal.ID, Personal.EMAIL))
_PERSONAL = re.compile(
    r"admin|advis|aide|assistant|author|birth|coach|contact|coordinator|counsel|creat(ed|or)"
    r"|guardian|head|instructor|mail|mentor|modified|nurse|owner|parent|person|phone|principal"
    r"|proctor|pupil|staff|student|superintend|supervis|teacher|tutor|updated|user",
    re.IGNORECASE,
)
"""What the names of additions have in them that are about people who may be nowhere else."""


def pseudonymise(
    source: Source,
    key: str | bytes | None = None,
    *,
    codes: str | None = None,
    crosswalk: str | Path | None = None,
    progress: ProgressOption = None,
) -> Roster:
    """Return a roster with codes instead of people's names and ids.

    The result is not anonymous. A person who knows the school can still recognize a child by the
    other values: grade, school, classes, sex, race, year of birth, marks. Treat the result as
    personal data. Share counts (with `suppress_below`), not rows.

    Parameters
    ----------
    source : Source
        A roster, or a connection, from which a roster is pulled.
    key : str or bytes, optional
        A secret from which the codes are computed: the same key always gives the same codes. With
        the key, people can be identified, so protect it like the roster itself. Make it long and
        random: ``secrets.token_hex(32)``.
    codes : {"random"}, optional
        Instead of a key: random codes, different each time.
    crosswalk : str or Path, optional
        With random codes: a CSV file to write, with the ``sourcedId`` of each ``code``. Only its
        owner can read it. Without it, the codes cannot be reversed.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    Roster
        All tables with their columns and rows. In every table and reference, ids of people and of
        rows about them become codes (HMAC-SHA256, one namespace per table); these rows are sorted
        by code. Names, email addresses, phones, user names, userIds, identifiers, the city of
        birth, comments on results, and a vendor's extra columns about people (``metadata.<name>``,
        ``clever.<name>``) become codes, too. A birth date becomes 1 January of its year, a
        ``dateLastModified`` its day. Pronouns and the ``provider`` are removed. Ids of classes,
        courses and orgs stay.

        Any other text (titles, rooms, ids, a vendor's extra columns about classes) becomes a code
        if it mentions a person or holds an email address. This includes words that are a name by
        chance: if a person is called Art, "Art 6" becomes a code. The name of an org becomes a code
        only if it holds a whole name. A vendor's extra column about the principal, a teacher or a
        contact always becomes a code. Nicknames, and names of people who are not in the roster,
        are not found in titles.

    Raises
    ------
    ConfigurationError
        If there is no key, or both a key and codes; or if the crosswalk exists or cannot be
        written.
    RosterError
        If the roster cannot be pulled.

    Examples
    --------
    >>> import oneroster_nb as onb
    >>> from oneroster_nb.demo.district.making import make_district
    >>> roster = onb.Roster(make_district())
    >>> coded = onb.pseudonymise(roster, key="a long secret of this notebook")
    >>> len(coded.get_users("students", "classes", "31763"))
    3
    >>> set(coded.users["sourcedId"]) & set(roster.users["sourcedId"])
    set()
    """
    random = _checked(source, key, codes, crosswalk)
    code = random or _keyed(key.encode() if isinstance(key, str) else key or b"")
    # The file is created first, so that an error comes before the work.
    opened = nullcontext() if crosswalk is None else _new_private_file(Path(crosswalk))
    with opened as file:
        # A title may hold a person's phone number, so all numbers are pulled to look for them.
        roster = (
            source
            if isinstance(source, Roster)
            else source.get_roster(sensitive=True, progress=progress)
        )
        coded = _coded(
            {name: roster.table(name) for name in (*TABLES, *EXTRA_TABLES)}, code, progress
        )
        if file is not None and random is not None:
            pairs = [("sourcedId", "code"), *sorted(random.given("users"))]
            file.writelines(f"{csv_cell(person)},{csv_cell(own)}\r\n" for person, own in pairs)
    # Without the host or path of the source: they name the district.
    pseudonyms = Roster(coded, taken=roster.taken)
    return pseudonyms if roster is source else pseudonyms.get_roster()


def _coded(
    tables: Mapping[str, pd.DataFrame], code: _Code, progress: ProgressOption
) -> dict[str, pd.DataFrame]:
    coder = _Coder(tables, code)
    coded = {}
    done, total = 0, sum(map(len, tables.values()))
    with Reporter(progress, "pseudonyms") as reporter:
        for name, table in tables.items():
            coded[name] = coder(name, table)
            done += len(table)
            reporter.tell(done, total)
    return coded


def _checked(source: Any, key: object, codes: object, crosswalk: object) -> "_Random | None":
    """Check the arguments; return a generator of random codes if they are wanted."""
    if not hasattr(source, "get_roster"):
        raise ConfigurationError(
            f"pseudonymise() takes a roster or a connection, not {type(source).__name__}."
        )
    if codes is None:
        if not isinstance(key, str | bytes) or not key:
            raise ConfigurationError(
                "pseudonymise() needs key=, a secret such as secrets.token_hex(32), or"
                ' codes="random".'
            )
        if crosswalk is not None:
            raise ConfigurationError(
                'A crosswalk is only written with codes="random"; a key needs none.'
            )
        return None
    if codes != "random" or key is not None:
        raise ConfigurationError(
            f'codes can be "random", without a key; not {codes!r}'
            f"{' together with a key' if key is not None else ''}."
        )
    return _Random()


def _keyed(key: bytes) -> _Code:
    def code(namespace: str, value: str) -> str:
        message = f"{namespace}\0{value}".encode("utf-8", "surrogatepass")
        return _spelt(hmac.digest(key, message, hashlib.sha256))

    return code


class _Random:
    """Random codes; the same value always gets the same code."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}

    def __call__(self, namespace: str, value: str) -> str:
        return self._given.setdefault((namespace, value), _spelt(secrets.token_bytes(10)))

    def given(self, namespace: str) -> Iterator[tuple[str, str]]:
        """Yield the values of a namespace with their codes."""
        return ((v, code) for (space, v), code in self._given.items() if space == namespace)


def _spelt(number: bytes) -> str:
    """Write the first 80 bits of a number in consonants, so that it is never a name or word."""
    return number[:10].hex().translate(_CONSONANTS)


@contextmanager
def _new_private_file(path: Path) -> Iterator[TextIO]:
    """Create a file that only its owner can read; remove it if writing fails."""
    try:
        created = new_private(path)
    except FileExistsError:
        raise ConfigurationError(
            f"The crosswalk {path} already exists. Choose another name: if the file were replaced,"
            " its codes could not be reversed any more."
        ) from None
    except OSError as exc:
        raise _unwritten(path, exc) from None
    try:
        with io.TextIOWrapper(created, encoding="utf-8", newline="") as file:
            yield file
    except OSError as exc:
        path.unlink()
        raise _unwritten(path, exc) from None
    except BaseException:
        path.unlink()
        raise


def _unwritten(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The crosswalk cannot be written to {path}: {error.strerror}. Check that the folder exists"
        " and that the disk has room."
    )


class _Coder:
    """Replaces values that identify people with codes, table by table.

    The tables name the people; `code` returns the code of a value in a namespace.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], code: _Code) -> None:
        users = tables["users"]
        names, whole = _names_of(users)
        ids = [value for column in _IDS if column in users for value in users[column].dropna()]
        ids += [part for text in users["userIds"].dropna() for part in split_text(text)]
        phones = [v for c in ("sms", "phone") if c in users for v in users[c].dropna()]
        self._code = code
        self._people = frozenset(users["sourcedId"].dropna())
        self._anybody = Mentions([*names, *whole], ids, phones)
        self._by_whole_name = Mentions(whole, parts=False)

    def __call__(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table with codes; rows about people are sorted by code."""
        about_people = name in _KEPT
        column_of = self._of_person if about_people else self._of_thing
        coded = pd.DataFrame(
            {column: column_of(name, table, column) for column in table.columns},
            index=table.index,
        )
        if about_people:
            # The order of a source, such as by name, could identify people.
            coded = coded.sort_values("sourcedId", kind="stable", ignore_index=True)
        return coded

    def _of_person(self, name: str, table: pd.DataFrame, column: str) -> "pd.Series[Any]":
        values = table[column]
        place = f"{name}.{column}"
        treated = _ALIKE.get(column)
        if treated is Personal.NOTHING:  # too few values: codes would reveal them
            return pd.Series([None] * len(values), index=values.index, dtype="str")
        if column == "dateLastModified" or not len(values.dropna()):
            return _days(values)
        if treated is Personal.YEAR:
            years: pd.Series[Any] = values.dt.to_period("Y").dt.to_timestamp()
            return years.astype(values.dtype)
        if column in _NAMES and name == "users":
            # One code per person, so that equal names are not visible.
            owner = table["sourcedId"].where(values.notna() & (values != ""))
            return self._each(owner, place)
        if treated is Personal.EMAIL:
            address = values.str.strip().str.casefold()  # one address in any spelling
            return self._each(address, place) + "@example.invalid"
        if column == "sourcedId":
            return self._each(values, "users" if name in ("users", "demographics") else name)
        if column in _REFERENCES:
            return self._each(values, _REFERENCES[column], several=column in _SEVERAL)
        if column in _KEPT[name] | _KEPT_ADDITIONS:
            return self._scrubbed(values, _namespace(name, column), self._anybody)
        return self._each(values, place, several=column in _SEVERAL)

    def _of_thing(self, name: str, table: pd.DataFrame, column: str) -> "pd.Series[Any]":
        values = table[column]
        place = _namespace(name, column)
        if column == "dateLastModified" or not len(values.dropna()):
            return _days(values)
        added = column not in (TABLES[name].columns if name in TABLES else EXTRA_TABLES[name])
        if added and self._are_people(values):
            return self._each(values, "users", several=True)
        if added and _PERSONAL.search(column):
            return self._each(values, place)
        org_name = (name, column) == ("orgs", "name")
        return self._scrubbed(values, place, self._by_whole_name if org_name else self._anybody)

    def _are_people(self, values: "pd.Series[Any]") -> bool:
        """Return True if each value of a vendor's extra column is the id of a person."""
        if values.dtype != "str":
            return False
        return all(self._people.issuperset(split_text(text)) for text in values.dropna().unique())

    def _each(
        self, values: "pd.Series[Any]", namespace: str, *, several: bool = False
    ) -> "pd.Series[str]":
        """Replace values with codes; missing values stay missing."""
        values = texts(values)
        found = {}
        for value in values.dropna().unique():
            parts = split_text(value) if several else [value]
            found[value] = join_values(self._code(namespace, part) for part in parts)
        return values.map(found).astype("str")

    def _scrubbed(
        self, values: "pd.Series[Any]", namespace: str, mentions: Mentions
    ) -> "pd.Series[Any]":
        """Replace values that mention a person with codes; keep the others, of any type."""
        if isinstance(values.dtype, pd.BooleanDtype) or values.dtype.kind in "bM":
            return values
        written = texts(values)
        found = {}
        for value in written.dropna().unique():
            parts = split_text(value) if namespace in TABLES else [value]
            told = [self._code(namespace, p) if p in mentions else p for p in parts]
            if told != parts:
                found[value] = join_values(told) if namespace in TABLES else told[0]
        return written.map(lambda text: found.get(text, text)) if found else values


def _namespace(name: str, column: str) -> str:
    """Return the table that a column refers to, or the column, so that an id has one code."""
    if column == "sourcedId":
        return name
    return TABLES[name].references.get(column, f"{name}.{column}") if name in TABLES else name


def _days(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return only the day of a time: the second could identify the row in the source."""
    return values.dt.floor("D") if values.dtype.kind == "M" else values


def _names_of(users: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return all names, and each person's whole name in both orders."""
    names = [value for column in _NAMES if column in users for value in users[column].dropna()]
    given, family = users["givenName"].fillna(""), users["familyName"].fillna("")
    known = (given != "") & (family != "")
    first, last = given[known], family[known]
    return names, [*(first + " " + last), *(last + " " + first)]
