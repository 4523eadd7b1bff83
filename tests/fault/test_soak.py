"""A long series of mixed calls, recorded: memory and descriptors stay where they are, the chain is whole."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as registry
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import decision_service_pb2 as decision_pb
from microcredit.eligibility.v1 import eligibility_service_pb2 as pb
from tests.bank_registry_support import agreement, bank, import_banks, loan
from tests.eligibility_reglement import BASE
from tests.eligibility_support import Client, application
from tests.ruleset_support import resident_bytes
from tests.support import Launch, RunningServer, throwaway_stores
from tests.writes import DECISION, channel_to, check, tell

SOAK_SECONDS, WARM_SECONDS = 80.0, 45.0
CLIENTS = 4
CALLS, WARM_CALLS = 18_000, 4_000
MAX_GROWTH = 24 * 1024 * 1024
"""Of all the workers together: the allocator of C gives pages back late."""
SECONDS = 60.0


class Soak:
    """Clients that make calls of every kind, in an order drawn once for all."""

    def __init__(self, address: str) -> None:
        self.recorded: list[str] = []
        self.codes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(address, n)) for n in range(CLIENTS)]

    def __enter__(self) -> Soak:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, address: str, number: int) -> None:
        drawn = random.Random(number)
        with Client(address) as client:
            own = [self._assess(client)]
            calls: list[Callable[[], object]] = [
                lambda: own.append(self._assess(client)),
                lambda: client.decisions.GetDecision(
                    decision_pb.GetDecisionRequest(name=named(drawn, own)), timeout=SECONDS
                ),
                lambda: client.decisions.ExplainDecision(
                    decision_pb.ExplainDecisionRequest(name=named(drawn, own)), timeout=SECONDS
                ),
                lambda: client.decisions.ReplayDecision(
                    decision_pb.ReplayDecisionRequest(name=named(drawn, own)), timeout=SECONDS
                ),
                lambda: client.eligibility.SuggestChanges(
                    pb.SuggestChangesRequest(application=application(BASE)), timeout=SECONDS
                ),
                lambda: client.eligibility.AssessEligibility(
                    pb.AssessEligibilityRequest(application=assessment_pb2.Application()), timeout=SECONDS
                ),
            ]
            while not self._stop.is_set():
                try:
                    drawn.choices(calls, weights=(60, 10, 8, 8, 4, 10))[0]()
                    self.codes["OK"] += 1
                except grpc.RpcError as error:
                    self.codes[code_of(error)] += 1

    def _assess(self, client: Client) -> str:
        asked = pb.AssessEligibilityRequest(application=application(BASE), case_reference="MC-1")
        found = client.eligibility.AssessEligibility(asked, timeout=SECONDS).assessment.decision_id
        self.recorded.append(found)
        return str(found)


def code_of(error: Any) -> str:
    return str(error.code().name)


def named(drawn: random.Random, own: list[str]) -> str:
    return f"decisions/{drawn.choice(own)}"


def used(server: RunningServer) -> tuple[int, int]:
    """Memory, and descriptors, of all the workers."""
    workers = server.workers()
    held = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in workers)
    return sum(map(resident_bytes, workers)), held


@pytest.mark.more("quatre-vingts secondes d’appels mêlés")
def test_a_soak_leaves_everything_in_place(launch: Launch, tmp_path: Path) -> None:
    server = launch("services.eligibility", "--workers=2", env=throwaway_stores(tmp_path))
    workers = server.workers()
    with Soak(server.address) as soak:
        begun = time.monotonic()
        soak_until(begun + WARM_SECONDS)
        memory, held = used(server)
        soak_until(begun + SOAK_SECONDS)
        memory_after, held_after = used(server)
    assert set(soak.codes) == {"OK", "INVALID_ARGUMENT"}
    assert memory_after - memory < MAX_GROWTH
    assert held_after <= held + CLIENTS
    assert server.workers() == workers
    check(DECISION, server.address, soak.recorded)
    calls = sum(soak.codes.values())
    told = (f"{memory >> 20} → {memory_after >> 20} MiB", f"{held} → {held_after} descriptors")
    tell(f"{calls} calls, {len(soak.recorded)} decisions, {', '.join(told)}")


def soak_until(end: float) -> None:
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 1.0))


@pytest.mark.more("dix-huit mille appels")
def test_memory_is_flat_over_many_calls(launch: Launch, tmp_path: Path) -> None:
    env = throwaway_stores(tmp_path)
    lenders = [bank(f"b{number}", number, agreement()) for number in range(20)]
    import_banks(env["BANK_REGISTRY_DATABASE_URL"], tmp_path, *lenders)
    server = launch("services.bank_registry", "--workers=1", env=env)
    asked = registry.ListSelectableBanksRequest(loan_request=loan())
    with channel_to(server.address) as channel:
        stub = BankRegistryServiceStub(channel)
        for number in range(1, CALLS + 1):
            stub.ListSelectableBanks(asked, timeout=SECONDS)
            if number == WARM_CALLS:
                memory, held = used(server)
    memory_after, held_after = used(server)
    assert memory_after - memory < MAX_GROWTH
    assert held_after <= held
    tell(f"{CALLS} calls, {memory >> 20} → {memory_after >> 20} MiB, {held} → {held_after} descriptors")
