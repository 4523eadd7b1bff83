"""The dossier contract: what callers send, checked as a whole and given types before any template sees it.

- `authorised`: What a document says of the authorisations of the lender of a file, signed or to sign.
- `BALANCE_SERIES`: The title of the only series of the chart of what is left to repay.
- `borrowers`: The applicant, then the co-applicant if there is one.
- `BUDGET_CATEGORIES`: The two groups of bars of the chart of the budget.
- `BUDGET_SERIES`: What each series of the chart of the budget shows, by its title.
- `charts`: The charts whose figures are all known: `budget`, `balance`.
- `Check`: What is wrong with data, for a document of a day, with paths below a root.
- `CHECKS`: The checks that a manifest may list, by name.
- `Code`: A code of the contract: comparable in a template, printed only by its French label.
- `common_to_all`: What the recipients share once they give these groups themselves, were it for one of them
  alone.
- `CONTRACT`: The dossier contract, compiled.
- `CONTRACT_FILE`: The JSON Schema of the dossier.
- `CONTRACT_VERSION`: The version of the dossier contract, printed in every document.
- `data_digest`: The SHA-256 of the canonical JSON of a dossier, whatever the document and its day; raises
  InvalidArgument when it is none.
- `data_recipients`: Who receives the data of a file besides the agents of the service.
- `DATES`: The dates of the dossier contract that carry a mark.
- `described`: The typed content of the YAML file that describes a package; None when it is not what it
  should be.
- `document_reference`: `MC-2026-0042`: the name of what the template is about; empty when it is about
  nothing in particular.
- `Durations`: How many months an authorisation without end holds, by flow.
- `enclosed`: The supporting documents joined for the lender.
- `Flow`: Who may tell whom: the service the lender, or the lender the service.
- `from_lender`: What forbids to use what the lender said; nothing if the person brought the paper.
- `has_illegal_character`: Whether the text holds a character that no document may carry.
- `ILLEGAL`: The characters that no text may hold, as the inside of a character class.
- `Image`: An image of the data: its bytes, its kind and its size in pixels; `fault` says why it cannot
  serve.
- `is_presentable`: The conditions were checked and allow it, and the social worker is not against it.
- `JPEG`: The kind of an image.
- `lender_away`: A social report is not given to a committee where the lender sits.
- `Letters`: The letters kept in a year, by their title.
- `merge_patch`: The target once patched (RFC 7396): objects are merged, anything else is replaced, null
  takes away.
- `METROPOLE`: The territory of a profile that names none: the country without Alsace-Moselle.
- `Money`: An amount in euros, in whole cents.
- `next_working_day`: `day`, or the first day after it that is neither a Saturday, a Sunday nor a holiday.
- `NotAsked`: A list that is absent: empty as one that says « aucun », and told from it.
- `packages`: Every folder below `root` that holds a file of that name, with its files; hidden ones are left
  out.
- `postal_check`: The check that the address of this recipient can be written.
- `published`: Key figures and tables as they may be printed, with a total where nothing is withheld; each
  year by itself, so that printing one again tells no more of it.
- `read_dossier`: The dossier of a document dated `day`; raises InvalidArgument with every violation.
- `read_folder`: The files of a package, by their path in it.
- `RECIPIENTS`: How each value of `recipient` in a manifest is addressed; the other, NOBODY, has no postal
  block.
- `refuse_other_files`: A package holds nothing but its own files.
- `refused_to_lender`: What says that a request never reaches a lender.
- `report_charts`: The charts that have a number to show.
- `REPORT_SERIES`: The titles of the series of each chart of the annual report.
- `PNG`: The kind of an image.
- `Requirement`: The paths that one template adds to what the contract already requires.
- `ROOT`: The field of the request, where the paths of violations start.
- `Schema`: A JSON Schema 2020-12 document whose `$defs` named money, rate and date carry types.
- `Sent`: A piece that leaves for the lender, and its field in the data.
- `SERIES`: The titles that the series of each chart may have.
- `SHARED`: Groups that a recipient may complete: a place for all, an hour for each. Any other one is whole.
- `Statistics`: The report of a year: its data, and what may be printed of it and of the year before.
- `silent_on_health`: What the letter says to the lender tells no health.
- `strict_json`: Strict JSON: UTF-8, no duplicate key, no fraction, no invisible character, bounded size and
  depth.
- `terms`: Implicit refusal, with and without the suspension that this letter opens; withdrawal.
- `to_lender`: What forbids to make a document of this title for the lender.
- `Typeset`: A text whose lines end where they may: it is printed as it is.
- `typeset_once`: The same value, its texts made ready to print.
- `uncovered`: Why no authorisation of a file covers a flow and what is sent; nothing if one does.
- `wording`: French forms of address: civility, names, lists of borrowers, postal block, time left, amounts
  in words.
- `written`: JSON values that `typed` reads as this value, which it gave.
"""

from services.documents.contract import strict_json, wording
from services.documents.contract.authorisations import (
    Durations,
    Flow,
    from_lender,
    is_presentable,
    refused_to_lender,
    to_lender,
    uncovered,
)
from services.documents.contract.chart_figures import (
    BALANCE_SERIES,
    BUDGET_CATEGORIES,
    BUDGET_SERIES,
    SERIES,
    charts,
)
from services.documents.contract.consistency import CHECKS, Check, postal_check
from services.documents.contract.deadlines import METROPOLE, next_working_day, terms
from services.documents.contract.dossier_json import (
    CONTRACT,
    CONTRACT_FILE,
    CONTRACT_VERSION,
    DATES,
    ROOT,
    data_digest,
    document_reference,
    read_dossier,
)
from services.documents.contract.folders import described, packages, read_folder, refuse_other_files
from services.documents.contract.images import JPEG, PNG, Image
from services.documents.contract.lender_pieces import Sent, authorised, data_recipients, enclosed
from services.documents.contract.reader_checks import lender_away, silent_on_health
from services.documents.contract.recipient import RECIPIENTS, borrowers
from services.documents.contract.report_charts import REPORT_SERIES, report_charts
from services.documents.contract.schema import Requirement, Schema, written
from services.documents.contract.sharing import SHARED, common_to_all
from services.documents.contract.statistics import Letters, Statistics, published
from services.documents.contract.strict_json import ILLEGAL, has_illegal_character, merge_patch
from services.documents.contract.values import Code, Money, NotAsked, Typeset, typeset_once
