"""Past questions, asked again before and after a change, and messages of the answers that it makes others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.messages import names
from services.bank_registry.messages.requests import loan
from services.bank_registry.registry import AnswerChange, Geography, LoanRequest
from services.kit.errors import FieldReason, Violations
from services.kit.french import spaced

MOST, MOST_QUESTIONS = 100, 2000

Questions = tuple[tuple[str, LoanRequest], ...]
"""Checks made in the past: the id of a lender, empty for every one that changes, and what it was asked."""


def past_questions(message: Any, geography: Geography, violations: Violations) -> Questions:
    """The past questions of a write."""
    if len(message.questions) > MOST_QUESTIONS:
        text = f"Donnez {MOST_QUESTIONS} contrôles passés au plus."
        violations.add("questions", FieldReason.OUT_OF_RANGE, text)
        return ()
    return tuple(_each(message, geography, violations))


def _each(message: Any, geography: Geography, violations: Violations) -> Iterator[tuple[str, LoanRequest]]:
    for number, one in enumerate(message.questions):
        path = f"questions[{number}]"
        bank_id = one.bank and names.bank_id(one.bank, violations, f"{path}.bank")
        asked = loan(one.loan_request, f"{path}.loan_request", geography, violations)
        if asked is not None:
            yield bank_id, asked


def answer_differences(changed: Sequence[AnswerChange]) -> list[pb.AnswerDifference]:
    """The first of them."""
    return [
        pb.AnswerDifference(question=spaced(one.question), before=spaced(one.before), after=spaced(one.after))
        for one in changed[:MOST]
    ]
