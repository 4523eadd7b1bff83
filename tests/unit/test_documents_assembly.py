"""Several documents in one file: each keeps its headers, footers, page numbers and lists."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from services.documents.render import opc
from services.documents.render.assembly import Piece, assemble, merge
from services.documents.render.compiler import compile_template
from services.documents.render.errors import RenderError, TemplateError
from services.documents.render.logo import LOGO_PART
from services.documents.render.plan import Plan
from services.documents.template.trial import contexts
from tests.documents_support import text
from tests.documents_templates import MAIN, NAMESPACES, docx, paragraph, parts_of, run, sample, shipped
from tests.ooxml_support import needs_validator, validator

KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
RELATIONS = "word/_rels/document.xml.rels"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PAGES = (
    f'<w:p>{run("{{ name }}, page ")}<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    "<w:r><w:instrText> NUMPAGES </w:instrText></w:r>"
    '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
)
CHAPTER = f'<w:p><w:pPr><w:pStyle w:val="Chapter"/></w:pPr>{run("Chapitre")}</w:p>'


def plan(*blocks: str, footer: str = PAGES) -> Plan:
    parts = parts_of(*blocks)
    for name in ("word/footer1.xml", "word/footer2.xml"):
        parts[name] = f"<w:ftr {NAMESPACES}>{footer}</w:ftr>".encode()
    return compile_template(opc.write(parts))


def sections(content: bytes) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(opc.read(content)[MAIN]).iter(f"{W}sectPr"))


def footers(content: bytes) -> list[str]:
    """The default footer of each section, as text."""
    parts = opc.read(content)
    relations = ElementTree.fromstring(parts["word/_rels/document.xml.rels"])
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    found = []
    for section in sections(content):
        (identifier,) = (
            one.get(f"{R}id")
            for one in section.iter(f"{W}footerReference")
            if one.get(f"{W}type") == "default"
        )
        found.append(parts[f"word/{targets[identifier]}"].decode())
    return found


def people(count: int) -> list[dict[str, Any]]:
    return [{"name": f"Personne {number}"} for number in range(count)]


def test_each_letter_has_its_own_footer_and_its_pages_are_counted_from_one() -> None:
    made = merge(plan(paragraph("Bonjour {{ name }}")), people(12))
    assert [re.findall(r"Personne \d+", footer) for footer in footers(made)] == [
        [f"Personne {number}"] for number in range(12)
    ]
    assert all("SECTIONPAGES" in footer and "NUMPAGES" not in footer for footer in footers(made))
    for section in sections(made):
        (numbering,) = section.iter(f"{W}pgNumType")
        assert numbering.get(f"{W}start") == "1"
    assert re.findall(r"Bonjour (Personne \d+)", text(made)) == [f"Personne {number}" for number in range(12)]
    assert merge(plan(paragraph("Bonjour {{ name }}")), people(12)) == made


def test_a_header_that_says_the_same_in_all_is_written_once() -> None:
    parts = parts_of(paragraph("{{ name }}"))
    header = f"<w:hdr {NAMESPACES}>{paragraph('{{ service }}')}</w:hdr>"
    parts["word/header1.xml"] = header.encode()
    letter = compile_template(opc.write(parts))
    made = opc.read(merge(letter, [{**one, "service": "CIAS"} for one in people(4)]))
    headers = [content for name, content in made.items() if name.startswith("word/header1")]
    assert len(headers) == 2
    assert all(b"CIAS" in one for one in headers)
    other = opc.read(merge(letter, [{**one, "service": one["name"]} for one in people(4)]))
    said = [content for name, content in other.items() if name.startswith("word/header1")]
    assert sorted(re.findall(r"Personne \d", b"".join(said).decode())) == [f"Personne {n}" for n in range(4)]


COUNTS = {
    "complex": PAGES,
    "with a result": '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    "<w:r><w:instrText> NUMPAGES \\* ARABIC </w:instrText></w:r>"
    '<w:r w:rsidR="1"><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>7</w:t></w:r>'
    '<w:r><w:rPr><w:b/></w:rPr><w:fldChar w:fldCharType="end"/></w:r></w:p>',
    "simple": '<w:p><w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>7</w:t></w:r></w:fldSimple></w:p>',
}


@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS)
def test_each_letter_counts_its_pages(count: str) -> None:
    """Word by the field of the outside, LibreOffice by the one inside; with or without tags in the footer."""
    made = merge(plan(paragraph("Bonjour"), paragraph("fin"), footer=count), people(3))
    found = [re.findall(r"\b(NUMPAGES|SECTIONPAGES|PAGEREF \w+)", footer) for footer in footers(made)]
    inner = [[f"PAGEREF piece_end_{number}"] if ">7<" in count else [] for number in (1, 2, 3)]
    assert found == [["SECTIONPAGES", *one] for one in inner]
    body = opc.read(made)[MAIN].decode()
    ends = re.findall(r'fin</w:t></w:r><w:bookmarkStart w:id="\d+" w:name="(\w+)"', body)
    assert ends == [f"piece_end_{number}" for number in (1, 2, 3)]


def test_lists_begin_again_in_each_piece() -> None:
    made = opc.read(merge(plan(CHAPTER, CHAPTER, paragraph("fin")), people(3)))
    used = re.findall(r'<w:numId w:val="(\d+)"/>', made[MAIN].decode())
    restarts = re.findall(
        r'<w:num w:numId="(\d+)">(?:(?!</w:num>).)*startOverride', made["word/numbering.xml"].decode()
    )
    assert used == [number for number in restarts for _ in range(2)]
    assert len(set(restarts)) == 2


def test_bookmarks_and_drawings_stay_unique() -> None:
    mark = '<w:p><w:bookmarkStart w:id="1" w:name="fin"/><w:bookmarkEnd w:id="1"/></w:p>'
    link = f'<w:p><w:hyperlink w:anchor="fin">{run("voir")}</w:hyperlink></w:p>'
    body = opc.read(merge(plan(mark, link), people(3)))[MAIN].decode()
    names = re.findall(r'w:name="(fin\w*)"', body)
    assert len(set(names)) == 3
    assert re.findall(r'w:anchor="(\w+)"', body) == names
    assert len(set(re.findall(r'bookmarkStart w:id="(\d+)"', body))) == 6


def test_a_piece_that_names_no_header_does_not_take_that_of_the_piece_before() -> None:
    bare = parts_of(paragraph("nue"))
    bare[MAIN] = re.sub(rb"<w:(?:header|footer)Reference [^>]*/>", b"", bare[MAIN])
    made = assemble(
        [Piece(plan(paragraph("x")), {"name": "secret"}), Piece(compile_template(opc.write(bare)), {})]
    )
    first, second = sections(made)
    assert {one.get(f"{W}type") for one in second.iter(f"{W}footerReference")} == {
        one.get(f"{W}type") for one in first.iter(f"{W}footerReference")
    }
    assert "secret" not in footers(made)[1]


def test_titles_are_entries_of_the_table_of_contents() -> None:
    letter = plan(paragraph("x"))
    made = assemble(
        [Piece(letter, {"name": "a"}), *(Piece(letter, {"name": "b"}, f'Titre "{n}" & co') for n in (1, 2))]
    )
    body = opc.read(made)[MAIN].decode()
    assert re.findall(r'w:name="(piece_\d)"', body) == ["piece_1", "piece_2"]
    assert body.count("<w:vanish/>") == 6


def test_one_letter_that_cannot_be_made_is_told() -> None:
    with pytest.raises(RenderError) as refused:
        merge(plan(paragraph("x")), [*people(2), {}])
    assert refused.value.field == "name"
    with pytest.raises(TemplateError):
        assemble([])


@needs_validator
def test_word_accepts_the_joined_files(tmp_path: Path) -> None:
    logo = sample().profile.logo
    media = {LOGO_PART: logo.image if logo else None}
    examples = {
        "01-dossier-demande": "extreme",
        "11-presentation-banque": "extreme",
        "14-refus-presentation": "refus-extreme",
    }
    pieces = []
    for name, example in examples.items():
        template = shipped(name)
        context = dict(contexts(template, sample(), ()))[example]
        pieces.append(Piece(compile_template(template.docx, media), context, template.title))
    (tmp_path / "dossier.docx").write_bytes(assemble(pieces))
    (tmp_path / "merged.docx").write_bytes(merge(pieces[-1].plan, [pieces[-1].context] * 3))
    for path in tmp_path.glob("*.docx"):
        done = subprocess.run([validator(), str(path)], capture_output=True, check=False)
        assert json.loads(done.stdout)["errors"] == []


@needs_validator
@pytest.mark.parametrize(
    "name", ["00-sommaire", "01-dossier-demande", "14-refus-presentation", "16-tableau-amortissement"]
)
def test_word_opens_the_templates_themselves(name: str, tmp_path: Path) -> None:
    (tmp_path / "template.docx").write_bytes(shipped(name).docx)
    done = subprocess.run([validator(), str(tmp_path / "template.docx")], capture_output=True, check=False)
    assert json.loads(done.stdout)["errors"] == []


def test_a_piece_brings_the_styles_and_lists_that_differ() -> None:
    foreign = parts_of(CHAPTER, paragraph("étrangère"))
    foreign["word/styles.xml"] = foreign["word/styles.xml"].replace(b"Arial", b"Georgia")
    foreign["word/numbering.xml"] = foreign["word/numbering.xml"].replace(b"%1.", b"%1)")
    house, other = plan(CHAPTER, paragraph("maison")), compile_template(opc.write(foreign))
    made = opc.read(assemble([Piece(house, {"name": "a"}), Piece(other, {})]))
    styles = ElementTree.fromstring(made["word/styles.xml"])
    fonts = {
        style.get(f"{W}styleId"): {font.get(f"{W}ascii") for font in style.iter(f"{W}rFonts")}
        for style in styles.iter(f"{W}style")
    }
    body = made[MAIN].decode()
    first, second = body[: body.index("étrangère")], body[body.index("maison") :]
    assert '<w:pStyle w:val="Chapter"/>' in first
    assert '<w:pStyle w:val="Chapter_1"/>' in second
    unstyled = re.search(r'<w:pStyle w:val="(\w+)"/></w:pPr><w:r><w:t xml:space="preserve">étrangère', body)
    assert unstyled is not None
    assert "Georgia" in fonts[unstyled[1]]
    brought = {name for name, found in fonts.items() if "Georgia" in found}
    assert {name for name in brought if not str(name).endswith("_1")} == set()
    numbers = set(re.findall(r'<w:numId w:val="(\d+)"/>', made["word/styles.xml"].decode()))
    assert numbers <= set(re.findall(r'<w:num w:numId="(\d+)"', made["word/numbering.xml"].decode()))


def with_note(link: str = "") -> Plan:
    """A letter with a footnote, as Word writes it."""
    reference = '<w:p><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    parts = parts_of(paragraph("{{ name }}"), reference)
    separator = f'<w:footnote w:type="separator" w:id="-1">{paragraph("")}</w:footnote>'
    note = f'<w:footnote w:id="2">{paragraph("Note de {{ name }}")}{link}</w:footnote>'
    parts["word/footnotes.xml"] = f"<w:footnotes {NAMESPACES}>{separator}{note}</w:footnotes>".encode()
    target = f'<Relationship Id="rIdNotes" Type="{KINDS}/footnotes" Target="footnotes.xml"/>'
    parts[RELATIONS] = opc.before_end(parts[RELATIONS], target)
    declared = f'<Override PartName="/word/footnotes.xml" ContentType="{TYPES}.footnotes+xml"/>'
    parts[opc.CONTENT_TYPES] = opc.before_end(parts[opc.CONTENT_TYPES], declared)
    return compile_template(opc.write(parts))


@pytest.mark.parametrize("bare", [0, 1])
def test_footnotes_keep_their_numbers_and_their_text(bare: int) -> None:
    """The first piece may have no notes at all."""
    pieces = [Piece(plan(paragraph("x")), {"name": "sans note"})] * bare
    content = assemble([*pieces, *(Piece(with_note(), person) for person in people(3))])
    made = opc.read(content)
    used = re.findall(r'footnoteReference w:id="(\d+)"', made[MAIN].decode())
    notes = ElementTree.fromstring(made["word/footnotes.xml"])
    said = {one.get(f"{W}id"): "".join(one.itertext()) for one in notes}
    assert [said[number] for number in used] == [f"Note de Personne {number}" for number in range(3)]
    assert len(said) == 4
    assert made[opc.CONTENT_TYPES].count(b"footnotes+xml") == 1
    assert made[RELATIONS].count(b"footnotes.xml") == 1


def test_a_note_with_a_link_is_not_joined_by_halves() -> None:
    link = f'<w:p><w:hyperlink r:id="rId1">{run("voir")}</w:hyperlink></w:p>'
    with pytest.raises(TemplateError, match="lien"):
        assemble([Piece(plan(paragraph("x")), {"name": "a"}), Piece(with_note(link), {"name": "b"})])


def test_the_logo_goes_in_its_place_whatever_word_calls_it() -> None:
    parts = opc.read(shipped("14-refus-presentation").docx)
    parts["word/media/image7.png"] = parts.pop(LOGO_PART)
    relations = "word/_rels/header2.xml.rels"
    parts[relations] = parts[relations].replace(b"media/logo.png", b"media/image7.png")
    context = dict(contexts(shipped("14-refus-presentation"), sample(), ()))["refus-budget"]
    context["logo"] = {"alt": "Logo", "width": 123, "height": 45}
    renamed = compile_template(opc.write(parts), {LOGO_PART: b"image"})
    made = opc.read(renamed.render(context))
    assert made["word/media/image7.png"] == b"image"
    assert made["word/header2.xml"].decode().count('cx="123" cy="45"') == 2
    context.pop("logo")
    bare = opc.read(compile_template(opc.write(parts), {LOGO_PART: None}).render(context))
    assert "image7" not in "".join(bare) + bare[relations].decode()


def test_a_plain_template_is_a_document() -> None:
    assert "x" in text(merge(compile_template(docx(paragraph("x"))), [{}]))
