"""The logic of the registry, pure: periods, territories, reasons, ranking, history.

- `ADDRESS_LINES`: A French postal block (NF Z10-011) less the name, the service and the line of the town.
- `Advice`: Something to look at in a field, that forbids nothing: its path, a stable code, a French
  sentence.
- `Agreement`: The terms of an agreement during a period; a change of terms is a later period under the same
  id.
- `AGREEMENT`: The fields of an agreement.
- `agreement_name`: `banks/{bank}/agreements/{agreement}`.
- `agreement_target`: The terms of an agreement; no version if there is none.
- `AgreementCheck`: An agreement and every reason against it; none = it can take the application.
- `ALWAYS`: The period of a lender that is not known to have begun or ended.
- `AnswerChange`: Something that was answered, and its answer before and after a change.
- `as_of_day`: The lenders of a day, with their terms, agreements and conventions of that day only.
- `AskedReservation`: A reservation to make: cents, instants in microseconds.
- `attributes`: The attributes of a record from values by name of field, all but its days: a value of two
  fields is one attribute (the bounds of an amount).
- `Bank`: The terms of an approved institution during a period; a change of terms is a later period.
- `BANK`: The fields of a lender.
- `bank_name`: `banks/{bank}`.
- `bank_target`: The terms of a lender.
- `BankCheck`: A lender against an application; `life` and `convention_life` are whatever the changes of
  terms.
- `BankHistory`: Every version of a lender ever known, in the order of BankRecord.
- `BankKind`: Kind of institution; an association or a foundation lends under L. 511-6 5° CMF.
- `BankRecord`: All that is known of a lender: its terms by start, its agreements by id then start, its
  conventions by start, its reservations by id.
- `BankState`: What a lender is on a day, its agreements apart.
- `CATEGORY`: Form of the code of a category of projects; the list itself belongs to the rules of
  eligibility.
- `check_bank`: A lender against an application; `records` gives the name of a successor.
- `closest`: The lenders whose id or name looks most like an id.
- `Commune`: A current commune; `epci` is empty for the few that belong to none.
- `COMPOSITION`: The year of the data.
- `Contact`: A service to call at a lender, by its role.
- `CONTACT`: The fields of a contact, which are columns of nothing.
- `CONVENTION`: The fields of a local convention.
- `convention_name`: `banks/{bank}/localConventions/{local_convention}`.
- `convention_target`: The terms of a local convention; no version if there is none.
- `Dated`: A version of a resource that has periods and suspensions.
- `days_text`: `du 01/01/2024 au 31/12/2026`, `à partir du 01/01/2027`.
- `days_touched`: The days on which a lender, an agreement or a convention is not as it was.
- `Departement`: A département, or an overseas territory that has none.
- `difference`: Compares entries with what is known; an entry states all that is true of its lender.
- `Difference`: The lenders that a write creates and changes, and how many it leaves as they are.
- `editing`: What an edit makes of a lender: its new record, or why it is refused.
- `end`: The versions without the days from `day` on; none is left if it is the first day of all.
- `envelopes`: Envelopes of agreements: what a reservation may take, and what becomes of it.
- `etag`: Changes with the versions of a resource, quoted as AIP-154 asks.
- `facts`: The lender, its agreements and its conventions, one by one.
- `Field`: A field of a resource; `name` is that of messages, and of all that says nothing else.
- `FIELDS`: The fields of each type of record.
- `fold`: The name in plain lower-case words: `Saint-Œn-l'Île` and `ST OEN L ILE` are the same.
- `FreeText`: A text, with the form in which the store keeps it: stated again, it is kept as it was.
- `from_day`: A lender as it was until a day, and as another record says from it on.
- `Geography`: The places of France on the year of the shipped data; immutable.
- `Holders`: The lenders by identifier.
- `ID`: Form of the id of a lender, of an agreement or of a convention.
- `ILLEGIBLE`: What is read of a text whose key is missing though nobody redacted it.
- `in_force`: Whether an agreement has begun, has not ended and is not suspended.
- `Kind`: What the value of a field is, in Python: the readers say how it is written where they are.
- `KINDS`: The French name of each kind of institution.
- `Known`: A fact as known between two instants (UTC, in microseconds, half-open).
- `LenderChange`: One lender before and after; `before` is None for a new one.
- `life`: The days without a gap around a version, whatever its changes of terms.
- `line`: A line of text, in composed form, without surrounding spaces.
- `LoanRequest`: What a lender is asked to take: cents, months, percent; no rate or category = not checked.
- `LocalConvention`: Who to write to at the lender during a period, and its usual number of days before an
  answer.
- `LONGEST_TEXT`: Characters of a text, unless its field says another number.
- `mentions`: Whether a text has these words, one after another.
- `mergers`: A lender that goes on inside another one: its agreements and conventions, from a day on.
- `name_of`: The name of the lender, or of what it holds, that a fact is about.
- `narrate`: Every change, the lender first, then its agreements, its conventions and its reservations.
- `Notes`: What is wrong with a statement: `problems` forbid it, `advice` is to be looked at.
- `past_days`: Those of some days that are before a day.
- `printed`: `Val d’Oust`: the official lists have straight apostrophes.
- `Reason`: Why a lender, or one of its agreements, cannot take an application.
- `record_of`: The lender; None only with a problem.
- `Records`: The lenders known at an instant, by id.
- `REDACTED`: What is read of a text whose key was destroyed on purpose.
- `Registry`: The whole registry at a state, with its past; immutable.
- `Reservation`: Part of the envelope of an agreement, in cents; instants are in microseconds (UTC).
- `reservation_changes`: The reservations in force that the change makes impossible, or possible.
- `ReservationState`: What became of a reservation; one that is held past its last instant has expired,
  recorded or not.
- `Rules`: Makes records of statements; None comes with a problem.
- `Scope`: How a territory is given: which list its codes come from.
- `SCOPES`: The French name of each scope of a territory.
- `search`: The lenders that pass every filter; by name without a query, else those most like it first.
- `select`: Every lender against an application, best first.
- `slug`: An id made from a name: `banque-fictive-de-l-oust`; empty if the name has no letter or digit.
- `state_on`: What a lender is on a day.
- `StateChange`: A write and the names of what it created or changed; `recorded_at` in microseconds.
- `Stated`: A version of what the registry holds of a lender, or a reservation.
- `STILL_KNOWN`: 9999-12-31T00:00:00Z in microseconds: `known_to` of what is known now.
- `Successions`: Who took over whom; a chain is followed once, however many lenders lead to it.
- `Suspension`: Days without a decision to lend, and why (empty = unknown).
- `SUSPENSION`: The fields of a suspension, likewise.
- `suspension_on`: The reason of the suspension of a day; None without one.
- `Target`: The versions of a resource of a lender, and how to put others in their place.
- `to_verify`: Whether an agreement in force or to come was not verified in the 12 months before a day.
- `touched`: The days on which what is seen of a resource differs; None is seen of it where it has no version.
- `united`: The same days, in as few periods as can be.
- `UNREADABLE`: The value of a field that was already refused where it was read: present, and worth no
  second complaint.
- `verification_due`: Whether an agreement was not verified in the 12 months before a day.
- `version_on`: The version of a day, else the last one past, else the first to come; without a day, the
  last one.
- `Wanted`: Filters on lenders; what is empty or None does not filter.
- `words_of`: The words of a text, without accents, capitals nor punctuation.
"""

