"""Edits, envelopes and audit on both stores, through the servicers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, money_pb2
from sqlalchemy import delete, select, text, update

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from microcredit.bankregistry.v1 import bank_pb2, envelope_service_pb2
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as read_pb
from microcredit.bankregistry.v1 import registry_admin_service_pb2 as admin_pb
from services.bank_registry.api.admin import Auditor
from services.bank_registry.api.editing import BankEditingServicer
from services.bank_registry.api.envelopes import EnvelopeServicer
from services.bank_registry.api.redactions import Redactor
from services.bank_registry.api.service import BankRegistryServicer
from services.bank_registry.registry.geography import Geography
from services.bank_registry.store import migrate, tables
from services.kit.errors import Aborted, AlreadyExists, DomainError, FailedPrecondition, InvalidArgument
from services.kit.store.database import Database
from tests.bank_registry_support import copy_of, loan, new_database, opened_store

GEOGRAPHY = Geography.load()
BANK = "banks/oust"
AGREEMENT = f"{BANK}/agreements/fcs"


def day(year: int, month: int, number: int) -> date_pb2.Date:
    return date_pb2.Date(year=year, month=month, day=number)


def euros(units: int, cents: int = 0) -> money_pb2.Money:
    return money_pb2.Money(currency_code="EUR", units=units, nanos=cents * 10_000_000)


@dataclass
class Desk:
    """The services on a store; each method of the editing service by its name, in one line."""

    url: str
    database: Database

    def __post_init__(self) -> None:
        store = opened_store(self.url, self.database)
        self.editing = BankEditingServicer(store, GEOGRAPHY)
        self.envelopes = EnvelopeServicer(store, GEOGRAPHY)
        self.registry = BankRegistryServicer(store, GEOGRAPHY, "bankregistry.microcredit")
        self.auditor = Auditor(store)
        self.redactor = Redactor(store)
        self.store = store

    def edit(self, method: str, **fields: Any) -> Any:
        request = getattr(pb, f"{method}Request")(**{"reason": "essai", "correct_past": True, **fields})
        return getattr(self.editing, method)(request, None)

    def redact(self, words: str, **fields: Any) -> admin_pb.RedactTextsResponse:
        request = admin_pb.RedactTextsRequest(words=words, **{"reason": "Nom écrit par erreur", **fields})
        answer: admin_pb.RedactTextsResponse = self.redactor.redact(request)
        return answer

    def envelope(self, method: str, **fields: Any) -> Any:
        request = getattr(envelope_service_pb2, f"{method}Request")(**fields)
        return getattr(self.envelopes, method)(request, None)

    def reserve(self, units: int, **fields: Any) -> Any:
        given = {"parent": AGREEMENT, "on_date": day(2026, 12, 1), **fields}
        return self.envelope("ReserveEnvelope", amount=euros(units), **given)

    def read(self, method: str, **fields: Any) -> Any:
        request = getattr(read_pb, f"{method}Request")(**fields)
        return getattr(self.registry, method)(request, cast(Any, None))

    def bank(self, on: date_pb2.Date | None = None) -> bank_pb2.Bank:
        return cast(bank_pb2.Bank, self.read("GetBank", name=BANK, on_date=on).bank)

    def reasons(self, on: str, **fields: Any) -> list[str]:
        answer = self.read("CheckBank", name=BANK, loan_request=loan(on, **fields))
        return [reason.code for reason in answer.check.reasons]

    def execute(self, *statements: Any) -> None:
        with self.database.write() as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def filled(request: pytest.FixtureRequest, folder: Path) -> Iterator[Desk]:
    """A new store of the engine that a fixture is asked for, with a lender and its agreement."""
    if request.param == "sqlite":
        url = f"sqlite:///{folder}/registry.sqlite3"
    else:
        url = new_database(request.getfixturevalue("postgres_url"))
    migrate(url)
    database = Database(url)
    try:
        desk = Desk(url, database)
        fill(desk)
        yield desk
    finally:
        database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a store to copy: a lender and its agreement, with an envelope of 5,000 €."""
    with filled(request, tmp_path_factory.mktemp("model")) as desk:
        return desk.url


