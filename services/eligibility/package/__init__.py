"""Rule packages: the règlement as data, read from YAML with every finding at once.

- `APPLICATION_FACTS`: The fields of an Application with the kinds that a package may give them; any other
  fact is an additional one.
- `assemble_package`: What can be read of a package, to say more of it than its first faults; not to be
  applied with errors. None when a file is missing, unreadable or out of size.
- `BOOLEAN`: The type of a yes/no value.
- `bullets`: A list, one item a line.
- `Case`: One of the package's own tests: facts, and the outcome, reasons, orientations and figures
  expected.
- `check_facts`: Everything wrong in the given facts; the fields of the violations are names of facts.
- `codes_of`: The codes of a list; none when it is unknown.
- `completed`: The value of every declared fact, what its absence means being applied.
- `DatedValue`: The value of a parameter over a period, and the deliberation or article that sets it; a draft
  waits for one, and its reference is not for the applicant.
- `Decision`: Outcomes from the gravest, labels of orientations, documents by situation, bounds of loans.
- `Derived`: A named calculation; a figure is shown in the answers.
- `Direction`: Which way a number or a date may be suggested to move; the words are those of facts.yaml.
- `display`: A value exact to six decimals, with its unit or its label; « inconnu » for none.
- `ENGINE_DISAGREEMENT`: Code of the reason given when the two evaluators disagree; no rule may bear it.
- `evaluate`: The value of an expression; a condition is True, False or None.
- `Fact`: What a package declares of one fact; the bounds are inclusive.
- `facts_of_rules`: The facts behind the rules, their sentences, the figures and the required documents, with
  the day.
- `facts_read`: The facts behind names of facts, parameters and calculations.
- `Format`: A form that a text must have, and the French sentence that describes it.
- `FRENCH_KINDS`: Each kind of value in French words, with its article.
- `Identity`: What the package is, for whom, by what authority, and when it may govern.
- `is_asked`: False when the fact does not concern the person; while that is not known, it is asked.
- `Kind`: What a value is; the words are those of the package files.
- `Lever`: How the applicant may act on a fact: the effort, the direction, and the bounds calculated on the
  application as it stands.
- `listed`: A value as a French reader writes it; a long list is counted.
- `MAX_LISTED`: How many codes of a list are written out before the list is counted instead.
- `MAX_PERCENT_DECIMALS`: Decimals that a percent may have.
- `MAX_WHOLE`: Beyond, the rule engine does not compare integers exactly, and JSON does not carry them.
- `MISSING_FACTS`: Name, in expressions, of the list of wanted facts that are absent.
- `missing_facts`: The absent facts that the package wants, in its order; the values are those of the facts
  and of the parameters.
- `names`: Every name that the expression reads, with repetitions.
- `Node`: A typed expression.
- `NOT_APPLICABLE`: How the absence of a fact that does not concern the person is written.
- `NOTHING`: How an empty list is written.
- `NUMERIC`: The kinds that can be added and multiplied.
- `ORDERED`: The kinds that can be compared by < and >.
- `ordered`: Findings by file, line and column: first the files that may be the cause of what is found in the
  others.
- `Outcome`: What the rules advise. NEEDS_REVIEW is never yielded by a rule.
- `paragraphs`: The parts that are not empty, a blank line between two.
- `parameters_read`: The parameters behind names of facts, parameters and calculations, in their order, each
  once.
- `Parameter`: A dated value; the values cover the package's validity without gap or overlap.
- `PersonalData`: Class of personal data of a fact.
- `plain_text`: A text composed (NFC), its no-break spaces made ordinary.
- `Property`: What must hold of every application: an outcome excluded when a condition is true, or a fact
  whose growth never makes the outcome worse.
- `quoted`: « text ».
- `read_folder`: The files of a package that a folder holds, signature included.
- `read_package_identity`: What a package that passed its check says of itself.
- `read_package`: The package made of these files; PackageError tells everything that is wrong in them.
- `RequiredDocuments`: A parameter that lists documents, required when the condition is true or absent.
- `REQUIRED_DOCUMENTS`: Name, in expressions, of the list of documents that the situation calls for.
- `rounded`: An amount rounded half-up to the cent, a percent to two decimals; anything else as it is.
- `Rule`: A rule: when its condition is true, its code is among the reasons.
- `RulePackage`: A whole package, itself and no other; `digest` is the SHA-256 of its files, in hexadecimal;
  `places` says where things are written, as `place` reads it.
- `rules_by_fact`: For each fact, the codes of the rules in force on a day that read it, in their order.
- `RuleSeverity`: What a rule does to the outcome; the words are those of rules.yaml.
- `table`: A table; the columns of these ranks are aligned to the right.
- `text`: A text of the package on one line, its special characters escaped.
- `tree`: The typed tree of an expression, read by the evaluator, by the compiler and by the messages.
- `Value`: A known value; a tuple holds the codes of a list.
- `Values`: Values by name; None is unknown or without meaning.
- `ValueType`: A kind and, for codes and texts, the name of the fact whose values they are, with their
  French labels.
- `WhenAbsent`: What the absence of a fact means; the words are those of facts.yaml.
- `Words`: Says the expressions of a package; with a day, a parameter is followed by its value of that day;
  with the values of an application, everything is.
"""

from services.eligibility.package import tree
from services.eligibility.package.display import NOT_APPLICABLE, NOTHING, display, rounded
from services.eligibility.package.evaluate import evaluate
from services.eligibility.package.facts import (
    APPLICATION_FACTS,
    MAX_PERCENT_DECIMALS,
    MAX_WHOLE,
    Direction,
    Fact,
    Format,
    Lever,
    PersonalData,
    WhenAbsent,
    check_facts,
    completed,
    is_asked,
    missing_facts,
    plain_text,
)
from services.eligibility.package.findings import ordered
from services.eligibility.package.load import (
    assemble_package,
    read_folder,
    read_package,
    read_package_identity,
)
from services.eligibility.package.model import (
    ENGINE_DISAGREEMENT,
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    Case,
    DatedValue,
    Decision,
    Derived,
    Identity,
    Outcome,
    Parameter,
    Property,
    RequiredDocuments,
    Rule,
    RulePackage,
    RuleSeverity,
    facts_of_rules,
    facts_read,
    parameters_read,
    rules_by_fact,
)
from services.eligibility.package.tree import (
    BOOLEAN,
    FRENCH_KINDS,
    NUMERIC,
    ORDERED,
    Kind,
    Node,
    Value,
    Values,
    ValueType,
    codes_of,
    names,
)
from services.eligibility.package.words import (
    MAX_LISTED,
    Words,
    bullets,
    listed,
    paragraphs,
    quoted,
    table,
    text,
)
