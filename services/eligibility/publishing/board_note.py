"""What a board is told of a change of rules that it votes: values before and after, then everything else."""

from __future__ import annotations

from typing import Any

from services.eligibility.package import RulePackage
from services.eligibility.publishing.rulebook_attributes import VERSION, value_pairs
from services.eligibility.publishing.rulebook_differences import RulebookChange, Section, differences
from services.kit.french import spaced

MAX_LABEL, MAX_SENTENCE, MAX_ITEMS, MAX_LINES = 200, 1000, 200, 50
"""What the contract of the note takes."""
_APART = (Section.PARAMETERS, Section.CASES)


def changed_values(before: RulePackage, after: RulePackage) -> list[dict[str, Any]]:
    """Each value that changes, from which day, what it is in both and what sets it."""
    names = dict.fromkeys((*after.parameters, *before.parameters))
    return [
        {
            "label": cut((after.parameters.get(name) or before.parameters[name]).label, MAX_LABEL),
            "from": pair.first.isoformat(),
            "before": cut(pair.before),
            "after": cut(pair.after),
            "reference": cut(pair.reference),
        }
        for name in names
        for pair in value_pairs(before.parameters.get(name), after.parameters.get(name))
    ][:MAX_ITEMS]


def changed_rules(before: RulePackage, after: RulePackage) -> list[dict[str, Any]]:
    """Everything else that changes, but the cases that try the package."""
    changes = (change for change in differences(before, after) if change.section not in _APART)
    return [
        {
            "label": cut(f"{change.section.value}, {change.label or change.name} : {change.kind.value}"),
            "details": [cut(line) for line in change.details[:MAX_LINES]],
        }
        for change in changes
        if not _is_version_alone(change)
    ][:MAX_ITEMS]


def _is_version_alone(change: RulebookChange) -> bool:
    """Another version has another number: the note says it at its head."""
    return change.section is Section.IDENTITY and all(line.startswith(VERSION) for line in change.details)


def cut(text: str, most: int = MAX_SENTENCE) -> str:
    """A text on one line, with an ellipsis in the place of what is too long."""
    line = spaced(" ".join(text.split(" ")).replace("\n", " "))
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
