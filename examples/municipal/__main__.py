"""Plays each application of applications/ through the three services, as the municipal software would.

For each: assess it, simulate its loan, find the lenders, generate the documents that the outcome calls for,
and write everything to out/<case>/. The services are reached by their addresses alone (ADDRESS_ELIGIBILITY,
ADDRESS_DOCUMENTS, ADDRESS_BANK_REGISTRY); nothing here knows how they work inside.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

import grpc
from google.rpc.error_details_pb2 import BadRequest, LocalizedMessage
from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money
from grpc_status import rpc_status

from examples.municipal.delivery import write_files
from examples.municipal.values import ApplicationError, day, iso, money, text_of
from microcredit.bankregistry.v1.bank_pb2 import BankCheck
from microcredit.bankregistry.v1.bank_registry_service_pb2 import ListSelectableBanksRequest, LoanRequest
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from microcredit.eligibility.v1 import assessment_pb2 as pb
from microcredit.eligibility.v1 import eligibility_service_pb2 as rules
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceStub
from microcredit.eligibility.v1.fact_pb2 import CodeList
from microcredit.eligibility.v1.loan_pb2 import LoanSimulation, LoanTerms
from microcredit.eligibility.v1.loan_service_pb2 import SimulateLoanRequest
from microcredit.eligibility.v1.loan_service_pb2_grpc import LoanServiceStub

APPLICATIONS = Path(__file__).parent / "applications"
OUT = Path("out")
SERVICE_CONFIG = json.dumps({"methodConfig": [{"name": [{}], "timeout": "20s"}]})
DAYS_TO_SEND_DOCUMENTS = 30
HEADER = ("demande", "avis et motifs", "prêteur proposé", "documents")
PRESENTABLE = (pb.OUTCOME_ELIGIBLE, pb.OUTCOME_ELIGIBLE_WITH_RESERVE)
# The titles of what the service writes for a lender: the person allows each by its name.
LENDER_DOCUMENTS = (
    "Présentation d’une demande de microcrédit à un établissement prêteur",
    "Dossier de demande de microcrédit personnel accompagné – exemplaire de l’établissement",
    "Fiche projet",
    "Budget mensuel",
    "Tableau d’amortissement indicatif",
    "Attestation d’accompagnement",
)
QUANTITIES = ("money", "integer", "percent", "date")
YES_NO = {"YES": True, "NO": False}

Json = dict[str, Any]
Row = tuple[list[str], ...]


@dataclass(frozen=True)
class Services:
    """The clients of the three services."""

    eligibility: EligibilityServiceStub
    loans: LoanServiceStub
    documents: DocumentServiceStub
    banks: BankRegistryServiceStub


def total(lines: list[Json], field: str) -> Money | None:
    """The sum of a column of the budget; unknown when one line is."""
    if any(field not in line for line in lines):
        return None
    return money(f"{sum((Decimal(text_of(money(line[field]))) for line in lines), Decimal()):.2f}")


# What each service is asked


def application(dossier: Json, facts: Json) -> pb.Application:
    """The facts that the rules read: no name, no address."""
    loan, project, person = dossier["loan"], dossier["project"], dossier["applicant"]
    budget, banking = dossier["budget"], dossier["banking"]
    permit_end = person.get("residence_permit_end")
    return pb.Application(
        request_date=day(dossier["case"]["request_date"]),
        loan=LoanTerms(
            amount=money(loan["amount"]),
            months=loan["months"],
            nominal_rate_pct=DecimalMessage(value=loan["nominal_rate_pct"]),
            fees=money(loan.get("fees", "0.00")),
            guarantor_required=False,
        ),
        project=pb.Project(
            category=project["category"],
            total_cost=money(project["total_cost"]),
            other_funding=total(project.get("other_funding", []), "amount"),
        ),
        applicant=pb.Applicant(
            birth_date=day(person["birth_date"]) if "birth_date" in person else None,
            commune_insee=facts["commune_insee"],
            legal_protection=facts.get("legal_protection", "AUCUNE"),
            protection_authorised=facts.get("protection_authorised"),
            right_of_residence=facts.get("right_of_residence", True),
            residence_permit_end=day(permit_end) if permit_end else None,
        ),
        household=pb.Household(persons=dossier["household"]["persons"]),
        budget=pb.Budget(
            monthly_income=total(budget["incomes"], "amount"),
            monthly_charges=total(budget["expenses"], "amount"),
            credit_instalments=total(budget["credits"], "instalment"),
            debt_repayments=total(budget["debts"], "repayment"),
        ),
        banking=pb.Banking(
            has_account=YES_NO.get(banking["has_account"]),
            ordinary_credit_available=facts.get("ordinary_credit_available", False),
            ficp=YES_NO.get(banking["ficp"]),
            fcc=YES_NO.get(banking["fcc"]),
            overindebtedness=facts.get("overindebtedness", "AUCUN"),
            commission_agreement=facts.get("commission_agreement"),
            outstanding_microcredit=money(banking.get("outstanding_microcredit", "0.00")),
        ),
        support=pb.Support(
            accepted=YES_NO.get(dossier["support"]["accepted"]),
            referent_named="referent" in dossier["support"],
        ),
        documents=CodeList(codes=facts["documents"]),
    )


def find_lenders(services: Services, dossier: Json, facts: Json) -> list[BankCheck]:
    """The lenders that may take the application, best first."""
    request = LoanRequest(
        on_date=day(dossier["case"]["request_date"]),
        commune_insee=facts["commune_insee"],
        amount=money(dossier["loan"]["amount"]),
        months=dossier["loan"]["months"],
        nominal_rate_pct=DecimalMessage(value=dossier["loan"]["nominal_rate_pct"]),
        object_category=dossier["project"]["category"],
    )
    listing = services.banks.ListSelectableBanks(
        ListSelectableBanksRequest(loan_request=request, selectable_only=True)
    )
    return list(listing.checks)


# What the documents are told: the dossier, completed by the answers


def without_empty(**fields: str | list[Json]) -> Json:
    """The fields that have a value: the dossier says absence by leaving out."""
    return {name: value for name, value in fields.items() if value}


def loan_section(loan: Json, simulation: LoanSimulation) -> Json:
    """The loan with its indicative schedule."""
    amounts = ("instalment", "last_instalment", "total_interest", "total_paid", "total_credit_cost")
    columns = ("payment", "interest", "principal", "balance")
    return {
        **loan,
        **{name: text_of(getattr(simulation, name)) for name in amounts},
        "taeg_pct": simulation.taeg_pct.value,
        "schedule": [
            {"number": line.number, "due_date": iso(line.due_date)}
            | {name: text_of(getattr(line, name)) for name in columns}
            for line in simulation.schedule
        ],
    }


def assessment_section(answer: pb.Assessment) -> Json:
    """The advice, in the words of the rules."""
    return {
        "outcome": pb.Outcome.Name(answer.outcome).removeprefix("OUTCOME_"),
        "outcome_label": answer.outcome_label,
        "reasons": list(map(reason_section, answer.reasons)),
        "figures": list(map(figure_section, answer.figures)),
        "missing": [without_empty(label=fact.label, question=fact.question) for fact in answer.missing],
        "orientations": [{"code": place.code, "label": place.label} for place in answer.orientations],
        "ruleset": {name: getattr(answer.ruleset, name) for name in ("ruleset_id", "version", "digest")},
    }


def figure_section(figure: pb.Figure) -> Json:
    """A computed value with its type: what the documents compare with the loan and the budget."""
    named = {"name": figure.name, "label": figure.label}
    match figure.value.WhichOneof("kind"):
        case "money":
            return named | {"amount": text_of(figure.value.money)}
        case "percent":
            return named | {"rate_pct": f"{Decimal(figure.value.percent.value):.2f}"}
        case "integer":
            return named | {"number": figure.value.integer}
    return named | {"display": figure.display}


def reason_section(reason: pb.Reason) -> Json:
    """One reason; a refusal is told with its figures, not with lists of codes."""
    severity = pb.Severity.Name(reason.severity).removeprefix("SEVERITY_")
    measured = [c for c in reason.comparisons if c.threshold.value.WhichOneof("kind") in QUANTITIES]
    compared = [comparison_section(c) for c in measured if severity == "BLOCKING"]
    law = without_empty(article=reason.article, orientation=reason.orientation, comparisons=compared)
    return {"code": reason.code, "severity": severity, "message": reason.message, **law}


def comparison_section(comparison: pb.Comparison) -> Json:
    """A value against its threshold, as a reader writes them."""
    actual, limit = comparison.actual, comparison.threshold
    threshold = without_empty(limit_label=limit.label, limit_display=limit.display)
    return {**without_empty(name=actual.name), "label": actual.label, "display": actual.display, **threshold}


def pieces(facts: Json, answer: pb.Assessment, catalog: rules.GetFactCatalogResponse) -> list[Json]:
    """The documents handed in, then those to ask for: the missing ones, and the proofs of missing facts."""
    asked = [code for f in answer.figures if f.name == "missing_documents" for code in f.value.codes.codes]
    asked += [f.proof_document for f in answer.missing if f.proof_document not in ("", *facts["documents"])]
    status = dict.fromkeys(facts["documents"], "PROVIDED") | dict.fromkeys(asked, "MISSING")
    labels = code_labels(catalog)

    def piece(code: str) -> Json:
        proves = [fact.label for fact in catalog.facts if fact.proof_document == code]
        proved = ", ".join(label[0].lower() + label[1:] for label in proves)
        reason = f"pour établir : {proved}" if proved and status[code] == "MISSING" else ""
        return {"code": code, "status": status[code], **without_empty(label=labels[code], reason=reason)}

    return list(map(piece, status))


def code_labels(catalog: rules.GetFactCatalogResponse) -> dict[str, str]:
    """The French label of every code that the rules know."""
    return {code.code: code.label for fact in catalog.facts for code in fact.codes}


def budget_totals(asked: pb.Application, answer: pb.Assessment) -> Json:
    """The totals of the budget that are known, and what remains to live on before and after the loan."""
    names = {"monthly_income": "income", "monthly_charges": "expenses"}
    lines = asked.budget.ListFields()
    totals = {names.get(field.name, field.name): text_of(amount) for field, amount in lines}
    figures = {figure.name: figure.value.money for figure in answer.figures}
    if "living_remainder" in figures:
        after, instalment = text_of(figures["living_remainder"]), text_of(figures["instalment"])
        totals["living_remainder_after"] = after
        totals["living_remainder_before"] = f"{Decimal(after) + Decimal(instalment):.2f}"
    return totals


def bank_section(check: BankCheck) -> Json | None:
    """Where to send the file; none without a local convention."""
    place = check.local_convention
    if not check.HasField("local_convention"):
        return None
    agreement = next(found.agreement for found in check.agreement_checks if not found.reasons)
    return {
        "name": check.bank.display_name,
        "address": {"lines": list(place.address_lines), "postal_code": place.postal_code, "city": place.city},
        **without_empty(
            department=place.contact_name,
            agreement_reference=agreement.reference,
            convention_reference=place.reference,
        ),
    }


def authorisations(lender: str, pieces: list[str], signed_on: str) -> list[Json]:
    """What the person signed on the form 08: the service may send these pieces, the lender may answer."""
    return [
        {"kind": "TO_LENDER", "lender": lender, "pieces": pieces, "given_on": signed_on},
        {"kind": "FROM_LENDER", "lender": lender, "given_on": signed_on},
    ]


def play(services: Services, case: Json, folder: Path) -> tuple[list[str], list[str], list[str]]:
    """Assesses, finds lenders, generates; gives the cells of one row of the table."""
    dossier, facts = case["dossier"], case["facts"]
    asked, reference = application(dossier, facts), dossier["case"]["reference"]
    assess = rules.AssessEligibilityRequest(case_reference=reference, application=asked)
    simulate = SimulateLoanRequest(terms=asked.loan, first_due_date=day(case["first_due_date"]))
    answer = services.eligibility.AssessEligibility(assess).assessment
    simulation = services.loans.SimulateLoan(simulate).simulation
    describe = rules.GetFactCatalogRequest(request_date=asked.request_date)
    catalog = services.eligibility.GetFactCatalog(describe)
    lenders = find_lenders(services, dossier, facts) if answer.outcome in PRESENTABLE else []
    project, document_date = dossier["project"], date.fromisoformat(case["document_date"])
    complete = {
        **dossier,
        "project": {**project, "category_label": code_labels(catalog)[project["category"]]},
        "budget": {**dossier["budget"], "totals": budget_totals(asked, answer)},
        "loan": loan_section(dossier["loan"], simulation),
        "assessment": assessment_section(answer),
        "pieces": pieces(facts, answer, catalog),
        "deadlines": {"documents": str(document_date + timedelta(DAYS_TO_SEND_DOCUMENTS))},
    }
    secret = (
        {"DEVIS"} if project["category"] == "SANTE" else set()
    )  # the quote would tell the lender of the care
    sent = [p["label"] for p in complete["pieces"] if p["status"] == "PROVIDED" and p["code"] not in secret]
    for section in filter(None, map(bank_section, lenders[:1])):
        enclosed = ["Dossier de demande", *sent]
        complete |= {"bank": section, "enclosures": enclosed}
        if "authorised_on" in case:  # else the form 08 is made, to be signed
            listed = [*LENDER_DOCUMENTS, *enclosed]
            complete["authorisations"] = authorisations(section["name"], listed, case["authorised_on"])
    written = write_files(services.documents, complete, case["document_date"], folder)
    found = [lenders[0].bank.display_name, f"({len(lenders)} prêteurs possibles)"] if lenders else ["—"]
    return [answer.outcome_label, *(reason.code for reason in answer.reasons)], found, written


def explain(error: grpc.RpcError) -> str:
    """The French message of an error, with every field in cause."""
    status = rpc_status.from_call(error)
    if status is None:
        return f"{error.code().name} : {error.details()}"
    lines: list[str] = []
    for detail in status.details:
        message, bad = LocalizedMessage(), BadRequest()
        if detail.Unpack(message):
            lines.insert(0, message.message)
        elif detail.Unpack(bad):
            lines += [f"  {field.field} : {field.description}" for field in bad.field_violations]
    return "\n".join(lines)


def connect() -> Services:
    """Opens one channel to each service, with a time limit on every call."""

    def channel(variable: str, default: str) -> grpc.Channel:
        options = [("grpc.service_config", SERVICE_CONFIG)]
        return grpc.insecure_channel(os.environ.get(variable, default), options=options)

    eligibility = channel("ADDRESS_ELIGIBILITY", "127.0.0.1:50051")
    return Services(
        EligibilityServiceStub(eligibility),
        LoanServiceStub(eligibility),
        DocumentServiceStub(channel("ADDRESS_DOCUMENTS", "127.0.0.1:50052")),
        BankRegistryServiceStub(channel("ADDRESS_BANK_REGISTRY", "127.0.0.1:50053")),
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned columns; a cell may have several lines."""
    lines = [line for row in rows for line in (*zip_longest(*row, fillvalue=""), ("",) * len(HEADER))]
    lines = [HEADER, tuple("─" * len(title) for title in HEADER), *lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def main() -> int:
    """Plays every application, or those given, and prints the table."""
    services, rows, failures = connect(), [], []
    for path in [Path(name) for name in sys.argv[1:]] or sorted(APPLICATIONS.glob("*.json")):
        try:
            case = json.loads(path.read_text(encoding="utf-8"))
            rows.append(([path.stem], *play(services, case, OUT / path.stem)))
        except grpc.RpcError as error:
            failures.append(f"{path.stem} : {explain(error)}")
        except ApplicationError as error:
            failures.append(f"{path.stem} : {error}")
        except (KeyError, TypeError, ValueError) as error:
            failures.append(f"{path.stem} : champ absent ou mal formé ({error})")
        except OSError as error:
            failures.append(f"{path.stem} : « {error.filename} » ne peut pas être lu ou écrit")
    print(table(rows))
    print(f"Les documents sont dans {OUT.resolve()}.")
    for failure in failures:
        print(f"Échec : {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
