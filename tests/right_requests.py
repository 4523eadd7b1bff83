"""A right request for every RPC of every service, and what a server must hold to answer it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any
from uuid import uuid4

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.documents.contract.folders import read_folder
from services.kit.releases.archive import pack
from tests import access_probe
from tests.documents_support import DOCUMENTS, REFUSAL, example
from tests.ruleset_support import SHIPPED
from tests.support import ROOT

Json = Mapping[str, Any]
SERVERS = {
    "services.bank_registry": "microcredit/bankregistry",
    "services.documents": "microcredit/documents",
    "services.eligibility": "microcredit/eligibility",
}
PDF = "services.documents.pdf"
"""A server of its own, for one service of the contract of documents."""
ACCESS = "tests.access_probe:serve_documents"
"""A server that asks who calls: it has the service of the journal of accesses besides."""
OFFICER = access_probe.header("claude", "dpo,auditor,supervisor,operator", "nord")
SECONDS, WATCH_SECONDS = 240.0, 0.3
EARLIER = {"year": 2024, "month": 1, "day": 1}
TODAY = {"year": 2026, "month": 12, "day": 1}
LATER = {"year": 2027, "month": 3, "day": 1}
EURO = {"currency_code": "EUR", "units": 1}
CASE = "MC-2026-0042"
NAMED: Json = {"reason": "essai", "request_id": str(uuid4())}
PAGE: Json = {"page_size": 10}
BANK, OTHER, BARE = "banks/oust", "banks/caisse", "banks/neuve"
PARTS = {"Bank": "", "Agreement": "/agreements/fcs", "LocalConvention": "/localConventions/cias"}
AGREEMENT, CONVENTION = BANK + PARTS["Agreement"], BANK + PARTS["LocalConvention"]
TEMPLATE, PROFILE, RULESET = f"templates/{REFUSAL}", "profiles/cias-exemple", "rulesets/ploermel"
LENDER = {
    "display_name": "Banque fictive de l’Oust",
    "kind": "BANK_KIND_CREDIT_INSTITUTION",
    "siren": "732829320",
    "start_date": EARLIER,
}
TERMS = {
    "reference": "FCS",
    "manager": "Service du microcrédit",
    "scope": "TERRITORY_SCOPE_DEPARTEMENTS",
    "territory_codes": ["56"],
    "start_date": EARLIER,
    "end_date": {**TODAY, "year": 2028},
    "envelope": {"currency_code": "EUR", "units": 5000},
    "rate_min_pct": {"value": "1.0"},
    "accepted_objects": ["MOBILITE"],
    "verified_on": {"year": 2026, "month": 10, "day": 1},
}
CIAS = {
    "reference": "CIAS",
    "contact_name": "Service",
    "address_lines": ["1 rue Fictive"],
    "postal_code": "56800",
    "city": "Ploërmel",
    "email": "contact@oust.example",
    "contacts": [{"role": "conseil", "display_name": "Camille Exemple", "phone": "0200000000"}],
    "start_date": EARLIER,
}


def services(folder: str) -> list[ServiceDescriptor]:
    """The services that the generated modules of a folder declare."""
    found = []
    for path in sorted((ROOT / "build/gen" / folder).rglob("*_pb2.py")):
        module = import_module(".".join(path.relative_to(ROOT / "build/gen").with_suffix("").parts))
        found += list(module.DESCRIPTOR.services_by_name.values())
    return found


def methods(module: str) -> Iterator[MethodDescriptor]:
    """Every RPC that a server answers, those of releases too."""
    if module == ACCESS:
        named = services("microcredit/access")
    else:
        named = services(SERVERS.get(module, SERVERS["services.documents"]))
        named += services("microcredit/releases") if module != "services.bank_registry" else []
    for service in named:
        if (service.name == "PdfService") == (module == PDF):
            yield from service.methods


def call(channel: grpc.Channel, method: MethodDescriptor, raw: bytes) -> list[bytes]:
    """The messages of an answer."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    sides = (
        "stream" if streams else "unary" for streams in (method.client_streaming, method.server_streaming)
    )
    rpc: Any = getattr(channel, "_".join(sides))(path)
    sent = iter([raw]) if method.client_streaming else raw
    waits = method.name.startswith("Watch")
    answer = rpc(sent, timeout=WATCH_SECONDS if waits else SECONDS, metadata=OFFICER)
    try:
        return list(answer) if method.server_streaming else [answer]
    except grpc.RpcError as error:
        ended: Any = error
        if waits and ended.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            return []
        raise


def message(method: MethodDescriptor, fields: Json) -> Message:
    """A request of a method, with an identifier of its own if it may have one."""
    made: Any = GetMessageClass(method.input_type)()
    json_format.ParseDict(dict(fields), made)
    renew(made)
    return made  # type: ignore[no-any-return]


