"""Bundles that would harm: a clear error, in bounded time and memory."""

import io
import random
import time
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from helpers.bundles import changed, demo, packed, raw, removed, said, table, written
from helpers.thorough import cases

import oneroster_nb as onb


def refused(content: Any, words: str, **options: Any) -> str:
    with pytest.raises(onb.BundleError, match=words) as caught:
        onb.CsvConnector(content, **options).get_roster(progress=False)
    return str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"PK\x03\x04" + b"\0" * 99])
def test_not_a_zip(content: bytes, tmp_path: Path) -> None:
    refused(content, "not a zip")
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert "x.zip" in refused(path, "not a zip")


def test_nothing_there(tmp_path: Path) -> None:
    refused(tmp_path / "none.zip", "There is no bundle")
    refused(tmp_path, "no CSV files")
    refused(packed({"readme.txt": b"hello"}), "no CSV files")
    refused(packed({"buses.csv": b"id\n1\n"}), "neither a manifest.csv nor a users.csv")


@pytest.mark.parametrize("source", [None, "", 5, ["x.zip"]])
def test_a_source_must_be_a_path_or_bytes(source: Any) -> None:
    with pytest.raises(onb.ConfigurationError, match=r"path|bundle"):
        onb.CsvConnector(source).get_roster()


def test_an_encrypted_zip() -> None:
    content = bytearray(changed())
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(sign)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(sign, at + 4)
    refused(bytes(content), "encrypted")


def test_a_zip_bomb_by_ratio() -> None:
    files = demo()
    files["users.csv"] += b"," * 0 + b'"' + b"0" * 40_000_000 + b'"\n'
    refused(packed(files), r"200 times.*max_ratio")


