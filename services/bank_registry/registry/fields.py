"""The fields of a lender, of an agreement and of a local convention: the one table that describes them.

Five readers follow it: rows of the store, messages, files (columns and JSON), sentences about changes, and
the command line. A field of a resource is a line here, and an attribute of its record in `model`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import cache
from operator import attrgetter
from typing import Any

from services.bank_registry.registry.model import Agreement, Bank, Bounds, Contact, LocalConvention
from services.bank_registry.registry.territory import Territory

ADDRESS_LINES, ADDRESS_LINE_LENGTH, CITY_LENGTH = 3, 38, 45
"""A French postal block (NF Z10-011) less the name, the service and the line of the town."""
LONGEST_TEXT = 200

_getter = cache(attrgetter)


class Kind(IntEnum):
    """What the value of a field is, in Python: the readers say how it is written where they are.

    An integer hashes ten times faster than a plain member, and every value read or written looks one up.
    """

    ID = auto()
    """A text, part of the resource name."""
    TEXT = auto()
    CODE = auto()
    """A text whose spaces do not count in a table."""
    LENDER = auto()
    """The id of another lender."""
    LENDER_KIND = auto()
    SCOPE = auto()
    CODES = auto()
    """A tuple of texts."""
    LINES = auto()
    """A tuple of texts, one column each."""
    FIRST_DAY = auto()
    LAST_DAY = auto()
    """A date, included; absent = without end. Messages and the store give the day after it."""
    DAY = auto()
    MONEY = auto()
    """Cents."""
    PERCENT = auto()
    """A Decimal."""
    COUNT = auto()
    CONTACTS = auto()
    SUSPENSIONS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a resource; `name` is that of messages, and of all that says nothing else."""

    name: str
    kind: Kind
    column: str = ""
    """Title in a table; for several lines, what comes before their numbers."""
    label: str = ""
    """In sentences about changes; none where another field, or another sentence, tells the change."""
    path: str = ""
    """In the record: `amount.least`."""
    key: str = ""
    """In the JSON form."""
    sql: str = ""
    """Column of the store."""
    required: bool = False
    expected: bool = False
    """A table that speaks of the resource must have the column, be it empty."""
    longest: int = LONGEST_TEXT
    bounds: tuple[int, int] = (0, 0)
    """Of a COUNT, both included."""

    def of(self, record: object) -> Any:
        """The value in a record."""
        return _getter(self.path or self.name)(record)

    @property
    def json(self) -> str:
        """Name in the JSON form."""
        return self.key or self.name

    @property
    def stored(self) -> str:
        """Name of the column of the store."""
        return self.sql or self.name


_MONTHS, _ANSWER_DAYS = (1, 600), (0, 366)


def _days(first: str, last: str, suspensions: str, *, required: bool, expected: bool) -> tuple[Field, ...]:
    """What every resource has: its days, its suspensions."""
    return (
        Field(
            name="start_date",
            kind=Kind.FIRST_DAY,
            column=first,
            path="period.first",
            key="start",
            required=required,
        ),
        Field(
            name="end_date", kind=Kind.LAST_DAY, column=last, path="period.last", key="end", expected=expected
        ),
        Field(name="suspensions", kind=Kind.SUSPENSIONS, column=suspensions),
    )


