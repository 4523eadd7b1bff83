"""What the eligibility tests share: applications written as JSON become messages, answers become plain
values."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import grpc
from google.rpc import error_details_pb2, status_pb2
from google.type import date_pb2, decimal_pb2, money_pb2
from grpc_status import rpc_status

from microcredit.eligibility.v1 import assessment_pb2 as pb
from microcredit.eligibility.v1 import fact_pb2, loan_pb2
from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceStub
from microcredit.eligibility.v1.loan_service_pb2_grpc import LoanServiceStub
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import RulesetServiceStub
from microcredit.releases.v1.release_service_pb2_grpc import ReleaseServiceStub
from services.eligibility.answer.assess import Engine
from services.eligibility.package.load import read_folder, read_package
from services.eligibility.package.model import RulePackage
from services.eligibility.publishing.deployment import Deployment, Ruleset
from services.kit import releases
from services.kit.releases import Segment, Span
from tests.support import ROOT

TIMEOUT = 240
PACKAGE = ROOT / "services" / "eligibility" / "packages" / "ploermel"

Json = dict[str, Any]

OUTCOMES = {
    "NON_ELIGIBLE": "NOT_ELIGIBLE",
    "INCOMPLET": "INCOMPLETE",
    "ELIGIBLE_SOUS_RESERVE": "ELIGIBLE_WITH_RESERVE",
    "ELIGIBLE": "ELIGIBLE",
}


def load_package(folder: Path) -> RulePackage:
    """The package of a folder."""
    return read_package(read_folder(folder))


def read_cases(name: str) -> Json:
    """A JSON file of tests/cases."""
    found: Json = json.loads((ROOT / "tests" / "cases" / name).read_text(encoding="utf-8"))
    return found


def merged(base: Json, overrides: Mapping[str, Any]) -> Json:
    """Deep merge; lists are replaced, None means absent."""
    result = copy.deepcopy(base)
    for key, value in overrides.items():
        nested = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if nested else value
    return result


def with_fact(facts: Json, path: str, value: object) -> Json:
    """The same facts but one, named by its path."""
    parent, _, name = path.rpartition(".")
    return merged(facts, {parent: {name: value}} if parent else {name: value})


def money(text: str) -> money_pb2.Money:
    """ "1500.00"; more than two decimals travel as they are."""
    value = Decimal(text)
    units = int(value)
    return money_pb2.Money(currency_code="EUR", units=units, nanos=int((value - units) * 10**9))


def day(text: str) -> date_pb2.Date:
    """ "2026-12-01", or a date that does not exist."""
    year, month, number = map(int, text.split("-"))
    return date_pb2.Date(year=year, month=month, day=number)


def rate(text: str) -> decimal_pb2.Decimal:
    """A rate as it is written."""
    return decimal_pb2.Decimal(value=text)


_WRITERS: dict[str, Any] = {
    "Money": money,
    "Date": day,
    "Decimal": rate,
    "CodeList": lambda codes: fact_pb2.CodeList(codes=codes),
}


def application(facts: Json) -> pb.Application:
    """The message of an application; a None is absent, the purpose is not part of the contract."""
    message = pb.Application()
    _fill(message, facts)
    return message


def _fill(message: Any, facts: Json) -> None:
    for name, value in facts.items():
        field = message.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            assert name == "purpose", name
        elif isinstance(value, dict):
            getattr(message, name).SetInParent()
            _fill(getattr(message, name), value)
        elif value is not None and field.message_type is not None:
            getattr(message, name).CopyFrom(_WRITERS[field.message_type.name](value))
        elif value is not None:
            setattr(message, name, value)


def cents(amount: money_pb2.Money) -> int:
    """A whole number of cents."""
    return int(amount.units * 100 + amount.nanos // 10_000_000)


def plain(value: fact_pb2.FactValue) -> Any:
    """A FactValue as "1500.00", "5.08", 3, "2026-12-01", True, "CODE", ["CODE"]."""
    match value.WhichOneof("kind"):
        case "money":
            return f"{Decimal(cents(value.money)).scaleb(-2):.2f}"
        case "percent":
            return value.percent.value
        case "date":
            return f"{value.date.year:04d}-{value.date.month:02d}-{value.date.day:02d}"
        case "codes":
            return list(value.codes.codes)
        case None:
            return None
        case kind:
            return getattr(value, kind)


def summary(assessment: pb.Assessment) -> tuple[str, list[str], list[str], list[str]]:
    """Outcome, reasons, orientations and missing facts."""
    return (
        pb.Outcome.Name(assessment.outcome).removeprefix("OUTCOME_"),
        [reason.code for reason in assessment.reasons],
        [place.code for place in assessment.orientations],
        [fact.path for fact in assessment.missing],
    )


def figures(assessment: pb.Assessment) -> dict[str, Any]:
    """The figures by name."""
    return {figure.name: plain(figure.value) for figure in assessment.figures}


def violations(status: status_pb2.Status) -> dict[str, str]:
    """Reasons by field of a status that lists wrong fields."""
    bad = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad) for detail in status.details)
    return {violation.field: violation.reason for violation in bad.field_violations}


def status_of(error: grpc.RpcError) -> status_pb2.Status:
    """The google.rpc.Status of a failed call."""
    status: status_pb2.Status | None = rpc_status.from_call(error)
    assert status is not None
    return status


def reason_of(status: status_pb2.Status) -> str:
    """The reason of its ErrorInfo."""
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    assert info.domain == "eligibility.microcredit"
    return str(info.reason)


def deployed(package: RulePackage, engine: Engine) -> Deployment:
    """A deployment of one package over its whole validity."""
    validity = package.identity.validity
    segment = Segment(Span(validity, package.digest), Ruleset(package, engine))
    return Deployment(releases.Deployment(1, {package.identity.id: (segment,)}))


class Client:
    """Stubs of a running server."""

    def __init__(self, address: str) -> None:
        # Without its own subchannels, it would share the connection, and so the worker, of another client.
        self.address = address
        self.channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self.eligibility = EligibilityServiceStub(self.channel)
        self.loans = LoanServiceStub(self.channel)
        self.rulesets = RulesetServiceStub(self.channel)
        self.releases = ReleaseServiceStub(self.channel)
        self.decisions = DecisionServiceStub(self.channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()


def loan_terms(case: Json) -> loan_pb2.LoanTerms:
    """The terms of a loan case."""
    return loan_pb2.LoanTerms(
        amount=money(case["amount"]),
        months=case["months"],
        nominal_rate_pct=rate(case["nominal_rate_pct"]),
        fees=money(case["fees"]),
    )


def copied_package(folder: Path, *replacements: tuple[str, str, str]) -> Path:
    """A copy of the shipped package where texts of files are replaced: (file, before, after)."""
    for path in sorted(PACKAGE.rglob("*.yaml")):
        target = folder / path.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    for file, before, after in replacements:
        text = (folder / file).read_text(encoding="utf-8")
        assert before in text, before
        (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")
    return folder
