"""The gestures of the keeper: none changes days already past unless told to, each says what it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.type import date_pb2

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from microcredit.bankregistry.v1 import bank_pb2, exchange_pb2
from services.bank_registry.store import migrate
from services.kit.errors import FailedPrecondition, InvalidArgument, NotFound
from services.kit.store.database import Database
from tests.bank_registry_support import copy_of, loan
from tests.contract.test_bank_registry_editing import (
    AGREEMENT,
    BANK,
    Desk,
    day,
    euros,
    fill,
    refused,
    verify,
)

CONVENTION = f"{BANK}/localConventions/cias"
LATER = f"{BANK}/agreements/later"
OTHER = "banks/caisse"
PAST = day(2026, 3, 1)


def convention(**more: Any) -> bank_pb2.LocalConvention:
    fields = {
        "contact_name": "Service",
        "address_lines": ["1 rue"],
        "postal_code": "56800",
        "city": "Ploërmel",
    }
    return bank_pb2.LocalConvention(**{"reference": "CIAS", "start_date": day(2025, 1, 1), **fields, **more})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lender with two agreements and a convention, all suspended for a month of the past, and another."""
    url = f"sqlite:///{tmp_path_factory.mktemp('gestures')}/registry.sqlite3"
    migrate(url)
    database = Database(url)
    desk = Desk(url, database)
    fill(desk)
    later = bank_pb2.Agreement(
        reference="SUITE",
        scope=bank_pb2.TERRITORY_SCOPE_NATIONAL,
        start_date=day(2024, 1, 1),
        end_date=day(2026, 2, 1),
    )
    desk.edit("CreateAgreement", parent=BANK, agreement_id="later", agreement=later)
    desk.edit("CreateLocalConvention", parent=BANK, local_convention=convention())
    for kind, name in (("Bank", BANK), ("Agreement", AGREEMENT), ("LocalConvention", CONVENTION)):
        desk.edit(f"Suspend{kind}", name=name, effective_date=day(2026, 1, 1), end_date=day(2026, 2, 1))
    other = bank_pb2.Bank(
        display_name="Caisse", kind=bank_pb2.BANK_KIND_ASSOCIATION, siren="999900103", cib="99990"
    )
    desk.edit("CreateBank", bank_id="caisse", bank=other)
    database.dispose()
    return url


@pytest.fixture
def desk(model: str, tmp_path: Path) -> Iterator[Desk]:
    database = Database(url := copy_of(model, tmp_path))
    yield Desk(url, database)
    database.dispose()


TOUCHING: dict[str, dict[str, Any]] = {
    "UpdateBank": {"bank": bank_pb2.Bank(name=BANK, network="Réseau")},
    "UpdateAgreement": {"agreement": bank_pb2.Agreement(name=AGREEMENT, amount_max=euros(1))},
    "UpdateLocalConvention": {
        "local_convention": bank_pb2.LocalConvention(name=CONVENTION, city="Josselin"),
        "effective_date": PAST,
    },
    "EndBank": {"name": BANK, "effective_date": PAST},
    "EndAgreement": {"name": AGREEMENT, "effective_date": PAST},
    "EndLocalConvention": {"name": CONVENTION, "effective_date": PAST},
    "SuspendBank": {"name": BANK, "effective_date": PAST},
    "SuspendAgreement": {"name": AGREEMENT, "effective_date": PAST},
    "SuspendLocalConvention": {"name": CONVENTION, "effective_date": PAST},
    "ReinstateBank": {"name": BANK, "effective_date": day(2026, 1, 10)},
    "ReinstateAgreement": {"name": AGREEMENT, "effective_date": day(2026, 1, 10)},
    "ReinstateLocalConvention": {"name": CONVENTION, "effective_date": day(2026, 1, 10)},
    "CreateAgreement": {
        "parent": BANK,
        "agreement": bank_pb2.Agreement(
            reference="A", scope=bank_pb2.TERRITORY_SCOPE_NATIONAL, start_date=PAST
        ),
    },
    "CreateLocalConvention": {
        "parent": BANK,
        "local_convention": convention(reference="B", start_date=day(2024, 1, 1), end_date=day(2025, 1, 1)),
    },
    "ExtendAgreement": {"name": LATER, "end_date": day(2030, 1, 1)},
    "MergeBank": {"name": BANK, "successor": OTHER, "effective_date": PAST},
    "ProlongSuspension": {"name": BANK, "effective_date": day(2026, 1, 10), "end_date": day(2026, 2, 10)},
    "UndoChange": {"name": CONVENTION, "undone_state_number": 7},
}
NEW = {"CreateBank"}
"""What only adds a lender says nothing of one that was asked about."""


def test_every_rpc_of_the_keeper_is_tried() -> None:
    service = pb.DESCRIPTOR.services_by_name["BankEditingService"]
    assert {method.name for method in service.methods} == TOUCHING.keys() | NEW


