"""The seal of a file: the very bytes that were written, and nothing else."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from microcredit.documents.v1 import store_service_pb2 as pb
from services.documents.api import Verifier
from services.documents.making import DOCX, PDF, Seal, Sealing
from services.kit.canonical import canonical
from services.kit.store import vault

KEY, NAME = b"k" * 32, b"n" * 32
SEAL = Seal(KEY, NAME)
MARK = 100


def docx(text: str = "<w:document/>" * 50) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", text)
    return buffer.getvalue()


CONTENTS = {DOCX: docx(), PDF: b"%PDF-1.7\n" + b"1 0 obj\n" * 20 + b"trailer\nstartxref\n99\n%%EOF\n"}


@pytest.mark.parametrize("media_type", CONTENTS)
def test_no_byte_of_a_sealed_file_may_change(media_type: str) -> None:
    sealed = SEAL.sealed(CONTENTS[media_type], media_type)
    assert SEAL.read(sealed) is Sealing.INTACT
    for place in range(len(sealed)):
        for bit in (1, 128):
            changed = bytearray(sealed)
            changed[place] ^= bit
            assert SEAL.read(bytes(changed)) is not Sealing.INTACT


def test_what_holds_the_seal_is_proved_too() -> None:
    sealed, pdf = SEAL.sealed(CONTENTS[DOCX], DOCX), SEAL.sealed(CONTENTS[PDF], PDF)
    plain, mark = CONTENTS[DOCX], sealed[-MARK:]
    line = pdf[pdf.index(b"%microcredit") :].partition(b"\n")[0]
    without = pdf.replace(line + b"\n", b"")
    forged = [
        *(plain[:-2] + length.to_bytes(2, "little") + mark for length in (0, MARK - 1, MARK + 1, 65_535)),
        plain + b"%" + mark + b"\n",
        plain + b"%" + mark,
        pdf.replace(line + b"\n", line + b"\r"),
        pdf.replace(line + b"\n", line + b"x"),
        without.replace(b"trailer", line + b"\ntrailer"),
        without.replace(b"%%EOF", line + b"\n%%EOF"),
        without + line + b"\n",
        pdf + mark,
        pdf.replace(b"startxref", b"%startxref"),
    ]
    assert [one for one in forged if SEAL.read(one) is Sealing.INTACT] == []


def rezipped(content: bytes, method: int, more: Mapping[str, bytes]) -> bytes:
    """The same archive written again, with more files."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(io.BytesIO(content)) as read:
            for entry in read.infolist():
                archive.writestr(entry.filename, read.read(entry))
        for name, added in more.items():
            archive.writestr(name, added)
    return buffer.getvalue()


def commented(archive: bytes, comment: bytes) -> bytes:
    """An archive without a comment, with one."""
    return archive[:-2] + len(comment).to_bytes(2, "little") + comment


