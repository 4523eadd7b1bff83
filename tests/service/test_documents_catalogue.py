"""The whole catalogue through the running server, and dossiers by reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest
from google.type.date_pb2 import Date
from grpc_status import rpc_status

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from tests.documents_catalogue import READABLE, expected, printed, sample
from tests.documents_support import DAY, Json, example, parts, refusal, request
from tests.support import Launch

COVER = "00-sommaire"
FOR_A_LENDER = (
    "01-dossier-demande-banque",
    "11-presentation-banque",
    "12-attestation-accompagnement",
    "17-convention-accompagnement",
)


@pytest.fixture(scope="module")
def stub(shared: Launch) -> Iterator[DocumentServiceStub]:
    # One that keeps nothing: the annual report counts the letters that are kept, those of other tests too.
    server = shared("services.documents", "--workers", "2")
    with grpc.insecure_channel(server.address) as channel:
        yield DocumentServiceStub(channel)


def dossier(
    stub: DocumentServiceStub, data: Json, purpose: pb.DossierPurpose.ValueType
) -> tuple[pb.DossierSummary, bytes]:
    asked = pb.GenerateDossierRequest(
        document_date=Date(year=DAY.year, month=DAY.month, day=DAY.day),
        data_json=json.dumps(data).encode(),
        purpose=purpose,
        output=pb.DOSSIER_OUTPUT_MERGED,
    )
    answers = list(stub.GenerateDossier(asked, timeout=60))
    content = b"".join(answer.chunk.data for answer in answers if answer.HasField("chunk"))
    return answers[0].summary, content


def described(error: grpc.RpcError) -> str:
    """The sentences of the fields in cause."""
    status, bad = rpc_status.from_call(cast(grpc.Call, error)), BadRequest()
    assert status is not None
    assert any(detail.Unpack(bad) for detail in status.details)
    return " ".join(found.description for found in bad.field_violations)


def test_the_server_prints_what_a_reviewer_has_read(stub: DocumentServiceStub) -> None:
    cases = [case for case in READABLE if expected(*case).exists() and case[0] != COVER]
    assert len({template for template, _ in cases}) == 29

    def same(case: tuple[str, str]) -> bool:
        template, name = case
        content = stub.GenerateDocument(
            request(template, sample(template, name)), timeout=60
        ).document.content
        return printed(content) == expected(template, name).read_text(encoding="utf-8")

    with ThreadPoolExecutor(4) as pool:
        assert {case: same for case, same in zip(cases, pool.map(same, cases), strict=True) if not same} == {}


def test_a_dossier_for_the_lender_holds_only_what_may_leave(stub: DocumentServiceStub) -> None:
    data = example("complet")
    data["opinion"]["evaluation"] = "Note réservée au service."
    summary, content = dossier(stub, data, pb.DOSSIER_PURPOSE_BANK)
    assert [piece.template.name.removeprefix("templates/") for piece in summary.pieces][:3] == [
        COVER,
        "11-presentation-banque",
        "01-dossier-demande-banque",
    ]
    assert all(piece.because.endswith(".") for piece in summary.pieces)
    said = printed(content)
    for title in (piece.title for piece in summary.pieces[1:]):
        assert title in said
    for secret in ("Note réservée", "Lila", "09/03/2015", "Mission locale Exemple"):
        assert secret not in said
    found = parts(content)
    assert len([name for name in found if name.startswith("word/charts/")]) == 4
    assert "Pièce d’identité" in summary.enclosures


def test_nothing_leaves_without_a_permission(stub: DocumentServiceStub) -> None:
    data = example("complet")
    data["authorisations"][0]["valid_until"] = "2026-11-22"
    past = {"data_json.authorisations[0].valid_until": "INCONSISTENT"}
    with pytest.raises(grpc.RpcError) as caught:
        dossier(stub, data, pb.DOSSIER_PURPOSE_BANK)
    assert refusal(caught.value).violations == past
    for template in FOR_A_LENDER:
        with pytest.raises(grpc.RpcError) as caught:
            stub.GenerateDocument(request(template, data), timeout=60)
        assert refusal(caught.value).violations == past
        asked = pb.BatchGenerateDocumentsRequest(template=f"templates/{template}")
        asked.document_date.CopyFrom(request(template, data).document_date)
        asked.items.add(data_json=json.dumps(data).encode())
        item = next(iter(stub.BatchGenerateDocuments(asked, timeout=60))).item
        assert item.HasField("error")
    data["assessment"]["outcome"] = "NOT_ELIGIBLE"
    data["opinion"]["difference"] = "La situation va changer."
    with pytest.raises(grpc.RpcError) as caught:
        dossier(stub, data, pb.DOSSIER_PURPOSE_BANK)
    assert refusal(caught.value).violations == {"data_json.assessment.outcome": "INCONSISTENT"}


def test_a_committee_where_the_lender_sits_never_reads_the_evaluation(stub: DocumentServiceStub) -> None:
    data = example("complet")
    data["committee"]["members"][1]["organisation"] = data["bank"]["name"]
    with pytest.raises(grpc.RpcError) as caught:
        dossier(stub, data, pb.DOSSIER_PURPOSE_FILE)
    assert refusal(caught.value).violations == {"data_json.committee.members[1]": "INCONSISTENT"}
    assert "Camille Modèle" in described(caught.value)


def test_the_file_of_the_service_keeps_the_social_report(stub: DocumentServiceStub) -> None:
    summary, content = dossier(stub, example("complet"), pb.DOSSIER_PURPOSE_FILE)
    assert "09-evaluation-sociale" in {
        piece.template.name.removeprefix("templates/") for piece in summary.pieces
    }
    assert "couvert par le secret professionnel" in printed(content)
