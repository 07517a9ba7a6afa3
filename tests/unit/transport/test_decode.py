"""Pages of JSON become the same columns whichever way they are read, or an error that says why."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from helpers.clear import assert_clear, shown
from helpers.faultserver import Answer, Asked, FaultServer
from helpers.records import school
from hypothesis import given, strategies as st

from oneroster_nb import OneRosterConnector, errors
from oneroster_nb.tables.casting import cast_columns
from oneroster_nb.tables.field import Shape
from oneroster_nb.transport import decode
from oneroster_nb.transport.decode import Decoder
from oneroster_nb.transport.json_shapes import Field

Connect = Callable[..., OneRosterConnector]
Record = dict[str, Any]

FIELDS = (
    Field("sourcedId", "sourcedId"),
    Field("enabledUser", "enabledUser"),
    Field("userIds", "userIds", Shape.IDS),
    Field("grades", "grades", Shape.VALUES),
    Field("agents", "agentSourcedIds", Shape.REFS),
    Field("org", "orgSourcedIds", Shape.REF),
)


def body(records: list[Record], **more: object) -> bytes:
    return json.dumps({"users": records, **more}).encode()


def lists(columns: dict[str, Any]) -> dict[str, list[str | None]]:
    """Return columns as lists; one without values says nothing."""
    assert all(column.type == pa.string() for column in columns.values())
    known = {field.column for field in FIELDS}
    texts = {name: column.to_pylist() for name, column in columns.items()}
    return {
        name: values
        for name, values in texts.items()
        if name in known or any(value is not None for value in values)
    }


def thoroughly(records: list[Record]) -> dict[str, list[str | None]]:
    """Read records in the way that takes anything: a bare list is never read quickly."""
    return lists(Decoder(FIELDS).read(json.dumps(records).encode())[0])


# --- two ways, one result --------------------------------------------------------------------

TEXTS = st.text(st.characters(), max_size=6) | st.sampled_from(["", "06", 'a,"b"', "ü", "true"])
ANY_TEXTS = TEXTS | st.text(st.characters(categories=["Cs", "Lu"]), min_size=1, max_size=3)
SCALARS = (
    ANY_TEXTS
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
)
ANYTHING = st.recursive(
    SCALARS | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
REFERENCES = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "sourcedId": TEXTS | st.none(),
        "href": TEXTS | st.none(),
        "type": TEXTS | st.none(),
    },
)
IDS = st.none() | st.fixed_dictionaries(
    {}, optional={"type": TEXTS | st.none(), "identifier": TEXTS | st.none()}
)
METADATA = ["sport", "bus", "sourcedId", "metadata"]


@st.composite
def pages(draw: st.DrawFn) -> list[Record]:
    """Draw records that a server could send, mostly of one type a field."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "sourcedId": TEXTS,
        "enabledUser": draw(st.sampled_from([TEXTS, st.booleans(), st.integers(0, 1)])),
        "userIds": st.lists(IDS, max_size=3),
        "grades": st.lists(TEXTS | st.none(), max_size=3),
        "agents": st.lists(REFERENCES, max_size=3),
        "org": REFERENCES,
    }
    scalars = [TEXTS, st.booleans(), st.integers(-(2**70), 2**70), SCALARS]
    for name in draw(st.sets(st.sampled_from(["sport", "bus", "x"]))):
        kinds[name] = draw(st.sampled_from(scalars))
    members = {
        name: draw(st.sampled_from(scalars)) | st.none()
        for name in draw(st.sets(st.sampled_from(METADATA)))
    }
    if members:
        kinds["metadata"] = st.fixed_dictionaries({}, optional=members)
    if odd := draw(st.sets(st.sampled_from(sorted(kinds)), max_size=1)):
        kinds |= dict.fromkeys(odd, ANYTHING)
    record = st.fixed_dictionaries({}, optional={n: k | st.none() for n, k in kinds.items()})
    return draw(st.lists(record, max_size=4))


@given(page=pages(), other=pages())
def test_both_ways_give_the_same_columns(page: list[Record], other: list[Record]) -> None:
    """What was seen on other pages decides which way is tried, and never what comes of it."""
    expected = thoroughly(page)
    decoder = Decoder(FIELDS)
    for records in (page, page, other, page):
        columns, _ = decoder.read(body(records))
        if records is page:
            assert lists(columns) == expected


def test_a_page_like_one_that_was_read_takes_the_quick_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page: list[Record] = [
        {
            "sourcedId": "p1",
            "enabledUser": True,
            "userIds": [{"type": "State", "identifier": "1,2"}, None],
            "grades": ["06", None],
            "agents": [{"sourcedId": "p2", "href": "h", "type": "user"}, {"sourcedId": None}],
            "org": {"sourcedId": "s1", "href": "h", "type": "org"},
            "bus": 7,
            "metadata": {"sport": "chess", "late": False, "height": 150},
        },
        {"sourcedId": "p3", "metadata": {"sport": None}},
    ]
    expected = thoroughly(page)
    decoder = Decoder(FIELDS)
    decoder.read(body(page))

    def refused(_body: bytes) -> None:
        raise AssertionError("the page was read in the thorough way")

    monkeypatch.setattr(decode, "parse", refused)
    columns, _ = decoder.read(body(page))

    assert lists(columns) == expected
    assert expected == {
        "sourcedId": ["p1", "p3"],
        "enabledUser": ["true", None],
        "userIds": ['"{State:1,2}"', None],
        "grades": ["06", None],
        "agentSourcedIds": ["p2", None],
        "orgSourcedIds": ["s1", None],
        "metadata.bus": ["7", None],
        "metadata.sport": ["chess", None],
        "metadata.late": ["false", None],
        "metadata.height": ["150", None],
    }


