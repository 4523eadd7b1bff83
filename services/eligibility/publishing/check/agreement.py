"""durable_rules by its native loop, durable_rules by its documented API, and the reference evaluator, on the
same applications: they must find the same rules true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from services.eligibility.answer import ENGINE_FAILED, Assessment, in_words, judge
from services.eligibility.engine import EngineError, HostRuleset, NativeRuleset, compile_package, too_large
from services.eligibility.package import Findings, RulePackage, Values
from services.eligibility.publishing.check.applications import Application
from services.eligibility.publishing.check.coverage import Coverage
from services.eligibility.publishing.check.properties import Tried


class Trial:
    """Assesses applications with every evaluator, and remembers what they show."""

    def __init__(self, package: RulePackage, findings: Findings) -> None:
        self._package, self._findings = package, findings
        self._shards = compile_package(package)
        self._native = [NativeRuleset(shard.name, shard.conditions) for shard in self._shards]
        self._host = [HostRuleset(f"{shard.name}.host", shard.conditions) for shard in self._shards]
        self._reported: set[str] = set()
        self.coverage = Coverage(package)
        self.tried: list[Tried] = []

    def run(self, application: Application) -> Assessment:
        """The assessment of an application; disagreements become findings, the first of each rule."""
        judged = judge(self._package, partial(self._fire, application), application.facts)
        for rule in judged.disagreements:
            self._disagree(rule, application)
        self.coverage.note(judged.values)
        self.tried.append(Tried(application, judged.values, judged.outcome))
        return in_words(self._package, judged)

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
            self._findings.add(self._package.place("rules.yaml", rule, "when"), message)


def _fired(
    rulesets: Sequence[NativeRuleset | HostRuleset], rows: Sequence[Mapping[str, int]]
) -> frozenset[str]:
    fired = (ruleset.fire(row) for ruleset, row in zip(rulesets, rows, strict=True))
    return frozenset().union(*fired)
