"""What access costs a call whose token is remembered; needs Node.js and `make validator`.

The same calls go in turn to a server that asks who calls, and notes it in the journal of accesses, and to
one that does not, both in clear: a busy machine slows both alike. What TLS adds to the proof (reading the
certificate that the handshake kept) is measured beside, where it happens. TLS itself, and the first sight of
a token, are no part of it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc

from microcredit.bankregistry.v1.bank_registry_service_pb2 import ListBanksRequest
from services.kit.access import Access, TlsFiles
from tests import oidc
from tests.access_support import PEOPLE, SOFTWARE, Town
from tests.service.kit_probe import NAME
from tests.support import start_server

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


def in_turn(methods: Sequence[Callable[..., Any]], metadata: Metadata) -> list[list[float]]:
    """The microseconds of the calls of each method, made in turn."""
    spent: list[list[float]] = [[] for _ in methods]
    for number in range(CALLS + WARM):
        pairs = list(zip(methods, spent, strict=True))
        for method, times in pairs if number % 2 else reversed(pairs):  # neither always follows the other
            start = time.perf_counter()
            method(QUESTION, metadata=metadata, timeout=60)
            if number >= WARM:
                times.append((time.perf_counter() - start) * 1e6)
    return spent


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
        in_turn([channel.unary_unary(f"/{NAME}/One")], metadata)
    served.stop(None).wait()
    return statistics.median(spent[WARM:])


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
        for name, options in (("open", ()), ("asked", (f"--access-file={folder / 'acces.toml'}",))):
            options = ("--workers=1", *options)
            server = start_server("services.bank_registry", folder / name, {}, *options)
            stack.callback(server.stop)
            channel = stack.enter_context(grpc.insecure_channel(server.address))
            methods.append(channel.unary_unary(PATH))
        open_to_all, asked = (statistics.median(times) for times in in_turn(methods, metadata))
        tls = over_tls(town, metadata)
    say(f"appel sans contrôle d’accès : {open_to_all:.0f} µs (médiane de {CALLS})")
    say(f"appel avec jeton retenu     : {asked:.0f} µs, soit {asked - open_to_all:+.0f} µs")
    say(f"identité sous TLS           : {tls:.0f} µs, lecture du certificat comprise")
    if asked - open_to_all > MOST_MICROSECONDS:
        say(f"au-delà des {MOST_MICROSECONDS} µs visés sur une machine calme")
    return 0


if __name__ == "__main__":
    sys.exit(main())
