"""What a comparison finds, in French sentences; reasons are named by the sentence of their rule without its
values, by its code and by its article."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from services.eligibility.package import ENGINE_DISAGREEMENT, Outcome, Rule, RulePackage
from services.eligibility.publishing.comparison import Base, Count, OutcomeChange, Tally
from services.kit.french import NO_BREAK_SPACE, join, number, plural, typeset

MAX_LABEL = 90
_ELLIPSIS = "…"
_VALUES_BETWEEN_BRACKETS = re.compile(r"\s*\([^()]*…[^()]*\)")
_VALUE_AT_THE_END = re.compile(r"\s*:\s*…$")
_DISAGREEMENT = f"«{NO_BREAK_SPACE}Les deux évaluations des règles ne concordent pas{NO_BREAK_SPACE}»"
MAX_CAUSES, MAX_REASONS = 3, 3
"""Causes told for one outcome and reasons named in one cause; the others are counted."""
Labels = Mapping[str, str]
"""How to name a reason, by its code."""

_BECOME: Mapping[Outcome, tuple[str, str]] = {
    Outcome.ELIGIBLE: ("devient présentable", "deviennent présentables"),
    Outcome.ELIGIBLE_WITH_RESERVE: (
        "devient présentable sous réserve",
        "deviennent présentables sous réserve",
    ),
    Outcome.INCOMPLETE: ("devient incomplet", "deviennent incomplets"),
    Outcome.NOT_ELIGIBLE: ("devient non présentable", "deviennent non présentables"),
    Outcome.NEEDS_REVIEW: ("est à examiner par une personne", "sont à examiner par une personne"),
}

_KEEP = ("garde son issue avec d’autres motifs", "gardent leur issue avec d’autres motifs")
_UNCHANGED = ("est inchangé", "sont inchangés")
Group = Sequence[tuple[OutcomeChange, Count]]


def reason_labels(*packages: RulePackage) -> dict[str, str]:
    """How to name the reason of each code, as the first package that has it writes it."""
    labels = {ENGINE_DISAGREEMENT: f"{_DISAGREEMENT} ({ENGINE_DISAGREEMENT})"}
    for package in packages:
        for rule in package.rules:
            labels.setdefault(rule.code, _label(rule))
    return labels


def _label(rule: Rule) -> str:
    sources = ", ".join(filter(None, (rule.code, rule.article)))
    return f"«{NO_BREAK_SPACE}{_sentence(rule)}{NO_BREAK_SPACE}» ({sources})"


def _sentence(rule: Rule) -> str:
    """The rule's last message, the one without condition, an ellipsis standing for each value."""
    parts = rule.messages[-1].parts
    text = "".join(_ELLIPSIS if index % 2 else part for index, part in enumerate(parts))
    text = _VALUES_BETWEEN_BRACKETS.sub("", text).rstrip(".")
    return _shortened(_VALUE_AT_THE_END.sub("", text))


def _shortened(text: str) -> str:
    if len(text) <= MAX_LABEL:
        return text
    return f"{text[:MAX_LABEL].rpartition(' ')[0].rstrip(' ,;:')}{NO_BREAK_SPACE}{_ELLIPSIS}"


def summary(tally: Tally, labels: Labels) -> str:
    """What changes and why, then what was left out."""
    return typeset(" ".join(filter(None, (_changes(tally, labels), _left_out(tally)))))


_BASES: Mapping[Base, str] = {
    Base.VERSION: "Base : la version {version}.",
    Base.RULES_NOW: "Base : les règles en vigueur aujourd’hui pour la date de chaque demande.",
    Base.ANSWERS_THEN: "Base : la réponse donnée alors, par les règles d’alors.",
}


def said_base(base: Base, version: str = "") -> str:
    """What the candidate is compared with."""
    return typeset(_BASES[base].format(version=version))


