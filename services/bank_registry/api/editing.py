"""The BankEditingService of the contract: five verbs, three kinds of resources."""

from __future__ import annotations

import grpc

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from microcredit.bankregistry.v1.bank_editing_service_pb2_grpc import BankEditingServiceServicer
from services.bank_registry.api.edits import AGREEMENTS, BANKS, CONVENTIONS, Edits
from services.bank_registry.api.gestures import Gestures
from services.bank_registry.registry import Geography
from services.bank_registry.store import RegistryStore


class BankEditingServicer(BankEditingServiceServicer):
    """What the registry keeper writes."""

    def __init__(self, store: RegistryStore, geography: Geography) -> None:
        self._edits = Edits(store, geography)
        self._gestures = Gestures(store, geography)

    def CreateBank(
        self, request: pb.CreateBankRequest, context: grpc.ServicerContext
    ) -> pb.CreateBankResponse:
        """A new lender."""
        return self._edits.create(BANKS, request, pb.CreateBankResponse)

    def CreateAgreement(
        self, request: pb.CreateAgreementRequest, context: grpc.ServicerContext
    ) -> pb.CreateAgreementResponse:
        """A new agreement of a lender."""
        return self._edits.create(AGREEMENTS, request, pb.CreateAgreementResponse)

    def CreateLocalConvention(
        self, request: pb.CreateLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.CreateLocalConventionResponse:
        """A new local convention of a lender."""
        return self._edits.create(CONVENTIONS, request, pb.CreateLocalConventionResponse)

    def UpdateBank(
        self, request: pb.UpdateBankRequest, context: grpc.ServicerContext
    ) -> pb.UpdateBankResponse:
        """New terms of a lender, from a day on or for all its days."""
        return self._edits.update(BANKS, request, pb.UpdateBankResponse)

    def UpdateAgreement(
        self, request: pb.UpdateAgreementRequest, context: grpc.ServicerContext
    ) -> pb.UpdateAgreementResponse:
        """New terms of an agreement, from a day on or for all its days."""
        return self._edits.update(AGREEMENTS, request, pb.UpdateAgreementResponse)

    def UpdateLocalConvention(
        self, request: pb.UpdateLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.UpdateLocalConventionResponse:
        """New terms of a local convention, from a day on or for all its days."""
        return self._edits.update(CONVENTIONS, request, pb.UpdateLocalConventionResponse)

    def EndBank(self, request: pb.EndBankRequest, context: grpc.ServicerContext) -> pb.EndBankResponse:
        """The end of a lender."""
        return self._edits.end(BANKS, request, pb.EndBankResponse)

    def EndAgreement(
        self, request: pb.EndAgreementRequest, context: grpc.ServicerContext
    ) -> pb.EndAgreementResponse:
        """The end of an agreement."""
        return self._edits.end(AGREEMENTS, request, pb.EndAgreementResponse)

    def EndLocalConvention(
        self, request: pb.EndLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.EndLocalConventionResponse:
        """The end of a local convention."""
        return self._edits.end(CONVENTIONS, request, pb.EndLocalConventionResponse)

    def SuspendBank(
        self, request: pb.SuspendBankRequest, context: grpc.ServicerContext
    ) -> pb.SuspendBankResponse:
        """A suspension of a lender."""
        return self._edits.suspend(BANKS, request, pb.SuspendBankResponse)

    def SuspendAgreement(
        self, request: pb.SuspendAgreementRequest, context: grpc.ServicerContext
    ) -> pb.SuspendAgreementResponse:
        """A suspension of an agreement."""
        return self._edits.suspend(AGREEMENTS, request, pb.SuspendAgreementResponse)

    def SuspendLocalConvention(
        self, request: pb.SuspendLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.SuspendLocalConventionResponse:
        """A suspension of a local convention."""
        return self._edits.suspend(CONVENTIONS, request, pb.SuspendLocalConventionResponse)

    def ReinstateBank(
        self, request: pb.ReinstateBankRequest, context: grpc.ServicerContext
    ) -> pb.ReinstateBankResponse:
        """The end of a suspension of a lender."""
        return self._edits.reinstate(BANKS, request, pb.ReinstateBankResponse)

    def ReinstateAgreement(
        self, request: pb.ReinstateAgreementRequest, context: grpc.ServicerContext
    ) -> pb.ReinstateAgreementResponse:
        """The end of a suspension of an agreement."""
        return self._edits.reinstate(AGREEMENTS, request, pb.ReinstateAgreementResponse)

    def ReinstateLocalConvention(
        self, request: pb.ReinstateLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.ReinstateLocalConventionResponse:
        """The end of a suspension of a local convention."""
        return self._edits.reinstate(CONVENTIONS, request, pb.ReinstateLocalConventionResponse)

    def ExtendAgreement(
        self, request: pb.ExtendAgreementRequest, context: grpc.ServicerContext
    ) -> pb.ExtendAgreementResponse:
        """A later last day for an agreement."""
        return self._gestures.extend(request)

    def MergeBank(self, request: pb.MergeBankRequest, context: grpc.ServicerContext) -> pb.MergeBankResponse:
        """A lender that goes on inside another one."""
        return self._gestures.merge(request)

    def ProlongSuspension(
        self, request: pb.ProlongSuspensionRequest, context: grpc.ServicerContext
    ) -> pb.ProlongSuspensionResponse:
        """Another last day for a suspension."""
        return self._gestures.prolong(request)

    def UndoChange(
        self, request: pb.UndoChangeRequest, context: grpc.ServicerContext
    ) -> pb.UndoChangeResponse:
        """What a state changed, put back as it was before it."""
        return self._gestures.undo(request)
