"""What is answered on an application: the assessment, advice, explanation and the record of a decision.

- `AMOUNT`: Name of the fact that holds the amount of the loan.
- `RemovalRequest`: Who asks for an erasure or a purge, and the request id that makes a retry harmless; both
  may be empty.
- `assess_and_ask`: The advice on checked facts, with the questions that may still change it.
- `assess`: The advice on facts that `check_facts` accepts, under the rules in force on their request date.
- `Assessment`: The advice; `disagreements` names the rules on which the evaluators differ.
- `changeable`: Those of these facts that may be changed: a fact that is unknown has first to be told.
- `conditions`: What remains to be settled for an application that is only incomplete, in French sentences.
- `Comparison`: A value against its threshold; a yes/no fact has neither operator nor threshold.
- `ContentState`: What is left of the content of a decision.
- `DecisionContent`: The encrypted part of a record.
- `decode_content`: The content of its canonical JSON; ValueError for another form.
- `DecisionRecord`: The part of a record that anyone who holds the journal reads.
- `encode_content`: Canonical JSON, to be encrypted.
- `Engine`: Gives the ids of the rules that are true of these values, or raises EngineError.
- `ENGINE_FAILED`: Stands for a rule in the disagreements when the engine gave no answer.
- `Erasure`: How many decisions are concerned, when their removal was recorded, and whether it is done.
- `Figure`: A computed value, rounded for display.
- `Filters`: What listed decisions must be; an empty filter accepts everything.
- `grid`: The advice over a grid of amounts and durations.
- `Grid`: Amounts in cents and durations in months, ascending.
- `in_words`: The advice that a judgement is, with its reasons, figures and orientations.
- `is_same_request`: True when a decision is about the case and the facts of a recorded one.
- `Judgement`: The outcome with the rules in force that hold and those that are undecided, and the values that
  they read; `disagreements` as in an Assessment.
- `judge`: The outcome alone, without its reasons in words.
- `least_change`: The change of least effort that could make an application presentable; empty where none is
  called for, or found.
- `markdown`: Ten plain lines, then the sections, under a heading that names the decision.
- `MissingFact`: An absent fact that the rules need; `proof_document` may be empty.
- `MONTHS`: Name of the fact that holds the duration of the loan.
- `NewDecision`: A decision to record; the case reference and the request id may be empty. The kinds of the
  facts are kept with them: the record can be read without its rule package.
- `Operand`: A side of a comparison; a literal has no name, an unknown value is None.
- `plain_lines`: The explanation in ten lines at most, in short sentences.
- `present`: The present value of a fact, its absence meaning "no" when the package says so.
- `Question`: An absent fact whose answer can still change the outcome, by settling the rules of these
  codes.
- `Reason`: A rule that holds; no severity for the disagreement of the evaluators.
- `Recorded`: A decision once recorded; that of a repeated request is the first one.
- `replay`: Compares outcome, reasons, compared values and figures.
- `Replay`: Two canonical texts, and the paths where they differ.
- `RulesetStamp`: The rule package that answered, and the state of the deployments that chose it.
- `sections`: Contribution to the decision, data and sources, parameters and weighting, operations.
- `sentence`: « Ramener le montant demandé de 3 500 € à 3 000 €. », with what remains to be settled; a verb is
  not said twice in a row.
- `shown`: A value as the catalogue of the package writes it; a whole amount without cents.
- `Situation`: A recorded decision beside the rules that it followed; `values` holds every value that they
  read.
- `smallest_changes`: At most `most` changes of these facts, the least effort first, then the fewest facts,
  then the smallest; none of them contains the facts of another. `check` is called now and then, to stop in
  time.
- `StoredDecision`: A decision of the journal.
- `Suggestion`: Facts to change together, and the advice that they lead to: presentable, or incomplete for
  what remains to be settled otherwise.
- `Suggestions`: What was found; the blocking rules that none of the given facts moves; whether the
  application is only incomplete; whether the search went to its end.
- `Tally`: Decisions by cell, and cases by the cell of their latest decision; `damaged` records say nothing.
- `tally`: The count of decisions, which come in the order of the journal.
- `UndecidedRule`: A rule that could be neither verified nor set aside, and the absent facts known
  to decide it.
- `Unreadable`: Decisions whose content is in the journal and cannot be read.
- `verdict`: A French sentence.
"""

from services.eligibility.answer import grid
from services.eligibility.answer.assess import ENGINE_FAILED, Engine, Judgement, assess, in_words, judge
from services.eligibility.answer.assessment import (
    Assessment,
    Comparison,
    Figure,
    MissingFact,
    Operand,
    Question,
    Reason,
    RulesetStamp,
    UndecidedRule,
)
from services.eligibility.answer.changes import Suggestion, Suggestions, changeable, smallest_changes
from services.eligibility.answer.decisions import (
    ContentState,
    DecisionContent,
    DecisionRecord,
    Erasure,
    Filters,
    NewDecision,
    Recorded,
    RemovalRequest,
    StoredDecision,
    Unreadable,
)
from services.eligibility.answer.explained_rules import Situation
from services.eligibility.answer.explanation_text import markdown, sections
from services.eligibility.answer.grid import AMOUNT, MONTHS, Grid
from services.eligibility.answer.plain import plain_lines
from services.eligibility.answer.questions import assess_and_ask
from services.eligibility.answer.recorded import (
    Replay,
    decode_content,
    encode_content,
    is_same_request,
    replay,
)
from services.eligibility.answer.tally import Tally, tally
from services.eligibility.answer.wording import conditions, least_change, present, sentence, shown, verdict