def renew(request: Any) -> None:
    """Gives a request another identifier where it has one: it would be answered as the first was."""
    if "request_id" in request.DESCRIPTOR.fields_by_name and request.request_id:
        request.request_id = str(uuid4())


def b64(content: bytes) -> str:
    """Bytes as JSON writes them."""
    return base64.b64encode(content).decode()


class Asker:
    """Calls methods by their names, and keeps the right requests that it is told."""

    def __init__(self, channel: grpc.Channel, module: str) -> None:
        self._channel = channel
        named = (*methods(module), *(methods("services.documents") if module == ACCESS else ()))
        self._methods: dict[str, MethodDescriptor] = {method.full_name: method for method in named}
        self.requests: dict[str, tuple[Message, ...]] = {}

    def do(self, name: str, /, **fields: Any) -> Any:
        """The first message of an answer."""
        method = self._method(name)
        sent = message(method, fields).SerializeToString()
        first = call(self._channel, method, sent)[0]
        return GetMessageClass(method.output_type).FromString(first)

    def keep(self, name: str, *requests: Json) -> None:
        """The right requests of a method: what writes only says what it would write."""
        method = self._method(name)
        more: Json = {"validate_only": True} if "validate_only" in method.input_type.fields_by_name else {}
        self.requests[method.full_name] = tuple(message(method, {**more, **one}) for one in requests)

    def _method(self, name: str) -> MethodDescriptor:
        (full,) = (full for full in self._methods if full.endswith(f".{name}"))
        return self._methods[full]


def of_bank_registry(ask: Asker) -> None:
    """Three lenders: one with an agreement and a convention, the same all suspended, and a bare one."""
    told = {**NAMED, "correct_past": True}
    for bank, siren in ((BANK, LENDER["siren"]), (OTHER, "552081317")):
        made = {"local_convention_id": "cias", "local_convention": CIAS}
        ask.do("CreateBank", bank_id=bank.removeprefix("banks/"), bank={**LENDER, "siren": siren}, **told)
        ask.do("CreateAgreement", parent=bank, agreement_id="fcs", agreement=TERMS, **told)
        ask.do("CreateLocalConvention", parent=bank, **made, **told)
    ask.do("CreateBank", bank_id="neuve", bank={**LENDER, "siren": "443061841"}, **told)
    for kind, path in PARTS.items():
        done = ask.do(f"Suspend{kind}", name=OTHER + path, effective_date=EARLIER, **told)
    _edits(ask, {**told, "effective_date": LATER}, done.state_number)
    _reads(ask, done.state_number)
    _envelopes(ask)
    lenders = b64((ROOT / "examples/registry/decembre-2026.csv").read_bytes())
    ask.keep("ImportBanks", {"chunk": lenders, "file_name": "preteurs.csv", "effective_date": TODAY, **told})
    ask.keep("ExportBanks", {"format": "BANK_FILE_FORMAT_CSV", "on_date": TODAY})
    ask.keep("ListAuditEntries", {"resource": BANK, **PAGE})
    ask.keep("GetAuditHead", {})
    ask.keep("VerifyAudit", {"expected_head": {"sequence": 1, "hash": "0" * 64}})
    ask.keep("RedactTexts", {"words": "Camille", "name": BANK, **NAMED})


def _edits(ask: Asker, edited: Json, last: int) -> None:
    told = {name: value for name, value in edited.items() if name != "effective_date"}
    ask.keep("CreateBank", {"bank_id": "autre", "bank": {**LENDER, "siren": "542065479"}, **told})
    ask.keep("UpdateBank", {"bank": {"name": BANK, "network": "R"}, "update_mask": "network", **edited})
    ask.keep("EndBank", {"name": BANK, "successor": OTHER, **edited})
    ask.keep("MergeBank", {"name": BANK, "successor": OTHER, **edited})
    ask.keep("CreateAgreement", {"parent": BARE, "agreement_id": "b", "agreement": TERMS, **told})
    changed = {"name": AGREEMENT, "evidence": "avenant"}
    ask.keep("UpdateAgreement", {"agreement": changed, "update_mask": "evidence", **edited})
    ask.keep("ExtendAgreement", {"name": AGREEMENT, "end_date": {**LATER, "year": 2032}, **told})
    made = {"parent": BARE, "local_convention_id": "b", "local_convention": CIAS}
    ask.keep("CreateLocalConvention", {**made, **told})
    changed = {"name": CONVENTION, "city": "Vannes"}
    ask.keep("UpdateLocalConvention", {"local_convention": changed, "update_mask": "city", **edited})
    for kind, path in PARTS.items():
        ask.keep(f"Suspend{kind}", {"name": BANK + path, "end_date": {**LATER, "month": 6}, **edited})
        ask.keep(f"Reinstate{kind}", {"name": OTHER + path, **edited})
        if path:
            ask.keep(f"End{kind}", {"name": BANK + path, **edited})
    ask.keep("ProlongSuspension", {"name": OTHER, **edited, "effective_date": EARLIER, "end_date": LATER})
    suspended = OTHER + PARTS["LocalConvention"]
    ask.keep("UndoChange", {"name": suspended, "undone_state_number": last, **told})


