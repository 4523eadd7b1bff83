"""First compilation of a package, in a child process with limits: a definition that hangs or crashes the
native code costs the child, not the server. The package's own cases are evaluated there and compared with
the reference evaluator."""

from __future__ import annotations

import sys

from services.eligibility.engine.definitions import UncompilableError, compile_package
from services.eligibility.engine.evaluation import all_values, true_rules
from services.eligibility.engine.native import NativeRuleset
from services.eligibility.package import RulePackage
from services.kit import child
from services.kit.child import Bounds, Message, StoppedError

_BOUNDS = Bounds(processor_seconds=20, memory=2 * 1024**3, output=16 * 1024**2, wall_seconds=60)


def try_package(package: RulePackage) -> None:
    """Raises UncompilableError unless the engine compiles the package and agrees with the reference on its
    cases."""
    shards = compile_package(package)
    applications = [all_values(package, case.facts) for case in package.cases]
    fired = _run_child(
        {
            "shards": [{"name": shard.name, "conditions": shard.conditions} for shard in shards],
            "rows": [[shard.row(values) for shard in shards] for values in applications],
        }
    )
    for case, values, rules in zip(package.cases, applications, fired, strict=True):
        if set(rules) != true_rules(package, values):
            raise UncompilableError(f"Le moteur et l’évaluateur de référence divergent sur le cas {case.id}.")


def _run_child(work: object) -> list[list[str]]:
    try:
        fired: list[list[str]] = child.ask(__name__, Message(work), _BOUNDS).data
    except StoppedError:
        raise UncompilableError("Le moteur de règles n’a pas pu compiler ou évaluer ce paquet.") from None
    return fired


def _fired(question: Message) -> Message:
    """The rules fired by each row, once the shards are compiled."""
    work = question.data
    rulesets = [NativeRuleset(shard["name"], shard["conditions"]) for shard in work["shards"]]
    fired = [
        sorted(frozenset().union(*(ruleset.fire(row) for ruleset, row in zip(rulesets, rows, strict=True))))
        for rows in work["rows"]
    ]
    return Message(fired)


if __name__ == "__main__":
    sys.exit(child.answer(_fired))
