"""Conditions and calculations said in French: labels, values of a day, no code and no symbol of the language;
and the little Markdown that the règlement needs, where text is never taken for markup.

Every turn of phrase avoids agreeing with a label, whose gender and number are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.eligibility.package import tree
from services.eligibility.package.display import NOT_APPLICABLE, UNKNOWN, display
from services.eligibility.package.facts import is_asked
from services.eligibility.package.model import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    DatedValue,
    RulePackage,
    parameters_read,
)
from services.eligibility.package.tree import Kind, Value, Values, ValueType, codes_of
from services.kit.french import NO_BREAK_SPACE, plural

_MARKUP = re.compile(r"([\\`*_\[\]<>|#~])")
_LINES = re.compile(r"\s*\n\s*")
MAX_LISTED = 6
"""A longer list is counted where it is compared; the list of the values shows it whole."""

_VERBS = {
    "<": "n’atteint pas",
    "<=": "ne dépasse pas",
    ">": "dépasse",
    ">=": "atteint ou dépasse",
    "==": "vaut",
    "!=": "ne vaut pas",
    "in": "figure dans",
    "not in": "ne figure pas dans",
}

_DATE_VERBS = {**_VERBS, "<": "précède", "<=": "ne suit pas", ">": "suit", ">=": "ne précède pas"}
_OPERATIONS = {"+": "+", "-": "−", "*": "×", "/": "÷"}
_TIGHT = {"*": 2, "/": 2, "+": 1, "-": 1}

_FUNCTIONS = {
    "age": "nombre d’années révolues entre {0} et {1}",
    "add_months": "{0}, plus {1}",
    "instalment": "mensualité constante de {0} sur {1} au taux annuel de {2}",
    "share_pct": "part de {0} dans {1}",
    "missing_items": "éléments de {0} absents de {1}",
    "count": "nombre d’éléments de {0}",
    "round_cents": "{0}, au centime le plus proche",
}

_LISTS = {
    MISSING_FACTS: "Informations demandées et non fournies",
    REQUIRED_DOCUMENTS: "Pièces exigées dans la situation",
}


def text(words: str) -> str:
    """A text of the package on one line, its special characters escaped."""
    return _MARKUP.sub(r"\\\1", _LINES.sub(" ", words.strip()))


def bullets(items: Iterable[str], indent: str = "") -> str:
    """A list, one item a line."""
    return "\n".join(f"{indent}- {item}" for item in items)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table; the columns of these ranks are aligned to the right."""
    rule = ("---:" if index in right else "---" for index, _ in enumerate(head))
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, tuple(rule), *rows))


