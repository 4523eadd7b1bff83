"""The BankRegistryService of the contract."""

from __future__ import annotations

from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceServicer
from services.bank_registry.api.changes import ChangeHandlers
from services.bank_registry.api.checks import CheckHandlers
from services.bank_registry.api.reads import ReadHandlers


class BankRegistryServicer(CheckHandlers, ReadHandlers, ChangeHandlers, BankRegistryServiceServicer):
    """Answers from the registry in memory."""
