"""What to tell the applicant of the suggestions that were found, or of their absence."""

from __future__ import annotations

from services.eligibility.answer.advice.changes import Suggestions
from services.eligibility.answer.advice.wording import sentence
from services.eligibility.answer.assessment import Assessment
from services.eligibility.package import Outcome, RulePackage, RuleSeverity, Values
from services.kit import french


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
    else:
        text = _none(package, current, found, names)
    return french.typeset(text)


def _best(package: RulePackage, facts: Values, found: Suggestions) -> str:
    first = found.found[0]
    told = sentence(package, facts, first.changes)
    told = f"{told[:1].lower()}{told[1:]}"
    if len(found.found) == 1:
        return f"Pour que le dossier soit présentable{_reserve(first.assessment)} : {told}"
    count = len(found.found)
    reserve = _reserve(first.assessment)
    return f"{count} façons de rendre le dossier présentable ; la plus simple{reserve} : {told}"


def _none(package: RulePackage, current: Assessment, found: Suggestions, names: tuple[str, ...]) -> str:
    """Why nothing is suggested: what these facts do not repair, what has to be known first, or no value of
    theirs."""
    fixed = {rule.code for rule in found.fixed}
    blocking = [
        reason.message
        for reason in current.reasons
        if reason.code in fixed and reason.severity is RuleSeverity.BLOCKING
    ]
    if blocking:
        return f"Aucun changement de ces éléments ne rend le dossier présentable : {' '.join(blocking)}"
    first = [reason.message for reason in current.reasons if reason.code in fixed]
    if current.missing:
        labels = french.join([fact.label for fact in current.missing])
        first = [message for message in first if labels not in message]
        told = " ".join([f"Il manque : {labels}.", *first])
        return f"Complétez d’abord le dossier, rien n’est suggéré sur ce qui est inconnu. {told}"
    if first:
        return f"Complétez d’abord le dossier. {' '.join(first)}"
    if not found.complete:
        return "Aucun changement n’a été trouvé dans le temps imparti à la recherche."
    labels = french.join([f"« {package.facts[name].label} »" for name in names]) or "ces éléments"
    return f"Aucun changement de {labels} ne rend le dossier présentable."


def _reserve(assessment: Assessment) -> str:
    return " sous réserve" if assessment.outcome is Outcome.ELIGIBLE_WITH_RESERVE else ""
