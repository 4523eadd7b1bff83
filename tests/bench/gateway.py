"""What the gateway costs a call, beside the same call sent to the service over TLS; needs `make gateway`.

The calls go in turn, in one run, by connections that stay open: to the service, through the gateway in gRPC,
through the gateway in JSON. What counts is the ratio of their medians, and the processor time of Envoy; a
busy machine lengthens all three.
"""

from __future__ import annotations

import http.client
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import grpc

from microcredit.bankregistry.v1.bank_registry_service_pb2 import ListBanksRequest
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from tests import gateway
from tests.bench.access import processor_time
from tests.support import start_server
from tools import certificates
from tools.contracts import write_bundle

CALLS, WARM = 200, 50
"""Fewer in all than an address may send the gateway at once."""
HOST = "bank-registry.localhost"
ACCOUNT = "banc"
ROLES = f"""
[accounts.{ACCOUNT}]
methods = ["microcredit.bankregistry.v1.BankRegistryService/ListBanks"]
calls_per_minute = 6000
"""

Call = Callable[[], object]


def by_grpc(stack: ExitStack, certs: Path, address: str) -> Call:
    """Calls an address over gRPC."""
    root, key, own = (
        (certs / name).read_bytes() for name in ("autorite.crt", "logiciel-social.key", "logiciel-social.crt")
    )
    credentials = grpc.ssl_channel_credentials(root, key, own)
    options = [("grpc.ssl_target_name_override", HOST)]
    stub = BankRegistryServiceStub(stack.enter_context(grpc.secure_channel(address, credentials, options)))
    asked = ListBanksRequest(page_size=1)
    return lambda: stub.ListBanks(asked, timeout=60)


def by_json(stack: ExitStack, certs: Path, port: int) -> Call:
    """Calls the gateway in JSON."""
    trust = ssl.create_default_context(cafile=str(certs / "autorite.crt"))
    trust.load_cert_chain(certs / "logiciel-social.crt", certs / "logiciel-social.key")
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trust, timeout=60)
    stack.callback(connection.close)

    def call() -> None:
        connection.request("GET", "/v1/banks?pageSize=1", headers={"host": HOST})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content

    return call


def in_turn(calls: dict[str, Call], count: int) -> dict[str, float]:
    """The median, in microseconds, of each call."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(count):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            spent[name].append((time.perf_counter() - start) * 1e6)
    return {name: statistics.median(times) for name, times in spent.items()}


def main() -> int:
    """Prints the median of each way, its ratio to the first, and the processor time of Envoy."""
    if not (gateway.TOOLS / "envoy").exists():
        sys.stdout.write("Passerelle : Envoy manque (make gateway).\n")
        return 1
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certs, roles = folder / "certs", folder / "roles.toml"
        certificates.write_all(certs, ())
        access = certs / certificates.ACCESS
        access.write_text(access.read_text().replace('"agents"', f'"{ACCOUNT}"'))
        roles.write_text(ROLES)
        write_bundle(folder / "dist")
        server = start_server(
            "services.bank_registry",
            folder / "server",
            {},
            "--workers=1",
            f"--roles-file={roles}",
            f"--access-file={access}",
            f"--tls-certificate-file={certs / 'serveur.crt'}",
            f"--tls-key-file={certs / 'serveur.key'}",
            f"--tls-authorities-file={certs / 'autorite.crt'}",
        )
        stack.callback(server.stop)
        running = stack.enter_context(gateway.running(folder, dict.fromkeys(gateway.PORTS, server.address)))
        calls = {
            "gRPC, sans passerelle": by_grpc(stack, certs, server.address),
            "gRPC, par la passerelle": by_grpc(stack, certs, f"127.0.0.1:{running.port}"),
            "JSON, par la passerelle": by_json(stack, certs, running.port),
        }
        in_turn(calls, WARM)
        before = processor_time(running.pid)
        medians = in_turn(calls, CALLS)
        envoy = (processor_time(running.pid) - before) / (2 * CALLS)
    direct = medians["gRPC, sans passerelle"]
    for name, median in medians.items():
        sys.stdout.write(f"{name:<26} {median:8.0f} µs  × {median / direct:.2f}\n")
    sys.stdout.write(f"{'processeur d’Envoy':<26} {envoy:8.0f} µs par appel\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
