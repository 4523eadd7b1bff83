"""The explanation in ten lines at most, in short sentences: what was found, which figure against which, how
it was computed, what may be done, whom to see."""

from __future__ import annotations

from collections.abc import Iterator

from services.eligibility.answer.assessment import Reason
from services.eligibility.answer.explained_rules import Situation
from services.eligibility.package import Kind, Outcome, RuleSeverity, Words, display, rounded
from services.kit.french import join, long_date, plural, signed, spaced, typeset

MAX_LINES = 10
_MAX_REASONS, _MAX_CALCULATIONS = 3, 2
_FOUND = {
    Outcome.ELIGIBLE: "elle peut être présentée à une banque.",
    Outcome.ELIGIBLE_WITH_RESERVE: "elle peut être présentée. Un point au moins reste à regarder.",
    Outcome.INCOMPLETE: "elle n’est pas encore complète.",
    Outcome.NOT_ELIGIBLE: "elle ne peut pas être présentée.",
    Outcome.NEEDS_REVIEW: "une personne doit l’examiner.",
}
_GRAVEST = list(RuleSeverity)


def plain_lines(situation: Situation) -> tuple[str, ...]:
    """At most MAX_LINES lines, the gravest reasons first."""
    ordered = sorted(
        situation.assessment.reasons,
        key=lambda reason: _GRAVEST.index(reason.severity) if reason.severity else -1,
    )
    shown, left = ordered[:_MAX_REASONS], len(ordered) - _MAX_REASONS
    found = _FOUND[situation.assessment.outcome]
    more = f"{plural(left, 'autre point est dit', 'autres points sont dits')} plus bas."
    lines = [
        f"Votre demande du {long_date(situation.day)} : {found} C’est un avis, une personne décide.",
        *(_said(situation, reason)[0] for reason in shown),
        *([more] if left > 0 else []),
        *_untold(situation, shown),
        *_calculations(situation, shown),
        *_todo(situation, shown),
        *_change(situation),
        *_whom(situation),
    ]
    return tuple(signed(spaced(line)) for line in lines)


def _said(situation: Situation, reason: Reason) -> tuple[str, str]:
    """What was found and what may be done; without a plain wording, or where a value of it is unknown, the
    sentence of the reason alone."""
    rule = next((rule for rule in situation.rules if rule.code == reason.code), None)
    if rule is None or rule.plain is None:
        return reason.message, ""
    found, todo = (_filled(situation, parts) for parts in (rule.plain.found, rule.plain.todo))
    return (reason.message, "") if found is None else (found, todo or "")


def _filled(situation: Situation, parts: tuple[str, ...]) -> str | None:
    """The sentences with their values; None when one of them is unknown."""
    if any(situation.values[name] is None for name in parts[1::2]):
        return None
    scope = situation.package.scope
    said = (
        display(situation.values[part], scope[part]) if rank % 2 else part for rank, part in enumerate(parts)
    )
    return typeset("".join(said))


def _untold(situation: Situation, shown: list[Reason]) -> Iterator[str]:
    """What is missing, where no reason says it."""
    labels = [fact.label for fact in situation.assessment.missing]
    said = " ".join(reason.message for reason in shown)
    untold = [label for label in labels if label not in said]
    if untold and situation.assessment.outcome is Outcome.INCOMPLETE:
        yield f"Il manque des informations : {join(untold)}."
    elif not shown:
        yield from _undecided(situation)


def _undecided(situation: Situation) -> Iterator[str]:
    """The first rule that keeps the application incomplete though nothing that can be asked is missing."""
    kept = [
        rule.message for rule in situation.assessment.undecided if rule.severity is not RuleSeverity.RESERVE
    ]
    if kept and situation.assessment.outcome is Outcome.INCOMPLETE:
        yield kept[0]


def _calculations(situation: Situation, shown: list[Reason]) -> Iterator[str]:
    """How the amounts and rates that these reasons compare were computed."""
    words = Words(situation.package, situation.day, situation.values)
    compared = [item for reason in shown for item in reason.comparisons]
    names = dict.fromkeys(
        side.name for item in compared for side in (item.actual, item.threshold) if side is not None
    )
    computed = [name for name in names if name in situation.package.derived]
    told = 0
    for name in computed:
        derived, value = situation.package.derived[name], situation.values[name]
        if value is not None and derived.type.kind in (Kind.MONEY, Kind.PERCENT) and told < _MAX_CALCULATIONS:
            told += 1
            shown_value = display(rounded(value, derived.type), derived.type)
            yield f"{derived.label} : {words.say(derived.expression)}, soit {shown_value}."


def _todo(situation: Situation, shown: list[Reason]) -> Iterator[str]:
    told = dict.fromkeys(todo for reason in shown for todo in (_said(situation, reason)[1],) if todo)
    if told:
        yield " ".join(told)


def _change(situation: Situation) -> Iterator[str]:
    if situation.change:
        yield f"Ce qui peut changer cet avis : {situation.change}"


def _whom(situation: Situation) -> Iterator[str]:
    places = [place.label for place in situation.assessment.orientations]
    also = f" Vous pouvez aussi voir : {join(places)}." if places else ""
    yield f"Vous pouvez parler de cet avis au service : {situation.package.identity.organisation}.{also}"
