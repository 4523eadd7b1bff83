"""Changes to one lender, or to one of its agreements, from a day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from services.bank_registry.cli.client import Client, as_json, bank_name, new_request_id, to_date
from services.bank_registry.cli.options import Target
from services.kit import french
from services.kit.cli import Output
from services.kit.dates import ONE_DAY


@dataclass(frozen=True)
class Wanted:
    """Who changes, from and until when (both included), and why."""

    bank: str
    agreement: str
    since: date
    until: date | None
    reason: str
    dry_run: bool

    @property
    def fields(self) -> dict[str, Any]:
        """What every request has."""
        name = bank_name(self.bank)
        return {
            "name": f"{name}/agreements/{self.agreement}" if self.agreement else name,
            "effective_date": to_date(self.since),
            "reason": self.reason,
            "validate_only": self.dry_run,
            "request_id": "" if self.dry_run else new_request_id(),
        }


def suspend(wanted: Wanted, target: Target, out: Output) -> int:
    """Suspends from a day on."""
    end_date = to_date(wanted.until + ONE_DAY) if wanted.until else None
    methods = ("SuspendBank", "SuspendAgreement")
    answer = _write(wanted, target, methods, end_date=end_date)
    until = f"jusqu’au {french.long_date(wanted.until)}" if wanted.until else "jusqu’à nouvel ordre"
    return _report(wanted, answer, f"suspendu à partir du {french.long_date(wanted.since)}, {until}", out)


def reinstate(wanted: Wanted, target: Target, out: Output) -> int:
    """Lifts a suspension from a day on."""
    answer = _write(wanted, target, ("ReinstateBank", "ReinstateAgreement"))
    return _report(wanted, answer, f"rétabli à partir du {french.long_date(wanted.since)}", out)


def end(wanted: Wanted, target: Target, out: Output) -> int:
    """Ends from a day on."""
    answer = _write(wanted, target, ("EndBank", "EndAgreement"))
    last = french.long_date(wanted.since - ONE_DAY)
    return _report(wanted, answer, f"terminé : son dernier jour est le {last}", out)


def _write(wanted: Wanted, target: Target, methods: tuple[str, str], **more: Any) -> Any:
    """Calls the method for lenders, or the one for agreements."""
    client, method = Client(target), methods[bool(wanted.agreement)]
    request = getattr(pb, f"{method}Request")(**wanted.fields, **more)
    return client.call(getattr(client.editing, method), request)


def _report(wanted: Wanted, answer: Any, done: str, out: Output) -> int:
    out.document(as_json(answer))
    what = f"{wanted.bank}, accord {wanted.agreement}" if wanted.agreement else wanted.bank
    out.line(f"{what} : {done}.")
    out.lines(f"À savoir : {warning.message}" for warning in answer.warnings)
    out.line("Essai : rien n’est écrit." if wanted.dry_run else f"État n° {answer.state_number}.")
    return 0