def paragraphs(*parts: str) -> str:
    """The parts that are not empty, a blank line between two."""
    return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Words:
    """Says the expressions of a package; with a day, a parameter is followed by its value of that day; with
    the values of an application, everything is."""

    package: RulePackage
    day: date | None = None
    values: Values | None = None

    def say(self, node: tree.Node) -> str:
        """The expression in French."""
        return self._said(tree.push_negations(node))

    def sentence(self, parts: Sequence[str]) -> str:
        """A message with the values of the day, and an ellipsis for what depends on the application."""
        said = (self._blank(part) if index % 2 else part for index, part in enumerate(parts))
        return "".join(said).replace("….", "…")

    def thresholds(self, node: tree.Node) -> tuple[tuple[str, str, str], ...]:
        """Label, value of the day and reference of each parameter behind an expression, in its order."""
        return tuple(
            (self.package.labels[name], self._value(name), self._on(name).reference)
            for name in parameters_read(self.package, tree.names(node))
        )

    def _said(self, node: tree.Node, subject: str = "", *, nested: bool = False) -> str:
        match node:
            case tree.And(items=items) | tree.Or(items=items):
                joined = self._joined(items, _word(node))
                return f"({joined})" if nested else joined
            case tree.Compare():
                return self._comparison(node, subject)
            case tree.Known(name=name):
                return f"{self._quoted(name)} a une {self._noun(name)}"
            case tree.Not(item=tree.Known(name=name)):
                return f"{self._quoted(name)} reste sans {self._noun(name)}"
            case tree.Not(item=item):
                return f"{self._said(item).removesuffix(' oui')} non"
            case tree.Reference(name=name, type=type_) if type_.kind is Kind.BOOLEAN:
                return self._yes(name)
        return self._calculated(node)

    def _calculated(self, node: tree.Node, tight: int = 0) -> str:
        match node:
            case tree.Arithmetic(operator=operator, left=left, right=right):
                level = _TIGHT[operator]
                after = level + (operator in "-/")
                sides = (self._calculated(left, level), self._calculated(right, after))
                text = f" {_OPERATIONS[operator]} ".join(sides)
                return f"({text})" if level < tight else text
            case tree.Call(function=function, arguments=arguments):
                said = [self._calculated(argument) for argument in arguments]
                return _FUNCTIONS.get(function, f"{function}({', '.join(['{}'] * len(said))})").format(*said)
            case tree.Reference(name=name):
                return self._named(name)
            case tree.OrZero(item=item):
                return f"{self._named(item.name)}, ou 0 si sans objet"
            case tree.Literal(value=value, type=type_):
                return display(value, type_)
        return f"({self._said(node)})"

    def _joined(self, items: Sequence[tree.Node], word: str) -> str:
        """A subject shared with the condition before is said once."""
        said, subject = [], ""
        for item in items:
            said.append(self._said(item, subject, nested=True))
            subject = _subject(item)
        return f"{', '.join(said[:-1])} {word} {said[-1]}"

    def _comparison(self, node: tree.Compare, subject: str) -> str:
        told = self._predicate(node)
        if subject and _subject(node) == subject:
            return told
        return f"{self._operand(node.left, node.right.type)} {told}"

    def _predicate(self, node: tree.Compare) -> str:
        operator, left, right = node.operator, node.left.type, node.right
        if isinstance(right, tree.Literal) and isinstance(right.value, tuple):
            names = [quoted(left.labels.get(code, code)) for code in right.value]
            return f"vaut {_or(names)}" if operator == "in" else f"ne vaut {_neither(names)}"
        if isinstance(right, tree.Reference) and operator in ("in", "not in"):
            return f"{_VERBS[operator]} la liste {self._quoted(right.name)}"
        if isinstance(right, tree.Literal) and operator == "<":
            return f"passe sous {self._operand(right, left)}"
        verbs = _DATE_VERBS if Kind.DATE in (left.kind, right.type.kind) else _VERBS
        return f"{verbs[operator]} {self._operand(right, left)}"

    def _operand(self, node: tree.Node, other: ValueType) -> str:
        """A literal is shown as its other side is: 0 as an amount, a code by its label."""
        if not isinstance(node, tree.Literal):
            return self._calculated(node, tight=3)
        if isinstance(node.value, str):
            return quoted(other.labels.get(node.value, node.value))
        return display(node.value, other)

    def _yes(self, name: str) -> str:
        asked = name in self.package.facts
        return f"la réponse à {self._quoted(name)} est oui" if asked else f"{self._quoted(name)} vaut oui"

    def _noun(self, name: str) -> str:
        return "réponse" if name in self.package.facts else "valeur"

    def _quoted(self, name: str) -> str:
        return quoted(_LISTS.get(name) or self.package.labels[name])

    def _named(self, name: str) -> str:
        value = self._value(name)
        return f"{self._quoted(name)} ({value})" if value else self._quoted(name)

    def _value(self, name: str) -> str:
        """The value of a parameter on the day; empty without a day, or for another name without values."""
        if self.values is not None:
            value = self.values[name]
            return self._absent(name) if value is None else listed(value, self.package.scope[name])
        if self.day is None or name not in self.package.parameters:
            return ""
        return listed(self._on(name).value, self.package.scope[name])

    def _absent(self, name: str) -> str:
        fact = self.package.facts.get(name)
        asked = fact is None or self.values is None or is_asked(fact, self.values)
        return UNKNOWN if asked else NOT_APPLICABLE

    def _on(self, name: str) -> DatedValue:
        parameter = self.package.parameters[name]
        return parameter.on(self.day) if self.day else parameter.values[-1]

    def _blank(self, name: str) -> str:
        return self._value(name) or (
            "…" if self.day else quoted(_LISTS.get(name) or self.package.labels[name])
        )


def quoted(text: str) -> str:
    """« text »."""
    return f"«{NO_BREAK_SPACE}{text}{NO_BREAK_SPACE}»"


def listed(value: Value, type_: ValueType) -> str:
    """A value as a French reader writes it; a long list is counted."""
    if len(codes_of(value)) > MAX_LISTED:
        return plural(len(codes_of(value)), "élément")
    return display(value, type_)


def _word(node: tree.And | tree.Or) -> str:
    return "et" if isinstance(node, tree.And) else "ou"


def _or(items: Sequence[str]) -> str:
    return f"{', '.join(items[:-1])} ou {items[-1]}" if len(items) > 1 else "".join(items)


def _neither(items: Sequence[str]) -> str:
    return f"ni {' ni '.join(items)}" if len(items) > 1 else f"pas {''.join(items)}"


def _subject(node: tree.Node) -> str:
    match node:
        case tree.Compare(left=tree.Reference(name=name)) | tree.Known(name=name):
            return name
    return ""
