"""One rule of the règlement, said to a reader: what it entails, when, why, and from which values."""

from __future__ import annotations

from services.eligibility.package import Rule, Words, bullets, paragraphs, quoted, text


def rule_text(words: Words, rule: Rule) -> str:
    """The paragraph and the list of one rule."""
    label = next(rank.label for rank in words.package.decision.ranks if rank.severity is rule.severity)
    return paragraphs(
        f"**{text(label)}** lorsque {text(words.say(rule.condition))}.", bullets(_notes(words, rule))
    )


def _notes(words: Words, rule: Rule) -> list[str]:
    sentences = (text(words.sentence(message.parts)) for message in rule.messages)
    thresholds = (
        f"{text(label)} : **{text(value)}** — {text(reference)}"
        for label, value, reference in words.thresholds(rule.condition)
    )
    return [
        *(f"Motif donné : {quoted(sentence)}" for sentence in sentences),
        *thresholds,
        *([f"Orientation : {text(_orientation(words, rule))}"] if rule.orientation else []),
        f"Code : `{rule.code}`",
    ]


def _orientation(words: Words, rule: Rule) -> str:
    label = words.package.decision.orientations[rule.orientation]
    if rule.orientation_condition is None:
        return label
    return f"{label}, lorsque {words.say(rule.orientation_condition)}"
