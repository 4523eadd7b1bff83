"""Every rendered example is accessible (RGAA) and valid for Microsoft's Open XML SDK."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from services.documents.render.assembly import Piece, assemble
from services.documents.render.compiler import compile_template
from services.documents.template.accessibility import accessibility
from services.kit.french import typeset
from tests.documents_catalogue import CASES, TEMPLATES, context, document, plan
from tests.documents_support import ASK, DOCUMENTS, W, paragraph_text, parts, text
from tests.documents_templates import shipped
from tests.ooxml_support import needs_validator, validator
from tools.house.build import MODELS

SMALLEST_HALF_POINTS, SMALLEST_IN_FOOTER = 21, 19
LEAST_CONTRAST = 4.5
HEADINGS = {"Title": 1, "Subject": 1, "Chapter": 2, "Heading2": 2, "Heading3": 3}
Node = ElementTree.Element


def without_logo() -> bytes:
    """A letter of a profile that has no logo."""
    seen = {name: value for name, value in (context(ASK, "complet") or {}).items() if name != "logo"}
    return compile_template(shipped(ASK).docx, {"word/media/logo.png": None}).render(seen)


@pytest.fixture(params=TEMPLATES)
def documents(request: pytest.FixtureRequest) -> list[dict[str, bytes]]:
    """The documents of a template, by their parts."""
    found = [document(*case) for case in CASES if case[0] == request.param]
    return [parts(content) for content in found if content is not None]


def xml(found: dict[str, bytes], name: str = "word/document.xml") -> Node:
    return ElementTree.fromstring(found[name])


def only(node: Node, path: str) -> Node:
    found = node.find(path)
    assert found is not None, path
    return found


def style_of(paragraph: Node) -> str:
    return only(paragraph, f"{W}pPr/{W}pStyle").get(f"{W}val", "")


def headings(body: Node) -> Iterator[int]:
    for paragraph in body.iter(f"{W}p"):
        level = HEADINGS.get(style_of(paragraph))
        if level is not None:
            yield level


def test_the_rules_of_the_gate_find_nothing(documents: list[dict[str, bytes]]) -> None:
    for shown in documents:
        assert [str(finding) for finding in accessibility(shown)] == []


def test_language_title_and_headings(documents: list[dict[str, bytes]]) -> None:
    for shown in documents:
        styles = xml(shown, "word/styles.xml")
        assert only(styles, f".//{W}rPrDefault//{W}lang").get(f"{W}val") == "fr-FR"
        core = shown["docProps/core.xml"].decode()
        assert "<dc:language>fr-FR</dc:language>" in core
        assert re.search(r"<dc:title>[^<]{8,}</dc:title>", core)
        levels = [0, *headings(xml(shown))]
        assert all(after <= before + 1 for before, after in pairwise(levels))
        for style in styles.iter(f"{W}style"):
            if style.get(f"{W}styleId") in HEADINGS:
                assert style.find(f"{W}pPr/{W}keepNext") is not None
                assert style.find(f"{W}pPr/{W}outlineLvl") is not None


def test_nothing_is_laid_out_with_blanks(documents: list[dict[str, bytes]]) -> None:
    forbidden = ("tab", "pict", "object", "txbxContent", "vMerge", "gridSpan", 'jc w:val="both"')
    for shown in documents:
        for paragraph in xml(shown).iter(f"{W}p"):
            content = paragraph_text(paragraph)
            assert content.strip() or paragraph.find(f".//{W}drawing") is not None
            assert not re.match(r"\s*[-•–]\s", content)
        source = shown["word/document.xml"].decode()
        assert not [name for name in forbidden if f"<w:{name}" in source]
        assert "<wp:anchor" not in source


def test_tables_have_a_heading_row_and_no_empty_cell(documents: list[dict[str, bytes]]) -> None:
    for table in (table for shown in documents for table in xml(shown).iter(f"{W}tbl")):
        assert only(table, f"{W}tblPr/{W}tblCaption").get(f"{W}val")
        columns = len(table.findall(f"{W}tblGrid/{W}gridCol"))
        first, *rows = table.findall(f"{W}tr")
        assert first.find(f"{W}trPr/{W}tblHeader") is not None
        assert rows
        for row in (first, *rows):
            assert row.find(f"{W}trPr/{W}cantSplit") is not None
            assert len(row.findall(f"{W}tc")) == columns
            assert all(paragraph_text(cell).strip() for cell in row.iter(f"{W}tc"))


def test_two_tables_never_touch(documents: list[dict[str, bytes]]) -> None:
    for shown in documents:
        kinds = [child.tag for child in only(xml(shown), f"{W}body")]
        assert (f"{W}tbl", f"{W}tbl") not in set(pairwise(kinds))


def test_every_template_shares_one_sheet_of_styles() -> None:
    """What lets pieces be joined, and tested once: text large enough, dark enough."""
    sheets = {parts(shipped(template).docx)["word/styles.xml"] for template in TEMPLATES}
    (sheet,) = sheets
    for style in ElementTree.fromstring(sheet).iter(f"{W}style"):
        smallest = (
            SMALLEST_IN_FOOTER if style.get(f"{W}styleId") in ("Header", "Footer") else SMALLEST_HALF_POINTS
        )
        assert all(int(size.get(f"{W}val", "0")) >= smallest for size in style.iter(f"{W}sz"))
    colours = set(re.findall(r'<w:color w:val="(\w{6})"', sheet.decode()))
    fills = {"FFFFFF", *re.findall(r'w:fill="(\w{6})"', sheet.decode())}
    assert len(fills) > 2
    assert min(contrast(colour, fill) for colour in colours for fill in fills) >= LEAST_CONTRAST


def contrast(one: str, other: str) -> float:
    """Ratio of WCAG 2.1."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_static_text_follows_french_typography() -> None:
    for template, name in CASES:
        content = document(template, name)
        if content is not None and name != "extreme":
            assert [line for line in text(content).split("\n") if line != typeset(line)] == []


def test_the_shipped_templates_are_those_of_the_house() -> None:
    for model in MODELS:
        path = DOCUMENTS / "templates" / model.id / "template.docx"
        assert path.read_bytes() == model.docx(), "lancez python -m tools.house.build"


def joined(name: str) -> bytes:
    """The documents of an example in one file: each part of each is there."""
    seen = ((template, context(template, name)) for template in TEMPLATES)
    return assemble([Piece(plan(template), found, template) for template, found in seen if found])


@needs_validator
def test_word_accepts_every_document(tmp_path: Path) -> None:
    files = {name: joined(name) for name in ("complet", "minimal", "extreme")}
    files |= {"sans-logo": without_logo()}
    for name, content in files.items():
        (tmp_path / f"{name}.docx").write_bytes(content)

    def errors(path: Path) -> list[object]:
        done = subprocess.run([validator(), str(path)], capture_output=True, check=False)
        found: list[object] = json.loads(done.stdout)["errors"]
        return found

    with ThreadPoolExecutor(2) as pool:
        paths = sorted(tmp_path.glob("*.docx"))
        assert {
            path.name: found for path, found in zip(paths, pool.map(errors, paths), strict=True) if found
        } == {}