BANK = (
    Field(name="id", kind=Kind.ID, column="identifiant", required=True),
    Field(
        name="display_name",
        kind=Kind.TEXT,
        column="nom",
        label="nom",
        path="name",
        key="name",
        sql="name",
        required=True,
    ),
    Field(name="kind", kind=Kind.LENDER_KIND, column="type", label="nature", required=True),
    Field(name="siren", kind=Kind.CODE, column="SIREN", label="SIREN", required=True),
    Field(name="siret", kind=Kind.CODE, column="SIRET", label="SIRET"),
    Field(name="network", kind=Kind.TEXT, column="réseau", label="réseau"),
    Field(name="cib", kind=Kind.CODE, column="code banque (CIB)", label="code banque"),
    Field(name="bic", kind=Kind.CODE, column="BIC", label="BIC"),
    Field(name="lei", kind=Kind.CODE, column="LEI", label="LEI"),
    Field(name="successor", kind=Kind.LENDER, column="repreneur", label="repreneur"),
    *_days("prêteur depuis le", "prêteur jusqu’au", "suspensions du prêteur", required=False, expected=False),
)
AGREEMENT = (
    Field(name="id", kind=Kind.ID, column="accord"),
    Field(name="reference", kind=Kind.TEXT, column="référence de l’accord", label="référence", required=True),
    Field(name="manager", kind=Kind.TEXT, column="gestionnaire", label="gestionnaire du fonds"),
    Field(
        name="scope",
        kind=Kind.SCOPE,
        column="territoire",
        label="territoire",
        path="territory.scope",
        required=True,
    ),
    Field(
        name="territory_codes",
        kind=Kind.CODES,
        column="codes du territoire",
        path="territory.codes",
        key="territories",
        expected=True,
    ),
    *_days(
        "début de l’accord",
        "dernier jour de l’accord",
        "suspensions de l’accord",
        required=True,
        expected=True,
    ),
    Field(
        name="guarantee_share_pct",
        kind=Kind.PERCENT,
        column="part garantie (%)",
        label="part garantie (%)",
        path="guarantee_share",
        sql="guarantee_share",
    ),
    Field(name="envelope", kind=Kind.MONEY, column="enveloppe (€)", label="enveloppe"),
    Field(
        name="committed",
        kind=Kind.MONEY,
        column="engagé hors registre (€)",
        label="montant engagé ailleurs",
    ),
    Field(
        name="amount_min",
        kind=Kind.MONEY,
        column="montant minimal (€)",
        label="montants acceptés",
        path="amount.least",
    ),
    Field(name="amount_max", kind=Kind.MONEY, column="montant maximal (€)", path="amount.greatest"),
    Field(
        name="months_min",
        kind=Kind.COUNT,
        column="durée minimale (mois)",
        label="durées acceptées (mois)",
        path="months.least",
        bounds=_MONTHS,
    ),
    Field(
        name="months_max",
        kind=Kind.COUNT,
        column="durée maximale (mois)",
        path="months.greatest",
        bounds=_MONTHS,
    ),
    Field(
        name="rate_min_pct",
        kind=Kind.PERCENT,
        column="taux minimal (%)",
        label="taux acceptés (%)",
        path="rate.least",
        sql="rate_min",
    ),
    Field(
        name="rate_max_pct",
        kind=Kind.PERCENT,
        column="taux maximal (%)",
        path="rate.greatest",
        sql="rate_max",
    ),
    Field(name="rate_rule", kind=Kind.TEXT, column="règle de taux", label="règle de taux"),
    Field(name="accepted_objects", kind=Kind.CODES, column="objets acceptés", label="objets acceptés"),
    Field(name="evidence", kind=Kind.TEXT, column="pièce justificative", label="pièce"),
    Field(name="verified_on", kind=Kind.DAY, column="vérifié le", label="dernière vérification"),
    Field(name="continues", kind=Kind.CODE, column="reprend l’accord", label="accord repris"),
)
CONVENTION = (
    Field(name="id", kind=Kind.ID, column="convention", sql="convention_id"),
    Field(name="reference", kind=Kind.TEXT, column="référence de la convention", label="référence"),
    *_days(
        "début de la convention",
        "dernier jour de la convention",
        "suspensions de la convention",
        required=True,
        expected=False,
    ),
    Field(
        name="contact_name",
        kind=Kind.TEXT,
        column="service destinataire",
        label="service destinataire",
        required=True,
    ),
    Field(
        name="address_lines",
        kind=Kind.LINES,
        column="adresse",
        label="adresse",
        expected=True,
        longest=ADDRESS_LINE_LENGTH,
    ),
    Field(name="postal_code", kind=Kind.CODE, column="code postal", label="code postal", required=True),
    Field(name="city", kind=Kind.TEXT, column="ville", label="ville", required=True, longest=CITY_LENGTH),
    Field(name="email", kind=Kind.TEXT, column="courriel", label="adresse électronique"),
    Field(name="phone", kind=Kind.TEXT, column="téléphone", label="téléphone"),
    Field(
        name="answer_days",
        kind=Kind.COUNT,
        column="délai de réponse (jours)",
        label="délai de réponse (jours)",
        bounds=_ANSWER_DAYS,
    ),
    Field(name="contacts", kind=Kind.CONTACTS, column="autres contacts", label="contacts"),
)
CONTACT = (
    Field(name="role", kind=Kind.TEXT, required=True),
    Field(name="display_name", kind=Kind.TEXT, path="name", key="name"),
    Field(name="email", kind=Kind.TEXT),
    Field(name="phone", kind=Kind.TEXT),
)
"""The fields of a contact, which are columns of nothing."""
SUSPENSION = (
    Field(name="start_date", kind=Kind.FIRST_DAY, path="period.first", key="start", required=True),
    Field(name="end_date", kind=Kind.LAST_DAY, path="period.last", key="end"),
    Field(name="reason", kind=Kind.TEXT),
)
"""The fields of a suspension, likewise."""

FIELDS: Mapping[type, Sequence[Field]] = {Bank: BANK, Agreement: AGREEMENT, LocalConvention: CONVENTION}
"""The fields of each type of record."""

_WHOLES = {"territory": Territory, "amount": Bounds, "months": Bounds, "rate": Bounds}


class _Shape:
    """Which attributes of a record its fields make, found once: a file makes forty thousand records."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.plain: list[tuple[str, str]] = []
        self.wholes: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for field in fields:
            whole, _, part = (field.path or field.name).partition(".")
            if whole != "period":
                (self.wholes[whole] if part else self.plain).append((part or whole, field.name))


_SHAPES = {kind: _Shape(fields) for kind, fields in {**FIELDS, Contact: CONTACT}.items()}


def attributes(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a record from values by name of field, all but its days: a value of two fields is one
    attribute (the bounds of an amount), its default if they have none."""
    shape = _SHAPES[kind]
    found = {name: values[field] for name, field in shape.plain}
    for whole, parts in shape.wholes.items():
        given = {part: values[field] for part, field in parts}
        if any(value is not None for value in given.values()):
            found[whole] = _WHOLES[whole](**given)
    return found
