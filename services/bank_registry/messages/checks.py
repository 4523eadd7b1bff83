"""Writes the answers to checks."""

from __future__ import annotations

from microcredit.bankregistry.v1 import bank_pb2 as pb
from services.bank_registry.messages import records
from services.bank_registry.registry import AgreementCheck, BankCheck, BankRecord, Reason, Registry


class CheckMessages:
    """Messages of checks; those of a lender of today are built once, at its first check.

    Nothing of a question is kept: each answer is worked out, then put together from these parts.
    """

    def __init__(self) -> None:
        self._lenders: dict[str, _Parts] = {}

    def bank_check(self, check: BankCheck, record: BankRecord, registry: Registry) -> pb.BankCheck:
        """One lender against an application, from the record that was checked."""
        parts = self._parts(record, registry)
        return pb.BankCheck(
            bank=parts.bank(check),
            selectable=check.selectable,
            reasons=_reasons(check.reasons),
            agreement_checks=[
                pb.AgreementCheck(agreement=parts.agreement(found).agreement, reasons=_reasons(found.reasons))
                if found.reasons
                else parts.agreement(found)
                for found in check.agreements
            ],
            warnings=[
                pb.SelectionWarning(code=warning.code.value, message=warning.message)
                for warning in check.warnings
            ],
            local_convention=parts.convention(check),
        )

    def _parts(self, record: BankRecord, registry: Registry) -> _Parts:
        """The parts kept for this very record; a past one, which a question about the past shows, has its own
        that are not kept: there may be any number of them."""
        bank_id = record.bank.id
        parts = self._lenders.get(bank_id)
        if parts is None or parts.record is not record:
            parts = _Parts(record)
            if registry.current.get(bank_id) is record:
                self._lenders[bank_id] = parts
        return parts


class _Parts:
    """The messages of one record of a lender.

    A version shows days that its neighbours decide (its life): the record, which holds them all, is what
    these messages are kept by, and inside it the first day tells the version.
    """

    def __init__(self, record: BankRecord) -> None:
        self.record = record
        self._banks: dict[object, pb.Bank] = {}
        self._agreements: dict[object, pb.AgreementCheck] = {}
        self._conventions: dict[object, pb.LocalConvention] = {}

    def bank(self, check: BankCheck) -> pb.Bank:
        """The terms of the lender."""
        key = check.bank.period.first
        built = self._banks.get(key)
        if built is None:
            built = self._banks[key] = records.bank(check.bank, check.life)
        return built

    def agreement(self, found: AgreementCheck) -> pb.AgreementCheck:
        """The terms of an agreement, nothing against them; its reservations weigh until they expire."""
        fact = found.agreement
        key = fact.id, fact.period.first, found.reserved
        built = self._agreements.get(key)
        if built is None:
            message = records.agreement(self.record.bank.id, fact, found.life, found.reserved)
            built = self._agreements[key] = pb.AgreementCheck(agreement=message)
        return built

    def convention(self, check: BankCheck) -> pb.LocalConvention | None:
        """The local convention, None without one."""
        fact = check.convention
        if fact is None:
            return None
        key = fact.id, fact.period.first
        built = self._conventions.get(key)
        if built is None:
            message = records.convention(self.record.bank.id, fact, check.convention_life)
            built = self._conventions[key] = message
        return built


def _reasons(reasons: tuple[Reason, ...]) -> list[pb.SelectionReason]:
    return [pb.SelectionReason(code=reason.code.value, message=reason.message) for reason in reasons]
