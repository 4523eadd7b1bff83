"""Reasons in the words of a reader: the sentence of the rule without its values, its code, its article."""

from __future__ import annotations

import re

from services.eligibility.package import ENGINE_DISAGREEMENT, Rule, RulePackage
from services.kit.french import NO_BREAK_SPACE

MAX_LABEL = 90
_ELLIPSIS = "…"
_VALUES_BETWEEN_BRACKETS = re.compile(r"[\s\u00a0]*\([^()]*…[^()]*\)")
_VALUE_AT_THE_END = re.compile(r"[\s\u00a0]*:[\s\u00a0]*…$")
_DISAGREEMENT = f"«{NO_BREAK_SPACE}Les deux évaluations des règles ne concordent pas{NO_BREAK_SPACE}»"


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
