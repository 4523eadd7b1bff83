"""What an explanation speaks of, and the half of it that speaks of rules.

3°, the parameters and their weighting, applied to the situation of the person concerned; 4°, the operations
carried out (CRPA R.311-3-1-2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from services.eligibility.answer.assessment import Assessment, Comparison, Operand, Question, Reason
from services.eligibility.engine import request_day
from services.eligibility.package import (
    Derived,
    Outcome,
    Rule,
    RulePackage,
    Value,
    Values,
    Words,
    display,
    evaluate,
    facts_read,
    names,
    quoted,
    rounded,
)
from services.kit.french import COLON, NO_BREAK_SPACE, SEMICOLON, join, long_date, number


@dataclass(frozen=True)
class Situation:
    """A recorded decision beside the rules that it followed; `values` holds every value that they read."""

    package: RulePackage
    assessment: Assessment
    given: Values
    values: dict[str, Value | None]
    decision_id: str
    case_reference: str
    record_day: date

    @property
    def day(self) -> date:
        """The day of the request."""
        return request_day(self.given)

    @property
    def rules(self) -> list[Rule]:
        """The rules in force on that day."""
        return [rule for rule in self.package.rules if self.day in rule.validity]


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
    for name, derived in situation.package.derived.items():
        said = words.say(derived.expression)
        value = situation.values[name]
        if value is None:
            yield f"{derived.label}{COLON}{said}{SEMICOLON}{_uncomputed(situation, derived)}."
        else:
            shown = display(rounded(value, derived.type), derived.type)
            yield f"{derived.label}{COLON}{said}, soit {shown}."


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
                listed("Règles qui s’appliquent à votre situation", map(_reason, reasons))
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
        ),
    )


def _weighting(package: RulePackage) -> str:
    graver = [quoted(rank.label) for rank in package.decision.ranks if rank.severity]
    best = [quoted(rank.label) for rank in package.decision.ranks if not rank.severity]
    return (
        "Les règles n’ont ni points ni coefficients. Toutes sont examinées ; l’avis est celui de la plus "
        f"grave de celles qui s’appliquent, dans cet ordre{COLON}{', puis '.join(graver)}. "
        f"Si aucune ne s’applique, l’avis est {' ou '.join(best)}."
    )


def _reason(reason: Reason) -> str:
    """The sentence of a reason, the text it applies, and the values that it compares."""
    compared = [_comparison(item, reason.article) for item in reason.comparisons if item.threshold]
    notes = [
        *([f"Texte appliqué{COLON}{reason.article}."] if reason.article else []),
        *([f"Valeurs comparées{COLON}{SEMICOLON.join(compared)}."] if compared else []),
    ]
    return " ".join((reason.message, *notes))


def _comparison(comparison: Comparison, article: str) -> str:
    sides = [_operand(comparison.actual, article)]
    if comparison.threshold is not None:
        sides.append(_operand(comparison.threshold, article))
    return " et ".join(sides)


def _operand(operand: Operand, article: str) -> str:
    """A value under its label; the reference that sets it, unless the reason gave it already."""
    said = f"{quoted(operand.label)} ({operand.display})" if operand.label else operand.display
    return f"{said}, fixé par{COLON}{operand.reference}" if operand.reference not in ("", article) else said


def _others(situation: Situation, words: Words, state: bool | None) -> Iterator[str]:
    """The conditions of the rules that gave no reason, false or unknown."""
    given = {reason.code for reason in situation.assessment.reasons}
    for rule in situation.rules:
        if rule.code not in given and evaluate(rule.condition, situation.values) is state:
            yield f"si {words.say(rule.condition)}{_article(rule)}."


def _article(rule: Rule) -> str:
    return f" — {rule.article}" if rule.article else ""


def _thresholds(situation: Situation) -> Iterator[str]:
    """Each parameter that a rule reads, directly or through calculations, with the text that sets it."""
    words = Words(situation.package, situation.day)
    rules = situation.rules
    found = dict.fromkeys(item for rule in rules for item in words.thresholds(rule.condition))
    for label, value, reference in found:
        yield f"{label}{COLON}{value} — {reference}."
