"""The shipped catalogue on the examples; `python -m tests.documents_catalogue` rewrites its texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from services.documents.contract.dossier_json import CONTRACT, read_dossier
from services.documents.render.compiler import compile_template
from services.documents.render.plan import Plan
from services.documents.template.context import make_context
from services.documents.template.permission import all_checks
from services.kit.errors import InvalidArgument
from tests.documents_support import DAY, DOCUMENTS, Json, W, example, paragraph_text, parts
from tests.documents_templates import profile, shipped

EXPECTED = Path(__file__).parent / "documents_expected"
TEMPLATES = tuple(sorted(path.name for path in (DOCUMENTS / "templates").iterdir()))
EXAMPLES = tuple(sorted(path.stem for path in (DOCUMENTS / "contract" / "examples").glob("*.json")))
SITUATIONS = (
    ("14-refus-presentation", "refus-budget"),
    ("14-refus-presentation", "refus-territoire"),
    ("15-decision-banque", "banque-refus"),
    ("15-decision-banque", "offre-acceptee"),
    ("19-suivi", "bilan-final"),
    ("20-incident", "incident-seul"),
    ("22-depliant-usagers", "public"),
    ("24-attestation-solde", "bilan-final"),
)
CASES = (
    *((template, name) for template in TEMPLATES for name in ("complet", "minimal", "extreme")),
    *SITUATIONS,
)
READABLE = tuple(case for case in CASES if case[1] != "extreme")
# A refusal, and what may hold aggregates alone, have examples of their own.
_OF_THEIR_OWN = {
    ("14-refus-presentation", "minimal"): "refus-minimal",
    ("14-refus-presentation", "extreme"): "refus-extreme",
    ("24-attestation-solde", "complet"): "solde",
    ("24-attestation-solde", "minimal"): "solde-minimal",
    ("24-attestation-solde", "extreme"): "solde",
    ("21-rapport-annuel", "complet"): "rapport-annuel",
    ("21-rapport-annuel", "minimal"): "rapport-minimal",
    ("21-rapport-annuel", "extreme"): "rapport-extreme",
    ("25-note-conseil", "complet"): "note-conseil",
    ("25-note-conseil", "minimal"): "note-minimale",
    ("25-note-conseil", "extreme"): "note-extreme",
}
AGREEMENT = "17-convention-accompagnement"
"""The document of a loan that is granted: the examples of a refusal serve it without their answer."""
DOSSIER: dict[str, Any] = {
    "pieces": [
        {"number": 1, "title": "Dossier de demande", "template_id": "01-dossier-demande"},
        {"number": 2, "title": "Budget mensuel", "template_id": "03-budget-mensuel"},
    ],
    "enclosures": ["Pièce d’identité", "Devis du véhicule"],
    "linked": True,
}


@lru_cache
def plan(template: str) -> Plan:
    """A shipped template, compiled."""
    logo = profile().logo
    assert logo is not None
    return compile_template(shipped(template).docx, {"word/media/logo.png": logo.image})


def sample(template: str, name: str) -> Json:
    """The data of a case of the catalogue."""
    data = example(_OF_THEIR_OWN.get((template, name), name))
    if template == AGREEMENT and data.get("bank_decision", {}).get("outcome") == "REFUSED":
        del data["bank_decision"]
    return data


@lru_cache
def context(template: str, name: str) -> dict[str, Any] | None:
    """What a template sees of an example; None when the example lacks what the template asks for."""
    raw = json.dumps(sample(template, name), ensure_ascii=False).encode()
    package = shipped(template)
    try:
        data = read_dossier(
            raw, CONTRACT, package.requirement, all_checks(package, profile(), plan(template).names), DAY
        ).data
    except InvalidArgument:
        return None
    return make_context(data, package, profile(), DAY, DOSSIER)


@lru_cache
def document(template: str, name: str) -> bytes | None:
    """The document of an example."""
    seen = context(template, name)
    return None if seen is None else plan(template).render(seen)


def printed(content: bytes) -> str:
    """The body as a reader sees it: styles that matter, one line a paragraph, one line a row of a table."""
    body = ElementTree.fromstring(parts(content)["word/document.xml"]).find(f"{W}body")
    assert body is not None
    return "\n".join(_lines(body)) + "\n"


def _lines(body: ElementTree.Element) -> Iterator[str]:
    for block in body:
        if block.tag == f"{W}tbl":
            for row in block.iter(f"{W}tr"):
                yield " | ".join(paragraph_text(cell) for cell in row.iter(f"{W}tc"))
        elif block.tag == f"{W}p":
            yield _mark(block) + _alternative(block)


def _mark(block: ElementTree.Element) -> str:
    style = block.find(f"{W}pPr/{W}pStyle")
    name = "" if style is None else style.get(f"{W}val", "")
    marks = {"Title": "# ", "Chapter": "## ", "Heading2": "## ", "Heading3": "### ", "ListBullet": "• "}
    marks["ListTight"] = marks["ListBullet"]
    return marks.get(name, "1. " if name == "ListNumber" else "") + paragraph_text(block)


def _alternative(block: ElementTree.Element) -> str:
    drawings = (node.get("descr", "") for node in block.iter() if node.tag.endswith("}docPr"))
    return "".join(f"[{words}]" for words in drawings)


def expected(template: str, name: str) -> Path:
    """Where the expected text of a document is."""
    return EXPECTED / f"{template}.{name}.txt"


def main() -> None:
    """Writes every expected text; a reviewer reads the difference."""
    EXPECTED.mkdir(exist_ok=True)
    for path in EXPECTED.glob("*.txt"):
        path.unlink()
    for template, name in READABLE:
        content = document(template, name)
        if content is not None:
            expected(template, name).write_text(printed(content), encoding="utf-8")


if __name__ == "__main__":
    main()
