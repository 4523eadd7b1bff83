"""Two server processes on one store: envelopes never oversold, changes followed, writes seen everywhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.type import date_pb2, money_pb2

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as editing
from microcredit.bankregistry.v1 import bank_pb2
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1 import envelope_service_pb2 as envelope
from microcredit.bankregistry.v1.bank_editing_service_pb2_grpc import BankEditingServiceStub
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from microcredit.bankregistry.v1.envelope_service_pb2_grpc import EnvelopeServiceStub
from microcredit.bankregistry.v1.registry_admin_service_pb2 import VerifyAuditRequest
from microcredit.bankregistry.v1.registry_admin_service_pb2_grpc import RegistryAdminServiceStub
from tests.bank_registry_support import agreement, bank, import_banks, loan, new_database, status_of
from tests.support import Launch, RunningServer, registry_keys, wait_until

BANK = "banks/partagee"
AGREEMENT = f"{BANK}/agreements/fcs"
ACTOR = (("x-actor", "gestionnaire"),)


@dataclass
class Pair:
    """Two servers of two workers each on one store."""

    url: str
    servers: list[RunningServer]
    stack: ExitStack = field(default_factory=ExitStack)

    def channel(self, number: int) -> grpc.Channel:
        """A connection of its own to one of the servers."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        address = self.servers[number % len(self.servers)].address
        return self.stack.enter_context(grpc.insecure_channel(address, options=options))


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def pair(
    request: pytest.FixtureRequest, launch: Launch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    if request.param == "sqlite":
        url = f"sqlite:///{folder}/registry.sqlite3"
    else:
        url = new_database(request.getfixturevalue("postgres_url"))
    import_banks(url, folder, bank("partagee", 1, agreement(envelope="1000.00", end=None)))
    env = {"BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)}
    servers = [
        launch("services.bank_registry", "--workers", "2", "--threads", "8", env=env) for _ in range(2)
    ]
    with ExitStack() as stack:
        yield Pair(url, servers, stack)


@pytest.fixture(autouse=True)
def settled(pair: Pair) -> Iterator[None]:
    """On PostgreSQL, what a test wrote may be seen by every worker a second later: before the next test."""
    yield
    if not pair.url.startswith("sqlite"):
        ended = time.monotonic()
        wait_until(lambda: time.monotonic() > ended + 1)


def cents(message: money_pb2.Money) -> int:
    return message.units * 100 + message.nanos // 10_000_000


def reservation(amount: int, request_id: str = "") -> envelope.ReserveEnvelopeRequest:
    return envelope.ReserveEnvelopeRequest(
        parent=AGREEMENT,
        amount=money_pb2.Money(currency_code="EUR", units=amount // 100, nanos=amount % 100 * 10_000_000),
        on_date=date_pb2.Date(year=2026, month=12, day=1),
        request_id=request_id,
    )


def patiently(method: Any, request: Any) -> Any:
    """The answer to a call sent again under its id while the server asks to, as the retry policy says."""
    while True:
        try:
            return method(request, timeout=60, wait_for_ready=True)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            time.sleep(0.05)


def test_sixteen_callers_never_exceed_the_envelope_by_a_cent(pair: Pair) -> None:
    """Each call is sent twice under its id, as a client that lost the answer would."""
    envelope_cents, amount = 100_000, 3_333
    refusals: list[str] = []

    def call(number: int) -> dict[str, int]:
        stub = EnvelopeServiceStub(pair.channel(number))
        held = {}
        for _ in range(4):
            request = reservation(amount, str(uuid4()))
            try:
                answers = [patiently(stub.ReserveEnvelope, request) for _ in range(2)]
            except grpc.RpcError as error:
                refusals.append(status_of(error)[0].reason)
                continue
            assert answers[0] == answers[1]
            held[answers[0].reservation.name] = cents(answers[0].reservation.amount)
        return held

    with ThreadPoolExecutor(16) as pool:
        held = {name: held for one in pool.map(call, range(16)) for name, held in one.items()}
    assert len(held) == envelope_cents // amount
    assert set(refusals) == {"ENVELOPE_EXHAUSTED"}
    stub = EnvelopeServiceStub(pair.channel(0))
    rest = stub.ReserveEnvelope(reservation(envelope_cents - sum(held.values())), timeout=10)
    assert cents(rest.remaining) == 0
    with pytest.raises(grpc.RpcError):
        stub.ReserveEnvelope(reservation(1), timeout=10)
    names = [*held, rest.reservation.name]
    assert len(names) == len(set(names))
    for name in names:
        last = stub.ReleaseReservation(envelope.ReleaseReservationRequest(name=name), timeout=10)
    assert cents(last.remaining) == envelope_cents
    audit = RegistryAdminServiceStub(pair.channel(1)).VerifyAudit(VerifyAuditRequest(), timeout=10)
    assert audit.whole


def suspend(pair: Pair, number: int, request: str = "") -> editing.SuspendBankResponse:
    stub = BankEditingServiceStub(pair.channel(number))
    return stub.SuspendBank(
        editing.SuspendBankRequest(
            name=BANK, effective_date=date_pb2.Date(year=2026, month=12, day=1), reason="contrôle"
        ),
        metadata=ACTOR,
        timeout=10,
    )


def reinstate(pair: Pair, number: int) -> editing.ReinstateBankResponse:
    stub = BankEditingServiceStub(pair.channel(number))
    return stub.ReinstateBank(
        editing.ReinstateBankRequest(
            name=BANK, effective_date=date_pb2.Date(year=2026, month=12, day=1), reason="fin"
        ),
        metadata=ACTOR,
        timeout=10,
    )


def test_a_write_is_seen_by_every_worker_of_both_servers(pair: Pair) -> None:
    """SQLite: by the very next read. PostgreSQL: at once with min_state_number, else within a second."""
    stubs = [BankRegistryServiceStub(pair.channel(number)) for number in range(8)]
    question = pb.CheckBankRequest(name=BANK, loan_request=loan(amount="100.00"))
    for stub in stubs:
        assert stub.CheckBank(question, timeout=10).check.selectable
    state_number = suspend(pair, 0).state_number
    written = time.monotonic()
    if pair.url.startswith("sqlite"):
        assert not any(stub.CheckBank(question, timeout=10).check.selectable for stub in stubs)
    else:
        pinned = pb.CheckBankRequest(
            name=BANK, loan_request=question.loan_request, min_state_number=state_number
        )
        assert not any(stub.CheckBank(pinned, timeout=10).check.selectable for stub in stubs)
        wait_until(lambda: time.monotonic() > written + 1)
        assert not any(stub.CheckBank(question, timeout=10).check.selectable for stub in stubs)
    back = reinstate(pair, 1).state_number
    pinned = pb.CheckBankRequest(name=BANK, loan_request=question.loan_request, min_state_number=back)
    assert all(stub.CheckBank(pinned, timeout=10).check.selectable for stub in stubs)


def test_a_watch_cut_again_and_again_loses_nothing_and_repeats_nothing(pair: Pair) -> None:
    reads = BankRegistryServiceStub(pair.channel(0))
    start = reads.ListBanks(pb.ListBanksRequest(), timeout=10).state_number
    writes = 6

    def write() -> None:
        for number in range(writes // 2):
            suspend(pair, number)
            reinstate(pair, number + 1)

    writer = threading.Thread(target=write)
    writer.start()
    seen: list[int] = []
    number = 0
    while len(seen) < writes:
        after = seen[-1] if seen else start
        stub = BankRegistryServiceStub(pair.channel(number))
        number += 1
        try:
            watch = stub.WatchChanges(pb.WatchChangesRequest(after_state_number=after), timeout=20)
            for answer in watch:
                seen.append(answer.change.state_number)
                if len(seen) % 2 == 0 or len(seen) == writes:
                    watch.cancel()
        except grpc.RpcError as error:
            code = error.code()
            assert code in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE), code
    writer.join()
    assert seen == list(range(start + 1, start + 1 + writes))
    listed = reads.ListChanges(
        pb.ListChangesRequest(after_state_number=start, min_state_number=seen[-1]), timeout=10
    )
    assert [one.state_number for one in listed.changes] == seen
    assert {one.actor for one in listed.changes} == {"gestionnaire"}
    assert [one.method for one in listed.changes] == ["SuspendBank", "ReinstateBank"] * 3


def test_a_watch_ends_when_its_server_stops(launch: Launch, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/registry.sqlite3"
    import_banks(url, tmp_path, bank("a", 1))
    server = launch("services.bank_registry", "--workers", "1", env={"BANK_REGISTRY_DATABASE_URL": url})
    with grpc.insecure_channel(server.address) as channel:
        watch = BankRegistryServiceStub(channel).WatchChanges(pb.WatchChangesRequest(), timeout=60)
        assert next(iter(watch)).change.state_number == 1
        assert server.stop() == 0
        assert list(watch) == []  # cut at the end of the time to drain, it would end by an error


def test_a_revision_of_another_store_is_not_watched(pair: Pair) -> None:
    stub = BankRegistryServiceStub(pair.channel(0))
    with pytest.raises(grpc.RpcError) as caught:
        next(iter(stub.WatchChanges(pb.WatchChangesRequest(after_state_number=10**6), timeout=10)))
    assert status_of(caught.value)[0].reason == "STATE_NOT_REACHED"


def test_a_batch_answers_each_item(pair: Pair) -> None:
    stub = BankRegistryServiceStub(pair.channel(0))
    items = [
        pb.BankCheckItem(name=BANK, loan_request=loan(amount="100.00")),
        pb.BankCheckItem(name="banks/inconnue", loan_request=loan()),
        pb.BankCheckItem(name=BANK, loan_request=loan(commune="56800", months=0)),
        pb.BankCheckItem(name=BANK, loan_request=loan(amount="100000.00", commune="56138")),
    ]
    answer = stub.BatchCheckBanks(pb.BatchCheckBanksRequest(items=items), timeout=10)
    single = stub.CheckBank(pb.CheckBankRequest(name=BANK, loan_request=items[0].loan_request), timeout=10)
    assert answer.results[0].check == single.check
    assert [one.error.code for one in answer.results] == [0, 5, 3, 0]
    assert answer.results[3].commune_insee == "56165"
    assert [one.code for one in answer.results[3].check.reasons] == ["ENVELOPE_EXHAUSTED"]
    with pytest.raises(grpc.RpcError) as caught:
        stub.BatchCheckBanks(pb.BatchCheckBanksRequest(items=items[:1] * 501), timeout=10)
    assert status_of(caught.value)[0].reason == "BATCH_TOO_LARGE"


def test_communes_are_found_without_accents(pair: Pair) -> None:
    stub = BankRegistryServiceStub(pair.channel(0))

    def found(query: str, departement: str = "") -> list[str]:
        request = pb.SearchCommunesRequest(query=query, departement_code=departement)
        return [one.insee_code for one in stub.SearchCommunes(request, timeout=10).communes]

    assert found("PLOERMEL") == ["56165"]
    assert found("56138") == ["56165"]
    assert "56165" in found("56800")
    assert found("st malo")[0] == "35288"
    assert (
        found("saint malo", "56") == [code for code in found("st malo", "56") if code.startswith("56")] != []
    )
    with pytest.raises(grpc.RpcError) as caught:
        found("", "99")
    assert set(status_of(caught.value)[1]) == {"query", "departement_code"}


def test_a_page_of_lenders_shows_one_revision(pair: Pair) -> None:
    reads = BankRegistryServiceStub(pair.channel(0))
    lender = bank_pb2.Bank(display_name="Seconde", kind=bank_pb2.BANK_KIND_FOUNDATION, siren="999900103")
    create = editing.CreateBankRequest(bank=lender, reason="essai")
    BankEditingServiceStub(pair.channel(0)).CreateBank(create, timeout=10, metadata=ACTOR)
    first = reads.ListBanks(pb.ListBanksRequest(page_size=1), timeout=10)
    renamed = bank_pb2.Bank(name="banks/seconde", display_name="Toute autre")
    update = editing.UpdateBankRequest(bank=renamed, reason="essai", correct_past=True)
    BankEditingServiceStub(pair.channel(0)).UpdateBank(update, timeout=10, metadata=ACTOR)
    request = pb.ListBanksRequest(page_size=1, page_token=first.next_page_token)
    second = reads.ListBanks(request, timeout=10)
    assert (second.banks[0].display_name, second.state_number) == ("Seconde", first.state_number)
    assert second.next_page_token == ""
