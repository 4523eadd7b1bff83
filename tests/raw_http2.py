"""Connections that do what no gRPC library would: send half of a request, never read an answer."""

from __future__ import annotations

import socket
import struct
from typing import Self

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS = 0, 1, 3, 4
END_STREAM, END_HEADERS = 1, 4
INITIAL_WINDOW_SIZE = 4
FRAME = 16384
"""The longest payload of a frame that every peer accepts."""


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One HTTP/2 frame (RFC 9113, section 4.1)."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name: str, value: str) -> bytes:
    """A header field that no table remembers (RFC 7541, section 6.2.2), without Huffman coding."""
    return b"\x00" + b"".join(bytes([len(text)]) + text.encode() for text in (name, value))


class RawConnection:
    """One connection to a server, with a window of `window` bytes for each of its answers."""

    def __init__(self, address: str, window: int = 65535) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host.removeprefix("ipv4:") or "127.0.0.1", int(port)))
        settings = struct.pack(">HI", INITIAL_WINDOW_SIZE, window)
        self._socket.sendall(PREFACE + frame(SETTINGS, 0, 0, settings))
        self._next = 1

    def begin(self, path: str, message: bytes | None, sent: int | None = None, *, end: bool = False) -> None:
        """Opens a call: headers, then the first `sent` bytes of its message (by default all of them)."""
        fields = {
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            ":authority": "localhost",
            "te": "trailers",
            "content-type": "application/grpc",
        }
        block = b"".join(literal(name, value) for name, value in fields.items())
        data = b"" if message is None else (struct.pack(">BI", 0, len(message)) + message)[:sent]
        frames = frame(HEADERS, END_HEADERS, self._next, block)
        for start in range(0, len(data), FRAME):
            frames += frame(DATA, 0, self._next, data[start : start + FRAME])
        if end:
            frames += frame(DATA, END_STREAM, self._next)
        self._next += 2
        self._socket.sendall(frames)

    def reset(self) -> None:
        """Abandons the last call."""
        cancel = 8
        self._socket.sendall(frame(RST_STREAM, 0, self._next - 2, struct.pack(">I", cancel)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
