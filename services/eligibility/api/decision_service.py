"""The DecisionService of the contract."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from microcredit.eligibility.v1 import decision_service_pb2 as pb
from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceServicer
from services.eligibility.answer import (
    ContentState,
    DecisionContent,
    DecisionRecord,
    Situation,
    StoredDecision,
    assess,
    least_change,
    replay,
    tally,
)
from services.eligibility.engine import all_values
from services.eligibility.messages import counts, decisions
from services.eligibility.publishing import Deployments
from services.eligibility.store import Journal, decision_not_found
from services.kit.access import may_list_case, may_read_case
from services.kit.context import check_deadline
from services.kit.dates import paris_day
from services.kit.errors import FailedPrecondition
from services.kit.wire import paging

_READ_AT_ONCE = 500
_UNREADABLE = {
    ContentState.ERASED: ("CASE_ERASED", "Les informations de ce dossier ont été effacées."),
    ContentState.KEY_MISSING: (
        "KEY_MISSING",
        "La clé de ce dossier manque, et aucun effacement n’est enregistré : prévenez l’exploitant.",
    ),
    ContentState.PURGED: (
        "DECISION_PURGED",
        "Le contenu de cette décision a été retiré à la fin de sa conservation.",
    ),
    ContentState.DAMAGED: (
        "DECISION_DAMAGED",
        "Le contenu enregistré de cette décision a été altéré dans la base ; vérifiez le journal.",
    ),
}


class DecisionServicer(DecisionServiceServicer):
    """Reads, replays, explains, erases and proves recorded decisions; `page_key` seals the tokens of its
    lists."""

    def __init__(self, deployments: Deployments, journal: Journal, page_key: bytes) -> None:
        self._deployments = deployments
        self._journal = journal
        self._page_key = page_key

    def GetDecision(
        self, request: pb.GetDecisionRequest, context: grpc.ServicerContext
    ) -> pb.GetDecisionResponse:
        """One decision, with what can still be read of it."""
        decision = self._decision(request.name)
        return pb.GetDecisionResponse(decision=decisions.decision_pb(decision, whole=True))

    def ListDecisions(
        self, request: pb.ListDecisionsRequest, context: grpc.ServicerContext
    ) -> pb.ListDecisionsResponse:
        """The decisions, latest first; the place of a page is the rank of the last one of the page before."""
        filters, page = decisions.listing(request, self._page_key)
        if filters.case_reference and not may_read_case(filters.case_reference):
            return pb.ListDecisionsResponse()
        found = self._journal.search(
            filters, before_sequence=page.place.state_number or None, limit=page.size + 1
        )
        shown = found[: page.size]
        token = ""
        if len(found) > len(shown):
            token = paging.seal(self._page_key, request, paging.PageStart(shown[-1].sequence))
        return pb.ListDecisionsResponse(
            decisions=[
                decisions.decision_pb(decision, whole=False)
                for decision in shown
                if may_list_case(decision.case_reference)
            ],
            next_page_token=token,
        )

    def CountDecisions(
        self, request: pb.CountDecisionsRequest, context: grpc.ServicerContext
    ) -> pb.CountDecisionsResponse:
        """The decisions of a period, counted."""
        period = counts.period(request)
        fact = counts.fact(request, self._deployments.current().last.package) if request.fact else None
        return counts.counts_pb(tally(self._recorded(period), request.fact), fact)

    def _recorded(self, period: counts.Days) -> Iterator[StoredDecision]:
        """The decisions of a period, in the order of the journal."""
        after = 0
        while True:
            check_deadline()
            page = self._journal.decisions(
                after_sequence=after, start_time=period.start, end_time=period.end, limit=_READ_AT_ONCE
            )
            yield from page
            if len(page) < _READ_AT_ONCE:
                return
            after = page[-1].sequence

    def ReplayDecision(
        self, request: pb.ReplayDecisionRequest, context: grpc.ServicerContext
    ) -> pb.ReplayDecisionResponse:
        """The recorded answer beside the one that the same facts get again from the same rules."""
        record, content = self._readable(request.name)
        ruleset = self._deployments.ruleset(record.stamp.digest)
        again = assess(ruleset.package, ruleset.engine, content.facts)
        return decisions.replay_pb(replay(content.assessment, again), record.stamp)

    def ExplainDecision(
        self, request: pb.ExplainDecisionRequest, context: grpc.ServicerContext
    ) -> pb.ExplainDecisionResponse:
        """The decision explained in the words of its rules."""
        record, content = self._readable(request.name)
        ruleset = self._deployments.ruleset(record.stamp.digest)
        package, engine = ruleset.package, ruleset.engine
        situation = Situation(
            package=package,
            assessment=content.assessment,
            given=content.facts,
            values=all_values(package, content.facts),
            decision_id=decisions.decision_id(request.name),
            case_reference=content.case_reference,
            record_day=paris_day(record.time),
            change=least_change(package, engine, content.facts, content.assessment, check_deadline),
            whole=request.all_rules,
        )
        return decisions.explanation_pb(situation)

    def EraseCase(self, request: pb.EraseCaseRequest, context: grpc.ServicerContext) -> pb.EraseCaseResponse:
        """The facts of a case can be read no more."""
        reference, removal = decisions.erasure(request)
        erased = self._journal.erase(reference, removal.asked, validate_only=removal.validate_only)
        return decisions.erasure_pb(erased)

    def PurgeDecisions(
        self, request: pb.PurgeDecisionsRequest, context: grpc.ServicerContext
    ) -> pb.PurgeDecisionsResponse:
        """The contents of the decisions of before an instant are removed."""
        end, removal = decisions.purge(request)
        purged = self._journal.purge(end, removal.asked, validate_only=removal.validate_only)
        return decisions.purge_pb(purged, logs_are_ours=self._journal.erasing.logs_are_ours)

    def GetErasureStatus(
        self, request: pb.GetErasureStatusRequest, context: grpc.ServicerContext
    ) -> pb.GetErasureStatusResponse:
        """Whether all that was erased is so on the disk."""
        return decisions.erasure_status_pb(
            self._journal.erasing.since(), logs_are_ours=self._journal.erasing.logs_are_ours
        )

    def VerifyJournal(
        self, request: pb.VerifyJournalRequest, context: grpc.ServicerContext
    ) -> pb.VerifyJournalResponse:
        """Whether every record is as it was written."""
        expected = decisions.expected_head(request)
        return decisions.verification_pb(self._journal.verify(expected), expected, self._journal.unreadable())

    def _decision(self, name: str) -> StoredDecision:
        """A decision that the caller may read; NotFound, whether it exists for others or not."""
        decision = self._journal.get(decisions.decision_id(name))
        if not may_read_case(decision.case_reference):
            raise decision_not_found(decision.decision_id)
        return decision

    def _readable(self, name: str) -> tuple[DecisionRecord, DecisionContent]:
        """Both parts of a decision whose content can be read; FailedPrecondition otherwise."""
        decision = self._decision(name)
        if decision.record is None or decision.read is None:
            reason, message = _UNREADABLE[decision.content]
            raise FailedPrecondition(reason, message, metadata={"name": name})
        return decision.record, decision.read