@pytest.mark.parametrize("method", TOUCHING)
def test_no_gesture_changes_days_already_past_unless_it_is_told_to(desk: Desk, method: str) -> None:
    fields = {**TOUCHING[method], "correct_past": False}
    error = refused(FailedPrecondition, "PAST_CHANGED", desk.edit, method, **fields)
    shown = desk.edit(method, **fields, validate_only=True)
    assert error.metadata["days"].split(" au ")[0].removeprefix("du ") in shown.effect.days
    assert (shown.effect.corrects_past, shown.state_number) == (
        True,
        desk.read("GetBank", name=BANK).state_number,
    )
    written = desk.edit(method, **{**fields, "correct_past": True})
    assert written.effect == shown.effect
    assert written.effect.sentences
    told = [one for one in desk.read("ListBankEvents", parent=BANK).events[0].sentences if "passé" in one]
    assert told
    assert verify(desk) == (True, 0, [])


def test_a_gesture_on_days_to_come_needs_no_confirmation_and_says_its_days(desk: Desk) -> None:
    fields = {"name": AGREEMENT, "end_date": day(2030, 1, 1), "correct_past": False}
    effect = desk.edit("ExtendAgreement", **fields).effect
    assert (effect.days, effect.corrects_past) == ("du 01/01/2028 au 31/12/2029", False)
    told = [one.replace("\u00a0", " ") for one in effect.sentences]
    assert told == ["Accord FCS : dernier jour le 31 décembre 2029."]
    again = {**fields, "end_date": day(2029, 1, 1)}
    error = refused(InvalidArgument, "INVALID_FIELDS", desk.edit, "ExtendAgreement", **again)
    assert [one.field for one in error.violations] == ["end_date"]
    no_end = desk.edit("ExtendAgreement", name=AGREEMENT, correct_past=False)
    assert not no_end.agreement.HasField("end_date")


def test_reservations_in_force_are_answered_again(desk: Desk) -> None:
    desk.reserve(1000, on_date=day(2027, 6, 1))
    desk.reserve(500, on_date=day(2027, 1, 1))
    ended = {"name": AGREEMENT, "effective_date": day(2027, 3, 1), "validate_only": True}
    effect = desk.edit("EndAgreement", **ended).effect
    assert (effect.reservation_count, len(effect.answers)) == (2, 1)
    assert "s’est terminé le 28 février 2027" in effect.answers[0].after.replace("\u00a0", " ")


@dataclass
class Merged:
    """A lender merged into another, and what the merger said."""

    desk: Desk
    answer: Any

    def agreement(self, name: str) -> bank_pb2.Agreement:
        found: bank_pb2.Agreement = self.desk.read(
            "GetAgreement", name=name, on_date=day(2027, 6, 1)
        ).agreement
        return found


def merged(desk: Desk, on: date_pb2.Date, **more: Any) -> Merged:
    fields = {"name": BANK, "successor": OTHER, "effective_date": on, "correct_past": False, **more}
    return Merged(desk, desk.edit("MergeBank", **fields))


def test_a_merger_moves_agreements_conventions_and_one_envelope(desk: Desk) -> None:
    held = desk.reserve(3000, on_date=day(2026, 12, 20)).reservation.name
    later = desk.reserve(1000, on_date=day(2027, 6, 1)).reservation.name
    done = merged(desk, day(2027, 1, 1))
    taken = f"{OTHER}/agreements/fcs"
    assert [one.name for one in done.answer.agreements] == [taken]
    assert not done.answer.effect.answers, "a reservation goes on with its agreement"
    new = done.agreement(taken)
    assert (new.start_date, new.end_date, new.continues) == (day(2027, 1, 1), day(2028, 1, 1), AGREEMENT)
    assert (new.reserved, new.remaining) == (euros(4000), euros(1000))
    assert done.agreement(AGREEMENT).end_date == day(2027, 1, 1)
    moved = desk.read("GetLocalConvention", name=f"{OTHER}/localConventions/cias").local_convention
    assert moved.start_date == day(2027, 1, 1)
    assert (desk.bank().successor, desk.bank().end_date) == (OTHER, day(2027, 1, 1))
    over = {"parent": taken, "on_date": day(2027, 2, 1)}
    refused(FailedPrecondition, "ENVELOPE_EXHAUSTED", desk.reserve, 1001, **over)
    refused(FailedPrecondition, "ENVELOPE_EXHAUSTED", desk.reserve, 1001, on_date=day(2026, 12, 20))
    assert desk.reserve(1000, **over).remaining == euros(0)
    listed = desk.envelope("ListReservations", parent=taken).reservations
    assert {one.name for one in listed} >= {held, later}
    assert desk.envelope("CommitReservation", name=later).remaining == euros(0)
    assert desk.envelope("ReleaseReservation", name=held).remaining == euros(3000)
    assert done.agreement(taken).remaining == euros(3000)
    assert verify(desk) == (True, 0, [])


