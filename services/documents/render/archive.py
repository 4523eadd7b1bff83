"""The zip of a .docx from members deflated in advance: same members, same bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

_VERSION, _UTF8, _DEFLATED = 20, 0x800, 8
_MIDNIGHT, _FIRST_OF_1980 = 0, 0x21
# What a local header and the central directory say alike of a file, from the version to the extra length:
# written once, since it is the same bytes in both.
_COMMON = struct.Struct("<HHHHHIIIHH")
_ATTRIBUTES = struct.Struct("<HHHII")
_END = struct.Struct("<HHHHIIH")
# Bits of the window of zlib, negative: a zip holds deflate without zlib's own header.
_RAW = -15
# Up to so many bytes, so many bits of window and such a level of memory: zlib clears both for each part, and
# most parts of a letter are small.
_WINDOWS = ((4096, (-12, 4)), (16384, (-14, 6)))
STATIC_LEVEL, LEVEL = 9, 2
"""Deflate levels of what is compressed once, and of what each document has of its own."""


class Member:
    """One file of an archive, deflated."""

    __slots__ = ("common", "name", "path", "raw", "size")

    def __init__(self, name: str, content: bytes | Iterable[bytes], level: int = LEVEL) -> None:
        """Deflates the content, which may come in pieces."""
        deflater = zlib.compressobj(level, zlib.DEFLATED, *_window(content))
        raw: list[bytes] = []
        checksum = length = 0
        for chunk in (content,) if isinstance(content, bytes) else content:
            checksum, length = zlib.crc32(chunk, checksum), length + len(chunk)
            raw.append(deflater.compress(chunk))
        raw.append(deflater.flush())
        self._set(name, b"".join(raw), checksum, length)

    def renamed(self, name: str) -> Member:
        """The same file under another name."""
        other = Member.__new__(Member)
        _, _, _, _, _, checksum, _, length, _, _ = _COMMON.unpack(self.common)
        other._set(name, self.raw, checksum, length)
        return other

    def _set(self, name: str, raw: bytes, checksum: int, length: int) -> None:
        self.name, self.path, self.raw, self.size = name, name.encode(), raw, len(raw)
        self.common = _COMMON.pack(
            _VERSION,
            _UTF8,
            _DEFLATED,
            _MIDNIGHT,
            _FIRST_OF_1980,
            checksum,
            len(raw),
            length,
            len(self.path),
            0,
        )

    def content(self) -> bytes:
        """The file."""
        return zlib.decompress(self.raw, _RAW)


def _window(content: bytes | Iterable[bytes]) -> tuple[int, int]:
    """Window bits and memory level that a content needs: a large window costs more to clear than to fill."""
    if isinstance(content, bytes):
        for size, window in _WINDOWS:
            if len(content) <= size:
                return window
    return _RAW, zlib.DEF_MEM_LEVEL


def write(members: Iterable[Member]) -> bytes:
    """The archive, every member dated 1 January 1980."""
    files: list[bytes] = []
    directory: list[bytes] = []
    position = 0
    for member in members:
        files += (b"PK\x03\x04", member.common, member.path, member.raw)
        directory += (
            b"PK\x01\x02\x14\x00",
            member.common,
            _ATTRIBUTES.pack(0, 0, 0, 0, position),
            member.path,
        )
        position += 4 + len(member.common) + len(member.path) + len(member.raw)
    listed = b"".join(directory)
    count = len(directory) // 4  # four pieces are added for each member
    end = _END.pack(0, 0, count, count, len(listed), position, 0)
    return b"".join((*files, listed, b"PK\x05\x06", end))
