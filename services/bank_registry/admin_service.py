"""The RegistryAdminService of the contract."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from microcredit.bankregistry.v1 import exchange_pb2
from microcredit.bankregistry.v1 import registry_admin_service_pb2_grpc as pb_grpc
from services.bank_registry.exchange import Exporter, Importer


class RegistryAdminServicer(pb_grpc.RegistryAdminServiceServicer):
    """Imports and exports files of lenders."""

    def __init__(self, importer: Importer, exporter: Exporter) -> None:
        self._importer = importer
        self._exporter = exporter

    def ImportBanks(  # noqa: N802
        self, request_iterator: Iterator[exchange_pb2.ImportBanksRequest], context: grpc.ServicerContext
    ) -> Iterator[exchange_pb2.ImportBanksResponse]:
        """A difference to read, or the write of the one that was read."""
        return self._importer.run(request_iterator)

    def ExportBanks(  # noqa: N802
        self, request: exchange_pb2.ExportBanksRequest, context: grpc.ServicerContext
    ) -> Iterator[exchange_pb2.ExportBanksResponse]:
        """A file of lenders."""
        return self._exporter.run(request)
