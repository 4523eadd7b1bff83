"""Between the messages of the contract and the types of the service: all reading and writing of protobuf.

- `answered`: The answer in words.
- `assessment_pb`: The advice on one application; a decision_id if it is recorded.
- `catalog`: The facts, in the order of the package, with the rules in force on a day that read them.
- `decision_requests`: Reads requests about decisions: every absent or wrong field is collected with its
  proto path.
- `decisions`: Recorded decisions as messages.
- `fact_value`: A value of a type; without content when it is unknown. An amount is rounded half-up to the
  cent.
- `Fields`: Reads the fields of a message; each method gives None after a violation, or for an absent
  optional field.
- `instant`: An optional instant.
- `read_grid`: What is asked; InvalidArgument with every wrong field.
- `read_loan_question`: The question asked; InvalidArgument with every wrong field.
- `read_request`: The rules that govern the request and the facts that they accept; InvalidArgument with
  every wrong field.
- `read_suggestions`: What is asked; InvalidArgument with every wrong field.
- `ruleset_check`: How much of a ruleset was tried.
- `ruleset_details`: What a ruleset says of itself.
- `ruleset_pb`: The package that answers.
- `simulation_pb`: The whole simulation, its schedule dated when the day of the first instalment is known.
- `unanswered`: Why an inverse question has no answer.
"""

from services.eligibility.messages import decision_requests, decisions
from services.eligibility.messages.advice_requests import read_grid, read_suggestions
from services.eligibility.messages.application import read_request
from services.eligibility.messages.assessments import assessment_pb, ruleset_pb
from services.eligibility.messages.catalog import catalog
from services.eligibility.messages.fields import Fields, instant
from services.eligibility.messages.loan_answers import answered, simulation_pb, unanswered
from services.eligibility.messages.loan_questions import read_loan_question
from services.eligibility.messages.releases import ruleset_check, ruleset_details
from services.eligibility.messages.values import fact_value

__all__ = [
    "Fields",
    "answered",
    "assessment_pb",
    "catalog",
    "decision_requests",
    "decisions",
    "fact_value",
    "instant",
    "read_grid",
    "read_loan_question",
    "read_request",
    "read_suggestions",
    "ruleset_check",
    "ruleset_details",
    "ruleset_pb",
    "simulation_pb",
    "unanswered",
]
