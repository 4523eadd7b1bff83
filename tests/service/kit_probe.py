"""A server without proto that the tests of the kit start: its handlers obey the words of the request."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest
from pydantic_settings import SettingsConfigDict

from services.kit import context, errors
from services.kit.caller import Caller
from services.kit.serve import placeless, server
from services.kit.serve.config import ServerSettings

NAME = "probe.v1.ProbeService"
ROLES = Path(__file__).with_name("kit_probe_roles.toml")
SECRET = "Madame Martin 1850569382"


class Settings(ServerSettings):
    """Settings of the probe; `broken` makes one of its steps fail."""

    model_config = SettingsConfigDict(env_prefix="PROBE_")

    broken: str = ""
    not_ready_while: Path | None = None


def fail() -> None:
    raise ValueError(SECRET)


def crash_with_a_cause() -> None:
    try:
        fail()
    except ValueError as error:
        raise KeyError(SECRET) from error


def log_through_the_library() -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("grpc._server").exception("Exception calling application: %s", SECRET)


def refuse_everything() -> None:
    violations = errors.Violations()
    for index in range(120):
        violations.add(
            f"items[{index}].amount", errors.FieldReason.REQUIRED, "Ce champ est obligatoire. " * 20
        )
    violations.raise_if_any()


def loop_until_the_deadline() -> None:
    while True:
        context.check_deadline()
        time.sleep(0.01)


def watch_until_the_stop() -> None:
    while not context.stopping():
        context.check_deadline()
        time.sleep(0.01)


def lose_the_thread() -> None:
    """Ends a thread by an exception that nobody catches, as grpcio's own when memory runs out."""
    threading.Thread(target=fail).start()


def lose_the_interpreter() -> None:
    """Keeps the interpreter's lock, as a library in C that never returns."""
    ctypes.PyDLL(None).sleep(60)


def hold_while_there(path: Path) -> None:
    """Makes a file, and lasts until someone removes it."""
    path.touch()
    while path.exists():
        context.check_deadline()
        time.sleep(0.01)


ACTS = {
    "lose the thread": lose_the_thread,
    "lose the interpreter": lose_the_interpreter,
    "crash": crash_with_a_cause,
    "library": log_through_the_library,
    "refuse": refuse_everything,
    "loop": loop_until_the_deadline,
    "watch": watch_until_the_stop,
}


def described(caller: Caller | None) -> str:
    """What is known of a caller, as JSON."""
    return json.dumps(vars(caller) | {"roles": sorted(caller.roles)}) if caller else ""


@dataclass
class Probe:
    """Answers each word; counts those whose handling began."""

    begun: int = 0

    def act(self, request: bytes) -> bytes:
        self.begun += 1
        word = request.decode()
        if word in ACTS:
            ACTS[word]()
        if word.startswith("hold "):
            hold_while_there(Path(word.removeprefix("hold ")))
        if word.startswith("sleep "):
            time.sleep(float(word.removeprefix("sleep ")))
        answers = {
            "pid": os.getpid(),
            "begun": self.begun,
            "remaining": context.remaining(),
            "actor": context.actor(),
            "caller": described(context.caller()),
        }
        if word.startswith("big "):
            return b"x" * int(word.removeprefix("big "))
        return str(answers.get(word, word)).encode()

    def one(self, request: bytes, _: grpc.ServicerContext) -> bytes:
        return self.act(request)

    @placeless
    def free(self, request: bytes, _: grpc.ServicerContext) -> bytes:
        return self.act(request)

    def typed(self, request: HealthCheckRequest, _: grpc.ServicerContext) -> bytes:
        return request.service.encode()

    def up(self, requests: Iterator[bytes], _: grpc.ServicerContext) -> bytes:
        return b",".join(self.act(request) for request in requests)

    def down(self, request: bytes, _: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"first"
        yield self.act(request)

    def chat(self, requests: Iterator[bytes], _: grpc.ServicerContext) -> Iterator[bytes]:
        for request in requests:
            yield self.act(request)


def add(probe: Probe, to: grpc.Server) -> None:
    """What a generated add_…_to_server does."""
    handlers: dict[str, grpc.RpcMethodHandler[Any, bytes]] = {
        "One": grpc.unary_unary_rpc_method_handler(probe.one),
        "Free": grpc.unary_unary_rpc_method_handler(probe.free),
        "Typed": grpc.unary_unary_rpc_method_handler(probe.typed, HealthCheckRequest.FromString),
        "Up": grpc.stream_unary_rpc_method_handler(probe.up),
        "Down": grpc.unary_stream_rpc_method_handler(probe.down),
        "Chat": grpc.stream_stream_rpc_method_handler(probe.chat),
    }
    to.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, handlers),))


def make(settings: Settings) -> server.App:
    """The service, broken as the settings ask."""

    def step(name: str) -> None:
        if settings.broken == f"{name}:refusal":
            raise errors.StartupError(f"Rien ne va dans {name}.")
        if settings.broken == f"{name}:crash":
            fail()

    def build() -> list[server.Registration]:
        step("build")
        return [server.Registration(NAME, add, Probe(), check)]

    def check() -> None:
        if settings.not_ready_while and settings.not_ready_while.exists():
            raise errors.Unavailable("STORE_UNAVAILABLE", "La base de données ne répond pas.")

    return server.App("probe", "probe.example", lambda: step("prepare"), build, ROLES)


if __name__ == "__main__":
    sys.exit(server.main(Settings, make))