def test_no_other_archive_is_sealed_by_a_seal_that_was_seen() -> None:
    plain = CONTENTS[DOCX]
    sealed = SEAL.sealed(plain, DOCX)
    seal = sealed[len(plain) :]
    text = zipfile.ZipFile(io.BytesIO(plain)).read("word/document.xml")
    odd = docx("<w:document>Une autre lettre</w:document>")
    part = {"word/document.xml": odd}
    forged = {
        "another text": commented(odd, seal),
        "compressed": commented(rezipped(plain, zipfile.ZIP_DEFLATED, {}), seal),
        "written again with a file more": commented(rezipped(plain, 0, {"word/a.xml": b"<a/>"}), seal),
        "a file twice": commented(rezipped(plain, 0, part), seal),
        "a long comment": commented(plain, b" " * (65_535 - len(seal)) + seal),
        "an archive in an archive": commented(rezipped(odd, 0, {"a.docx": sealed}), b""),
        "something after": sealed + b"\n",
        "something before": b"%" + sealed,
        "cut": sealed[: len(sealed) // 2],
        "the seal alone": seal,
        "two seals": commented(plain, seal + seal),
        "the line of a PDF in it": docx(f"%{seal.decode()}\nstartxref") + bytes(20),
    }
    assert text in sealed
    assert [what for what, one in forged.items() if SEAL.read(one) is Sealing.INTACT] == []


def test_no_other_pdf_is_sealed_by_a_seal_that_was_seen() -> None:
    sealed = SEAL.sealed(CONTENTS[PDF], PDF)
    line = sealed[sealed.index(b"%microcredit") :].partition(b"\n")[0] + b"\n"
    update = b"1 0 obj\n<< /Autre true >>\nendobj\nxref\n0 1\ntrailer\n<< /Prev 99 >>\n"
    other = CONTENTS[PDF].replace(b"obj", b"job", 1)
    forged = {
        "an incremental update": sealed + update + b"startxref\n250\n%%EOF\n",
        "the same with the seal again": sealed + update + line + b"startxref\n250\n%%EOF\n",
        "a line of comment": sealed.replace(b"trailer", b"% vu\ntrailer"),
        "a second seal": sealed.replace(line, line.replace(line[-10:-1], b"0" * 9) + line),
        "the seal of another": other.replace(b"startxref", line + b"startxref"),
        "something after": sealed + b"\n",
        "something before": b"\n" + sealed,
        "cut": sealed[:-6],
        "the seal alone": line,
        "as the comment of an archive": commented(CONTENTS[DOCX], line[1:-1]),
    }
    assert SEAL.read(sealed) is Sealing.INTACT
    assert [what for what, one in forged.items() if SEAL.read(one) is Sealing.INTACT] == []


def test_a_seal_is_that_of_one_kind_of_file() -> None:
    odd = CONTENTS[PDF] + bytes(2)
    mark = SEAL.sealed(odd, PDF).partition(b"%microcredit")[2].partition(b"\n")[0]
    assert SEAL.read(odd[:-2] + MARK.to_bytes(2, "little") + b"microcredit" + mark) is Sealing.BROKEN


def test_files_sealed_before_the_kind_was_covered_are_proved() -> None:
    key = KEY
    name = NAME[:8].hex()
    for media_type, content in CONTENTS.items():
        mark = f"microcredit-seal:{name}:{vault.tag(key, content)}".encode()
        assert len(mark) == MARK - 2
        if media_type == DOCX:
            sealed = content[:-2] + len(mark).to_bytes(2, "little") + mark
        else:
            sealed = content.replace(b"startxref", b"%" + mark + b"\nstartxref")
        assert SEAL.read(sealed) is Sealing.INTACT
        assert SEAL.read(sealed.replace(b"\nstartxref", b" startxref") + b" ") is not Sealing.INTACT


def test_a_seal_of_another_key_is_foreign() -> None:
    assert SEAL.read(Seal(b"o" * 32, b"p" * 32).sealed(CONTENTS[PDF], PDF)) is Sealing.FOREIGN
    assert SEAL.read(CONTENTS[PDF]) is Sealing.ABSENT


def test_a_seal_proves_a_letter_whose_template_is_no_longer_published() -> None:
    state = SimpleNamespace(releases=())
    deployments = SimpleNamespace(releases=SimpleNamespace(follower=SimpleNamespace(state=lambda: state)))
    verifier = Verifier(deployments, SimpleNamespace(find=lambda _: None), SEAL)  # type: ignore[arg-type]
    named = {"template_sha256": "a" * 64, "profile_sha256": "b" * 64, "data_sha256": "c" * 64}
    said = canonical({**named, "document_date": "2026-10-01"}).encode()
    letter = CONTENTS[PDF].replace(b"startxref", b"%microcredit-provenance " + said + b"\nstartxref")
    sealed = SEAL.sealed(letter, PDF)
    answer = verifier.verify(pb.VerifyDocumentRequest(content=sealed))
    assert answer.verification == pb.VERIFICATION_GENUINE
    assert "une version de modèle que ce service n’a plus" in answer.summary
    assert not answer.HasField("template")
    for changed in (letter, sealed.replace(b"obj", b"job", 1)):
        answer = verifier.verify(pb.VerifyDocumentRequest(content=changed))
        assert answer.verification == pb.VERIFICATION_UNKNOWN
