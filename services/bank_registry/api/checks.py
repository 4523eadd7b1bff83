"""The handlers of checks: one lender, several, or all of them against an application."""

from __future__ import annotations

import grpc

from microcredit.bankregistry.v1 import bank_pb2
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.api.views import (
    MAX_PAGE_BYTES,
    Handlers,
    View,
    fill,
    registry_at,
    registry_clock,
    view,
)
from services.bank_registry.messages import CheckMessages, names, requests
from services.bank_registry.registry import Geography, LoanRequest, check_bank, select
from services.bank_registry.store import RegistryStore
from services.kit.context import check_deadline
from services.kit.errors import DomainError, FieldReason, ResourceExhausted, Violations
from services.kit.serve import to_status
from services.kit.wire import PageStart, paging

MAX_BATCH = 500


class Checks(Handlers):
    """Checks from the registry in memory; `domain` is that of ErrorInfo in the items of a batch."""

    def __init__(self, store: RegistryStore, geography: Geography, domain: str) -> None:
        super().__init__(store, geography)
        self._domain = domain
        self._messages = CheckMessages()

    def CheckBank(self, request: pb.CheckBankRequest, context: grpc.ServicerContext) -> pb.CheckBankResponse:
        """One lender against an application."""
        violations = Violations()
        bank_id = names.bank_id(request.name, violations)
        present = self._store.registry()
        question = requests.question(request, self._geography, violations, registry_clock(present))
        registry = registry_at(self._store, question.min_state_number, present)
        seen = view(registry, question.known_instant)
        return pb.CheckBankResponse(
            check=self._check(bank_id, question.loan, seen),
            state_number=registry.state_number,
            commune_insee=question.loan.commune.code,
            geography_year=self._geography.composition(question.loan.on_date),
        )

    def BatchCheckBanks(
        self, request: pb.BatchCheckBanksRequest, context: grpc.ServicerContext
    ) -> pb.BatchCheckBanksResponse:
        """Each item has its own answer or its own error; all see the same state_number."""
        if len(request.items) > MAX_BATCH:
            text = f"Un lot compte {MAX_BATCH} contrôles au plus."
            raise ResourceExhausted("BATCH_TOO_LARGE", text, metadata={"limit": str(MAX_BATCH)})
        violations = Violations()
        if not request.items:
            violations.add("items", FieldReason.REQUIRED, "Donnez au moins un contrôle à faire.")
        instant = requests.known_instant(request, violations, self._clock())
        requests.check_state_number(request.min_state_number, "min_state_number", violations)
        violations.raise_if_any()
        registry = registry_at(self._store, request.min_state_number)
        seen = view(registry, instant)
        response = pb.BatchCheckBanksResponse(state_number=registry.state_number)
        size = 0
        for item in request.items:
            check_deadline()
            result = self._result(item, seen, size)
            size += result.ByteSize()
            response.results.append(result)
        return response

    def ListSelectableBanks(
        self, request: pb.ListSelectableBanksRequest, context: grpc.ServicerContext
    ) -> pb.ListSelectableBanksResponse:
        """The lenders against an application, best first; every page shows the state of the first one."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        question = requests.question(request, self._geography, violations, self._clock())
        place = page.place
        registry = registry_at(self._store, max(question.min_state_number, place.state_number))
        seen = view(registry, question.known_instant, place.state_number)
        checks = select(seen.records, question.loan, self._geography, seen.instant)
        selectable = sum(check.selectable for check in checks)
        listed = checks[:selectable] if request.selectable_only else checks
        response = pb.ListSelectableBanksResponse(
            selectable_count=selectable,
            state_number=seen.state_number,
            commune_insee=question.loan.commune.code,
            geography_year=self._geography.composition(question.loan.on_date),
        )
        shown = (
            self._messages.bank_check(check, seen.record(check.bank.id), registry)
            for check in page.of(listed)
        )
        end = place.offset + fill(response.checks, shown)
        if end < len(listed):
            response.next_page_token = paging.seal(self._page_key, request, PageStart(seen.state_number, end))
        return response

    def _result(self, item: pb.BankCheckItem, seen: View, size: int) -> pb.BankCheckResult:
        try:
            if size > MAX_PAGE_BYTES:
                text = "La réponse du lot est pleine : renvoyez ce contrôle dans un autre lot."
                raise ResourceExhausted("BATCH_TOO_LARGE", text, metadata={"limit": str(MAX_BATCH)})
            return self._checked(item, seen)
        except DomainError as error:
            return pb.BankCheckResult(error=to_status(error, self._domain))

    def _checked(self, item: pb.BankCheckItem, seen: View) -> pb.BankCheckResult:
        violations = Violations()
        bank_id = names.bank_id(item.name, violations)
        loan = requests.loan(item.loan_request, "loan_request", self._geography, violations)
        loan = violations.checked(loan)
        year = self._geography.composition(loan.on_date)
        check = self._check(bank_id, loan, seen)
        return pb.BankCheckResult(check=check, commune_insee=loan.commune.code, geography_year=year)

    def _check(self, bank_id: str, loan: LoanRequest, seen: View) -> bank_pb2.BankCheck:
        record = seen.record(bank_id)
        check = check_bank(record, loan, seen.records, self._geography, seen.instant)
        return self._messages.bank_check(check, record, seen.registry)
