"""Clients that write without pause while something breaks: what was answered is all in the store, once.

Every write is sent again under its request id until it is answered, as a client of the services does; what
the store holds in the end is then exactly what was answered.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import grpc
from google.type import date_pb2, money_pb2

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as editing
from microcredit.bankregistry.v1 import bank_pb2, envelope_service_pb2, exchange_pb2
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as registry_pb
from microcredit.bankregistry.v1.bank_editing_service_pb2_grpc import BankEditingServiceStub
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from microcredit.bankregistry.v1.envelope_service_pb2_grpc import EnvelopeServiceStub
from microcredit.bankregistry.v1.registry_admin_service_pb2 import VerifyAuditRequest
from microcredit.bankregistry.v1.registry_admin_service_pb2_grpc import RegistryAdminServiceStub
from microcredit.documents.v1 import store_service_pb2 as store_pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from microcredit.documents.v1.store_service_pb2_grpc import DocumentStoreServiceStub
from microcredit.eligibility.v1 import decision_service_pb2 as decision_pb
from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceStub
from microcredit.releases.v1 import package_pb2, release_service_pb2
from microcredit.releases.v1.release_service_pb2_grpc import ReleaseServiceStub
from services.kit.releases.archive import pack
from tests.bank_registry_support import agreement, bank, import_banks, siren
from tests.documents_support import REFUSAL, example, request
from tests.eligibility_reglement import BASE
from tests.eligibility_support import application
from tests.ruleset_support import RULESET, variant, version_name, with_ceiling
from tests.support import wait_until

SECONDS = 60.0
RETRY_SECONDS = 0.1
GIVE_UP_SECONDS = 300.0
FAULTS = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}
CASE = "MC-2026-0042"
DAY = date_pb2.Date(year=2026, month=12, day=1)
IMPORTED = 40
"""Lenders of one import."""

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """A kind of write: the server that takes it, how it is asked for, what the store holds of it."""

    name: str
    module: str
    ask: Callable[[grpc.Channel, str, int], str]
    """Sends the n-th write under a request id; gives what tells it in the store."""
    stored: Callable[[grpc.Channel], list[str]]
    """All the writes of the store, whose chain is whole."""
    begin: Callable[[Environment, Path], object] = lambda env, folder: None
    """What the store must hold before a server starts."""
    ready: Callable[[grpc.Channel], object] = lambda channel: None
    """What it must hold before the first write."""

    def __str__(self) -> str:
        return self.name


def channel_to(address: str) -> grpc.Channel:
    """A connection of its own: it may reach another worker than those of another channel."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 1 << 25)]
    return grpc.insecure_channel(address, options=options)


