"""First compilation of a package, in a child process with limits: a definition that hangs or crashes the
native code costs the child, not the server. The package's own cases are evaluated there and compared with
the reference evaluator."""

from __future__ import annotations

import json
import sys

from services.eligibility.engine.definitions import UncompilableError, compile_package
from services.eligibility.engine.evaluation import all_values
from services.eligibility.engine.native import NativeRuleset
from services.eligibility.engine.reference import true_rules
from services.eligibility.package.model import RulePackage
from services.kit import child
from services.kit.child import StoppedError

LIMIT_SECONDS = 20
_LIMIT_BYTES = 2 * 1024**3


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
        answer = child.ask(__name__, json.dumps(work).encode(), seconds=LIMIT_SECONDS, memory=_LIMIT_BYTES)
        fired: list[list[str]] = json.loads(answer)
    except (StoppedError, ValueError):
        raise UncompilableError("Le moteur de règles n’a pas pu compiler ou évaluer ce paquet.") from None
    return fired


def _fired(question: bytes) -> bytes:
    """The rules fired by each row, once the shards are compiled."""
    work = json.loads(question)
    rulesets = [NativeRuleset(shard["name"], shard["conditions"]) for shard in work["shards"]]
    fired = [
        sorted(frozenset().union(*(ruleset.fire(row) for ruleset, row in zip(rulesets, rows, strict=True))))
        for rows in work["rows"]
    ]
    return json.dumps(fired).encode()


if __name__ == "__main__":
    sys.exit(child.answer(_fired))
