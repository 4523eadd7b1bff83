"""The only door between gRPC and the handlers: request id, deadline, errors, one log line per call."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn
from uuid import uuid4

import grpc
import structlog

from services.kit import context
from services.kit.access import AccessDoor
from services.kit.errors import DomainError, InvalidArgument, ResourceExhausted, Unimplemented
from services.kit.serve.admission import OVERLOADED, Arrivals, Places, StreamPlaces
from services.kit.serve.counts import UNKNOWN, Counts
from services.kit.serve.logs import exception_fields
from services.kit.serve.receiving import Receiving, RequestCutError
from services.kit.serve.status import to_status, trailer
from services.kit.store import database

ACTOR = "x-actor"
STATE_AGE = "x-state-age"
"""Seconds since the store last confirmed the state that an answer comes from, when it does not answer."""

_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_SAFE_ACTOR = re.compile(r"[ -~]{1,100}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_WARNINGS = {"DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"}

MAX_METADATA_BYTES = 16 * 1024
"""What the headers of a call may weigh; the core of gRPC refuses by itself from twice that."""

STREAM_GRACE_SECONDS = 1.0
"""A stream that is read ends at its deadline; one that is not read is cut this much later."""

Behavior = Callable[[Any, grpc.ServicerContext], Any]
Reader = Callable[[Any], Any]
Receiver = Callable[[Iterator[bytes], grpc.ServicerContext], Any]

log = structlog.get_logger()


class _InternalError(DomainError):
    status = "INTERNAL"

    def __init__(self, request_id: str) -> None:
        message = f"Une erreur interne s’est produite ; signalez-la avec la référence {request_id}."
        super().__init__("INTERNAL", message, metadata={"request_id": request_id})


def internal_error(error: Exception) -> DomainError:
    """What a client learns of an unexpected error in a part of its call; the log has the rest."""
    log.error("exception", request_id=context.request_id(), **exception_fields(error))
    return _InternalError(context.request_id())


@dataclass(frozen=True)
class Limits:
    """What a worker accepts: calls at once, seconds of a call, of a stream, bytes of a message, of a file;
    the longest wait for a place, and whether its calls come through a gateway."""

    threads: int
    deadline_seconds: float
    stream_seconds: float
    message_bytes: int
    stream_bytes: int
    patience_seconds: float
    behind_gateway: bool


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
    actor: str | None
    metadata_bytes: int
    time: float
    label: str


class Interceptor(grpc.ServerInterceptor):
    """Wraps every handler; those of gRPC itself (health, reflection) hold no place and are not logged.

    Requests come in as bytes: what is no message, too large or too much is refused here, in our words.
    """

    absent: Callable[[], DomainError] = Unimplemented
    """What a call to a method that is not there learns."""

    def __init__(
        self, domain: str, limits: Limits, door: AccessDoor | None, counts: Counts, arrivals: Arrivals
    ) -> None:
        """Without `door`, whoever calls may do anything, under any name."""
        self._domain = domain
        self._counts = counts
        self._arrivals = arrivals
        self._limits = limits
        self._door = door
        self._refusal: tuple[str, bytes] | None = None
        self._places = Places(limits.threads, limits.patience_seconds)
        self._receiving = Receiving(limits.deadline_seconds, limits.message_bytes, limits.stream_bytes)
        self._streams = StreamPlaces(max(2, limits.threads // 2), behind_gateway=limits.behind_gateway)

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Returns the wrapped handler; runs on arrival, before the request is read.

        Each is wrapped as one whose request streams: gRPC then begins it when its headers have come, and the
        wait for its message is ours.
        """
        self._arrivals.note()
        handler = continuation(handler_call_details)
        if handler and handler_call_details.method.startswith("/grpc."):
            return self._of_grpc(handler, handler_call_details)
        arrival = _arrival(handler_call_details, handler_call_details.method if handler else UNKNOWN)
        self._counts.receive()
        if handler is None:
            return grpc.stream_stream_rpc_method_handler(self._unknown(arrival))
        read = (self._messages if handler.request_streaming else self._message)(
            handler.request_deserializer or bytes
        )
        if one := handler.unary_unary or handler.stream_unary:
            return grpc.stream_unary_rpc_method_handler(
                self._one(one, read, arrival), None, handler.response_serializer
            )
        if many := handler.unary_stream or handler.stream_stream:
            return grpc.stream_stream_rpc_method_handler(
                self._many(many, read, arrival), None, handler.response_serializer
            )
        raise TypeError(f"no behavior for {arrival.method}")

    def _of_grpc(
        self, handler: grpc.RpcMethodHandler[Any, Any], details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """A handler of gRPC itself, but for bytes that are no message: its own deserialiser says INTERNAL."""
        read, write = handler.request_deserializer or bytes, handler.response_serializer
        arrival = _arrival(details, details.method)

        def reading(behavior: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(behavior)  # with what gRPC reads on it: Watch is called back, and holds no thread
            def handle(raws: Iterator[bytes], servicer_context: grpc.ServicerContext, *more: Any) -> Any:
                try:
                    request = self._message(read)(raws, servicer_context)
                except (DomainError, RequestCutError) as error:
                    self._fail_of_grpc(error, arrival, servicer_context)
                return behavior(request, servicer_context, *more)

            return handle

        def reading_each(behavior: Behavior) -> Behavior:
            def handle(raws: Iterator[bytes], servicer_context: grpc.ServicerContext) -> Iterator[Any]:
                try:
                    each = self._receiving.each(raws, servicer_context)
                    yield from behavior((_read(read, raw) for raw in each), servicer_context)
                except (DomainError, RequestCutError) as error:
                    self._fail_of_grpc(error, arrival, servicer_context)

            return handle

        if handler.unary_unary:
            return grpc.stream_unary_rpc_method_handler(reading(handler.unary_unary), None, write)
        if handler.unary_stream:
            return grpc.stream_stream_rpc_method_handler(reading(handler.unary_stream), None, write)
        if handler.stream_stream:
            return grpc.stream_stream_rpc_method_handler(reading_each(handler.stream_stream), None, write)
        raise TypeError(f"no behavior for {details.method}")

    def _unknown(self, arrival: _Arrival) -> Behavior:
        def handle(_: Any, servicer_context: grpc.ServicerContext) -> Iterator[Any]:
            self._fail(self.absent(), arrival, servicer_context)
            yield  # the generator that gRPC expects

        return handle

    def _message(self, read: Reader) -> Receiver:
        """Reads the one message of a request."""

        def message(raws: Iterator[bytes], servicer_context: grpc.ServicerContext) -> Any:
            raw = self._receiving.next(raws, servicer_context)
            if raw is None:
                raise InvalidArgument("REQUEST_UNREADABLE", "L’appel est fini sans sa demande ; envoyez-la.")
            return _read(read, raw)

        return message

    def _messages(self, read: Reader) -> Receiver:
        """Reads the messages of a request that streams: it has arrived whole before it holds a place."""

        def messages(raws: Iterator[bytes], servicer_context: grpc.ServicerContext) -> Iterator[Any]:
            arrived = self._receiving.whole(raws, servicer_context)
            return (_read(read, raw) for raw in arrived)

        return messages

    def _one(self, behavior: Behavior, read: Receiver, arrival: _Arrival) -> Behavior:
        placed = not getattr(behavior, "placeless", False)

        def handle(raws: Iterator[bytes], servicer_context: grpc.ServicerContext) -> Any:
            try:
                self._start(arrival, servicer_context, self._limits.deadline_seconds)
                request = self._permitted(arrival, read(raws, servicer_context))
                with self._places.held(context.remaining()) if placed else nullcontext():
                    context.check_deadline()
                    context.check_awaited()
                    response = behavior(request, servicer_context)
                context.check_deadline()
                if self._door:
                    self._door.answer(arrival.method, response)
            except Exception as error:
                self._fail(error, arrival, servicer_context)
            if (age := context.age()) is not None:
                trailer = ((context.REQUEST_ID, arrival.request_id), (STATE_AGE, f"{age:.0f}"))
                servicer_context.set_trailing_metadata(trailer)
            self._record(arrival, "OK")
            return response

        return handle

    def _many(self, behavior: Behavior, read: Receiver, arrival: _Arrival) -> Behavior:
        def handle(raws: Iterator[bytes], servicer_context: grpc.ServicerContext) -> Iterator[Any]:
            try:
                self._start(arrival, servicer_context, self._limits.stream_seconds)
                request = self._permitted(arrival, read(raws, servicer_context))
                with self._streams.held(servicer_context.peer()), _ended(servicer_context):
                    for response in behavior(request, servicer_context):
                        context.check_deadline()
                        yield self._answered(arrival, response)
            except GeneratorExit:
                self._record(arrival, "CANCELLED")
                raise
            except Exception as error:
                self._fail(error, arrival, servicer_context)
            self._record(arrival, "OK")

        return handle

    def _start(self, arrival: _Arrival, servicer_context: grpc.ServicerContext, ceiling: float) -> None:
        """Sets the deadline, the sooner of the client's and ours from arrival; refuses a late call."""
        servicer_context.set_trailing_metadata(((context.REQUEST_ID, arrival.request_id),))
        peer = servicer_context.peer()
        # A worker's own socket is for its call to itself alone.
        if peer.startswith("unix"):
            raise Unimplemented
        self._arrivals.check()
        deadline = arrival.time + ceiling
        asked = servicer_context.time_remaining()
        if asked is not None:
            deadline = min(deadline, time.monotonic() + asked)
        awaited = servicer_context.is_active
        call = context.Call(arrival.request_id, deadline, arrival.actor or "", peer=peer, is_awaited=awaited)
        context.enter(call)
        if arrival.metadata_bytes > MAX_METADATA_BYTES:
            message = f"Les en-têtes de l’appel dépassent {MAX_METADATA_BYTES} octets ; envoyez-en moins."
            raise ResourceExhausted("METADATA_TOO_LARGE", message)
        if self._door:
            call.caller = caller = self._door.identify(servicer_context)
            self._door.arrive(arrival.method, servicer_context, caller)
        elif arrival.actor is None:
            message = "L’en-tête x-actor nomme une seule personne, en 1 à 100 caractères ASCII imprimables."
            raise InvalidArgument("ACTOR_MALFORMED", message)
        context.check_deadline()

    def _permitted(self, arrival: _Arrival, request: Any) -> Any:
        """The request, once its caller may ask that of what it names and the stores may be read."""
        if self._door and (caller := context.caller()):
            self._door.permit(arrival.method, request, caller)
        database.check_states()
        return request

    def _answered(self, arrival: _Arrival, response: Any) -> Any:
        """A message of a stream, once the journal of accesses knows of it."""
        if self._door:
            self._door.answer(arrival.method, response)
            self._door.note(arrival.method, "OK")
        return response

    def _fail(self, error: Exception, arrival: _Arrival, servicer_context: grpc.ServicerContext) -> NoReturn:
        """Ends the call with the status of its error; the client learns nothing of an unexpected one."""
        if isinstance(error, context.ClientGoneError):
            self._record(arrival, "CANCELLED", error.reason)
            servicer_context.abort(grpc.StatusCode.CANCELLED, "")
        if isinstance(error, grpc.RpcError) and not servicer_context.is_active():
            self._record(arrival, "CANCELLED")
            raise error
        if not isinstance(error, DomainError):
            log.error("exception", request_id=arrival.request_id, **exception_fields(error))
            error = _InternalError(arrival.request_id)
        elif error.__cause__ is not None:
            log.warning("cause", request_id=arrival.request_id, **exception_fields(error.__cause__))
        sentence, details = self._status(error)
        self._record(arrival, error.status, error.reason)
        end = ((context.REQUEST_ID, arrival.request_id), *trailer(error, details))
        servicer_context.abort_with_status(_Abortion(grpc.StatusCode[error.status], sentence, end))

    def _fail_of_grpc(
        self, error: Exception, arrival: _Arrival, servicer_context: grpc.ServicerContext
    ) -> NoReturn:
        """The same for a handler of gRPC itself, of which only failures are counted and logged."""
        self._counts.receive()
        self._fail(error, arrival, servicer_context)

    def _status(self, error: DomainError) -> tuple[str, bytes]:
        """The sentence of an error and its status, as bytes; made once for refusals, which come in crowds."""
        if error.reason != OVERLOADED:
            status = to_status(error, self._domain)
            return status.message, status.SerializeToString()
        if self._refusal is None:
            status = to_status(error, self._domain)
            self._refusal = status.message, status.SerializeToString()
        return self._refusal

    def _record(self, arrival: _Arrival, code: str, reason: str = "") -> None:
        """Counts a call that has ended, tells the journal of accesses of it, and writes its line."""
        self._counts.end(arrival.label, code, reason)
        if self._door:
            self._door.note(arrival.method, code, reason)
        level = "error" if code == "INTERNAL" else "warning" if code in _WARNINGS else "info"
        getattr(log, level)(
            "call",
            method=f"/{arrival.method}",
            code=code,
            reason=reason,
            ms=round((time.monotonic() - arrival.time) * 1000, 3),
            request_id=arrival.request_id,
            traceparent=arrival.traceparent,
        )


def _read(read: Reader, raw: bytes) -> Any:
    try:
        return read(raw)
    except Exception:  # whatever protobuf says of bytes that are no message, it is the client's fault
        message = "La demande n’est pas un message de cette méthode ; vérifiez la version du contrat."
        raise InvalidArgument("REQUEST_UNREADABLE", message) from None


@contextmanager
def _ended(servicer_context: grpc.ServicerContext) -> Iterator[None]:
    """Cuts the stream of a client that does not read: flow control blocks it between two of our checks."""
    timer = threading.Timer(max(0.0, context.remaining()) + STREAM_GRACE_SECONDS, servicer_context.cancel)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _arrival(details: grpc.HandlerCallDetails, label: str) -> _Arrival:
    pairs = details.invocation_metadata or ()
    metadata = dict(pairs)
    return _Arrival(
        method=details.method.removeprefix("/"),
        request_id=_matching(_SAFE_ID, metadata.get(context.REQUEST_ID)) or str(uuid4()),
        traceparent=_matching(_TRACEPARENT, metadata.get("traceparent")),
        actor=_actor([value for key, value in pairs if key == ACTOR]),
        metadata_bytes=sum(len(key) + len(value) for key, value in pairs),
        time=time.monotonic(),
        label=label,
    )


def _actor(declared: Sequence[str | bytes]) -> str | None:
    """Whom the header x-actor names, empty without one; None when it cannot be read, or comes twice."""
    if not declared:
        return ""
    return _matching(_SAFE_ACTOR, declared[0]) or None if len(declared) == 1 else None


def _matching(pattern: re.Pattern[str], value: str | bytes | None) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""
