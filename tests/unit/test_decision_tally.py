"""Decisions counted: each case once, by its latest decision; and what a report is given of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import decision_service_pb2 as rpc
from services.eligibility.answer import ContentState, DecisionRecord, RulesetStamp, StoredDecision, tally
from services.eligibility.cli.counting import breakdowns, with_counts
from services.eligibility.package import Outcome
from services.kit.wire import date_pb

STAMP = RulesetStamp("r", "2026.1", "0" * 64, 1)
RECORD = DecisionRecord(
    "0" * 64, "a", datetime(2026, 1, 31, 23, 30, tzinfo=UTC), date(2026, 1, 1), STAMP, Outcome.INCOMPLETE, ()
)


def decision(sequence: int, case: str, outcome: Outcome) -> StoredDecision:
    record = replace(RECORD, case_id=case, outcome=outcome)
    return StoredDecision(sequence, ContentState.ERASED, str(sequence), record)


def test_an_application_counts_once_by_its_latest_decision() -> None:
    found = tally(
        [
            decision(1, "a", Outcome.INCOMPLETE),
            decision(2, "b", Outcome.INCOMPLETE),
            decision(3, "a", Outcome.ELIGIBLE),
            StoredDecision(4, ContentState.DAMAGED),
        ],
        "project.category",
    )
    assert {cell.outcome: count for cell, count in found.decisions.items()} == {
        Outcome.INCOMPLETE: 2,
        Outcome.ELIGIBLE: 1,
    }
    assert {cell.outcome: count for cell, count in found.cases.items()} == {
        Outcome.INCOMPLETE: 1,
        Outcome.ELIGIBLE: 1,
    }
    # Half past midnight in Paris: of February.
    assert {(cell.month, cell.code) for cell in found.decisions} == {(date(2026, 2, 1), "")}
    assert found.damaged == 1


def answer(label: str, cases: int) -> rpc.CountDecisionsResponse:
    count = rpc.DecisionCount(
        outcome=assessment_pb2.OUTCOME_ELIGIBLE,
        month=date_pb(date(2026, 5, 1)),
        code="X",
        code_label=label,
        decision_count=cases,
        application_count=cases,
    )
    return rpc.CountDecisionsResponse(
        counts=[count], decision_count=cases, application_count=cases, fact_label="Catégorie du projet"
    )


def test_what_was_declared_stays_beside_the_counts_of_the_journal() -> None:
    line = {"label": "Prêts accordés", "count": 9}
    stale = {"label": "Demandes évaluées", "count": 1, "source": "DECISIONS"}
    kept = {"annual_report": {"year": 2026, "figures": [stale, line], "tables": [], "comment": "Bien."}}
    now = answer("Mobilité", 7)
    made = with_counts(kept, 2026, now, answer("Logement", 6), breakdowns(now))["annual_report"]
    assert made["comment"] == "Bien."
    assert made["figures"] == [{"label": "Demandes évaluées", "count": 7, "source": "DECISIONS"}, line]
    assert made["previous"]["figures"] == [{"label": "Demandes évaluées", "count": 6, "source": "DECISIONS"}]
    by_fact = [table["rows"] for table in (made["tables"][-1], made["previous"]["tables"][-1])]
    assert by_fact == [
        [{"label": "Mobilité", "count": 7}, {"label": "Logement", "count": 0}],
        [{"label": "Mobilité", "count": 0}, {"label": "Logement", "count": 6}],
    ]
    alone = with_counts({}, 2026, now, None, breakdowns(now))["annual_report"]
    assert "previous" not in alone
    assert [table["title"] for table in alone["tables"]] == [
        "Demandes évaluées par réponse",
        "Demandes évaluées par trimestre",
        "Demandes évaluées : catégorie du projet",
    ]
