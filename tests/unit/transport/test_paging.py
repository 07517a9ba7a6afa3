"""How a list is put together from pages: all of it, each row once, or an error; never less.

The pulls are driven by hand against servers that are a few lines each; what they announce and
where their links lead is drawn at random.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from helpers.faults import clamp, no_total
from helpers.faultserver import Answer, Asked, Behaviour, FaultServer
from helpers.records import school
from hypothesis import assume, given, strategies as st

from oneroster_nb import OneRosterConnector
from oneroster_nb.errors import (
    DuplicateKeyWarning,
    ForbiddenError,
    IncompleteError,
    NoAnswerError,
    RosterError,
    UnavailableError,
)
from oneroster_nb.transport.pages import Page, PageRequest, Pull
from oneroster_nb.transport.paging import pull

Connect = Callable[..., OneRosterConnector]
Key = str | None

ENDLESS = 500  # far more requests than any list of these tests takes


class Lister:
    """A server of one list.

    Parameters
    ----------
    keys : sequence of str or None
        Its rows.
    clamp : int
        How many rows it sends at most.
    total : str
        ``right``, ``none``, ``absurd`` or ``page``: the number of rows on the page.
    links : str
        ``right``, ``none``, ``foreign`` (there is one, and it cannot be followed), ``early`` (they
        end after `cut` rows), ``looping`` (after `cut` rows they lead to the first page),
        ``skipping`` (after `cut` rows they leave one out), ``cursor`` (they are right, and offsets
        are ignored) or ``same page`` (there are none, and offsets are ignored).
    """

    def __init__(
        self,
        keys: Sequence[Key],
        *,
        clamp: int = 1000,
        total: str = "right",
        links: str = "none",
        cut: int = 0,
    ) -> None:
        self.keys = list(keys)
        self.clamp = clamp
        self.total = total
        self.links = links
        self.cut = cut
        self.asked: list[PageRequest] = []

    def __call__(self, ask: PageRequest) -> Page:
        self.asked.append(ask)
        assert len(self.asked) < ENDLESS, "the list is asked for without end"
        offset = ask.offset
        if ask.link is not None:
            offset = int(ask.link)
        elif self.links in ("cursor", "same page"):
            offset = 0
        keys = self.keys[offset : offset + min(ask.limit, self.clamp)]
        target = self._target(offset + len(keys))
        return page(
            keys,
            [0 if key else number for number, key in enumerate(keys, offset + 1)],
            total={"right": len(self.keys), "absurd": 10**12, "page": len(keys)}.get(self.total),
            next=None if target is None or self.links == "foreign" else str(target),
            more=target is not None,
        )

    def _target(self, following: int) -> int | None:
        """Return where the link of a page leads that ends there."""
        left, late = following < len(self.keys), following > self.cut
        if self.links == "looping" and late:
            return 0
        if not left or self.links in ("none", "same page") or (self.links == "early" and late):
            return None
        return following + (late and self.links == "skipping")


def page(keys: Sequence[Key], numbers: Sequence[int] | None = None, **more: Any) -> Page:
    """Make a page of rows with these keys, which a number can tell apart."""
    columns = {"sourcedId": pa.array(keys, pa.string())}
    if numbers is not None:
        columns["number"] = pa.array([str(n) for n in numbers], pa.string())
    return Page(pa.table(columns), **more)


def driven(pulling: Pull, answer: Callable[[PageRequest], Page | RosterError]) -> list[Key]:
    """Answer what a pull asks until it ends; give the keys that it returns."""
    asks = next(pulling)
    try:
        while True:
            asks = pulling.send([answer(ask) for ask in asks])
    except StopIteration as end:
        return [key for table in end.value.tables for key in table["sourcedId"].to_pylist()]


def names(count: int) -> list[str]:
    return [f"p{number}" for number in range(count)]


COUNTS = st.integers(0, 20)
SIZES = st.integers(1, 9) | st.just(50)


# --- whatever a server does ------------------------------------------------------------------


@given(
    count=COUNTS,
    size=SIZES,
    most=SIZES,
    total=st.sampled_from(["right", "none", "absurd", "page"]),
    links=st.sampled_from(["right", "none", "foreign", "early", "cursor"]),
    cut=COUNTS,
)
def test_a_list_that_can_be_had_is_had_whole(
    count: int, size: int, most: int, total: str, links: str, cut: int
) -> None:
    step = min(size, most)
    if total == "page" and (links == "none" or (links == "early" and cut < step)):
        # Without a link beside it, a page that is not full looks like a whole list.
        assume(most >= size or count <= step)
    if links == "cursor" and total != "right":
        # With no link at all it is not to be told from a server that sends one page for ever.
        assume(step > 1 and (count > step or not count))
    lister = Lister(names(count), clamp=most, total=total, links=links, cut=cut)

    assert driven(pull("users", size), lister) == lister.keys


@given(
    count=COUNTS,
    size=SIZES,
    most=SIZES,
    total=st.sampled_from(["right", "none", "absurd", "page"]),
    links=st.sampled_from(["cursor", "looping", "skipping", "same page"]),
    cut=COUNTS,
)
def test_a_list_that_cannot_be_had_is_an_error_and_never_short(
    count: int, size: int, most: int, total: str, links: str, cut: int
) -> None:
    if links == "skipping":  # links that say nothing of offsets are believed without a total
        assume(total == "right")
    if links == "same page" and total == "page":
        # As above; and pages of one row never tell whether they are the page or the total.
        assume(most >= size > 1 or count <= min(size, most))
    lister = Lister(names(count), clamp=most, total=total, links=links, cut=cut)

    try:
        keys = driven(pull("users", size), lister)
    except IncompleteError:
        return
    assert keys == lister.keys


@given(count=COUNTS, size=SIZES, most=SIZES, wanted=st.integers(1, 25), links=st.booleans())
def test_no_more_pages_are_requested_than_are_wanted(
    count: int, size: int, most: int, wanted: int, links: bool
) -> None:
    lister = Lister(names(count), clamp=most, links="right" if links else "none")

    keys = driven(pull("users", size, wanted), lister)

    assert len(keys) >= min(wanted, count)
    assert keys == lister.keys[: len(keys)]
    # One row more is asked for if the total ends at what is wanted, to see that it is right.
    assert len(lister.asked) <= -(-wanted // min(size, most)) + 1


@given(
    count=st.integers(1, 20),
    size=SIZES,
    most=SIZES,
    total=st.sampled_from(["right", "none"]),
    at=st.integers(1, 12),
    place=COUNTS,
)
def test_a_row_that_is_added_in_mid_pull_costs_none(
    count: int, size: int, most: int, total: str, at: int, place: int
) -> None:
    lister = Lister(names(count), clamp=most, total=total)

    def growing(ask: PageRequest) -> Page:
        if len(lister.asked) == at:
            lister.keys.insert(min(place, len(lister.keys)), "new")
        return lister(ask)

    # It may come when all are there, and only the end is looked for.
    assert driven(pull("users", size), growing) in (names(count), lister.keys)


@given(count=st.integers(2, 20), size=SIZES, at=st.integers(1, 12), place=st.integers(0, 19))
def test_a_row_that_goes_in_mid_pull_takes_no_other_with_it(
    count: int, size: int, at: int, place: int
) -> None:
    lister = Lister(names(count))

    def shrinking(ask: PageRequest) -> Page:
        if len(lister.asked) == at:
            del lister.keys[min(place, len(lister.keys) - 1)]
        return lister(ask)

    assert driven(pull("users", size), shrinking) == lister.keys


def test_a_list_that_grows_with_each_page_is_an_error() -> None:
    lister = Lister(names(6))
    new = (f"new{number}" for number in itertools.count())

    def growing(ask: PageRequest) -> Page:
        lister.keys.insert(0, next(new))
        return lister(ask)

    with pytest.raises(IncompleteError, match="may be changing"):
        driven(pull("users", 2), growing)


# --- the ways of some servers ----------------------------------------------------------------


def test_links_that_end_early_are_not_the_end() -> None:
    lister = Lister(names(10), clamp=3, total="none", links="early", cut=6)

    assert driven(pull("users", 10_000), lister) == names(10)


def test_an_empty_page_with_a_link_goes_on() -> None:
    pages = {
        None: page(["a"], next="1", more=True),
        "1": page([], next="2", more=True),
        "2": page([], next="3", more=True),
        "3": page(["b", "c"]),
    }

    def answer(ask: PageRequest) -> Page:
        return page([]) if ask.link is None and ask.offset else pages[ask.link]

    assert driven(pull("users", 10), answer) == ["a", "b", "c"]


def test_empty_pages_with_ever_new_links_end() -> None:
    """As a server sends them that counts its pages in the links, and counts on beyond the last."""
    numbers = itertools.count(1)

    def answer(ask: PageRequest) -> Page:
        number = next(numbers)
        assert number < 20_000, "the list is asked for without end"
        return page(["a", "b"] if number == 1 else [], next=f"?page={number + 1}", more=True)

    try:
        keys = driven(pull("users", 10), answer)
    except IncompleteError:
        return
    assert keys == ["a", "b"]


@pytest.mark.parametrize("total", ["right", "none", "absurd"])
@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_same_page_again_and_again_is_an_error(count: int, rows: int, total: str) -> None:
    lister = Lister(names(count), clamp=rows, total=total, links="same page")
    if total == "right" and count <= rows:
        assert driven(pull("users", 10), lister) == names(count)
        return

    with pytest.raises(IncompleteError):
        driven(pull("users", 10), lister)


def test_the_message_of_a_list_that_is_short_says_how_short() -> None:
    def answer(ask: PageRequest) -> Page:
        return page(names(3) if not ask.offset else [], total=5)

    with pytest.raises(IncompleteError, match="3 rows came, but 5 were announced"):
        driven(pull("students", 10), answer)


@pytest.mark.parametrize("total", ["right", "none"])
@pytest.mark.parametrize(
    ("keys", "size", "most"),
    [
        (["a", "b", "b", "c"], 1, 50),
        (["a", "b", "b", "c"], 50, 1),
        (["a", "a", "b"], 2, 50),
        (["a", "b", "c", "a"], 1, 50),
        (["a", "b", "c", "a", "d"], 2, 50),
    ],
)
def test_a_key_that_is_listed_twice_each_time_is_kept_once(
    keys: list[str], size: int, most: int, total: str
) -> None:
    lister = Lister(keys, clamp=most, total=total)

    with pytest.warns(DuplicateKeyWarning, match="1 of the users more than once"):
        assert driven(pull("users", size), lister) == list(dict.fromkeys(keys))


def test_rows_with_one_key_differ_by_their_values() -> None:
    """What rows that differ mean is for the table to say: a user may have a row a school."""
    names = ["one", "two", "three", "one"]
    table = pa.table({"sourcedId": ["a", "b", "a", "a"], "name": names})
    pulling = pull("users", 10)
    next(pulling)

    with pytest.raises(StopIteration) as end:
        pulling.send([Page(table, total=4)])

    assert pa.concat_tables(end.value.value.tables).to_pydict() == {
        "sourcedId": ["a", "b", "a"],
        "name": ["one", "two", "three"],
    }


@pytest.mark.parametrize("total", ["right", "none"])
@pytest.mark.parametrize("size", [1, 2, 10])
@pytest.mark.parametrize(
    "keys", [["a", None, None, "b", None], [None, None, None, None], ["a", None]]
)
def test_rows_without_keys_are_kept(keys: list[Key], size: int, total: str) -> None:
    lister = Lister(keys, total=total)

    assert driven(pull("users", size), lister) == keys


def test_rows_without_keys_are_kept_beside_a_key_listed_twice() -> None:
    lister = Lister(["a", None, "a", None])

    assert driven(pull("users", 10), lister) == ["a", None, None]


@pytest.mark.parametrize("total", ["right", "none"])
def test_pages_of_two_states_of_the_data_are_pulled_again(total: str) -> None:
    lister = Lister(names(6), total=total)
    revisions = itertools.chain(["1", "1"], itertools.repeat("2"))

    def answer(ask: PageRequest) -> Page:
        return replace(lister(ask), revision=next(revisions))

    assert driven(pull("users", 2), answer) == names(6)
    assert [ask.offset for ask in lister.asked].count(0) == 2


def test_data_that_keeps_changing_is_an_error() -> None:
    lister = Lister(names(6))
    revisions = itertools.count()

    def answer(ask: PageRequest) -> Page:
        return replace(lister(ask), revision=str(next(revisions)))

    with pytest.raises(IncompleteError, match="the data changed"):
        driven(pull("users", 2), answer)


# --- pages that fail -------------------------------------------------------------------------


def unavailable() -> UnavailableError:
    return UnavailableError("too much at once", status=503)


@given(
    count=COUNTS,
    size=st.integers(1, 40),
    strength=st.integers(0, 10),
    total=st.sampled_from(["right", "none"]),
    failure=st.sampled_from([unavailable, lambda: NoAnswerError("too slow")]),
)
def test_pages_that_are_too_large_for_a_server_are_requested_in_parts(
    count: int, size: int, strength: int, total: str, failure: Callable[[], RosterError]
) -> None:
    """An eighth of a page is tried, so a server that manages it gives everything."""
    lister = Lister(names(count), total=total)
    manages = -(-size // 8) + strength

    def answer(ask: PageRequest) -> Page | RosterError:
        return lister(ask) if ask.limit <= manages else failure()

    assert driven(pull("users", size), answer) == lister.keys


@pytest.mark.parametrize("fails_from", [0, 80])
def test_a_page_that_fails_in_every_part_ends_the_pull(fails_from: int) -> None:
    lister = Lister(names(240))
    limits: list[int] = []

    def answer(ask: PageRequest) -> Page | RosterError:
        if ask.offset != fails_from:
            return lister(ask)
        limits.append(ask.limit)
        return unavailable()

    with pytest.raises(UnavailableError):
        driven(pull("users", 80), answer)

    assert limits == [80, 40, 20, 10]


def test_what_a_smaller_page_cannot_help_is_raised_at_once() -> None:
    asked: list[PageRequest] = []

    def answer(ask: PageRequest) -> RosterError:
        asked.append(ask)
        return ForbiddenError("not for you", status=403)

    with pytest.raises(ForbiddenError):
        driven(pull("users", 80), answer)

    assert len(asked) == 1


def test_a_link_that_fails_is_not_requested_in_parts() -> None:
    lister = Lister(names(10), clamp=4, total="none", links="right")

    def answer(ask: PageRequest) -> Page | RosterError:
        return unavailable() if ask.link == "4" else lister(ask)

    with pytest.raises(UnavailableError):
        driven(pull("users", 8), answer)


# --- over HTTP -------------------------------------------------------------------------------


def leaping(rows: int) -> Behaviour:
    """Send links that leave so many rows out."""

    def behave(asked: Asked, answer: Answer) -> None:
        following = answer.offset + len(answer.rows) + rows
        answer.link = f"?limit={answer.limit}&offset={following}"

    return behave


def ending_at(offset: int) -> Behaviour:
    """Send no links from that page on."""

    def behave(_asked: Asked, answer: Answer) -> None:
        if answer.offset >= offset:
            answer.link = None

    return behave


@pytest.mark.parametrize(
    "behaviours",
    [
        [clamp(5), ending_at(10), no_total],
        [clamp(5), leaping(2), no_total],
        [clamp(5), leaping(2)],
        [clamp(1), leaping(1), no_total],
        [clamp(5), leaping(-2), no_total],
    ],
    ids=["early", "leap", "leap and total", "leap by one", "back"],
)
def test_links_that_lead_elsewhere_than_on_cost_no_row(
    connected: Connect, behaviours: list[Behaviour]
) -> None:
    paths = school(sections=1, students=23)
    with FaultServer(paths, *behaviours) as server:
        frame = connected(server).get_users("students")

    assert list(frame["sourcedId"]) == [record["sourcedId"] for record in paths["students"]]


def test_links_by_cursor_are_followed_where_offsets_are_ignored(connected: Connect) -> None:
    def by_cursor(asked: Asked, answer: Answer) -> None:
        answer.offset = int(asked.query.get("cursor", "c0").removeprefix("c"))
        following = answer.offset + len(answer.rows)
        left = following < len(answer.records)
        answer.link = f"{server.host}{asked.path}?cursor=c{following}" if left else None

    paths = school(sections=1, students=23)
    with FaultServer(paths, clamp(5), by_cursor) as server:
        frame = connected(server).get_users("students")

    assert list(frame["sourcedId"]) == [record["sourcedId"] for record in paths["students"]]
