"""The documents application: the store and the packages are made ready once, then opened in every worker."""

from __future__ import annotations

from collections.abc import Sequence

from microcredit.documents.v1 import (
    document_service_pb2,
    profile_service_pb2,
    store_service_pb2,
    template_service_pb2,
)
from microcredit.documents.v1.document_service_pb2_grpc import add_DocumentServiceServicer_to_server
from microcredit.documents.v1.profile_service_pb2_grpc import add_ProfileServiceServicer_to_server
from microcredit.documents.v1.store_service_pb2_grpc import add_DocumentStoreServiceServicer_to_server
from microcredit.documents.v1.template_service_pb2_grpc import add_TemplateServiceServicer_to_server
from services.documents.api.converter import Converter
from services.documents.api.document_service import DocumentServicer
from services.documents.api.making import Maker
from services.documents.api.profile_service import ProfileServicer
from services.documents.api.store_service import DocumentStoreServicer
from services.documents.api.stored import Stored
from services.documents.api.template_service import TemplateServicer
from services.documents.api.verifying import Verifier
from services.documents.config import Settings
from services.documents.making.seal import Seal
from services.documents.messages import DOMAIN
from services.documents.publishing.deployment import Deployments
from services.documents.publishing.loaded import Packages
from services.documents.publishing.preparation import prepare, release_store
from services.documents.store.documents import DocumentStore
from services.documents.store.keys import CaseKeys
from services.documents.store.secrets import page_key
from services.kit.serve import App, Registration
from services.kit.store import Database, vault


def make_app(settings: Settings) -> App:
    """The application of these settings."""
    packages = Packages(settings.plan_cache_bytes)

    def build() -> Sequence[Registration]:
        database = Database(settings.database_url)
        deployments = Deployments(release_store(settings, database), packages)
        deployments.follower.start()
        key = page_key(database)
        store = DocumentStore(database, CaseKeys(settings.master_key_file), settings.retention_days)
        seal = Seal(vault.load(settings.master_key_file))
        stored = Stored(store, settings.retention_days)
        maker = Maker(deployments, store, Converter(settings.pdf_address), seal, settings.retention_days)
        limit = settings.max_document_bytes
        return (
            Registration(
                document_service_pb2.DESCRIPTOR.services_by_name["DocumentService"].full_name,
                add_DocumentServiceServicer_to_server,
                DocumentServicer(maker, stored, limit),
            ),
            Registration(
                store_service_pb2.DESCRIPTOR.services_by_name["DocumentStoreService"].full_name,
                add_DocumentStoreServiceServicer_to_server,
                DocumentStoreServicer(stored, Verifier(deployments, store, seal), key, limit),
            ),
            Registration(
                template_service_pb2.DESCRIPTOR.services_by_name["TemplateService"].full_name,
                add_TemplateServiceServicer_to_server,
                TemplateServicer(deployments, key),
            ),
            Registration(
                profile_service_pb2.DESCRIPTOR.services_by_name["ProfileService"].full_name,
                add_ProfileServiceServicer_to_server,
                ProfileServicer(deployments, key),
            ),
        )

    return App("documents", DOMAIN, lambda: prepare(settings, packages), build)
