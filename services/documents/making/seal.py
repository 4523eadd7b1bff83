"""The seal of every file that leaves: proves later, without the file being kept, that it was not changed."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from enum import Enum

from services.documents.making.files import DOCX, PDF
from services.kit.store import vault

_NAME = b"microcredit-seal"
# The first seals, without a number, cover the bytes of the file; the second ones its media type too.
_MARK = re.compile(_NAME + rb"(-2|):([0-9a-f]{16}):([0-9a-f]{64})")
_MAX_MARK_BYTES = len(_NAME) + 2 + 1 + 16 + 1 + 64
_AT_END = re.compile(_MARK.pattern + rb"\Z")
_KEY_ID_BYTES = 8
# A zip ends with the length of its comment, then the comment; a PDF is read from `startxref`, which readers
# look for in its last 1,024 bytes: a seal there is shown by no reader.
_NO_COMMENT = bytes(2)
_PDF_END, _PDF_TAIL = b"startxref", 1024


class Sealing(Enum):
    """What the seal of a file says."""

    INTACT = "INTACT"
    BROKEN = "BROKEN"
    """The file was changed since it was sealed with this very key."""
    FOREIGN = "FOREIGN"
    """It was sealed with another key."""
    ABSENT = "ABSENT"


class Seal:
    """Seals files and reads their seals (HMAC-SHA256): the same file has the same seal, in every process. The
    seal says the name of its key."""

    def __init__(self, key: bytes, name: bytes) -> None:
        self._key = key
        self._key_id = name[:_KEY_ID_BYTES].hex()

    def sealed(self, content: bytes, media_type: str) -> bytes:
        """The .docx with its seal as the comment of the archive, the PDF with a line before its end; any
        other file as it is."""
        digest = vault.tag(self._key, _covered(content, media_type))
        return _placed(
            content, b":".join((_NAME + b"-2", self._key_id.encode(), digest.encode())), media_type
        )

    def read(self, content: bytes) -> Sealing:
        """What the seal of anyone's file says."""
        found = _found(content)
        if found is None:
            return Sealing.ABSENT
        if found.key_id != self._key_id:
            return Sealing.FOREIGN
        covered = _covered(found.unsealed, found.media_type) if found.covers_type else found.unsealed
        # In constant time: a forger who measures answers must not find a seal byte after byte.
        intact = hmac.compare_digest(found.digest, vault.tag(self._key, covered))
        # What holds the seal is not covered by it: only the very bytes that sealing writes are accepted.
        written = _placed(found.unsealed, found.mark, found.media_type)
        return Sealing.INTACT if intact and written == content else Sealing.BROKEN


@dataclass(frozen=True)
class _Found:
    """The seal of a file, and the file as it was before it was sealed."""

    mark: bytes
    key_id: str
    digest: str
    covers_type: bool
    unsealed: bytes
    media_type: str


def _covered(content: bytes, media_type: str) -> bytes:
    """What a seal covers: the same bytes as another kind of file have another seal."""
    return media_type.encode() + b"\0" + content


def _placed(content: bytes, mark: bytes, media_type: str) -> bytes:
    if media_type == DOCX and content.endswith(_NO_COMMENT):
        return content[: -len(_NO_COMMENT)] + len(mark).to_bytes(2, "little") + mark
    if media_type == PDF:
        return with_line(content, mark)
    return content


def with_line(pdf: bytes, line: bytes) -> bytes:
    """The PDF with a comment of one line, before the place of its cross-reference table."""
    head, end, tail = pdf.rpartition(_PDF_END)
    return b"".join((head, b"%", line, b"\n", end, tail)) if end else pdf


def _found(content: bytes) -> _Found | None:
    """The seal that anyone's file holds, where a seal may be."""
    mark = _AT_END.search(content[-_MAX_MARK_BYTES:])
    if mark is not None:
        return _of(mark, content[: -len(mark[0]) - len(_NO_COMMENT)] + _NO_COMMENT, DOCX)
    start = content.rfind(b"%" + _NAME, max(0, len(content) - _PDF_TAIL))
    mark = _MARK.match(content, start + 1) if start >= 0 else None
    return None if mark is None else _of(mark, content[:start] + content[mark.end() + 1 :], PDF)


def _of(mark: re.Match[bytes], unsealed: bytes, media_type: str) -> _Found:
    return _Found(mark[0], mark[2].decode(), mark[3].decode(), mark[1] != b"", unsealed, media_type)
