"""Reads requests and filters: every absent or wrong field is collected with its proto path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from google.protobuf.timestamp_pb2 import Timestamp

from microcredit.bankregistry.v1 import bank_pb2, envelope_service_pb2
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.registry import (
    CATEGORY,
    BankKind,
    BankState,
    Commune,
    Departement,
    Geography,
    LoanRequest,
    ReservationState,
    Wanted,
    printed,
)
from services.kit import french, wire
from services.kit.errors import FieldReason, Violations

NAME_PREFIX = "banks/"
MAX_NAMED_COMMUNES = 10
MAX_RATE = 100

_CODE_LIKE = re.compile(r"[0-9A-Za-z]{1,5}")
_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800
_NANOS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Question:
    """A loan, the instant of knowledge (microseconds, None = now), the oldest state_number."""

    loan: LoanRequest
    known_instant: int | None
    min_state_number: int


@dataclass(frozen=True)
class Sight:
    """The day whose terms are asked for (None = the latest), the instant of knowledge (microseconds, None =
    now), the oldest state_number."""

    day: date | None
    known_instant: int | None
    min_state_number: int


def question(message: Any, geography: Geography, violations: Violations, clock: int) -> Question:
    """The whole question; raises InvalidArgument with these violations and all those found before."""
    asked = loan(message.loan_request, "loan_request", geography, violations)
    instant = known_instant(message, violations, clock)
    check_state_number(message.min_state_number, "min_state_number", violations)
    violations.raise_if_any()
    return Question(cast(LoanRequest, asked), instant, message.min_state_number)


def sight(message: Any, violations: Violations, clock: int, *, day_required: bool = False) -> Sight:
    """What a read wants to see."""
    day = None
    if message.HasField("on_date"):
        day = wire.civil_date(message.on_date, "on_date", violations)
    elif day_required:
        violations.add("on_date", FieldReason.REQUIRED, "Ce champ est obligatoire avec ces filtres.")
    check_state_number(message.min_state_number, "min_state_number", violations)
    return Sight(day, known_instant(message, violations, clock), message.min_state_number)


def check_state_number(state_number: int, field: str, violations: Violations) -> None:
    """A state_number is never negative."""
    if state_number < 0:
        violations.add(field, FieldReason.OUT_OF_RANGE, "Un numéro d’état ne peut pas être négatif.")


def loan(
    message: pb.LoanRequest, path: str, geography: Geography, violations: Violations
) -> LoanRequest | None:
    """What a lender is asked to take; None comes with a violation."""
    on_date = amount = rate = None
    if _present(message, "on_date", path, violations):
        on_date = wire.civil_date(message.on_date, f"{path}.on_date", violations)
    commune = commune_of(message.commune_insee, f"{path}.commune_insee", geography, violations, on_date)
    if _present(message, "amount", path, violations):
        amount = wire.cents(message.amount, f"{path}.amount", violations)
    if amount is not None and amount <= 0:
        violations.add(f"{path}.amount", FieldReason.OUT_OF_RANGE, "Le montant doit être supérieur à zéro.")
    if _present(message, "months", path, violations) and message.months <= 0:
        violations.add(
            f"{path}.months", FieldReason.OUT_OF_RANGE, "Le nombre de mensualités doit être d’au moins 1."
        )
    if message.HasField("nominal_rate_pct"):
        rate = _rate(message, f"{path}.nominal_rate_pct", violations)
    if message.object_category and not CATEGORY.fullmatch(message.object_category):
        text = "Le code de l’objet compte des capitales, des chiffres et des soulignés, comme MOBILITE."
        violations.add(f"{path}.object_category", FieldReason.MALFORMED, text)
    if on_date is None or commune is None or amount is None:
        return None
    return LoanRequest(on_date, commune, amount, message.months, rate, message.object_category)


def known_instant(message: Any, violations: Violations, clock: int) -> int | None:
    """The knowledge time in microseconds; what is after the clock of the registry is not known yet."""
    if not message.HasField("known_time"):
        return None
    stamp = message.known_time
    if not _valid(stamp):
        violations.add("known_time", FieldReason.NOT_IN_CALENDAR, "Cet instant n’existe pas.")
        return None
    instant = int(stamp.seconds) * 1_000_000 + int(stamp.nanos) // 1000
    if instant > clock:
        violations.add("known_time", FieldReason.IN_FUTURE, "L’instant de connaissance est dans le futur.")
    return instant


def _present(message: Any, field: str, path: str, violations: Violations) -> bool:
    if not message.HasField(field):
        violations.add(f"{path}.{field}", FieldReason.REQUIRED, "Ce champ est obligatoire.")
        return False
    return True


def _rate(message: pb.LoanRequest, path: str, violations: Violations) -> Decimal | None:
    rate = wire.decimal(message.nominal_rate_pct, path, violations)
    if rate is not None and not 0 <= rate <= MAX_RATE:
        violations.add(path, FieldReason.OUT_OF_RANGE, f"Le taux se compte en pour cent, de 0 à {MAX_RATE}.")
    return rate


def commune_of(
    text: str, path: str, geography: Geography, violations: Violations, day: date | None = None
) -> Commune | None:
    """The commune of an INSEE code, today's or that of a day, former codes followed."""
    commune = geography.resolve(text, day)
    if not text:
        violations.add(path, FieldReason.REQUIRED, "Ce champ est obligatoire.")
    elif served := geography.by_postal_code(text):
        if commune is None:
            expected = f"code INSEE attendu, par exemple {_named(served)}"
            violations.add(path, FieldReason.POSTAL_CODE, f"{text} est un code postal ; {expected}.")
    elif commune is None:
        violations.add(path, FieldReason.UNKNOWN_PLACE, _unknown_commune(text, geography))
    return commune


