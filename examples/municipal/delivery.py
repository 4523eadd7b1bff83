"""The Word files of a case: the service's own dossier, the letters to the person, what goes to the lender."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from examples.municipal.values import day
from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub

SUMMARY = "00-sommaire"

Json = dict[str, Any]


def write_files(documents: DocumentServiceStub, dossier: Json, document_date: str, folder: Path) -> list[str]:
    """Writes the files beside the data they were made from; gives what a table shows of them."""
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(dossier, ensure_ascii=False, indent=2)
    (folder / "dossier.json").write_text(data, encoding="utf-8")
    for old in folder.glob("*.docx"):
        old.unlink()
    request = pb.GenerateDossierRequest(data_json=data.encode(), document_date=day(document_date))
    shown = []
    summary, content = ask(documents, request, pb.DOSSIER_PURPOSE_FILE, pb.DOSSIER_OUTPUT_MERGED)
    if summary.pieces:
        (folder / f"dossier_{dossier['case']['reference']}.docx").write_bytes(content)
        shown.append(f"dossier du service ({len(summary.pieces) - 1} pièces)")
    summary, content = ask(documents, request, pb.DOSSIER_PURPOSE_APPLICANT, pb.DOSSIER_OUTPUT_ZIP)
    if summary.pieces:
        shown += write_letters(content, folder)
    if "authorisations" in dossier:
        summary, content = ask(documents, request, pb.DOSSIER_PURPOSE_BANK, pb.DOSSIER_OUTPUT_MERGED)
        (folder / f"envoi-prêteur_{dossier['case']['reference']}.docx").write_bytes(content)
        shown.append(f"envoi au prêteur ({len(summary.pieces) - 1} pièces)")
    return shown


def ask(
    documents: DocumentServiceStub,
    request: pb.GenerateDossierRequest,
    purpose: pb.DossierPurpose.ValueType,
    output: pb.DossierOutput.ValueType,
) -> tuple[pb.DossierSummary, bytes]:
    """A dossier and its file; without pieces when nothing belongs in it."""
    asked = pb.GenerateDossierRequest()
    asked.CopyFrom(request)
    asked.purpose, asked.output = purpose, output
    summary, content = pb.DossierSummary(), bytearray()
    try:
        for part in documents.GenerateDossier(asked):
            summary.MergeFrom(part.summary)
            content += part.chunk.data
    except grpc.RpcError as error:
        if reason(error) != "DOSSIER_EMPTY":
            raise
    return summary, bytes(content)


def write_letters(archive: bytes, folder: Path) -> list[str]:
    """Writes each letter of a zip; gives their templates."""
    written = []
    with zipfile.ZipFile(io.BytesIO(archive)) as letters:
        for name in letters.namelist():
            if not name.startswith(SUMMARY):
                (folder / name).write_bytes(letters.read(name))
                written.append(name.partition("_")[0])
    return written


def reason(error: grpc.RpcError) -> str:
    """The stable reason of an error."""
    status, info = rpc_status.from_call(error), ErrorInfo()
    found = any(detail.Unpack(info) for detail in (status.details if status else ()))
    return str(info.reason) if found else ""
