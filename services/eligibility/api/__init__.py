"""The RPCs of the service: reads with `messages`, drives the rooms of the middle, records with `store`.

- `Comparisons`: Answers the RPCs that compare rulesets; `page_key` seals the tokens of its lists.
- `DecisionServicer`: Reads, replays, explains, erases and proves recorded decisions.
- `DOMAIN`: Of google.rpc.ErrorInfo.
- `EligibilityServicer`: Assesses applications under the rules of their date, each decision recorded before
  it is given.
- `LoanServicer`: Computes loans.
- `RulesetServicer`: Checks, publishes, activates and rolls back rulesets.
- `ShadowRunner`: Counts what candidates change, a chunk of decisions at a time; started after the fork.
"""

from services.eligibility.api.batch import DOMAIN
from services.eligibility.api.comparisons import Comparisons
from services.eligibility.api.decision_service import DecisionServicer
from services.eligibility.api.ruleset_service import RulesetServicer
from services.eligibility.api.service import EligibilityServicer, LoanServicer
from services.eligibility.api.shadowing import ShadowRunner

__all__ = [
    "DOMAIN",
    "Comparisons",
    "DecisionServicer",
    "EligibilityServicer",
    "LoanServicer",
    "RulesetServicer",
    "ShadowRunner",
]
