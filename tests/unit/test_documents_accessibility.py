"""Every rendered example is accessible (RGAA) and valid for Microsoft's Open XML SDK."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from services.documents.house.build import MODELS, TEMPLATES
from services.kit.french import typeset
from tests.documents_support import (
    ASK,
    CASES,
    DOCUMENTS,
    Library,
    W,
    example,
    paragraph_text,
    parts,
    png,
    text,
)
from tests.support import ROOT

SMALLEST_HALF_POINTS, SMALLEST_IN_FOOTER = 21, 19
LEAST_CONTRAST = 4.5
Node = ElementTree.Element


@lru_cache
def library(profiles: Path) -> Library:
    return Library(DOCUMENTS / "templates", profiles)


def generate(profiles: Path, template: str, name: str) -> bytes:
    return library(profiles).generate(template, json.dumps(example(name)).encode()).content


def with_a_logo(profiles: Path) -> Path:
    """A copy of the shipped profile, with a logo."""
    shutil.copytree(DOCUMENTS / "profiles", profiles)
    path = profiles / "cias-exemple" / "profile.yaml"
    logo = "  logo: {file: logo.png, alt: Logo, height_mm: 15}\n\nsignatories:"
    path.write_text(path.read_text(encoding="utf-8").replace("\nsignatories:", logo, 1), encoding="utf-8")
    path.with_name("logo.png").write_bytes(png(80, 40))
    return profiles


@pytest.fixture(scope="module")
def rendered() -> dict[tuple[str, str], bytes]:
    return {(template, name): generate(DOCUMENTS / "profiles", template, name) for template, name in CASES}


@pytest.fixture(params=CASES, ids="-".join)
def document(request: pytest.FixtureRequest, rendered: dict[tuple[str, str], bytes]) -> dict[str, bytes]:
    return parts(rendered[request.param])


def xml(document: dict[str, bytes], name: str) -> Node:
    return ElementTree.fromstring(document[name])


def only(node: Node, path: str) -> Node:
    found = node.find(path)
    assert found is not None, path
    return found


def style_of(paragraph: Node) -> str:
    return only(paragraph, f"{W}pPr/{W}pStyle").get(f"{W}val", "")


def style_name(style: Node) -> str:
    name = style.find(f"{W}name")
    return "" if name is None else name.get(f"{W}val", "")


def headings(document: dict[str, bytes]) -> Iterator[int]:
    levels = {
        style.get(f"{W}styleId"): style_name(style)
        for style in xml(document, "word/styles.xml").iter(f"{W}style")
    }
    for paragraph in xml(document, "word/document.xml").iter(f"{W}p"):
        name = levels[style_of(paragraph)]
        if name.startswith("heading "):
            yield int(name[-1])


def test_language_title_and_headings(document: dict[str, bytes]) -> None:
    styles = xml(document, "word/styles.xml")
    assert only(styles, f".//{W}rPrDefault//{W}lang").get(f"{W}val") == "fr-FR"
    core = document["docProps/core.xml"].decode()
    assert "<dc:language>fr-FR</dc:language>" in core
    assert re.search(r"<dc:title>[^<]+ – dossier MC-2026-[^<]+</dc:title>", core)
    kept = [style.find(f"{W}pPr/{W}keepNext") for style in styles if style_name(style).startswith("heading")]
    assert len(kept) == 2
    assert None not in kept
    levels = [0, *headings(document)]
    assert len(levels) > 2
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_is_laid_out_with_blanks(document: dict[str, bytes]) -> None:
    body = xml(document, "word/document.xml")
    texts = [paragraph_text(paragraph) for paragraph in body.iter(f"{W}p")]
    assert all(content.strip() for content in texts)
    assert not [content for content in texts if re.match(r"\s*[-•–]\s", content)]
    forbidden = ("tab", "pict", "object", "txbxContent", "vMerge", "gridSpan", "framePr", 'jc w:val="both"')
    source = document["word/document.xml"].decode()
    assert not [name for name in forbidden if f"<w:{name}" in source]
    assert "<wp:anchor" not in source


def test_tables_have_a_heading_row_and_no_empty_cell(document: dict[str, bytes]) -> None:
    for table in xml(document, "word/document.xml").iter(f"{W}tbl"):
        assert only(table, f"{W}tblPr/{W}tblCaption").get(f"{W}val")
        columns = len(table.findall(f"{W}tblGrid/{W}gridCol"))
        first, *rows = table.findall(f"{W}tr")
        assert first.find(f"{W}trPr/{W}tblHeader") is not None
        assert rows
        for row in (first, *rows):
            assert row.find(f"{W}trPr/{W}cantSplit") is not None
            assert len(row.findall(f"{W}tc")) == columns
            assert all(paragraph_text(cell).strip() for cell in row.iter(f"{W}tc"))


def test_two_tables_never_touch(document: dict[str, bytes]) -> None:
    kinds = [child.tag for child in only(xml(document, "word/document.xml"), f"{W}body")]
    assert (f"{W}tbl", f"{W}tbl") not in set(pairwise(kinds))


def test_text_is_large_and_dark_enough(document: dict[str, bytes]) -> None:
    for style in xml(document, "word/styles.xml").iter(f"{W}style"):
        smallest = (
            SMALLEST_IN_FOOTER if style.get(f"{W}styleId") in ("Header", "Footer") else SMALLEST_HALF_POINTS
        )
        assert all(int(size.get(f"{W}val", "0")) >= smallest for size in style.iter(f"{W}sz"))
    colours = set(re.findall(r'<w:color w:val="(\w{6})"', document["word/styles.xml"].decode()))
    fills = {"FFFFFF", *re.findall(r'w:fill="(\w{6})"', document["word/styles.xml"].decode())}
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


def test_static_text_follows_french_typography(rendered: dict[tuple[str, str], bytes]) -> None:
    for (_, name), content in rendered.items():
        if name != "extreme":
            assert [line for line in text(content).split("\n") if line != typeset(line)] == []


def test_the_shipped_templates_are_those_of_the_house() -> None:
    for model in MODELS:
        assert (TEMPLATES / model.id / "template.docx").read_bytes() == model.docx(), (
            "lancez python -m services.documents.house.build"
        )


def validator() -> str | None:
    given = os.environ.get("OOXML_VALIDATOR")
    installed = ROOT / "build" / "npm" / "node_modules" / ".bin" / "ooxml-validator"
    return given or (str(installed) if installed.exists() else shutil.which("ooxml-validator"))


def test_word_accepts_every_document(rendered: dict[tuple[str, str], bytes], tmp_path: Path) -> None:
    command = validator()
    if command is None:
        pytest.skip("Validateur Open XML absent\u00a0: « make validator » l’installe (npm requis).")
    with_logo = generate(with_a_logo(tmp_path / "profiles"), ASK, "complet")
    for (template, name), content in {**rendered, (ASK, "logo"): with_logo}.items():
        (tmp_path / f"{template}-{name}.docx").write_bytes(content)

    def errors(path: Path) -> list[object]:
        done = subprocess.run([command, str(path)], capture_output=True, check=False)
        found: list[object] = json.loads(done.stdout)["errors"]
        return found

    with ThreadPoolExecutor(2) as pool:
        paths = sorted(tmp_path.glob("*.docx"))
        assert {
            path.name: found for path, found in zip(paths, pool.map(errors, paths), strict=True) if found
        } == {}
