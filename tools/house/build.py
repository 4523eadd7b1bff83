"""Builds the shipped templates: `python -m tools.house.build`."""

from __future__ import annotations

from pathlib import Path

from tools.house.models import (
    acknowledgement,
    adjournment,
    algorithm_explanation,
    annual_report,
    application_file,
    appointment,
    bank_decision,
    bank_presentation,
    board_note,
    budget_sheet,
    closure,
    committee_record,
    document_request,
    follow_up,
    incident,
    partnership_agreement,
    presentation_refusal,
    project_sheet,
    public_documents,
    reminder,
    schedule_sheet,
    settlement,
    social_assessment,
    summary,
    support_agreement,
    support_certificate,
    transmission_consent,
)

TEMPLATES = Path(__file__).parents[2] / "services" / "documents" / "templates"
MODELS = (
    summary.MODEL,
    application_file.MODEL,
    application_file.BANK_COPY,
    project_sheet.MODEL,
    budget_sheet.MODEL,
    acknowledgement.MODEL,
    document_request.MODEL,
    reminder.MODEL,
    closure.MODEL,
    appointment.MODEL,
    transmission_consent.MODEL,
    social_assessment.MODEL,
    committee_record.MODEL,
    bank_presentation.MODEL,
    support_certificate.MODEL,
    adjournment.MODEL,
    presentation_refusal.MODEL,
    bank_decision.MODEL,
    schedule_sheet.MODEL,
    support_agreement.MODEL,
    partnership_agreement.MODEL,
    follow_up.MODEL,
    incident.MODEL,
    annual_report.MODEL,
    public_documents.FLYER,
    public_documents.SHEET,
    public_documents.PRESS,
    algorithm_explanation.MODEL,
    settlement.MODEL,
    board_note.MODEL,
)


def main() -> None:
    """Writes the .docx of every model beside its manifest."""
    for model in MODELS:
        folder = TEMPLATES / model.id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "template.docx").write_bytes(model.docx())


if __name__ == "__main__":
    main()
