"""Errors and their translation to google.rpc.Status."""

from __future__ import annotations

from typing import TypeVar

import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    LocalizedMessage,
    PreconditionFailure,
    QuotaFailure,
    ResourceInfo,
    RetryInfo,
)

from services.kit import errors
from services.kit.errors import DomainError, FieldReason, InvalidArgument, Violation, Violations
from services.kit.serve.status import to_status

T = TypeVar("T", bound=Message)


def detail(error: DomainError, kind: type[T]) -> T:
    """The only detail of a kind in the status of an error."""
    found = []
    for packed in to_status(error, "probe.example").details:
        message = kind()
        if packed.Unpack(message):
            found.append(message)
    assert len(found) == 1
    return found[0]


def test_all_the_violations_come_at_once() -> None:
    violations = Violations()
    violations.raise_if_any()
    violations.add("loan.amount", FieldReason.REQUIRED, "Le montant manque.")
    violations.extend([Violation("loan.months", FieldReason.REQUIRED, "La durée manque.")])
    with pytest.raises(InvalidArgument) as raised:
        violations.raise_if_any()
    status = to_status(raised.value, "probe.example")
    assert status.code == code_pb2.INVALID_ARGUMENT
    info = detail(raised.value, ErrorInfo)
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "INVALID_FIELDS",
        "probe.example",
        {"count": "2"},
    )
    listed = detail(raised.value, BadRequest).field_violations
    assert [(v.field, v.reason, v.description) for v in listed] == [
        ("loan.amount", "REQUIRED", "Le montant manque."),
        ("loan.months", "REQUIRED", "La durée manque."),
    ]
    localized = detail(raised.value, LocalizedMessage)
    assert (localized.locale, localized.message) == ("fr-FR", "2 champs de la demande sont incorrects.")


def test_details_of_each_kind_of_error() -> None:
    missing = errors.NotFound("THING_NOT_FOUND", "Inconnu.", metadata={"name": "things/x"})
    assert detail(missing, ResourceInfo).resource_name == "things/x"
    late = errors.FailedPrecondition("NOT_IN_FORCE", "Trop tôt.")
    assert detail(late, PreconditionFailure).violations[0].type == "NOT_IN_FORCE"
    assert detail(errors.ResourceExhausted("BATCH_TOO_LARGE", "Trop."), QuotaFailure).violations
    assert detail(errors.Unavailable("STORE_UNAVAILABLE", "Plus tard."), RetryInfo).retry_delay.seconds == 1
    for error in (errors.Aborted("ETAG_MISMATCH", "Changé."), errors.DeadlineExceeded()):
        assert len(to_status(error, "probe.example").details) == 2


def test_the_trailer_stays_small_and_says_what_it_leaves_out() -> None:
    violations = [Violation(f"items[{i}].{'x' * 40}", FieldReason.TOO_LONG, "é" * 1000) for i in range(200)]
    error = InvalidArgument("INVALID_FIELDS", "Non." * 500, metadata={"k": "v" * 5000}, violations=violations)
    status = to_status(error, "probe.example")
    assert status.ByteSize() < 6 * 1024
    listed = len(detail(error, BadRequest).field_violations)
    metadata = detail(error, ErrorInfo).metadata
    assert 10 < listed <= 50
    assert (metadata["total"], metadata["left_out"]) == ("200", str(200 - listed))


def test_fifty_ordinary_violations_all_fit() -> None:
    violations = [
        Violation(f"items[{i}].amount", FieldReason.REQUIRED, "Ce champ manque.") for i in range(50)
    ]
    error = InvalidArgument("INVALID_FIELDS", "Non.", violations=violations)
    assert len(detail(error, BadRequest).field_violations) == 50
    assert "left_out" not in detail(error, ErrorInfo).metadata
