"""Writes the answers to checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from google.protobuf.message import Message

from microcredit.bankregistry.v1 import bank_pb2 as pb
from services.bank_registry.messages import records as messages
from services.bank_registry.registry import AgreementCheck, Bank, BankCheck, Reason, Registry

M = TypeVar("M", bound=Message)


class Answers:
    """Messages about the lenders of a registry; what no application changes is built only once."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._built: dict[tuple[object, ...], Message] = {}

    def bank_check(self, check: BankCheck) -> pb.BankCheck:
        """One lender against an application."""
        if check.warnings or any(found.reasons for found in check.agreements) or check.reasons:
            return self._bank_check(check)
        agreements = ((id(found.agreement), found.reserved) for found in check.agreements)
        key = (id(check.bank), id(check.convention), *agreements)
        return self._once(lambda: self._bank_check(check), key)

    def _bank_check(self, check: BankCheck) -> pb.BankCheck:
        bank, convention = check.bank, check.convention
        return pb.BankCheck(
            bank=self._once(lambda: messages.bank(bank, check.life), (id(bank),)),
            selectable=check.selectable,
            reasons=_reasons(check.reasons),
            agreement_checks=[
                pb.AgreementCheck(agreement=self._agreement(bank, found), reasons=_reasons(found.reasons))
                for found in check.agreements
            ],
            warnings=[
                pb.SelectionWarning(code=warning.code.value, message=warning.message)
                for warning in check.warnings
            ],
            local_convention=self._once(
                lambda: messages.convention(bank.id, convention, check.convention_life), (id(convention),)
            )
            if convention
            else None,
        )

    def _agreement(self, bank: Bank, found: AgreementCheck) -> pb.Agreement:
        return self._once(
            lambda: messages.agreement(bank.id, found.agreement, found.life, found.reserved),
            (id(found.agreement), found.reserved),
        )

    def _once(self, build: Callable[[], M], key: tuple[object, ...]) -> M:
        """The message about these facts of the registry, which holds them: their ids are not used again."""
        built = self._built.get(key)
        if built is None:
            built = self._built[key] = build()
        return cast(M, built)


def _reasons(reasons: tuple[Reason, ...]) -> list[pb.SelectionReason]:
    return [pb.SelectionReason(code=reason.code.value, message=reason.message) for reason in reasons]