@pytest.mark.parametrize("ids", [[None], [], [{}], [None, {"type": None, "identifier": None}]])
def test_user_ids_that_say_nothing_are_missing(ids: list[object]) -> None:
    decoder = Decoder(FIELDS)
    page = [{"sourcedId": "p1", "userIds": ids}]
    for written in (body(page), body(page), json.dumps(page).encode()):
        table = cast_columns("users", decoder.read(written)[0])
        assert table["userIds"].to_pylist() == [None]


@pytest.mark.parametrize("metadata", ["", "x", [], ["x"], 5, None, {}, {"metadata": "x"}])
def test_metadata_can_be_anything_on_every_page(metadata: object) -> None:
    page = [{"sourcedId": "p1", "metadata": metadata}, {"sourcedId": "p2"}]
    decoder = Decoder(FIELDS)
    for _ in range(3):
        assert lists(decoder.read(body(page))[0]) == thoroughly(page)


@pytest.mark.parametrize("number", ["7", "-7", "9007199254740993", "12345678901234567890123"])
def test_a_number_keeps_its_spelling(number: str) -> None:
    decoder = Decoder(FIELDS)
    written = f'{{"users": [{{"sourcedId": "p1", "score": {number}}}]}}'.encode()
    for _ in range(2):
        assert decoder.read(written)[0]["metadata.score"].to_pylist() == [number]


@pytest.mark.parametrize("number", ["1.50", "1e3", "0.1", "-2.0"])
def test_a_decimal_number_keeps_its_spelling(number: str) -> None:
    decoder = Decoder(FIELDS)
    written = f'{{"users": [{{"sourcedId": "p1", "gpa": {number}}}]}}'.encode()
    for _ in range(2):
        assert decoder.read(written)[0]["metadata.gpa"].to_pylist() == [number]


# --- what cannot be text ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [r'"\ud800"', r'"a\udc00b"', r'"\ud83d \ude00"', r'{"a": ["\ud800"]}', r'{"\ud800": 1}'],
)
def test_half_of_a_pair_of_surrogates_is_replaced(written: str) -> None:
    decoder = Decoder(FIELDS)
    page = f'{{"users": [{{"sourcedId": "p1", "sport": {written}}}]}}'.encode()
    for _ in range(2):
        (text,) = decoder.read(page)[0]["metadata.sport"].to_pylist()
        assert text.encode()  # which a lone surrogate has not
        assert "?" in text


def test_a_whole_pair_of_surrogates_is_its_sign() -> None:
    decoder = Decoder(FIELDS)
    page = rb'{"users": [{"sourcedId": "\ud83d\ude00"}]}'
    for _ in range(2):
        assert decoder.read(page)[0]["sourcedId"].to_pylist() == ["\U0001f600"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_a_body_in_another_encoding_is_an_error(encoding: str) -> None:
    written = '{"users": [{"sourcedId": "p1", "familyName": "Müller"}]}'.encode(encoding)

    with pytest.raises(errors.AnswerError) as caught:
        Decoder(FIELDS).read(written)

    assert_clear(caught.value, "UTF-8")
    assert "ller" not in str(caught.value)


@pytest.mark.parametrize("name", ["Müller", "Łukasz", "李", "O\u0000Neill", "\ufeffx"])
def test_utf_8_is_read_escaped_or_not(name: str) -> None:
    decoder = Decoder(FIELDS)
    for escaped in (False, True):
        written = json.dumps({"users": [{"sourcedId": name}]}, ensure_ascii=escaped).encode()
        for _ in range(2):
            assert decoder.read(written)[0]["sourcedId"].to_pylist() == [name]


# --- errors in the clothes of an answer ------------------------------------------------------

FAILURES = [
    {"imsx_codeMajor": "failure", "users": []},
    {"users": [], "imsx_codeMajor": "failure"},
    {"users": [{"sourcedId": "p1"}], "imsx_codeMajor": "failure", "imsx_severity": "error"},
    {"imsx_codeMajor": "processing", "users": []},
    {"errors": [{"code": 1}]},
    {"errors": [{"code": 1}], "users": []},
    {"users": [], "errors": ["no"]},
    {"error": "server_error"},
    {"error": {"code": 500}, "users": []},
    {"users": [], "error": {"code": 500}},
    {"statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_severity": "error"}]},
    {"statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_severity": "error"}], "users": []},
    {"imsx_StatusInfo": {"imsx_codeMajor": "failure", "imsx_severity": "error"}, "users": []},
    {"messages": ["no such thing"]},
    {"message": "no such thing"},
    {},
]


