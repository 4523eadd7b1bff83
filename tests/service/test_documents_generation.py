"""Generation of documents through the running server."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import grpc
import pytest

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from services.kit.french import unbroken
from tests.documents_support import (
    ASK,
    BANK,
    CASES,
    CONTRACT,
    DAY,
    DOCUMENTS,
    FILE,
    REFUSAL,
    Json,
    Refusal,
    everything,
    example,
    optional_paths,
    parts,
    plain,
    refusal,
    request,
    text,
    without,
)
from tests.support import Launch

Generate = Callable[..., pb.Document]
HOSTILE = (
    "& < > \" ' &amp; </w:t>",
    "{{ 7*7 }} {% if x %} {# c #} {%p x %} {_{ }_}",
    "👩‍👩‍👧 é é œ Œ ﬁ 𝔸",
    "שלום مرحبا",
)


MENTIONS = {
    "B1": "Dossier suivi par : Madame Maëlle Le Modèle, travailleuse sociale, à l’adresse ci-dessus",
    "B2": "La présidente du CIAS\n \nJeanne Exemple",
    "B4": "Ce délai de deux mois est suspendu",
    "B5": "dans les deux mois qui suivent le jour où vous avez reçu cette lettre",
    "B6": "Cette décision applique le règlement",
    "B7": "principales caractéristiques de sa mise en œuvre",
    "B8": "est responsable du traitement de ces données",
    "B9": "Défenseur des droits",
    "B11": "Simulation indicative établie le",
    "B12": "Point conseil budget d’exemple",
    "B13": "décide seul d’accorder ou non ce prêt",
}


@pytest.fixture(scope="module")
def stub(shared: Launch) -> Iterator[DocumentServiceStub]:
    server = shared("services.documents", "--workers", "2", env={"DOCUMENTS_RETENTION_DAYS": "30"})
    with grpc.insecure_channel(server.address) as channel:
        yield DocumentServiceStub(channel)


@pytest.fixture(scope="module")
def generate(stub: DocumentServiceStub) -> Generate:
    def call(template: str, data: Json | bytes, day: date | None = DAY, profile: str = "") -> pb.Document:
        document: pb.Document = stub.GenerateDocument(
            request(template, data, day, profile), timeout=20
        ).document
        return document

    return call


@pytest.fixture(scope="module")
def refuse(generate: Generate) -> Callable[..., Refusal]:
    def call(*arguments: object, **options: object) -> Refusal:
        with pytest.raises(grpc.RpcError) as caught:
            generate(*arguments, **options)
        return refusal(caught.value)

    return call


@pytest.mark.parametrize(("template", "name"), CASES)
def test_the_same_request_gives_the_same_bytes_and_tells_where_they_come_from(
    generate: Generate, template: str, name: str
) -> None:
    data = example(name)
    document = generate(template, data)
    assert generate(template, json.dumps(data, indent=3).encode()).content == document.content
    assert document.sha256 == hashlib.sha256(document.content).hexdigest()
    assert document.filename.startswith(f"{template}_MC-2026-")
    assert document.contract_version == "1.0"
    custom = parts(document.content)["docProps/custom.xml"].decode()
    provenance = (document.template.digest, document.profile.digest, document.data_sha256)
    assert all(value in custom for value in (*provenance, template, "cias-exemple"))
    assert (
        data["applicant"]["last_name"] not in custom + parts(document.content)["docProps/core.xml"].decode()
    )
    printed = plain(document.content)
    assert data["case"]["reference"] in printed
    assert not {"None", "Undefined", "True", "False"} & set(printed.split())


@pytest.mark.parametrize("template", [FILE, ASK, BANK, REFUSAL])
def test_a_letter_has_the_mentions_of_its_manifest_and_no_other(generate: Generate, template: str) -> None:
    manifest = (DOCUMENTS / "templates" / template / "manifest.yaml").read_text(encoding="utf-8")
    (declared,) = re.findall(r"^mentions: \[(.*)\]$", manifest, re.MULTILINE)
    printed = plain(generate(template, everything(template)).content)
    assert {block for block, words in MENTIONS.items() if words in printed} == set(declared.split(", "))


def test_the_date_of_the_document_is_the_only_clock(generate: Generate) -> None:
    core = parts(generate(ASK, example("complet"), date(2026, 12, 1)).content)["docProps/core.xml"].decode()
    assert core.count("2026-12-01T00:00:00Z") == 2
    assert "Ploërmel, le 1er décembre 2026" in plain(
        generate(ASK, example("complet"), date(2026, 12, 1)).content
    )


def test_a_request_for_documents_says_what_why_and_by_when(generate: Generate) -> None:
    printed = text(generate(ASK, example("complet")).content)
    assert "au plus tard le mardi\u00a015\u00a0décembre\u00a02026" in printed
    assert "dans 22\u00a0jours" in printed
    assert "\n56800\u00a0PLOERMEL\n" in printed
    assert "Madame, Monsieur," in printed
    for block in (
        "Madame\u00a0Maëlle Le Modèle, travailleuse sociale, à l’adresse ci-dessus, "
        "téléphone 02\u00a061\u00a091\u00a000\u00a012",
        "pour vérifier votre budget des trois derniers mois",
        "moins de 3\u00a0mois",
        "suspendu",
        "articles L.\u00a0114-5 et L.\u00a0231-4",
    ):
        assert block in printed
    assert "Pièce d’identité" not in printed
    alone = plain(generate(ASK, example("minimal")).content)
    assert "La pièce à nous remettre" in alone
    assert "Ce que vous devez nous indiquer" not in alone


def test_a_request_may_ask_for_information_alone(generate: Generate) -> None:
    data = everything()
    data["pieces"] = [piece | {"status": "PROVIDED"} for piece in data["pieces"]]
    printed = text(generate(ASK, data).content)
    assert "Des copies suffisent" not in printed
    assert data["assessment"]["missing"][0]["question"] in printed


def test_a_refusal_gives_reasons_remedies_and_the_algorithm(generate: Generate) -> None:
    printed = plain(generate(REFUSAL, example("refus-budget")).content)
    for block in (
        "ne présentera pas votre demande à un établissement prêteur",
        "délibération n° EX-2025-12 du conseil d’administration du CIAS du 15 décembre 2025",
        "le règlement demande au moins 420,00 € pour 2 personnes. (Article 12 du règlement)",
        "dans les deux mois qui suivent le jour où vous avez reçu cette lettre",
        "recours gracieux, en écrivant à la présidente du CIAS",
        "tribunal administratif de Rennes (3 contour de la Motte, CS 44416, 35044 Rennes Cedex)",
        "Télérecours citoyens (www.telerecours.fr) (articles R. 421-1 et R. 421-5",
        "articles L. 311-3-1 et R. 311-3-1-1",
        "la Commission d’accès aux documents administratifs (CADA)",
        "Défenseur des droits",
        "médiation",
        "Le Point conseil budget d’exemple, 2 place de l’Exemple",
        "ne prête pas et ne garantit pas",
        "La présidente du CIAS\n \nJeanne Exemple",
    ):
        assert block in printed
    elsewhere = plain(generate(REFUSAL, example("refus-territoire")).content)
    assert "Point conseil budget" not in elsewhere
    assert "le centre communal d’action sociale (CCAS) de Vannes" in elsewhere
    assert "le centre communal d’action sociale de votre commune de résidence." in elsewhere


def test_the_letter_to_the_bank_holds_strictly_necessary_facts(generate: Generate) -> None:
    data = example("complet")
    data["project"] |= {"category": "SANTE", "category_label": "Santé", "label": "prothèse"}
    document = generate(BANK, data)
    printed = plain(document.content)
    for block in ("L’établissement décide seul", "avis favorable", "2 500,00 €", "1,51 %", "36 mois"):
        assert block in printed
    assert "dépenses de soins" in printed
    for secret in ("prothèse", "Évaluation interne", "Salaire", "fille", data["applicant"]["phone"]):
        assert secret not in printed
    assert "prothèse" not in plain(generate(FILE, data).content)


def test_the_application_file_writes_absence(generate: Generate) -> None:
    unknown = plain(generate(FILE, example("minimal")).content)
    assert "Aucun" not in unknown.partition("Le prêt demandé")[0]
    assert unknown.count("Non demandé à ce jour.") == 4
    data = example("minimal")
    data["budget"] |= {"credits": [], "debts": []}
    data["household"]["members"] = []
    printed = plain(generate(FILE, data).content)
    for absence in (
        "Aucun crédit en cours.",
        "Aucune dette déclarée.",
        "Aucune autre personne déclarée.",
        "Situation de logement non communiquée.",
        "non communiqué",
    ):
        assert absence in printed
    complete = plain(generate(FILE, example("complet")).content)
    for block in (
        "1 122,38 €",
        "seule l’offre de l’établissement prêteur engage",
        "36 mois",
        "RGPD",
        "soldé",
    ):
        assert block in complete


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_printed_as_it_is_in_every_field(generate: Generate, hostile: str) -> None:
    for template in (FILE, ASK, BANK, REFUSAL):
        data, marks = _filled(everything(template), hostile)
        printed = text(generate(template, data).content).replace("\n", " ")
        found = [mark for mark in marks if f"⟦{mark}⟧" in printed]
        assert len(found) > 4
        assert all(f"⟦{mark}⟧{unbroken(hostile)}" in printed for mark in found)


def _filled(data: Json, hostile: str) -> tuple[Json, list[int]]:
    """Every free text of a dossier replaced by a mark and the hostile text."""
    marks: list[int] = []

    def fill(value: object, key: str) -> object:
        if isinstance(value, dict):
            return {name: fill(item, name) for name, item in value.items()}
        if isinstance(value, list) and key != "lines":
            return [fill(item, key) for item in value]
        if key in FREE_TEXTS:
            marks.append(len(marks))
            return f"⟦{marks[-1]}⟧{hostile}"
        return value

    filled = fill(data, "")
    assert isinstance(filled, dict)
    filled["applicant"] |= {"first_name": "A", "last_name": "B"}
    filled["co_applicant"] |= {"first_name": "C", "last_name": "D"}
    filled["bank"] |= {"name": "E"}
    for signed in filled["authorisations"]:
        signed |= {"lender": "E", "pieces": [*signed.get("pieces", ()), *filled["enclosures"]]}
    return filled, marks


FREE_TEXTS = {
    *(
        "label",
        "message",
        "description",
        "benefit",
        "comment",
        "summary_for_bank",
        "reason",
        "capacity",
        "plan",
    ),
    *("first_name", "last_name", "birth_name", "birth_place", "supplier", "display", "article", "question"),
    *("lender", "employer", "occupation", "frequency", "actions", "enclosures", "status_label", "incidents"),
}


def test_a_long_text_keeps_its_lines(generate: Generate) -> None:
    data = example("complet")
    data["project"]["description"] = "début\n" + "x" * 9_990 + "\nfin"
    assert "\n".join(("début", "x" * 9_990, "fin")) in text(generate(FILE, data).content)


@pytest.mark.parametrize("template", [FILE, ASK, BANK, REFUSAL])
def test_any_optional_field_may_be_absent(stub: DocumentServiceStub, template: str) -> None:
    schema, data = json.loads(CONTRACT.read_text(encoding="utf-8")), everything(template)
    paths = [path for path in optional_paths(schema) if without(data, path) != data]
    assert len(paths) > 90

    def outcome(path: tuple[str, ...]) -> str:
        try:
            stub.GenerateDocument(request(template, without(data, path)), timeout=20)
        except grpc.RpcError as error:
            return refusal(error).reason
        return "OK"

    with ThreadPoolExecutor(4) as pool:
        outcomes = dict(zip(paths, pool.map(outcome, paths), strict=True))
    manifest = (DOCUMENTS / "templates" / template / "manifest.yaml").read_text(encoding="utf-8")
    required = re.findall(r"^  - ([a-z_.]+)$", manifest, re.MULTILINE)
    required += ["assessment.figures.amount", "assessment.figures.rate_pct"]  # a figure has a value
    totals = ("income", "expenses", "credit_instalments", "debt_repayments")
    required += [f"budget.totals.{name}" for name in totals]  # what is left to live on comes from them
    if template == BANK:
        required += ["authorisations.given_on", "authorisations.pieces"]
        required += ["co_applicant.birth_date", "co_applicant.birth_place"]
    refused = {".".join(path) for path, found in outcomes.items() if found != "OK"}
    assert refused == {
        path for path in refused if any(f"{needed}.".startswith(f"{path}.") for needed in required)
    }
    assert len(refused) < len(outcomes) - 10


def test_documents_never_mix(stub: DocumentServiceStub) -> None:
    def mine(number: int) -> bool:
        data, mark = example("complet"), f"Marque{number:04d}"
        data["applicant"]["last_name"], data["case"]["reference"] = mark, f"MC-{mark}"
        answer = stub.GenerateDocument(request((ASK, BANK)[number % 2], data), timeout=30)
        printed = b"".join(
            content for name, content in parts(answer.document.content).items() if name.endswith(".xml")
        ).decode()
        return printed.count("Marque") == printed.count(mark) > 2

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(mine, range(200)))


def test_unknown_and_out_of_date_versions(refuse: Callable[..., Refusal]) -> None:
    data = example("complet")
    unknown = refuse("99-inconnu", data)
    assert (unknown.code, unknown.reason) == (grpc.StatusCode.NOT_FOUND, "TEMPLATE_NOT_FOUND")
    assert unknown.metadata == {"template": "templates/99-inconnu"}
    early = refuse(ASK, data, date(2009, 1, 1))
    assert (early.code, early.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TEMPLATE_NOT_IN_FORCE")
    assert early.metadata == {"template": f"templates/{ASK}", "document_date": "2009-01-01"}
    nobody = refuse(ASK, data, profile="inconnu")
    assert (nobody.code, nobody.reason) == (grpc.StatusCode.NOT_FOUND, "PROFILE_NOT_FOUND")
    assert nobody.metadata["profile"] == "profiles/inconnu"


def test_every_violation_comes_at_once_with_its_path(refuse: Callable[..., Refusal]) -> None:
    data = example("complet")
    data["loan"]["schedule"][3]["payment"] = "71,06"
    data["loan"]["months"] = 36.5
    data["applicant"]["nir"] = "secret"
    data["applicant"]["last_name"] = "Nom\u0007"
    data["case"]["request_date"] = "2026-02-30"
    data["pieces"][0]["status"] = None
    del data["agent"]
    found = refuse(ASK, data)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert found.violations == {
        "data_json.applicant.last_name": "NOT_PRINTABLE",
        "data_json.loan.months": "WRONG_TYPE",
        "data_json.applicant.?13": "UNKNOWN_FIELD",
        "data_json.case.request_date": "MALFORMED",
        "data_json.loan.schedule[3].payment": "MALFORMED",
        "data_json.pieces[0].status": "UNKNOWN_VALUE",
        "data_json.agent": "REQUIRED",
    }
    assert refuse("", b"", None).violations == {
        "template": "REQUIRED",
        "document_date": "REQUIRED",
        "data_json": "REQUIRED",
    }


def test_a_letter_never_says_what_its_data_deny(refuse: Callable[..., Refusal]) -> None:
    data = everything()
    data["pieces"] = [piece | {"status": "PROVIDED"} for piece in data["pieces"]]
    data["assessment"]["missing"] = []
    data["deadlines"]["documents"] = "2026-11-22"
    data["budget"]["totals"]["income"] = "1.00"
    data["applicant"]["address"]["lines"] = ["un", "deux", "trois"]
    data["applicant"]["last_name"] = "Exemple " * 9
    assert refuse(ASK, data).violations == {
        "data_json.pieces": "INCONSISTENT",
        "data_json.deadlines.documents": "INCONSISTENT",
        "data_json.budget.totals.income": "INCONSISTENT",
        "data_json.budget.totals.living_remainder_before": "INCONSISTENT",
        "data_json.assessment.figures[4].rate_pct": "INCONSISTENT",
        "data_json.applicant.address": "TOO_LONG",
    }
    accepted = example("complet")
    assert refuse(REFUSAL, accepted).violations == {"data_json.assessment.reasons": "INCONSISTENT"}
