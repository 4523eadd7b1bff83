"""Images of the data: what a picture is, told by its bytes, whatever they are said to be."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.kit.errors import FieldReason, Violation

MAX_BYTES = 256 * 1024
MAX_PIXELS = 4000
PNG, JPEG = "png", "jpeg"
"""The kinds of images."""

_PNG_HEAD, _JPEG_HEAD, _JPEG_END = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\xd9"
_PNG_CHUNK, _PNG_SIZE = struct.Struct(">I4s"), struct.Struct(">II")
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN, _JPEG_ALONE = 0xDA, frozenset((0x01, *range(0xD0, 0xD8)))


@dataclass(frozen=True)
class Image:
    """An image of the data: its bytes, its kind and its size in pixels; `fault` says why it cannot serve."""

    content: bytes
    kind: str = ""
    width: int = 0
    height: int = 0
    fault: str = ""

    @classmethod
    def parse(cls, text: str) -> Image:
        """Reads base64, on one line or several."""
        try:
            content = base64.b64decode(text.replace("\n", ""), validate=True)
        except binascii.Error:
            return cls(b"", fault="Ce base64 est mal écrit.")
        if len(content) > MAX_BYTES:
            return cls(b"", fault=f"L’image dépasse {MAX_BYTES >> 10} Kio : réduisez-la.")
        kind = PNG if content.startswith(_PNG_HEAD) else JPEG if content.startswith(_JPEG_HEAD) else ""
        if not kind:
            return cls(b"", fault="L’image n’est ni un PNG ni un JPEG.")
        width, height = _png_size(content) if kind == PNG else _jpeg_size(content)
        if not (width and height):
            return cls(b"", fault="L’image est abîmée ou incomplète.")
        if max(width, height) > MAX_PIXELS:
            return cls(b"", fault=f"L’image a plus de {MAX_PIXELS} pixels de côté : réduisez-la.")
        return cls(content, kind, width, height)


def image_faults(data: Mapping[str, Any], root: str) -> Iterator[Violation]:
    """The images of a dossier that cannot serve."""
    for name, found in data.get("images", {}).items():
        picture = found.get("content")
        if isinstance(picture, Image) and picture.fault:
            yield Violation(f"{root}.images.{name}.content", FieldReason.MALFORMED, picture.fault)


def _png_size(content: bytes) -> tuple[int, int]:
    """Width and height; zeros unless every chunk is whole, up to the last one."""
    position, size = len(_PNG_HEAD), (0, 0)
    while position + _PNG_CHUNK.size <= len(content):
        length, kind = _PNG_CHUNK.unpack_from(content, position)
        end = position + _PNG_CHUNK.size + length
        checksum = zlib.crc32(content[position + 4 : end]).to_bytes(4, "big")
        if content[end : end + 4] != checksum:
            return (0, 0)
        if kind == b"IHDR" and length >= _PNG_SIZE.size:
            size = _PNG_SIZE.unpack_from(content, position + _PNG_CHUNK.size)
        if kind == b"IEND":
            return size
        position = end + 4
    return (0, 0)


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height; zeros unless its segments are whole up to the scan, and its end is there."""
    position, size = len(_JPEG_HEAD), (0, 0)
    while position + 4 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF or marker in _JPEG_ALONE:
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        if marker == _JPEG_SCAN:
            return size if _JPEG_END in content[position:] else (0, 0)
        if marker in _JPEG_FRAMES and position + 9 <= len(content):
            height, width = struct.unpack_from(">HH", content, position + 5)
            size = (width, height)
        position += 2 + max(length, 2)
    return (0, 0)
