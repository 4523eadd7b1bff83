"""The only door between gRPC and the handlers: request id, deadline, errors, one log line per call."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import uuid4

import grpc
import structlog

from services.kit import context
from services.kit.errors import DomainError, Unavailable
from services.kit.serve.logs import exception_fields
from services.kit.serve.status import to_status

REQUEST_ID = "x-request-id"
ACTOR = "x-actor"

_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_SAFE_ACTOR = re.compile(r"[ -~]{1,100}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_WARNINGS = {"DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"}

Behavior = Callable[[Any, grpc.ServicerContext], Any]

log = structlog.get_logger()


class _InternalError(DomainError):
    status = "INTERNAL"

    def __init__(self, request_id: str) -> None:
        message = f"Une erreur interne s’est produite ; signalez-la avec la référence {request_id}."
        super().__init__("INTERNAL", message, metadata={"request_id": request_id})


def internal_error(error: Exception) -> DomainError:
    """What a client learns of an unexpected error in a part of its call; the log has the rest."""
    log.error("exception", request_id=context.request_id(), **exception_fields(error))
    return _InternalError(context.request_id())


@dataclass(frozen=True)
class _Abortion(grpc.Status):
    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True)
class _Arrival:
    """What is known of a call before a thread is free to serve it."""

    method: str
    request_id: str
    traceparent: str
    actor: str
    time: float


class Interceptor(grpc.ServerInterceptor):
    """Wraps every handler but those of gRPC itself (health, reflection), neither bounded nor logged.

    Answers that stream take at most half the threads: above that, UNAVAILABLE / OVERLOADED.
    """

    def __init__(self, domain: str, deadline_seconds: float, stream_seconds: float, threads: int) -> None:
        self._domain = domain
        self._deadline_seconds = deadline_seconds
        self._stream_seconds = stream_seconds
        self._streams = threading.BoundedSemaphore(max(1, threads // 2))

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Returns the wrapped handler; runs on arrival, before the call waits for a thread."""
        handler = continuation(handler_call_details)
        if handler is None or handler_call_details.method.startswith("/grpc."):
            return handler
        arrival = _arrival(handler_call_details)
        codecs = (handler.request_deserializer, handler.response_serializer)
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(self._one(handler.unary_unary, arrival), *codecs)
        if handler.stream_unary:
            return grpc.stream_unary_rpc_method_handler(self._one(handler.stream_unary, arrival), *codecs)
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(self._many(handler.unary_stream, arrival), *codecs)
        if handler.stream_stream:
            return grpc.stream_stream_rpc_method_handler(self._many(handler.stream_stream, arrival), *codecs)
        raise TypeError(f"no behavior for {arrival.method}")

    def _one(self, behavior: Behavior, arrival: _Arrival) -> Behavior:
        def handle(request: Any, servicer_context: grpc.ServicerContext) -> Any:
            try:
                self._start(arrival, servicer_context, self._deadline_seconds)
                response = behavior(request, servicer_context)
                context.check_deadline()
            except Exception as error:
                self._fail(error, arrival, servicer_context)
            _record(arrival, "OK")
            return response

        return handle

    def _many(self, behavior: Behavior, arrival: _Arrival) -> Behavior:
        def handle(request: Any, servicer_context: grpc.ServicerContext) -> Iterator[Any]:
            held = self._streams.acquire(blocking=False)
            try:
                self._start(arrival, servicer_context, self._stream_seconds)
                if not held:
                    message = "Trop de flux sont ouverts sur ce serveur ; réessayez plus tard."
                    raise Unavailable("OVERLOADED", message)
                for response in behavior(request, servicer_context):
                    context.check_deadline()
                    yield response
            except GeneratorExit:
                _record(arrival, "CANCELLED")
                raise
            except Exception as error:
                self._fail(error, arrival, servicer_context)
            finally:
                if held:
                    self._streams.release()
            _record(arrival, "OK")

        return handle

    def _start(self, arrival: _Arrival, servicer_context: grpc.ServicerContext, ceiling: float) -> None:
        """Sets the deadline, the sooner of the client's and ours from arrival; refuses a late call."""
        servicer_context.set_trailing_metadata(((REQUEST_ID, arrival.request_id),))
        deadline = arrival.time + ceiling
        asked = servicer_context.time_remaining()
        if asked is not None:
            deadline = min(deadline, time.monotonic() + asked)
        context.enter(context.Call(arrival.request_id, deadline, arrival.actor))
        context.check_deadline()

    def _fail(self, error: Exception, arrival: _Arrival, servicer_context: grpc.ServicerContext) -> NoReturn:
        """Ends the call with the status of its error; the client learns nothing of an unexpected one."""
        if isinstance(error, grpc.RpcError) and not servicer_context.is_active():
            _record(arrival, "CANCELLED")
            raise error
        if not isinstance(error, DomainError):
            log.error("exception", request_id=arrival.request_id, **exception_fields(error))
            error = _InternalError(arrival.request_id)
        elif error.__cause__ is not None:
            log.warning("cause", request_id=arrival.request_id, **exception_fields(error.__cause__))
        status = to_status(error, self._domain)
        _record(arrival, error.status, error.reason)
        trailer = ((REQUEST_ID, arrival.request_id), ("grpc-status-details-bin", status.SerializeToString()))
        servicer_context.abort_with_status(_Abortion(grpc.StatusCode[error.status], status.message, trailer))


def _arrival(details: grpc.HandlerCallDetails) -> _Arrival:
    metadata = dict(details.invocation_metadata or ())
    return _Arrival(
        method=details.method,
        request_id=_matching(_SAFE_ID, metadata.get(REQUEST_ID)) or str(uuid4()),
        traceparent=_matching(_TRACEPARENT, metadata.get("traceparent")),
        actor=_matching(_SAFE_ACTOR, metadata.get(ACTOR)),
        time=time.monotonic(),
    )


def _matching(pattern: re.Pattern[str], value: str | bytes | None) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _record(arrival: _Arrival, code: str, reason: str = "") -> None:
    level = "error" if code == "INTERNAL" else "warning" if code in _WARNINGS else "info"
    getattr(log, level)(
        "call",
        method=arrival.method,
        code=code,
        reason=reason,
        ms=round((time.monotonic() - arrival.time) * 1000, 3),
        request_id=arrival.request_id,
        traceparent=arrival.traceparent,
    )
