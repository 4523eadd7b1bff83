"""The pre-forked gRPC server of a service: each worker is a synchronous grpcio server on the same port."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Generic, TypeVar

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.kit import context
from services.kit.access import AccessDoor, AccessKeeping, Guard, Quotas, Roles
from services.kit.errors import DomainError, StartupError, Unimplemented
from services.kit.french import spaced
from services.kit.serve import cpus, liveness, logs, port, unready
from services.kit.serve.admission import Arrivals
from services.kit.serve.build import code_version
from services.kit.serve.config import ServerSettings
from services.kit.serve.core import core_options
from services.kit.serve.counts import Counts
from services.kit.serve.interceptor import Interceptor
from services.kit.serve.liveness import Check
from services.kit.serve.prefork import Pulse, Supervisor
from services.kit.store import AnchoredStore, StoreSet, database

RECEIVING_THREADS = 1024
"""The threads of the calls. In grpcio a call occupies one from its headers on: these are many and cheap; how
many of them may wait for a message, and how many run, is counted apart (`Receiving`, `Places`)."""

STARTED_THREADS = 64
"""How many of them start with the worker. A thread started in a crowd waits for the interpreter at each step,
and the one that takes the calls of gRPC waits with it: a second of overload began by a third of it lost."""

_LONGEST_NAME = 100
_PRIVATE_UMASK = 0o077
_READABLE = 0o644
"""Of the file with the address, which clients of other accounts wait for."""
_OPEN = "Sans TLS ni jeton : tout programme de cette machine peut tout demander, sous tout nom."

log = structlog.get_logger()

S = TypeVar("S", bound=ServerSettings)


@dataclass(frozen=True)
class Registration:
    """A servicer, the full name of its proto service and the generated function that adds it to a server.

    `check` says whether the service can serve; without one it can while its stores can be read. `reserve`
    gives the word with which it serves, empty without any.
    """

    service_name: str
    add: Callable[..., None]
    servicer: object
    check: Check | None = None
    reserve: Callable[[], str] = str

    def check_ready(self) -> None:
        """Raises a DomainError while the service cannot serve: none can on a store that cannot be read."""
        database.check_states()
        if self.check:
            self.check()


def registration(
    servicer: object, check: Check | None = None, *, reserve: Callable[[], str] = str
) -> Registration:
    """What registers a servicer, read from the generated class that it implements."""
    (base,) = (kind for kind in type(servicer).__mro__ if kind.__module__.endswith("_pb2_grpc"))
    generated = sys.modules[base.__module__]
    file = import_module(base.__module__.removesuffix("_grpc")).DESCRIPTOR
    name = file.services_by_name[base.__name__.removesuffix("Servicer")].full_name
    return Registration(name, getattr(generated, f"add_{base.__name__}_to_server"), servicer, check, reserve)


@dataclass(frozen=True)
class App:
    """A service: `prepare` runs once in the master before the fork, `build` in each worker after it.

    `domain` is that of ErrorInfo, `roles` the table of who may call what, `accesses` where it is noted who
    did. What `prepare` opens (connections, threads) it closes before it returns. It runs once what the
    service keeps, `stores`, was found whole, or may be created. The heads of its chains are `anchored`, and
    its workers look at them. `rules` names, after it, what governs today. `stop` runs last in a worker that
    ends.
    """

    name: str
    domain: str
    prepare: Callable[[], None]
    build: Callable[[], Sequence[Registration]]
    roles: Path
    stores: StoreSet = field(default_factory=StoreSet)
    accesses: AccessKeeping | None = None
    anchored: AnchoredStore | None = None
    rules: Callable[[], Sequence[str]] = tuple
    stop: Callable[[], None] = lambda: None

    def check_parts(self) -> None:
        """StartupError if a part of what the service keeps is missing or cannot be opened."""
        self.stores.check()
        if self.anchored:
            self.anchored.check_parts()


BY = "--by"


@dataclass(frozen=True)
class Act(Generic[S]):
    """What a person does to the store of a service: `run` takes the value of its one option, who acts unless
    told otherwise, and the word after that of the act; it gives a French sentence, or raises StartupError."""

    run: Callable[[S, str, str], str]
    option: str = BY


def main(
    settings_type: type[S],
    make_app: Callable[[S], App],
    argv: Sequence[str] | None = None,
    *,
    acts: Mapping[str, Act[S]] = MappingProxyType({}),
) -> int:
    """Reads the settings, then runs the service, or the act that the first word names; returns the exit code
    of the process."""
    os.umask(_PRIVATE_UMASK)  # whatever a library writes, and a process that it starts
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words[:1] and words[0] in acts:
            act = acts[words.pop(0)]
            word = words.pop(0) if words and not words[0].startswith("--") else ""
            value = _taken(words, act.option)
            if act.option == BY:
                _check_name(value)
            settings = settings_type.load(words)
            app = make_app(settings)
            logs.configure(app.name, settings.log_level)
            app.stores.check(act=True)
            sys.stdout.write(f"{spaced(act.run(settings, value, word))}\n")
            return 0
        settings = settings_type.load(words)
    except StartupError as error:
        return _refuse(error)
    return run(make_app(settings), settings)


def _taken(words: list[str], option: str) -> str:
    """The value of an option, taken out of the command line; empty without one."""
    place = words.index(option) if option in words else len(words)
    value = " ".join("".join(words[place + 1 : place + 2]).split())
    del words[place : place + 2]
    return value


def _check_name(name: str) -> None:
    if not name or name.startswith("-") or len(name) > _LONGEST_NAME or not name.isprintable():
        raise StartupError("Indiquez qui agit : --by NOM, de cent caractères au plus.")


def run(app: App, settings: ServerSettings) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code of the process."""
    logs.configure(app.name, settings.log_level)
    try:
        access = settings.access()
        app.stores.check()
        # Before the fork: the workers count together how often an application calls.
        guard = Guard(Roles(app.roles, settings.roles_file), Quotas())
        app.prepare()
        if access and app.accesses:
            app.accesses.place.prepare()
        if app.anchored:
            app.anchored.anchor()
        with port.reserve(settings.host, settings.port) as held, _ready_file(settings.ready_file) as publish:
            code = _supervise(app, settings, guard, held, publish, is_open=access is None)
            if app.anchored:
                _anchor_last(app.anchored)
            return code
    except StartupError as error:
        return _refuse(error)
    except DomainError as error:  # the state of a store, found as it was read
        return _refuse(StartupError(error.message))


