"""Calls to a server from a command line: one channel, and the words of its errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, LocalizedMessage, PreconditionFailure
from grpc_status import rpc_status

from services.kit.access import TlsFiles, channel_credentials, host_of, is_loopback
from services.kit.cli.outcome import REFUSED, SERVER, USAGE, CommandError, Detail
from services.kit.errors import StartupError

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
_TLS = "MICROCREDIT_CERTIFICATE_FILE", "MICROCREDIT_KEY_FILE", "MICROCREDIT_AUTHORITIES_FILE"
_TOKEN = "MICROCREDIT_TOKEN_FILE"  # noqa: S105 - the name of a variable
A = TypeVar("A")


class Remote:
    """A server called as one actor."""

    def __init__(self, server: str, actor: str) -> None:
        self._server = server
        credentials, token = _credentials(), _token()
        if token and not credentials and not is_loopback(host_of(server)):
            message = f"Un jeton ne part pas en clair vers {server} ; indiquez {', '.join(_TLS)}."
            raise CommandError(message, exit_code=USAGE, reason="CERTIFICATE")
        said = {"x-actor": actor, "authorization": token and f"Bearer {token}"}
        self._metadata = tuple((header, value) for header, value in said.items() if value)
        limits = [(f"grpc.max_{way}_message_length", _MAX_BYTES) for way in ("receive", "send")]
        self.channel = (
            grpc.secure_channel(server, credentials, limits)
            if credentials
            else grpc.insecure_channel(server, limits)
        )

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


def _credentials() -> grpc.ChannelCredentials | None:
    """The certificate of who runs the command, from the files that the environment names; None in clear."""
    files = [os.environ.get(variable) for variable in _TLS]
    certificate, key, authorities = files
    if certificate and key and authorities:
        try:
            return channel_credentials(TlsFiles(Path(certificate), Path(key), Path(authorities)))
        except StartupError as error:
            raise CommandError(str(error), exit_code=USAGE, reason="CERTIFICATE") from None
    if any(files):
        message = f"TLS demande trois fichiers à la fois : {', '.join(_TLS)}."
        raise CommandError(message, exit_code=USAGE, reason="CERTIFICATE")
    return None


def _token() -> str:
    """The token of who runs the command, from a file: on a command line, the whole machine would read it."""
    path = os.environ.get(_TOKEN)
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        message = f"Le fichier {path} ne se lit pas ; corrigez {_TOKEN}."
        raise CommandError(message, exit_code=USAGE, reason="TOKEN") from None


def _refusal(error: grpc.RpcError, server: str) -> CommandError:
    """The words of the server; ours when it could not be reached."""
    code = error.code()
    message, reason = _unreached(code, server), code.name
    details: tuple[Detail, ...] = ()
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        localized, info, bad, unmet = LocalizedMessage(), ErrorInfo(), BadRequest(), PreconditionFailure()
        if detail.Unpack(localized):
            message = localized.message
        elif detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad):
            details = tuple(Detail(item.field, item.description) for item in bad.field_violations)
        elif detail.Unpack(unmet):
            # One without a subject repeats the message.
            details = tuple(Detail(one.subject, one.description) for one in unmet.violations if one.subject)
    exit_code = SERVER if code in _FAILURES else REFUSED
    return CommandError(message, exit_code=exit_code, reason=reason, details=details)


def _unreached(code: grpc.StatusCode, server: str) -> str:
    if code is grpc.StatusCode.UNAVAILABLE:
        return f"Le serveur {server} ne répond pas."
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"Le serveur {server} n’a pas répondu à temps."
    return f"Le serveur {server} n’a pas pu répondre ({code.name})."
