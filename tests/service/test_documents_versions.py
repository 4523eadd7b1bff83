"""Versions of templates and profiles chosen by the date of the document; logo; limit of size."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import grpc
import pytest

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from microcredit.documents.v1.store_service_pb2 import ListDocumentsRequest
from microcredit.documents.v1.store_service_pb2_grpc import DocumentStoreServiceStub
from tests.documents_support import ASK, DAY, DOCUMENTS, FILE, example, parts, plain, png, refusal, request
from tests.support import Launch, RunningServer

LATER = date(2026, 12, 1)
LOGO = """  logo:
    file: logo.png
    alt: Logo du CIAS « d’exemple »
    height_mm: 18
"""
SHIPPED_LOGO = """  logo:
    file: logo.png
    alt: Logo du CIAS d’exemple
    height_mm: 14
"""
Call = Callable[..., pb.Document]


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replaces texts of a file, each of which must be there."""
    content = path.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in content
        content = content.replace(before, after)
    path.write_text(content, encoding="utf-8")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a template, and a second profile, with a logo."""
    root = tmp_path_factory.mktemp("published")
    shutil.copytree(DOCUMENTS / "templates", root / "templates")
    shutil.copytree(DOCUMENTS / "profiles", root / "profiles")
    shutil.copytree(root / "templates" / ASK, root / "templates" / "later")
    until = ("effective_from: 2019-01-01", "effective_from: 2019-01-01\neffective_until: 2026-11-30")
    edit(root / "templates" / ASK / "manifest.yaml", until)
    since = ("effective_from: 2019-01-01", "effective_from: 2026-12-01")
    edit(root / "templates" / "later" / "manifest.yaml", since, ('version: "1.0.0"', 'version: "2.0.0"'))
    shutil.copytree(root / "profiles" / "cias-exemple", root / "profiles" / "autre")
    profile = root / "profiles" / "autre" / "profile.yaml"
    edit(profile, ("id: cias-exemple", "id: autre"), (SHIPPED_LOGO, LOGO))
    (profile.parent / "logo.png").write_bytes(png(60, 30))
    edit(root / "profiles" / "cias-exemple" / "profile.yaml", (SHIPPED_LOGO, ""))
    (root / "profiles" / "cias-exemple" / "logo.png").unlink()
    return root


@pytest.fixture(scope="module")
def server(launch: Launch, folders: Path) -> RunningServer:
    environment = {
        "DOCUMENTS_TEMPLATES_DIRECTORY": str(folders / "templates"),
        "DOCUMENTS_PROFILES_DIRECTORY": str(folders / "profiles"),
        "DOCUMENTS_MAX_DOCUMENT_BYTES": "14000",
    }
    return launch("services.documents", "--workers", "1", env=environment)


@pytest.fixture(scope="module")
def call(server: RunningServer) -> Iterator[Call]:
    with grpc.insecure_channel(server.address) as channel:
        stub = DocumentServiceStub(channel)

        def generate(template: str, day: date = DAY, profile: str = "cias-exemple") -> pb.Document:
            message = request(template, example("complet"), day, profile)
            document: pb.Document = stub.GenerateDocument(message, timeout=20).document
            return document

        yield generate


def test_the_date_of_the_document_chooses_the_version(call: Call) -> None:
    before, after = call(ASK), call(ASK, LATER)
    assert (before.template.version, after.template.version) == ("1.0.0", "2.0.0")
    assert before.template.digest != after.template.digest
    assert call(ASK, date(2026, 11, 30)).template.version == "1.0.0"


def test_several_profiles_must_be_named(call: Call) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        call(ASK, profile="")
    assert refusal(caught.value).violations == {"profile": "REQUIRED"}


def test_the_logo_of_the_profile_has_an_alternative_text(call: Call) -> None:
    with_logo, without_logo = parts(call(ASK, profile="autre").content), parts(call(ASK).content)
    assert with_logo["word/media/logo.png"] == png(60, 30)
    (header,) = (content.decode() for content in with_logo.values() if b"<w:drawing>" in content)
    assert header.count('descr="Logo du CIAS «\u00a0d’exemple\u00a0»"') == 2
    assert f'cx="{36 * 36000}" cy="{18 * 36000}"' in header
    assert not [name for name in without_logo if "media" in name]
    assert not [name for name, content in without_logo.items() if b"<w:drawing>" in content]
    assert not [
        name for name, content in without_logo.items() if name.endswith(".rels") and b"media" in content
    ]


def test_a_server_without_retention_keeps_nothing(call: Call, server: RunningServer) -> None:
    asked = request(ASK, example("complet"), DAY, "cias-exemple")
    asked.store = True
    with grpc.insecure_channel(server.address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            DocumentServiceStub(channel).GenerateDocument(asked, timeout=20)
        assert refusal(caught.value).reason == "STORAGE_DISABLED"
        with pytest.raises(grpc.RpcError) as caught:
            DocumentStoreServiceStub(channel).ListDocuments(ListDocumentsRequest(case_reference="x"))
        assert refusal(caught.value).reason == "STORAGE_DISABLED"


def test_a_document_too_large_is_refused(call: Call) -> None:
    assert plain(call(ASK).content)
    with pytest.raises(grpc.RpcError) as caught:
        call(FILE)
    found = refusal(caught.value)
    assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "DOCUMENT_TOO_LARGE")
    assert found.metadata["limit"] == "14000"
    assert int(found.metadata["bytes"]) > 14000