@pytest.mark.parametrize("answer", FAILURES, ids=json.dumps)
def test_an_answer_with_an_error_is_not_an_empty_roster(answer: dict[str, object]) -> None:
    decoder = Decoder(FIELDS)
    decoder.read(body([{"sourcedId": "p1"}]))

    with pytest.raises(errors.AnswerError):
        decoder.read(json.dumps(answer).encode())


@pytest.mark.parametrize(
    "more",
    [
        {"imsx_codeMajor": "success"},
        {"imsx_codeMajor": "SUCCESS", "imsx_severity": "status"},
        {"errors": []},
        {"error": None},
        {"warnings": ["slow today"]},
        {"statusInfoSet": [{"imsx_codeMajor": "success"}]},
        {"imsx_StatusInfo": {"imsx_codeMajor": "success"}},
        {"totalCount": 1},
    ],
    ids=json.dumps,
)
def test_what_stands_beside_a_list_does_no_harm(more: dict[str, object]) -> None:
    page = {"users": [{"sourcedId": "p1"}]}
    for answer in (page | more, more | page):
        columns, _ = Decoder(FIELDS).read(json.dumps(answer).encode())
        assert columns["sourcedId"].to_pylist() == ["p1"]


@pytest.mark.parametrize("answer", [failure for failure in FAILURES if failure], ids=json.dumps)
def test_an_object_that_says_it_failed_is_none(answer: dict[str, object]) -> None:
    with pytest.raises(errors.AnswerError):
        Decoder(FIELDS).read_one(json.dumps(answer | {"users": []}).encode())


def test_over_http_a_failure_with_200_is_an_error_in_its_own_words(connected: Connect) -> None:
    def failing(_asked: Asked, answer: Answer) -> None:
        answer.body = b'{"imsx_codeMajor": "failure", "users": []}'

    with FaultServer(school(), failing) as server, pytest.raises(errors.AnswerError) as caught:
        connected(server).get_users("students")

    assert_clear(caught.value, "200", "'failure'", "administrator")


# --- what is never kept ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "hidden",
    [
        lambda word: {"password": word},
        lambda word: {"Password": word},
        lambda word: {"userPassword": word},
        lambda word: {"passwd": word},
        lambda word: {"credentials": [{"username": "u", "password": word}]},
        lambda word: {"Credentials": word},
        lambda word: {"metadata": {"password": word}},
        lambda word: {"metadata": {"PASSWORD": word}},
        lambda word: {"metadata": {"portal_password": word}},
        lambda word: {"metadata": {"credentials": word}},
        lambda word: {"metadata": {"CREDENTIALS": [word]}},
        lambda word: {"metadata": {"credentials": {"name": word}}},
        lambda word: {"metadata": {"account": {"password": word}}},
        lambda word: {"metadata": {"account": {"a": {"Credentials": {"x": word}}}}},
        lambda word: {"metadata": {"accounts": [{"name": "a"}, {"passWord": word}]}},
        lambda word: {"metadata": {"accounts": [[{"PassWd": word}]]}},
        lambda word: {"metadata": {"metadata": {"password": word}}},
        lambda word: {"metadata": [{"password": word}]},
        lambda word: {"account": {"password": word}},
        lambda word: {"enabledUser": {"password": word}},
        lambda word: {"grades": [{"password": word}]},
        lambda word: {"org": {"sourcedId": {"password": word}}},
        lambda word: {"userIds": [{"type": "x", "identifier": {"password": word}}]},
    ],
    ids=lambda hidden: json.dumps(hidden("…")),
)
def test_a_password_is_not_kept_wherever_it_stands(hidden: Callable[[str], Record]) -> None:
    word = secrets.token_hex(8)
    page = [{"sourcedId": "p1"}, {"sourcedId": "p2", **hidden(word)}]
    decoder = Decoder(FIELDS)
    for written in (body(page), body(page), json.dumps(page).encode()):
        table = cast_columns("users", decoder.read(written)[0], sensitive=True)
        assert table["sourcedId"].to_pylist() == ["p1", "p2"]
        assert word not in str(table.to_pydict())


def test_over_http_no_password_comes_with_a_user(connected: Connect) -> None:
    word = secrets.token_hex(8)
    paths = school()
    for record in paths["students"]:
        record |= {"password": word, "metadata": {"Password": word, "bus": {"credentials": word}}}
    with FaultServer(paths) as server:
        frame = connected(server).get_users("students", sensitive=True)

    assert len(frame) == 6
    assert word not in frame.to_csv()
    assert not [column for column in frame.columns if "assword" in column]


def test_an_answer_with_several_lists_names_them_and_no_person() -> None:
    page = {"users": [{"sourcedId": "p1", "familyName": "Eyre"}], "orgs": []}

    with pytest.raises(errors.AnswerError) as caught:
        Decoder(FIELDS).read(json.dumps(page).encode())

    assert_clear(caught.value, "orgs, users")
    assert "Eyre" not in shown(caught.value)
