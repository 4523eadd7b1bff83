"""The seal of every file that leaves: proves later, without the file being kept, that it was not changed."""

from __future__ import annotations

import hmac
import re
from enum import Enum

from services.documents.making.files import DOCX, PDF
from services.kit.store import vault

_NAME = b"microcredit-seal"
_MARK = re.compile(_NAME + rb":([0-9a-f]{16}):([0-9a-f]{64})")
_MARK_BYTES = len(_NAME) + 1 + 16 + 1 + 64
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
        mark = b":".join((_NAME, self._key_id.encode(), self._digest(content).encode()))
        if media_type == DOCX and content.endswith(_NO_COMMENT):
            return content[: -len(_NO_COMMENT)] + len(mark).to_bytes(2, "little") + mark
        if media_type == PDF:
            return with_line(content, mark)
        return content

    def read(self, content: bytes) -> Sealing:
        """What the seal of anyone's file says."""
        found = _found(content)
        if found is None:
            return Sealing.ABSENT
        mark, unsealed = found
        if mark[1].decode() != self._key_id:
            return Sealing.FOREIGN
        # In constant time: a forger who measures answers must not find a seal byte after byte.
        intact = hmac.compare_digest(mark[2], self._digest(unsealed).encode())
        return Sealing.INTACT if intact else Sealing.BROKEN

    def _digest(self, content: bytes) -> str:
        return vault.tag(self._key, content)


def with_line(pdf: bytes, line: bytes) -> bytes:
    """The PDF with a comment of one line, before the place of its cross-reference table."""
    head, end, tail = pdf.rpartition(_PDF_END)
    return b"".join((head, b"%", line, b"\n", end, tail)) if end else pdf


def _found(content: bytes) -> tuple[re.Match[bytes], bytes] | None:
    """The seal and the file as it was before it was sealed."""
    mark = _MARK.fullmatch(content[-_MARK_BYTES:])
    if mark is not None:
        return mark, content[: -_MARK_BYTES - len(_NO_COMMENT)] + _NO_COMMENT
    start = content.rfind(b"%" + _NAME, max(0, len(content) - _PDF_TAIL))
    mark = _MARK.match(content, start + 1) if start >= 0 else None
    if mark is None:
        return None
    return mark, content[:start] + content[mark.end() + 1 :]
