"""Signatures of packages: only this statement, by one of these keys."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from services.kit.errors import StartupError
from services.kit.releases.signature import (
    KeyFileError,
    SignatureError,
    Statement,
    generate_key,
    read_folder,
    read_public_key,
    sign,
    signer,
)
from services.kit.releases.trust import Key, Trust

NOW = datetime(2026, 11, 30, tzinfo=UTC)
STATEMENT = Statement("paquet", "2026.1", "9f" * 32)
PRIVATE, PUBLIC = generate_key()
SIGNED = sign(STATEMENT, PRIVATE)
OTHER_KIND = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    (tmp_path / "a.pem").write_bytes(PUBLIC)
    (tmp_path / "b.pem").write_bytes(generate_key()[1])
    (tmp_path / "..data").mkdir()
    return Keys({key_id: raw for key_id, (_, raw) in read_folder(tmp_path).items()})


class Keys:
    """Public keys by id, all accepted."""

    def __init__(self, raws: dict[str, bytes]) -> None:
        keys = {one: Key(one, raw, "", (), None, None, NOW) for one, raw in raws.items()}
        self.trust = Trust(keys=keys)

    def verify(self, statement: Statement, file: bytes | None) -> str:
        return signer(self.trust, statement, file, NOW)


def test_a_signature_names_its_key(keys: Keys) -> None:
    key = load_pem_public_key(PUBLIC)
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert keys.verify(STATEMENT, SIGNED) == hashlib.sha256(raw).hexdigest()[:16]
    assert keys.verify(STATEMENT, sign(STATEMENT, PRIVATE)) == json.loads(SIGNED)["key_id"]


@pytest.mark.parametrize("change", [{"name": "autre"}, {"version": "2026.2"}, {"digest": "9e" * 32}])
def test_a_signature_is_that_of_one_statement(keys: Keys, change: dict[str, str]) -> None:
    with pytest.raises(SignatureError):
        keys.verify(replace(STATEMENT, **change), SIGNED)


def test_the_parts_of_a_statement_cannot_be_shifted(keys: Keys) -> None:
    signed = sign(Statement('a","version":"1', "2", ""), PRIVATE)
    with pytest.raises(SignatureError):
        keys.verify(Statement("a", '1","version":"2', ""), signed)


STATED = json.loads(SIGNED)
FORGED = {
    "absent": None,
    "empty": b"",
    "without fields": b"{}",
    "a list": b"[]",
    "nothing": b"null",
    "very deep": b"[" * 1999,
    "not text": b"\xff",
    "too long": SIGNED + b" " * 2000,
    "another algorithm": json.dumps({**STATED, "algorithm": "none"}).encode(),
    "a longer signature": json.dumps({**STATED, "signature": f"AAAA{STATED['signature']}"}).encode(),
    "not base64": json.dumps({**STATED, "signature": "é"}).encode(),
    "no signature": json.dumps({**STATED, "signature": None}).encode(),
    "an odd key": json.dumps({**STATED, "key_id": ["a"]}).encode(),
    "an unknown key": json.dumps({**STATED, "key_id": "0" * 16}).encode(),
    "signed by a stranger": sign(STATEMENT, generate_key()[0]),
    "a stranger under the name of a key": json.dumps(
        {**json.loads(sign(STATEMENT, generate_key()[0])), "key_id": STATED["key_id"]}
    ).encode(),
}


@pytest.mark.parametrize("file", FORGED.values(), ids=FORGED)
def test_anything_else_is_refused(keys: Keys, file: bytes | None) -> None:
    with pytest.raises(SignatureError):
        keys.verify(STATEMENT, file)


@given(st.integers(0, 63), st.integers(1, 255))
def test_a_changed_signature_is_refused(place: int, change: int) -> None:
    signature = bytearray(b64decode(STATED["signature"]))
    signature[place] ^= change
    forged = json.dumps({**STATED, "signature": b64encode(signature).decode()}).encode()
    with pytest.raises(SignatureError):
        Keys({STATED["key_id"]: read_public_key(PUBLIC)}).verify(STATEMENT, forged)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        PRIVATE,
        OTHER_KIND.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        PUBLIC + generate_key()[1],
        generate_key()[1] + PRIVATE,
    ],
    ids=["empty", "no key", "private key", "another algorithm", "two keys", "two blocks"],
)
def test_a_file_that_is_no_public_key_stops_the_start(tmp_path: Path, file: bytes) -> None:
    (tmp_path / "a.pem").write_bytes(file)
    with pytest.raises(StartupError, match=r"a\.pem n’est pas une clé publique"):
        read_folder(tmp_path)


ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
PRIME = 2**255 - 19
WEAK = {
    "identity": (1).to_bytes(32, "little"),
    "identity, non-canonical": (PRIME + 1).to_bytes(32, "little"),
    "identity, other sign": (1 + 2**255).to_bytes(32, "little"),
    "all zero": bytes(32),
    "zero, non-canonical": PRIME.to_bytes(32, "little"),
    "order 2": (PRIME - 1).to_bytes(32, "little"),
    "order 4": (2**255).to_bytes(32, "little"),
    "order 8": ORDER_8,
    "order 8, other sign": ORDER_8[:-1] + bytes([ORDER_8[-1] | 128]),
    "order 8, opposite": (PRIME - int.from_bytes(ORDER_8, "little")).to_bytes(32, "little"),
}


@pytest.mark.parametrize("raw", WEAK.values(), ids=WEAK)
def test_a_key_that_anyone_signs_with_stops_the_start(tmp_path: Path, raw: bytes) -> None:
    key = Ed25519PublicKey.from_public_bytes(raw)
    (tmp_path / "a.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(StartupError, match=r"a\.pem n’est pas une clé publique"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["K.PEM", "clé.pub", "lisez-moi.txt"])
def test_a_file_that_would_be_ignored_stops_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.pem").write_bytes(PUBLIC)
    (tmp_path / name).write_bytes(PUBLIC)
    with pytest.raises(StartupError, match="n’est pas pris pour une clé"):
        read_folder(tmp_path)


def test_a_folder_without_keys_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="aucune clé publique"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    "key",
    [b"", PUBLIC, OTHER_KIND.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())],
    ids=["empty", "public key", "another algorithm"],
)
def test_only_an_ed25519_private_key_signs(key: bytes) -> None:
    with pytest.raises(KeyFileError):
        sign(STATEMENT, key)
