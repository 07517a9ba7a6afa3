"""Zips are bounded by what they declare before anything is unpacked; odd members are refused."""

import io
import random
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest
from helpers.bundles import changed, demo, packed

import oneroster_nb as onb


def refused(content: bytes | Path, words: str, **options: float) -> str:
    with pytest.raises(onb.BundleError, match=words) as caught:
        onb.CsvConnector(content, **options).get_roster(progress=False)
    return str(caught.value)


def bomb(path: Path, name: str, megabytes: int, first: str = "") -> None:
    """Write a zip whose file unpacks to so many megabytes, and is a thousand times smaller."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if first:
            archive.writestr(first, "sourcedId\n")
        with archive.open(name, "w", force_zip64=True) as file:
            for _ in range(megabytes):
                file.write(b"," * (1 << 20))


def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keep the names of the members that are opened."""
    opened: list[str] = []
    original = zipfile.ZipFile.open

    def open_(self: zipfile.ZipFile, name: str | zipfile.ZipInfo, *args: object) -> object:
        opened.append(name if isinstance(name, str) else name.filename)
        return original(self, name, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(zipfile.ZipFile, "open", open_)
    return opened


@pytest.mark.parametrize(
    ("options", "words"),
    [({}, r"200 times.*max_ratio"), ({"max_ratio": 2000, "max_bytes": 50 << 20}, "max_bytes")],
)
def test_a_bomb_is_refused_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, float], words: str
) -> None:
    path = tmp_path / "bomb.zip"
    bomb(path, "users.csv", 100, first="orgs.csv")
    opened = unpacked(monkeypatch)
    tracemalloc.start()
    try:
        message = refused(path, words, **options)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "users.csv" in message
    assert opened == []
    assert peak < 2 << 20


def test_sizes_are_added_up_over_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    files = demo()
    whole = sum(map(len, files.values()))
    content = packed(files)
    assert len(onb.CsvConnector(content, max_bytes=whole).get_users("students")) == 139
    opened = unpacked(monkeypatch)
    refused(content, f"{whole - 1:,} bytes", max_bytes=whole - 1)
    assert opened == []


def test_files_that_are_not_read_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(changed())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.bin", bytes(20 << 20))
    assert len(onb.CsvConnector(path, max_bytes=10 << 20).get_users("students")) == 139


@pytest.mark.parametrize("sign", [b"", b"/"])
def test_a_member_without_a_name_is_an_error_of_ours(sign: bytes) -> None:
    content = bytearray(packed(demo() | {"/": b""}))
    at = content.find(b"PK\x01\x02")  # the directory's entry of "/", which is the last one
    while content.find(b"PK\x01\x02", at + 4) > 0:
        at = content.find(b"PK\x01\x02", at + 4)
    assert content[at + 46 : at + 47] == b"/"
    if not sign:  # an empty name, and the sign that it had as a part of what follows it
        content[at + 28 : at + 32] = b"\0\0\1\0"
    refused(bytes(content), r"without a name")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_is_our_error_in_any_compression(method: int) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, data in demo().items():
            archive.writestr(name, data)
    assert len(onb.CsvConnector(whole.getvalue()).get_users("students")) == 139
    chance = random.Random(7)
    for _ in range(8):
        content = bytearray(whole.getvalue())
        at = content.find(b"users.csv") + len("users.csv")
        for _ in range(5):
            content[at + chance.randrange(3000)] ^= 255
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", onb.RosterWarning)
            with pytest.raises(onb.RosterError):
                onb.CsvConnector(bytes(content)).get_roster(progress=False)


def test_a_cut_or_changed_directory_is_an_error_of_ours() -> None:
    whole = changed()
    start = whole.find(b"PK\x01\x02")
    chance = random.Random(11)
    for _ in range(40):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(start, len(content))] = chance.randrange(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", onb.RosterWarning)
            try:
                onb.CsvConnector(bytes(content)).get_roster(progress=False)
            except onb.RosterError:
                continue
