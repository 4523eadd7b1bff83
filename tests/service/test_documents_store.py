"""Documents kept by the server: found by case, deleted with it, verified; nothing personal outside them."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1 import store_service_pb2 as rpc
from services.documents.render import opc
from services.kit.dates import today
from tests.documents_services import SECONDS, Stubs, civil, connected, download
from tests.documents_support import ASK, DAY, REFUSAL, Json, Refusal, example, parts, refusal, request
from tests.support import Launch, RunningServer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def server(launch: Launch, folder: Path) -> RunningServer:
    environment = {
        "DOCUMENTS_DATABASE_URL": f"sqlite:///{folder}/documents.sqlite3",
        "DOCUMENTS_MASTER_KEY_FILE": f"{folder}/master.key",
        "DOCUMENTS_RETENTION_DAYS": "30",
    }
    return launch("services.documents", "--workers", "1", env=environment)


@pytest.fixture
def stubs(server: RunningServer) -> Iterator[Stubs]:
    with connected(server.address) as found:
        yield found


def failure(stream: Iterator[Any]) -> Refusal:
    with pytest.raises(grpc.RpcError) as caught:
        list(stream)
    return refusal(caught.value)


def case(reference: str) -> Json:
    data = example("refus-budget")
    data["case"]["reference"] = reference
    data["applicant"]["last_name"] = "Tremoureux-Kervella"
    return data


def keep(stubs: Stubs, reference: str, request_id: str = "") -> pb.Document:
    message = request(REFUSAL, case(reference))
    message.store, message.request_id = True, request_id
    document: pb.Document = stubs.documents.GenerateDocument(message, timeout=SECONDS).document
    return document


def verify(stubs: Stubs, content: bytes, data: Json | None = None) -> rpc.VerifyDocumentResponse:
    asked = rpc.VerifyDocumentRequest(content=content, data_json=json.dumps(data).encode() if data else b"")
    answer: rpc.VerifyDocumentResponse = stubs.store.VerifyDocument(asked, timeout=SECONDS)
    return answer


def test_a_request_sent_again_is_answered_before_any_work(stubs: Stubs) -> None:
    """By each RPC that keeps a document; another content of the same id is refused."""
    request_id = str(uuid.uuid4())
    made = keep(stubs, "MC-2026-7101", request_id)
    message = request(REFUSAL, case("MC-2026-7101"))
    message.store = True
    asked = pb.DownloadDocumentRequest(generate=message, request_id=request_id)
    document, content = download(stubs.documents.DownloadDocument(asked, timeout=SECONDS))
    assert (document.name, content) == (made.name, made.content)
    asked.generate.request_id = str(uuid.uuid4())
    refused = failure(stubs.documents.DownloadDocument(asked, timeout=SECONDS))
    assert refused.violations == {"request_id": "INCONSISTENT"}
    asked.generate.request_id, asked.generate.data_json = "", json.dumps(case("MC-2026-7102")).encode()
    assert failure(stubs.documents.DownloadDocument(asked, timeout=SECONDS)).reason == "REQUEST_ID_REUSED"


def test_what_is_only_tried_is_not_made(stubs: Stubs) -> None:
    message = request(REFUSAL, case("MC-2026-7103"))
    message.store, message.validate_only = True, True
    tried = stubs.documents.GenerateDocument(message, timeout=SECONDS).document
    assert (tried.content, tried.sha256, tried.name, tried.size_bytes) == (b"", "", "", 0)
    asked = pb.DownloadDocumentRequest(generate=message)
    assert download(stubs.documents.DownloadDocument(asked, timeout=SECONDS)) == (tried, b"")
    message.validate_only = False
    made = stubs.documents.GenerateDocument(message, timeout=SECONDS).document
    assert (tried.template, tried.profile, tried.data_sha256) == (
        made.template,
        made.profile,
        made.data_sha256,
    )
    stored = pb.DownloadDocumentRequest(name=made.name, validate_only=True)
    document, content = download(stubs.documents.DownloadDocument(stored, timeout=SECONDS))
    assert (document.name, content) == (made.name, b"")
    message.validate_only, message.data_json = True, b"{}"
    with pytest.raises(grpc.RpcError) as caught:
        stubs.documents.GenerateDocument(message, timeout=SECONDS)
    assert refusal(caught.value).reason == "INVALID_FIELDS"
    listed = stubs.store.ListDocuments(rpc.ListDocumentsRequest(case_reference="MC-2026-7103")).documents
    assert [found.document.name for found in listed] == [made.name]


def test_an_item_of_a_batch_is_kept_once(stubs: Stubs) -> None:
    own = str(uuid.uuid4())
    items = [
        pb.BatchItem(data_json=json.dumps(case(f"MC-2026-711{number}")).encode(), request_id=request_id)
        for number, request_id in enumerate(("", own, ""))
    ]
    asked = pb.BatchGenerateDocumentsRequest(
        template=f"templates/{REFUSAL}",
        document_date=civil(DAY),
        items=items,
        store=True,
        request_id=str(uuid.uuid4()),
    )

    def results() -> list[pb.BatchItemResult]:
        parts_ = stubs.documents.BatchGenerateDocuments(asked, timeout=SECONDS)
        return [part.item for part in parts_ if part.WhichOneof("part") == "item"]

    asked.validate_only = True
    assert [(one.document.name, one.document.content) for one in results()] == [("", b"")] * 3
    asked.validate_only = False
    first = results()
    assert len({one.document.name for one in first}) == 3
    assert results() == first
    asked.items[0].data_json = json.dumps(case("MC-2026-7119")).encode()
    changed = results()
    assert changed[0].error.code == grpc.StatusCode.ALREADY_EXISTS.value[0]
    assert changed[1:] == first[1:]
    asked.items[1].request_id = "x"
    refused = failure(stubs.documents.BatchGenerateDocuments(asked, timeout=SECONDS))
    assert refused.violations == {"items[1].request_id": "MALFORMED"}


def test_a_kept_document_is_found_by_its_name_and_its_case(stubs: Stubs) -> None:
    made = keep(stubs, "MC-2026-7001")
    found = stubs.store.GetDocument(rpc.GetDocumentRequest(name=made.name, with_content=True)).document
    assert found.document.content == made.content
    assert (found.document.filename, found.document.sha256) == (made.filename, made.sha256)
    assert found.document.template == made.template
    assert (found.expire_time.seconds - found.create_time.seconds) == 30 * 24 * 3600
    listed = stubs.store.ListDocuments(rpc.ListDocumentsRequest(case_reference="MC-2026-7001")).documents
    assert [one.document.name for one in listed] == [made.name]
    assert not listed[0].document.content
    streamed = stubs.documents.DownloadDocument(pb.DownloadDocumentRequest(name=made.name), timeout=SECONDS)
    assert download(streamed)[1] == made.content


def test_the_same_request_is_kept_once(stubs: Stubs) -> None:
    request_id = str(uuid.uuid4())
    first, again = (keep(stubs, "MC-2026-7002", request_id) for _ in range(2))
    assert first.name == again.name
    with pytest.raises(grpc.RpcError) as caught:
        keep(stubs, "MC-2026-7003", request_id)
    assert refusal(caught.value).reason == "REQUEST_ID_REUSED"


def test_lists_have_pages(stubs: Stubs) -> None:
    made = [keep(stubs, "MC-2026-7004").name for _ in range(5)]
    asked = rpc.ListDocumentsRequest(case_reference="MC-2026-7004", page_size=2)
    seen: list[str] = []
    while True:
        answer = stubs.store.ListDocuments(asked)
        seen += [one.document.name for one in answer.documents]
        if not answer.next_page_token:
            break
        asked.page_token = answer.next_page_token
    assert sorted(seen) == sorted(made)


def test_deleting_a_case_deletes_its_documents_and_no_other(stubs: Stubs) -> None:
    gone, stays = keep(stubs, "MC-2026-7005"), keep(stubs, "MC-2026-7006")
    trial = rpc.DeleteCaseRequest(case_reference="MC-2026-7005", validate_only=True)
    assert stubs.store.DeleteCase(trial).deleted_count == 1
    asked = rpc.DeleteCaseRequest(case_reference="MC-2026-7005", request_id=str(uuid.uuid4()))
    assert [stubs.store.DeleteCase(asked).deleted_count for _ in range(2)] == [1, 1]
    with pytest.raises(grpc.RpcError) as caught:
        stubs.store.GetDocument(rpc.GetDocumentRequest(name=gone.name))
    assert refusal(caught.value).reason == "DOCUMENT_NOT_FOUND"
    assert stubs.store.GetDocument(rpc.GetDocumentRequest(name=stays.name)).document.document.sha256
    assert stubs.store.DeleteCase(rpc.DeleteCaseRequest(case_reference="MC-0000-0000")).deleted_count == 0


def test_a_file_is_verified_by_its_record_or_by_its_seal(stubs: Stubs) -> None:
    kept = keep(stubs, "MC-2026-7007")
    answer = verify(stubs, kept.content)
    assert (answer.verification, answer.name) == (rpc.VERIFICATION_GENUINE, kept.name)
    assert answer.data == rpc.DATA_COMPARISON_NOT_COMPARED
    by_digest = rpc.VerifyDocumentRequest(sha256=kept.sha256.upper())
    assert stubs.store.VerifyDocument(by_digest).verification == rpc.VERIFICATION_GENUINE
    compared = {
        json.dumps(case("MC-2026-7007"), indent=1): (rpc.VERIFICATION_GENUINE, rpc.DATA_COMPARISON_SAME),
        json.dumps(case("MC-2026-7008")): (rpc.VERIFICATION_CHANGED, rpc.DATA_COMPARISON_OTHER),
    }
    for subject in (by_digest, rpc.VerifyDocumentRequest(content=kept.content)):
        for text, expected in compared.items():
            subject.data_json = text.encode()
            answer = stubs.store.VerifyDocument(subject)
            assert (answer.verification, answer.data) == expected
        subject.data_json = b"{"
        with pytest.raises(grpc.RpcError) as caught:
            stubs.store.VerifyDocument(subject)
        assert refusal(caught.value).reason == "INVALID_FIELDS"
    data = example("minimal")
    loose = stubs.documents.GenerateDocument(request(ASK, data), timeout=SECONDS).document.content
    for given in (None, data):
        proved = verify(stubs, loose, given)
        assert proved.verification == rpc.VERIFICATION_GENUINE
        assert (proved.template.name, proved.template.version) == (f"templates/{ASK}", "1.0.0")
    other = json.loads(json.dumps(data))
    other["applicant"]["first_name"] = "Une-Autre"
    assert verify(stubs, loose, other).verification == rpc.VERIFICATION_CHANGED
    for stranger in (b"bonjour", b"PK\x03\x04" + b"0" * 100, opc.write({"a.xml": b"<a/>"})):
        assert verify(stubs, stranger).verification == rpc.VERIFICATION_UNKNOWN


def test_any_change_breaks_the_seal(stubs: Stubs) -> None:
    loose = stubs.documents.GenerateDocument(request(ASK, example("minimal")), timeout=SECONDS)
    content = loose.document.content
    seal = content[-100:]
    changed = parts(content)
    saved_again = opc.write(changed)
    changed["word/document.xml"] = changed["word/document.xml"].replace(b"pi\xc3\xa8ces", b"preuves", 1)
    resealed = opc.write(changed)[:-2] + len(seal).to_bytes(2, "little") + seal
    for wrong in (saved_again, opc.write(changed), resealed, content[:-1] + b"g"):
        answer = verify(stubs, wrong)
        assert answer.verification == rpc.VERIFICATION_CHANGED
        assert answer.template.name == f"templates/{ASK}"
    stranger = content[:-81] + b"0" * 16 + content[-65:]
    assert verify(stubs, stranger).verification == rpc.VERIFICATION_UNPROVED


def test_dossiers_and_merged_letters_are_proved_too(stubs: Stubs) -> None:
    data = json.dumps(example("complet")).encode()
    dossier = pb.GenerateDossierRequest(document_date=civil(DAY), data_json=data)
    merged = pb.BatchGenerateDocumentsRequest(
        template=f"templates/{REFUSAL}",
        document_date=civil(DAY),
        common_json=json.dumps(example("refus-budget")).encode(),
        items=[pb.BatchItem(data_json=b"{}")] * 3,
        output=pb.BATCH_OUTPUT_MERGED,
    )
    for parts_ in (stubs.documents.GenerateDossier(dossier), stubs.documents.BatchGenerateDocuments(merged)):
        content = b"".join(part.chunk.data for part in parts_)
        assert verify(stubs, content).verification == rpc.VERIFICATION_GENUINE
        changed = bytearray(content)
        changed[len(content) // 2] ^= 1
        assert verify(stubs, bytes(changed)).verification == rpc.VERIFICATION_CHANGED


def test_a_forged_provenance_is_not_believed(stubs: Stubs) -> None:
    made = stubs.documents.GenerateDocument(request(ASK, example("minimal")), timeout=SECONDS).document
    forged = parts(made.content)
    custom = forged["docProps/custom.xml"].decode()
    forged["docProps/custom.xml"] = custom.replace(made.template.digest, "f" * 64).encode()
    assert verify(stubs, opc.write(forged)).verification == rpc.VERIFICATION_UNKNOWN
    forged["docProps/custom.xml"] = b'<!DOCTYPE a [<!ENTITY b "c">]>' + custom.encode()
    assert verify(stubs, opc.write(forged)).verification == rpc.VERIFICATION_UNKNOWN


def test_nothing_in_the_database_or_the_log_says_whom_it_is_about(
    stubs: Stubs, server: RunningServer, folder: Path
) -> None:
    keep(stubs, "MC-2026-7010", str(uuid.uuid4()))
    with closing(sqlite3.connect(folder / "documents.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM document").fetchone()[0]
        dump = b"\n".join(line.encode() for line in database.iterdump())
    written = dump + server.log.read_bytes()
    for path in folder.glob("documents.sqlite3*"):
        written += path.read_bytes()
    for secret in (b"MC-2026-7010", b"Tremoureux", "Trémoureux".encode()):
        assert secret not in written


def test_the_provenance_of_a_document_is_not_personal(stubs: Stubs) -> None:
    custom = parts(keep(stubs, "MC-2026-7011").content)["docProps/custom.xml"].decode()
    assert "template_sha256" in custom
    for secret in ("MC-2026-7011", "Tremoureux"):
        assert secret not in custom


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("documents/1", "INVALID_FIELDS"),
        ("documents/00000000-0000-4000-8000-000000000000", "DOCUMENT_NOT_FOUND"),
    ],
)
def test_a_wrong_name_is_refused(stubs: Stubs, name: str, reason: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stubs.store.GetDocument(rpc.GetDocumentRequest(name=name))
    assert refusal(caught.value).reason == reason


def test_a_verification_needs_a_file_or_its_digest(stubs: Stubs) -> None:
    for asked in (rpc.VerifyDocumentRequest(), rpc.VerifyDocumentRequest(sha256="abc")):
        with pytest.raises(grpc.RpcError) as caught:
            stubs.store.VerifyDocument(asked)
        assert refusal(caught.value).reason == "INVALID_FIELDS"


def test_the_report_of_a_year_counts_the_letters_kept(stubs: Stubs) -> None:
    year = today().year
    previous = {"year": year - 1, "figures": [{"label": "a", "count": 7}], "tables": []}
    data = {
        "contract_version": "1.0",
        "annual_report": {
            "year": year,
            "figures": [{"label": "a", "count": 9}],
            "tables": [],
            "previous": previous,
        },
    }
    for number in range(2):
        keep(stubs, f"MC-2026-702{number}")
    stubs.store.DeleteCase(rpc.DeleteCaseRequest(case_reference="MC-2026-7020"), timeout=SECONDS)
    document = stubs.documents.GenerateDocument(request("21-rapport-annuel", data), timeout=SECONDS).document
    text = parts(document.content)["word/document.xml"].decode()
    assert "lettres gardées par le service" in text
    assert "Lettres gardées" in text
