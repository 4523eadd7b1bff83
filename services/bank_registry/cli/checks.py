"""Lenders against an application, and the audit against itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from google.type.decimal_pb2 import Decimal as DecimalMessage

from microcredit.bankregistry.v1 import bank_pb2 as bank_pb
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1 import registry_admin_service_pb2 as admin_pb
from services.bank_registry.cli.client import Client, as_json, bank_name, to_date, to_timestamp
from services.bank_registry.cli.options import Target
from services.kit import french, wire
from services.kit.cli import GOOD, REFUSED, USAGE, CommandError, Output

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True)
class AskedLoan:
    """What a lender is asked to take, and as known when."""

    commune: str
    amount: int
    months: int
    rate: Decimal | None
    category: str
    on: date | None
    known: datetime | None

    def loan(self) -> pb.LoanRequest:
        """The application, of today unless told otherwise."""
        return pb.LoanRequest(
            on_date=to_date(self.on or date.today()),  # noqa: DTZ011 - the keeper's day
            commune_insee=self.commune,
            amount=wire.money(self.amount),
            months=self.months,
            nominal_rate_pct=None if self.rate is None else DecimalMessage(value=f"{self.rate:f}"),
            object_category=self.category,
        )


def check(bank_id: str, asked: AskedLoan, target: Target, out: Output) -> int:
    """One lender against the application."""
    client = Client(target)
    request = pb.CheckBankRequest(
        name=bank_name(bank_id), loan_request=asked.loan(), known_time=to_timestamp(asked.known)
    )
    answer = client.call(client.registry.CheckBank, request)
    out.document(as_json(answer))
    _table([answer.check], out)
    out.lines(f"À savoir : {warning.message}" for warning in answer.check.warnings)
    return GOOD if answer.check.selectable else REFUSED


def select(asked: AskedLoan, target: Target, out: Output) -> int:
    """Every lender against the application."""
    client = Client(target)
    request = pb.ListSelectableBanksRequest(loan_request=asked.loan(), known_time=to_timestamp(asked.known))
    pages = list(client.pages(client.registry.ListSelectableBanks, request))
    checks = [found for page in pages for found in page.checks]
    out.document({"checks": [as_json(found) for found in checks], "state_number": pages[-1].state_number})
    _table(checks, out)
    count = french.plural(pages[-1].selectable_count, "prêteur peut", "prêteurs peuvent")
    out.line(f"{count} prendre la demande (état n° {pages[-1].state_number}).")
    return GOOD


def verify(head: str, target: Target, out: Output) -> int:
    """The whole audit, from the first row to the last."""
    expected = _HEAD.fullmatch(head)
    if head and expected is None:
        raise CommandError(
            "--head : écrivez « numéro:empreinte », comme l’a donné une vérification.",
            exit_code=USAGE,
            reason="USAGE",
        )
    client = Client(target)
    request = admin_pb.VerifyAuditRequest()
    if expected:
        request.expected_head.sequence, request.expected_head.hash = int(expected[1]), expected[2]
    answer = client.call(client.admin.VerifyAudit, request)
    out.document(as_json(answer))
    out.line(answer.message, "" if answer.whole else "bold red")
    out.lines(f"  {name}" for name in answer.altered_names)
    out.line(f"Fin du journal, à garder ailleurs : {answer.head.sequence}:{answer.head.hash}")
    return GOOD if answer.whole else REFUSED


def _table(checks: Iterable[bank_pb.BankCheck], out: Output) -> None:
    rows = (
        (
            found.bank.name.removeprefix("banks/"),
            "oui" if found.selectable else "non",
            "\n".join(reason.message for reason in found.reasons) or _terms(found),
        )
        for found in checks
    )
    out.table(("prêteur", "possible", "pourquoi"), rows)


def _terms(found: bank_pb.BankCheck) -> str:
    """The agreements that can take the application."""
    usable = [check.agreement.reference for check in found.agreement_checks if not check.reasons]
    return french.join([f"accord {reference}" for reference in usable])
