"""A ruleset on its way to govern: its check, its comparison, its rulebook, and what is in force.

- `advice`: The advice of a ruleset; None when it does not govern the day of the application, refuses its
  facts or fails on them. Facts that it does not declare are ignored.
- `Advice`: What is compared of an assessment: its outcome and the codes of its reasons.
- `Application`: What a comparison knows of an application: its facts, its name, what was answered then.
- `Base`: What a candidate is compared with.
- `board_note`: What a board is told of a change of rules that it votes: values before and after, then the
  rest.
- `case_gaps`: Outcome, reasons in their order, orientations and figures that differ; none when the case
  passes.
- `check`: Everything to say about the files of a package; a child that is stopped is itself a finding.
- `compiled`: The ruleset of these files; PackageError or EngineError when they cannot be used.
- `compiled_once`: The ruleset of these files, whose package the master may have read already.
- `Count`: How many applications, and the first of them by name.
- `Deployment`: The rulesets of a state of the store, by the days that they govern.
- `Deployments`: The rulesets of this process, which follow the store.
- `differences`: Everything that the candidate adds, changes or removes.
- `Gap`: One thing that is not as a case expects it, in French.
- `Labels`: How to name a reason, by its code.
- `MAX_EXAMPLES`: Applications named for each change.
- `MAX_FINDINGS`: Beyond, the first ones are enough to begin with.
- `moved`: The same application, made on that day; without one, as it is.
- `NewShadow`: A run to start: from the decisions recorded at `from_time` on (None: those to come), as if
  every application were made on `as_of` (None: on its own day); the request id may be empty.
- `OutcomeChange`: From the base to the candidate; the codes of reasons are in alphabetical order.
- `Pair`: What both rulesets advise on one application, and how an example names it.
- `RunPosition`: Where a run that decisions wait for stands in the journal; `held` by its reader.
- `read_population`: The applications of a table, typed as the facts of a package.
- `reason_labels`: How to name the reason of each code, as the first package that has it writes it.
- `Report`: What the check of a package says: its findings and what it looked at.
- `rulebook`: The whole document; with an older package, what changed comes first.
- `RulebookChange`: One item that differs, with a French line for each of its differences.
- `Ruleset`: A rule package and its compiled rules, freed with it.
- `Rulesets`: What is compared: the rules in force, or one version, and the candidate.
- `said_base`: What the candidate is compared with, in French.
- `Section`: A part of the package; the value is its French title.
- `Shadow`: A run and what it has counted; `pending` decisions are still to be.
- `summary`: What changes and why, then what was left out.
- `Tally`: Applications by change, the unchanged ones included, and how many could not be compared.
- `together`: Two counts as one.
- `UNUSABLE`: What is raised for a stored package that cannot be used.
- `values_in_force`: A warning for each value in force up to a day that the files of another version change.
- `unvoted`: A warning for each value, of a day or of later ones, that waits for its vote.
- `unvoted_values`: The same, of the files of a version.
- `tally`: Counts the pairs; None stands for an application left out.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from services.eligibility.publishing import board_note
from services.eligibility.publishing.check import MAX_FINDINGS, Report, check
from services.eligibility.publishing.check.gaps import Gap, case_gaps
from services.eligibility.publishing.rulebook_differences import RulebookChange, Section, differences
from services.eligibility.publishing.rulebook_document import rulebook
from services.eligibility.publishing.unvoted import unvoted, unvoted_values
from services.eligibility.publishing.values_in_force import values_in_force

if TYPE_CHECKING:
    from services.eligibility.publishing.comparison import (
        MAX_EXAMPLES,
        Advice,
        Base,
        Count,
        NewShadow,
        OutcomeChange,
        Pair,
        RunPosition,
        Shadow,
        Tally,
        advice,
        moved,
        tally,
        together,
    )
    from services.eligibility.publishing.comparison_text import Labels, reason_labels, said_base, summary
    from services.eligibility.publishing.deployment import (
        UNUSABLE,
        Deployment,
        Deployments,
        Ruleset,
        compiled,
        compiled_once,
    )
    from services.eligibility.publishing.population import read_population
    from services.eligibility.publishing.sides import Application, Rulesets

_LATER = {
    "comparison": "MAX_EXAMPLES Advice Base Count NewShadow OutcomeChange Pair RunPosition Shadow Tally "
    "advice moved tally together",
    "comparison_text": "Labels reason_labels said_base summary",
    "population": "read_population",
    "sides": "Application Rulesets",
    "deployment": "UNUSABLE Deployment Deployments Ruleset compiled compiled_once",
}
_HOMES = {name: room for room, names in _LATER.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    # The child that checks a stranger's package comes through here, and needs neither a store nor gRPC: their
    # import takes longer than many a check.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
