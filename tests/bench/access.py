"""What access costs a call whose token is remembered; needs Node.js and `make validator`.

The same calls go in turn to a server that asks who calls, and notes it in the journal of accesses, and to
one that does not, both in clear: each call is compared with its neighbour, and what is told is the median of
the differences. A busy machine, whose caches others empty, multiplies all of it: the processor time of both
workers, the writing of the journal included, is told beside, and that of the door alone. What TLS adds to
the proof (reading the certificate that the handshake kept) is measured where it happens. TLS itself, and the
first sight of a token, are no part of it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc

from microcredit.bankregistry.v1.bank_registry_service_pb2 import ListBanksRequest, ListBanksResponse
from services.kit import context
from services.kit.access import (
    Access,
    AccessDoor,
    AccessKeeping,
    CaseBook,
    Guard,
    Quotas,
    Roles,
    TlsFiles,
)
from services.kit.store import AccessPlace, vault
from tests import oidc
from tests.access_support import PEOPLE, SOFTWARE, Town
from tests.service.kit_probe import NAME
from tests.support import ROOT, start_server

CALLS, WARM = 4000, 200
MOST_MICROSECONDS = 60
PATH = "/microcredit.bankregistry.v1.BankRegistryService/ListBanks"
QUESTION = ListBanksRequest(page_size=1).SerializeToString()
RULES = """
[[applications]]
name = "loopback"
account = "agents"

[[agents]]
provider = "ville"
subject = "claire"
roles = ["instructor"]
team = "ploermel"
"""

Metadata = Sequence[tuple[str, str]]


def in_turn(methods: Sequence[Callable[..., Any]], metadata: Metadata, calls: int) -> list[list[float]]:
    """The microseconds of the calls of each method, made in turn."""
    spent: list[list[float]] = [[] for _ in methods]
    for number in range(calls):
        pairs = list(zip(methods, spent, strict=True))
        for method, times in pairs if number % 2 else reversed(pairs):  # neither always follows the other
            start = time.perf_counter()
            method(QUESTION, metadata=metadata, timeout=60)
            times.append((time.perf_counter() - start) * 1e6)
    return spent


def processor_time(pid: int) -> float:
    """The microseconds that the threads of a process have run."""
    return sum(
        int(path.read_text().split()[0]) / 1e3 for path in Path(f"/proc/{pid}/task").glob("*/schedstat")
    )


def alone(folder: Path, token: str) -> float:
    """The processor time that the door takes of a call, in microseconds: nothing else runs between two."""
    rules = Guard(Roles(ROOT / "services/bank_registry/roles.toml", None), Quotas())
    vault.create(folder / "alone.key")
    place = AccessPlace(f"sqlite:///{folder / 'alone.sqlite3'}", folder / "alone.key", months=12)
    place.prepare()
    access = Access(folder / "acces.toml", None)
    access.refresh()
    door = AccessDoor(access, rules, AccessKeeping(place, CaseBook(lambda _: False)))
    call: Any = SimpleNamespace(invocation_metadata=lambda: (("authorization", f"Bearer {token}"),))
    request, answer, method = ListBanksRequest(page_size=1), ListBanksResponse(), PATH[1:]

    def one() -> None:
        current = context.Call("r", time.monotonic() + 60, peer="ipv4:127.0.0.1:50000")
        context.enter(current)
        current.caller = caller = door.identify(call)
        door.arrive(method, call, caller)
        door.permit(method, request, caller)
        door.answer(method, answer)
        door.note(method, "OK")

    one()
    start = time.process_time()
    for _ in range(CALLS):
        copy_context().run(one)
    return (time.process_time() - start) / CALLS * 1e6


def over_tls(town: Town, metadata: Metadata) -> float:
    """The median of what `identify` takes in a call over TLS, in microseconds."""
    files = TlsFiles(*(town.folder / name for name in ("serveur.crt", "serveur.key", "autorite.crt")))
    access, spent = Access(town.folder / "acces.toml", files), []

    def one(request: bytes, context: grpc.ServicerContext) -> bytes:
        start = time.perf_counter()
        access.identify(context)
        spent.append((time.perf_counter() - start) * 1e6)
        return request

    handlers: dict[str, Any] = {"One": grpc.unary_unary_rpc_method_handler(one)}
    served = grpc.server(ThreadPoolExecutor(2))
    served.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, handlers),))
    credentials = access.credentials()
    assert credentials
    port = served.add_secure_port("127.0.0.1:0", credentials)
    served.start()
    with town.channel(f"127.0.0.1:{port}", town.pairs[SOFTWARE]) as channel:
        in_turn([channel.unary_unary(f"/{NAME}/One")], metadata, CALLS)
    served.stop(None).wait()
    return statistics.median(spent)


def say(line: str) -> None:
    """Writes a line of the report."""
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """Prints both figures, and says when a call costs more than it should."""
    if oidc.missing:
        say(f"accès non mesuré : {oidc.missing}")
        return 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = oidc.Provider(oidc.free_port(), folder, PEOPLE)
        stack.enter_context(provider.running())
        town = Town(folder, provider)
        town.allow(RULES)
        metadata = [("authorization", f"Bearer {provider.login('claire').access}")]
        methods: list[Any] = []
        workers: list[int] = []
        for name, options in (("open", ()), ("asked", (f"--access-file={folder / 'acces.toml'}",))):
            options = ("--workers=1", *options)
            server = start_server("services.bank_registry", folder / name, {}, *options)
            stack.callback(server.stop)
            channel = stack.enter_context(grpc.insecure_channel(server.address))
            methods.append(channel.unary_unary(PATH))
            workers += server.workers()
        in_turn(methods, metadata, WARM)
        before = [processor_time(worker) for worker in workers]
        spent = in_turn(methods, metadata, CALLS)
        run = [(processor_time(pid) - then) / CALLS for pid, then in zip(workers, before, strict=True)]
        tls = over_tls(town, metadata)
        door = alone(folder, metadata[0][1].removeprefix("Bearer "))
    more = statistics.median(asked - without for without, asked in zip(*spent, strict=True))
    free = statistics.median(spent[0])
    say(f"appel sans contrôle d’accès : {free:.0f} µs (médiane de {CALLS})")
    say(f"accès, jeton retenu         : {more:+.0f} µs ({more / free:.0%} ; médiane des écarts de voisins)")
    say(f"temps de processeur         : {run[0]:.0f} µs, puis {run[1]:.0f}, journal écrit compris")
    say(f"la porte seule, en boucle   : {door:.0f} µs de processeur")
    say(f"identité sous TLS           : {tls:.0f} µs, lecture du certificat comprise")
    if more > MOST_MICROSECONDS:
        say(f"au-delà des {MOST_MICROSECONDS} µs visés")
    return 0


if __name__ == "__main__":
    sys.exit(main())
