"""What changes between two rule packages, section by section, in French."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from services.eligibility.package import NOTHING, Parameter, RulePackage, Words
from services.eligibility.publishing.rulebook_attributes import (
    ASKED,
    TITLE,
    Attributes,
    changed_values,
    of_case,
    of_decision,
    of_derived,
    of_fact,
    of_identity,
    of_parameter,
    of_property,
    of_rule,
    said_values,
)
from services.kit.french import spaced


class Section(Enum):
    """A part of the package; the value is its French title."""

    IDENTITY = "Présentation"
    PARAMETERS = "Valeurs"
    RULES = "Règles"
    FACTS = "Questions"
    DERIVED = "Calculs"
    DECISION = "Réponses, orientations et pièces"
    PROPERTIES = "Garanties"
    CASES = "Cas d’essai"


class ChangeKind(Enum):
    """What happened to one item; the value is its French word."""

    ADDED = "ajout"
    CHANGED = "modification"
    REMOVED = "suppression"


@dataclass(frozen=True)
class RulebookChange:
    """One item that differs, with a French line for each of its differences."""

    section: Section
    kind: ChangeKind
    name: str
    label: str
    details: tuple[str, ...]


def differences(base: RulePackage, candidate: RulePackage) -> tuple[RulebookChange, ...]:
    """Everything that the candidate adds, changes or removes."""
    before, after = _sides(base, _renamed(base, candidate)), _sides(candidate, candidate)
    return (
        *_compared(
            Section.IDENTITY, *({"package": of_identity(side.identity)} for side in (base, candidate))
        ),
        *_parameters(base.parameters, candidate.parameters),
        *(change for section in before for change in _compared(section, before[section], after[section])),
    )


def _renamed(base: RulePackage, candidate: RulePackage) -> RulePackage:
    """The base with the labels of the candidate: a new label is one change, not one in each rule."""
    orientations = {**base.decision.orientations, **candidate.decision.orientations}
    decision = replace(base.decision, orientations=orientations)
    return replace(base, labels={**base.labels, **candidate.labels}, decision=decision)


def _sides(package: RulePackage, labelled: RulePackage) -> dict[Section, dict[str, Attributes]]:
    """What is said of every item of a package, by section and name, with the labels of another."""
    words = Words(labelled)
    return {
        Section.RULES: {rule.id: of_rule(words, rule) for rule in package.rules},
        Section.FACTS: {name: of_fact(words, fact) for name, fact in package.facts.items()},
        Section.DERIVED: {name: of_derived(words, found) for name, found in package.derived.items()},
        Section.DECISION: of_decision(words, package.decision),
        Section.PROPERTIES: {found.id: of_property(words, found) for found in package.properties},
        Section.CASES: {case.id: of_case(words, case) for case in package.cases},
    }


def _compared(
    section: Section, before: Mapping[str, Attributes], after: Mapping[str, Attributes]
) -> Iterator[RulebookChange]:
    """The items of the candidate in its order, then those that it no longer has."""
    for name, said in after.items():
        old = before.get(name)
        if old is None:
            yield RulebookChange(section, ChangeKind.ADDED, name, _label(said), _lines(said))
        elif said != old:
            yield RulebookChange(section, ChangeKind.CHANGED, name, _label(said), _changed_lines(old, said))
    for name in (name for name in before if name not in after):
        yield RulebookChange(section, ChangeKind.REMOVED, name, _label(before[name]), ())


def _parameters(before: Mapping[str, Parameter], after: Mapping[str, Parameter]) -> Iterator[RulebookChange]:
    for name, parameter in after.items():
        old = before.get(name)
        if old is None:
            lines = said_values(parameter)
            yield RulebookChange(Section.PARAMETERS, ChangeKind.ADDED, name, parameter.label, lines)
            continue
        lines = (*_changed_lines(of_parameter(old), of_parameter(parameter)), *changed_values(old, parameter))
        if lines:
            yield RulebookChange(Section.PARAMETERS, ChangeKind.CHANGED, name, parameter.label, lines)
    for name in (name for name in before if name not in after):
        yield RulebookChange(Section.PARAMETERS, ChangeKind.REMOVED, name, before[name].label, ())


def _label(said: Attributes) -> str:
    return said.get(TITLE, "")


def _lines(said: Attributes) -> tuple[str, ...]:
    """What is said of a new item, what a case asks apart."""
    return tuple(
        spaced(f"{word} : {text}")
        for word, text in said.items()
        if text and word != TITLE and not word.startswith(ASKED)
    )


def _changed_lines(before: Attributes, after: Attributes) -> tuple[str, ...]:
    """What is said otherwise, each with what was said before."""
    return tuple(
        spaced(f"{word} : {after.get(word) or NOTHING} (auparavant : {before.get(word) or NOTHING})")
        for word in dict.fromkeys((*after, *before))
        if after.get(word, "") != before.get(word, "")
    )
