"""The RPCs of the service: reads with `messages`, drives the rooms of the middle, records with `store`.

- `DecisionServicer`: Reads, replays, explains, erases and proves recorded decisions.
- `DOMAIN`: Of google.rpc.ErrorInfo.
- `EligibilityServicer`: Assesses applications under the rules of their date, each decision recorded before
  it is given.
- `LoanServicer`: Computes loans.
- `ruleset_kind`: Rulesets, as a kind of package that is deployed without the code.
- `RulesetServicer`: Compares rulesets, at once and in shadow runs.
- `ShadowRunner`: Counts what candidates change, a chunk of decisions at a time; started after the fork.
"""

from services.eligibility.api.decision_service import DecisionServicer
from services.eligibility.api.releases import ruleset_kind
from services.eligibility.api.ruleset_service import RulesetServicer
from services.eligibility.api.service import DOMAIN, EligibilityServicer, LoanServicer
from services.eligibility.api.shadowing import ShadowRunner
