"""The DecisionService of the contract."""

from __future__ import annotations

from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceServicer
from services.eligibility.deployment import Deployments
from services.eligibility.store.journal import Journal


class DecisionServicer(DecisionServiceServicer):
    """Reads, replays, explains, erases and proves recorded decisions; `page_key` seals the tokens of its lists."""

    def __init__(self, deployments: Deployments, journal: Journal, page_key: bytes) -> None:
        self._deployments = deployments
        self._journal = journal
        self._page_key = page_key
