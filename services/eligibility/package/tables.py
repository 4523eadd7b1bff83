"""Typed reading of a table of a package file: each method records what is wrong and gives None; a literal
that is wrong gives the French sentence that says what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from fractions import Fraction
from typing import TypeVar

from services.eligibility.package import source
from services.eligibility.package.facts import plain_text
from services.eligibility.package.findings import did_you_mean
from services.eligibility.package.parse import parse
from services.eligibility.package.tree import Kind, Value, ValueType
from services.eligibility.package.tree import Node as Expression
from services.kit.findings import Findings, Place
from services.kit.french import typeset

_MONEY = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{2})?")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,11})")
_PERCENT = re.compile(r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NEARLY = 0.85
"""Likeness of two keys of which one is the other misspelt; above that of any two keys of one table."""
T = TypeVar("T")


class LiteralError(ValueError):
    """The text is not of the expected type; its message is French."""


def parse_literal(kind: Kind, text: str) -> Value:
    """The value of a text; for a code or a text, itself."""
    parser = _PARSERS.get(kind)
    return parser(text) if parser else plain_text(text)


def parse_date(text: str) -> date:
    """2026-12-01."""
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise LiteralError(f"La date « {text} » n’existe pas.") from None
    raise LiteralError(f"Une date s’écrit année-mois-jour (2026-12-01), et non « {text} ».")


def parse_boolean(text: str) -> bool:
    """true or false."""
    if text not in ("true", "false"):
        raise LiteralError(f"Un oui/non s’écrit true ou false, et non « {text} ».")
    return text == "true"


def _money(text: str) -> int:
    if not _MONEY.fullmatch(text):
        raise LiteralError(
            f"Un montant s’écrit avec un point et deux décimales (3000.00), et non « {text} »."
        )
    return int(Fraction(text) * 100)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise LiteralError(f"Un nombre entier est attendu, et non « {text} ».")
    return int(text)


def _percent(text: str) -> Fraction:
    if not _PERCENT.fullmatch(text):
        raise LiteralError(
            f"Un pourcentage s’écrit avec un point et six décimales au plus (1.5), et non « {text} »."
        )
    return Fraction(text)


_PARSERS: dict[Kind, Callable[[str], Value]] = {
    Kind.MONEY: _money,
    Kind.INTEGER: _integer,
    Kind.PERCENT: _percent,
    Kind.DATE: parse_date,
    Kind.BOOLEAN: parse_boolean,
}


def as_table(node: source.Node | None, findings: Findings) -> Table | None:
    """The node as a table, or None with a finding."""
    if isinstance(node, source.Mapping):
        return Table(node, findings)
    if node is not None:
        findings.error(node.place, "Un tableau « clé: valeur » est attendu ici.")
    return None


class Table:
    """A table whose keys are read one by one; `close` reports those that nobody read."""

    def __init__(self, node: source.Mapping, findings: Findings) -> None:
        self._node = node
        self._findings = findings
        self._expected: set[str] = set()

    @property
    def place(self) -> Place:
        """Where the table begins."""
        return self._node.place

    @property
    def mapping(self) -> source.Mapping:
        """The tree that it reads."""
        return self._node

    def place_of(self, key: str) -> Place:
        """Where a value is written; the table itself when it is absent."""
        node = self._node.entries.get(key)
        return node.place if node else self.place

    def fail(self, key: str, message: str) -> None:
        """Records a finding about a key."""
        self.fail_at(self.place_of(key), message)

    def fail_at(self, place: Place, message: str) -> None:
        """Records a finding about a place."""
        self._findings.error(place, message)

    def __contains__(self, key: str) -> bool:
        return key in self._node.entries

    def close(self) -> None:
        """Reports the keys that the format does not know."""
        for key in self._node.entries.keys() - self._expected:
            hint = did_you_mean(key, self._expected)
            self._findings.error(self._node.keys[key], f"La clé « {key} » n’existe pas ici{hint}")

    def node(self, key: str, *, required: bool = True) -> source.Node | None:
        """The raw value of a key."""
        self._expected.add(key)
        found = self._node.entries.get(key)
        if found is None and required and key not in self._node.extents:
            self._miss(key)
        return found

    def _miss(self, key: str) -> None:
        """Records that a key is absent, or misspelt when another one is nearly it."""
        unread = [name for name in self._node.entries if name not in self._expected]
        near = get_close_matches(key, unread, n=1, cutoff=_NEARLY)
        if near:
            self._expected.add(near[0])
            sentence = f"La clé « {near[0]} » n’existe pas ici : vouliez-vous dire « {key} » ?"
            self._findings.error(self._node.keys[near[0]], sentence)
        else:
            self._findings.error(self.place, f"La clé « {key} » manque.")

    def scalar(self, key: str, *, required: bool = True) -> source.Scalar | None:
        """A value written as one text, not empty."""
        node = self.node(key, required=required)
        if isinstance(node, source.Scalar) and not node.text.strip():
            sentence = f"La clé « {key} » attend une valeur simple, non vide : écrivez-la."
            self._findings.error(self._node.keys[key], sentence)
            return None
        return self._as_scalar(node)

    def _as_scalar(self, node: source.Node | None) -> source.Scalar | None:
        if isinstance(node, source.Scalar) and node.text.strip():
            return node
        if node is not None:
            self._findings.error(node.place, "Une valeur simple, non vide, est attendue ici.")
        return None

    def text(self, key: str, *, required: bool = True) -> str:
        """A text as it is written, empty when absent."""
        found = self.scalar(key, required=required)
        return found.text.strip() if found else ""

    def typeset(self, key: str, *, required: bool = True) -> str:
        """A French sentence or label, with its typography."""
        return typeset(self.text(key, required=required))

    def parsed(self, key: str, parser: Callable[[str], T], *, required: bool = True) -> T | None:
        """A value read by a parser that raises LiteralError."""
        found = self.scalar(key, required=required)
        if found is None:
            return None
        try:
            return parser(found.text.strip())
        except LiteralError as error:
            self._findings.error(found.place, str(error))
            return None

    def date(self, key: str, *, required: bool = True) -> date | None:
        """A civil date."""
        return self.parsed(key, parse_date, required=required)

    def flag(self, key: str) -> bool:
        """true or false; false when absent."""
        return bool(self.parsed(key, parse_boolean, required=False))

    def choice(self, key: str, options: Mapping[str, T], *, default: T | None = None) -> T | None:
        """One of the words of a fixed list; required when there is no default."""
        found = self.scalar(key, required=default is None)
        if found is None:
            return default
        if found.text not in options:
            words = ", ".join(options)
            hint = did_you_mean(found.text, options, otherwise="")
            self._findings.error(found.place, f"« {found.text} » n’est pas admis ici : {words}{hint or '.'}")
            return default
        return options[found.text]

    def tables(self, key: str, *, required: bool = True) -> list[Table]:
        """A list of tables."""
        node = self.node(key, required=required)
        return [table for item in self._items(node) if (table := as_table(item, self._findings)) is not None]

    def scalars(self, key: str, *, required: bool = True) -> list[source.Scalar]:
        """A list of texts."""
        node = self.node(key, required=required)
        return [found for item in self._items(node) if (found := self._as_scalar(item)) is not None]

    def _items(self, node: source.Node | None) -> tuple[source.Node, ...]:
        if isinstance(node, source.Sequence):
            return node.items
        if node is not None:
            self._findings.error(node.place, "Une liste est attendue ici.")
        return ()

    def table(self, key: str, *, required: bool = True) -> Table | None:
        """A table inside this one."""
        return as_table(self.node(key, required=required), self._findings)

    def names(self) -> tuple[str, ...]:
        """Every key, in the order of the file."""
        return tuple(self._node.entries)

    def rows(self) -> Iterator[tuple[str, Place, Table]]:
        """Every entry as a named table; no key of this table is then unexpected."""
        for key, node in self._node.entries.items():
            self._expected.add(key)
            row = as_table(node, self._findings)
            if row is not None:
                yield key, self._node.keys[key], row

    def words(self) -> Iterator[tuple[str, Place, source.Scalar]]:
        """Every entry as a named text."""
        for key, node in self._node.entries.items():
            self._expected.add(key)
            found = self._as_scalar(node)
            if found is not None:
                yield key, self._node.keys[key], found

    def expression(
        self, key: str, scope: Mapping[str, ValueType], *, calculation: bool = False, required: bool = True
    ) -> Expression | None:
        """A typed expression; a condition unless it is a calculation."""
        found = self.scalar(key, required=required)
        if found is None:
            return None
        node, problems = parse(found.text, scope, calculation=calculation)
        for problem in problems:
            record = self._findings.warning if problem.doubt else self._findings.error
            record(place_in(found, problem.offset), problem.message)
        if node is not None and not calculation and node.type.kind is not Kind.BOOLEAN:
            self._findings.error(found.place, "Une condition (oui ou non) est attendue ici.")
            return None
        return node


def place_in(scalar: source.Scalar, offset: int) -> Place:
    """The place of a character of a text; its beginning where its lines cannot be told apart."""
    start, line = next((one for one in reversed(scalar.lines) if one[0] <= offset), (offset, scalar.place))
    return Place(line.file, line.line, line.column + offset - start)