@pytest.fixture(scope="module")
def shared(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The same, for the tests that write nothing."""
    url = copy_of(model, tmp_path_factory.mktemp("shared"))
    database = Database(url)
    yield Desk(url, database)
    database.dispose()


@pytest.fixture
def desk(model: str, tmp_path: Path) -> Iterator[Desk]:
    """A lender and its agreement, with an envelope of 5,000 €."""
    url = copy_of(model, tmp_path)
    database = Database(url)
    yield Desk(url, database)
    database.dispose()


def fill(desk: Desk, **fields: Any) -> None:
    lender = bank_pb2.Bank(
        display_name="Banque fictive de l’Oust",
        kind=bank_pb2.BANK_KIND_CREDIT_INSTITUTION,
        siren="732829320",
        cib="01234",
        start_date=day(2020, 1, 1),
    )
    terms = bank_pb2.Agreement(
        reference="FCS",
        scope=bank_pb2.TERRITORY_SCOPE_DEPARTEMENTS,
        territory_codes=["56"],
        start_date=day(2024, 1, 1),
        end_date=day(2028, 1, 1),
        envelope=euros(5000),
        verified_on=day(2026, 10, 1),
    )
    desk.edit("CreateBank", bank_id="oust", bank=lender, **fields)
    desk.edit("CreateAgreement", parent=BANK, agreement_id="fcs", agreement=terms)


def refused(kind: type[DomainError], expected: str, call: Any, *arguments: Any, **fields: Any) -> DomainError:
    with pytest.raises(kind) as caught:
        call(*arguments, **fields)
    assert caught.value.reason == expected
    return caught.value


def test_an_edit_is_true_from_its_day_on_and_known_from_now_on(desk: Desk) -> None:
    before = time.time_ns() // 1000
    renamed = bank_pb2.Bank(name=BANK, display_name="Caisse fictive")
    answer = desk.edit("UpdateBank", bank=renamed, effective_date=day(2027, 1, 1))
    assert answer.state_number == 3
    assert desk.bank(day(2026, 12, 31)).display_name == "Banque fictive de l’Oust"
    assert desk.bank(day(2027, 1, 1)).display_name == "Caisse fictive"
    assert desk.bank().display_name == "Caisse fictive"
    assert desk.bank().end_date == date_pb2.Date()
    known = Timestamp(seconds=before // 1_000_000, nanos=before % 1_000_000 * 1000)
    past = desk.read("GetBank", name=BANK, on_date=day(2027, 1, 1), known_time=known)
    assert (past.bank.display_name, past.state_number) == ("Banque fictive de l’Oust", 3)
    assert past.bank.cib == "01234"


def test_a_lender_is_suspended_reinstated_and_ended(desk: Desk) -> None:
    desk.edit("SuspendBank", name=BANK, effective_date=day(2026, 12, 7), reason="contrôle")
    assert desk.reasons("2026-12-06") == []
    assert desk.reasons("2026-12-07") == ["LENDER_SUSPENDED"]
    desk.edit("ReinstateBank", name=BANK, effective_date=day(2026, 12, 10))
    assert desk.reasons("2026-12-09") == ["LENDER_SUSPENDED"]
    assert desk.reasons("2026-12-10") == []
    ended = desk.edit("EndBank", name=BANK, effective_date=day(2027, 6, 1))
    assert [warning.code for warning in ended.warnings] == ["AGREEMENTS_STILL_IN_FORCE"]
    assert desk.reasons("2027-05-31") == []
    assert desk.reasons("2027-06-01") == ["LENDER_ENDED"]
    assert desk.reasons("2019-12-31") == ["LENDER_NOT_STARTED", "AGREEMENT_NOT_STARTED"]
    reopened = bank_pb2.Bank(name=BANK)
    desk.edit("UpdateBank", bank=reopened, update_mask={"paths": ["end_date"]})
    assert desk.reasons("2027-06-01") == []


def test_a_merger_names_the_successor(desk: Desk) -> None:
    other = bank_pb2.Bank(
        display_name="Caisse", kind=bank_pb2.BANK_KIND_ASSOCIATION, siren="999900103", cib="99990"
    )
    desk.edit("CreateBank", bank_id="caisse", bank=other)
    desk.edit("EndBank", name=BANK, effective_date=day(2027, 1, 1), successor="banks/caisse")
    checks = [
        desk.read("CheckBank", name=BANK, loan_request=loan(on)).check for on in ("2026-12-31", "2027-01-01")
    ]
    told = ["SUCCEEDED_BY_ANOTHER_BANK" in [one.code for one in check.warnings] for check in checks]
    assert told == [False, True]
    kept = bank_pb2.Bank(name="banks/caisse", cib="01234")
    assert desk.edit("UpdateBank", bank=kept).bank.cib == "01234"


def test_agreements_and_conventions_are_edited_alike(desk: Desk) -> None:
    dearer = bank_pb2.Agreement(name=AGREEMENT, amount_max=euros(1000))
    desk.edit("UpdateAgreement", agreement=dearer, effective_date=day(2027, 1, 1))
    assert desk.reasons("2026-12-31") == []
    assert desk.reasons("2027-01-01") == ["AMOUNT_ABOVE_LENDER_MAX"]
    shown = desk.read("GetAgreement", name=AGREEMENT, on_date=day(2026, 12, 31)).agreement
    assert (shown.end_date, shown.terms_end_date) == (day(2028, 1, 1), day(2027, 1, 1))
    desk.edit("SuspendAgreement", name=AGREEMENT, effective_date=day(2026, 1, 1), end_date=day(2026, 2, 1))
    assert desk.reasons("2026-01-31") == ["AGREEMENT_SUSPENDED"]
    desk.edit("ReinstateAgreement", name=AGREEMENT, effective_date=day(2026, 1, 1))
    assert desk.reasons("2026-01-31") == []
    desk.edit("EndAgreement", name=AGREEMENT, effective_date=day(2027, 7, 1))
    assert "AGREEMENT_ENDED" in desk.reasons("2027-07-01")
    convention = bank_pb2.LocalConvention(
        reference="CIAS 1",
        contact_name="Service",
        address_lines=["1 rue"],
        postal_code="56800",
        city="Ploërmel",
        start_date=day(2025, 1, 1),
        contacts=[bank_pb2.Contact(role="Impayés", email="impayes@oust.example")],
    )
    made = desk.edit("CreateLocalConvention", parent=BANK, local_convention=convention).local_convention
    name = f"{BANK}/localConventions/cias-1"
    assert (made.name, made.contacts[0].role) == (name, "Impayés")
    convention.reference = "CIAS 2"
    refused(
        FailedPrecondition,
        "PERIOD_OVERLAP",
        desk.edit,
        "CreateLocalConvention",
        parent=BANK,
        local_convention=convention,
    )
    desk.edit("SuspendLocalConvention", name=name, effective_date=day(2026, 12, 1))
    check = desk.read("CheckBank", name=BANK, loan_request=loan("2026-12-01")).check
    assert not check.HasField("local_convention")
    assert "suspendue" in check.warnings[0].message
    desk.edit("ReinstateLocalConvention", name=name, effective_date=day(2026, 12, 2))
    desk.edit("EndLocalConvention", name=name, effective_date=day(2027, 1, 1))
    desk.edit(
        "UpdateLocalConvention",
        local_convention=bank_pb2.LocalConvention(name=name, answer_days=12),
        update_mask={"paths": ["answer_days", "contacts"]},
    )
    shown = desk.read("ListLocalConventions", parent="banks/-").local_conventions[0]
    assert (shown.answer_days, len(shown.contacts), shown.end_date) == (12, 0, day(2027, 1, 1))


def test_what_is_wrong_is_said_all_at_once(shared: Desk) -> None:
    lender = bank_pb2.Bank(
        display_name="",
        siren="732829321",
        siret="35600000009075",
        cib="1234",
        bic="DEUTDEFF",
        lei="x",
        successor="banks/inconnue",
        start_date=date_pb2.Date(year=2026, day=1),
    )
    error = refused(
        InvalidArgument, "INVALID_FIELDS", shared.edit, "CreateBank", bank=lender, reason="", request_id="x"
    )
    assert {one.field for one in error.violations} == {
        *(f"bank.{field}" for field in ("display_name", "kind", "siren", "cib", "bic", "lei", "start_date")),
        "bank.siret",
        "bank_id",
        "reason",
        "request_id",
    }
    terms = bank_pb2.Agreement(
        reference="F",
        scope=bank_pb2.TERRITORY_SCOPE_DEPARTEMENTS,
        territory_codes=["20"],
        start_date=day(2026, 2, 1),
        end_date=day(2026, 1, 1),
        amount_min=euros(2),
        amount_max=euros(1),
        envelope=euros(-1),
    )
    error = refused(
        InvalidArgument, "INVALID_FIELDS", shared.edit, "CreateAgreement", parent="banks/x", agreement=terms
    )
    assert {one.field for one in error.violations} == {
        *(f"agreement.{field}" for field in ("territory_codes[0]", "end_date", "amount_max", "envelope"))
    }


BEFORE_IT_BEGAN = {"effective_date": day(2019, 1, 1), "end_date": day(2019, 2, 1)}
SWAPPED = {"effective_date": day(2026, 2, 1), "end_date": day(2026, 1, 1)}
UNKNOWN_SUCCESSOR = {"effective_date": day(2027, 1, 1), "successor": "banks/z"}


@pytest.mark.parametrize(
    ("method", "fields", "kind", "reason"),
    [
        ("EndBank", {"effective_date": day(2020, 1, 1)}, InvalidArgument, "INVALID_FIELDS"),
        ("EndBank", {"effective_date": day(2019, 1, 1)}, InvalidArgument, "INVALID_FIELDS"),
        ("EndBank", {}, InvalidArgument, "INVALID_FIELDS"),
        (
            "SuspendBank",
            {"effective_date": day(2019, 1, 1), "end_date": day(2019, 2, 1)},
            InvalidArgument,
            "INVALID_FIELDS",
        ),
        (
            "SuspendBank",
            {"effective_date": day(2026, 2, 1), "end_date": day(2026, 2, 1)},
            InvalidArgument,
            "INVALID_FIELDS",
        ),
        ("ReinstateBank", {"effective_date": day(2026, 2, 1)}, FailedPrecondition, "NOT_SUSPENDED"),
        (
            "EndBank",
            {"effective_date": day(2027, 1, 1), "successor": "banks/z"},
            InvalidArgument,
            "INVALID_FIELDS",
        ),
        ("EndBank", {"effective_date": day(2027, 1, 1), "etag": '"x"'}, Aborted, "ETAG_MISMATCH"),
    ],
)
def test_an_impossible_edit_is_refused_and_nothing_is_written(
    shared: Desk, method: str, fields: dict[str, Any], kind: type[DomainError], reason: str
) -> None:
    refused(kind, reason, shared.edit, method, name=BANK, **fields)
    assert shared.read("GetBank", name=BANK).state_number == 2


def test_twice_the_same_edit_is_refused(desk: Desk) -> None:
    desk.edit("SuspendBank", name=BANK, effective_date=day(2026, 12, 7))
    edit = ("SuspendBank",), {"name": BANK, "effective_date": day(2027, 1, 1)}
    refused(FailedPrecondition, "ALREADY_SUSPENDED", desk.edit, *edit[0], **edit[1])
    desk.edit("EndBank", name=BANK, effective_date=day(2027, 1, 1))
    later = {"name": BANK, "effective_date": day(2027, 1, 1)}
    refused(FailedPrecondition, "ALREADY_ENDED", desk.edit, "EndBank", **later)
    taken = bank_pb2.Bank(display_name="Autre", kind=bank_pb2.BANK_KIND_CREDIT_INSTITUTION, siren="999900103")
    refused(AlreadyExists, "BANK_ALREADY_EXISTS", desk.edit, "CreateBank", bank_id="oust", bank=taken)
    taken.siren = "732829320"
    error = refused(InvalidArgument, "INVALID_FIELDS", desk.edit, "CreateBank", bank_id="b", bank=taken)
    assert [one.field for one in error.violations] == ["bank.siren"]


def test_of_concurrent_writers_with_the_same_etag_one_wins(desk: Desk) -> None:
    etag = desk.bank().etag
    outcomes: list[str] = []

    def work(name: str) -> None:
        try:
            desk.edit("UpdateBank", bank=bank_pb2.Bank(name=BANK, display_name=name), etag=etag)
            outcomes.append(name)
        except Aborted as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=work, args=(f"Banque {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("ETAG_MISMATCH") == 3
    assert desk.bank().display_name in outcomes
    assert desk.bank().etag != etag


def test_a_repeated_request_has_the_first_answer(desk: Desk) -> None:
    request = {"name": BANK, "effective_date": day(2026, 12, 7), "request_id": str(uuid4())}
    first = desk.edit("SuspendBank", **request)
    desk.edit("ReinstateBank", name=BANK, effective_date=day(2026, 12, 7))
    assert desk.edit("SuspendBank", **request) == first
    assert desk.reasons("2026-12-07") == []
    refused(AlreadyExists, "REQUEST_ID_REUSED", desk.edit, "SuspendBank", **{**request, "reason": "autre"})
    reservation = {"parent": AGREEMENT, "request_id": str(uuid4())}
    assert desk.reserve(3000, **reservation) == desk.reserve(3000, **reservation)
    assert desk.reserve(2000).remaining == euros(0)


def test_a_validation_says_all_and_keeps_nothing(desk: Desk) -> None:
    answer = desk.edit("EndBank", name=BANK, effective_date=day(2027, 1, 1), validate_only=True)
    assert (answer.bank.end_date, answer.state_number) == (day(2027, 1, 1), 2)
    held = desk.reserve(1000, validate_only=True)
    assert (held.reservation.name, held.remaining, held.state_number) == ("", euros(4000), 2)
    assert desk.bank().end_date == date_pb2.Date()
    assert desk.reserve(5000).state_number == 3


def test_an_envelope_is_held_committed_and_given_back(desk: Desk) -> None:
    held = desk.reserve(3000, case_reference="D-1")
    assert held.remaining == euros(2000)
    terms = desk.read("CheckBank", name=BANK, loan_request=loan()).check.agreement_checks[0].agreement
    assert (terms.envelope, terms.reserved, terms.remaining) == (euros(5000), euros(3000), euros(2000))
    assert desk.reasons("2026-12-01", amount="2000.01") == ["ENVELOPE_EXHAUSTED"]
    refused(FailedPrecondition, "ENVELOPE_EXHAUSTED", desk.reserve, 2001)
    name = held.reservation.name
    above = {"name": name, "amount": euros(3000, 1)}
    refused(InvalidArgument, "INVALID_FIELDS", desk.envelope, "CommitReservation", **above)
    committed = desk.envelope("CommitReservation", name=name, amount=euros(2500))
    assert (committed.reservation.amount, committed.remaining) == (euros(2500), euros(2500))
    refused(FailedPrecondition, "RESERVATION_CLOSED", desk.envelope, "CommitReservation", name=name)
    assert desk.envelope("ReleaseReservation", name=name).remaining == euros(5000)
    refused(FailedPrecondition, "RESERVATION_CLOSED", desk.envelope, "ReleaseReservation", name=name)
    listed = desk.envelope("ListReservations", parent=AGREEMENT).reservations
    assert [one.case_reference for one in listed] == ["D-1"]
    assert desk.envelope("GetReservation", name=name).reservation == listed[0]
    history = desk.read("ListBankEvents", parent=BANK).events[0].sentences
    assert list(history) == [
        "Réservation n°\u00a01 libérée\u00a0: 2\u202f500,00\u00a0€, accord FCS, dossier D-1."
    ]


def test_only_an_agreement_in_force_with_an_envelope_is_reserved(desk: Desk) -> None:
    refused(FailedPrecondition, "AGREEMENT_NOT_IN_FORCE", desk.reserve, 1, on_date=day(2028, 1, 1))
    desk.edit("SuspendBank", name=BANK, effective_date=day(2026, 12, 1))
    refused(FailedPrecondition, "AGREEMENT_NOT_IN_FORCE", desk.reserve, 1)
    free = bank_pb2.Agreement(name=AGREEMENT)
    desk.edit("UpdateAgreement", agreement=free, update_mask={"paths": ["envelope"]})
    refused(FailedPrecondition, "NO_ENVELOPE", desk.reserve, 1, on_date=day(2026, 11, 1))


def test_an_expired_reservation_holds_nothing_even_if_the_clock_is_set_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = desk.reserve(5000, ttl=Duration(seconds=3600)).reservation
    assert desk.reasons("2026-12-01") == ["ENVELOPE_EXHAUSTED"]
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 3_600_000_000_000)
    assert desk.reasons("2026-12-01") == []
    shown = desk.envelope("GetReservation", name=held.name).reservation
    assert shown.state == envelope_service_pb2.RESERVATION_STATE_EXPIRED
    other = desk.reserve(5000).reservation
    monkeypatch.setattr(time, "time_ns", real)
    refused(FailedPrecondition, "RESERVATION_EXPIRED", desk.envelope, "CommitReservation", name=held.name)
    refused(FailedPrecondition, "ENVELOPE_EXHAUSTED", desk.reserve, 1)
    assert desk.envelope("ReleaseReservation", name=other.name).remaining == euros(5000)


def test_the_clock_set_back_does_not_reorder_what_was_known(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 86_400_000_000_000)
    desk.edit("UpdateBank", bank=bank_pb2.Bank(name=BANK, display_name="Après"))
    changes = desk.read("ListChanges").changes
    times = [one.record_time.ToNanoseconds() for one in changes]
    assert times == sorted(set(times))
    assert desk.bank().display_name == "Après"
    past = changes[1].record_time
    assert desk.read("GetBank", name=BANK, known_time=past).bank.display_name.startswith("Banque")


def test_changes_are_listed_since_a_revision(desk: Desk) -> None:
    desk.reserve(10)
    changes = desk.read("ListChanges", after_state_number=1).changes
    assert [(one.state_number, one.method, list(one.names)) for one in changes] == [
        (2, "CreateAgreement", [AGREEMENT]),
        (3, "ReserveEnvelope", [f"{AGREEMENT}/reservations/1"]),
    ]
    first = desk.read("ListChanges", page_size=2)
    assert [one.state_number for one in first.changes] == [1, 2]
    desk.reserve(10)
    second = desk.read("ListChanges", page_size=2, page_token=first.next_page_token)
    assert [one.state_number for one in second.changes] == [3]
    assert second.next_page_token == ""


def verify(desk: Desk, head: admin_pb.AuditHead | None = None) -> tuple[bool, int, list[str]]:
    answer = desk.auditor.verify(admin_pb.VerifyAuditRequest(expected_head=head))
    return answer.whole, answer.first_wrong_sequence, list(answer.altered_names)


def unlock(desk: Desk, table: str) -> None:
    """What someone with the keys of the database could do: remove its protection."""
    with desk.database.write() as connection:
        if not desk.database.is_sqlite:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            return
        names = connection.scalars(
            text("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = :table"),
            {"table": table},
        )
        for name in list(names):
            connection.execute(text(f"DROP TRIGGER {name}"))


def test_the_audit_tells_every_write(desk: Desk) -> None:
    desk.reserve(10)
    page = desk.auditor.list(admin_pb.ListAuditEntriesRequest(page_size=4))
    rest = desk.auditor.list(admin_pb.ListAuditEntriesRequest(page_size=4, page_token=page.next_page_token))
    entries = [*page.entries, *rest.entries]
    assert [entry.resource for entry in entries] == [
        *("revisions/1", BANK, "revisions/2", BANK, "revisions/3", f"{AGREEMENT}/reservations/1")
    ]
    assert "essai" not in entries[0].after_json  # of a reason it has the ciphertext
    assert entries[3].before_json == entries[1].after_json
    assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    mine = desk.auditor.list(admin_pb.ListAuditEntriesRequest(resource=AGREEMENT)).entries
    assert [entry.sequence for entry in mine] == [6]
    assert verify(desk, desk.auditor.head().head) == (True, 0, [])


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        ([update(tables.audit).where(tables.audit.c.seq == 2).values(actor="autre")], 2),
        ([update(tables.audit).where(tables.audit.c.seq == 3).values(after='{"reason":"x"}')], 3),
        ([delete(tables.audit).where(tables.audit.c.seq == 2)], 2),
        (
            [
                update(tables.audit).where(tables.audit.c.seq == 2).values(seq=20),
                update(tables.audit).where(tables.audit.c.seq == 3).values(seq=2),
                update(tables.audit).where(tables.audit.c.seq == 20).values(seq=3),
            ],
            2,
        ),
    ],
)
def test_a_changed_removed_or_reordered_row_is_found(desk: Desk, tamper: list[Any], found: int) -> None:
    unlock(desk, "audit")
    desk.execute(*tamper)
    assert verify(desk) == (False, found, [])


@pytest.mark.parametrize("value", ["CAST(x'41ff' AS TEXT)", "x'ff'", "1.5"])
@pytest.mark.parametrize("column", ["actor", "hash"])
def test_a_row_that_cannot_have_been_written_is_found(desk: Desk, column: str, value: str) -> None:
    """PostgreSQL refuses such values by itself."""
    if desk.database.is_sqlite:
        unlock(desk, "audit")
        desk.execute(text(f"UPDATE audit SET {column} = {value} WHERE seq = 4"))
        assert verify(desk) == (False, 4, [])


def test_a_removed_end_is_found_with_the_head_of_the_day_before(desk: Desk) -> None:
    head = desk.auditor.head().head
    unlock(desk, "audit")
    desk.execute(delete(tables.audit).where(tables.audit.c.seq == 4))
    assert verify(desk, head) == (False, 4, [])


def test_a_registry_that_is_not_what_was_written_is_found(desk: Desk) -> None:
    unlock(desk, "agreement_version")
    desk.execute(update(tables.agreement_version).values(envelope=10**9))
    assert verify(desk) == (False, 0, [AGREEMENT])
    with desk.database.read() as connection:
        assert len(connection.execute(select(tables.audit)).all()) == 4


def test_the_stale_lenders_are_listed(desk: Desk) -> None:
    def due(on: date_pb2.Date) -> list[str]:
        found = desk.read("ListBanks", on_date=on, verification_due_only=True).banks
        return [one.name for one in found if one.verification_due]

    assert due(day(2027, 10, 1)) == []
    assert due(day(2027, 10, 2)) == [BANK]
    desk.edit("UpdateAgreement", agreement=bank_pb2.Agreement(name=AGREEMENT, verified_on=day(2027, 9, 30)))
    assert due(day(2027, 10, 2)) == []


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"query": "ÔUST"}, 1),
        ({"query": "fictive oust"}, 1),
        ({"query": "7328"}, 1),
        ({"query": "01234"}, 1),
        ({"query": "fcs"}, 1),
        ({"query": "vilaine"}, 0),
        ({"kinds": [bank_pb2.BANK_KIND_FOUNDATION]}, 0),
        ({"commune_insee": "56138"}, 1),
        ({"commune_insee": "75056"}, 0),
        ({"states": [read_pb.BANK_STATE_IN_FORCE], "on_date": day(2026, 12, 1)}, 1),
        ({"states": [read_pb.BANK_STATE_NOT_STARTED], "on_date": day(2019, 12, 1)}, 1),
        ({"manager": "bpifrance"}, 0),
    ],
)
def test_lenders_are_searched_and_filtered(shared: Desk, fields: dict[str, Any], count: int) -> None:
    answer = shared.read("ListBanks", **fields)
    assert (len(answer.banks), answer.total_size) == (count, count)


def test_filters_that_need_a_day_say_so(shared: Desk) -> None:
    filters = {"states": [99], "verification_due_only": True, "commune_insee": "56800", "page_size": -1}
    error = refused(InvalidArgument, "INVALID_FIELDS", shared.read, "ListBanks", **filters)
    assert {one.field for one in error.violations} == {"states", "on_date", "commune_insee", "page_size"}


def test_the_history_of_a_lender_is_told_in_french(desk: Desk) -> None:
    desk.edit(
        "UpdateBank",
        bank=bank_pb2.Bank(name=BANK, display_name="Caisse", network="Réseau"),
        effective_date=day(2027, 1, 1),
        reason="fusion",
    )
    desk.edit("SuspendBank", name=BANK, effective_date=day(2026, 12, 7), reason="contrôle")
    events = desk.read("ListBankEvents", parent=BANK).events
    told = [sentence.replace("\u00a0", " ") for event in events for sentence in event.sentences]
    past = [sentence for sentence in told if sentence.startswith("Correction du passé")]
    assert any("du 01/01/2024 au" in sentence for sentence in past)
    told = [sentence for sentence in told if sentence not in past]
    assert told == [
        "Prêteur : suspension à partir du 7 décembre 2026, jusqu’à nouvel ordre (contrôle).",
        "Prêteur : nom à partir du 1er janvier 2027, « Banque fictive de l’Oust » devient « Caisse ».",
        "Prêteur : réseau à partir du 1er janvier 2027, « rien » devient « Réseau ».",
        "Accord FCS : entrée au registre, à partir du 1er janvier 2024, jusqu’au 31 décembre 2027.",
        "Prêteur « Banque fictive de l’Oust » : entrée au registre, à partir du 1er janvier 2020.",
    ]
    assert [event.reason for event in events] == ["contrôle", "fusion", "essai", "essai"]


def test_a_suspension_is_prolonged_and_shortened(desk: Desk) -> None:
    desk.edit("SuspendBank", name=BANK, effective_date=day(2026, 12, 7), end_date=day(2026, 12, 14))
    answer = desk.edit(
        "ProlongSuspension", name=BANK, effective_date=day(2026, 12, 10), end_date=day(2027, 1, 1)
    )
    assert [one.replace("\u00a0", " ") for one in answer.effect.sentences] == [
        "Prêteur : suspension du 7 décembre 2026 au 31 décembre 2026 (essai)."
    ]
    assert [desk.reasons(on) for on in ("2026-12-31", "2027-01-01")] == [["LENDER_SUSPENDED"], []]
    other = {"name": BANK, "effective_date": day(2027, 2, 1)}
    desk.edit("SuspendBank", **other)
    prolonged = {"name": BANK, "effective_date": day(2026, 12, 7)}
    refused(FailedPrecondition, "ALREADY_SUSPENDED", desk.edit, "ProlongSuspension", **prolonged)
    early = {**prolonged, "end_date": day(2026, 12, 7)}
    refused(InvalidArgument, "INVALID_FIELDS", desk.edit, "ProlongSuspension", **early)
    never = {"name": AGREEMENT, "effective_date": day(2026, 12, 7)}
    refused(FailedPrecondition, "NOT_SUSPENDED", desk.edit, "ProlongSuspension", **never)


def test_a_state_is_undone_for_a_lender_or_for_what_it_holds(desk: Desk) -> None:
    ended = desk.edit("EndAgreement", name=AGREEMENT, effective_date=day(2026, 6, 1)).state_number
    renamed = bank_pb2.Bank(name=BANK, display_name="Caisse")
    desk.edit("UpdateBank", bank=renamed)
    assert "AGREEMENT_ENDED" in desk.reasons("2026-12-01")
    tried = desk.edit("UndoChange", name=BANK, undone_state_number=ended, validate_only=True)
    assert (tried.state_number, "AGREEMENT_ENDED" in desk.reasons("2026-12-01")) == (ended + 1, True)
    answer = desk.edit("UndoChange", name=AGREEMENT, undone_state_number=ended)
    assert [one.replace("\u00a0", " ") for one in answer.effect.sentences] == [
        "Accord FCS : dernier jour le 31 décembre 2027."
    ]
    assert (desk.reasons("2026-12-01"), desk.bank().display_name) == ([], "Caisse")
    again = {"name": AGREEMENT, "undone_state_number": ended}
    refused(FailedPrecondition, "CHANGED_SINCE", desk.edit, "UndoChange", **again)
    for number, name in ((ended + 1, AGREEMENT), (1, BANK), (99, BANK)):
        fields = {"name": name, "undone_state_number": number}
        refused(FailedPrecondition, "NOTHING_TO_UNDO", desk.edit, "UndoChange", **fields)
    refused(InvalidArgument, "INVALID_FIELDS", desk.edit, "UndoChange", name=BANK)
    assert verify(desk) == (True, 0, [])