def _anchor_last(anchored: AnchoredStore) -> None:
    """Anchors what the workers wrote as they stopped; the next start does where the store is gone first."""
    try:
        anchored.anchor()
    except StartupError as error:
        log.error("head_not_anchored", sentence=spaced(str(error)))


def _refuse(error: StartupError) -> int:
    sys.stderr.write(f"{spaced(str(error))}\n")
    return 1


@contextmanager
def _ready_file(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Yields what writes the address, at once and whole, into the file that clients wait for."""
    if path is None:
        yield lambda _address: None
        return
    draft = path.with_name(f"{path.name}.draft")
    try:
        path.unlink(missing_ok=True)
        draft.touch()
        draft.chmod(_READABLE)
    except OSError:
        raise StartupError(f"Le fichier {path} ne peut pas être écrit ; corrigez --ready-file.") from None

    def publish(address: str) -> None:
        draft.write_text(f"{address}\n")
        draft.replace(path)

    try:
        yield publish
    finally:
        path.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def _supervise(
    app: App,
    settings: ServerSettings,
    guard: Guard,
    held: socket.socket,
    publish: Callable[[str], None],
    *,
    is_open: bool,
) -> int:
    grant = cpus.grant()
    workers = settings.workers or grant.workers()
    pins = grant.pins(workers) if settings.pin_workers else ()
    about = {"stores": app.stores.places(), "rules": list(app.rules()), "code": code_version()}
    address = port.address_of(held)

    announced: list[str] = []

    def serve(index: int, pulse: Pulse) -> None:
        held.close()
        if pins:
            os.sched_setaffinity(0, {pins[index]})
        # The master has just found whole what the first workers open; theirs that are replaced look anew.
        _work(app, settings, guard, address, pulse, app.check_parts if announced else lambda: None)

    def announce() -> None:
        if is_open:
            log.warning("access_open", sentence=spaced(_OPEN))
        log.info("ready", address=address, workers=workers, pinned=bool(pins), **about)
        publish(address)
        announced.append(address)

    gc.collect()
    gc.freeze()  # objects that no collection visits stay in pages shared by the workers
    return Supervisor(workers, serve, announce, settings.notice_seconds + settings.drain_seconds).run()


def _work(
    app: App,
    settings: ServerSettings,
    guard: Guard,
    address: str,
    pulse: Pulse,
    check: Callable[[], None],
) -> None:
    """One worker: once `check` raises no StartupError it serves; on SIGTERM it tells the probes, waits, and
    lets the calls in flight finish."""
    liveness.end_with_any_thread()
    context.start(settings.threads)
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    signal.signal(signal.SIGTERM, lambda *_: None)
    access, counts, arrivals = settings.access(), Counts(), Arrivals()
    credentials = access.credentials() if access else None
    opened = partial(_opened, app, settings, address, credentials, counts, arrivals)
    refusing = unready.await_stores(partial(opened, None), guard.services(), reader, check)
    if context.stopping():
        return
    door = AccessDoor(access, guard, app.accesses) if access else None
    registrations = [*app.build(), *map(registration, door.servicers() if door else ())]
    if app.anchored:
        app.anchored.start()
    server = opened(door)
    probes = _add_services(server, registrations)
    own = liveness.own_address()
    if door is None:
        _add_reflection(server, registrations)
    else:
        door.start()
    server.add_insecure_port(own)
    server.start()
    if refusing:
        refusing.stop(settings.drain_seconds)  # what it has begun to refuse learns why; nobody waits for it
    pulse.ready()
    liveness.beat(own, pulse)
    liveness.watch_readiness(probes, {each.service_name: each.check_ready for each in registrations})
    counts.tell_regularly()
    reader.recv(1)
    context.stop()
    probes.enter_graceful_shutdown()
    _drain(server, arrivals, settings)
    app.stop()
    counts.tell()
    if door:
        door.stop()


def _drain(server: grpc.Server, arrivals: Arrivals, settings: ServerSettings) -> None:
    """Waits as announced, refuses the calls that come, and lets those in flight finish."""
    time.sleep(settings.notice_seconds)
    end = time.monotonic() + settings.drain_seconds
    arrivals.close(settings.drain_seconds / 2)
    server.stop(max(0.0, end - time.monotonic())).wait()


def _opened(
    app: App,
    settings: ServerSettings,
    address: str,
    credentials: grpc.ServerCredentials | None,
    counts: Counts,
    arrivals: Arrivals,
    door: AccessDoor | None,
    absent: Callable[[], DomainError] = Unimplemented,
) -> grpc.Server:
    """A server on the port, not started yet; `absent` is what a call to a method that it has not learns."""
    interceptor = Interceptor(app.domain, settings.limits(), door, counts, arrivals)
    interceptor.absent = absent
    server = grpc.server(_receivers(), interceptors=[interceptor], options=core_options(settings))
    if credentials:
        server.add_secure_port(address, credentials)
    else:
        server.add_insecure_port(address)
    return server


def _receivers() -> ThreadPoolExecutor:
    """The threads that wait for requests to arrive, the first of them already started."""
    pool = ThreadPoolExecutor(RECEIVING_THREADS, thread_name_prefix="call")
    together = threading.Barrier(STARTED_THREADS + 1)
    for _ in range(STARTED_THREADS):  # none is idle before the last has started: each of them is a new one
        pool.submit(together.wait)
    together.wait()
    return pool


def _add_services(server: grpc.Server, registrations: Sequence[Registration]) -> health.HealthServicer:
    for registration in registrations:
        registration.add(registration.servicer, server)
    probes = health.HealthServicer()
    told = liveness.Probes(probes, lambda: next(filter(None, (each.reserve() for each in registrations)), ""))
    health_pb2_grpc.add_HealthServicer_to_server(told, server)
    for name in ("", *(registration.service_name for registration in registrations)):
        probes.set(name, health_pb2.HealthCheckResponse.SERVING)
    return probes


def _add_reflection(server: grpc.Server, registrations: Sequence[Registration]) -> None:
    """Lets the tools of a developer list the methods: where nobody is asked who calls, and nowhere else."""
    names = [registration.service_name for registration in registrations]
    reflection.enable_server_reflection((*names, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
