"""Where a PDF is to be signed: the named destinations that LibreOffice makes of bookmarks."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject, TextStringObject

from services.documents.making.files import PDF, OutputFile
from services.documents.making.generation import Generated, Sources
from services.documents.making.signing import SignaturePlace, signature_places
from services.documents.messages.documents import document_pb
from services.documents.render.compiler import compile_template
from tests.documents_support import DAY, REFUSAL
from tests.documents_templates import docx, paragraph, profile, shipped


def pdf(*places: tuple[str, int, float, float]) -> bytes:
    """A PDF of two A4 pages with these named destinations."""
    writer = PdfWriter()
    pages = [writer.add_blank_page(595, 842) for _ in range(2)]
    for name, page, left, bottom in places:
        where = (NameObject("/XYZ"), FloatObject(left), FloatObject(bottom), NullObject())
        target = ArrayObject([pages[page].indirect_reference, *where])
        writer.add_named_destination_array(TextStringObject(name), target)
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def test_a_place_to_sign_is_told_in_millimetres_from_the_top_of_its_page() -> None:
    other, first = ("sommaire", 0, 10, 10), ("signature_b", 0, 36, 36)
    found = signature_places(pdf(("signature", 1, 72, 842 - 144), other, first))
    assert found == (
        SignaturePlace("signature_b", 1, Decimal("12.7"), Decimal("284.3")),
        SignaturePlace("signature", 2, Decimal("25.4"), Decimal("50.8")),
    )


def test_a_pdf_without_bookmark_or_that_cannot_be_read_has_none() -> None:
    assert signature_places(pdf()) == ()
    assert signature_places(b"%PDF-1.7 rien") == ()


def test_an_answer_says_where_its_pdf_is_to_be_signed() -> None:
    place = SignaturePlace("signature", 2, Decimal("25.4"), Decimal("50.8"))
    sources = Sources(shipped(REFUSAL), profile(), compile_template(docx(paragraph("A"))), DAY, 1)
    made = Generated(b"", "a.docx", "Titre", sources, "", "")
    message = document_pb(made, OutputFile("a.pdf", PDF, b"%PDF-", (place,)))
    (told,) = message.signature_places
    assert (message.filename, message.media_type, message.size_bytes) == ("a.pdf", PDF, 5)
    assert (told.name, told.page, told.left_mm.value, told.top_mm.value) == ("signature", 2, "25.4", "50.8")
