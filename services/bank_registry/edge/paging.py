"""Page tokens: a revision and an offset, sealed together with the question that they continue."""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.kit.errors import Violations

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 200

_PLACE = struct.Struct(">QI")
_SEAL_BYTES = 18


@dataclass(frozen=True)
class Place:
    """Where a page begins: the revision that the first page showed (0 = the present one), and an offset."""

    revision: int = 0
    offset: int = 0


def seal(key: bytes, request: pb.ListSelectableBanksRequest, place: Place) -> str:
    """The token of a place in the answer to a request; any other request, or a changed token, is refused."""
    packed = _PLACE.pack(place.revision, place.offset)
    digest = hmac.digest(key, packed + _question(request), hashlib.sha256)
    return urlsafe_b64encode(packed + digest[:_SEAL_BYTES]).decode()


def place_of(key: bytes, request: pb.ListSelectableBanksRequest, violations: Violations) -> Place:
    """Where the page asked for begins."""
    if not request.page_token:
        return Place()
    try:
        place = Place(*_PLACE.unpack_from(urlsafe_b64decode(request.page_token)))
    except (ValueError, struct.error):
        place = Place()
    if not hmac.compare_digest(seal(key, request, place).encode(), request.page_token.encode()):
        text = "Ce jeton n’est pas celui d’une page précédente de la même demande."
        violations.add("page_token", "PAGE_TOKEN_REFUSED", text)
    return place


def page_size(request: pb.ListSelectableBanksRequest, violations: Violations) -> int:
    """How many results a page holds at most."""
    if request.page_size < 0:
        violations.add("page_size", "NEGATIVE", "La taille de page ne peut pas être négative.")
    return min(request.page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def _question(request: pb.ListSelectableBanksRequest) -> bytes:
    """What must be the same from page to page."""
    question = pb.ListSelectableBanksRequest()
    question.CopyFrom(request)
    question.ClearField("page_token")
    question.ClearField("page_size")
    return question.SerializeToString(deterministic=True)
