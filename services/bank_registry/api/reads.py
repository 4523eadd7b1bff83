"""The handlers of reads: lenders, agreements, local conventions, communes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import grpc

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.api.views import Handlers, View, fill, resource_not_found
from services.bank_registry.messages import Sight, names, reads, requests
from services.bank_registry.registry import (
    COMPOSITION,
    Agreement,
    BankRecord,
    LocalConvention,
    agreement_name,
    agreement_target,
    convention_name,
    convention_target,
    in_force,
    search,
    version_on,
)
from services.kit.errors import Violations
from services.kit.wire import Page, PageStart, paging

T = TypeVar("T")
V = TypeVar("V", Agreement, LocalConvention)


class Reads(Handlers):
    """Reads from the registry in memory."""

    def GetBank(self, request: pb.GetBankRequest, context: grpc.ServicerContext) -> pb.GetBankResponse:
        """A lender on a day."""
        violations = Violations()
        bank_id = names.bank_id(request.name, violations)
        sight = self._sight(request, violations)
        seen = self._view(sight)
        record = seen.record(bank_id)
        return pb.GetBankResponse(
            bank=reads.bank(record, sight.day),
            state=reads.bank_state(record, sight.day),
            state_number=seen.state_number,
        )

    def ListBanks(self, request: pb.ListBanksRequest, context: grpc.ServicerContext) -> pb.ListBanksResponse:
        """The lenders that pass the filters."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        wanted = requests.wanted(request, self._geography, violations)
        sight = self._sight(request, violations, day_required=bool(wanted.states) or wanted.verification_due)
        seen = self._view(sight, page)
        found, close = search(seen.records, wanted, sight.day, self._geography)
        response = pb.ListBanksResponse(
            state_number=seen.state_number, total_size=len(found), approximate=close and bool(found)
        )
        self._fill(response, response.banks, request, page, found, lambda one: reads.bank(one, sight.day))
        return response

    def GetAgreement(
        self, request: pb.GetAgreementRequest, context: grpc.ServicerContext
    ) -> pb.GetAgreementResponse:
        """An agreement on a day."""
        violations = Violations()
        bank_id, agreement_id = names.agreement_ids(request.name, violations)
        sight = self._sight(request, violations)
        seen = self._view(sight)
        record = seen.record(bank_id)
        versions = agreement_versions(record, agreement_id)
        message = reads.agreement(seen.records, record, versions, sight.day, seen.instant)
        return pb.GetAgreementResponse(agreement=message, state_number=seen.state_number)

    def ListAgreements(
        self, request: pb.ListAgreementsRequest, context: grpc.ServicerContext
    ) -> pb.ListAgreementsResponse:
        """The agreements of a lender, or of all."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        bank_id = names.any_bank_id(request.parent, violations)
        sight = self._sight(request, violations, day_required=request.in_force_only)
        seen = self._view(sight, page)
        day = sight.day
        found = [
            (record, versions)
            for record in _records(seen, bank_id)
            for versions in _resources(record.agreements)
            if not request.in_force_only or (day and in_force(version_on(versions, day), day))
        ]
        response = pb.ListAgreementsResponse(state_number=seen.state_number)
        self._fill(
            response,
            response.agreements,
            request,
            page,
            found,
            lambda one: reads.agreement(seen.records, *one, day, seen.instant),
        )
        return response

    def GetLocalConvention(
        self, request: pb.GetLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.GetLocalConventionResponse:
        """A local convention on a day."""
        violations = Violations()
        bank_id, convention_id = names.convention_ids(request.name, violations)
        sight = self._sight(request, violations)
        seen = self._view(sight)
        record = seen.record(bank_id)
        message = reads.convention(record, convention_versions(record, convention_id), sight.day)
        return pb.GetLocalConventionResponse(local_convention=message, state_number=seen.state_number)

    def ListLocalConventions(
        self, request: pb.ListLocalConventionsRequest, context: grpc.ServicerContext
    ) -> pb.ListLocalConventionsResponse:
        """The local conventions of a lender, or of all."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        bank_id = names.any_bank_id(request.parent, violations)
        sight = self._sight(request, violations)
        seen = self._view(sight, page)
        found = [
            (record, versions)
            for record in _records(seen, bank_id)
            for versions in _resources(sorted(record.conventions, key=lambda one: (one.id, one.period.first)))
        ]
        response = pb.ListLocalConventionsResponse(state_number=seen.state_number)
        self._fill(
            response,
            response.local_conventions,
            request,
            page,
            found,
            lambda one: reads.convention(*one, sight.day),
        )
        return response

    def SearchCommunes(
        self, request: pb.SearchCommunesRequest, context: grpc.ServicerContext
    ) -> pb.SearchCommunesResponse:
        """Communes by name, INSEE code or postal code."""
        violations = Violations()
        query, departement = requests.commune_query(request, self._geography, violations)
        violations.raise_if_any()
        found, close = self._geography.find(query, departement)
        communes = (reads.commune(one, self._geography) for one in found)
        return pb.SearchCommunesResponse(communes=communes, approximate=close, geography_year=COMPOSITION)

    def _sight(self, request: Any, violations: Violations, *, day_required: bool = False) -> Sight:
        """What a read wants to see; raises InvalidArgument with every violation found so far."""
        sight = requests.sight(request, violations, self._clock(), day_required=day_required)
        violations.raise_if_any()
        return sight

    def _fill(
        self,
        response: Any,
        field: Any,
        request: Any,
        page: Page,
        found: list[T],
        message: Callable[[T], Any],
    ) -> None:
        """One page of a list, and the token of the next one."""
        end = page.place.offset + fill(field, map(message, page.of(found)))
        if end < len(found):
            place = PageStart(response.state_number, end)
            response.next_page_token = paging.seal(self._page_key, request, place)


def agreement_versions(record: BankRecord, agreement_id: str) -> tuple[Agreement, ...]:
    """The versions of an agreement; NotFound if the lender has no such one."""
    versions = agreement_target(record, agreement_id).versions
    if not versions:
        text = f"{record.bank.name} n’a pas d’accord « {agreement_id} »."
        name = agreement_name(record.bank.id, agreement_id)
        raise resource_not_found("AGREEMENT_NOT_FOUND", text, name)
    return versions


def convention_versions(record: BankRecord, convention_id: str) -> tuple[LocalConvention, ...]:
    """The versions of a local convention; NotFound if the lender has no such one."""
    versions = convention_target(record, convention_id).versions
    if not versions:
        text = f"{record.bank.name} n’a pas de convention « {convention_id} »."
        name = convention_name(record.bank.id, convention_id)
        raise resource_not_found("CONVENTION_NOT_FOUND", text, name)
    return versions


def _records(seen: View, bank_id: str) -> Iterable[BankRecord]:
    if bank_id == names.ALL:
        return (record for _, record in sorted(seen.records.items()))
    return (seen.record(bank_id),)


def _resources(facts: Iterable[V]) -> Iterable[tuple[V, ...]]:
    return (tuple(versions) for _, versions in groupby(facts, key=attrgetter("id")))
