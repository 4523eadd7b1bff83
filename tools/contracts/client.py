"""The gRPC service config that clients load: how long a call may last, and when it is sent again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto

from services.bank_registry.config import Settings as BankRegistry
from services.documents.config import Settings as Documents
from services.eligibility.config import Settings as Eligibility
from services.kit.serve import ServerSettings
from tools.contracts.reading import own

_SERVERS: dict[str, type[ServerSettings]] = {
    "microcredit.bankregistry.v1": BankRegistry,
    "microcredit.documents.v1": Documents,  # and the PDF worker: its streams last as long
    "microcredit.eligibility.v1": Eligibility,
}

RETRY: dict[str, Any] = {
    # gRPC allows five at most; with these delays, the last one starts some ten seconds after the first.
    "maxAttempts": 5,
    "initialBackoff": "1s",  # what RetryInfo says
    "maxBackoff": "5s",
    "backoffMultiplier": 2,
    # Whatever was refused or interrupted: a write carries a request_id, so that it is never made twice.
    "retryableStatusCodes": ["UNAVAILABLE"],
}


def service_config(descriptors: FileDescriptorSet) -> str:
    """The JSON of the service config: every method of the contract, with the ceiling of its server."""
    ceilings: dict[str, list[dict[str, str]]] = {}
    for name, seconds in _ceilings(descriptors):
        ceilings.setdefault(f"{seconds:g}s", []).append(name)
    configs = [
        {"name": names, "timeout": ceiling, "retryPolicy": RETRY} for ceiling, names in ceilings.items()
    ]
    return json.dumps({"methodConfig": configs}, indent=2) + "\n"


def _ceilings(descriptors: FileDescriptorSet) -> Iterator[tuple[dict[str, str], float]]:
    for file in own(descriptors):
        for service in file.service:
            full_name = f"{file.package}.{service.name}"
            own_server = _SERVERS.get(file.package)
            # What is in none of these packages is served by all three.
            servers = [own_server] if own_server else list(_SERVERS.values())
            for method in service.method:
                seconds = max(_ceiling(settings, method) for settings in servers)
                yield {"service": full_name, "method": method.name}, seconds


def _ceiling(settings: type[ServerSettings], method: MethodDescriptorProto) -> float:
    """How long a server lets a call of a method last, unless its settings are changed."""
    field = "stream_seconds" if method.server_streaming else "deadline_seconds"
    return float(settings.model_fields[field].default)
