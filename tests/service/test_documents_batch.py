"""Batches, mailings and dossiers through the server: one bad record loses itself alone, long files stream."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from microcredit.documents.v1 import document_service_pb2 as pb
from tests.documents_services import SECONDS, Stubs, civil, connected, download
from tests.documents_support import DAY, REFUSAL, example, parts, plain, refusal, request
from tests.support import Launch, RunningServer

RECIPIENTS = 1000
CHUNK = 256 * 1024
BAD = 417


@pytest.fixture(scope="module")
def server(shared: Launch) -> RunningServer:
    return shared("services.documents", "--workers", "2", env={"DOCUMENTS_RETENTION_DAYS": "30"})


@pytest.fixture
def stubs(server: RunningServer) -> Iterator[Stubs]:
    with connected(server.address) as found:
        yield found


def recipient(number: int) -> dict[str, Any]:
    return {
        "case": {"reference": f"MC-2026-{number:04d}"},
        "applicant": {
            **example("refus-budget")["applicant"],
            "last_name": f"Marqueur{'abcdefghij'[number % 10] * 3}x",
            "first_name": "Zoé",
        },
    }


def batch(count: int, **fields: Any) -> pb.BatchGenerateDocumentsRequest:
    """A mailing of the refusal letter; the record BAD has a date that is none."""
    items = []
    for number in range(count):
        data = recipient(number)
        if number == BAD:
            data["applicant"]["birth_date"] = "hier"
        items.append(pb.BatchItem(key=f"k{number}", data_json=json.dumps(data).encode()))
    return pb.BatchGenerateDocumentsRequest(
        template=f"templates/{REFUSAL}",
        document_date=civil(DAY),
        common_json=json.dumps(example("refus-budget")).encode(),
        items=items,
        **fields,
    )


def received(
    stream: Iterator[pb.BatchGenerateDocumentsResponse],
) -> tuple[list[pb.BatchItemResult], pb.FileInfo, bytes, pb.BatchSummary]:
    items, info, content, summary = [], pb.FileInfo(), bytearray(), pb.BatchSummary()
    for part in stream:
        kind = part.WhichOneof("part")
        if kind == "item":
            items.append(part.item)
        elif kind == "chunk":
            assert part.chunk.offset == len(content)
            assert len(part.chunk.data) <= CHUNK
            content += part.chunk.data
        info.MergeFrom(part.file)
        summary.MergeFrom(part.summary)
    return items, info, bytes(content), summary


def test_a_thousand_letters_and_a_bad_record_that_loses_itself_alone(stubs: Stubs) -> None:
    stream = stubs.documents.BatchGenerateDocuments(batch(RECIPIENTS), timeout=SECONDS)
    items, _, _, summary = received(stream)
    assert [item.index for item in items] == list(range(RECIPIENTS))
    assert (summary.generated_count, summary.failed_count) == (RECIPIENTS - 1, 1)
    (failed,) = [item for item in items if item.HasField("error")]
    assert (failed.index, failed.key) == (BAD, f"k{BAD}")
    assert "data_json.applicant.birth_date" in failed.error.message
    for number in (0, 1, BAD - 1, BAD + 1, RECIPIENTS - 1):
        text = plain(items[number].document.content)
        assert recipient(number)["applicant"]["last_name"] in text
        assert f"dossier MC-2026-{number:04d}" in text
    # Nothing of the person of common_json goes with another: neither his budget nor his household.
    person = ("banking", "budget", "co_applicant", "household", "housing", "work")
    alone = {name: value for name, value in example("refus-budget").items() if name not in person}
    alone["case"] = {**alone["case"], **recipient(5)["case"]}
    alone["applicant"] = recipient(5)["applicant"]
    one = stubs.documents.GenerateDocument(request(REFUSAL, alone), timeout=SECONDS).document
    assert one.sha256 == items[5].document.sha256


def test_one_file_of_all_has_a_section_for_each(stubs: Stubs) -> None:
    asked = batch(40, output=pb.BATCH_OUTPUT_MERGED)
    items, info, content, summary = received(stubs.documents.BatchGenerateDocuments(asked, timeout=SECONDS))
    assert (len(content), summary.generated_count) == (info.size_bytes, 40)
    assert not any(item.document.content for item in items)
    text = plain(content)
    found = [text.index(f"dossier MC-2026-{number:04d}") for number in range(40)]
    assert found == sorted(found)
    assert parts(content)["word/document.xml"].count(b"<w:sectPr") == 40


def test_a_zip_has_each_letter_and_a_summary(stubs: Stubs) -> None:
    asked = batch(BAD + 2, output=pb.BATCH_OUTPUT_ZIP)
    del asked.items[: BAD - 1]
    _, info, content, _ = received(stubs.documents.BatchGenerateDocuments(asked, timeout=SECONDS))
    assert (info.media_type, info.size_bytes) == ("application/zip", len(content))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 3
        lines = archive.read("sommaire.csv").decode("utf-8-sig").splitlines()
    assert lines[0] == "destinataire;fichier;motif;champs"
    assert [line.split(";")[1] == "" for line in lines[1:]] == [False, True, False]


def test_a_cancelled_batch_stops_between_two_documents(stubs: Stubs) -> None:
    stream = stubs.documents.BatchGenerateDocuments(batch(RECIPIENTS), timeout=SECONDS)
    seen = [next(stream) for _ in range(3)]
    stream.cancel()
    assert [part.item.index for part in seen] == [0, 1, 2]
    assert stubs.documents.GenerateDocument(request(REFUSAL, example("refus-budget")), timeout=SECONDS)


def test_the_deadline_of_a_batch_is_honoured(stubs: Stubs) -> None:
    stubs.documents.GenerateDocument(request(REFUSAL, example("refus-budget")), timeout=SECONDS)
    seen: list[pb.BatchGenerateDocumentsResponse] = []
    with pytest.raises(grpc.RpcError) as caught:
        seen.extend(stubs.documents.BatchGenerateDocuments(batch(RECIPIENTS), timeout=0.25))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert len(seen) < RECIPIENTS


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"template": "templates/99-inconnu"}, "TEMPLATE_NOT_FOUND"),
        ({"template": ""}, "INVALID_FIELDS"),
        ({"common_json": b'{"case": {"reference": "x"'}, "INVALID_FIELDS"),
        ({"template": REFUSAL}, "INVALID_FIELDS"),
        ({"profile": "profiles/inconnu"}, "PROFILE_NOT_FOUND"),
        ({"profile": "inconnu"}, "INVALID_FIELDS"),
        ({"format": pb.OUTPUT_FORMAT_PDF}, "PDF_UNAVAILABLE"),
        ({"items": [pb.BatchItem()] * (RECIPIENTS + 1)}, "BATCH_TOO_LARGE"),
        ({"items": []}, "INVALID_FIELDS"),
        ({"output": 9}, "INVALID_FIELDS"),
        ({"min_state_number": 10**9}, "STATE_NOT_REACHED"),
    ],
)
def test_a_wrong_batch_is_refused_before_any_document(
    stubs: Stubs, change: dict[str, Any], reason: str
) -> None:
    asked = batch(2)
    for name, value in change.items():
        asked.ClearField(name)  # type: ignore[arg-type]
        if isinstance(value, list):
            asked.items.extend(value)
        else:
            setattr(asked, name, value)
    with pytest.raises(grpc.RpcError) as caught:
        next(stubs.documents.BatchGenerateDocuments(asked, timeout=SECONDS))
    assert refusal(caught.value).reason == reason


def test_nothing_of_a_group_that_a_record_gives_is_shared(stubs: Stubs) -> None:
    """Not even with the records that do not give it: their person is not the one of common_json."""
    shared = example("refus-budget")
    shared["co_applicant"] = {**shared["applicant"], "first_name": "Yann", "last_name": "Partagé"}
    alone = batch(1)
    alone.common_json = json.dumps(shared).encode()
    alone.items[0].data_json = b'{"case": {"reference": "MC-2026-0001"}}'
    (item,), *_ = received(stubs.documents.BatchGenerateDocuments(alone, timeout=SECONDS))
    assert "Partagé" in plain(item.document.content)
    # The second applicant of common_json is not the one of these people, though none says who hers is.
    several = batch(2)
    several.common_json = alone.common_json
    several.items.add(data_json=json.dumps({**recipient(3), "applicant": {"last_name": "Seul"}}).encode())
    items, _, _, summary = received(stubs.documents.BatchGenerateDocuments(several, timeout=SECONDS))
    assert (summary.generated_count, summary.failed_count) == (2, 1)
    assert not any("Partagé" in plain(item.document.content) for item in items[:2])
    assert "data_json.applicant.first_name" in items[2].error.message


def test_a_record_that_is_no_json_or_too_deep_is_its_own_error(stubs: Stubs) -> None:
    asked = batch(1)
    for raw in (
        b"\xff\xfe",
        b"[]",
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"case":{"reference":"a","reference":"b"}}',
    ):
        asked.items.add(data_json=raw)
    items, _, _, summary = received(stubs.documents.BatchGenerateDocuments(asked, timeout=SECONDS))
    assert [item.HasField("error") for item in items] == [False, True, True, True, True]
    assert summary.failed_count == 4


def dossier(stubs: Stubs, name: str, **fields: Any) -> tuple[pb.DossierSummary, pb.FileInfo, bytes]:
    asked = pb.GenerateDossierRequest(
        document_date=civil(DAY), data_json=json.dumps(example(name)).encode(), **fields
    )
    summary, info, content = pb.DossierSummary(), pb.FileInfo(), bytearray()
    for part in stubs.documents.GenerateDossier(asked, timeout=SECONDS):
        summary.MergeFrom(part.summary)
        info.MergeFrom(part.file)
        content += part.chunk.data
    return summary, info, bytes(content)


def test_a_dossier_says_which_pieces_belong_and_why(stubs: Stubs) -> None:
    planned, info, content = dossier(stubs, "complet", validate_only=True)
    assert (info.ByteSize(), content) == (0, b"")
    summary, info, content = dossier(stubs, "complet")
    assert summary == planned
    assert len(content) == info.size_bytes
    assert summary.pieces[0].template.name == "templates/00-sommaire"
    assert all(piece.because for piece in summary.pieces)
    text = plain(content)
    for piece in summary.pieces[1:]:
        assert piece.title.replace("\u00a0", " ") in text
    refused, _, _ = dossier(stubs, "refus-budget", purpose=pb.DOSSIER_PURPOSE_APPLICANT)
    assert f"templates/{REFUSAL}" in [piece.template.name for piece in refused.pieces]


def test_a_zipped_dossier_has_the_pieces_of_its_summary(stubs: Stubs) -> None:
    summary, _, content = dossier(stubs, "complet", output=pb.DOSSIER_OUTPUT_ZIP)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [piece.filename for piece in summary.pieces]
        assert all(plain(archive.read(name)) for name in archive.namelist())
    assert dossier(stubs, "complet", output=pb.DOSSIER_OUTPUT_ZIP)[2] == content


def test_dossiers_and_letters_of_a_batch_may_be_kept(stubs: Stubs) -> None:
    summary, info, content = dossier(stubs, "complet", store=True)
    asked = pb.DownloadDocumentRequest(name=summary.name)
    document, kept = download(stubs.documents.DownloadDocument(asked, timeout=SECONDS))
    assert (kept, document.sha256, document.filename) == (content, info.sha256, info.filename)
    items, _, _, _ = received(stubs.documents.BatchGenerateDocuments(batch(3, store=True), timeout=SECONDS))
    names = {item.document.name for item in items}
    assert len(names) == 3
    for item in items:
        asked = pb.DownloadDocumentRequest(name=item.document.name)
        assert download(stubs.documents.DownloadDocument(asked, timeout=SECONDS))[1] == item.document.content


def test_nothing_leaves_for_the_lender_without_permission(stubs: Stubs) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        dossier(stubs, "refus-budget", purpose=pb.DOSSIER_PURPOSE_BANK)
    assert refusal(caught.value).reason == "INVALID_FIELDS"


def test_a_long_document_is_streamed_and_whole(stubs: Stubs) -> None:
    generate = request(REFUSAL, example("refus-budget"))
    whole = stubs.documents.GenerateDocument(generate, timeout=SECONDS).document
    parts_ = stubs.documents.DownloadDocument(pb.DownloadDocumentRequest(generate=generate), timeout=SECONDS)
    document, content = download(parts_)
    assert content == whole.content
    assert (document.sha256, document.size_bytes) == (whole.sha256, len(whole.content))
    wrong = pb.DownloadDocumentRequest(generate=request("", b""))
    with pytest.raises(grpc.RpcError) as caught:
        list(stubs.documents.DownloadDocument(wrong, timeout=SECONDS))
    assert set(refusal(caught.value).violations) == {"generate.template", "generate.data_json"}
    wrong = pb.DownloadDocumentRequest(generate=request(REFUSAL, b"{}"))
    with pytest.raises(grpc.RpcError) as caught:
        list(stubs.documents.DownloadDocument(wrong, timeout=SECONDS))
    assert {path.partition("data_json")[0] for path in refusal(caught.value).violations} == {"generate."}


def test_a_message_far_too_large_is_refused(server: RunningServer) -> None:
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(server.address, options=options) as channel:
        send: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/microcredit.documents.v1.DocumentService/GenerateDocument"
        )
        with pytest.raises(grpc.RpcError) as caught:
            send(b"\x1a\x80\x80\x80\x96\x01" + b"x" * (300 * 1024 * 1024), timeout=SECONDS)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
