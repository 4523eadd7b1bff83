"""A template package: its manifest and its .docx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from services.documents.contract import (
    CHECKS,
    CONTRACT,
    RECIPIENTS,
    Check,
    Requirement,
    Schema,
    described,
    postal_check,
    refuse_other_files,
)
from services.kit.findings import Findings, Place
from services.kit.releases import Contents, digest

MANIFEST_FILE = "manifest.yaml"
"""The file that describes a template."""
DOCX_FILE = "template.docx"
"""The Word file of a template."""

_SCHEMA = Schema.load(Path(__file__).parent / "manifest.schema.json")


@dataclass(frozen=True)
class Template:
    """One version of a template; `manifest` is its description, typed."""

    id: str
    version: str
    title: str
    effective_from: date
    effective_until: date | None
    recipient: str
    signatory: str
    requires: Sequence[str]
    requirement: Requirement
    checks: Sequence[Check]
    to_lender: bool
    """Made for a lender, whoever prints it."""
    docx: bytes
    digest: str
    manifest: Mapping[str, Any]


def read_template(contents: Contents, findings: Findings) -> Template | None:
    """The template of these files, its .docx not yet looked into; None when the manifest cannot be used."""
    refuse_other_files(contents, (MANIFEST_FILE, DOCX_FILE), findings)
    if DOCX_FILE not in contents:
        findings.error(Place(DOCX_FILE), "le fichier du modèle manque.", "FILE_MISSING")
    manifest = described(contents, MANIFEST_FILE, _SCHEMA, findings)
    if manifest is None:
        return None
    _check_names(manifest, findings)
    return make_template(manifest, contents.get(DOCX_FILE, b""), digest(contents))


def make_template(manifest: Mapping[str, Any], docx: bytes, package_digest: str) -> Template:
    """The template that a typed manifest describes."""
    return Template(
        id=manifest["id"],
        version=manifest["version"],
        title=manifest["title"],
        effective_from=manifest["effective_from"],
        effective_until=manifest.get("effective_until"),
        recipient=manifest["recipient"],
        signatory=manifest["signatory"],
        requires=manifest["requires"],
        requirement=Requirement(manifest["requires"], manifest["id"]),
        checks=_checks(manifest),
        to_lender=manifest["recipient"] == "BANK" or manifest.get("for_lender", False),
        docx=docx,
        digest=package_digest,
        manifest=manifest,
    )


def described_template(manifest: Mapping[str, Any], docx: bytes) -> Template:
    """The template of a manifest accepted before, in JSON values."""
    return make_template(_SCHEMA.typed(manifest), docx, "")


def _check_names(manifest: Mapping[str, Any], findings: Findings) -> None:
    for required in manifest["requires"]:
        if not CONTRACT.knows(required):
            findings.error(
                Place(MANIFEST_FILE, part="requires"),
                f"le contrat n’a pas de champ {required}.",
                "FIELD_UNKNOWN",
            )
    for name in manifest["checks"]:
        if name not in CHECKS:
            findings.error(
                Place(MANIFEST_FILE, part="checks"), f"le contrôle {name} n’existe pas.", "CHECK_UNKNOWN"
            )


def _checks(manifest: Mapping[str, Any]) -> list[Check]:
    checks = [CHECKS[name] for name in manifest["checks"] if name in CHECKS]
    if manifest["recipient"] in RECIPIENTS:
        checks.append(postal_check(RECIPIENTS[manifest["recipient"]]))
    return checks
