"""Plain docxtpl behind the server of the services: the same door, the same letter, made as its users do."""

from __future__ import annotations

import json
import sys
from typing import Any

import grpc
from pydantic_settings import SettingsConfigDict

from microcredit.documents.v1.document_service_pb2 import GenerateDocumentRequest
from services.kit.serve import server
from services.kit.serve.config import ServerSettings
from tests.bench.documents import LETTER, Subject, plainly
from tests.service.kit_probe import NAME, ROLES


class Settings(ServerSettings):
    """Settings of the probe."""

    model_config = SettingsConfigDict(env_prefix="DOCXTPL_")


class Docxtpl:
    """Reads the request and its JSON, then makes the letter: nothing is checked, and the context is ready."""

    def __init__(self) -> None:
        self._letter = Subject.of(*LETTER)

    def one(self, request: GenerateDocumentRequest, _: grpc.ServicerContext) -> bytes:
        json.loads(request.data_json)
        return plainly(self._letter)


def add(probe: Docxtpl, to: grpc.Server) -> None:
    """What a generated add_…_to_server does."""
    method: Any = grpc.unary_unary_rpc_method_handler(probe.one, GenerateDocumentRequest.FromString)
    to.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, {"One": method}),))


def make(_: Settings) -> server.App:
    """The service."""
    return server.App(
        "probe",
        "probe.example",
        lambda: None,
        lambda: [server.Registration(NAME, add, Docxtpl(), lambda: None)],
        ROLES,
    )


if __name__ == "__main__":
    sys.exit(server.main(Settings, make))
