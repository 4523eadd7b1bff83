"""The eligibility application: stores and rules are made ready once, then opened in every worker."""

from __future__ import annotations

from collections.abc import Sequence

from services.eligibility.api import (
    DOMAIN,
    DecisionServicer,
    EligibilityServicer,
    LoanServicer,
    RulesetServicer,
    ShadowRunner,
    ruleset_kind,
)
from services.eligibility.config import Settings
from services.eligibility.package import RulePackage
from services.eligibility.preparation import prepare, release_store
from services.eligibility.publishing import Deployments
from services.eligibility.store import Journal, ShadowStore
from services.kit.releases import Candidates, ReleaseServicer, Turns
from services.kit.serve import App, Registration, registration
from services.kit.store import Database, KeyStore, page_key


def make_app(settings: Settings) -> App:
    """The application of these settings."""

    read: dict[str, RulePackage] = {}
    turns = Turns()

    def build() -> Sequence[Registration]:
        database = Database(settings.database_url)
        deployments = Deployments(release_store(settings, database), ruleset_kind(read))
        deployments.start()
        journal = Journal(database, KeyStore(Database(settings.keys_database_url), settings.master_key_file))
        shadows = ShadowStore(database)
        sealing = page_key(database)
        candidates = Candidates(deployments.releases, turns)
        ShadowRunner(deployments, journal, shadows).start()
        return (
            registration(EligibilityServicer(deployments, journal), database.check_writable),
            registration(LoanServicer(deployments)),
            registration(RulesetServicer(deployments, journal, shadows, sealing), database.check_writable),
            registration(ReleaseServicer(deployments.releases, candidates, sealing), database.check_writable),
            registration(DecisionServicer(deployments, journal, sealing), database.check_writable),
        )

    return App("eligibility", DOMAIN, lambda: read.update(prepare(settings)), build)
