"""People under other names: codes in place of all that says who they are."""

import csv
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

import pandas as pd

from oneroster_nb.errors import ConfigurationError
from oneroster_nb.privacy.names import Mentions
from oneroster_nb.progress import ProgressOption, Reporter
from oneroster_nb.schema import BEYOND, TABLES, join_values, split_text

if TYPE_CHECKING:
    from oneroster_nb.roster import Roster
    from oneroster_nb.source import Source

__all__ = ["pseudonymise"]

_Code: TypeAlias = Callable[[str, str], str]
"""Gives the code of a value in a namespace."""

_CONSONANTS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")
_ANY_ROW = ("status", "dateLastModified")
_KEPT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        name: frozenset([*_ANY_ROW, *columns.split()])
        for name, columns in {
            "users": "enabledUser pronouns role orgSourcedIds primaryOrgSourcedId grades"
            " resourceSourcedIds",
            "roles": "roleType role beginDate endDate orgSourcedId",
            "enrollments": "classSourcedId schoolSourcedId role primary beginDate endDate",
            "demographics": "sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
            " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces"
            " hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation"
            " publicSchoolResidenceStatus",
            "results": "lineItemSourcedId classSourcedId scoreStatus score scoreDate inProgress"
            " incomplete late missing",
            "userProfiles": "profileType",
            "assessmentResults": "",
        }.items()
    }
)
"""The tables whose rows are about people, and what stays in them; all else becomes codes."""

_REFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "userSourcedId": "users",
        "studentSourcedId": "users",
        "agentSourcedIds": "users",
        "userProfileSourcedId": "userProfiles",
    }
)
"""Columns that point to people or to what is theirs, and the namespace of their codes."""

_SEVERAL = frozenset({"agentSourcedIds", "userIds"})
_SCRUBBED = frozenset({"textScore", "metadata.grades"})
"""Columns about people that stay, but for what mentions somebody."""

_NAMES = (
    *("givenName", "familyName", "middleName"),
    *("preferredGivenName", "preferredMiddleName", "preferredFamilyName"),
)
_IDS = ("sourcedId", "username", "identifier", "userMasterIdentifier", "email", "sms", "phone")
_PERSONAL = re.compile(
    r"administrator|contact|coordinator|mail|person|phone|principal|staff|teacher", re.IGNORECASE
)
"""What the names of additions have in them that are about people who may be nowhere else."""

_FREE_TEXT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "academicSessions": ("title",),
        "courses": ("title", "courseCode"),
        "classes": ("title", "classCode", "location"),
        "resources": ("title",),
        "classResources": ("title",),
        "courseResources": ("title",),
        "categories": ("title",),
        "lineItems": ("title", "description"),
    }
)


def pseudonymise(
    source: "Source",
    key: str | bytes | None = None,
    *,
    codes: str | None = None,
    crosswalk: str | Path | None = None,
    progress: ProgressOption = None,
) -> "Roster":
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
        every table and reference (HMAC-SHA256, a namespace a table). So are names, email addresses,
        phones, user names, userIds, identifiers, the city of birth, comments on results, and what a
        vendor adds to people (``metadata.<name>``, ``clever.<name>``). A birth date becomes
        1 January of its year. Ids of classes, courses and orgs stay. A title, a code, a room and a
        vendor's addition to classes become a code where they mention somebody or hold an email
        address, be it a word that is somebody's name by chance: "Art 6" where someone is called
        Art. The name of an org does so where it holds a whole name. A vendor's addition about the
        principal, a teacher or a contact is always a code.

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
    >>> from oneroster_nb.demo.district import make_district
    >>> roster = onb.Roster(make_district())
    >>> coded = onb.pseudonymise(roster, key="a long secret of this notebook")
    >>> len(coded.get_users("students", "classes", "31763"))
    3
    >>> set(coded.users["sourcedId"]) & set(roster.users["sourcedId"])
    set()
    """
    from oneroster_nb.roster import Roster

    random = _checked(source, key, codes, crosswalk)
    roster = source.get_roster(progress=progress)
    code = random or _keyed(key.encode() if isinstance(key, str) else key or b"")
    tables = {name: roster.table(name) for name in (*TABLES, *BEYOND)}
    # The file is made first: where it cannot be written, nothing was done in vain.
    opened = nullcontext() if crosswalk is None else _new_private_file(Path(crosswalk))
    with opened as file, Reporter(progress, "pseudonyms") as reporter:
        coded = _coded(tables, code, reporter)
        if file is not None:
            people = tables["users"]["sourcedId"].dropna()
            writer = csv.writer(file)
            writer.writerow(["sourcedId", "code"])
            writer.writerows((person, code("users", person)) for person in people)
    return Roster(coded, provider=roster.provider, taken=roster.taken)


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


def _coded(
    tables: Mapping[str, pd.DataFrame], code: _Code, reporter: Reporter
) -> dict[str, pd.DataFrame]:
    users = tables["users"]
    names, whole = _names_of(users)
    ids = [value for column in _IDS if column in users for value in users[column].dropna()]
    ids += [part for text in users["userIds"].dropna() for part in split_text(text)]
    anybody, by_name = Mentions(names, ids), Mentions(whole, ids, parts=False)
    coded = {}
    done, total = 0, sum(map(len, tables.values()))
    for name, table in tables.items():
        if name in _KEPT:
            coded[name] = _about_people(name, table, code, anybody)
        else:
            mentions = by_name if name == "orgs" else anybody
            coded[name] = _about_things(name, table, code, mentions)
        done += len(table)
        reporter.tell(done, total)
    return coded


def _names_of(users: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Give every name of everybody, and everybody's whole name, both ways round."""
    names = [value for column in _NAMES if column in users for value in users[column].dropna()]
    given, family = users["givenName"].fillna(""), users["familyName"].fillna("")
    known = (given != "") & (family != "")
    first, last = given[known], family[known]
    return names, [*(first + " " + last), *(last + " " + first)]


