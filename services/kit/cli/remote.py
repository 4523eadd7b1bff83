"""Calls to a server from a command line: one channel, and the words of its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, LocalizedMessage
from grpc_status import rpc_status

from services.kit.cli.outcome import REFUSED, SERVER, CommandError, Detail

SECONDS = 120.0
_MAX_BYTES = 8 * 1024 * 1024
_FAILURES = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
A = TypeVar("A")


class Remote:
    """A server called as one actor."""

    def __init__(self, server: str, actor: str) -> None:
        self._server = server
        self._metadata = (("x-actor", actor),) if actor else ()
        limits = [(f"grpc.max_{way}_message_length", _MAX_BYTES) for way in ("receive", "send")]
        self.channel = grpc.insecure_channel(server, options=limits)

    def call(self, method: Callable[..., A], request: object) -> A:
        """The answer to a request, or a CommandError in the words of the server."""
        with self._refusals():
            return method(request, timeout=SECONDS, metadata=self._metadata)

    def stream(self, method: Callable[..., Iterator[A]], request: object, seconds: float) -> Iterator[A]:
        """The answers of a stream, or a CommandError in the words of the server."""
        with self._refusals():
            yield from method(request, timeout=seconds, metadata=self._metadata)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except grpc.RpcError as error:
            raise _refusal(error, self._server) from None


def _refusal(error: grpc.RpcError, server: str) -> CommandError:
    """The words of the server; ours when it could not be reached."""
    code = error.code()
    message, reason = _unreached(code, server), code.name
    details: tuple[Detail, ...] = ()
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        localized, info, bad = LocalizedMessage(), ErrorInfo(), BadRequest()
        if detail.Unpack(localized):
            message = localized.message
        elif detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad):
            details = tuple(Detail(item.field, item.description) for item in bad.field_violations)
    exit_code = SERVER if code in _FAILURES else REFUSED
    return CommandError(message, exit_code=exit_code, reason=reason, details=details)


def _unreached(code: grpc.StatusCode, server: str) -> str:
    if code is grpc.StatusCode.UNAVAILABLE:
        return f"Le serveur {server} ne répond pas."
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"Le serveur {server} n’a pas répondu à temps."
    return f"Le serveur {server} n’a pas pu répondre ({code.name})."