def _unknown_commune(text: str, geography: Geography) -> str:
    """A sentence that repeats the text only if it looks like a code: it could be anything else."""
    upper = geography.resolve(text.upper())
    found = (upper,) if upper else geography.suggest(text)
    what = f"Le code {text}" if _CODE_LIKE.fullmatch(text) else "Ce texte"
    hint = (
        f" ; vouliez-vous dire {_named(found)} ?"
        if found
        else " ; un tel code s’écrit comme 56165 (Ploërmel)."
    )
    return f"{what} n’est pas un code INSEE de commune{hint}"


def _named(communes: tuple[Commune, ...]) -> str:
    named = [f"{commune.code} ({printed(commune.name)})" for commune in communes[:MAX_NAMED_COMMUNES]]
    if len(communes) > MAX_NAMED_COMMUNES:
        named.append(french.plural(len(communes) - MAX_NAMED_COMMUNES, "autre"))
    return french.join(named)


def _valid(stamp: Timestamp) -> bool:
    return _YEAR_1 <= stamp.seconds < _YEAR_10000 and 0 <= stamp.nanos < _NANOS_PER_SECOND


LONGEST_QUERY = 100


def wanted(request: pb.ListBanksRequest, geography: Geography, violations: Violations) -> Wanted:
    """The filters on lenders."""
    commune = None
    if request.commune_insee:
        commune = commune_of(request.commune_insee, "commune_insee", geography, violations)
    kinds = [_known(bank_pb2.BankKind, one, "kinds", violations) for one in request.kinds]
    states = [_known(pb.BankState, one, "states", violations) for one in request.states]
    return Wanted(
        wire.line(request.query, "query", violations, longest=LONGEST_QUERY),
        frozenset(BankKind(name.removeprefix("BANK_KIND_")) for name in kinds if name),
        frozenset(BankState(name.removeprefix("BANK_STATE_")) for name in states if name),
        commune,
        wire.line(request.manager, "manager", violations, longest=LONGEST_QUERY),
        request.verification_due_only,
    )


def reservation_states(
    request: envelope_service_pb2.ListReservationsRequest, violations: Violations
) -> frozenset[ReservationState]:
    """The states asked for; empty = all."""
    enum = envelope_service_pb2.ReservationState
    found = [_known(enum, one, "states", violations) for one in request.states]
    return frozenset(ReservationState(name.removeprefix("RESERVATION_STATE_")) for name in found if name)


def commune_query(
    request: pb.SearchCommunesRequest, geography: Geography, violations: Violations
) -> tuple[str, Departement | None]:
    """What to look for, and in which département (None = all)."""
    query = wire.line(request.query, "query", violations, longest=LONGEST_QUERY, required=True)
    code = request.departement_code.strip().upper()
    departement = geography.departement(code)
    if code and departement is None:
        text = "Ce code n’est pas celui d’un département, comme 56, 2A ou 974."
        violations.add("departement_code", FieldReason.UNKNOWN_PLACE, text)
    return query, departement


def _known(enum: object, number: int, path: str, violations: Violations) -> str:
    """The name of a value, empty with a violation if it is none."""
    values = enum.DESCRIPTOR.values_by_number  # type: ignore[attr-defined]
    if number == 0 or number not in values:
        violations.add(path, FieldReason.UNKNOWN_VALUE, "Cette valeur n’est pas l’une de celles de la liste.")
        return ""
    return str(values[number].name)