def _reads(ask: Asker, last: int) -> None:
    loan = _example("preteurs")["loanRequest"]
    ask.keep("CheckBank", {"name": BANK, "loan_request": loan})
    ask.keep("ListSelectableBanks", {"loan_request": loan, **PAGE})
    ask.keep("BatchCheckBanks", {"items": [{"name": BANK, "loan_request": loan}]})
    filters = {"query": "oust", "manager": "microcrédit", "kinds": [LENDER["kind"]], "commune_insee": "56165"}
    ask.keep("ListBanks", {**filters, "states": ["BANK_STATE_IN_FORCE"], "on_date": TODAY, **PAGE})
    for kind, path in PARTS.items():
        ask.keep(f"Get{kind}", {"name": BANK + path, "on_date": TODAY})
        if path:
            ask.keep(f"List{kind}s", {"parent": BANK, "on_date": TODAY, **PAGE})
    ask.keep("ListBankEvents", {"parent": BANK, **PAGE})
    ask.keep("ListChanges", PAGE)
    ask.keep("WatchChanges", {"after_state_number": last})
    ask.keep("SearchCommunes", {"query": "Ploërmel"})


def _envelopes(ask: Asker) -> None:
    reserved = {"parent": AGREEMENT, "amount": EURO, "on_date": TODAY, "case_reference": CASE, **NAMED}
    done = {"name": ask.do("ReserveEnvelope", **reserved).reservation.name, **NAMED}
    ask.keep("ReserveEnvelope", {**reserved, "ttl": "3600s"})
    ask.keep("CommitReservation", {**done, "amount": EURO})
    ask.keep("ReleaseReservation", done)
    ask.keep("GetReservation", {"name": done["name"]})
    ask.keep("ListReservations", {"parent": AGREEMENT, "states": ["RESERVATION_STATE_HELD"], **PAGE})


def of_releases(ask: Asker, packages: Mapping[str, tuple[str, bytes]]) -> None:
    """The deployment of packages: by collection, the name of the version that serves and its archive."""
    told = {"request_id": str(uuid4()), "comment": "essai"}
    by_version = [{"name": name} for name, _ in packages.values()]
    for one in by_version:
        ask.do("ActivateVersion", **one, effective_date=LATER)
    named = [{"name": name.partition("/versions/")[0]} for name, _ in packages.values()]
    parents = [{"parent": one["name"], "page_size": 10} for one in named]
    archives = [{"collection": kind, "archive": b64(archive)} for kind, (_, archive) in packages.items()]
    ask.keep("CheckPackage", *archives)
    ask.keep("PublishPackage", *({**one, **told} for one in archives))
    ask.keep("GetPackage", *named)
    ask.keep("ListPackages", *({"collection": kind, "page_size": 10} for kind in packages))
    ask.keep("GetVersion", *by_version)
    ask.keep("ListVersions", *parents)
    ask.keep("ListEvents", *parents)
    ask.keep("ActivateVersion", *({**one, **told, "effective_date": LATER} for one in by_version))
    ask.keep("RollbackPackage", *({**one, **told, "effective_date": LATER} for one in named))
    ask.keep("GetStatus", {})
    ask.keep("WatchEvents", {"after_state_number": 1})


