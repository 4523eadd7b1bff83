"""The service put together: its store, its geography, its place on the server."""

from __future__ import annotations

from collections.abc import Sequence

from microcredit.bankregistry.v1.bank_registry_service_pb2 import DESCRIPTOR
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import (
    add_BankRegistryServiceServicer_to_server,
)
from microcredit.bankregistry.v1.registry_admin_service_pb2 import DESCRIPTOR as ADMIN
from microcredit.bankregistry.v1.registry_admin_service_pb2_grpc import (
    add_RegistryAdminServiceServicer_to_server,
)
from services.bank_registry.admin_service import RegistryAdminServicer
from services.bank_registry.config import Settings
from services.bank_registry.exchange import Exporter, Importer
from services.bank_registry.service import BankRegistryServicer
from services.bank_registry.store import RegistryStore, migrate
from services.kit.database import Database
from services.kit.geography import Geography
from services.kit.server import App, Registration


def make_app(settings: Settings) -> App:
    """The service with its settings."""

    def prepare() -> None:
        migrate(settings.database_url)
        Geography.load()  # before the fork: the workers share its memory

    def build() -> Sequence[Registration]:
        database, geography = Database(settings.database_url), Geography.load()
        store = RegistryStore(database)
        return [
            Registration(
                DESCRIPTOR.services_by_name["BankRegistryService"].full_name,
                add_BankRegistryServiceServicer_to_server,
                BankRegistryServicer(store, geography),
            ),
            Registration(
                ADMIN.services_by_name["RegistryAdminService"].full_name,
                add_RegistryAdminServiceServicer_to_server,
                RegistryAdminServicer(Importer(database, store, geography), Exporter(store)),
            ),
        ]

    return App("bank_registry", "bankregistry.microcredit", prepare, build)
