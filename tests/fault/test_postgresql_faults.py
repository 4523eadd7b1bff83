"""The three services over a PostgreSQL that stops, refuses to write, is locked or hangs, under writes."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import make_url

from microcredit.bankregistry.v1.bank_registry_service_pb2 import ListBanksRequest
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from microcredit.eligibility.v1 import eligibility_service_pb2 as eligibility
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceStub
from tests import postgres
from tests.bank_registry_support import new_database
from tests.documents_support import REFUSAL, example, request
from tests.support import Launch, throwaway_stores, wait_until
from tests.writes import DAY, DECISION, DOCUMENT, LENDER, Kind, Load, channel_to, check, tell

SECONDS = 60.0
DATABASES = {
    "ELIGIBILITY_DATABASE_URL": "journal",
    "ELIGIBILITY_KEYS_DATABASE_URL": "case_key",
    "DOCUMENTS_DATABASE_URL": "document_audit",
    "BANK_REGISTRY_DATABASE_URL": "audit",
}
"""Each with a table that every write of its service writes."""

Read = Callable[[str], object]


@dataclass
class Served:
    """A service under load, a read that it answers from its memory, and the proto service that writes."""

    load: Load
    read: Read
    writer: str

    def is_ready(self) -> bool:
        """What a probe learns of the proto service that writes."""
        with channel_to(self.load.addresses[0]) as channel:
            asked = health_pb2.HealthCheckRequest(service=self.writer)
            answer = health_pb2_grpc.HealthStub(channel).Check(asked, timeout=SECONDS)
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def read_lenders(address: str) -> object:
    with channel_to(address) as channel:
        return BankRegistryServiceStub(channel).ListBanks(ListBanksRequest(page_size=1), timeout=SECONDS)


def make_document(address: str) -> object:
    """Made, not kept."""
    with channel_to(address) as channel:
        asked = request(REFUSAL, example("refus-budget"))
        return DocumentServiceStub(channel).GenerateDocument(asked, timeout=SECONDS)


def read_facts(address: str) -> object:
    with channel_to(address) as channel:
        asked = eligibility.GetFactCatalogRequest(request_date=DAY)
        return EligibilityServiceStub(channel).GetFactCatalog(asked, timeout=SECONDS)


READS: dict[str, tuple[Kind, Read, str]] = {
    "eligibility": (DECISION, read_facts, "microcredit.eligibility.v1.EligibilityService"),
    "documents": (DOCUMENT, make_document, "microcredit.documents.v1.DocumentStoreService"),
    "bank_registry": (LENDER, read_lenders, "microcredit.bankregistry.v1.BankEditingService"),
}
UNREADY = {"fast", "immediate", "killed", "read only", "hung"}
"""The faults in which nothing can be written at all."""


@pytest.fixture
def server() -> Iterator[postgres.Own]:
    with postgres.own() as found:
        yield found


def plain(url: str) -> str:
    """The same for psycopg."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def locked(databases: dict[str, str]) -> Iterator[None]:
    """Another session keeps writers out of the tables, as a dump or a forgotten shell does."""
    with ExitStack() as stack:
        for name, url in databases.items():
            session = stack.enter_context(psycopg.connect(plain(url)))
            session.execute(f"LOCK TABLE {DATABASES[name]} IN EXCLUSIVE MODE")
        yield


@contextmanager
def read_only(databases: dict[str, str]) -> Iterator[None]:
    """The databases refuse writes, to the connections open already too."""
    set_read_only(databases, "on")
    yield
    set_read_only(databases, "off")


def set_read_only(databases: dict[str, str], state: str) -> None:
    for url in databases.values():
        with psycopg.connect(plain(url), autocommit=True) as session:
            session.execute("SET default_transaction_read_only = off")
            name = make_url(url).database
            session.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {state}")
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@contextmanager
def stopped(server: postgres.Own, mode: signal.Signals) -> Iterator[None]:
    server.stop(mode)
    yield
    server.start()


@pytest.mark.parametrize("rounds", [1, pytest.param(3, marks=pytest.mark.more("PostgreSQL, trois fois"))])
def test_every_way_a_database_fails(
    launch: Launch, tmp_path: Path, server: postgres.Own, rounds: int
) -> None:
    """Writes are refused while it lasts, reads go on from what is in memory; what was answered is there."""
    databases = {name: new_database(server.url) for name in DATABASES}
    # Short, so that a call that hangs ends within the test; a slow machine sends it again.
    deadlines = {f"{name.upper()}_DEADLINE_SECONDS": "10" for name in READS}
    env = {**throwaway_stores(tmp_path), "DOCUMENTS_RETENTION_DAYS": "30", **databases, **deadlines}
    services: list[Served] = []
    with ExitStack() as stack:
        for name, (kind, read, writer) in READS.items():
            running = launch(f"services.{name}", "--workers=1", env=env)
            services.append(Served(Load(kind, [running.address]), read, writer))
        for service in services:
            stack.enter_context(service.load.running())
        faults = {
            "fast": lambda: stopped(server, signal.SIGINT),
            "immediate": lambda: stopped(server, signal.SIGQUIT),
            "killed": lambda: stopped(server, signal.SIGKILL),
            "read only": lambda: read_only(databases),
            "locked": lambda: locked(databases),
            "hung": server.hung,
        }
        for _ in range(rounds):
            for name, fault in faults.items():
                for service in services:
                    service.load.wait(2)
                begun = time.monotonic()
                with fault():
                    for service in services:
                        service.load.wait_refusal()
                        service.read(service.load.addresses[0])
                    if name in UNREADY:
                        for service in services:
                            wait_until(lambda: not service.is_ready())  # noqa: B023 - waited for here
                ended = time.monotonic()
                for service in services:
                    service.load.wait(1)
                    wait_until(service.is_ready)
                tell(f"{name}: {ended - begun:.1f} s, again {time.monotonic() - ended:.1f} s after")
        for service in services:
            service.load.wait(2)
    for service in services:
        check(service.load.kind, service.load.addresses[0], service.load.answered)
