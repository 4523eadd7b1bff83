"""The dossier as an object, and the file itself: what a client in JSON sends and receives."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import ParseDict

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from tests.documents_services import civil
from tests.documents_support import DAY, REFUSAL, Json, example, refusal, request
from tests.support import Launch

SECONDS = 60


@pytest.fixture(scope="module")
def stub(shared: Launch) -> Iterator[DocumentServiceStub]:
    server = shared("services.documents", "--workers", "2", env={"DOCUMENTS_RETENTION_DAYS": "30"})
    with grpc.insecure_channel(server.address) as channel:
        yield DocumentServiceStub(channel)


def as_object(data: Json, **more: Any) -> pb.GenerateDocumentRequest:
    """The request of a refusal whose dossier is an object."""
    asked = request(REFUSAL, b"")
    ParseDict(data, asked.data)
    asked.MergeFrom(pb.GenerateDocumentRequest(**more))
    return asked


def file(stub: DocumentServiceStub, asked: pb.DownloadFileRequest) -> tuple[bytes, str, str]:
    """The bytes of a file, its media type and its name."""
    answers = stub.DownloadFile(asked, timeout=SECONDS)
    name = dict(answers.initial_metadata() or ()).get("content-disposition", "")
    parts = list(answers)
    (media_type,) = {part.content_type for part in parts}
    return b"".join(part.data for part in parts), media_type, str(name)


def refused(stub: DocumentServiceStub, asked: pb.GenerateDocumentRequest) -> set[str]:
    """The fields that a request is refused for."""
    with pytest.raises(grpc.RpcError) as caught:
        stub.GenerateDocument(asked, timeout=SECONDS)
    return set(refusal(caught.value).violations)


def test_an_object_makes_the_bytes_that_its_json_makes(stub: DocumentServiceStub) -> None:
    data = example("refus-budget")
    by_json = stub.GenerateDocument(request(REFUSAL, data), timeout=SECONDS)
    assert stub.GenerateDocument(as_object(data), timeout=SECONDS) == by_json


def test_what_is_wrong_in_an_object_has_the_path_of_the_object(stub: DocumentServiceStub) -> None:
    data = example("refus-budget")
    data["applicant"] |= {"last_name": 1, "inconnu": "x"}
    data["household"]["persons"] = 1.5
    found = refused(stub, as_object(data))
    assert {"data.applicant.last_name", "data.household.persons"} < found
    (unknown,) = found - {"data.applicant.last_name", "data.household.persons"}
    assert unknown.startswith("data.applicant.?")
    infinite = as_object(example("refus-budget"))
    infinite.data["case"] = math.inf
    assert refused(stub, infinite) == {"data.case"}


def test_the_dossier_is_given_once(stub: DocumentServiceStub) -> None:
    data = example("refus-budget")
    assert refused(stub, as_object(data, data_json=json.dumps(data).encode())) == {"data"}
    assert refused(stub, request(REFUSAL, b"")) == {"data_json"}


def test_a_download_says_where_in_its_request_the_dossier_is_wrong(stub: DocumentServiceStub) -> None:
    data = example("refus-budget")
    data["applicant"]["last_name"] = 1
    for asked, expected in (
        (pb.DownloadFileRequest(document=as_object(data)), "document.data.applicant.last_name"),
        (pb.DownloadFileRequest(document=request(REFUSAL, data)), "document.data_json.applicant.last_name"),
        (pb.DownloadFileRequest(), "source"),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            list(stub.DownloadFile(asked, timeout=SECONDS))
        assert set(refusal(caught.value).violations) == {expected}


def test_a_file_is_that_of_the_document(stub: DocumentServiceStub) -> None:
    asked = as_object(example("refus-budget"), store=True)
    made = stub.GenerateDocument(asked, timeout=SECONDS).document
    named = f'attachment; filename="{made.filename}"'
    for wanted in (pb.DownloadFileRequest(document=asked), pb.DownloadFileRequest(name=made.name)):
        content, media_type, disposition = file(stub, wanted)
        assert hashlib.sha256(content).hexdigest() == made.sha256
        assert (media_type, disposition) == (made.media_type, named)
    tried = file(stub, pb.DownloadFileRequest(document=asked, validate_only=True))
    assert tried[0] == b""


def test_a_dossier_is_a_file_too(stub: DocumentServiceStub) -> None:
    asked = pb.GenerateDossierRequest(document_date=civil(DAY), output=pb.DOSSIER_OUTPUT_ZIP)
    ParseDict(example("complet"), asked.data)
    content, media_type, disposition = file(stub, pb.DownloadFileRequest(dossier=asked))
    streamed = list(stub.GenerateDossier(asked, timeout=SECONDS))
    assert content == b"".join(part.chunk.data for part in streamed)
    assert (media_type, disposition[-5:]) == ("application/zip", '.zip"')
