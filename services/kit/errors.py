"""Typed errors, named after the gRPC codes: raised by the logic, translated by the server alone."""
# ruff: noqa: N818

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, TypeVar

Value = TypeVar("Value")

V = TypeVar("V")

_NO_METADATA: Mapping[str, str] = MappingProxyType({})


class StartupError(Exception):
    """The process cannot start: one French sentence, printed on stderr without a traceback, exit code 1."""


class FieldReason(StrEnum):
    """What is wrong with a field, the same in every service: microcredit.errors.v1 says each in words."""

    REQUIRED = "REQUIRED"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    UNKNOWN_PLACE = "UNKNOWN_PLACE"
    POSTAL_CODE = "POSTAL_CODE"
    UNKNOWN_RESOURCE = "UNKNOWN_RESOURCE"
    WRONG_TYPE = "WRONG_TYPE"
    MALFORMED = "MALFORMED"
    INCOMPLETE = "INCOMPLETE"
    NOT_IN_CALENDAR = "NOT_IN_CALENDAR"
    IN_FUTURE = "IN_FUTURE"
    IN_PAST = "IN_PAST"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TOO_MANY_DECIMALS = "TOO_MANY_DECIMALS"
    NOT_EUROS = "NOT_EUROS"
    TOO_LONG = "TOO_LONG"
    TOO_SHORT = "TOO_SHORT"
    TOO_MANY = "TOO_MANY"
    TOO_FEW = "TOO_FEW"
    DUPLICATE = "DUPLICATE"
    NOT_PRINTABLE = "NOT_PRINTABLE"
    NOT_JSON = "NOT_JSON"
    TOO_DEEP = "TOO_DEEP"
    BOUNDS_REVERSED = "BOUNDS_REVERSED"
    OVERLAP = "OVERLAP"
    OUTSIDE_PERIOD = "OUTSIDE_PERIOD"
    INCONSISTENT = "INCONSISTENT"
    OUTPUT_ONLY = "OUTPUT_ONLY"
    NOT_CHANGEABLE = "NOT_CHANGEABLE"
    PAGE_TOKEN_REFUSED = "PAGE_TOKEN_REFUSED"  # noqa: S105 - no password
    NOT_DOCX = "NOT_DOCX"
    FINDING = "FINDING"


@dataclass(frozen=True)
class Violation:
    """One wrong field: its proto path, a reason and a French sentence."""

    field: str
    reason: FieldReason
    description: str


class DomainError(Exception):
    """An error that the caller can act upon; `status` is the name of its gRPC code."""

    status: ClassVar[str]

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        metadata: Mapping[str, str] = _NO_METADATA,
        violations: Sequence[Violation] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata)
        self.violations = tuple(violations)


class InvalidArgument(DomainError):
    """The request is wrong whatever the state of the service."""

    status = "INVALID_ARGUMENT"


class Unauthenticated(DomainError):
    """Who calls is not proved."""

    status = "UNAUTHENTICATED"


class PermissionDenied(DomainError):
    """Who calls is known, and may not do this."""

    status = "PERMISSION_DENIED"


class NotFound(DomainError):
    """The named resource does not exist."""

    status = "NOT_FOUND"


class AlreadyExists(DomainError):
    """The same name or request id was used with another content."""

    status = "ALREADY_EXISTS"


class FailedPrecondition(DomainError):
    """The request is right, but not in the present state of the service."""

    status = "FAILED_PRECONDITION"


class Aborted(DomainError):
    """Another write came first (an etag differs): read again, then retry."""

    status = "ABORTED"


class ResourceExhausted(DomainError):
    """A limit is reached: size of a batch, number of calls."""

    status = "RESOURCE_EXHAUSTED"


class Unavailable(DomainError):
    """The service cannot answer now; the same call may be sent again."""

    status = "UNAVAILABLE"


class Unimplemented(DomainError):
    """The method is none of this service's."""

    status = "UNIMPLEMENTED"

    def __init__(self) -> None:
        super().__init__(
            "METHOD_UNKNOWN", "Ce service n’a pas cette méthode ; vérifiez son nom et la version du contrat."
        )


class DeadlineExceeded(DomainError):
    """The time allowed to the call ran out."""

    status = "DEADLINE_EXCEEDED"

    def __init__(self, metadata: Mapping[str, str] = _NO_METADATA) -> None:
        super().__init__("DEADLINE_EXCEEDED", "Le temps accordé à cet appel est écoulé.", metadata=metadata)


class Violations:
    """Collects every wrong field of a request, so that the caller learns of all of them at once."""

    def __init__(self) -> None:
        self._items: list[Violation] = []

    def add(self, field: str, reason: FieldReason, description: str) -> None:
        """Adds one wrong field."""
        self._items.append(Violation(field, reason, description))

    def extend(self, violations: Iterable[Violation]) -> None:
        """Adds several wrong fields."""
        self._items.extend(violations)

    def raise_if_any(self, reason: str = "INVALID_FIELDS", message: str | None = None) -> None:
        """Raises InvalidArgument with all the violations, if there is any."""
        if self._items:
            raise self.error(reason, message)

    def whole(self, value: Value | None) -> Value:
        """What was read once nothing is wrong in it: None comes with a violation, so that it never leaves."""
        self.raise_if_any()
        if value is None:
            raise TypeError("a value is missing without a violation")
        return value

    def checked(self, value: V | None) -> V:
        """A value that was read, once nothing is wrong; else raises InvalidArgument with all the violations.

        What could not be read has its violation.
        """
        self.raise_if_any()
        if value is None:
            raise TypeError("what could not be read has no violation")
        return value

    def error(self, reason: str = "INVALID_FIELDS", message: str | None = None) -> InvalidArgument:
        """The InvalidArgument of these violations."""
        return InvalidArgument(
            reason,
            message or _summary(len(self._items)),
            metadata={"count": str(len(self._items))},
            violations=self._items,
        )

    def __bool__(self) -> bool:
        return bool(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Violation]:
        return iter(self._items)


def _summary(count: int) -> str:
    if count == 1:
        return "Un champ de la demande est incorrect."
    return f"{count} champs de la demande sont incorrects."
