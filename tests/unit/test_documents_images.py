"""Images of the data: in the box of the template, of their own kind, never those of another person."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from services.documents.contract.images import Image
from services.documents.contract.sharing import common_to_all
from services.documents.render import opc
from services.documents.render.assembly import Piece, assemble
from services.documents.render.compiler import compile_template
from services.documents.render.image_parts import _DOTS
from services.documents.render.reference import disagreements, render_reference
from tests.documents_support import parts, png
from tests.documents_templates import MAIN, errors, paragraph, parts_of, verdict

SAMPLE = png(9, 9)
RELATIONS = "word/_rels/document.xml.rels"
GUARD = "{% if images is defined and images.NAME is defined %}"
JPEG = _DOTS["jpeg"].replace(b"\x00\x01\x00\x01\x01", b"\x00\x28\x00\x14\x01")  # 20 pixels by 40


def picture(alt: str, embed: str = 'r:embed="rIdSample"', beside: str = "") -> str:
    """A run with a picture of 20 mm by 10, cropped, which Word also keeps as SVG."""
    a, pic = (f"http://schemas.openxmlformats.org/drawingml/2006/{name}" for name in ("main", "picture"))
    return (
        '<w:r><w:drawing><wp:inline><wp:extent cx="720000" cy="360000"/>'
        f'<wp:docPr id="1" name="Image" descr="{alt}"/><a:graphic xmlns:a="{a}"><a:graphicData uri="{pic}">'
        f'<pic:pic xmlns:pic="{pic}"><pic:nvPicPr><pic:cNvPr id="1" name="Image"/><pic:cNvPicPr/>'
        f'</pic:nvPicPr><pic:blipFill><a:blip {embed}><a:extLst><a:ext uri="x"><b r:embed="rIdSample"/>'
        "</a:ext></a:extLst>"
        '</a:blip><a:srcRect l="1000"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
        '<a:off x="0" y="0"/><a:ext cx="720000" cy="360000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
        f"</a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>{beside}"
    )


def shown(name: str) -> str:
    """A paragraph with the place of an image, when it is there."""
    guard, end = paragraph(GUARD.replace("NAME", name)), paragraph("{% endif %}")
    return guard.removesuffix("</w:p>") + picture(f"{{{{ images.{name}.alt }}}}") + end.removeprefix("<w:p>")


def docx(*blocks: str, footer: str = "") -> bytes:
    """A template that holds a sample picture."""
    found = parts_of(*blocks)
    relation = (
        '<Relationship Id="rIdSample" Target="media/image9.png"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"/>'
    )
    found[RELATIONS] = opc.before_end(found[RELATIONS], relation)
    found["word/media/image9.png"] = SAMPLE
    if footer:
        found["word/footer1.xml"] = found["word/footer1.xml"].replace(b"</w:p>", footer.encode() + b"</w:p>")
        found["word/_rels/footer1.xml.rels"] = found[RELATIONS]
    return opc.write(found)


def images(**named: Any) -> dict[str, Any]:
    """The data of a document with these images."""
    return {"images": {name: {"alt": f"L’image {name}", **found} for name, found in named.items()}}


def image(content: bytes) -> dict[str, Image]:
    """An image as the contract reads it."""
    return {"content": Image.parse(base64.b64encode(content).decode())}


def made(content: bytes, data: dict[str, Any]) -> dict[str, bytes]:
    """The parts of the document, which docxtpl makes too."""
    found = parts(compile_template(content).render(data))
    assert list(disagreements(found, render_reference(content, data))) == []
    return found


@pytest.mark.parametrize(
    ("content", "part", "box"),
    [
        (png(40, 20), "word/media/data_stamp.png", (720000, 360000)),
        (png(20, 20), "word/media/data_stamp.png", (360000, 360000)),
        (png(4000, 20), "word/media/data_stamp.png", (720000, 3600)),
        (JPEG, "word/media/data_stamp.jpeg", (180000, 360000)),
    ],
)
def test_an_image_takes_the_place_of_the_sample_without_being_pulled_out_of_shape(
    content: bytes, part: str, box: tuple[int, int]
) -> None:
    found = made(docx(shown("stamp")), images(stamp=image(content)))
    body, size = found[MAIN].decode(), 'cx="{}" cy="{}"'.format(*box)
    assert found[part] == content
    assert body.count(size) == 2
    assert f'r:embed="rIdData_stamp_{part.rpartition(".")[2]}"' in body
    assert f'Id="rIdData_stamp_{part.rpartition(".")[2]}"'.encode() in found[RELATIONS]
    assert 'descr="L’image stamp"' in body
    assert "srcRect" not in body
    assert SAMPLE not in found.values(), "the sample of the template leaves with no letter"


def test_a_qr_code_is_drawn_from_its_text() -> None:
    data = images(qr_code={"text": "https://exemple.fr/suivi/MC-2026-0042"})
    found = made(docx(shown("qr_code")), data)
    drawn = Image.parse(base64.b64encode(found["word/media/data_qr_code.png"]).decode())
    assert (drawn.kind, drawn.fault, drawn.width == drawn.height > 200) == ("png", "", True)
    assert found == made(docx(shown("qr_code")), data), "the same bytes for the same data"


def test_a_document_without_the_image_shows_nothing() -> None:
    found = made(docx(shown("stamp"), paragraph("Fin")), {})
    assert b"<w:drawing" not in found[MAIN]
    assert SAMPLE not in found.values()


def test_joined_letters_have_each_their_own_image() -> None:
    plan, mine, yours = compile_template(docx(shown("photo"))), png(3, 3), png(5, 5)
    contexts = [images(photo=image(one)) for one in (mine, yours, JPEG, mine)]
    found = parts(assemble([Piece(plan, context) for context in contexts]))
    embedded = [piece.partition('"')[0] for piece in found[MAIN].decode().split('r:embed="')[1:]]
    assert len(embedded) == 4
    shown_images = []
    for one in embedded:
        relation = next(
            part for part in found[RELATIONS].decode().split("<Relationship ") if f'Id="{one}"' in part
        )
        shown_images.append(found["word/" + relation.partition('Target="')[2].partition('"')[0]])
    assert shown_images == [mine, yours, JPEG, mine]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (docx(shown("tampon")), {"FIELD_UNKNOWN"}),
        (docx(f"<w:p>{picture('{{ images.stamp.alt }}')}</w:p>"), {"OPTIONAL_UNGUARDED"}),
        (docx(shown("stamp").replace("stamp.alt }}", "stamp.alt | upper }}")), {"IMAGE_PLACE"}),
        (docx(shown("stamp").replace('r:embed="rIdSample">', ">")), {"IMAGE_PLACE"}),
        (docx(paragraph("Corps"), footer=picture("{{ images.stamp.alt }}")), {"IMAGE_PLACE"}),
        (docx(paragraph(f"{GUARD.replace('NAME', 'stamp')}{{{{ images.stamp.content }}}}{{% endif %}}")),
         {"FILTER_MISSING"}),
    ],
)  # fmt: skip
def test_the_gate_refuses_what_would_show_the_sample(content: bytes, expected: set[str]) -> None:
    found = set(errors(verdict(content)))
    assert found == expected or (expected == {"IMAGE_PLACE"} and expected <= found)


def test_the_gate_tries_an_image_that_the_template_requires() -> None:
    required = verdict(docx(f"<w:p>{picture('{{ images.stamp.alt }}')}</w:p>"), requires=["images.stamp"])
    assert [one.code for one in required.findings] == []


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    """A chunk of a PNG whose sum is wrong."""
    return struct.pack(">I", len(content)) + kind + content + bytes(4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"%PDF-1.7",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        png(3, 3)[:-1],
        png(3, 3).replace(b"IDAT", b"IDAZ"),
        png(3, 3)[:8] + chunk(b"IEND"),
        png(4001, 1),
        JPEG[:-2],
        JPEG[:40],
        JPEG.replace(b"\xff\xc0", b"\xff\xc4"),
        b"\xff\xd8" + b"\xff" * 100,
        b"\xff\xd8\xff\xe0\x00\x00" * 50,
        bytes(256 * 1024 + 1),
    ],
)
def test_what_is_no_image_is_refused(content: bytes) -> None:
    assert Image.parse(base64.b64encode(content).decode()).fault


def test_base64_may_be_on_several_lines_and_is_otherwise_strict() -> None:
    written = base64.encodebytes(png(30, 30)).decode()
    assert Image.parse(written).width == 30
    assert Image.parse(written.replace("\n", "\n!", 1)).fault


def test_a_mailing_shows_nobody_the_signature_of_another() -> None:
    common = images(stamp={"text": "a"}, agent_signature={"text": "b"}, applicant_signature={"text": "c"})
    common |= {"loan": {"months": 3}}
    assert set(common_to_all(common, ["applicant"])["images"]) == {"stamp", "agent_signature"}
    assert common_to_all(common, ["loan"])["images"] == common["images"]
    assert "images" not in common_to_all(common, ["images"])
