"""Where a PDF is to be signed: the bookmarks of its template whose name begins with `signature`."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_NAME = "signature"
_MM_PER_POINT = 25.4 / 72
# PDFium may not be called by two threads at once.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class SignaturePlace:
    """A place to sign: its page from 1 on, and where it begins, from its left and its top."""

    name: str
    page: int
    left_mm: Decimal
    top_mm: Decimal


def signature_places(pdf: bytes) -> tuple[SignaturePlace, ...]:
    """Those of a PDF that our converter made, in the order of the pages; none when it cannot be read."""
    import pypdfium2  # at the first PDF: it loads a large library

    with _ONE_AT_A_TIME:
        try:
            document: Any = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError:
            return ()
        try:
            found = list(_places(document, pypdfium2.raw))
        finally:
            document.close()
    return tuple(sorted(found, key=lambda place: (place.page, place.top_mm, place.left_mm)))


def _places(document: Any, raw: Any) -> Iterator[SignaturePlace]:
    for rank in range(raw.FPDF_CountNamedDests(document)):
        length = ctypes.c_long(0)
        raw.FPDF_GetNamedDest(document, rank, None, length)
        written = ctypes.create_string_buffer(max(0, length.value))
        target = raw.FPDF_GetNamedDest(document, rank, written, length)
        name = written.raw.decode("utf-16-le", "replace").rstrip("\0")
        page = raw.FPDFDest_GetDestPageIndex(document, target)
        has = tuple(ctypes.c_int() for _ in range(3))
        left, bottom, zoom = (ctypes.c_float() for _ in range(3))
        if not name.startswith(_NAME) or page < 0:
            continue
        if raw.FPDFDest_GetLocationInPage(target, *has, left, bottom, zoom) and has[0] and has[1]:
            top = document.get_page_size(page)[1] - bottom.value
            yield SignaturePlace(name, page + 1, _mm(left.value), _mm(top))


def _mm(points: float) -> Decimal:
    return Decimal(f"{points * _MM_PER_POINT:.1f}")
