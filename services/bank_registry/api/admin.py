"""The RegistryAdminService of the contract."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from microcredit.bankregistry.v1 import exchange_pb2
from microcredit.bankregistry.v1 import registry_admin_service_pb2 as pb
from microcredit.bankregistry.v1 import registry_admin_service_pb2_grpc as pb_grpc
from services.bank_registry.api.audit import Auditor
from services.bank_registry.api.transfers import Exporter, Importer


class RegistryAdminServicer(pb_grpc.RegistryAdminServiceServicer):
    """Imports and exports files of lenders, and proves what was written."""

    def __init__(self, importer: Importer, exporter: Exporter, auditor: Auditor) -> None:
        self._auditor = auditor
        self._importer = importer
        self._exporter = exporter

    def ImportBanks(
        self, request_iterator: Iterator[exchange_pb2.ImportBanksRequest], context: grpc.ServicerContext
    ) -> Iterator[exchange_pb2.ImportBanksResponse]:
        """A difference to read, or the write of the one that was read."""
        return self._importer.run(request_iterator)

    def ExportBanks(
        self, request: exchange_pb2.ExportBanksRequest, context: grpc.ServicerContext
    ) -> Iterator[exchange_pb2.ExportBanksResponse]:
        """A file of lenders."""
        return self._exporter.run(request)

    def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: grpc.ServicerContext
    ) -> pb.ListAuditEntriesResponse:
        """Rows of the audit, oldest first."""
        return self._auditor.list(request)

    def GetAuditHead(
        self, request: pb.GetAuditHeadRequest, context: grpc.ServicerContext
    ) -> pb.GetAuditHeadResponse:
        """The last row of the audit."""
        return self._auditor.head()

    def VerifyAudit(
        self, request: pb.VerifyAuditRequest, context: grpc.ServicerContext
    ) -> pb.VerifyAuditResponse:
        """Whether the audit is whole, and the registry what it says."""
        return self._auditor.verify(request)
