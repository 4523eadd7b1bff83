"""The registry over a PostgreSQL that hangs: reads go on from the snapshot and say its age."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import make_url

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as reading
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from tests.proxy import Proxy
from tests.service.test_kit_server import detail
from tests.support import Launch, wait_until

EDITING = "microcredit.bankregistry.v1.BankEditingService"
READING = "microcredit.bankregistry.v1.BankRegistryService"


@pytest.fixture
def proxied(postgres_url: str) -> Iterator[tuple[str, Proxy]]:
    """The URL of a new database behind a proxy, and the proxy."""
    maintenance = make_url(postgres_url)
    name = f"hang_{uuid4().hex}"
    plain = maintenance.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    host = str(maintenance.query.get("host") or maintenance.host or "127.0.0.1")
    port = maintenance.port or 5432
    proxy = (
        Proxy(socket.AF_UNIX, f"{host}/.s.PGSQL.{port}")
        if host.startswith("/")
        else Proxy(socket.AF_INET, (host, port))
    )
    query = {key: value for key, value in maintenance.query.items() if key not in ("host", "port")}
    url = maintenance.set(
        drivername="postgresql", database=name, host="127.0.0.1", port=proxy.port, query=query
    )
    yield url.render_as_string(hide_password=False), proxy
    proxy.thaw()
    proxy.close()


def test_reads_go_on_while_the_server_hangs(launch: Launch, proxied: tuple[str, Proxy]) -> None:
    url, proxy = proxied
    server = launch("services.bank_registry", "--workers=1", "--database-url", url)
    with grpc.insecure_channel(server.address) as channel:
        reads = BankRegistryServiceStub(channel)
        probes = health_pb2_grpc.HealthStub(channel)

        def state(service: str) -> int:
            return int(probes.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status)

        def read() -> grpc.Call:
            _, call = reads.ListBanks.with_call(reading.ListBanksRequest(), timeout=10)
            return call

        wait_until(lambda: "x-state-age" not in dict(read().trailing_metadata()))
        proxy.freeze()
        calls = [reads.ListBanks.future(reading.ListBanksRequest(), timeout=10) for _ in range(24)]
        reasons = {detail(call, ErrorInfo).reason for call in calls if call.code() is not grpc.StatusCode.OK}
        # No read waits for the server that hangs; a slow machine may not take 24 at once in its patience.
        assert reasons <= {"OVERLOADED"}
        assert all(read().code() is grpc.StatusCode.OK for _ in range(4))
        wait_until(lambda: "x-state-age" in dict(read().trailing_metadata()))
        wait_until(lambda: state(EDITING) == 2)
        assert (state(""), state(READING)) == (1, 1)
        with pytest.raises(grpc.RpcError) as late:
            reads.ListBanks(reading.ListBanksRequest(min_state_number=99), timeout=10)
        assert late.value.code() is grpc.StatusCode.UNAVAILABLE
        assert detail(late.value, ErrorInfo).reason in ("STATE_NOT_REACHED", "STORE_UNAVAILABLE")
        proxy.thaw()
        wait_until(lambda: state(EDITING) == 1)
        wait_until(lambda: "x-state-age" not in dict(read().trailing_metadata()))


def test_a_worker_that_starts_meanwhile_refuses_in_our_words_until_it_serves(
    launch: Launch, proxied: tuple[str, Proxy]
) -> None:
    url, proxy = proxied
    server = launch("services.bank_registry", "--workers=1", "--database-url", url)
    (first,) = server.workers()
    proxy.freeze()
    os.kill(first, signal.SIGKILL)

    def asked(service: str) -> int:
        with grpc.insecure_channel(server.address) as channel:
            request = health_pb2.HealthCheckRequest(service=service)
            probes = health_pb2_grpc.HealthStub(channel)
            return int(probes.Check(request, timeout=10, wait_for_ready=True).status)

    def refusal() -> str:
        with grpc.insecure_channel(server.address) as channel:
            call = BankRegistryServiceStub(channel).ListBanks
            try:
                call(reading.ListBanksRequest(), timeout=10, wait_for_ready=True)
            except grpc.RpcError as error:
                return str(detail(error, ErrorInfo).reason)
        return ""

    wait_until(lambda: server.workers() not in ([], [first]))
    (second,) = server.workers()
    assert (asked(""), asked(EDITING), asked(READING)) == (1, 2, 2)
    assert refusal() == "STORE_UNAVAILABLE"
    proxy.thaw()
    wait_until(lambda: asked(EDITING) == asked(READING) == 1)
    assert refusal() == ""
    assert server.workers() == [second]


def test_a_stop_while_the_server_hangs_is_a_stop(launch: Launch, proxied: tuple[str, Proxy]) -> None:
    url, proxy = proxied
    server = launch("services.bank_registry", "--workers=1", "--database-url", url)
    (first,) = server.workers()
    proxy.freeze()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: "stores_awaited" in server.log.read_text())
    assert server.stop() == 0
