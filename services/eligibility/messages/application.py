"""From an Application to the facts of a rule package, with everything that is wrong in it; typed values as
FactValue messages, and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from google.protobuf.message import Message
from google.type import date_pb2, decimal_pb2, money_pb2

from microcredit.eligibility.v1 import (
    assessment_pb2,
    eligibility_service_pb2,
    fact_pb2,
    loan_service_pb2,
)
from services.eligibility.loan import half_up, shown_decimal
from services.eligibility.package import (
    APPLICATION_FACTS,
    Kind,
    RulePackage,
    Value,
    Values,
    ValueType,
    check_facts,
    facts_of_rules,
    plain_text,
)
from services.eligibility.publishing import Deployment, Ruleset
from services.kit import wire
from services.kit.errors import FieldReason, Violation, Violations

_FIELDS = {
    Kind.MONEY: "money",
    Kind.INTEGER: "integer",
    Kind.PERCENT: "percent",
    Kind.DATE: "date",
    Kind.BOOLEAN: "boolean",
    Kind.CODE: "code",
    Kind.CODES: "codes",
    Kind.TEXT: "text",
}
RequestWithApplication = (
    eligibility_service_pb2.AssessEligibilityRequest
    | eligibility_service_pb2.SuggestChangesRequest
    | eligibility_service_pb2.ExploreLoanTermsRequest
    | loan_service_pb2.SimulateLoanRequest
)

MAX_CASE_REFERENCE = 64


def fact_value(value: Value | None, type_: ValueType) -> fact_pb2.FactValue:
    """A value of a type; without content when it is unknown. An amount is rounded half-up to the cent."""
    content: Any = value
    match value:
        case None:
            return fact_pb2.FactValue()
        case date():
            content = wire.date_pb(value)
        case tuple():
            content = fact_pb2.CodeList(codes=value)
        case int() | Fraction() if type_.kind is Kind.MONEY:
            content = wire.money(half_up(value))
        case int() | Fraction() if type_.kind is Kind.PERCENT:
            content = wire.decimal_pb(shown_decimal(value))
    return fact_pb2.FactValue(**{_FIELDS[type_.kind]: content})


def read_fact_value(
    message: fact_pb2.FactValue, kind: Kind, path: str, violations: Violations
) -> Value | None:
    """The value of a message that must hold this kind."""
    if message.WhichOneof("kind") != _FIELDS[kind]:
        violations.add(
            path, FieldReason.WRONG_TYPE, f"La valeur doit être donnée dans le champ « {_FIELDS[kind]} »."
        )
        return None
    return read_value(getattr(message, _FIELDS[kind]), path, violations)


def read_value(content: Any, path: str, violations: Violations) -> Value | None:
    """The value of a field of the contract."""
    match content:
        case str():
            return plain_text(content)
        case bool() | int():
            return content
        case money_pb2.Money():
            return wire.cents(content, path, violations)
        case date_pb2.Date():
            return wire.civil_date(content, path, violations)
        case decimal_pb2.Decimal():
            number = wire.decimal(content, path, violations)
            return None if number is None else Fraction(number)
    return tuple(content.codes)


def read_request(
    request: eligibility_service_pb2.AssessEligibilityRequest, deployment: Deployment
) -> tuple[Ruleset, Values]:
    """The rules that govern the request and the facts that they accept; InvalidArgument with every wrong
    field."""
    violations = Violations()
    check_case_reference(request.case_reference, violations)
    wire.request_id(request.request_id, "request_id", violations)
    found = read_application(request, deployment, violations)
    return violations.whole(found)


def check_case_reference(reference: str, violations: Violations) -> None:
    """Says what is wrong in a reference of the caller."""
    if len(reference) > MAX_CASE_REFERENCE:
        violations.add(
            "case_reference",
            FieldReason.TOO_LONG,
            f"La référence compte {MAX_CASE_REFERENCE} caractères au plus.",
        )
    if not reference.isprintable():
        violations.add(
            "case_reference", FieldReason.NOT_PRINTABLE, "La référence tient sur une ligne, sans tabulation."
        )


def read_application(
    request: RequestWithApplication, deployment: Deployment, violations: Violations
) -> tuple[Ruleset, Values] | None:
    """The rules that govern the field `application` of a request and its facts; None, with a violation, if it
    is absent."""
    if not request.HasField("application"):
        violations.add("application", FieldReason.REQUIRED, "La demande est obligatoire.")
        return None
    ruleset = _governing(request.application, deployment)
    return ruleset, _read_facts(request.application, ruleset.package, violations)


def _governing(application: assessment_pb2.Application, deployment: Deployment) -> Ruleset:
    """The rules in force on the request date; without a readable date, those that tell what is wrong."""
    ignored = Violations()
    day = wire.civil_date(application.request_date, "", ignored)
    return deployment.last if day is None else deployment.on(day)


def _read_facts(
    application: assessment_pb2.Application, package: RulePackage, violations: Violations
) -> dict[str, Value | None]:
    unreadable: set[str] = set()
    facts: dict[str, Value | None] = {}
    for name, value, problems in (*_fields(application, package), *_additions(application, package)):
        facts[name] = value
        if problems:
            unreadable.add(name)
            violations.extend(problems)
    violations.extend(
        Violation(_path(problem.field), problem.reason, problem.description)
        for problem in check_facts(package.facts, facts)
        if problem.field not in unreadable
    )
    return facts


def _fields(
    application: assessment_pb2.Application, package: RulePackage
) -> Iterator[tuple[str, Value | None, Violations]]:
    """The declared facts that are fields of the message and present."""
    for name in APPLICATION_FACTS:
        given, content = _field(application, name)
        if name in package.facts and given:
            problems = Violations()
            yield name, read_value(content, _path(name), problems), problems


def _field(application: assessment_pb2.Application, name: str) -> tuple[bool, Any]:
    """Whether a field of the message is given, and its content."""
    parent, _, field = name.rpartition(".")
    holder: Message = getattr(application, parent) if parent else application
    return holder.HasField(field), getattr(holder, field)


def unread_fields(application: assessment_pb2.Application, package: RulePackage) -> tuple[str, ...]:
    """The paths of the fields that are given and that nothing in the package reads."""
    read = facts_of_rules(package)
    fields = (name for name in APPLICATION_FACTS if _field(application, name)[0])
    added = (name for name in package.facts if name in application.additional_facts)
    return tuple(_path(name).removeprefix("application.") for name in (*fields, *added) if name not in read)


def _additions(
    application: assessment_pb2.Application, package: RulePackage
) -> Iterator[tuple[str, Value | None, Violations]]:
    """The facts that the package adds to the message; any other one is refused."""
    for index, name in enumerate(sorted(application.additional_facts)):
        problems = Violations()
        fact = package.facts.get(name)
        value = None
        if fact is None or not fact.additional:
            # A name that no package declares may say anything: it is not repeated.
            problems.add(
                f"application.additional_facts[{index}]",
                FieldReason.UNKNOWN_FIELD,
                f"Le règlement ne déclare pas ce fait, le {index + 1}e des noms par ordre alphabétique.",
            )
        else:
            given = application.additional_facts[name]
            value = read_fact_value(given, fact.type.kind, _path(name), problems)
        yield name, value, problems


def _path(name: str) -> str:
    if name in APPLICATION_FACTS:
        return f"application.{name}"
    return f'application.additional_facts["{name}"]'
