"""The decisions of a running server: read, listed, replayed, explained, erased, purged, verified."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from sqlalchemy import text

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import decision_service_pb2 as pb
from microcredit.eligibility.v1.eligibility_service_pb2 import (
    AssessEligibilityRequest,
    BatchAssessEligibilityRequest,
)
from services.eligibility.cli import main
from services.kit.dates import paris_day
from services.kit.releases import RELEASE_CHAIN
from services.kit.releases.store import ReleaseStore
from services.kit.releases.timeline import Candidate
from services.kit.store import open_ring
from services.kit.store.database import Database
from tests.eligibility_reglement import BASE, CASES
from tests.eligibility_support import TIMEOUT, Client, Json, application, copied_package, merged, plain
from tests.journal_support import unprotect
from tests.ruleset_support import ID, by, edited, read_refusal, refusal, serving, shared_store, variant
from tests.support import Launch

TOO_DEAR: Json = {"loan": {"amount": "3700.00"}, "project": {"total_cost": "3700.00"}}
INCOMPLETE: Json = {"budget": {"monthly_charges": None}, "banking": {"ficp": None}, "documents": ["IDENTITE"]}


@pytest.fixture(scope="module")
def client(launch: Launch) -> Iterator[Client]:
    with Client(launch("services.eligibility", "--workers", "2").address) as client:
        yield client


def assessed(
    client: Client, *, case: str = "", request_id: str = "", **facts: Any
) -> assessment_pb2.Assessment:
    request = AssessEligibilityRequest(
        case_reference=case, request_id=request_id, application=application(merged(BASE, facts))
    )
    return client.eligibility.AssessEligibility(request, timeout=TIMEOUT).assessment


def name_of(assessment: assessment_pb2.Assessment) -> str:
    return f"decisions/{assessment.decision_id}"


def got(client: Client, name: str) -> pb.Decision:
    return client.decisions.GetDecision(pb.GetDecisionRequest(name=name), timeout=TIMEOUT).decision


def replayed(client: Client, name: str) -> pb.ReplayDecisionResponse:
    return client.decisions.ReplayDecision(pb.ReplayDecisionRequest(name=name), timeout=TIMEOUT)


def explained(client: Client, name: str) -> pb.ExplainDecisionResponse:
    return client.decisions.ExplainDecision(pb.ExplainDecisionRequest(name=name), timeout=TIMEOUT)


def listed(client: Client, **fields: Any) -> pb.ListDecisionsResponse:
    return client.decisions.ListDecisions(pb.ListDecisionsRequest(**fields), timeout=TIMEOUT)


def verified(client: Client, head: pb.JournalHead | None = None) -> pb.VerifyJournalResponse:
    return client.decisions.VerifyJournal(pb.VerifyJournalRequest(expected_head=head), timeout=TIMEOUT)


def erased(client: Client, case: str, **fields: Any) -> pb.EraseCaseResponse:
    request = pb.EraseCaseRequest(case_reference=case, **fields)
    return client.decisions.EraseCase(request, timeout=TIMEOUT, metadata=by("camille"))


def purged(client: Client, end: datetime, **fields: Any) -> pb.PurgeDecisionsResponse:
    stamp = Timestamp()
    stamp.FromDatetime(end)
    request = pb.PurgeDecisionsRequest(end_time=stamp, **fields)
    return client.decisions.PurgeDecisions(request, timeout=TIMEOUT)


def test_a_decision_is_given_as_it_was_answered(client: Client) -> None:
    answer = assessed(client, case="MC-1", **TOO_DEAR)
    found = got(client, name_of(answer))
    assert found.assessment == answer
    assert (found.outcome, found.ruleset) == (answer.outcome, answer.ruleset)
    assert found.reason_codes == [reason.code for reason in answer.reasons]
    assert found.content == pb.DECISION_CONTENT_READABLE
    facts = {name: plain(value) for name, value in found.facts.items()}
    assert facts["loan.amount"] == "3700.00"
    assert facts["loan.nominal_rate_pct"] == "1.50"
    assert facts["request_date"] == "2026-12-01"
    assert facts["documents"] == BASE["documents"]
    assert "applicant.residence_permit_end" not in facts
    assert "3700" not in str(listed(client, case_reference="MC-1").decisions)


@pytest.mark.parametrize("method", ["GetDecision", "ReplayDecision", "ExplainDecision"])
def test_a_wrong_name_is_refused(client: Client, method: str) -> None:
    call, request = getattr(client.decisions, method), getattr(pb, f"{method}Request")
    for name in ("", "decisions/", f"decisions/{uuid4()}x", f"rulesets/{uuid4()}", "decisions/\u0000"):
        refused = refusal(call, request(name=name))
        assert (refused.code, refused.violations) == ("INVALID_ARGUMENT", (("name", "MALFORMED"),))
    name = f"decisions/{uuid4()}"
    refused = refusal(call, request(name=name))
    assert (refused.code, refused.reason) == ("NOT_FOUND", "DECISION_NOT_FOUND")
    assert refused.metadata == {"name": name}


def test_the_list_is_paged_and_filtered(client: Client) -> None:
    case = f"MC-{uuid4()}"
    answers = [assessed(client, case=case, **(TOO_DEAR if rank % 2 else {})) for rank in range(7)]
    names = [name_of(answer) for answer in reversed(answers)]
    token = ""
    pages: list[list[str]] = []
    while token or not pages:
        page = listed(client, case_reference=case, page_size=3, page_token=token)
        pages.append([decision.name for decision in page.decisions])
        token = page.next_page_token
        assessed(client, case=case)
    assert pages == [names[:3], names[3:6], names[6:]]
    refusals = listed(
        client,
        case_reference=case,
        outcomes=[assessment_pb2.OUTCOME_NOT_ELIGIBLE, assessment_pb2.OUTCOME_INCOMPLETE],
        reason_code="AMOUNT_ABOVE_MAX",
        ruleset_version="2026.1",
    ).decisions
    assert [decision.name for decision in refusals] == [names[1], names[3], names[5]]
    assert {decision.case_reference for decision in refusals} == {case}
    assert not any(decision.facts or decision.HasField("assessment") for decision in refusals)
    between = {"start_time": refusals[2].record_time, "end_time": refusals[0].record_time}
    found = listed(client, case_reference=case, reason_code="AMOUNT_ABOVE_MAX", **between).decisions
    assert [decision.name for decision in found] == [names[3], names[5]]
    assert not listed(client, ruleset_version="2027.1").decisions


def test_a_wrong_list_is_refused_with_everything_that_is_wrong(client: Client) -> None:
    for _ in range(2):
        assessed(client, case="MC-2")
    token = listed(client, case_reference="MC-2", page_size=1).next_page_token
    assert token
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    others: list[dict[str, Any]] = [
        {"page_token": token},
        {"page_token": token, "case_reference": "MC-3"},
        {"page_token": changed, "case_reference": "MC-2"},
        {"page_token": "é", "case_reference": "MC-2"},
    ]
    for other in others:
        refused = refusal(client.decisions.ListDecisions, pb.ListDecisionsRequest(**other))
        assert refused.violations == (("page_token", "PAGE_TOKEN_REFUSED"),)
    wrong = pb.ListDecisionsRequest(
        page_size=-1,
        case_reference="x" * 65,
        outcomes=[assessment_pb2.OUTCOME_UNSPECIFIED],
        reason_code="amount",
        ruleset_version="2026\u0000",
        start_time=Timestamp(seconds=10**15),
    )
    assert {field for field, _ in refusal(client.decisions.ListDecisions, wrong).violations} == {
        "page_size",
        "case_reference",
        "outcomes[0]",
        "reason_code",
        "ruleset_version",
        "start_time",
    }


def test_every_case_of_the_reglement_is_replayed_and_explained(client: Client) -> None:
    """Each outcome, byte for byte; each explanation in French, without a code, with its typography."""
    facts = [merged(BASE, case["overrides"]) for case in CASES["cases"]]
    requests = [AssessEligibilityRequest(application=application(one)) for one in facts]
    batch = BatchAssessEligibilityRequest(requests=requests)
    results = client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT).results
    outcomes = set()
    for result in results:
        replay = replayed(client, name_of(result.assessment))
        assert replay.identical
        assert replay.recorded_json == replay.replayed_json
        canonical = json.dumps(
            json.loads(replay.recorded_json), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert replay.recorded_json == canonical
        check_french(explained(client, name_of(result.assessment)), result.assessment)
        outcomes.add(result.assessment.outcome)
    assert len(outcomes) == 4


def check_french(answer: pb.ExplainDecisionResponse, given: assessment_pb2.Assessment) -> None:
    """Four items in the order of the article, each reason with its text, no technical word."""
    assert [section.title[:2] for section in answer.sections] == ["1°", "2°", "3°", "4°"]
    whole = answer.markdown
    assert "Hypothèse" not in whole, "a draft is not for the applicant"
    assert 2 <= len(answer.plain) <= 10
    assert all(line in whole.replace("\\", "") for line in answer.plain)
    assert not re.search(r"[A-Z]{2,}_[A-Z]|\b[a-z]+(_[a-z]+)+\b|\b(loan|budget|banking)\.[a-z]", whole)
    assert not re.search(r"[^\u202f][;!?]|[^\u00a0]:[^/]|« |« | »|'|\d [\d€%]", whole.replace("\\", ""))
    for section in answer.sections:
        assert all(line == line.strip() and line and "\n" not in line for line in section.lines)
    applied = "\n".join(answer.sections[2].lines)
    for reason in given.reasons:
        assert reason.message in applied
        assert reason.article in applied
        for comparison in reason.comparisons:
            assert comparison.threshold.display in applied
    assert given.outcome_label in "\n".join(answer.sections[0].lines)
    for place in given.orientations:
        assert place.label in "\n".join(answer.sections[3].lines)
    for question in given.questions:
        assert question.question in "\n".join(answer.sections[3].lines)


def test_an_explanation_applies_the_parameters_to_the_situation(client: Client) -> None:
    answer = explained(client, name_of(assessed(client, case="MC-4", **TOO_DEAR)))
    plain_text = answer.markdown.replace("\u00a0", " ").replace("\u202f", " ")
    for expected in (
        "dossier MC-4",
        "R. 311-3-1-2",
        "il ne décide pas",
        "- Coût total du projet : 3 700,00 € (pièce remise : Devis du projet).",
        "- Le montant demandé (3 700,00 €) dépasse le plafond de 3 000,00 €. Texte appliqué : Règlement "
        "intérieur, article 2. Valeurs comparées : « Montant demandé » (3 700,00 €) et « Montant maximal » "
        "(3 000,00 €).",
        "- Montant maximal : 3 000,00 € — Règlement intérieur, article 2.",
        "- si « Durée de remboursement » (24 mois) dépasse « Durée maximale » (36 mois)",
        "ni points ni coefficients",
        "- Mensualités de crédit supportables : « Taux d’endettement maximal » (33,00 %) × « Ressources "
        "mensuelles » (1 250,00 €), soit 412,50 €.",
    ):
        assert expected in plain_text, expected


def test_an_explanation_begins_with_plain_lines(client: Client) -> None:
    """What was found, which figure against which, how, what may be done, whom to see."""
    poor = {"budget": {"monthly_charges": "1100.00"}}
    answer = explained(client, name_of(assessed(client, **merged(TOO_DEAR, poor))))
    assert [line.replace("\u00a0", " ").replace("\u202f", " ") for line in answer.plain] == [
        "Votre demande du 1er décembre 2026 : elle ne peut pas être présentée. C’est un avis, une personne "
        "décide.",
        "Vous demandez 3 700,00 €. Le maximum est de 3 000,00 €.",
        "Avec ce prêt, il reste −6,59 € par mois pour vivre. Il faut au moins 210,00 €.",
        "Reste à vivre : « Ressources mensuelles » (1 250,00 €) − « Charges mensuelles » (1 100,00 €) − "
        "« Mensualités de crédits en cours » (0,00 €) − « Remboursements mensuels de dettes » (0,00 €) − "
        "« Mensualité du prêt » (156,59 €), soit −6,59 €.",
        "Reste à vivre minimal du foyer : « Reste à vivre minimal par personne et par jour » (7,00 €) × "
        "« Jours par mois » (30 jours) × « Personnes au foyer » (1 personne), soit 210,00 €.",
        "Vous pouvez demander moins. Une mensualité plus basse laisse plus pour vivre.",
        "Ce qui peut changer cet avis : ramener le montant demandé de 3 700 € à 1 181 €, porter les autres "
        "financements de 0 € à 2 519 € et ramener les charges mensuelles de 1 100 € à 990 €.",
        "Vous pouvez parler de cet avis au service : CIAS de Ploërmel Communauté. Vous pouvez aussi voir : "
        "Autre prêteur habilité, jusqu’au plafond national et Point conseil budget.",
    ]


def test_an_explanation_holds_the_rules_that_could_touch_the_application(client: Client) -> None:
    """The whole list is given on request."""
    name = name_of(assessed(client, **TOO_DEAR))
    short, whole = (
        client.decisions.ExplainDecision(
            pb.ExplainDecisionRequest(name=name, all_rules=all_rules), timeout=TIMEOUT
        )
        for all_rules in (False, True)
    )
    conditions = [
        {line for line in answer.sections[2].lines if line.startswith("si ")} for answer in (short, whole)
    ]
    assert conditions[0] < conditions[1]
    assert not any("Commune" in line for line in conditions[0])
    assert any("Commune" in line for line in conditions[1])
    left = len(conditions[1]) - len(conditions[0])
    assert short.sections[2].lines[-1].startswith(f"{left}\u00a0autres règles ne s’appliquent pas")
    assert "sur demande" not in whole.markdown


def test_an_explanation_says_what_is_missing(client: Client) -> None:
    answer = explained(client, name_of(assessed(client, **INCOMPLETE)))
    lines = [
        "\n".join(section.lines).replace("\u00a0", " ").replace("\u202f", " ") for section in answer.sections
    ]
    assert "« Dossier incomplet »" in lines[0]
    assert "Charges mensuelles : à fournir (pièce non remise : Justificatifs de charges)." in lines[1]
    assert "Inscription au FICP : rien n’en est déduit, ni oui ni non." in lines[1]
    assert "faute d’une donnée ; chacune joue :\nsi « Reste à vivre » (inconnu)" in lines[2]
    assert "non calculé, faute de « Charges mensuelles »." in lines[3]
    assert "Quelles sont les charges fixes mensuelles, hors crédits et dettes ?" in lines[3]


def test_an_explanation_uses_the_words_of_its_own_rules(launch: Launch, tmp_path: Path) -> None:
    """Another organisation, another label; evaluations that disagree."""
    folder = copied_package(
        tmp_path,
        ("package.yaml", "CIAS de Ploërmel Communauté", "CCAS de Trifouilly"),
        ("facts.yaml", "label: Montant demandé", "label: Somme voulue"),
        ("parameters.yaml", "      value: 33\n", "      value: 33.333333\n"),
    )
    with serving(launch, "--package-directory", str(folder)) as client:
        rich = assessed(client, budget={"monthly_income": "987654321.01"})
        assert rich.outcome == assessment_pb2.OUTCOME_NEEDS_REVIEW
        assert replayed(client, name_of(rich)).identical
        answer = explained(client, name_of(rich))
        assert "CCAS de Trifouilly" in answer.markdown
        assert "Somme voulue" in answer.markdown
        assert "ne concordent pas" in answer.sections[0].lines[2]
        assert "les deux ne concordent pas" in "\n".join(answer.sections[3].lines)
        check_french(answer, rich)


def test_a_case_is_erased_for_good(client: Client) -> None:
    case = f"MC-{uuid4()}"
    names = [name_of(assessed(client, case=case)) for _ in range(2)]
    assert erased(client, case, validate_only=True).decision_count == 2
    assert got(client, names[0]).content == pb.DECISION_CONTENT_READABLE
    request_id = str(uuid4())
    answer = erased(client, case, request_id=request_id)
    assert answer.decision_count == 2
    assert answer.HasField("erase_time")
    assert erased(client, case, request_id=request_id) == answer
    assert erased(client, case) == answer
    for name in names:
        found = got(client, name)
        assert found.content == pb.DECISION_CONTENT_ERASED
        assert (found.case_reference, len(found.facts)) == ("", 0)
        assert not found.HasField("assessment")
        for call in (replayed, explained):
            refused = refusal(call, client, name)
            assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CASE_ERASED")
            assert refused.metadata == {"name": name}
    assert verified(client).intact
    refused = refusal(erased, client, f"{case}-autre")
    assert (refused.code, refused.reason) == ("NOT_FOUND", "CASE_NOT_FOUND")
    assessed(client, case="MC-5")
    refused = refusal(erased, client, "MC-5", request_id=request_id)
    assert (refused.code, refused.reason) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")
    refused = refusal(erased, client, "", request_id="x")
    assert set(refused.violations) == {
        ("case_reference", "REQUIRED"),
        ("request_id", "MALFORMED"),
    }


def test_an_application_that_is_only_tried_is_not_recorded(client: Client) -> None:
    case, request_id = f"MC-{uuid4()}", str(uuid4())
    asked = AssessEligibilityRequest(
        case_reference=case, request_id=request_id, application=application(BASE), validate_only=True
    )
    tried = client.eligibility.AssessEligibility(asked, timeout=TIMEOUT).assessment
    assert (tried.decision_id, tried.case_reference) == ("", case)
    assert not listed(client, case_reference=case).decisions
    first = assessed(client, case=case, request_id=request_id)
    assert client.eligibility.AssessEligibility(asked, timeout=TIMEOUT).assessment == first
    asked.application.loan.months += 1
    assert refusal(client.eligibility.AssessEligibility, asked).reason == "REQUEST_ID_REUSED"
    assert len(listed(client, case_reference=case).decisions) == 1


def test_a_batch_sent_again_has_the_same_answers(client: Client) -> None:
    case, own = f"MC-{uuid4()}", str(uuid4())
    batch = BatchAssessEligibilityRequest(
        request_id=str(uuid4()),
        requests=[
            AssessEligibilityRequest(case_reference=case, application=application(BASE)),
            AssessEligibilityRequest(case_reference=case, application=application(BASE), request_id=own),
            AssessEligibilityRequest(case_reference=case, application=application(BASE), validate_only=True),
        ],
    )
    first = client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT)
    given = [result.assessment.decision_id for result in first.results]
    assert given[0] != given[1]
    assert [bool(found) for found in given] == [True, True, False]
    assert client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT) == first
    assert assessed(client, case=case, request_id=own).decision_id == given[1]
    batch.requests[0].application.loan.months += 1
    changed = client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT).results
    assert read_refusal(changed[0].error, "").reason == "REQUEST_ID_REUSED"
    assert changed[1] == first.results[1]
    batch.request_id, batch.validate_only = str(uuid4()), True
    tried = client.eligibility.BatchAssessEligibility(batch, timeout=TIMEOUT).results
    assert [result.assessment.decision_id for result in tried] == ["", given[1], ""]
    assert len(listed(client, case_reference=case).decisions) == 2
    batch.request_id = "x"
    refused = refusal(client.eligibility.BatchAssessEligibility, batch)
    assert refused.violations == (("request_id", "MALFORMED"),)


def test_a_request_sent_again_is_recorded_once(client: Client) -> None:
    case, request_id = f"MC-{uuid4()}", str(uuid4())
    first = assessed(client, case=case, request_id=request_id)
    assert assessed(client, case=case, request_id=request_id.upper()) == first
    for other in ({"case": "autre"}, {"case": case, **TOO_DEAR}):
        refused = refusal(assessed, client, request_id=request_id, **other)
        assert (refused.code, refused.reason) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")
    assert len(listed(client, case_reference=case).decisions) == 1


def test_retention_ends_and_the_journal_stays_whole(client: Client) -> None:
    case, request_id = f"MC-{uuid4()}", str(uuid4())
    old = name_of(assessed(client, case=case))
    head = verified(client).head
    end = datetime.now(UTC)
    recent = name_of(assessed(client, case=case))
    count = purged(client, end, validate_only=True).decision_count
    assert count >= 1
    assert got(client, old).content == pb.DECISION_CONTENT_READABLE
    assert purged(client, end, request_id=request_id).decision_count == count
    assert purged(client, end, request_id=request_id).decision_count == count
    assert purged(client, end).decision_count == 0
    assert got(client, old).content == pb.DECISION_CONTENT_PURGED
    assert refusal(replayed, client, old).reason == "DECISION_PURGED"
    assert refusal(explained, client, old).reason == "DECISION_PURGED"
    assert replayed(client, recent).identical
    answer = verified(client, head)
    assert (answer.intact, answer.head.sequence) == (True, head.sequence + 2)
    future = refusal(purged, client, datetime.now(UTC) + timedelta(hours=1))
    assert future.violations == (("end_time", "IN_FUTURE"),)
    refused = refusal(client.decisions.PurgeDecisions, pb.PurgeDecisionsRequest(request_id="x"))
    assert set(refused.violations) == {("end_time", "REQUIRED"), ("request_id", "MALFORMED")}


def test_a_journal_altered_behind_the_server_is_found(launch: Launch, tmp_path: Path) -> None:
    env = shared_store(tmp_path)
    database = Database(env["ELIGIBILITY_DATABASE_URL"])
    with serving(launch, env=env) as client:
        names = [name_of(assessed(client)) for _ in range(3)]
        head = verified(client).head
        assert verified(client, head).summary.endswith("dans la suite de la fin gardée.")
        with database.write() as connection:
            connection.execute(text("DROP TRIGGER journal_kept"))
            connection.execute(text("DELETE FROM journal WHERE sequence = 3"))
        assert verified(client).intact
        answer = verified(client, head)
        assert (answer.intact, answer.broken_sequence, answer.record_count) == (False, 3, 2)
        assert "n°\u00a03" in answer.summary
        with database.write() as connection:
            unprotect(connection)
            connection.execute(text("UPDATE journal SET ciphertext = x'00' WHERE sequence = 2"))
        assert verified(client).broken_sequence == 2
        assert got(client, names[1]).content == pb.DECISION_CONTENT_DAMAGED
        assert refusal(replayed, client, names[1]).reason == "DECISION_DAMAGED"
        with database.write() as connection:
            altered = "outcome = CAST(x'ff' AS TEXT), hash = CAST(x'ff' AS TEXT)"
            connection.execute(text(f"UPDATE journal SET {altered} WHERE sequence = 2"))
        assert (verified(client).broken_sequence, verified(client).head.hash) == (2, "")
        page = listed(client).decisions
        assert [item.content for item in page] == [pb.DECISION_CONTENT_DAMAGED, pb.DECISION_CONTENT_READABLE]
        assert [item.name for item in page] == names[1::-1]
        assert got(client, names[1]).outcome == assessment_pb2.OUTCOME_UNSPECIFIED
        assert refusal(explained, client, names[1]).reason == "DECISION_DAMAGED"
        assert refusal(assessed, client).reason == "STORE_DAMAGED"
        for wrong in (pb.JournalHead(sequence=-1, hash="0" * 64), pb.JournalHead(sequence=1, hash="x")):
            assert refusal(verified, client, wrong).code == "INVALID_ARGUMENT"
    database.dispose()


def test_a_decision_is_replayed_under_the_rules_that_made_it(launch: Launch, tmp_path: Path) -> None:
    """Other versions govern and the server was restarted; then the package of the first one is damaged."""
    env = shared_store(tmp_path)
    database = Database(env["ELIGIBILITY_DATABASE_URL"])
    with serving(launch, env=env) as client:
        names = [name_of(assessed(client, **TOO_DEAR))]
        seal = open_ring(database, Path(env["ELIGIBILITY_MASTER_KEY_FILE"])).seal(RELEASE_CHAIN)
        store = ReleaseStore(database, seal)
        for number in (1, 2, 3):
            state_number = activated(store, f"2026.{number + 1}", number)
            answer = client.assess(min_state_number=state_number)
            assert answer.ruleset.version == f"2026.{number + 1}"
            names.append(name_of(answer))
    damage(database, "2026.2")
    with serving(launch, env=env) as client:
        for name in (names[0], names[2], names[3], names[0]):
            assert replayed(client, name).identical
        assert "Montant demandé 2" not in explained(client, names[0]).markdown
        assert "Montant demandé 2" in explained(client, names[2]).markdown
        for call in (replayed, explained):
            refused = refusal(call, client, names[1])
            assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "PACKAGE_UNREADABLE")
        assert plain(got(client, names[1]).facts["loan.amount"]) == "1500.00"
    database.dispose()


def damage(database: Database, version: str) -> None:
    """Changes the archive of a published version, behind the triggers."""
    triggers = text("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    with database.write() as connection:
        for trigger in connection.scalars(triggers).all():
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        change = text("UPDATE release SET archive = x'00' WHERE version = :version")
        assert connection.execute(change, {"version": version}).rowcount == 1


def activated(store: ReleaseStore, version: str, number: int) -> int:
    """Publishes and activates a version whose label is its own; the state number."""
    label = ("facts.yaml", "label: Montant demandé", f"label: Montant demandé {number}")
    contents = edited(variant(version), label)
    store.publish(Candidate(ID, version, date(2011, 1, 1), None, contents), actor="test")
    return store.activate(ID, version, date(2011, 1, 1), actor="test").event.state_number


def counted(client: Client, **fields: Any) -> pb.CountDecisionsResponse:
    asked = {"first_day": Date(year=2026, month=1, day=1), "last_day": Date(year=2027, month=12, day=31)}
    request = pb.CountDecisionsRequest(**{**asked, **fields})
    return client.decisions.CountDecisions(request, timeout=TIMEOUT)


def test_decisions_are_counted_by_answer_and_by_the_code_of_a_fact(client: Client) -> None:
    before = counted(client, fact="project.category")
    for case, facts in (("MC-C1", INCOMPLETE), ("MC-C1", {}), ("MC-C2", TOO_DEAR)):
        assessed(client, case=case, **facts)
    after = counted(client, fact="project.category")
    assert after.decision_count - before.decision_count == 3
    assert after.application_count - before.application_count == 2
    assert sum(count.decision_count for count in after.counts) == after.decision_count
    assert sum(count.application_count for count in after.counts) == after.application_count
    assert after.fact_label == "Catégorie du projet"
    labels = {count.code: count.code_label for count in after.counts if count.code}
    assert labels["MOBILITE"] == "Mobilité"
    assert "MC-C" not in str(after)
    assert not counted(client, last_day=Date(year=2026, month=1, day=1)).counts


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"last_day": None}, "last_day"),
        ({"last_day": Date(year=2025, month=1, day=1)}, "last_day"),
        ({"last_day": Date(year=2032, month=1, day=1)}, "last_day"),
        ({"fact": "applicant.birth_date"}, "fact"),
        ({"fact": "banking.overindebtedness"}, "fact"),
        ({"fact": "nobody"}, "fact"),
    ],
)
def test_what_cannot_be_counted_is_refused(client: Client, fields: dict[str, Any], field: str) -> None:
    asked = {"first_day": Date(year=2026, month=1, day=1), "last_day": Date(year=2026, month=12, day=31)}
    refused = refusal(client.decisions.CountDecisions, pb.CountDecisionsRequest(**{**asked, **fields}))
    assert [found for found, _ in refused.violations] == [field]


def test_the_report_of_a_year_takes_the_counts_of_the_journal(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ELIGIBILITY_SERVER", client.address)
    answer = assessed(client)
    year = paris_day(got(client, name_of(answer)).record_time.ToDatetime(UTC)).year
    file = tmp_path / "rapport.json"
    words = ["count", "--year", str(year), "--by", "project.category", "--report", str(file)]
    for _ in range(2):
        assert main(words) == 0
    report = json.loads(file.read_text())["annual_report"]
    assert [line["source"] for line in report["figures"]] == ["DECISIONS"]
    assert len(report["tables"]) == 3
    assert "Présentable" in capsys.readouterr().out
    file.write_text("[]")
    assert main(words) == 1
