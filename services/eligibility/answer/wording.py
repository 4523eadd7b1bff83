"""Changes in French: what the applicant is told to do, or why nothing that they can do is enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

from services.eligibility.answer.assess import Engine
from services.eligibility.answer.assessment import Assessment, UndecidedRule
from services.eligibility.answer.changes import Suggestions, changeable, smallest_changes
from services.eligibility.package import (
    NOT_APPLICABLE,
    NUMERIC,
    Fact,
    Kind,
    Outcome,
    RulePackage,
    RuleSeverity,
    Value,
    Values,
    WhenAbsent,
    codes_of,
    display,
)
from services.kit import french

_MASCULINE = (
    "montant",
    "coût",
    "capital",
    "loyer",
    "nombre",
    "prêt",
    "reste",
    "revenu",
    "salaire",
    "taux",
    "prix",
)
_MASCULINE_ENDINGS = ("ment", "age")
_FEMININE = ("part", "somme", "charge", "dette", "caution", "date", "personne", "ressource", "épargne")
_FEMININE_ENDINGS = ("tion", "sion", "ité", "ée", "ance", "ence")
_VOWELS = "aàâeéèêiîoôuù"


def sentence(package: RulePackage, facts: Values, changes: Values, assessment: Assessment) -> str:
    """« Ramener le montant demandé de 3 500 € à 3 000 €. », with what remains to be settled."""
    text = _actions(package, facts, changes)
    return in_french(f"{text[:1].upper()}{text[1:]}{provided(assessment)}")


def least_change(
    package: RulePackage, engine: Engine, facts: Values, current: Assessment, check: Callable[[], None]
) -> str:
    """The change of least effort that could make an application presentable; empty where none is called for,
    or found."""
    if current.outcome.is_presentable or current.outcome is Outcome.NEEDS_REVIEW:
        return ""
    names = changeable(package, facts, (name for name, fact in package.facts.items() if fact.actionable))
    found = smallest_changes(package, engine, facts, names, 1, check).found
    for one in found:
        complete = ", une fois le dossier complété" if one.assessment.outcome is Outcome.INCOMPLETE else ""
        return in_french(f"{_actions(package, facts, one.changes)}{complete}.")
    return ""


def in_french(text: str) -> str:
    """A text typed on an ordinary keyboard, with its spaces, its apostrophes and its signs."""
    return french.signed(french.typeset(text))


def _actions(package: RulePackage, facts: Values, changes: Values) -> str:
    """What to do, in the order of the package; a verb is not said twice in a row."""
    actions = [
        _action(package.facts[name], present(package.facts[name], facts), to) for name, to in changes.items()
    ]
    before = ["", *(verb for verb, _ in actions)]
    parts = [
        rest if verb == last else f"{verb} {rest}"
        for (verb, rest), last in zip(actions, before, strict=False)
    ]
    return french.join(parts)


def conditions(assessment: Assessment) -> tuple[str, ...]:
    """What remains to be settled for an application that is only incomplete, in French sentences."""
    if assessment.outcome is not Outcome.INCOMPLETE:
        return ()
    told = [reason.message for reason in assessment.reasons if reason.severity is RuleSeverity.MISSING]
    labels = [fact.label for fact in assessment.missing]
    untold = [label for label in labels if not any(label in message for message in told)]
    told += [f"Informations à demander : {', '.join(untold)}."] if untold else []
    for rule in _waiting(assessment):
        asked = {fact.label for fact in rule.facts}
        if not asked or not asked <= set(labels):
            told.append(rule.message)
    return tuple(map(in_french, told))


def provided(assessment: Assessment) -> str:
    """« , à condition que… », with what it is about; a full stop when there is nothing."""
    told = conditions(assessment)
    if not told:
        return "."
    unknown = assessment.missing or _waiting(assessment)
    opposed = " et que les réponses ne s’y opposent pas" if unknown else ""
    return f", à condition que le dossier soit complété{opposed}. {' '.join(told)}"


def _waiting(assessment: Assessment) -> list[UndecidedRule]:
    return [rule for rule in assessment.undecided if rule.severity is not RuleSeverity.RESERVE]


def present(fact: Fact, facts: Values) -> Value | None:
    """The present value of a fact, its absence meaning "no" when the package says so."""
    value = facts.get(fact.name)
    return False if value is None and fact.when_absent is WhenAbsent.NO else value


def shown(value: Value | None, fact: Fact) -> str:
    """A value as the catalogue of the package writes it; a whole amount without cents."""
    if value is None:
        return NOT_APPLICABLE if fact.when_absent is WhenAbsent.NOT_APPLICABLE else display(None, fact.type)
    if fact.type.kind is Kind.MONEY and isinstance(value, int) and value % 100 == 0:
        return f"{french.number(value // 100)}{french.NO_BREAK_SPACE}€"
    return display(value, fact.type)


def _action(fact: Fact, before: Value | None, after: Value | None) -> tuple[str, str]:
    """The verb and the rest."""
    old, new = shown(before, fact), shown(after, fact)
    if fact.type.kind is Kind.CODES:
        return _codes_action(fact, codes_of(before), codes_of(after))
    if before is None:
        return "indiquer", f"{new} pour {_named(fact)}"
    if isinstance(before, date):
        return "faire passer", f"{_named(fact)} du {old} au {new}"
    if fact.type.kind in NUMERIC and isinstance(before, int | Fraction) and isinstance(after, int | Fraction):
        return "ramener" if after < before else "porter", f"{_named(fact)} de {old} à {new}"
    return "passer", f"« {fact.label} » de « {old} » à « {new} »"


def _codes_action(fact: Fact, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, str]:
    added = [fact.type.labels[code] for code in after if code not in before]
    removed = [fact.type.labels[code] for code in before if code not in after]
    taken = f"{_quoted(removed)} de « {fact.label} »"
    if not added:
        return "retirer", taken
    rest = f"{_quoted(added)} à « {fact.label} »"
    return "ajouter", f"{rest} et retirer {taken}" if removed else rest


def _quoted(words: list[str]) -> str:
    return french.join([f"« {word} »" for word in words])


def _named(fact: Fact) -> str:
    """The label behind its article, between guillemets when the article is not sure."""
    word = fact.label.split(" ")[0].lower()
    label = fact.label[:1].lower() + fact.label[1:]
    if fact.label[1:2].isupper():
        return f"« {fact.label} »"
    if word in _MASCULINE or word.endswith(_MASCULINE_ENDINGS):
        return f"l’{label}" if word[0] in _VOWELS else f"le {label}"
    if word[-1] in "sx":
        return f"les {label}"
    if word[0] in _VOWELS:
        return f"l’{label}"
    if word in _FEMININE or word.endswith(_FEMININE_ENDINGS):
        return f"la {label}"
    return f"« {fact.label} »"


def verdict(
    package: RulePackage, facts: Values, current: Assessment, found: Suggestions, names: tuple[str, ...]
) -> str:
    """A French sentence."""
    if current.outcome.is_presentable:
        text = "Le dossier est déjà présentable" + _reserve(current) + " : aucun changement n’est nécessaire."
    elif current.outcome is Outcome.NEEDS_REVIEW:
        text = "Le dossier doit d’abord être examiné par une personne : rien n’est suggéré."
    elif found.found:
        text = _best(package, facts, found)
    elif found.only_incomplete:
        text = "Rien de ce qui est connu n’oblige à changer ces éléments ; le dossier reste à compléter. "
        text += " ".join(conditions(current))
    else:
        text = _none(package, current, found, names)
    return in_french(text)


def _best(package: RulePackage, facts: Values, found: Suggestions) -> str:
    first = found.found[0]
    told = sentence(package, facts, first.changes, first.assessment)
    told = f"{told[:1].lower()}{told[1:]}"
    reserve = _reserve(first.assessment)
    if len(found.found) == 1:
        return f"Pour que le dossier soit présentable{reserve} : {told}"
    ways = f"{len(found.found)} façons de rendre le dossier présentable"
    return f"{ways} ; celle qui demande le moins d’effort{reserve} : {told}"


def _none(package: RulePackage, current: Assessment, found: Suggestions, names: tuple[str, ...]) -> str:
    """Why nothing is suggested: what these facts do not move, or that nothing was found."""
    if found.fixed:
        codes = {rule.code for rule in found.fixed}
        told = [reason.message for reason in current.reasons if reason.code in codes]
        return f"Aucun changement de ces éléments ne rend le dossier présentable : {' '.join(told)}"
    if not found.complete:
        return "Aucun changement n’a été trouvé dans le temps imparti à la recherche."
    labels = french.join([f"« {package.facts[name].label} »" for name in names]) or "ces éléments"
    told = [reason.message for reason in current.reasons if reason.severity is not RuleSeverity.RESERVE]
    return (
        f"Aucun changement de {labels}, dans les limites que le règlement donne aux suggestions, n’a été "
        f"trouvé qui rende le dossier présentable : {' '.join(told)}"
    )


def _reserve(assessment: Assessment) -> str:
    return " sous réserve" if assessment.outcome is Outcome.ELIGIBLE_WITH_RESERVE else ""
