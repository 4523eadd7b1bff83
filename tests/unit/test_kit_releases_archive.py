"""Archives of packages: what is packed is what is read, and no zip does harm."""

from __future__ import annotations

import hashlib
import io
import re
import stat
import tracemalloc
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.releases.archive import (
    MAX_ARCHIVE_BYTES,
    MAX_FILE_BYTES,
    MAX_FILES,
    SIGNATURE_FILE,
    ArchiveError,
    digest,
    pack,
    restore,
    unpack,
)

CONTENTS = {"package.yaml": b"id: a\n", "cases/base.yaml": "été".encode()}
NAMES = st.text("abcé-_.", min_size=1, max_size=8).filter(lambda name: set(name) != {"."})
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PACKAGES = st.dictionaries(PATHS, st.binary(max_size=300), max_size=6)


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


def with_flag(archive: bytes, flag: int) -> bytes:
    """The same zip with a general purpose flag of its first entry set, in both of its headers."""
    changed = bytearray(archive)
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[archive.index(header) + offset] |= flag
    return bytes(changed)


@given(PACKAGES)
def test_what_is_packed_is_restored(contents: dict[str, bytes]) -> None:
    archive = pack(contents)
    assert restore(archive) == contents
    assert pack(dict(reversed(contents.items()))) == archive


@given(PACKAGES, PACKAGES)
def test_two_packages_have_one_digest_only_if_they_are_the_same(
    one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    assert (digest(one) == digest(other)) == (one == other)


def test_the_digest_is_frozen_and_leaves_the_signature_out() -> None:
    frozen = hashlib.sha256()
    for part in (b"cases/base.yaml", "été".encode(), b"package.yaml", b"id: a\n"):
        frozen.update(len(part).to_bytes(8, "big") + part)
    assert digest(CONTENTS) == digest({**CONTENTS, SIGNATURE_FILE: b"{}"}) == frozen.hexdigest()


def test_a_zip_made_by_hand_is_read_as_meant() -> None:
    archive = zipped(
        ("regles/", b""),
        *((f"regles/{path}", content) for path, content in CONTENTS.items()),
        ("regles/.DS_Store", b"x"),
        ("regles/.git/config", b"x"),
        ("__MACOSX/regles/._package.yaml", b"x"),
    )
    assert unpack(archive) == unpack(pack(CONTENTS)) == CONTENTS


@pytest.mark.parametrize(
    "path",
    ["../a", "a/../../b", "/etc/passwd", "\\a", "a\\..\\b", "C:/a", "C:a", "a//b", "./a", ".."],
)
def test_a_path_that_leaves_the_archive_is_refused(path: str) -> None:
    with pytest.raises(ArchiveError, match="chemin"):
        unpack(zipped(("package.yaml", b""), (path, b"")))


def test_a_name_that_hides_its_end_is_refused() -> None:
    with pytest.raises(ArchiveError, match="chemin"):
        unpack(zipped(("a+b", b"")).replace(b"a+b", b"a\0b"))


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_special_files_are_refused(mode: int) -> None:
    with pytest.raises(ArchiveError, match="lien"):
        unpack(zipped((special("package.yaml", mode), b"/etc/passwd")))


@pytest.mark.parametrize(
    ("archive", "sentence"),
    [
        (with_flag(pack(CONTENTS), 0x1), "chiffrée"),
        (zipped(("a", b"1"), ("a", b"2")), "même nom"),
        (zipped(("a", b"1" * 99), method=zipfile.ZIP_BZIP2), "compression"),
        (zipped(("a", b"1" * 99), method=zipfile.ZIP_LZMA), "compression"),
        (zipped(*((f"f{number}", b"") for number in range(10_000))), f"{MAX_FILES} fichiers"),
        (zipped(), "vide"),
        (zipped((".DS_Store", b"x")), "vide"),
        (b"", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"id: a\n" * 99, "zip"),
        (b"\0" * (MAX_ARCHIVE_BYTES + 1), "4 Mio"),
        (zipped(("a", b"\0" * (MAX_FILE_BYTES + 1))), "trop grande"),
        (zipped(*((f"f{number}", b"\0" * MAX_FILE_BYTES) for number in range(5))), "trop grande"),
        (zipped(("é", b"")).replace("é".encode(), b"\xff\xfe"), "zip"),
        (with_flag(zipped(("a", b"1" * 99)), 0x20), "zip"),
    ],
    ids=range(15),
)
def test_an_unsound_archive_is_refused_in_french(archive: bytes, sentence: str) -> None:
    with pytest.raises(ArchiveError) as raised:
        unpack(archive)
    assert sentence in raised.value.sentence
    assert re.fullmatch(r"L’archive .*\.", raised.value.sentence)


def test_a_name_that_is_not_in_utf8_is_refused() -> None:
    archive = bytearray(zipped(("e", b"")))
    for place in re.finditer(b"e", bytes(archive)):
        archive[place.start()] = 0xE9
    with pytest.raises(ArchiveError, match="UTF-8"):
        unpack(bytes(archive))


def test_a_bomb_of_a_gigabyte_opens_no_more_than_the_limit() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w") as stream:
        for _ in range(1024):
            stream.write(bytes(1024 * 1024))
    bomb = buffer.getvalue()
    size = (1024**3).to_bytes(4, "little")
    assert size in bomb
    for archive_bytes in (bomb, bomb.replace(size, (10).to_bytes(4, "little"))):
        tracemalloc.start()
        with pytest.raises(ArchiveError):
            unpack(archive_bytes)
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
        tracemalloc.stop()


@given(st.data())
def test_a_damaged_archive_is_refused_or_read_whole(data: st.DataObject) -> None:
    """Truncated anywhere, or with bytes changed anywhere: contents are never altered in silence."""
    archive = bytearray(pack(CONTENTS))
    if data.draw(st.booleans()):
        del archive[data.draw(st.integers(0, len(archive) - 1)) :]
    else:
        for place in data.draw(st.lists(st.integers(0, len(archive) - 1), min_size=1, max_size=3)):
            archive[place] = data.draw(st.integers(0, 255))
    try:
        found = restore(bytes(archive))
    except ArchiveError:
        return
    assert set(found.values()) <= set(CONTENTS.values())