from services.bank_registry.registry import editing, envelopes, mergers
from services.bank_registry.registry.editing import Target, agreement_target, bank_target, convention_target
from services.bank_registry.registry.effects import (
    AnswerChange,
    days_text,
    days_touched,
    from_day,
    past_days,
    reservation_changes,
    suspension_on,
    touched,
    united,
)
from services.bank_registry.registry.envelopes import AskedReservation
from services.bank_registry.registry.fields import (
    ADDRESS_LINES,
    AGREEMENT,
    BANK,
    CONTACT,
    CONVENTION,
    FIELDS,
    LONGEST_TEXT,
    SUSPENSION,
    Field,
    Kind,
    attributes,
)
from services.bank_registry.registry.geography import COMPOSITION, Commune, Departement, Geography, fold
from services.bank_registry.registry.history import (
    STILL_KNOWN,
    BankHistory,
    Difference,
    Known,
    LenderChange,
    Records,
    Registry,
    StateChange,
    difference,
    facts,
)
from services.bank_registry.registry.identities import Holders, Successions, record_of
from services.bank_registry.registry.model import (
    ALWAYS,
    CATEGORY,
    Agreement,
    Bank,
    BankKind,
    BankRecord,
    Contact,
    LoanRequest,
    LocalConvention,
    Reservation,
    ReservationState,
    Suspension,
)
from services.bank_registry.registry.narrative import KINDS, SCOPES, narrate
from services.bank_registry.registry.reasons import Advice, Reason
from services.bank_registry.registry.resources import (
    ID,
    Stated,
    agreement_name,
    bank_name,
    closest,
    convention_name,
    etag,
    name_of,
    slug,
)
from services.bank_registry.registry.rules import UNREADABLE, Notes, Rules, line
from services.bank_registry.registry.search import BankState, Wanted, in_force, search, state_on, to_verify
from services.bank_registry.registry.selection import (
    AgreementCheck,
    BankCheck,
    check_bank,
    select,
    verification_due,
)
from services.bank_registry.registry.territory import Scope, printed
from services.bank_registry.registry.texts import ILLEGIBLE, REDACTED, FreeText, mentions, words_of
from services.bank_registry.registry.timeline import Dated, as_of_day, end, life, version_on
