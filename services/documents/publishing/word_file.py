"""The Word file of a candidate, looked into by the gate."""

from __future__ import annotations

from collections.abc import Sequence

from services.documents.contract import Finding, Findings
from services.documents.template import Sample, Template, annotate_apart, examine_apart


def examine(template: Template, sample: Sample | None, findings: Findings, seconds: float) -> bytes:
    """Adds what is wrong with the Word file of a template; gives the file in its normal form."""
    verdict = examine_apart(template, sample, seconds=seconds)
    for finding in verdict.findings:
        findings.add(finding)
    return verdict.docx


def annotated(docx: bytes, findings: Sequence[Finding], seconds: float) -> bytes:
    """A copy of a Word file with a comment at each finding."""
    return annotate_apart(docx, findings, seconds=seconds)
