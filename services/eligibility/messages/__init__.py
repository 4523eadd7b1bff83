"""Between the messages of the contract and the types of the service: all reading and writing of protobuf.

- `answered`: The answer in words.
- `assessment_pb`: The advice on one application; a decision_id if it is recorded.
- `catalog`: The facts, in the order of the package, with the rules in force on a day that read them.
- `counts`: Reads what decisions are counted by, and writes the counts.
- `decisions`: Reads requests about decisions, and writes recorded decisions as messages.
- `fact_value`: A value of a type; without content when it is unknown. An amount is rounded half-up to the
  cent.
- `BoundedFields`: Reads the fields of a message; each method gives None after a violation, or for an absent
  optional field.
- `read_grid`: What is asked; InvalidArgument with every wrong field.
- `read_loan_question`: The question asked; InvalidArgument with every wrong field.
- `read_request`: The rules that govern the request and the facts that they accept; InvalidArgument with
  every wrong field.
- `read_suggestions`: What is asked; InvalidArgument with every wrong field.
- `report_pb`: What a comparison finds.
- `ruleset_pb`: The package that answers.
- `simulation_pb`: The whole simulation, its schedule dated when the day of the first instalment is known.
- `unread_fields`: The paths of the fields that are given and that nothing in the package reads.
- `unanswered`: Why an inverse question has no answer.
"""

from services.eligibility.messages import counts, decisions
from services.eligibility.messages.advice_requests import read_grid, read_suggestions
from services.eligibility.messages.application import fact_value, read_request, unread_fields
from services.eligibility.messages.assessments import assessment_pb, catalog, ruleset_pb
from services.eligibility.messages.comparisons import report_pb
from services.eligibility.messages.fields import BoundedFields
from services.eligibility.messages.loans import answered, read_loan_question, simulation_pb, unanswered
