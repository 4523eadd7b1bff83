"""Translation of a DomainError to google.rpc.Status, for the server's trailer and the items of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.kit.errors import DomainError, Violation
from services.kit.french import spaced
from services.kit.serve.admission import STOPPING

MAX_VIOLATIONS = 50
MAX_STATUS_BYTES = 5 * 1024
"""Proxies drop trailers above 8 KB; the status travels there as base64 (a third more) beside its message."""

_LONG_TEXT, _SHORT_TEXT = 300, 120
_SUMMARY = 400
_RETRY_DELAY = timedelta(seconds=1)


def to_status(error: DomainError, domain: str) -> status_pb2.Status:
    """The status of an error, under MAX_STATUS_BYTES; its metadata count the violations left out."""
    kept = error.violations[:MAX_VIOLATIONS]
    status = _status(error, domain, kept, _LONG_TEXT)
    while status.ByteSize() > MAX_STATUS_BYTES and kept:
        status = _status(error, domain, kept, _SHORT_TEXT)
        kept = kept[: len(kept) * 7 // 8]
    return status


def trailer(error: DomainError, details: bytes) -> tuple[tuple[str, str | bytes], ...]:
    """What ends a refused call: its status and, from a server that stops, when to come back.

    The retries that gRPC does by itself read no RetryInfo, and a server that stops must see no call come.
    """
    pause = (("grpc-retry-pushback-ms", "1000"),) if error.reason == STOPPING else ()
    return (("grpc-status-details-bin", details), *pause)


def _status(error: DomainError, domain: str, kept: Sequence[Violation], limit: int) -> status_pb2.Status:
    metadata = {_cut(key, _SHORT_TEXT): _cut(value, _SHORT_TEXT) for key, value in error.metadata.items()}
    if len(kept) < len(error.violations):
        metadata |= {"total": str(len(error.violations)), "left_out": str(len(error.violations) - len(kept))}
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=domain, metadata=metadata),
        error_details_pb2.LocalizedMessage(locale="fr-FR", message=_sentence(error.message, _LONG_TEXT)),
        *_details(error, [(_cut(v.field, limit), v.reason, _sentence(v.description, limit)) for v in kept]),
    ]
    return status_pb2.Status(
        code=code_pb2.Code.Value(error.status),
        message=_summary(error),
        details=[_pack(detail) for detail in details],
    )


def _summary(error: DomainError) -> str:
    """The message, and the paths in cause for the clients that do not read details."""
    paths = ", ".join(dict.fromkeys(violation.field for violation in error.violations if violation.field))
    message = spaced(error.message)
    return _cut(f"{message} ({paths})" if paths else message, _SUMMARY)


def _details(error: DomainError, kept: Sequence[tuple[str, str, str]]) -> list[Message]:
    """The details that go with a kind of error; `kept` holds (field, reason, description)."""
    match error.status:
        case "FAILED_PRECONDITION":
            return [_precondition_failure(kept or [("", error.reason, _sentence(error.message, _LONG_TEXT))])]
        case "NOT_FOUND" | "ALREADY_EXISTS" if "name" in error.metadata:
            return [_resource_info(error.metadata["name"])]
        case "RESOURCE_EXHAUSTED":
            return [_quota_failure(error)]
        case "UNAVAILABLE":
            return [_retry_info()]
    return [_bad_request(kept)] if kept else []


def _bad_request(kept: Iterable[tuple[str, str, str]]) -> Message:
    bad_request = error_details_pb2.BadRequest()
    for field, reason, description in kept:
        bad_request.field_violations.add(field=field, reason=reason, description=description)
    return bad_request


def _precondition_failure(kept: Iterable[tuple[str, str, str]]) -> Message:
    failure = error_details_pb2.PreconditionFailure()
    for field, reason, description in kept:
        failure.violations.add(subject=field, type=reason, description=description)
    return failure


def _resource_info(name: str) -> Message:
    return error_details_pb2.ResourceInfo(
        resource_type=_cut(name.partition("/")[0], _SHORT_TEXT), resource_name=_cut(name, _LONG_TEXT)
    )


def _quota_failure(error: DomainError) -> Message:
    failure = error_details_pb2.QuotaFailure()
    failure.violations.add(subject=error.reason, description=_sentence(error.message, _LONG_TEXT))
    return failure


def _retry_info() -> Message:
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromTimedelta(_RETRY_DELAY)
    return retry


def _pack(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def _sentence(text: str, limit: int) -> str:
    """The one place where the sentences of errors, typed with ordinary spaces, get those of French."""
    return _cut(spaced(text), limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
