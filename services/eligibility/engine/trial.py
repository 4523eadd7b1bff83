"""First compilation of a package, in a child process with limits: a definition that hangs or crashes the
native code costs the child, not the server. The package's own cases are evaluated there and compared with
the reference evaluator."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

from services.eligibility.engine.definitions import UncompilableError, compile_package
from services.eligibility.engine.native import NativeRuleset
from services.eligibility.engine.reference import true_rules
from services.eligibility.evaluation import all_values
from services.eligibility.package.model import RulePackage

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
        child = subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", __name__],
            input=json.dumps(work).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            timeout=LIMIT_SECONDS,
            check=True,
        )
        fired: list[list[str]] = json.loads(child.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        raise UncompilableError("Le moteur de règles n’a pas pu compiler ou évaluer ce paquet.") from None
    return fired


def main() -> None:
    """Compiles the shards read on stdin and prints the rules fired by each row."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_SECONDS, LIMIT_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_LIMIT_BYTES, _LIMIT_BYTES))
    work = json.load(sys.stdin)
    rulesets = [NativeRuleset(shard["name"], shard["conditions"]) for shard in work["shards"]]
    fired = [
        sorted(frozenset().union(*(ruleset.fire(row) for ruleset, row in zip(rulesets, rows, strict=True))))
        for rows in work["rows"]
    ]
    json.dump(fired, sys.stdout)


if __name__ == "__main__":
    main()
