"""What is said of each item of a package, word by word, the dated values of a parameter included: the ground
on which two versions are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.eligibility.package import (
    FRENCH_KINDS,
    NOTHING,
    Case,
    DatedValue,
    Decision,
    Derived,
    Direction,
    Fact,
    Identity,
    Lever,
    Parameter,
    PersonalData,
    Property,
    Rule,
    RuleSeverity,
    Value,
    ValueType,
    WhenAbsent,
    Words,
    codes_of,
    display,
    listed,
    names,
    quoted,
)
from services.kit.dates import Period
from services.kit.french import join, long_date, plural, spaced

_NAMED = 8
"""Codes added to or removed from a list are named up to this number, then counted."""
TITLE = "intitulé"
"""The word whose text names the item."""
VERSION = "version"
ASKED = "demande"
"""First word of what a case asks, fact by fact: too long for a new case, useful where it changes."""
Attributes = dict[str, str]
"""French text by French word."""

SEVERITIES = {
    RuleSeverity.BLOCKING: "bloquante",
    RuleSeverity.MISSING: "dossier incomplet",
    RuleSeverity.RESERVE: "réserve",
}

WHEN_ABSENT = {
    WhenAbsent.REFUSED: "toujours exigée",
    WhenAbsent.MISSING: "réclamée",
    WhenAbsent.UNKNOWN: "« on ne sait pas » est admis",
    WhenAbsent.NO: "vaut non",
    WhenAbsent.NOT_APPLICABLE: "sans objet",
}

_PERSONAL = {PersonalData.NONE: "non", PersonalData.ORDINARY: "oui", PersonalData.SENSITIVE: "sensible"}
_DIRECTIONS = {Direction.LESS: "jamais plus", Direction.MORE: "jamais moins", Direction.ANY: "les deux"}
_YES_NO = {True: "oui", False: "non"}


def said_period(period: Period) -> str:
    """« à partir du 1er janvier 2027 », « du … au … inclus »."""
    if period.last is None:
        return f"à partir du {long_date(period.first)}"
    return f"du {long_date(period.first)} au {long_date(period.last)} inclus"


def said_values(parameter: Parameter) -> tuple[str, ...]:
    """Every value of a parameter with its period and its reference."""
    return tuple(_line(parameter, dated) for dated in parameter.values)


def changed_values(before: Parameter, after: Parameter) -> tuple[str, ...]:
    """From which day which value differs; a value whose end only moved says nothing by itself."""
    lines: list[str] = []
    told: tuple[object, ...] = ()
    for day in sorted({dated.period.first for dated in (*before.values, *after.values)}):
        old, new = _value_on(before, day), _value_on(after, day)
        told_now = (_content(old), _content(new))
        if told_now != told and told_now[0] != told_now[1]:
            lines.append(spaced(f"à partir du {long_date(day)} : {said_change(before, after, old, new)}"))
        told = told_now
    return tuple(lines)


@dataclass(frozen=True)
class ValuePair:
    """What a value is before and after a change, from a first day on, and the text that sets it then."""

    first: date
    before: str
    after: str
    reference: str


def value_pairs(before: Parameter | None, after: Parameter | None) -> Iterator[ValuePair]:
    """From which day which value differs, or is in one of the two only; a value whose end only moved says
    nothing by itself."""
    told: tuple[Value | None, Value | None] | None = None
    for day in sorted({dated.period.first for one in (before, after) if one for dated in one.values}):
        old, new = (_value_on(one, day) if one else None for one in (before, after))
        now = (old.value if old else None, new.value if new else None)
        if now != told and now[0] != now[1]:
            yield ValuePair(day, _said(before, old), _said_after(before, after, old, new), _set_by(new))
        told = now


def _said(parameter: Parameter | None, dated: DatedValue | None) -> str:
    return listed(dated.value, parameter.type) if parameter and dated else NOTHING


def _said_after(
    before: Parameter | None, after: Parameter | None, old: DatedValue | None, new: DatedValue | None
) -> str:
    """The new value, and of a list what it gains and loses."""
    said = _said(after, new)
    if not (before and after and old and new and isinstance(new.value, tuple)):
        return said
    return f"{said} ({_list_change(codes_of(old.value), codes_of(new.value), before.type, after.type)})"


def _set_by(dated: DatedValue | None) -> str:
    return _reference(dated) if dated else NOTHING


def _line(parameter: Parameter, dated: DatedValue) -> str:
    return f"{listed(dated.value, parameter.type)} {said_period(dated.period)} ({_reference(dated)})"


def _value_on(parameter: Parameter, day: date) -> DatedValue | None:
    return next((dated for dated in parameter.values if day in dated.period), None)


def _content(dated: DatedValue | None) -> tuple[Value, str] | None:
    return (dated.value, _reference(dated)) if dated else None


def _reference(dated: DatedValue) -> str:
    return f"{dated.reference}, valeur provisoire" if dated.draft else dated.reference


def said_change(before: Parameter, after: Parameter, old: DatedValue | None, new: DatedValue | None) -> str:
    """« 4 000,00 € au lieu de 3 000,00 € (délibération …) »; both values may have none."""
    if new is None:
        return "plus de valeur"
    if old is None:
        return f"{listed(new.value, after.type)} ({_reference(new)})"
    if old.value == new.value:
        return f"même valeur, autre référence : {_reference(new)} (auparavant : {_reference(old)})"
    if isinstance(new.value, tuple) and isinstance(old.value, tuple):
        lists = _list_change(codes_of(old.value), codes_of(new.value), before.type, after.type)
        return f"{lists} ({_reference(new)})"
    return (
        f"{display(new.value, after.type)} au lieu de {display(old.value, before.type)} ({_reference(new)})"
    )


def _list_change(
    old: tuple[str, ...], new: tuple[str, ...], before_type: ValueType, after_type: ValueType
) -> str:
    added = tuple(code for code in new if code not in old)
    removed = tuple(code for code in old if code not in new)
    told = [
        *([f"ajout de {_codes(added, after_type)}"] if added else []),
        *([f"retrait de {_codes(removed, before_type)}"] if removed else []),
    ]
    return join(told) or "autre ordre"


def _codes(codes: tuple[str, ...], type_: ValueType) -> str:
    return display(codes, type_) if len(codes) <= _NAMED else plural(len(codes), "élément")


def of_rule(words: Words, rule: Rule) -> Attributes:
    """RuleSeverity, condition, messages, article, orientation, days."""
    labels = words.package.decision.orientations
    said = {
        "code": "" if rule.code == rule.id else rule.code,
        "gravité": SEVERITIES[rule.severity],
        "condition": words.say(rule.condition),
        "lit": ", ".join(dict.fromkeys(names(rule.condition))),
        "phrase": " / ".join(words.sentence(message.parts) for message in rule.messages),
        "choix de la phrase": " / ".join(
            words.say(message.condition) for message in rule.messages if message.condition
        ),
        "en clair": " / ".join(words.sentence(parts) for parts in _plain(rule)),
        "texte appliqué": rule.article,
        "orientation": labels[rule.orientation] if rule.orientation else "",
        "condition de l’orientation": words.say(rule.orientation_condition)
        if rule.orientation_condition
        else "",
    }
    if rule.validity != words.package.identity.validity:
        said["période"] = said_period(rule.validity)
    return said


def _plain(rule: Rule) -> Sequence[tuple[str, ...]]:
    return [parts for parts in (rule.plain.found, rule.plain.todo) if parts] if rule.plain else []


def of_fact(words: Words, fact: Fact) -> Attributes:
    """Label, question, type, bounds, codes, what absence means."""
    return {
        TITLE: fact.label,
        "question": fact.question,
        "type": FRENCH_KINDS[fact.type.kind],
        "unité": fact.type.unit,
        "réponses": join(list(fact.type.labels.values())),
        "sans réponse": WHEN_ABSENT[fact.when_absent],
        "minimum": _bound(fact.minimum, fact.type),
        "maximum": _bound(fact.maximum, fact.type),
        "jamais après la demande": _YES_NO[fact.not_in_future],
        "forme": fact.format.description if fact.format else "",
        "pièce justificative": fact.proof_document,
        "demandé si": _asked_when(words, fact),
        "la personne peut agir": _YES_NO[fact.actionable],
        **(_of_lever(words, fact.lever) if fact.lever else {}),
        "donnée personnelle": _PERSONAL[fact.personal_data],
    }


def _asked_when(words: Words, fact: Fact) -> str:
    never = fact.when_absent is WhenAbsent.NOT_APPLICABLE
    return "" if never or fact.type.asked_when is None else words.say(fact.type.asked_when)


def _of_lever(words: Words, lever: Lever) -> Attributes:
    return {
        "effort": str(lever.effort),
        "direction": _DIRECTIONS[lever.direction],
        "jamais sous": words.say(lever.least) if lever.least else "",
        "jamais au-delà de": words.say(lever.most) if lever.most else "",
    }


def of_derived(words: Words, derived: Derived) -> Attributes:
    """Label, calculation, whether it is shown."""
    return {
        TITLE: derived.label,
        "calcul": words.say(derived.expression),
        "lit": ", ".join(dict.fromkeys(names(derived.expression))),
        "montré dans la réponse": _YES_NO[derived.is_figure],
        "unité": derived.type.unit,
    }


def of_property(words: Words, item: Property) -> Attributes:
    """Title, condition, excluded outcomes."""
    labels = {rank.outcome: rank.label for rank in words.package.decision.ranks}
    return {
        TITLE: item.title,
        "condition": words.say(item.condition) if item.condition else "",
        "issues exclues": join([labels[outcome] for outcome in item.excluded]),
        "fait": words.package.labels[item.improving_fact] if item.improving_fact else "",
    }


def of_case(words: Words, case: Case) -> Attributes:
    """Title, basis, and what is expected of it."""
    labels = {rank.outcome: rank.label for rank in words.package.decision.ranks}
    return {
        TITLE: case.title,
        "fondement": case.basis,
        "issue attendue": labels[case.outcome],
        "motifs attendus": ", ".join(case.reasons),
        "orientations attendues": ", ".join(case.orientations),
        **{
            f"résultat attendu {quoted(words.package.labels[name])}": display(
                value, words.package.scope[name]
            )
            for name, value in case.figures.items()
        },
        **{
            f"{ASKED} {quoted(fact.label)}": display(case.facts.get(name), fact.type)
            for name, fact in words.package.facts.items()
        },
    }


def of_identity(identity: Identity) -> Attributes:
    """Identifier, version, title, organisation, legal basis, days."""
    return {
        TITLE: identity.title,
        "identifiant": identity.id,
        VERSION: identity.version,
        "organisation": identity.organisation,
        "fondement": " ; ".join(identity.legal_basis),
        "peut s’appliquer": said_period(identity.validity),
    }


def of_parameter(parameter: Parameter) -> Attributes:
    """Label, type, unit; its values are compared day by day."""
    return {
        TITLE: parameter.label,
        "type": FRENCH_KINDS[parameter.type.kind],
        "unité": parameter.type.unit,
        "valeurs de": parameter.type.of,
    }


def of_decision(words: Words, decision: Decision) -> dict[str, Attributes]:
    """Outcomes, orientations, documents of each situation, bounds of a simulation."""
    bounds = decision.loan_bounds
    limits = (bounds.min_amount, bounds.max_amount, bounds.min_months, bounds.max_months)
    return {
        **{
            rank.outcome.value: {
                TITLE: rank.label,
                "rang": str(number),
                "gravité": SEVERITIES[rank.severity] if rank.severity else "",
            }
            for number, rank in enumerate(decision.ranks, start=1)
        },
        **{code: {TITLE: label} for code, label in decision.orientations.items()},
        **{
            f"required_documents.{number}": {
                TITLE: words.package.labels[required.parameter],
                "situation": words.say(required.condition) if required.condition else "toutes",
            }
            for number, required in enumerate(decision.required_documents, start=1)
        },
        "loan_bounds": {TITLE: "Bornes d’une simulation", "valeurs": ", ".join(limits)},
    }


def _bound(value: Value | None, type_: ValueType) -> str:
    return "" if value is None else display(value, type_)
