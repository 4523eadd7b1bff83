"""A template package: its manifest and its .docx, checked before it may serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from services.documents.contract.consistency import CHECKS, Check, postal_check
from services.documents.contract.schema import Requirement, Schema
from services.documents.folders import Findings, described, digest
from services.documents.recipient import RECIPIENTS
from services.documents.render.document import TemplateError, check

MANIFEST_FILE = "manifest.yaml"
DOCX_FILE = "template.docx"

_SCHEMA = Path(__file__).parent / "manifest.schema.json"


@dataclass(frozen=True)
class Template:
    """One version of a template."""

    id: str
    version: str
    title: str
    effective_from: date
    effective_until: date | None
    recipient: Literal["APPLICANT", "BANK", "NOBODY"]
    signatory: Literal["president", "director", "agent", "applicant"]
    requirement: Requirement
    checks: Sequence[Check]
    docx: bytes
    digest: str


def load_templates(root: Path, contract: Schema, findings: Findings) -> list[Template]:
    """Every template package below `root`; what is wrong goes to the findings."""
    schema = Schema.load(_SCHEMA)
    found = described(root, MANIFEST_FILE, schema, findings)
    return [_template(path, manifest, contract, findings) for path, manifest in found]


def _template(path: Path, manifest: dict[str, Any], contract: Schema, findings: Findings) -> Template:
    for required in manifest["requires"]:
        if not contract.knows(required):
            findings.add(path, f"requires\u00a0: le contrat n’a pas de champ {required}.")
    for name in manifest["checks"]:
        if name not in CHECKS:
            findings.add(path, f"checks\u00a0: le contrôle {name} n’existe pas.")
    docx = _docx(path.with_name(DOCX_FILE), findings)
    return Template(
        id=manifest["id"],
        version=manifest["version"],
        title=manifest["title"],
        effective_from=manifest["effective_from"],
        effective_until=manifest.get("effective_until"),
        recipient=manifest["recipient"],
        signatory=manifest["signatory"],
        requirement=Requirement(manifest["requires"], manifest["id"]),
        checks=_checks(manifest),
        docx=docx,
        digest=digest([(MANIFEST_FILE, path.read_bytes()), (DOCX_FILE, docx)]),
    )


def _checks(manifest: dict[str, Any]) -> list[Check]:
    checks = [CHECKS[name] for name in manifest["checks"] if name in CHECKS]
    if manifest["recipient"] in RECIPIENTS:
        checks.append(postal_check(RECIPIENTS[manifest["recipient"]]))
    return checks


def _docx(path: Path, findings: Findings) -> bytes:
    if not path.is_file():
        findings.add(path, "le fichier du modèle manque.")
        return b""
    docx = path.read_bytes()
    try:
        check(docx)
    except TemplateError as error:
        findings.add(path, f"{error}.")
    return docx