def test_a_zip_bomb_by_size() -> None:
    whole = sum(map(len, demo().values()))
    message = refused(changed(), "max_bytes", max_bytes=whole // 2)
    assert f"{whole // 2:,}" in message
    assert len(onb.CsvConnector(changed(), max_bytes=whole).get_users("students")) == 139


def test_the_limits_can_be_raised() -> None:
    header, rows = table(demo()["users.csv"])
    many = [[f"{number}", *rows[0][1:]] for number in range(200_000)]
    content = packed(demo() | {"users.csv": written(header, many)})
    refused(content, "max_ratio", max_ratio=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        conn = onb.CsvConnector(content, max_ratio=5000)
        assert len(conn.get_roster(progress=False).users) == 200_000


@pytest.mark.parametrize("name", ["max_bytes", "max_ratio"])
@pytest.mark.parametrize("value", [0, -1, "x", None, True])
def test_limits_that_make_no_sense(name: str, value: Any) -> None:
    with pytest.raises(onb.ConfigurationError, match=name):
        onb.CsvConnector(changed(), **{name: value})


def test_a_size_that_the_zip_lies_about() -> None:
    """What is declared is not believed: bytes are counted while they are unpacked."""
    content = bytearray(changed())
    at = content.find(b"PK\x01\x02")
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    with pytest.raises(onb.BundleError):
        onb.CsvConnector(bytes(content), max_bytes=1000).get_roster()


def test_a_nested_zip() -> None:
    refused(packed({"inner.zip": changed()}), r"another zip \(inner\.zip\)")


@pytest.mark.parametrize(
    "name", ["../users.csv", "/etc/users.csv", "a/../../users.csv", "..\\users.csv", "C:users.csv"]
)
def test_names_that_lead_out(name: str, tmp_path: Path) -> None:
    files = demo()
    files[name] = files.pop("users.csv")
    refused(packed(files), "leads out")


def test_two_files_of_one_name() -> None:
    refused(packed({**demo(), "Users.csv": b"sourcedId\n1\n"}), "two files of one name")
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w") as archive:
        warnings.simplefilter("ignore")
        for name in ("users.csv", "users.csv"):
            archive.writestr(name, "sourcedId\n1\n")
    refused(content.getvalue(), "two files of one name")


def test_two_folders_of_tables() -> None:
    files = {f"a/{name}": data for name, data in demo().items()}
    refused(packed(files | {"b/users.csv": b"sourcedId\n"}), "several folders")


def test_a_required_file_that_is_missing() -> None:
    refused(changed(removed("users.csv")), r"incomplete.*users\.csv")
    refused(changed(removed("manifest.csv", "users.csv")), "neither")


def test_a_file_that_the_manifest_calls_absent_is_left_out() -> None:
    conn = onb.CsvConnector(changed(said("courses", "absent")))
    assert conn.findings["code"].tolist() == ["manifest-file"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", onb.RosterWarning)
        assert conn.get_roster().courses.empty


def test_a_manifest_that_is_none() -> None:
    refused(changed(raw("manifest.csv", lambda _: b"a,b\n1,2\n")), "propertyName")


def test_a_file_without_header() -> None:
    headless = raw("users.csv", lambda data: data.split(b"\n", 1)[1])
    refused(changed(headless), r"users\.csv has no column sourcedId")
    refused(changed(raw("users.csv", lambda _: b"")), r"users\.csv is empty")
    refused(changed(raw("users.csv", lambda _: b"\n\n")), r"users\.csv is empty")


@pytest.mark.parametrize("quoted", [False, True])
def test_a_single_line_of_200_megabytes(quoted: bool) -> None:
    line = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN" * 4_000_000
    sign = b'"' if quoted else b""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:  # stored, so that its ratio is 1
        for name, data in demo().items():
            archive.writestr(name, data + sign + line + sign if name == "users.csv" else data)
    start = time.process_time()
    refused(content.getvalue(), r"users\.csv is longer than")
    assert time.process_time() - start < 60  # bounded: it is not read over and over
    refused(packed({"users.csv": b"sourcedId," + b"x" * 2_000_000}), "longer than")


def test_nul_bytes() -> None:
    refused(changed(raw("users.csv", lambda data: data[:999] + b"\0" + data[999:])), "NUL")
    utf32 = raw("users.csv", lambda data: data.decode().encode("utf-32"))
    refused(changed(utf32), "NUL")
    cut = raw("users.csv", lambda data: data.decode().encode("utf-16")[:-1])
    refused(changed(cut), "UTF-16")


def test_ten_thousand_columns() -> None:
    header = ",".join(["sourcedId", *(f"c{number}" for number in range(10_000))]).encode()
    refused(changed(raw("users.csv", lambda _: header + b"\n")), "10,001 columns")


def test_a_quote_without_its_partner_loses_no_rows() -> None:
    header, rows = table(demo()["users.csv"])
    lines = [",".join(header), *(",".join(row[:3]) for row in rows)]
    lines[200] = '18200,"active,'
    broken = raw("users.csv", lambda _: ("\n".join(lines) + "\n").encode())
    refused(changed(broken), "never closed")
    # Also in the last column, where the rest of the file fits into one value.
    plain = [[value.replace(",", "") for value in row] for row in rows[:50]]
    lines = [",".join(header), *(",".join(row) for row in plain)]
    lines[20] = ",".join([*(["x"] * (len(header) - 1)), '"open'])
    last = raw("users.csv", lambda _: ("\n".join(lines) + "\n").encode())
    refused(changed(last), "never closed")


def test_quotes_that_stand_alone_in_a_value_are_kept() -> None:
    header, rows = table(demo()["orgs.csv"])
    line = ",".join([*rows[1][:3], 'Pipe 5" High', *rows[1][4:]])
    content = changed(raw("orgs.csv", lambda _: f"{','.join(header)}\n{line}\n".encode()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", onb.RosterWarning)
        assert onb.CsvConnector(content).get_roster().orgs["name"].tolist() == ['Pipe 5" High']


def test_a_damaged_zip() -> None:
    content = bytearray(changed())
    at = content.find(b"users.csv") + 200
    content[at : at + 40] = bytes(40)
    refused(bytes(content), r"damaged|NUL|not a zip|sourcedId|quote")


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_random_changes_give_a_roster_or_an_error_of_ours(version: str) -> None:
    chance = random.Random(int(version[-1]))
    files = demo(version)
    for _ in range(cases(4, 20)):
        broken = dict(files)
        for _ in range(chance.randint(1, 3)):
            name = chance.choice(list(broken))
            data = bytearray(broken[name])
            for _ in range(chance.choice([1, 1, 5, 50])):
                at = chance.randrange(len(data) + 1)
                way = chance.random()
                if way < 0.4 and at < len(data):
                    data[at] = chance.choice(b'\0\n\r",\xff\x80a0/')
                elif way < 0.7:
                    data[at:at] = bytes(chance.choices(b'",\n\xe9x', k=chance.randint(1, 9)))
                else:
                    del data[at : at + chance.choice([1, 10, 1000])]
                if not data:
                    break
            broken[name] = bytes(data)
        content = bytearray(packed(broken))
        if chance.random() < 0.3:
            for _ in range(chance.randint(1, 20)):
                content[chance.randrange(len(content))] = chance.randrange(256)
        _roster_or_error(bytes(content))


def _roster_or_error(content: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", onb.RosterWarning)
        try:
            conn = onb.CsvConnector(content)
            findings = onb.check(conn, progress=False)
            roster = conn.get_roster(progress=False)
        except onb.RosterError:
            return
        assert next(iter(findings)) == "severity"
        assert len(roster.get_users("students", "schools")) >= 0
