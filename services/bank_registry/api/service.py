"""The BankRegistryService of the contract."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceServicer
from services.bank_registry.api.changes import Changes
from services.bank_registry.api.checks import Checks
from services.bank_registry.api.reads import Reads
from services.bank_registry.registry import Geography
from services.bank_registry.store import RegistryStore


class BankRegistryServicer(BankRegistryServiceServicer):
    """Answers from the registry in memory: checks, reads and changes; `domain` is that of ErrorInfo."""

    def __init__(self, store: RegistryStore, geography: Geography, domain: str) -> None:
        self._checks = Checks(store, geography, domain)
        self._reads = Reads(store, geography)
        self._changes = Changes(store, geography)

    def CheckBank(self, request: pb.CheckBankRequest, context: grpc.ServicerContext) -> pb.CheckBankResponse:
        """One lender against an application."""
        return self._checks.CheckBank(request, context)

    def BatchCheckBanks(
        self, request: pb.BatchCheckBanksRequest, context: grpc.ServicerContext
    ) -> pb.BatchCheckBanksResponse:
        """Each item has its own answer or its own error; all see the same state_number."""
        return self._checks.BatchCheckBanks(request, context)

    def ListSelectableBanks(
        self, request: pb.ListSelectableBanksRequest, context: grpc.ServicerContext
    ) -> pb.ListSelectableBanksResponse:
        """The lenders against an application, best first; every page shows the state of the first one."""
        return self._checks.ListSelectableBanks(request, context)

    def GetBank(self, request: pb.GetBankRequest, context: grpc.ServicerContext) -> pb.GetBankResponse:
        """A lender on a day."""
        return self._reads.GetBank(request, context)

    def ListBanks(self, request: pb.ListBanksRequest, context: grpc.ServicerContext) -> pb.ListBanksResponse:
        """The lenders that pass the filters."""
        return self._reads.ListBanks(request, context)

    def GetAgreement(
        self, request: pb.GetAgreementRequest, context: grpc.ServicerContext
    ) -> pb.GetAgreementResponse:
        """An agreement on a day."""
        return self._reads.GetAgreement(request, context)

    def ListAgreements(
        self, request: pb.ListAgreementsRequest, context: grpc.ServicerContext
    ) -> pb.ListAgreementsResponse:
        """The agreements of a lender, or of all."""
        return self._reads.ListAgreements(request, context)

    def GetLocalConvention(
        self, request: pb.GetLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.GetLocalConventionResponse:
        """A local convention on a day."""
        return self._reads.GetLocalConvention(request, context)

    def ListLocalConventions(
        self, request: pb.ListLocalConventionsRequest, context: grpc.ServicerContext
    ) -> pb.ListLocalConventionsResponse:
        """The local conventions of a lender, or of all."""
        return self._reads.ListLocalConventions(request, context)

    def SearchCommunes(
        self, request: pb.SearchCommunesRequest, context: grpc.ServicerContext
    ) -> pb.SearchCommunesResponse:
        """Communes by name, INSEE code or postal code."""
        return self._reads.SearchCommunes(request, context)

    def ListBankEvents(
        self, request: pb.ListBankEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListBankEventsResponse:
        """What happened to a lender, latest first."""
        return self._changes.ListBankEvents(request, context)

    def ListChanges(
        self, request: pb.ListChangesRequest, context: grpc.ServicerContext
    ) -> pb.ListChangesResponse:
        """The changes after a state, oldest first."""
        return self._changes.ListChanges(request, context)

    def WatchChanges(
        self, request: pb.WatchChangesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchChangesResponse]:
        """The changes after a state, then each new one until the client leaves or the server stops."""
        return self._changes.WatchChanges(request, context)