def _changes(tally: Tally, labels: Labels) -> str:
    total = tally.compared
    if not total:
        return "Aucun dossier n’a pu être comparé." if tally.left_out else "Aucun dossier à comparer."
    if not tally.changed:
        return f"Aucun changement : {_all_keep(total)} la même issue et les mêmes motifs."
    clauses = [_clause(group, words, labels) for words, group in _groups(tally)]
    first, *others = [
        f"{_subject(count, total if not rank else 0)} {text}" for rank, (count, text) in enumerate(clauses)
    ]
    kept = total - tally.changed
    if kept:
        others.append(f"{number(kept)} {_agreed(kept, _UNCHANGED)}")
    return " ; ".join((first, *others)) + "."


def _all_keep(total: int) -> str:
    return "le dossier comparé garde" if total == 1 else f"les {number(total)} dossiers comparés gardent"


def _subject(count: int, total: int) -> str:
    """The first subject says over how many."""
    return f"{plural(count, 'dossier')} sur {number(total)}" if total else number(count)


def _groups(tally: Tally) -> list[tuple[tuple[str, str], Group]]:
    """The changes by what becomes of the application, most frequent first; same outcomes come last."""
    groups: dict[Outcome | None, list[tuple[OutcomeChange, Count]]] = {}
    for change, count in tally.changes:
        groups.setdefault(change.candidate if change.outcome_differs else None, []).append((change, count))
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, -_total(group[1])))
    return [(_BECOME[outcome] if outcome else _KEEP, group) for outcome, group in ordered]


def _total(group: Group) -> int:
    return sum(count.number for _, count in group)


def _clause(group: Group, words: tuple[str, str], labels: Labels) -> tuple[int, str]:
    """How many applications, and the verb that follows with its causes."""
    total = _total(group)
    causes = _causes(group, labels)
    if len(causes) == 1:
        return total, f"{_agreed(total, words)}, {causes[0][1]}"
    told = [f"{number(count)} {cause}" for count, cause in causes[:MAX_CAUSES]]
    others = sum(count for count, _ in causes[MAX_CAUSES:])
    if others:
        told.append(f"{number(others)} pour d’autres raisons")
    return total, f"{_agreed(total, words)} ({join(told)})"


def _causes(group: Group, labels: Labels) -> list[tuple[int, str]]:
    """The causes most frequent first; the outcome that the applications come from is none."""
    causes: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    for change, count in group:
        key = change.added, change.removed
        causes[key] = causes.get(key, 0) + count.number
    ordered = sorted(causes.items(), key=lambda item: (-item[1], item[0]))
    return [(count, _cause(added, removed, labels)) for (added, removed), count in ordered]


def _cause(added: Sequence[str], removed: Sequence[str], labels: Labels) -> str:
    parts: list[str] = []
    if removed:
        parts.append(_reasons(removed, labels, ("ne s’applique plus", "ne s’appliquent plus")))
    if added:
        parts.append(_reasons(added, labels, ("s’applique désormais", "s’appliquent désormais")))
    return f"parce que {' et que '.join(parts)}" if parts else "pour les mêmes motifs, de gravité changée"


def _reasons(codes: Sequence[str], labels: Labels, verbs: tuple[str, str]) -> str:
    named = [labels.get(code, code) for code in codes[:MAX_REASONS]]
    others = len(codes) - len(named)
    if others:
        named.append(plural(others, "autre", "autres"))
    noun = "le motif" if len(codes) == 1 else "les motifs"
    return f"{noun} {join(named)} {_agreed(len(codes), verbs)}"


def _agreed(count: int, words: tuple[str, str]) -> str:
    return words[count > 1]


def _left_out(tally: Tally) -> str:
    if not tally.left_out:
        return ""
    told = "ont été laissés" if tally.left_out > 1 else "a été laissé"
    return (
        f"{plural(tally.left_out, 'dossier')} {told} de côté : données effacées ou refusées par l’un des "
        "deux règlements, ou jour que l’un des deux ne gouverne pas."
    )
