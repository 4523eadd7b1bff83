"""The compiled rules of a package, in this process."""

from __future__ import annotations

import threading

from services.eligibility.engine.definitions import compile_package
from services.eligibility.engine.native import EngineError, NativeRuleset
from services.eligibility.package import RulePackage, Values


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
            with self._lock:
                if self._rulesets is rulesets:
                    self._rulesets = None
            raise
        return frozenset().union(*fired)

    def _build(self) -> tuple[NativeRuleset, ...]:
        return tuple(NativeRuleset(shard.name, shard.conditions) for shard in self._shards)