def _about_people(name: str, table: pd.DataFrame, code: _Code, mentions: Mentions) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for column in table.columns:
        values = table[column]
        if column in _KEPT[name]:
            columns[column] = values
        elif column == "birthDate":
            columns[column] = values.dt.to_period("Y").dt.to_timestamp().astype(values.dtype)
        elif column in _NAMES and name == "users":
            # A code for each person, so that it does not show who has the same name.
            owner = table["sourcedId"].where(values.notna())
            columns[column] = _each(owner, f"{name}.{column}", code)
        elif column in _SCRUBBED:
            columns[column] = _scrubbed(values, f"{name}.{column}", code, mentions)
        elif column == "email":
            address = values.str.strip().str.casefold()  # one address, however it is written
            columns[column] = _each(address, f"{name}.{column}", code) + "@example.invalid"
        else:
            own = "users" if name in ("users", "demographics") else name
            space = own if column == "sourcedId" else _REFERENCES.get(column, f"{name}.{column}")
            columns[column] = _each(values, space, code, several=column in _SEVERAL)
    return pd.DataFrame(columns, index=table.index)


def _each(
    values: "pd.Series[Any]", namespace: str, code: _Code, *, several: bool = False
) -> "pd.Series[str]":
    """Put codes in place of values; missing ones stay missing."""
    found = {}
    for value in values.dropna().unique():
        parts = split_text(value) if several else [str(value)]
        found[value] = join_values(code(namespace, part) for part in parts)
    return values.map(found).astype("str")


def _about_things(name: str, table: pd.DataFrame, code: _Code, mentions: Mentions) -> pd.DataFrame:
    """Put codes in place of texts that mention people, where texts are free."""
    known = TABLES[name].columns if name in TABLES else dict.fromkeys(BEYOND[name])
    free = [*_FREE_TEXT.get(name, ()), *(["name"] if name == "orgs" else [])]
    added = [column for column in table.columns if column not in known]
    told = [column for column in added if _PERSONAL.search(column)]
    free += [column for column in added if column not in told]
    changed = {c: _scrubbed(table[c], f"{name}.{c}", code, mentions) for c in free}
    changed |= {c: _each(table[c], f"{name}.{c}", code) for c in told}
    return table.assign(**changed)


def _scrubbed(
    values: "pd.Series[Any]", namespace: str, code: _Code, mentions: Mentions
) -> "pd.Series[Any]":
    """Put codes in place of what mentions somebody; all else stays, of whatever type it is."""
    texts = {value: str(value) for value in values.dropna().unique()}
    codes = {v: code(namespace, text) for v, text in texts.items() if text in mentions}
    changed = values.map(lambda value: codes.get(value, value))
    return changed.astype(values.dtype) if codes else values
