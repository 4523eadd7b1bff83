"""The columns of the flat layout: a row holds the terms of a lender, of an agreement and of a convention.

Each column has two ways: from a cell to the field of the JSON form, and from a fact to the cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from operator import attrgetter as get
from typing import Any

from services.bank_registry.files import lists
from services.bank_registry.registry import ALWAYS, KINDS, SCOPES, fold
from services.kit import tables
from services.kit.tables import Bad, Cell

SHEET = "Prêteurs"
Show = Callable[[Any], Cell]


class Group(Enum):
    """What a column is about; its value is the list that holds it in the JSON form."""

    LENDER = ""
    AGREEMENT = "agreements"
    CONVENTION = "local_conventions"


@dataclass(frozen=True, slots=True)
class Form:
    """How a cell is read, its number format in a workbook, and how the JSON form writes its value."""

    parse: tables.Parse[Any]
    excel: str = "@"
    plain: Callable[[Any], object] = lambda value: value

    def read(self, cell: object) -> object:
        """The value of a cell that is not blank, as the JSON form writes it, or Bad."""
        found = self.parse(cell)
        return found if isinstance(found, Bad) else self.plain(found)


def _amount(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):f}"


def _rate(percent: Decimal) -> str:
    return f"{percent:f}"


TEXT, CODE, CODES = Form(tables.text), Form(tables.code), Form(tables.codes)
KIND, SCOPE = Form(tables.choice(KINDS)), Form(tables.choice(SCOPES))
SUSPENSIONS, CONTACTS = Form(lists.suspensions), Form(lists.contacts)
DAY, COUNT = Form(tables.day, "dd/mm/yyyy", date.isoformat), Form(tables.integer, "0")
MONEY, PERCENT = Form(tables.money, "#,##0.00", _amount), Form(tables.percent, "General", _rate)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what it is about, its field in the JSON form, and both ways."""

    name: str
    group: Group
    field: str
    form: Form
    show: Show
    required: bool = False


def _columns(group: Group, *rows: tuple[str, str, Form, Show], required: tuple[str, ...]) -> list[Column]:
    return [Column(name, group, field, form, show, field in required) for name, field, form, show in rows]


def _euros(path: str) -> Show:
    def show(fact: Any) -> Cell:
        cents = get(path)(fact)
        return None if cents is None else Decimal(cents).scaleb(-2)

    return show


def _line(number: int) -> Show:
    return lambda fact: "".join(fact.address_lines[number : number + 1])


LENDER = _columns(
    Group.LENDER,
    ("identifiant", "id", TEXT, get("id")),
    ("nom", "name", TEXT, get("name")),
    ("type", "kind", KIND, lambda fact: KINDS[fact.kind]),
    ("SIREN", "siren", CODE, get("siren")),
    ("SIRET", "siret", CODE, get("siret")),
    ("réseau", "network", TEXT, get("network")),
    ("code banque (CIB)", "cib", CODE, get("cib")),
    ("BIC", "bic", CODE, get("bic")),
    ("LEI", "lei", CODE, get("lei")),
    ("repreneur", "successor", TEXT, get("successor")),
    ("prêteur depuis le", "start", DAY, lambda fact: _since(fact.period.first)),
    ("prêteur jusqu’au", "end", DAY, get("period.last")),
    ("suspensions du prêteur", "suspensions", SUSPENSIONS, lambda fact: lists.suspended(fact.suspensions)),
    required=("id", "name", "kind", "siren"),
)
AGREEMENT = _columns(
    Group.AGREEMENT,
    ("accord", "id", TEXT, get("id")),
    ("référence de l’accord", "reference", TEXT, get("reference")),
    ("gestionnaire", "manager", TEXT, get("manager")),
    ("territoire", "scope", SCOPE, lambda fact: SCOPES[fact.territory.scope]),
    ("codes du territoire", "territories", CODES, lambda fact: ", ".join(fact.territory.codes)),
    ("début de l’accord", "start", DAY, get("period.first")),
    ("dernier jour de l’accord", "end", DAY, get("period.last")),
    ("suspensions de l’accord", "suspensions", SUSPENSIONS, lambda fact: lists.suspended(fact.suspensions)),
    ("part garantie (%)", "guarantee_share_pct", PERCENT, get("guarantee_share")),
    ("enveloppe (€)", "envelope", MONEY, _euros("envelope")),
    ("engagé hors registre (€)", "committed", MONEY, _euros("committed")),
    ("montant minimal (€)", "amount_min", MONEY, _euros("amount.least")),
    ("montant maximal (€)", "amount_max", MONEY, _euros("amount.greatest")),
    ("durée minimale (mois)", "months_min", COUNT, get("months.least")),
    ("durée maximale (mois)", "months_max", COUNT, get("months.greatest")),
    ("taux minimal (%)", "rate_min_pct", PERCENT, get("rate.least")),
    ("taux maximal (%)", "rate_max_pct", PERCENT, get("rate.greatest")),
    ("règle de taux", "rate_rule", TEXT, get("rate_rule")),
    ("objets acceptés", "accepted_objects", CODES, lambda fact: ", ".join(fact.accepted_objects)),
    ("pièce justificative", "evidence", TEXT, get("evidence")),
    ("vérifié le", "verified_on", DAY, get("verified_on")),
    required=("reference", "scope", "territories", "start", "end"),
)
CONVENTION = _columns(
    Group.CONVENTION,
    ("convention", "id", TEXT, get("id")),
    ("référence de la convention", "reference", TEXT, get("reference")),
    ("début de la convention", "start", DAY, get("period.first")),
    ("dernier jour de la convention", "end", DAY, get("period.last")),
    (
        "suspensions de la convention",
        "suspensions",
        SUSPENSIONS,
        lambda fact: lists.suspended(fact.suspensions),
    ),
    ("service destinataire", "contact_name", TEXT, get("contact_name")),
    ("adresse 1", "address_lines[0]", TEXT, _line(0)),
    ("adresse 2", "address_lines[1]", TEXT, _line(1)),
    ("adresse 3", "address_lines[2]", TEXT, _line(2)),
    ("code postal", "postal_code", CODE, get("postal_code")),
    ("ville", "city", TEXT, get("city")),
    ("courriel", "email", TEXT, get("email")),
    ("téléphone", "phone", TEXT, get("phone")),
    ("délai de réponse (jours)", "answer_days", COUNT, get("answer_days")),
    ("autres contacts", "contacts", CONTACTS, lambda fact: lists.contacts_of(fact.contacts)),
    required=("start", "contact_name", "address_lines[0]", "postal_code", "city"),
)
COLUMNS = (*LENDER, *AGREEMENT, *CONVENTION)
NAMES = {
    **{("earlier_terms", column.field): column.name for column in LENDER},
    **{(column.group.value, column.field.partition("[")[0]): column.name for column in reversed(COLUMNS)},
}
"""The names of the columns by list and field of the JSON form."""

_BY_FOLD = {fold(column.name): column for column in COLUMNS}


def find(name: str) -> Column | None:
    """The column of a header, whatever its accents, case and punctuation."""
    return _BY_FOLD.get(fold(name))


def _since(start: date) -> Cell:
    return None if start == ALWAYS.first else start
