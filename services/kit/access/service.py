"""The AccessService of the contract, for the journal that a service keeps."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import grpc

from microcredit.access.v1 import access_service_pb2 as pb
from microcredit.access.v1.access_service_pb2_grpc import AccessServiceServicer
from services.kit import wire
from services.kit.access.cases import CaseTeams
from services.kit.access.unusual import Unusual, day_bounds, summary
from services.kit.canonical import Head, Verification
from services.kit.context import actor, concern
from services.kit.errors import FieldReason, NotFound, Violations
from services.kit.store import AccessFilters, AccessLine, AccessLog, Agreement, accesses, fingerprint
from services.kit.wire import Fields, PageStart, asked_page, paging

_HASH = re.compile(r"[0-9a-f]{64}")
_LATEST = date(2199, 12, 31)
_LONGEST_FILTER, _LONGEST_REFERENCE, _LONGEST_TEAM = 200, 64, 100
_TOO_LONG = f"Ce texte compte {_LONGEST_FILTER} caractères au plus."


class AccessServicer(AccessServiceServicer):
    """Reads the journal of accesses, and gives cases to teams."""

    def __init__(self, store: AccessLog, teams: CaseTeams) -> None:
        self._store = store
        self._teams = teams
        self._page_key = store.page_key

    def ListAccesses(
        self, request: pb.ListAccessesRequest, context: grpc.ServicerContext
    ) -> pb.ListAccessesResponse:
        """The lines, latest first; the place of a page is the rank of the last line of the page before."""
        violations = Violations()
        page = asked_page(self._page_key, request, violations)
        filters = self._filters(request, violations)
        violations.raise_if_any()
        found = self._store.search(filters, before_sequence=page.place.state_number, limit=page.size + 1)
        shown = found[: page.size]
        response = pb.ListAccessesResponse(accesses=[_access_pb(line) for line in shown])
        if len(found) > len(shown):
            response.next_page_token = paging.seal(self._page_key, request, PageStart(shown[-1].sequence))
        return response

    def SummarizeAccesses(
        self, request: pb.SummarizeAccessesRequest, context: grpc.ServicerContext
    ) -> pb.SummarizeAccessesResponse:
        """What is unusual in a day."""
        violations = Violations()
        day: date = violations.whole(Fields(request, "", violations).civil_day("day", _LATEST, required=True))
        unusual, calls = summary(self._store.between(*day_bounds(day)))
        return pb.SummarizeAccessesResponse(unusual=[_unusual_pb(one) for one in unusual], call_count=calls)

    def ListPendingActs(
        self, request: pb.ListPendingActsRequest, context: grpc.ServicerContext
    ) -> pb.ListPendingActsResponse:
        """What waits for a second person, the first to end first."""
        violations = Violations()
        page = asked_page(self._page_key, request, violations)
        if len(request.case_reference) > _LONGEST_FILTER:
            violations.add("case_reference", FieldReason.TOO_LONG, _TOO_LONG)
        violations.raise_if_any()
        found = self._store.cases.pending(datetime.now(UTC), self._teams.tag(request.case_reference))
        return pb.ListPendingActsResponse(
            pending_acts=map(_pending_pb, page.of(found)),
            next_page_token=page.next_token(self._page_key, request, len(found), 0),
        )

    def WithdrawPendingAct(
        self, request: pb.WithdrawPendingActRequest, context: grpc.ServicerContext
    ) -> pb.WithdrawPendingActResponse:
        """A demand no longer waits for a second person."""
        violations = Violations()
        if not request.act:
            violations.add("act", FieldReason.REQUIRED, "Ce champ est obligatoire.")
        elif not _HASH.fullmatch(request.act):
            text = "Une demande en attente se nomme par 64 chiffres hexadécimaux."
            violations.add("act", FieldReason.MALFORMED, text)
        request_id = wire.request_id(request.request_id, "request_id", violations)
        violations.raise_if_any()
        if request.validate_only:
            waits = self._store.cases.waits(request.act, datetime.now(UTC))
            tags = waits.case_tags if waits else None
        else:
            mark = fingerprint("WithdrawPendingAct", request.act)
            tags = self._store.cases.withdraw_agreement(request.act, request_id, mark)
        if tags is None:
            raise NotFound(
                "PENDING_ACT_NOT_FOUND",
                "Aucune demande de ce nom n’attend une seconde personne : elle a été confirmée, retirée, ou "
                "son délai est passé.",
            )
        for tag in tags:
            concern(tag)
        return pb.WithdrawPendingActResponse(case_tags=tags)

    def ReassignCase(
        self, request: pb.ReassignCaseRequest, context: grpc.ServicerContext
    ) -> pb.ReassignCaseResponse:
        """A case has another team."""
        violations = Violations()
        for name, longest in (("case_reference", _LONGEST_REFERENCE), ("team", _LONGEST_TEAM)):
            _check_text(getattr(request, name), name, longest, violations)
        request_id = wire.request_id(request.request_id, "request_id", violations)
        violations.raise_if_any()
        tag = self._teams.tag(request.case_reference)
        team = unicodedata.normalize("NFC", request.team.strip())  # as it is read in a token
        if request.validate_only:
            return pb.ReassignCaseResponse(team=team, previous_team=self._store.cases.team_of(tag))
        mark = fingerprint("ReassignCase", tag, team)
        before = self._store.cases.reassign_case(tag, team, actor(), request_id, mark)
        return pb.ReassignCaseResponse(team=team, previous_team=before)

    def VerifyAccesses(
        self, request: pb.VerifyAccessesRequest, context: grpc.ServicerContext
    ) -> pb.VerifyAccessesResponse:
        """Whether the journal is as it was written."""
        found = self._store.verify(_expected(request))
        return pb.VerifyAccessesResponse(
            whole=not found.broken_sequence,
            first_wrong_sequence=found.broken_sequence,
            access_count=found.record_count,
            head=pb.AccessHead(sequence=found.head.sequence, hash=found.head.hash),
            message=_verdict(found),
        )

    def _filters(self, request: pb.ListAccessesRequest, violations: Violations) -> AccessFilters:
        for name in ("subject", "application", "case_reference", "method"):
            if len(getattr(request, name)) > _LONGEST_FILTER:
                violations.add(name, FieldReason.TOO_LONG, _TOO_LONG)
        fields = Fields(request, "", violations)
        return AccessFilters(
            start_time=fields.instant("start_time"),
            end_time=fields.instant("end_time"),
            subject=request.subject,
            application=request.application,
            case_tag=self._teams.tag(request.case_reference),
            method=request.method,
        )


def _check_text(text: str, name: str, longest: int, violations: Violations) -> None:
    if not text.strip():
        violations.add(name, FieldReason.REQUIRED, "Ce champ est obligatoire.")
    elif len(text) > longest or not text.isprintable():
        sentence = f"Ce texte compte {longest} caractères au plus, tous imprimables."
        violations.add(name, FieldReason.TOO_LONG, sentence)


def _expected(request: pb.VerifyAccessesRequest) -> Head | None:
    """The head kept from an earlier day, if one is given; InvalidArgument."""
    if not request.HasField("expected_head"):
        return None
    head, violations = request.expected_head, Violations()
    if head.sequence < 1:
        text = "Le rang d’une tête est un nombre au-dessus de zéro."
        violations.add("expected_head.sequence", FieldReason.OUT_OF_RANGE, text)
    if not _HASH.fullmatch(head.hash):
        text = "Un sceau s’écrit en 64 chiffres hexadécimaux."
        violations.add("expected_head.hash", FieldReason.MALFORMED, text)
    violations.raise_if_any()
    return Head(head.sequence, head.hash)


def _verdict(found: Verification) -> str:
    if found.broken_sequence:
        return f"Le journal des accès a été altéré à partir de la ligne {found.broken_sequence}."
    return f"Les {found.record_count} lignes du journal des accès sont celles d’origine."


def _access_pb(line: AccessLine) -> pb.Access:
    values: dict[str, Any] = vars(line) | {
        "kind": pb.AccessKind.Value(f"ACCESS_KIND_{line.kind}"),
        "end_time": wire.timestamp(line.time),
        "break_glass": line.mark == accesses.BREAK_GLASS,
        "other_team": line.mark == accesses.OTHER_TEAM,
    }
    del values["mark"], values["time"]
    return pb.Access(**values)


def _pending_pb(asked: Agreement) -> pb.PendingAct:
    return pb.PendingAct(
        method=asked.method,
        subject=asked.actor,
        ask_time=wire.timestamp(asked.ask_time),
        expire_time=wire.timestamp(asked.expire_time),
        case_tags=asked.case_tags,
        dates=asked.dates,
        act=asked.digest,
    )


def _unusual_pb(one: Unusual) -> pb.UnusualAccess:
    return pb.UnusualAccess(**vars(one) | {"rule": pb.UnusualRule.Value(f"UNUSUAL_RULE_{one.rule}")})
