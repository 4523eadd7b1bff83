"""Messages of answers that a change makes other than they were."""

from __future__ import annotations

from collections.abc import Sequence

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.registry import AnswerChange
from services.kit.french import spaced

MOST = 100


def answer_differences(changed: Sequence[AnswerChange]) -> list[pb.AnswerDifference]:
    """The first of them."""
    return [
        pb.AnswerDifference(question=spaced(one.question), before=spaced(one.before), after=spaced(one.after))
        for one in changed[:MOST]
    ]
