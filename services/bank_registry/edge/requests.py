"""Reads requests: every absent or wrong field is collected with its proto path."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from google.protobuf.timestamp_pb2 import Timestamp

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.registry.model import CATEGORY, LoanRequest
from services.bank_registry.registry.names import ID
from services.bank_registry.registry.territory import printed
from services.kit import french, wire
from services.kit.errors import Violations
from services.kit.geography import Commune, Geography

Request = pb.CheckBankRequest | pb.ListSelectableBanksRequest

NAME_PREFIX = "banks/"
MAX_NAMED_COMMUNES = 10
MAX_RATE = 100

_CODE_LIKE = re.compile(r"[0-9A-Za-z]{1,5}")
_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800
_NANOS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Question:
    """A loan, the instant of knowledge (microseconds, None = now), the oldest revision."""

    loan: LoanRequest
    known_instant: int | None
    min_revision: int


def bank_id(name: str, violations: Violations) -> str:
    """The id of a resource name "banks/{bank}"."""
    text = name.removeprefix(NAME_PREFIX)
    if not name.startswith(NAME_PREFIX) or not ID.fullmatch(text):
        violations.add("name", "NAME_MALFORMED", "Le nom du prêteur s’écrit « banks/identifiant ».")
    return text


def question(message: Request, geography: Geography, violations: Violations) -> Question:
    """The whole question; raises InvalidArgument with these violations and all those found before."""
    loan = _loan(message.loan_request, geography, violations)
    instant = _known_instant(message, violations)
    if message.min_revision < 0:
        violations.add("min_revision", "NEGATIVE", "La révision minimale ne peut pas être négative.")
    violations.raise_if_any()
    return Question(cast(LoanRequest, loan), instant, message.min_revision)


def _loan(message: pb.LoanRequest, geography: Geography, violations: Violations) -> LoanRequest | None:
    """What a lender is asked to take; None comes with a violation."""
    path = "loan_request"
    on_date = amount = rate = None
    if _present(message, "on_date", violations):
        on_date = wire.civil_date(message.on_date, f"{path}.on_date", violations)
    commune = _commune(message.commune_insee, geography, violations)
    if _present(message, "amount", violations):
        amount = wire.cents(message.amount, f"{path}.amount", violations)
    if amount is not None and amount <= 0:
        violations.add(f"{path}.amount", "NOT_POSITIVE", "Le montant doit être supérieur à zéro.")
    if _present(message, "months", violations) and message.months <= 0:
        violations.add(f"{path}.months", "NOT_POSITIVE", "Le nombre de mensualités doit être d’au moins 1.")
    if message.HasField("nominal_rate_pct"):
        rate = _rate(message, violations)
    if message.object_category and not CATEGORY.fullmatch(message.object_category):
        text = "Le code de l’objet compte des capitales, des chiffres et des soulignés, comme MOBILITE."
        violations.add(f"{path}.object_category", "CODE_MALFORMED", text)
    if on_date is None or commune is None or amount is None:
        return None
    return LoanRequest(on_date, commune, amount, message.months, rate, message.object_category)


def _known_instant(message: Request, violations: Violations) -> int | None:
    """The knowledge time in microseconds; the future is not known yet."""
    if not message.HasField("known_time"):
        return None
    stamp = message.known_time
    if not _valid(stamp):
        violations.add("known_time", "TIME_IMPOSSIBLE", "Cet instant n’existe pas.")
        return None
    instant = stamp.seconds * 1_000_000 + stamp.nanos // 1000
    if instant > time.time_ns() // 1000:
        violations.add("known_time", "TIME_IN_FUTURE", "L’instant de connaissance est dans le futur.")
    return instant


def _present(message: pb.LoanRequest, field: str, violations: Violations) -> bool:
    if not message.HasField(field):  # type: ignore[arg-type]
        violations.add(f"loan_request.{field}", "REQUIRED", "Ce champ est obligatoire.")
        return False
    return True


def _rate(message: pb.LoanRequest, violations: Violations) -> Decimal | None:
    path = "loan_request.nominal_rate_pct"
    rate = wire.decimal(message.nominal_rate_pct, path, violations)
    if rate is not None and not 0 <= rate <= MAX_RATE:
        violations.add(path, "OUT_OF_RANGE", f"Le taux se compte en pour cent, de 0 à {MAX_RATE}.")
    return rate


def _commune(text: str, geography: Geography, violations: Violations) -> Commune | None:
    path = "loan_request.commune_insee"
    commune = geography.resolve(text)
    if not text:
        violations.add(path, "REQUIRED", "Ce champ est obligatoire.")
    elif served := geography.by_postal_code(text):
        if commune is None:
            expected = f"code INSEE attendu, par exemple {_named(served)}"
            violations.add(path, "POSTAL_CODE", f"{text} est un code postal ; {expected}.")
    elif commune is None:
        violations.add(path, "UNKNOWN_COMMUNE", _unknown_commune(text, geography))
    return commune


def _unknown_commune(text: str, geography: Geography) -> str:
    """A sentence that repeats the text only if it looks like a code: it could be anything else."""
    upper = geography.resolve(text.upper())
    found = (upper,) if upper else geography.suggest(text)
    what = f"Le code {text}" if _CODE_LIKE.fullmatch(text) else "Ce texte"
    hint = (
        f" ; vouliez-vous dire {_named(found)} ?"
        if found
        else " ; un tel code s’écrit comme 56165 (Ploërmel)."
    )
    return f"{what} n’est pas un code INSEE de commune{hint}"


def _named(communes: tuple[Commune, ...]) -> str:
    named = [f"{commune.code} ({printed(commune.name)})" for commune in communes[:MAX_NAMED_COMMUNES]]
    if len(communes) > MAX_NAMED_COMMUNES:
        named.append(french.plural(len(communes) - MAX_NAMED_COMMUNES, "autre"))
    return french.join(named)


def _valid(stamp: Timestamp) -> bool:
    return _YEAR_1 <= stamp.seconds < _YEAR_10000 and 0 <= stamp.nanos < _NANOS_PER_SECOND
