"""Shards of rules within the limits of durable_rules, or the reason why a package cannot be compiled; then
the compiled rules, in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.eligibility.engine.conditions import (
    Column,
    ConditionWriter,
    alternatives,
    flat,
    groups,
    leaves,
    row,
)
from services.eligibility.engine.native import GUARD, MAX_INTEGER, Condition, EngineError, NativeRuleset
from services.eligibility.package import RulePackage, Values

MAX_LEAVES = 60
"""Of a shard; the engine fails above 64 conditions true at one node."""
MAX_GROUPS = 14
MAX_ALTERNATIVES = 64
MAX_COLUMNS = 240
_RESERVED = ("sid", "id", "$s", "$m", "$i", GUARD)


class UncompilableError(Exception):
    """The package exceeds a limit of the engine; the message is a French sentence."""


@dataclass(frozen=True)
class Limit:
    """A limit of the engine that a package exceeds: the rule or the name concerned, a French sentence."""

    subject: str
    message: str


@dataclass(frozen=True)
class Shard:
    """Conditions of some rules, and the columns that they read."""

    name: str
    conditions: Mapping[str, Condition]
    columns: Mapping[str, Column]

    def row(self, values: Values) -> dict[str, int]:
        """The integers of one application."""
        return row(self.columns, values)


def compile_package(package: RulePackage) -> tuple[Shard, ...]:
    """The shards of a package, in the order of its rules; UncompilableError beyond a limit of the engine."""
    writer, conditions = _written(package)
    for limit in _limits(package, writer, conditions):
        raise UncompilableError(limit.message)
    columns = writer.columns.all
    return tuple(
        _shard(f"{package.digest}.{number}", {rule: conditions[rule] for rule in rules}, columns)
        for number, rules in enumerate(_split(conditions))
    )


def too_large(shard: Shard, row: Mapping[str, int]) -> frozenset[str]:
    """The rules that compare an integer of this row that the engine cannot compare exactly."""
    large = {column for column, value in row.items() if abs(value) > MAX_INTEGER}
    return frozenset(
        rule for rule, condition in shard.conditions.items() if large and large & set(_fields(condition))
    )


def exceeded_limits(package: RulePackage) -> tuple[Limit, ...]:
    """Every limit of the engine that a package exceeds."""
    return tuple(_limits(package, *_written(package)))


def _written(package: RulePackage) -> tuple[ConditionWriter, dict[str, Condition]]:
    writer = ConditionWriter(package)
    return writer, {rule.id: writer.write(rule.condition) for rule in package.rules}


def _limits(
    package: RulePackage, writer: ConditionWriter, conditions: Mapping[str, Condition]
) -> Iterator[Limit]:
    for rule, condition in conditions.items():
        yield from _size_limit(rule, condition)
    yield from _name_limits(package.scope, writer.columns.all)


def fnv1a(name: str) -> int:
    """The 32-bit hash by which durable_rules compares names."""
    total = 0x811C9DC5
    for byte in name.encode():
        total = (total ^ byte) * 0x01000193 & 0xFFFFFFFF
    return total


def _size_limit(rule: str, condition: Condition) -> Iterator[Limit]:
    sizes = (
        (leaves(condition), MAX_LEAVES - 1, "comparaisons"),
        (groups(condition), MAX_GROUPS - 1, "groupes « and » et « or »"),
        (alternatives(condition), MAX_ALTERNATIVES, "combinaisons de « or »"),
    )
    for size, most, words in sizes:
        if size > most:
            yield Limit(
                rule,
                f"La condition de la règle {rule} est trop grande pour le moteur ({size} {words}, {most} au "
                "plus) : nommez-en une partie par un booléen dérivé dans derived.yaml.",
            )
            return


def _name_limits(scope: Iterable[str], columns: Iterable[str]) -> Iterator[Limit]:
    """No two names may share a column, nor two columns a hash."""
    # durable_rules compares names by this hash alone: two names of one hash would be one column, in silence.
    seen = {fnv1a(reserved): reserved for reserved in _RESERVED}
    for name in (*scope, *(column for column in columns if "__" in column)):
        other = seen.setdefault(fnv1a(flat(name)), name)
        if other != name or name in _RESERVED:
            yield Limit(
                name, f"Le moteur confondrait les noms « {other} » et « {name} » : renommez l’un des deux."
            )


def _split(conditions: Mapping[str, Condition]) -> list[list[str]]:
    # Beyond 64 conditions true at one node the library fails at run time: rules are cut into rulesets that
    # cannot reach it, one comparison being left for the sentinel.
    shards: list[list[str]] = []
    room = 0
    for rule, condition in conditions.items():
        size = leaves(condition)
        if size > room:
            shards.append([])
            room = MAX_LEAVES - 1
        shards[-1].append(rule)
        room -= size
    return shards


def _shard(name: str, conditions: Mapping[str, Condition], columns: Mapping[str, Column]) -> Shard:
    used = {field for condition in conditions.values() for field in _fields(condition)}
    if len(used) > MAX_COLUMNS:
        raise UncompilableError("Les règles lisent trop de valeurs différentes pour le moteur.")
    return Shard(name, conditions, {field: column for field, column in columns.items() if field in used})


def _fields(condition: object) -> Iterable[str]:
    """Every field named in a condition."""
    if isinstance(condition, list):
        for item in condition:
            yield from _fields(item)
    elif isinstance(condition, dict):
        for key, value in condition.items():
            if key == "$m":
                yield value
            elif not key.startswith("$"):
                yield key
            yield from _fields(value)


class CompiledRules:
    """Native rulesets of a package; built after the fork, for they belong to one process. Any error
    discards them: the next evaluation builds new ones."""

    def __init__(self, package: RulePackage) -> None:
        self._shards = compile_package(package)
        self._lock = threading.Lock()
        self._rulesets: tuple[NativeRuleset, ...] | None = self._build()

    def fire(self, values: Values) -> frozenset[str]:
        """Ids of the rules that are true; EngineError when the engine failed."""
        with self._lock:
            rulesets = self._rulesets or self._build()
            self._rulesets = rulesets
        try:
            fired = [
                ruleset.fire(shard.row(values)) for shard, ruleset in zip(self._shards, rulesets, strict=True)
            ]
        except EngineError:
            # Another thread may have met the same failure and built new ones meanwhile: those stay.
            with self._lock:
                if self._rulesets is rulesets:
                    self._rulesets = None
            raise
        return frozenset().union(*fired)

    def _build(self) -> tuple[NativeRuleset, ...]:
        return tuple(NativeRuleset(shard.name, shard.conditions) for shard in self._shards)