def of_documents(ask: Asker) -> None:
    """A kept letter of a case."""
    data, whole = (b64(json.dumps(example(name)).encode()) for name in ("refus-budget", "complet"))
    letter = {"template": TEMPLATE, "document_date": TODAY, "data_json": data, "profile": PROFILE}
    told = {"request_id": str(uuid4())}
    kept = ask.do("GenerateDocument", **letter, store=True, **told).document
    version = f"{TEMPLATE}/versions/1.0.0"
    template, profile = (pack(read_folder(DOCUMENTS / name)) for name in (TEMPLATE, PROFILE))
    packages = {"templates": (version, template), "profiles": (f"{PROFILE}/versions/1", profile)}
    of_releases(ask, packages)
    batch = {name: value for name, value in letter.items() if name != "data_json"}
    ask.keep("GenerateDocument", {**letter, **told}, {**batch, "data": example("refus-budget"), **told})
    ask.keep("DownloadDocument", {"name": kept.name}, {"generate": letter, **told})
    item = {"key": "a", "data_json": data}
    ask.keep("BatchGenerateDocuments", {**batch, "items": [item], "output": "BATCH_OUTPUT_ZIP", **told})
    dossier = {"document_date": TODAY, "data_json": whole, "profile": PROFILE}
    ask.keep("GenerateDossier", {**dossier, "purpose": "DOSSIER_PURPOSE_BANK", **told})
    files = ({"name": kept.name}, {"document": letter, **told}, {"dossier": dossier, **told})
    ask.keep("DownloadFile", *files)
    ask.keep("GetDocument", {"name": kept.name})
    ask.keep("ListDocuments", {"case_reference": CASE, "page_size": 10})
    ask.keep("DeleteCase", {"case_reference": CASE, **told})
    ask.keep("DocumentStoreService.GetErasureStatus", {})
    ask.keep("VerifyDocument", {"content": b64(kept.content), "data_json": data}, {"sha256": kept.sha256})
    ask.keep("CompareTemplates", {"name": version, "base_name": version})
    ask.keep("GetTemplateFields", {"name": TEMPLATE})


def of_eligibility(ask: Asker) -> None:
    """A recorded decision, and a ruleset in the shade."""
    asked, changed, explored, simulated = map(_example, ("recevable", "changements", "grille", "simulation"))
    told = {"request_id": str(uuid4())}
    question = {**asked, "caseReference": CASE}
    decision = f"decisions/{ask.do('AssessEligibility', **question).assessment.decision_id}"
    version = f"{RULESET}/versions/2026.1"
    shadow = ask.do("StartShadow", name=version).shadow.name
    of_releases(ask, {"rulesets": (version, pack(SHIPPED))})
    ask.keep("AssessEligibility", {**question, **told})
    ask.keep("BatchAssessEligibility", {"requests": [question], **told})
    ask.keep("GetFactCatalog", {"request_date": TODAY})
    ask.keep("SuggestChanges", {**changed, "max_suggestions": 2})
    ask.keep("ExploreLoanTerms", explored)
    ask.keep("SimulateLoan", simulated)
    over = ({"applications": {"requests": [question]}}, {"decisions": {"max_count": 5}})
    ask.keep("CompareRulesets", *({"name": version, **one} for one in over))
    ask.keep("StartShadow", {"name": version, **told})
    ask.keep("GetShadow", {"name": shadow})
    ask.keep("ListShadows", {"page_size": 10})
    ask.keep("StopShadow", {"name": shadow, **told})
    ask.keep("GetDecision", {"name": decision})
    ask.keep("ListDecisions", {"page_size": 10, "case_reference": CASE})
    ask.keep("CountDecisions", {"first_day": EARLIER, "last_day": TODAY})
    ask.keep("ReplayDecision", {"name": decision})
    ask.keep("ExplainDecision", {"name": decision, "all_rules": True})
    ask.keep("EraseCase", {"case_reference": CASE, **told})
    ask.keep("PurgeDecisions", {"end_time": "2020-01-01T00:00:00Z", **told})
    ask.keep("GetErasureStatus", {})
    ask.keep("VerifyJournal", {"expected_head": {"sequence": 1, "hash": "0" * 64}})


def of_accesses(ask: Asker) -> None:
    """An act that waits for a second person."""
    with suppress(grpc.RpcError):  # SECOND_PERSON_REQUIRED
        ask.do("DeleteCase", case_reference=CASE)
    (act,) = ask.do("ListPendingActs").pending_acts
    told = {"request_id": str(uuid4())}
    ask.keep("ListAccesses", {"subject": "claude", "case_reference": CASE, "page_size": 10})
    ask.keep("SummarizeAccesses", {"day": TODAY})
    ask.keep("ListPendingActs", {"case_reference": CASE, "page_size": 10})
    ask.keep("WithdrawPendingAct", {"act": act.act, **told})
    ask.keep("ReassignCase", {"case_reference": CASE, "team": "sud", **told})
    ask.keep("VerifyAccesses", {"expected_head": {"sequence": 1, "hash": "0" * 64}})


def of_pdf(ask: Asker) -> None:
    """A letter to convert."""
    ask.keep("ConvertToPdf", {"content": b64((DOCUMENTS / f"{TEMPLATE}/template.docx").read_bytes())})


FILLED: Mapping[str, Callable[[Asker], None]] = {
    "services.bank_registry": of_bank_registry,
    "services.documents": of_documents,
    "services.eligibility": of_eligibility,
    ACCESS: of_accesses,
    PDF: of_pdf,
}
"""How each server gets what its right requests name, by its module."""


def _example(name: str) -> Json:
    """A request of the examples."""
    found: Json = json.loads((ROOT / f"examples/requests/{name}.json").read_text(encoding="utf-8"))
    return found
