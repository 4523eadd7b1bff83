"""What is proved of a package over every application, and what its cases would not see: the second is counted
by changing one token at a time. The solver (z3) is an extra, imported only here.

- `Budget`: The time that proofs may take, and what was left for lack of it.
- `changes`: What the candidate changes, over the days that both may govern, from a day on.
- `has_solver`: Whether the extra that proves is installed.
- `Proofs`: What is known of a package; `untried` counts the pairs of rules left for lack of time.
- `publication_score`: What a publication counts within a time: the solver is asked only where it could spare
  a waiver.
- `prove`: Everything that can be said of a package within a time: the proofs first, then the mutations.
- `ready_cases`: The applications that would see the mutations that survive, as a file of cases to read,
  then to add: what they expect is what the package answers now.
- `report_digest`: The SHA-256 of a report, in hexadecimal.
- `shortfall`: That the cases see too little, in French; empty when they see enough.
- `unseen`: A warning for each mutation that no case sees.
- `WITHOUT_SOLVER`: What is said where it is not.
"""

from services.eligibility.proof.kinds_of_change import changes
from services.eligibility.proof.proofs import (
    WITHOUT_SOLVER,
    Proofs,
    prove,
    ready_cases,
    report_digest,
    shortfall,
    unseen,
)
from services.eligibility.proof.score import publication_score
from services.eligibility.proof.search import Budget
from services.eligibility.proof.solver import has_solver
