"""facts.yaml: what the rules may read of an application."""

from __future__ import annotations

import re
from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

from services.eligibility.package.facts import (
    APPLICATION_FACTS,
    FORMATS,
    Fact,
    PersonalData,
    WhenAbsent,
)
from services.eligibility.package.model import MISSING_FACTS, REQUIRED_DOCUMENTS
from services.eligibility.package.tables import Table, parse_literal
from services.eligibility.package.tree import NO_LABELS, ORDERED, Kind, Value, ValueType
from services.kit.findings import Place
from services.kit.french import typeset

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)?")
MAX_NAME = 60
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_RESERVED = frozenset({"known", "id", "sid", "kind", MISSING_FACTS, REQUIRED_DOCUMENTS})
"""Names that the language or the engine keeps for itself."""
_KINDS = {kind.value: kind for kind in Kind}
_ABSENCES = {word.value: word for word in WhenAbsent}
_CLASSES = {word.value: word for word in PersonalData}
_SOURCES = {"application": False, "additional": True}


def read_facts(table: Table) -> dict[str, Fact]:
    """The facts by name, in the order of the file."""
    facts: dict[str, Fact] = {}
    for name, place, row in table.rows():
        fact = _read_fact(name, place, row)
        if fact is not None:
            facts[name] = fact
    request_date = facts.get("request_date")
    if request_date is None or request_date.when_absent is not WhenAbsent.REFUSED:
        table.fail("request_date", "Le fait « request_date » est obligatoire, et son absence est refusée.")
    for fact in facts.values():
        documents = facts.get("documents")
        if fact.proof_document and (documents is None or fact.proof_document not in documents.type.labels):
            table.fail(
                fact.name, f"La pièce « {fact.proof_document} » n’est pas dans la liste de « documents »."
            )
    return facts


def check_name(table: Table, name: str, place: Place) -> bool:
    """Records a finding when a name of fact, parameter or calculation is not well formed."""
    taken = name in _RESERVED or any(map(iskeyword, name.split(".")))
    if _NAME.fullmatch(name) and len(name) <= MAX_NAME and not taken:
        return True
    table.fail_at(
        place, f"Le nom « {name} » n’est pas admis : minuscules, chiffres et « _ », un point au plus."
    )
    return False


def read_labels(table: Table, key: str) -> Mapping[str, str]:
    """Codes in capitals with their French labels."""
    rows = table.table(key)
    if rows is None:
        return NO_LABELS
    labels: dict[str, str] = {}
    for code, place, label in rows.words():
        if not _CODE.fullmatch(code):
            table.fail_at(place, f"Le code « {code} » s’écrit en capitales, chiffres et « _ ».")
        labels[code] = typeset(label.text)
    return labels


def _read_fact(name: str, place: Place, row: Table) -> Fact | None:
    kind = row.choice("type", _KINDS)
    if not check_name(row, name, place) or kind is None:
        return None
    _check_source(name, kind, row)
    labels = read_labels(row, "codes") if kind in (Kind.CODE, Kind.CODES) else NO_LABELS
    bounded = kind in ORDERED
    fact = Fact(
        name=name,
        type=ValueType(kind, name if kind in (Kind.CODE, Kind.CODES, Kind.TEXT) else "", labels, _unit(row)),
        label=row.typeset("label"),
        question=row.typeset("question", required=False),
        when_absent=row.choice("when_absent", _ABSENCES, default=WhenAbsent.REFUSED) or WhenAbsent.REFUSED,
        minimum=_bound(row, "minimum", kind) if bounded else None,
        maximum=_bound(row, "maximum", kind) if bounded else None,
        not_in_future=row.flag("not_in_future") if kind is Kind.DATE else False,
        format=row.choice("format", FORMATS) if kind is Kind.TEXT and "format" in row else None,
        proof_document=row.text("proof_document", required=False),
        personal_data=row.choice("personal_data", _CLASSES) or PersonalData.ORDINARY,
    )
    for key in ("asked_when", "actionable"):
        row.node(key, required=False)  # read by fact_conditions, once every fact and parameter is known
    low: Any = fact.minimum
    if low is not None and fact.maximum is not None and low > fact.maximum:
        row.fail("minimum", "Le minimum dépasse le maximum.")
    if fact.when_absent is WhenAbsent.NO and kind is not Kind.BOOLEAN:
        row.fail("when_absent", "Seul un oui/non peut valoir « non » quand il est absent.")
    if fact.when_absent is WhenAbsent.MISSING and not fact.question:
        row.fail("when_absent", "Un fait à réclamer a besoin d’une question.")
    row.close()
    return fact


def _unit(row: Table) -> str:
    return row.text("unit", required=False)


def _bound(row: Table, key: str, kind: Kind) -> Value | None:
    return row.parsed(key, lambda text: parse_literal(kind, text), required=False)


def _check_source(name: str, kind: Kind, row: Table) -> None:
    additional = row.choice("source", _SOURCES, default=False)
    allowed = APPLICATION_FACTS.get(name)
    if additional and allowed is not None:
        row.fail("source", f"« {name} » est un champ de la demande, pas un fait ajouté.")
    elif not additional and allowed is None:
        row.fail(
            "source",
            f"« {name} » n’est pas un champ de la demande : un fait ajouté porte « source: additional ».",
        )
    elif allowed is not None and kind not in allowed:
        words = " ou ".join(sorted(option.value for option in allowed))
        row.fail("type", f"Le champ « {name} » de la demande est de type {words}.")
