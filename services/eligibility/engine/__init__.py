"""The rules on durable_rules, the authority on which rules are true.

The library is sharp: names and sessions compared by a 32-bit hash, division by zero that ends the process,
limits met at run time. Hence a compiler (never an author) writes its definitions, over integers alone; a
guard and a sentinel frame every evaluation; one file touches the native module.

- `absent_facts`: The facts whose absence leaves an expression unknown, in the order of the package.
- `all_values`: The value of every name of the package's scope, for checked facts; None is unknown or
  without meaning.
- `compile_package`: The shards of a package, in the order of its rules; UncompilableError beyond a limit of
  the engine.
- `CompiledRules`: Native rulesets of a package; built after the fork, for they belong to one process. Any
  error discards them: the next evaluation builds new ones.
- `conditions_of`: The conditions of a rule with the keys under which they are written.
- `Critical`: Critical values of a package, whose conditions are looked at once for many calls; of these
  leaves alone when they are given.
- `EngineError`: The engine failed: its answer cannot be used.
- `exceeded_limits`: Every limit of the engine that a package exceeds.
- `HostRuleset`: One ruleset in a host of its own.
- `LazyValues`: The same values as `all_values`, each calculated the first time that it is read: where few
  are. Begins with facts that are `completed`.
- `Leaf`: A comparison, a yes/no or a `known(…)` of a rule, negations pushed down to it; `key` says in which
  condition of the rule.
- `leaves_of`: The leaves of one condition, once its negations are pushed down.
- `NativeRuleset`: Rules compiled in C, freed with the object.
- `outcome_of`: What rules in force advise, whatever the package says: while a fact that is asked is missing,
  or a rule that could refuse is undecided, nothing is presentable.
- `request_day`: The day of a request whose facts were checked.
- `rule_leaves`: Every leaf of the conditions of the rules, of their orientations and of their messages,
  each once.
- `suppliable`: Those of the absent facts behind an expression that one can supply.
- `too_large`: The rules that compare an integer of this row that the engine cannot compare exactly.
- `true_rules`: Ids of the rules whose condition is true, neither false nor unknown.
- `try_package`: Raises UncompilableError unless the engine compiles the package and agrees with the
  reference on its cases.
- `UncompilableError`: The package exceeds a limit of the engine; the message is a French sentence.
- `verdicts`: What the condition of each rule is, by id; None is unknown.
- `written`: An expression in the language of the package, more parentheses than needed.
"""

from services.eligibility.engine.critical_values import (
    Critical,
    Leaf,
    conditions_of,
    leaves_of,
    rule_leaves,
    written,
)
from services.eligibility.engine.definitions import (
    CompiledRules,
    UncompilableError,
    compile_package,
    exceeded_limits,
    too_large,
)
from services.eligibility.engine.evaluation import (
    LazyValues,
    absent_facts,
    all_values,
    outcome_of,
    request_day,
    suppliable,
    true_rules,
    verdicts,
)
from services.eligibility.engine.host import HostRuleset
from services.eligibility.engine.native import EngineError, NativeRuleset
from services.eligibility.engine.trial import try_package
