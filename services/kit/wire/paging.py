"""Page tokens: a state number and an offset, sealed with the question that they continue (AIP-158)."""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

from services.kit.errors import FieldReason, Violations

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 200

_PLACE = struct.Struct(">QI")
_SEAL_BYTES = 18

T = TypeVar("T")


@dataclass(frozen=True)
class PageStart:
    """Where a page begins: the state number that the first page showed (0 = the present), and an offset."""

    state_number: int = 0
    offset: int = 0


@dataclass(frozen=True)
class Page:
    """The page that a request asks for: where it begins, and how many results it holds at most."""

    place: PageStart
    size: int

    @property
    def end(self) -> int:
        """Offset of the page after it."""
        return self.place.offset + self.size

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """The results of the page."""
        return items[self.place.offset : self.end]

    def next_token(self, key: bytes, request: Message, count: int, state_number: int) -> str:
        """The token of the next page of `count` results, at the same state; empty on the last page."""
        return seal(key, request, PageStart(state_number, self.end)) if self.end < count else ""


def asked_page(key: bytes, request: Any, violations: Violations) -> Page:
    """The page that a request asks for by its `page_size` and `page_token`."""
    return Page(place_of(key, request, violations), page_size(request, violations))


def seal(key: bytes, request: Message, place: PageStart) -> str:
    """The token of a place in the answer to a request; any other request, or a changed token, is refused."""
    packed = _PLACE.pack(place.state_number, place.offset)
    digest = hmac.digest(key, packed + _question(request), hashlib.sha256)
    return urlsafe_b64encode(packed + digest[:_SEAL_BYTES]).decode()


def place_of(key: bytes, request: Any, violations: Violations) -> PageStart:
    """Where the page asked for by the `page_token` of a request begins."""
    if not request.page_token:
        return PageStart()
    try:
        place = PageStart(*_PLACE.unpack_from(urlsafe_b64decode(request.page_token)))
    except (ValueError, struct.error):
        place = PageStart()
    if not hmac.compare_digest(seal(key, request, place).encode(), request.page_token.encode()):
        text = "Ce jeton n’est pas celui d’une page précédente de la même demande."
        violations.add("page_token", FieldReason.PAGE_TOKEN_REFUSED, text)
    return place


def page_size(request: Any, violations: Violations) -> int:
    """How many results a page holds at most, by the `page_size` of a request."""
    if request.page_size < 0:
        violations.add("page_size", FieldReason.OUT_OF_RANGE, "La taille de page ne peut pas être négative.")
    return min(request.page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def _question(request: Message) -> bytes:
    """What must be the same from page to page: the kind of request, and its other fields."""
    question: Any = type(request)()
    question.CopyFrom(request)
    question.ClearField("page_token")
    question.ClearField("page_size")
    name = str(request.DESCRIPTOR.full_name)
    return name.encode() + b"\0" + bytes(question.SerializeToString(deterministic=True))
