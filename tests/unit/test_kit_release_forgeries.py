"""A signed package put into other zips: what was signed is what is taken, or nothing is."""

from __future__ import annotations

import io
import json
import stat
import struct
import warnings
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from services.kit.releases.archive import SIGNATURE_FILE, ArchiveError, Contents, digest, pack, unpack
from services.kit.releases.signature import (
    SignatureError,
    Statement,
    generate_key,
    read_public_key,
    sign,
    signer,
)
from services.kit.releases.trust import Key, Trust

NOW = datetime(2026, 12, 1, tzinfo=UTC)
PRIVATE, PUBLIC = generate_key()
MANIFEST, CASES = "package.yaml", "cases/base.yaml"
FILES = {MANIFEST: b"id: paquet\nversion: 2026.3\n", CASES: b"cases: []\n"}
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group of Ed25519: S plus it is the same signature in other bytes, for a reader that lets it."""


def statement(contents: Contents) -> Statement:
    return Statement("paquet", "2026.3", digest(contents))


MARK = sign(statement(FILES), PRIVATE)
SIGNED = {**FILES, SIGNATURE_FILE: MARK}
STATED = json.loads(MARK)
KEY = Key(STATED["key_id"], read_public_key(PUBLIC), "", (), None, None, NOW)
TRUST = Trust(keys={KEY.key_id: KEY})


def taken(archive: bytes) -> Contents | None:
    """What a server that asks for signatures takes from an archive; None when it refuses it."""
    try:
        contents = unpack(archive)
        signer(TRUST, statement(contents), contents.get(SIGNATURE_FILE), NOW)
    except (ArchiveError, SignatureError):
        return None
    return contents


def zipped(entries: Iterable[tuple[str | zipfile.ZipInfo, bytes]], *, large: bool = False) -> bytes:
    """A zip of these entries, in this order; `large` gives them the headers of files of over 4 GiB."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for name, content in entries:
            with archive.open(name, "w", force_zip64=large) as stream:
                stream.write(content)
    return buffer.getvalue()


def counting(archive: bytes, entries: int) -> bytes:
    """The same zip, whose end says that it has so many entries."""
    return archive[:-14] + struct.pack("<HH", entries, entries) + archive[-10:]


def renamed(archive: bytes, name: bytes, other: bytes) -> bytes:
    """The same zip, with another name before the file than in the directory."""
    return archive.replace(name, other, 1)


def signature(**changes: object) -> bytes:
    return json.dumps({**STATED, **changes}).encode()


def larger() -> str:
    """The same signature, its second half plus the order of the group."""
    raw = b64decode(STATED["signature"])
    return b64encode(raw[:32] + (int.from_bytes(raw[32:], "little") + ORDER).to_bytes(32, "little")).decode()


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(MANIFEST)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


WHOLE = pack(SIGNED)
UNSIGNED = pack({**FILES, MANIFEST: b"id: paquet\nversion: 2026.4\n"})
HARMLESS = {
    "another order": zipped(reversed(SIGNED.items())),
    "a top folder": zipped((f"regles/{path}", content) for path, content in SIGNED.items()),
    "hidden files": zipped([(".DS_Store", b"x"), *SIGNED.items(), ("__MACOSX/._a", b"x")]),
    "something before": b"MZ" + bytes(98) + WHOLE,
    "headers of large files": zipped(SIGNED.items(), large=True),
    "after an unsigned one": UNSIGNED + WHOLE,
    "something after the end": WHOLE + bytes(100),
    "an end that counts 65,535 entries": counting(WHOLE, 65_535),
}
FORGED = {
    "unsigned": pack(FILES),
    "a file added": pack({**SIGNED, "cases/autre.yaml": b"cases: []\n"}),
    "a file removed": pack({MANIFEST: FILES[MANIFEST], SIGNATURE_FILE: MARK}),
    "a file renamed": pack(
        {**{f"{path}x": content for path, content in FILES.items()}, SIGNATURE_FILE: MARK}
    ),
    "a file changed": pack({**SIGNED, MANIFEST: b"id: paquet\nversion: 2026.4\n"}),
    "two manifests, the signed one last": zipped([(MANIFEST, b"id: autre\n"), *SIGNED.items()]),
    "two manifests, the signed one first": zipped([*SIGNED.items(), (MANIFEST, b"id: autre\n")]),
    "a manifest in capitals beside it": pack({**SIGNED, "Package.yaml": b"id: autre\n"}),
    "two signatures": zipped([(SIGNATURE_FILE, b"{}"), *SIGNED.items()]),
    "a signature in capitals": pack({**FILES, "SIGNATURE.JSON": MARK}),
    "a signature in a folder": pack({**FILES, f"cases/{SIGNATURE_FILE}": MARK}),
    "a link for a manifest": zipped(
        [(link(), FILES[MANIFEST]), (CASES, FILES[CASES]), (SIGNATURE_FILE, MARK)]
    ),
    "a top folder over a part": pack(
        {f"regles/{MANIFEST}": FILES[MANIFEST], CASES: FILES[CASES], SIGNATURE_FILE: MARK}
    ),
    "before an unsigned one": WHOLE + UNSIGNED,
    "a name that differs in the directory": renamed(WHOLE, b"package.yaml", b"pockage.yaml"),
    "a signature of the same value": pack({**FILES, SIGNATURE_FILE: signature(signature=larger())}),
    "no algorithm": pack({**FILES, SIGNATURE_FILE: signature(algorithm="none")}),
    "a key named twice": pack({**FILES, SIGNATURE_FILE: MARK.rstrip()[:-1] + b', "key_id": "0"}'}),
}


@pytest.mark.parametrize("archive", HARMLESS.values(), ids=HARMLESS)
def test_what_was_signed_is_taken_from_any_zip_that_holds_it_alone(archive: bytes) -> None:
    assert taken(archive) == SIGNED


@pytest.mark.parametrize("archive", FORGED.values(), ids=FORGED)
def test_nothing_else_is_taken(archive: bytes) -> None:
    assert taken(WHOLE) == SIGNED
    assert taken(archive) is None
