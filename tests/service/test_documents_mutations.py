"""Seventeen ways to spoil the data of a document, each refused by the server with the field to correct."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from tests.documents_support import Json, example, refusal, request
from tests.support import Launch

TO_BANK, COPY, BUDGET = "11-presentation-banque", "01-dossier-demande-banque", "03-budget-mensuel"
SIGNED = {"kind": "TO_LENDER", "lender": "Banque Exemple de l’Ouest", "given_on": "2024-01-10"}
MUTATIONS: tuple[tuple[str, str, str, Any, str], ...] = (
    (TO_BANK, "complet", "authorisations.0", SIGNED, "authorisations[0].given_on"),
    (TO_BANK, "complet", "authorisations.0.valid_until", "2026-11-20", "authorisations[0].valid_until"),
    (TO_BANK, "complet", "bank.name", "Une autre banque", "authorisations[0].lender"),
    (TO_BANK, "complet", "opinion.outcome", "UNFAVORABLE", "opinion.outcome"),
    (TO_BANK, "complet", "assessment.outcome", "NOT_ELIGIBLE", "assessment.outcome"),
    (COPY, "complet", "authorisations", [], "authorisations"),
    ("24-attestation-solde", "solde", "authorisations", [], "authorisations"),
    (
        "21-rapport-annuel",
        "rapport-annuel",
        "annual_report.figures.0",
        {"label": "Taux"},
        "annual_report.figures[0]",
    ),
    (
        "21-rapport-annuel",
        "rapport-annuel",
        "annual_report.figures.0",
        {"label": "Montant", "amount": "1200.00"},
        "annual_report.figures[0]",
    ),
    (BUDGET, "complet", "assessment.figures.1.amount", "9999.00", "assessment.figures[1].amount"),
    (BUDGET, "complet", "assessment.figures.4.rate_pct", "1.5", "assessment.figures[4].rate_pct"),
    (
        "14-refus-presentation",
        "refus-budget",
        "assessment.reasons.0.comparisons.0.display",
        "9 999,00 €",
        "assessment.reasons[0].comparisons[0].display",
    ),
    (COPY, "complet", "applicant.birth_place", None, "applicant.birth_place"),
    ("09-evaluation-sociale", "complet", "opinion.outcome", "UNFAVORABLE", "opinion.difference"),
    ("19-suivi", "complet", "follow_up.contacts.0.date", "2027-03-10", "follow_up.contacts[0].date"),
    ("24-attestation-solde", "solde", "settlement.settled_on", "2022-12-31", "settlement.settled_on"),
    (
        TO_BANK,
        "complet",
        "opinion.summary_for_bank",
        "Elle suit un traitement contre la dépression.",
        "opinion.summary_for_bank",
    ),
)


def mutated(name: str, path: str, value: Any) -> Json:
    """An example with one value changed, or taken away."""
    data = example(name)
    *parents, last = (int(step) if step.isdigit() else step for step in path.split("."))
    node: Any = data
    for step in parents:
        node = node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return data


@pytest.mark.parametrize(("template", "name", "path", "value", "field"), MUTATIONS)
def test_a_spoilt_document_is_refused_with_its_field(
    shared: Launch, template: str, name: str, path: str, value: Any, field: str
) -> None:
    server = shared("services.documents", "--workers", "2", env={"DOCUMENTS_RETENTION_DAYS": "30"})
    with grpc.insecure_channel(server.address) as channel:
        stub = DocumentServiceStub(channel)
        assert stub.GenerateDocument(request(template, example(name)), timeout=20).document.content
        with pytest.raises(grpc.RpcError) as caught:
            stub.GenerateDocument(request(template, mutated(name, path, value)), timeout=20)
    assert f"data_json.{field}" in refusal(caught.value).violations


def for_the_lender(rpc: str, stub: DocumentServiceStub, data: Json) -> dict[str, str]:
    """What is refused to a call that makes for the lender; a new one of the contract is to be added here."""
    one = request(TO_BANK, data)
    if rpc == "BatchGenerateDocuments":
        item = pb.BatchItem(data_json=one.data_json)
        batch = pb.BatchGenerateDocumentsRequest(
            template=one.template, document_date=one.document_date, items=[item]
        )
        failed = next(iter(stub.BatchGenerateDocuments(batch, timeout=20))).item.error
        return {found.field: found.reason for found in bad_request(failed).field_violations}
    dossier = pb.GenerateDossierRequest(
        document_date=one.document_date, data_json=one.data_json, purpose=pb.DOSSIER_PURPOSE_BANK
    )
    asked: dict[str, Any] = {
        "GenerateDocument": one,
        "DownloadDocument": pb.DownloadDocumentRequest(generate=one),
        "DownloadFile": pb.DownloadFileRequest(dossier=dossier),
        "GenerateDossier": dossier,
    }
    try:
        answer = getattr(stub, rpc)(asked[rpc], timeout=20)
        if rpc != "GenerateDocument":
            list(answer)
    except grpc.RpcError as error:
        return refusal(error).violations
    return {}


@pytest.mark.parametrize("rpc", sorted(pb.DESCRIPTOR.services_by_name["DocumentService"].methods_by_name))
def test_every_call_that_makes_documents_asks_what_is_allowed(shared: Launch, rpc: str) -> None:
    server = shared("services.documents", "--workers", "2", env={"DOCUMENTS_RETENTION_DAYS": "30"})
    refusals: tuple[tuple[str, Any, str], ...] = (
        ("authorisations", [], "authorisations"),
        ("authorisations.0.revoked_on", "2026-11-23", "authorisations[0].revoked_on"),
        ("assessment.reasons.0.severity", "BLOCKING", "assessment.outcome"),
        ("opinion", {"outcome": "UNFAVORABLE", "difference": "Le projet n’est pas mûr."}, "opinion.outcome"),
    )
    with grpc.insecure_channel(server.address) as channel:
        stub = DocumentServiceStub(channel)
        assert for_the_lender(rpc, stub, example("complet")) == {}
        for path, value, field in refusals:
            found = for_the_lender(rpc, stub, mutated("complet", path, value))
            assert any(one.endswith(f"data_json.{field}") for one in found), (field, found)


def bad_request(status: Any) -> error_details_pb2.BadRequest:
    """What a status says of the fields."""
    bad = error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(bad)
    return bad


def test_the_mutations_are_seventeen() -> None:
    assert len(MUTATIONS) == 17
