"""What an explanation speaks of, and the half of it that speaks of rules.

3°, the parameters and their weighting, applied to the situation of the person concerned; 4°, the operations
carried out (CRPA R.311-3-1-2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from services.eligibility.answer.assessment import Assessment, Comparison, Operand, Question, Reason
from services.eligibility.answer.openness import reading
from services.eligibility.engine import LazyValues, request_day
from services.eligibility.package import (
    Derived,
    Outcome,
    Rule,
    RulePackage,
    Value,
    Values,
    WhenAbsent,
    Words,
    display,
    evaluate,
    facts_read,
    names,
    quoted,
    rounded,
)
from services.kit.french import COLON, NO_BREAK_SPACE, SEMICOLON, join, long_date, number, plural


@dataclass(frozen=True)
class Situation:
    """A recorded decision beside the rules that it followed; `values` holds every value that they read;
    `change` says what could change the advice; `whole` asks for every rule, not only for those that could
    touch the application."""

    package: RulePackage
    assessment: Assessment
    given: Values
    values: dict[str, Value | None]
    decision_id: str
    case_reference: str
    record_day: date
    change: str = ""
    whole: bool = False

    @property
    def day(self) -> date:
        """The day of the request."""
        return request_day(self.given)

    @property
    def rules(self) -> list[Rule]:
        """The rules in force on that day."""
        return [rule for rule in self.package.rules if self.day in rule.validity]

    @cached_property
    def touching(self) -> list[Rule]:
        """Those that hold, that are undecided, or that what the person may change or supply could make
        true."""
        if self.whole:
            return self.rules
        facts, read = self.package.facts, reading(self.package)
        opened = {
            name
            for name, fact in facts.items()
            if fact.lever is not None
            or (self.given.get(name) is None and fact.when_absent is not WhenAbsent.NOT_APPLICABLE)
        }
        # What is false without these facts is false whatever they are: it cannot touch the application.
        kept = {name: None if name in opened else self.values[name] for name in facts}
        free = LazyValues(self.package, kept)
        return [
            rule
            for rule in self.rules
            if evaluate(rule.condition, free) is not False
            or (rule.id in read.reading_absence and read.rules[rule.id] & opened)
        ]


@dataclass(frozen=True)
class Line:
    """A paragraph, or an item of the list that the paragraph before it announces."""

    text: str
    is_item: bool = False


@dataclass(frozen=True)
class Section:
    """One of the four items of the article."""

    title: str
    lines: tuple[Line, ...]


def listed(announced: str, items: Iterable[str]) -> tuple[Line, ...]:
    """A paragraph and the list that it announces; nothing without items."""
    found = tuple(Line(item, is_item=True) for item in items)
    return (Line(f"{announced}{NO_BREAK_SPACE}:"), *found) if found else ()


def operations(situation: Situation) -> Section:
    """The steps in their order, each calculation with its values, and what may follow."""
    answer = situation.assessment
    return Section(
        f"4°{NO_BREAK_SPACE}Opérations effectuées par le traitement",
        (
            *listed("Le programme a, dans cet ordre", _steps(situation)),
            *listed(
                "Calculs, exacts ; les montants affichés sont arrondis au centime", _calculations(situation)
            ),
            *listed(
                "Autres pistes qui vous sont proposées", (f"{place.label}." for place in answer.orientations)
            ),
            *listed("Réponses qui peuvent encore changer l’avis", map(_question, answer.questions)),
        ),
    )


def _steps(situation: Situation) -> Iterator[str]:
    answer = situation.assessment
    agree = "concordent" if answer.outcome is not Outcome.NEEDS_REVIEW else "ne concordent pas"
    count = number(len(situation.rules))
    yield "vérifié la forme des données, leurs bornes et leurs dates ;"
    yield "fait les calculs ci-dessous ;"
    yield f"examiné les {count} règles en vigueur, sans s’arrêter à la première qui s’applique ;"
    yield f"refait cet examen par une seconde méthode, indépendante ; les deux {agree} ;"
    yield f"conclu{COLON}{quoted(answer.outcome_label)} ;"
    yield "enregistré le tout avant de répondre, de façon à pouvoir le refaire à l’identique."


def _calculations(situation: Situation) -> Iterator[str]:
    words = Words(situation.package, situation.day, situation.values)
    read = set(_read_by(situation))
    for name, derived in situation.package.derived.items():
        if name not in read:
            continue
        said = words.say(derived.expression)
        value = situation.values[name]
        if value is None:
            yield f"{derived.label}{COLON}{said}{SEMICOLON}{_uncomputed(situation, derived)}."
        else:
            shown = display(rounded(value, derived.type), derived.type)
            yield f"{derived.label}{COLON}{said}, soit {shown}."


def _read_by(situation: Situation) -> Iterator[str]:
    """The calculations that are shown, or that the rules which could touch the application read."""
    derived = situation.package.derived
    left = [name for rule in situation.touching for name in names(rule.condition)]
    left += [name for name, one in derived.items() if one.is_figure or situation.whole]
    while left:
        name = left.pop()
        if name in derived:
            yield name
            left += names(derived[name].expression)


def _uncomputed(situation: Situation, derived: Derived) -> str:
    """Why a calculation has no value."""
    package = situation.package
    read = facts_read(package, names(derived.expression))
    absent = [
        quoted(fact.label)
        for name, fact in package.facts.items()
        if name in read and situation.values[name] is None
    ]
    return f"non calculé, faute de {join(absent)}" if absent else "sans objet ici"


def _question(question: Question) -> str:
    proof = question.proof_document_label
    return f"{question.fact.question}{f' (pièce{COLON}{proof})' if proof else ''}"


def parameters(situation: Situation) -> Section:
    """The rules that hold with their values, then those that do not, then the thresholds of the day."""
    reasons = situation.assessment.reasons
    words = Words(situation.package, situation.day, situation.values)
    return Section(
        f"3°{NO_BREAK_SPACE}Paramètres du traitement, leur pondération et leur application à votre situation",
        (
            Line(_weighting(situation.package)),
            *(
                listed(
                    "Règles qui s’appliquent à votre situation",
                    (_reason(reason, _draft_references(situation)) for reason in reasons),
                )
                or (Line("Aucune de ces règles ne s’applique à votre situation."),)
            ),
            *listed(
                "Règles qui n’ont pas pu être vérifiées, faute d’une donnée ; chacune joue",
                _others(situation, words, None),
            ),
            *listed(f"Paramètres en vigueur le {long_date(situation.day)}", _thresholds(situation)),
            *listed(
                "Règles vérifiées qui ne s’appliquent pas à votre situation ; chacune ne jouerait que",
                _others(situation, words, False),
            ),
            *_left_out(situation),
        ),
    )


def _left_out(situation: Situation) -> Iterator[Line]:
    count = len(situation.rules) - len(situation.touching)
    if count:
        told = plural(count, "autre règle ne s’applique", "autres règles ne s’appliquent")
        yield Line(
            f"{told} pas, quoi que deviennent les éléments qui manquent ou sur lesquels vous pouvez agir ; "
            "la liste entière vous est donnée sur demande."
        )


def _weighting(package: RulePackage) -> str:
    graver = [quoted(rank.label) for rank in package.decision.ranks if rank.severity]
    best = [quoted(rank.label) for rank in package.decision.ranks if not rank.severity]
    return (
        "Les règles n’ont ni points ni coefficients. Toutes sont examinées ; l’avis est celui de la plus "
        f"grave de celles qui s’appliquent, dans cet ordre{COLON}{', puis '.join(graver)}. "
        f"Si aucune ne s’applique, l’avis est {' ou '.join(best)}."
    )


def _reason(reason: Reason, drafts: frozenset[str]) -> str:
    """The sentence of a reason, the text it applies, and the values that it compares."""
    hidden = drafts | {"", reason.article}
    compared = [_comparison(item, hidden) for item in reason.comparisons if item.threshold]
    notes = [
        *([f"Texte appliqué{COLON}{reason.article}."] if reason.article else []),
        *([f"Valeurs comparées{COLON}{SEMICOLON.join(compared)}."] if compared else []),
    ]
    return " ".join((reason.message, *notes))


def _comparison(comparison: Comparison, hidden: frozenset[str]) -> str:
    sides = [_operand(comparison.actual, hidden)]
    if comparison.threshold is not None:
        sides.append(_operand(comparison.threshold, hidden))
    return " et ".join(sides)


def _operand(operand: Operand, hidden: frozenset[str]) -> str:
    """A value under its label; the reference that sets it, unless the reason gave it already or it is a
    draft's."""
    said = f"{quoted(operand.label)} ({operand.display})" if operand.label else operand.display
    return f"{said}, fixé par{COLON}{operand.reference}" if operand.reference not in hidden else said


def _others(situation: Situation, words: Words, state: bool | None) -> Iterator[str]:
    """The conditions of the rules that gave no reason, false or unknown."""
    given = {reason.code for reason in situation.assessment.reasons}
    for rule in situation.touching:
        if rule.code not in given and evaluate(rule.condition, situation.values) is state:
            yield f"si {words.say(rule.condition)}{_article(rule)}."


def _article(rule: Rule) -> str:
    return f" — {rule.article}" if rule.article else ""


def _thresholds(situation: Situation) -> Iterator[str]:
    """Each parameter that a rule reads, directly or through calculations, with the text that sets it."""
    words = Words(situation.package, situation.day)
    rules = situation.touching
    found = dict.fromkeys(item for rule in rules for item in words.thresholds(rule.condition))
    drafts = _draft_references(situation)
    for label, value, reference in found:
        yield f"{label}{COLON}{value}." if reference in drafts else f"{label}{COLON}{value} — {reference}."


def _draft_references(situation: Situation) -> frozenset[str]:
    """The references of the values that wait for a deliberation: they are not for the applicant."""
    in_force = (parameter.on(situation.day) for parameter in situation.package.parameters.values())
    return frozenset(dated.reference for dated in in_force if dated.draft)