@dataclass
class Load:
    """Clients of one kind of write; `answered` are those that a server said are done."""

    kind: Kind
    addresses: list[str]
    """Of one server, or of replicas: what one of them does not answer is asked of the next."""
    clients: int = 3
    answered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    """Connections that ended in the middle of a call, in the words of gRPC."""
    unexpected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(self.clients)]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Writes while the block runs, until each write begun is answered."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        except BaseException:
            self.unexpected.append("the test has failed")
            raise
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join(GIVE_UP_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads)
        assert self.unexpected == []

    def wait(self, more: int) -> None:
        """Returns once so many more writes were answered."""
        target = len(self.answered) + more
        wait_until(lambda: len(self.answered) >= target or self.unexpected, GIVE_UP_SECONDS)
        assert self.unexpected == []

    def wait_refusal(self) -> None:
        """Returns once a write was refused that was asked for from now on."""
        refused = len(self.refused)
        wait_until(lambda: len(self.refused) > refused + self.clients, GIVE_UP_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            number, request_id = next(self._numbers), str(uuid.uuid4())
            for attempt in count(number):
                refusal = self._ask(number, request_id, self.addresses[attempt % len(self.addresses)])
                if refusal is None:
                    break
                self._note(refusal)
                if self.unexpected:
                    return
                self._stop.wait(_delay(refusal))

    def _ask(self, number: int, request_id: str, address: str) -> Any:
        with channel_to(address) as channel:
            try:
                self.answered.append(self.kind.ask(channel, request_id, number))
            except grpc.RpcError as error:
                return error
        return None

    def _note(self, error: Any) -> None:
        said = f"{error.code().name}: {error.details()}"
        self.refused.append(said)
        if error.code() not in FAULTS:
            self.unexpected.append(said)
        if "grpc-status-details-bin" not in dict(error.trailing_metadata() or ()) and not str(
            error.details()
        ).startswith("failed to connect"):
            self.cut.append(said)


def _delay(error: Any) -> float:
    """Seconds to wait before the next try: as a server that stops asks."""
    asked = dict(error.trailing_metadata() or ()).get("grpc-retry-pushback-ms")
    return int(asked) / 1000 if asked else RETRY_SECONDS


def check(kind: Kind, address: str, answered: Sequence[str]) -> None:
    """The store holds what was answered, all of it, once, and nothing else."""
    with channel_to(address) as channel:
        assert sorted(kind.stored(channel)) == sorted(answered)
    tell(f"{kind.name}: {len(answered)} answered, all in the store, once")


def tell(figures: str) -> None:
    """Figures for `pytest -rP`, which docs/fiabilite.md gives."""
    sys.stdout.write(f"{figures}\n")


def _decide(channel: grpc.Channel, request_id: str, number: int) -> str:
    asked = AssessEligibilityRequest(
        application=application(BASE), case_reference=CASE, request_id=request_id
    )
    return str(
        EligibilityServiceStub(channel).AssessEligibility(asked, timeout=SECONDS).assessment.decision_id
    )


def _decisions(channel: grpc.Channel) -> list[str]:
    stub, token = DecisionServiceStub(channel), ""
    found: list[str] = []
    while token or not found:
        asked = decision_pb.ListDecisionsRequest(page_size=200, page_token=token)
        page = stub.ListDecisions(asked, timeout=SECONDS)
        assert {one.content for one in page.decisions} <= {decision_pb.DECISION_CONTENT_READABLE}
        found += [one.name.removeprefix("decisions/") for one in page.decisions]
        token = page.next_page_token
        if not page.decisions:
            break
    journal = stub.VerifyJournal(decision_pb.VerifyJournalRequest(), timeout=SECONDS)
    assert (journal.intact, journal.record_count) == (True, len(found))
    return found


def _reserve(channel: grpc.Channel, request_id: str, number: int) -> str:
    asked = envelope_service_pb2.ReserveEnvelopeRequest(
        parent="banks/a/agreements/fcs",
        amount=money_pb2.Money(currency_code="EUR", units=1),
        on_date=DAY,
        request_id=request_id,
    )
    return str(EnvelopeServiceStub(channel).ReserveEnvelope(asked, timeout=SECONDS).reservation.name)


def _reservations(channel: grpc.Channel) -> list[str]:
    found: list[str] = []
    token = ""
    while token or not found:
        asked = envelope_service_pb2.ListReservationsRequest(
            parent="banks/a/agreements/fcs", page_size=200, page_token=token
        )
        page = EnvelopeServiceStub(channel).ListReservations(asked, timeout=SECONDS)
        found += [one.name for one in page.reservations]
        token = page.next_page_token
        if not page.reservations:
            break
    _check_audit(channel)
    return found


def _create_bank(channel: grpc.Channel, request_id: str, number: int) -> str:
    lender = bank_pb2.Bank(
        display_name=f"Banque fictive {number}",
        kind=bank_pb2.BANK_KIND_CREDIT_INSTITUTION,
        siren=siren(number),
    )
    asked = editing.CreateBankRequest(
        bank_id=f"b{number}", bank=lender, reason="essai", request_id=request_id
    )
    return str(BankEditingServiceStub(channel).CreateBank(asked, timeout=SECONDS).bank.name)


def _banks(channel: grpc.Channel) -> list[str]:
    found: list[str] = []
    token = ""
    while token or not found:
        asked = registry_pb.ListBanksRequest(page_size=200, page_token=token)
        page = BankRegistryServiceStub(channel).ListBanks(asked, timeout=SECONDS)
        found += [one.name for one in page.banks]
        token = page.next_page_token
        if not page.banks:
            break
    _check_audit(channel)
    return found


def _check_audit(channel: grpc.Channel) -> None:
    assert RegistryAdminServiceStub(channel).VerifyAudit(VerifyAuditRequest(), timeout=SECONDS).whole


_quoted: dict[str, str] = {}
"""The hash of the difference that each import was sent with."""


def _import(channel: grpc.Channel, request_id: str, number: int) -> str:
    """Reads the difference, then writes it under its hash."""
    lenders = [bank(f"i{number}-{one}", IMPORTED * number + one) for one in range(IMPORTED)]
    data = "\n".join(json.dumps(one, ensure_ascii=False) for one in lenders).encode()

    def send(**options: Any) -> exchange_pb2.ImportSummary:
        asked = exchange_pb2.ImportBanksRequest(
            chunk=data, file_name="preteurs.jsonl", effective_date=DAY, reason="essai", **options
        )
        *_, last = RegistryAdminServiceStub(channel).ImportBanks(iter([asked]), timeout=SECONDS)
        return last.summary

    # Sent again, it quotes what was read the first time: once written, there is no difference left to read.
    if request_id not in _quoted:
        _quoted[request_id] = send(validate_only=True).difference_hash
    assert send(difference_hash=_quoted[request_id], request_id=request_id).applied
    return f"i{number}"


def _imports(channel: grpc.Channel) -> list[str]:
    names = [name.removeprefix("banks/").partition("-")[0] for name in _banks(channel)]
    assert {names.count(name) for name in names} <= {IMPORTED}
    return sorted(set(names))


def _keep(channel: grpc.Channel, request_id: str, number: int) -> str:
    data = example("refus-budget")
    data["case"]["reference"] = CASE
    asked = request(REFUSAL, data)
    asked.store, asked.request_id = True, request_id
    made = DocumentServiceStub(channel).GenerateDocument(asked, timeout=SECONDS).document
    return f"{made.name} {hashlib.sha256(made.content).hexdigest()}"


def _kept(channel: grpc.Channel) -> list[str]:
    stub, token = DocumentStoreServiceStub(channel), ""
    names: list[str] = []
    while token or not names:
        asked = store_pb.ListDocumentsRequest(case_reference=CASE, page_size=200, page_token=token)
        page = stub.ListDocuments(asked, timeout=SECONDS)
        names += [one.document.name for one in page.documents]
        token = page.next_page_token
        if not page.documents:
            break
    found = []
    for name in names:
        got = stub.GetDocument(store_pb.GetDocumentRequest(name=name, with_content=True), timeout=SECONDS)
        found.append(f"{name} {hashlib.sha256(got.document.document.content).hexdigest()}")
    return found


def _publish(channel: grpc.Channel, request_id: str, number: int) -> str:
    version = f"2027.{number}"
    asked = release_service_pb2.PublishPackageRequest(
        collection="rulesets", archive=pack(variant(version)), request_id=request_id
    )
    ReleaseServiceStub(channel).PublishPackage(asked, timeout=SECONDS)
    return version_name(version)


def _activate(channel: grpc.Channel, request_id: str, number: int) -> str:
    day = date_pb2.Date(year=2027 + number // 336, month=number % 336 // 28 + 1, day=number % 28 + 1)
    asked = release_service_pb2.ActivateVersionRequest(
        name=version_name(f"2026.{1 + number % 2}"),
        effective_date=day,
        request_id=request_id,
        supersede_planned=True,
    )
    return str(ReleaseServiceStub(channel).ActivateVersion(asked, timeout=SECONDS).event.state_number)


def _events(channel: grpc.Channel) -> list[package_pb2.Event]:
    """The events that the tests made: those of the first start name the service."""
    found: list[package_pb2.Event] = []
    token = ""
    while token or not found:
        asked = release_service_pb2.ListEventsRequest(parent=RULESET, page_size=200, page_token=token)
        page = ReleaseServiceStub(channel).ListEvents(asked, timeout=SECONDS)
        found += page.events
        token = page.next_page_token
    assert [one.state_number for one in found] == list(range(len(found), 0, -1))
    return [one for one in found if one.actor != "service"]


def _publications(channel: grpc.Channel) -> list[str]:
    return [one.version_name for one in _events(channel) if one.kind == package_pb2.EVENT_KIND_PUBLISHED]


def _activations(channel: grpc.Channel) -> list[str]:
    return [str(one.state_number) for one in _events(channel) if one.kind == package_pb2.EVENT_KIND_ACTIVATED]


def _one_lender(env: Environment, folder: Path) -> None:
    lender = bank("a", 1, agreement(envelope="100000.00", end=None))
    import_banks(env["BANK_REGISTRY_DATABASE_URL"], folder, lender)


def _other_version(channel: grpc.Channel) -> None:
    """One that other tests publish too: what its check answered is not asked again."""
    asked = release_service_pb2.PublishPackageRequest(
        collection="rulesets", archive=pack(with_ceiling(variant("2026.2"), 4000))
    )
    ReleaseServiceStub(channel).PublishPackage(asked, timeout=GIVE_UP_SECONDS)


DECISION = Kind("decision", "services.eligibility", _decide, _decisions)
RESERVATION = Kind("reservation", "services.bank_registry", _reserve, _reservations, begin=_one_lender)
LENDER = Kind("lender", "services.bank_registry", _create_bank, _banks)
IMPORT = Kind("import", "services.bank_registry", _import, _imports)
DOCUMENT = Kind("document", "services.documents", _keep, _kept)
PUBLICATION = Kind("publication", "services.eligibility", _publish, _publications)
ACTIVATION = Kind("activation", "services.eligibility", _activate, _activations, ready=_other_version)
KINDS = (DECISION, RESERVATION, LENDER, DOCUMENT, ACTIVATION, IMPORT)
ONE_OF_EACH_SERVICE = (DECISION, LENDER, DOCUMENT)
