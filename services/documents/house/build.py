"""Builds the shipped templates: `python -m services.documents.house.build`."""

from __future__ import annotations

from pathlib import Path

from services.documents.house.models import (
    application_file,
    bank_presentation,
    document_request,
    presentation_refusal,
)

TEMPLATES = Path(__file__).parent.parent / "templates"
MODELS = (application_file.MODEL, document_request.MODEL, bank_presentation.MODEL, presentation_refusal.MODEL)


def main() -> None:
    """Writes the .docx of every model beside its manifest."""
    for model in MODELS:
        folder = TEMPLATES / model.id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "template.docx").write_bytes(model.docx())


if __name__ == "__main__":
    main()
