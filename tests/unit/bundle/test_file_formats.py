"""Files as spreadsheets and other systems write them: read as what they are, with a finding."""

from collections.abc import Callable

import pandas as pd
import pytest
from helpers.bundles import changed, demo, packed, raw, table

import oneroster_nb as onb
from oneroster_nb.tables.table import TABLES

FILES = ["users.csv", "enrollments.csv", "manifest.csv"]


def separated(sign: str) -> Callable[[bytes], bytes]:
    """Write a file with another separator, its values quoted where they hold it."""

    def change(data: bytes) -> bytes:
        header, rows = table(data)

        def cell(value: str) -> str:
            odd = any(mark in value for mark in (sign, '"', "\n"))
            return '"' + value.replace('"', '""') + '"' if odd else value

        return "".join(sign.join(map(cell, row)) + "\r\n" for row in [header, *rows]).encode()

    return change


def then(*changes: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        for one in changes:
            data = one(data)
        return data

    return change


def coded(encoding: str) -> Callable[[bytes], bytes]:
    return lambda data: data.decode().encode(encoding)


def returns(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r")


def stating(sign: str) -> Callable[[bytes], bytes]:
    return lambda data: f"sep={sign}\r\n".encode() + data


WAYS: dict[str, tuple[Callable[[bytes], bytes], set[str]]] = {
    "UTF-16 with a mark": (coded("utf-16"), {"encoding-utf16"}),
    "UTF-16, big end first": (
        lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"),
        {"encoding-utf16"},
    ),
    "UTF-16 without a mark": (coded("utf-16-le"), {"encoding-utf16"}),
    "UTF-16, big end first, without a mark": (coded("utf-16-be"), {"encoding-utf16"}),
    "returns": (returns, {"line-ends"}),
    "returns, Windows-1252": (then(coded("cp1252"), returns), {"line-ends", "encoding-other"}),
    "semicolons": (separated(";"), {"separator-other"}),
    "tabs": (separated("\t"), {"separator-other"}),
    "bars": (separated("|"), {"separator-other"}),
    "a line sep=,": (stating(","), {"separator-line"}),
    "a line sep=;": (then(separated(";"), stating(";")), {"separator-line", "separator-other"}),
    "Unicode text of Excel": (
        then(separated("\t"), coded("utf-16")),
        {"encoding-utf16", "separator-other"},
    ),
    "a mark and sep=": (
        then(separated(";"), stating(";"), lambda data: b"\xef\xbb\xbf" + data),
        {"encoding-mark", "separator-other", "separator-line"},
    ),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("way", WAYS)
def test_files_are_read_as_what_they_are(way: str, name: str) -> None:
    change, codes = WAYS[way]
    western = raw("users.csv", lambda data: data.decode().encode("cp1252", "replace"))
    unicode = raw("users.csv", lambda data: data.decode("cp1252").encode())
    plain = changed(western, unicode)
    content = changed(western, unicode, raw(name, change))
    conn = onb.CsvConnector(content)
    roster, same = conn.get_roster(progress=False), onb.CsvConnector(plain).get_roster()
    for table_name in TABLES:
        pd.testing.assert_frame_equal(roster.table(table_name), same.table(table_name))
    findings = conn.findings
    if name != "users.csv":  # the others hold only signs that all encodings write alike
        codes = codes - {"encoding-other"}
    assert set(findings["code"]) == codes
    assert set(findings["table"]) == {name.removesuffix(".csv")}
    assert not findings.duplicated(["code", "table"]).any()


def test_values_of_several_lines_are_kept_in_utf_16() -> None:
    files = demo()
    header, *rest = files["orgs.csv"].decode().splitlines()
    first = rest[0].split(",")
    first[header.split(",").index("name")] = '"two\r\nlines, and a comma"'
    files["orgs.csv"] = "\r\n".join([header, ",".join(first), *rest[1:]]).encode("utf-16")
    orgs = onb.CsvConnector(packed(files)).get_roster(progress=False).orgs
    assert orgs["name"].iloc[0] == "two\r\nlines, and a comma"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(("column", "before"), [("givenName", b""), ("email", b'"a\nb"')])
def test_a_return_in_a_value_without_quotes_is_named(
    end: bytes, column: str, before: bytes
) -> None:
    def change(data: bytes) -> bytes:
        lines = data.splitlines()
        values = lines[3].split(b",")
        values[0] = before or values[0]
        values[lines[0].decode().split(",").index(column)] = b"Ma\rry"
        lines[3] = b",".join(values)
        return end.join([*lines, b""])

    number = 5 if before else 4  # lines as an editor counts them
    content = changed(raw("users.csv", change))
    with pytest.raises(onb.BundleError, match=rf"Line {number} of users\.csv .*\(CR\)") as caught:
        onb.CsvConnector(content).get_roster()
    assert "quotes" in str(caught.value)
    assert "Ma" not in str(caught.value)
    (found,) = (
        onb.check(onb.CsvConnector(content)).query("code == 'file-unreadable'").to_dict("records")
    )
    assert (found["table"], "(CR)" in found["message"]) == ("users", True)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_return_in_a_header_is_named(end: bytes) -> None:
    def change(data: bytes) -> bytes:
        return data.replace(b"\r\n", end).replace(b"username", b"user\rname")

    with pytest.raises(onb.BundleError, match=r"Line 1 of users\.csv .*\(CR\)"):
        onb.CsvConnector(changed(raw("users.csv", change))).get_roster()


def test_a_return_within_quotes_is_kept() -> None:
    def change(data: bytes) -> bytes:
        lines = data.replace(b"\r\n", b"\n").split(b"\n")
        lines[1] = lines[1].replace(b",Elijah,", b',"Eli\rjah",')
        return b"\n".join(lines)

    users = onb.CsvConnector(changed(raw("users.csv", change))).get_users("students")
    assert users["givenName"].iloc[0] == "Eli\rjah"


def test_a_delta_of_returns_and_semicolons_is_applied() -> None:
    head = "sourcedId;status;dateLastModified;name;type\r"
    row = "2;active;2026-11-20T08:00:00Z;Renamed;school\r"
    manifest = "propertyName;value\rfile.orgs;delta\roneroster.version;1.1\r"
    content = packed({"manifest.csv": manifest.encode(), "orgs.csv": (head + row).encode()})
    with onb.connect("demo") as conn:
        after = conn.get_roster(progress=False).apply_delta(content)
    assert after.orgs.set_index("sourcedId").loc["2", "name"] == "Renamed"
