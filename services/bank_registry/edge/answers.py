"""Writes answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar, cast

from google.protobuf.message import Message
from google.type import date_pb2, decimal_pb2, money_pb2

from microcredit.bankregistry.v1 import bank_pb2 as pb
from services.bank_registry.edge.requests import NAME_PREFIX
from services.bank_registry.registry.history import Registry
from services.bank_registry.registry.model import Agreement, Bank, LocalConvention, Suspension
from services.bank_registry.registry.reasons import Reason
from services.bank_registry.registry.selection import BankCheck
from services.kit import wire

M = TypeVar("M", bound=Message)


class Answers:
    """Messages about the lenders of a registry; what no application changes is built only once."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._built: dict[tuple[int, ...], Message] = {}

    def bank_check(self, check: BankCheck) -> pb.BankCheck:
        """One lender against an application."""
        if check.warnings or any(found.reasons for found in check.agreements) or check.reasons:
            return self._bank_check(check)
        agreements = (found.agreement for found in check.agreements)
        return self._once(lambda: self._bank_check(check), check.bank, check.convention, *agreements)

    def _bank_check(self, check: BankCheck) -> pb.BankCheck:
        bank, convention = check.bank, check.convention
        return pb.BankCheck(
            bank=self._once(lambda: _bank(bank), bank),
            selectable=check.selectable,
            reasons=_reasons(check.reasons),
            agreement_checks=[
                pb.AgreementCheck(
                    agreement=self._agreement(bank, found.agreement), reasons=_reasons(found.reasons)
                )
                for found in check.agreements
            ],
            warnings=[
                pb.SelectionWarning(code=warning.code.value, message=warning.message)
                for warning in check.warnings
            ],
            local_convention=self._once(lambda: _convention(convention), convention) if convention else None,
        )

    def _agreement(self, bank: Bank, agreement: Agreement) -> pb.Agreement:
        return self._once(lambda: _agreement(bank, agreement), agreement)

    def _once(self, build: Callable[[], M], *facts: object) -> M:
        """The message about these facts of the registry, which holds them: their ids are not used again."""
        key = tuple(map(id, facts))
        built = self._built.get(key)
        if built is None:
            built = self._built[key] = build()
        return cast(M, built)


def _bank(bank: Bank) -> pb.Bank:
    return pb.Bank(
        name=f"{NAME_PREFIX}{bank.id}",
        display_name=bank.name,
        kind=pb.BankKind.Value(f"BANK_KIND_{bank.kind}"),
        siren=bank.siren,
        cib=bank.cib,
        bic=bank.bic,
        lei=bank.lei,
        successor=bank.successor and f"{NAME_PREFIX}{bank.successor}",
    )


def _reasons(reasons: tuple[Reason, ...]) -> list[pb.SelectionReason]:
    return [pb.SelectionReason(code=reason.code.value, message=reason.message) for reason in reasons]


def _agreement(bank: Bank, agreement: Agreement) -> pb.Agreement:
    return pb.Agreement(
        name=f"{NAME_PREFIX}{bank.id}/agreements/{agreement.id}",
        reference=agreement.reference,
        manager=agreement.manager,
        scope=pb.TerritoryScope.Value(f"TERRITORY_SCOPE_{agreement.territory.scope}"),
        territory_codes=agreement.territory.codes,
        start_date=_date(agreement.period.start),
        end_date=_date(agreement.period.end),
        suspensions=[_suspension(one) for one in agreement.suspensions],
        guarantee_share_pct=_decimal(agreement.guarantee_share),
        envelope=_money(agreement.envelope),
        committed=_money(agreement.committed),
        amount_min=_money(agreement.amount.least),
        amount_max=_money(agreement.amount.greatest),
        months_min=agreement.months.least,
        months_max=agreement.months.greatest,
        rate_min_pct=_decimal(agreement.rate.least),
        rate_max_pct=_decimal(agreement.rate.greatest),
        accepted_objects=agreement.accepted_objects,
        verified_on=_date(agreement.verified_on),
    )


def _suspension(suspension: Suspension) -> pb.Suspension:
    period = suspension.period
    return pb.Suspension(start_date=_date(period.start), end_date=_date(period.end), reason=suspension.reason)


def _convention(convention: LocalConvention) -> pb.LocalConvention:
    return pb.LocalConvention(
        reference=convention.reference,
        contact_name=convention.contact_name,
        address_lines=convention.address_lines,
        postal_code=convention.postal_code,
        city=convention.city,
        email=convention.email,
        phone=convention.phone,
        answer_days=convention.answer_days,
        start_date=_date(convention.period.start),
        end_date=_date(convention.period.end),
    )


def _date(day: date | None) -> date_pb2.Date | None:
    return None if day is None else wire.date_pb(day)


def _money(cents: int | None) -> money_pb2.Money | None:
    return None if cents is None else wire.money(cents)


def _decimal(value: Decimal | None) -> decimal_pb2.Decimal | None:
    return None if value is None else wire.decimal_pb(value)