def test_a_merger_keeps_what_the_other_lender_has(desk: Desk) -> None:
    terms = bank_pb2.Agreement(
        reference="AUTRE", scope=bank_pb2.TERRITORY_SCOPE_NATIONAL, start_date=day(2024, 1, 1)
    )
    desk.edit("CreateAgreement", parent=OTHER, agreement_id="fcs", agreement=terms)
    desk.edit("CreateLocalConvention", parent=OTHER, local_convention=convention(reference="CIAS"))
    desk.edit("SuspendAgreement", name=AGREEMENT, effective_date=day(2026, 12, 15), end_date=day(2027, 2, 1))
    done = merged(desk, day(2027, 1, 1))
    assert [one.code for one in done.answer.warnings] == ["CONVENTION_NOT_MOVED"]
    (new,) = done.answer.agreements
    assert (new.name, new.reference) == (f"{OTHER}/agreements/oust-fcs", "FCS")
    assert [one.start_date for one in new.suspensions] == [day(2027, 1, 1)]
    assert done.agreement(f"{OTHER}/agreements/fcs").reference == "AUTRE"


def test_a_merger_that_cannot_be_is_refused_and_a_wrong_one_undone(desk: Desk) -> None:
    fields = {"name": BANK, "successor": BANK, "effective_date": day(2027, 1, 1)}
    refused(InvalidArgument, "INVALID_FIELDS", desk.edit, "MergeBank", **fields)
    refused(NotFound, "BANK_NOT_FOUND", desk.edit, "MergeBank", **{**fields, "successor": "banks/z"})
    before = desk.bank()
    number = merged(desk, day(2027, 1, 1)).answer.state_number
    again = {**fields, "successor": OTHER}
    refused(FailedPrecondition, "ALREADY_ENDED", desk.edit, "MergeBank", **again)
    round_trip = {"name": OTHER, "successor": BANK, "effective_date": day(2027, 1, 1)}
    refused(InvalidArgument, "INVALID_FIELDS", desk.edit, "MergeBank", **round_trip)
    for name in (BANK, OTHER):
        desk.edit("UndoChange", name=name, undone_state_number=number, correct_past=False)
    assert desk.bank() == before
    assert not desk.read("ListAgreements", parent=OTHER).agreements
    assert verify(desk) == (True, 0, [])


def test_a_question_of_the_past_has_the_geography_of_its_day(desk: Desk) -> None:
    terms = bank_pb2.Agreement(
        reference="ANJOU",
        scope=bank_pb2.TERRITORY_SCOPE_DEPARTEMENTS,
        territory_codes=["49"],
        start_date=day(2015, 1, 1),
    )
    desk.edit("CreateAgreement", parent=OTHER, agreement_id="anjou", agreement=terms)

    def answer(on: str) -> tuple[str, int, list[str]]:
        found = desk.read("CheckBank", name=OTHER, loan_request=loan(on, commune="49144"))
        return found.commune_insee, found.geography_year, [one.code for one in found.check.reasons]

    assert answer("2017-12-31") == ("49144", 2019, [])
    assert answer("2018-01-01") == ("44180", 2019, ["OUT_OF_TERRITORY"])
    assert answer("2026-12-01") == ("44180", 2026, ["OUT_OF_TERRITORY"])
    past = desk.read("CheckBank", name=OTHER, loan_request=loan("2018-01-01", commune="49144"))
    assert "composition de 2019" in past.check.reasons[0].message.replace("\u00a0", " ")


def test_past_questions_are_asked_again_by_each_edit_and_what_changes_is_told(desk: Desk) -> None:
    questions = [
        exchange_pb2.PastQuestion(bank=BANK, loan_request=loan("2026-03-15")),
        exchange_pb2.PastQuestion(loan_request=loan("2027-03-15")),
        exchange_pb2.PastQuestion(bank=OTHER, loan_request=loan("2026-03-15")),
    ]
    ended = desk.edit(
        "EndBank", name=BANK, effective_date=day(2027, 1, 1), questions=questions, validate_only=True
    )
    assert ended.effect.question_count == 3
    (answer,) = ended.effect.answers
    assert "15 mars 2027" in answer.question.replace("\u00a0", " ")
    assert (answer.before, answer.after in ("", "possible")) == ("possible", False)
    wrong = [exchange_pb2.PastQuestion(loan_request=loan(amount="-1.00"))]
    error = refused(
        InvalidArgument, "INVALID_FIELDS", desk.edit, "UndoChange", name=BANK, undone_state_number=1,
        questions=wrong,
    )  # fmt: skip
    assert [one.field for one in error.violations] == ["questions[0].loan_request.amount"]


def test_the_events_of_all_the_lenders_are_those_of_each(desk: Desk) -> None:
    every = desk.read("ListBankEvents", parent="banks/-", page_size=200).events
    for name in (BANK, OTHER):
        own = desk.read("ListBankEvents", parent=name).events
        assert own
        assert [one for one in every if one.bank == name] == list(own)
    numbers = [one.state_number for one in every]
    assert numbers == sorted(numbers, reverse=True)
