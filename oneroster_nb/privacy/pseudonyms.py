"""People under other names: codes in place of all that says who they are."""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import pandas as pd

from oneroster_nb.errors import ConfigurationError
from oneroster_nb.privacy.mentions import Mentions
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.roster.roster import Roster
from oneroster_nb.source.source import Source
from oneroster_nb.tables.field import Kind, Personal
from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.tables.schema import BEYOND, TABLES, join_values, split_text
from oneroster_nb.tables.spreadsheet_safety import csv_cell
from oneroster_nb.tables.text import texts

__all__ = ["pseudonymise"]

_Code: TypeAlias = Callable[[str, str], str]
"""Gives the code of a value in a namespace."""

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
    """Give a roster whose people cannot be told by name: codes stand for all that names them.

    This is not anonymity. Who knows a school can still recognize a child by what stays: grade,
    school, classes, teachers' classes, sex, race, year of birth, marks. Handle the result as
    personal data, and share counts (with `suppress_below`) rather than rows.

    Parameters
    ----------
    source : Source
        A roster or a connection, whose roster is pulled.
    key : str or bytes, optional
        A secret, from which the codes follow: the same key gives the same codes again, next month,
        too. Who has it can find out who is who, so keep it as you keep the roster, and make it
        long and random: ``secrets.token_hex(32)``.
    codes : {"random"}, optional
        Instead of a key: random codes, others each time.
    crosswalk : str or Path, optional
        With random codes: a CSV file to write that says which ``sourcedId`` became which ``code``.
        Its owner alone can read it. Nothing else leads back.
    progress : None, bool or callable
        See :data:`oneroster_nb.progress.ProgressOption`.

    Returns
    -------
    Roster
        Every table with its columns and rows. Ids of people, and of rows about them, are codes in
        every table and reference (HMAC-SHA256, a namespace a table), and these rows stand in the
        order of their codes. So are names, email addresses, phones, user names, userIds,
        identifiers, the city of birth, comments on results, and what a vendor adds to people
        (``metadata.<name>``, ``clever.<name>``). A birth date becomes 1 January of its year, a
        ``dateLastModified`` its day. Pronouns, and where the roster came from (``provider``), are
        not kept. Ids of classes, courses and orgs stay. Whatever else mentions
        somebody or holds an email address becomes a code (titles, rooms, ids, a vendor's additions
        to classes), be it a word that is somebody's name by chance: "Art 6" where someone is called
        Art. The name of an org does so where it holds a whole name. A vendor's addition about the
        principal, a teacher or a contact is always a code. Nicknames, and names of people who are
        not in the roster, cannot be found in titles.

    Raises
    ------
    ConfigurationError
        Where there is no key, or both a key and codes, or the crosswalk cannot be written or is
        there already.
    RosterError
        Where the source does not give its roster.

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
    # The file is made first: where it cannot be written, nothing was done in vain.
    opened = nullcontext() if crosswalk is None else _new_private_file(Path(crosswalk))
    with opened as file:
        # A title may hold the phone number of a person, so all are pulled to look for them.
        roster = (
            source
            if isinstance(source, Roster)
            else source.get_roster(sensitive=True, progress=progress)
        )
        coded = _coded({name: roster.table(name) for name in (*TABLES, *BEYOND)}, code, progress)
        if file is not None and random is not None:
            pairs = [("sourcedId", "code"), *sorted(random.given("users"))]
            file.writelines(f"{csv_cell(person)},{csv_cell(own)}\r\n" for person, own in pairs)
    # Neither the host nor the path that the roster came from: they name the district.
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
    """Refuse what cannot be; give the maker of random codes where these are wanted."""
    if not hasattr(source, "get_roster"):
        raise ConfigurationError(
            f"pseudonymise() takes a roster or a connection, not {type(source).__name__}."
        )
    if codes is None:
        if not isinstance(key, str | bytes) or not key:
            raise ConfigurationError(
                "pseudonymise() needs key=, a secret text such as secrets.token_hex(32) gives, or"
                ' codes="random".'
            )
        if crosswalk is not None:
            raise ConfigurationError(
                'A crosswalk belongs to codes="random"; with a key, the key is what leads back.'
            )
        return None
    if codes != "random" or key is not None:
        raise ConfigurationError(
            f'codes can be "random" and is then instead of a key; not {codes!r}'
            f"{' together with a key' if key is not None else ''}."
        )
    return _Random()


def _keyed(key: bytes) -> _Code:
    def code(namespace: str, value: str) -> str:
        message = f"{namespace}\0{value}".encode("utf-8", "surrogatepass")
        return _spelt(hmac.digest(key, message, hashlib.sha256))

    return code


class _Random:
    """Codes by chance, the same for the same value."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}

    def __call__(self, namespace: str, value: str) -> str:
        return self._given.setdefault((namespace, value), _spelt(secrets.token_bytes(10)))

    def given(self, namespace: str) -> Iterator[tuple[str, str]]:
        """Give each value of a namespace that got a code, and the code."""
        return ((v, code) for (space, v), code in self._given.items() if space == namespace)


