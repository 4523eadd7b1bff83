"""The BankEditingService of the contract."""

from __future__ import annotations

import grpc

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from microcredit.bankregistry.v1.bank_editing_service_pb2_grpc import BankEditingServiceServicer
from services.bank_registry.api.edits import Keeper, record_of
from services.bank_registry.api.kinds import AGREEMENTS, BANKS, CONVENTIONS
from services.bank_registry.api.writing import write
from services.bank_registry.messages import Entries, edits, names
from services.bank_registry.registry import (
    BankRecord,
    Geography,
    agreement_name,
    agreement_target,
    bank_name,
    convention_name,
    convention_target,
    slug,
)
from services.bank_registry.store import Edit, Origin, RegistryStore
from services.kit.errors import AlreadyExists, Violations


class BankEditingServicer(BankEditingServiceServicer):
    """What the registry keeper writes."""

    def __init__(self, store: RegistryStore, geography: Geography) -> None:
        self._store = store
        self._geography = geography
        self._keeper = Keeper(store, geography)

    def CreateBank(
        self, request: pb.CreateBankRequest, context: grpc.ServicerContext
    ) -> pb.CreateBankResponse:
        """A new lender."""
        entries = Entries(self._geography)
        asked = edits.writing(request, entries.problems)
        edits.refuse_output_only(request.bank, "bank", entries.problems)
        bank_id = request.bank_id or slug(request.bank.display_name)
        bank = entries.bank(request.bank, bank_id)
        if bank is None:
            bank = entries.problems.checked(bank)

        def work(session: Edit, origin: Origin) -> pb.CreateBankResponse:
            if session.registry.history(bank.id):
                raise _taken(
                    "BANK_ALREADY_EXISTS",
                    f"L’identifiant « {bank.id} » est déjà celui d’un prêteur.",
                    bank_name(bank.id),
                )
            after = BankRecord.of(bank)
            return self._keeper.create(BANKS, session, origin, pb.CreateBankResponse, after, bank.id, entries)

        return write(self._store, request, asked, pb.CreateBankResponse, work)

    def CreateAgreement(
        self, request: pb.CreateAgreementRequest, context: grpc.ServicerContext
    ) -> pb.CreateAgreementResponse:
        """A new agreement of a lender."""
        entries = Entries(self._geography)
        bank_id = names.bank_id(request.parent, entries.problems, "parent")
        asked = edits.writing(request, entries.problems)
        edits.refuse_output_only(request.agreement, "agreement", entries.problems)
        own_id = request.agreement_id or slug(request.agreement.reference)
        fact = entries.agreement(request.agreement, own_id)
        fact = entries.problems.checked(fact)

        def work(session: Edit, origin: Origin) -> pb.CreateAgreementResponse:
            record = record_of(session, bank_id)
            target = agreement_target(record, own_id)
            if target.versions:
                text = f"Ce prêteur a déjà un accord d’identifiant « {own_id} »."
                raise _taken("AGREEMENT_ALREADY_EXISTS", text, agreement_name(bank_id, own_id))
            after = target.with_versions([fact])
            return self._keeper.create(
                AGREEMENTS, session, origin, pb.CreateAgreementResponse, after, own_id, entries
            )

        return write(self._store, request, asked, pb.CreateAgreementResponse, work)

    def CreateLocalConvention(
        self, request: pb.CreateLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.CreateLocalConventionResponse:
        """A new local convention of a lender."""
        entries = Entries(self._geography)
        bank_id = names.bank_id(request.parent, entries.problems, "parent")
        asked = edits.writing(request, entries.problems)
        edits.refuse_output_only(request.local_convention, "local_convention", entries.problems)
        own_id = request.local_convention_id or slug(request.local_convention.reference) or "convention"
        fact = entries.convention(request.local_convention, own_id)
        fact = entries.problems.checked(fact)

        def work(session: Edit, origin: Origin) -> pb.CreateLocalConventionResponse:
            record = record_of(session, bank_id)
            target = convention_target(record, own_id)
            if target.versions:
                text = f"Ce prêteur a déjà une convention d’identifiant « {own_id} »."
                raise _taken("LOCAL_CONVENTION_ALREADY_EXISTS", text, convention_name(bank_id, own_id))
            after = target.with_versions([fact])
            return self._keeper.create(
                CONVENTIONS, session, origin, pb.CreateLocalConventionResponse, after, own_id, entries
            )

        return write(self._store, request, asked, pb.CreateLocalConventionResponse, work)

    def UpdateBank(
        self, request: pb.UpdateBankRequest, context: grpc.ServicerContext
    ) -> pb.UpdateBankResponse:
        """New terms of a lender, from a day on or for all its days."""
        return self._keeper.update(BANKS, request, pb.UpdateBankResponse)

    def EndBank(self, request: pb.EndBankRequest, context: grpc.ServicerContext) -> pb.EndBankResponse:
        """The end of a lender."""
        violations = Violations()
        successor = request.successor and names.bank_id(request.successor, violations, "successor")
        violations.raise_if_any()
        return self._keeper.end(BANKS, request, pb.EndBankResponse, successor)

    def SuspendBank(
        self, request: pb.SuspendBankRequest, context: grpc.ServicerContext
    ) -> pb.SuspendBankResponse:
        """A suspension of a lender."""
        return self._keeper.suspend(BANKS, request, pb.SuspendBankResponse)

    def ReinstateBank(
        self, request: pb.ReinstateBankRequest, context: grpc.ServicerContext
    ) -> pb.ReinstateBankResponse:
        """The end of a suspension of a lender."""
        return self._keeper.reinstate(BANKS, request, pb.ReinstateBankResponse)

    def UpdateAgreement(
        self, request: pb.UpdateAgreementRequest, context: grpc.ServicerContext
    ) -> pb.UpdateAgreementResponse:
        """New terms of an agreement, from a day on or for all its days."""
        return self._keeper.update(AGREEMENTS, request, pb.UpdateAgreementResponse)

    def EndAgreement(
        self, request: pb.EndAgreementRequest, context: grpc.ServicerContext
    ) -> pb.EndAgreementResponse:
        """The end of an agreement."""
        return self._keeper.end(AGREEMENTS, request, pb.EndAgreementResponse)

    def SuspendAgreement(
        self, request: pb.SuspendAgreementRequest, context: grpc.ServicerContext
    ) -> pb.SuspendAgreementResponse:
        """A suspension of an agreement."""
        return self._keeper.suspend(AGREEMENTS, request, pb.SuspendAgreementResponse)

    def ReinstateAgreement(
        self, request: pb.ReinstateAgreementRequest, context: grpc.ServicerContext
    ) -> pb.ReinstateAgreementResponse:
        """The end of a suspension of an agreement."""
        return self._keeper.reinstate(AGREEMENTS, request, pb.ReinstateAgreementResponse)

    def UpdateLocalConvention(
        self, request: pb.UpdateLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.UpdateLocalConventionResponse:
        """New terms of a local convention, from a day on or for all its days."""
        return self._keeper.update(CONVENTIONS, request, pb.UpdateLocalConventionResponse)

    def EndLocalConvention(
        self, request: pb.EndLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.EndLocalConventionResponse:
        """The end of a local convention."""
        return self._keeper.end(CONVENTIONS, request, pb.EndLocalConventionResponse)

    def SuspendLocalConvention(
        self, request: pb.SuspendLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.SuspendLocalConventionResponse:
        """A suspension of a local convention."""
        return self._keeper.suspend(CONVENTIONS, request, pb.SuspendLocalConventionResponse)

    def ReinstateLocalConvention(
        self, request: pb.ReinstateLocalConventionRequest, context: grpc.ServicerContext
    ) -> pb.ReinstateLocalConventionResponse:
        """The end of a suspension of a local convention."""
        return self._keeper.reinstate(CONVENTIONS, request, pb.ReinstateLocalConventionResponse)


def _taken(reason: str, text: str, name: str) -> AlreadyExists:
    return AlreadyExists(reason, text, metadata={"name": name})
