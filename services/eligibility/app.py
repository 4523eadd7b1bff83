"""The eligibility application: stores and rules are made ready once, then opened in every worker."""

from __future__ import annotations

from collections.abc import Sequence

from microcredit.eligibility.v1 import (
    decision_service_pb2,
    eligibility_service_pb2,
    loan_service_pb2,
    ruleset_service_pb2,
)
from microcredit.eligibility.v1.decision_service_pb2_grpc import add_DecisionServiceServicer_to_server
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import (
    add_EligibilityServiceServicer_to_server,
)
from microcredit.eligibility.v1.loan_service_pb2_grpc import add_LoanServiceServicer_to_server
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import add_RulesetServiceServicer_to_server
from services.eligibility.api import (
    DOMAIN,
    Comparisons,
    DecisionServicer,
    EligibilityServicer,
    LoanServicer,
    RulesetServicer,
    ShadowRunner,
)
from services.eligibility.config import Settings
from services.eligibility.package import RulePackage
from services.eligibility.preparation import prepare, release_store
from services.eligibility.publishing import Deployments, check
from services.eligibility.store import Journal, KeyStore, ShadowStore, page_key
from services.kit.serve import App, Registration
from services.kit.store import Database


def make_app(settings: Settings) -> App:
    """The application of these settings."""

    read: dict[str, RulePackage] = {}

    def build() -> Sequence[Registration]:
        database = Database(settings.database_url)
        deployments = Deployments(release_store(settings, database), read)
        deployments.start()
        journal = Journal(database, KeyStore(Database(settings.keys_database_url), settings.master_key_file))
        shadows = ShadowStore(database)
        sealing = page_key(database)
        comparisons = Comparisons(deployments, journal, shadows, sealing)
        ShadowRunner(deployments, journal, shadows).start()
        return (
            Registration(
                eligibility_service_pb2.DESCRIPTOR.services_by_name["EligibilityService"].full_name,
                add_EligibilityServiceServicer_to_server,
                EligibilityServicer(deployments, journal),
            ),
            Registration(
                loan_service_pb2.DESCRIPTOR.services_by_name["LoanService"].full_name,
                add_LoanServiceServicer_to_server,
                LoanServicer(deployments),
            ),
            Registration(
                ruleset_service_pb2.DESCRIPTOR.services_by_name["RulesetService"].full_name,
                add_RulesetServiceServicer_to_server,
                RulesetServicer(deployments, check, comparisons, sealing),
            ),
            Registration(
                decision_service_pb2.DESCRIPTOR.services_by_name["DecisionService"].full_name,
                add_DecisionServiceServicer_to_server,
                DecisionServicer(deployments, journal, sealing),
            ),
        )

    return App("eligibility", DOMAIN, lambda: read.update(prepare(settings)), build)