def _spelt(number: bytes) -> str:
    """Write the first 80 bits of a number in letters that make up no name, no word and no id."""
    return number[:10].hex().translate(_CONSONANTS)


@contextmanager
def _new_private_file(path: Path) -> Iterator[TextIO]:
    """Make a file that its owner alone can read; one not written to its end is taken away."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(
            f"The crosswalk {path} is there already. Choose another name: without it nobody can"
            " tell any more who its codes stand for."
        ) from None
    except OSError as exc:
        raise ConfigurationError(
            f"The crosswalk cannot be written to {path}: {exc.strerror}."
        ) from None
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException:
        path.unlink()
        raise


class _Coder:
    """Puts codes in place of what says who somebody is, table by table.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        All tables, from which it is known who the people are.
    code : callable
        Gives the code of a value in a namespace.
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
        """Give a table with codes, its rows in the order of these where they are about people."""
        about_people = name in _KEPT
        column_of = self._of_person if about_people else self._of_thing
        coded = pd.DataFrame(
            {column: column_of(name, table, column) for column in table.columns},
            index=table.index,
        )
        if about_people:
            # The order of a source, such as by name, would say who is who to those who know it.
            coded = coded.sort_values("sourcedId", kind="stable", ignore_index=True)
        return coded

    def _of_person(self, name: str, table: pd.DataFrame, column: str) -> "pd.Series[Any]":
        values = table[column]
        place = f"{name}.{column}"
        treated = _ALIKE.get(column)
        if treated is Personal.NOTHING:  # too few to become codes that say nothing
            return pd.Series([None] * len(values), index=values.index, dtype="str")
        if column == "dateLastModified" or not len(values.dropna()):
            return _days(values)
        if treated is Personal.YEAR:
            years: pd.Series[Any] = values.dt.to_period("Y").dt.to_timestamp()
            return years.astype(values.dtype)
        if column in _NAMES and name == "users":
            # A code for each person, so that it does not show who has the same name.
            owner = table["sourcedId"].where(values.notna() & (values != ""))
            return self._each(owner, place)
        if treated is Personal.EMAIL:
            address = values.str.strip().str.casefold()  # one address, however it is written
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
        added = column not in (TABLES[name].columns if name in TABLES else BEYOND[name])
        if added and self._are_people(values):
            return self._each(values, "users", several=True)
        if added and _PERSONAL.search(column):
            return self._each(values, place)
        org_name = (name, column) == ("orgs", "name")
        return self._scrubbed(values, place, self._by_whole_name if org_name else self._anybody)

    def _are_people(self, values: "pd.Series[Any]") -> bool:
        """Say whether each value of a vendor's addition is the id of one of the people."""
        if values.dtype != "str":
            return False
        return all(self._people.issuperset(split_text(text)) for text in values.dropna().unique())

    def _each(
        self, values: "pd.Series[Any]", namespace: str, *, several: bool = False
    ) -> "pd.Series[str]":
        """Put codes in place of values; missing ones stay missing."""
        values = texts(values)
        found = {}
        for value in values.dropna().unique():
            parts = split_text(value) if several else [value]
            found[value] = join_values(self._code(namespace, part) for part in parts)
        return values.map(found).astype("str")

    def _scrubbed(
        self, values: "pd.Series[Any]", namespace: str, mentions: Mentions
    ) -> "pd.Series[Any]":
        """Put codes in place of what mentions somebody; all else stays, of whatever type it is."""
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
    """Give the table whose rows a column names, or else the column: one id has one code."""
    if column == "sourcedId":
        return name
    return TABLES[name].references.get(column, f"{name}.{column}") if name in TABLES else name


def _days(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Leave the day of a moment: the second would say which row of the source it was."""
    return values.dt.floor("D") if values.dtype.kind == "M" else values


def _names_of(users: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Give every name of everybody, and everybody's whole name, both ways round."""
    names = [value for column in _NAMES if column in users for value in users[column].dropna()]
    given, family = users["givenName"].fillna(""), users["familyName"].fillna("")
    known = (given != "") & (family != "")
    first, last = given[known], family[known]
    return names, [*(first + " " + last), *(last + " " + first)]
