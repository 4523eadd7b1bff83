"""durable_rules by its native loop, durable_rules by its documented API, and the reference evaluator, on the
same applications: they must find the same rules true, and the properties of the package must hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from services.eligibility.answer import ENGINE_FAILED, Assessment, Judgement, in_words, judge
from services.eligibility.engine import (
    EngineError,
    HostRuleset,
    NativeRuleset,
    compile_package,
    suppliable,
    too_large,
)
from services.eligibility.package import (
    Outcome,
    Property,
    RulePackage,
    RuleSeverity,
    Value,
    Values,
    evaluate,
)
from services.eligibility.publishing.check.applications import Application
from services.eligibility.publishing.check.consistency import Coverage
from services.kit.findings import Findings


@dataclass(frozen=True)
class Tried:
    """An application and what the package makes of it."""

    application: Application
    values: Values
    outcome: Outcome


def broken_properties(package: RulePackage, tried: Sequence[Tried]) -> Iterator[tuple[Property, str]]:
    """Each property that does not hold, with a first counter-example in French."""
    for item in package.properties:
        if item.improving_fact:
            example = _worse_with_more(package, item.improving_fact, tried)
        else:
            example = _excluded(package, item, tried)
        if example:
            yield item, example


def _excluded(package: RulePackage, item: Property, tried: Iterable[Tried]) -> str:
    for one in tried:
        excluded = item.condition is not None and one.outcome in item.excluded
        if excluded and item.condition and evaluate(item.condition, one.values) is True:
            return f"{one.application.origin} donne « {_label(package, one.outcome)} »"
    return ""


def _worse_with_more(package: RulePackage, fact: str, tried: Iterable[Tried]) -> str:
    """Applications that differ by this fact alone, from the least to the most of it."""
    gravity = {rank.outcome: place for place, rank in enumerate(package.decision.ranks)}
    for family in _families(package, fact, tried).values():
        ordered: list[Any] = sorted(family.items())
        for (_, less), (_, more) in pairwise(ordered):
            if gravity.get(more.outcome, 0) < gravity.get(less.outcome, 0):
                return (
                    f"{less.application.origin} donne « {_label(package, less.outcome)} », et avec plus, "
                    f"{more.application.origin} donne « {_label(package, more.outcome)} »"
                )
    return ""


def _families(
    package: RulePackage, fact: str, tried: Iterable[Tried]
) -> Mapping[tuple[Value | None, ...], dict[Value, Tried]]:
    families: dict[tuple[Value | None, ...], dict[Value, Tried]] = {}
    others = [name for name in package.facts if name != fact]
    for one in tried:
        value = one.application.facts.get(fact)
        if value is not None:
            key = tuple(one.application.facts.get(name) for name in others)
            families.setdefault(key, {})[value] = one
    return families


def _label(package: RulePackage, outcome: Outcome) -> str:
    return next((rank.label for rank in package.decision.ranks if rank.outcome is outcome), outcome.value)


class Trial:
    """Assesses applications with every evaluator, and remembers what they show; `endless` has, for a rule, a
    first application left incomplete by it that nothing one can supply decides."""

    def __init__(self, package: RulePackage, findings: Findings) -> None:
        self._package, self._findings = package, findings
        self._shards = compile_package(package)
        self._native = [NativeRuleset(shard.name, shard.conditions) for shard in self._shards]
        self._host = [HostRuleset(f"{shard.name}.host", shard.conditions) for shard in self._shards]
        self._reported: set[str] = set()
        self.coverage = Coverage(package)
        self.tried: list[Tried] = []
        self.endless: dict[str, tuple[Application, Assessment]] = {}

    def run(self, application: Application) -> Judgement:
        """What is judged of an application; disagreements become findings, the first of each rule."""
        judged = judge(self._package, partial(self._fire, application), application.facts)
        for name in judged.disagreements:
            self._disagree(name, application)
        self.coverage.note(judged.values)
        self.tried.append(Tried(application, judged.values, judged.outcome))
        for rule in judged.undecided if judged.outcome is Outcome.INCOMPLETE else ():
            waits = suppliable(self._package, rule.condition, judged.values)
            if rule.severity is not RuleSeverity.RESERVE and not waits and rule.id not in self.endless:
                self.endless[rule.id] = (application, in_words(self._package, judged))
        return judged

    def _fire(self, application: Application, values: Values) -> frozenset[str]:
        rows = [shard.row(values) for shard in self._shards]
        large = {
            rule for shard, row in zip(self._shards, rows, strict=True) for rule in too_large(shard, row)
        }
        for rule in sorted(large):
            self._report(
                rule,
                f"Pour {application.origin}, les valeurs comparées par cette règle dépassent ce que le "
                "moteur compare exactement : bornez les faits (« maximum »), ou arrondissez par "
                "« round_cents » dans derived.yaml.",
            )
        if large:
            raise EngineError("an integer beyond the exact range")
        native, host = _fired(self._native, rows), _fired(self._host, rows)
        for rule in sorted(native ^ host):
            self._disagree(rule, application)
        return native

    def _disagree(self, rule: str, application: Application) -> None:
        if rule != ENGINE_FAILED:
            self._report(
                rule, f"Le moteur de règles et l’évaluateur de référence divergent pour {application.origin}."
            )

    def _report(self, rule: str, message: str) -> None:
        if rule not in self._reported:
            self._reported.add(rule)
            self._findings.error(self._package.place("rules.yaml", rule, "when"), message)


def _fired(
    rulesets: Sequence[NativeRuleset | HostRuleset], rows: Sequence[Mapping[str, int]]
) -> frozenset[str]:
    fired = (ruleset.fire(row) for ruleset, row in zip(rulesets, rows, strict=True))
    return frozenset().union(*fired)
