"""Images of the data in a document: each has a part of its own for each kind of file, filled or a dot.

A relationship cannot depend on the data: the body names the part of the kind that the image is of, and the
other one, which nothing shows, holds a dot.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Mapping
from typing import Any

from services.documents.contract import JPEG, PNG, Image
from services.documents.render.archive import Member

KINDS = (PNG, JPEG)
"""The kinds of image parts, which are their extensions too."""
_PIXELS_PER_SQUARE, _QUIET_SQUARES = 8, 4
_DOTS = {
    PNG: base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
    ),
    JPEG: base64.b64decode(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71"
        "////m8H////6/+b9//j/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAI"
        "AQEAAD8AZf/Z"
    ),
}

Found = Mapping[str, Any]


class ImagePart:
    """A part that holds an image of the data."""

    __slots__ = ("_dot", "digest", "image", "kind", "name", "size")

    def __init__(self, image: str, kind: str) -> None:
        """`image` is its name in the data."""
        self.image, self.kind, self.name = image, kind, part_name(image, kind)
        self.digest = hashlib.sha256(self.name.encode()).digest()
        self._dot = Member(self.name, _DOTS[kind])
        self.size = self._dot.size

    def content(self, context: Mapping[str, Any]) -> bytes:
        """The file of the image, or a dot when there is none of this kind."""
        found = context.get("images", {}).get(self.image)
        return _DOTS[self.kind] if found is None or _kind(found) != self.kind else _content(found)

    def member(self, context: Mapping[str, Any]) -> Member:
        """The part of one document."""
        content = self.content(context)
        return self._dot if content is _DOTS[self.kind] else Member(self.name, content)


def part_name(image: str, kind: str) -> str:
    """The part of an image of the data."""
    return f"word/media/data_{image}.{kind}"


def identifier(image: str, kind: str) -> str:
    """The relationship of the body to it."""
    return f"rIdData_{image}_{kind}"


def _content(found: Found) -> bytes:
    image = found.get("content")
    return image.content if isinstance(image, Image) else _qr_code(str(found["text"]))


def _kind(found: Found) -> str:
    image = found.get("content")
    return image.kind if isinstance(image, Image) else PNG


def _qr_code(text: str) -> bytes:
    import segno  # at the first code: few templates have one

    written = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        written, kind="png", scale=_PIXELS_PER_SQUARE, border=_QUIET_SQUARES
    )
    return written.getvalue()


def _sides(found: Found) -> tuple[int, int]:
    image = found.get("content")
    return (image.width, image.height) if isinstance(image, Image) else (1, 1)


def _embedded(found: Found, name: str) -> str:
    """The relationship to the part that holds it."""
    return identifier(name, _kind(found))


def _width(found: Found, width: int, height: int) -> int:
    """As wide as it may be in its place, without being pulled out of shape."""
    own_width, own_height = _sides(found)
    return max(1, min(width, height * own_width // own_height))


def _height(found: Found, width: int, height: int) -> int:
    own_width, own_height = _sides(found)
    return max(1, min(height, width * own_height // own_width))


EMBEDDED, WIDTH, HEIGHT = "embedded_", "width_", "height_"
IMAGE_FILTERS: Mapping[str, Callable[..., Any]] = {EMBEDDED: _embedded, WIDTH: _width, HEIGHT: _height}
"""Filters that the compiler adds where an image of the data has its place."""
