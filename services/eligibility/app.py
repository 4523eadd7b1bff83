"""The eligibility application: the package is read and tried once, then compiled in every worker."""

from __future__ import annotations

from collections.abc import Sequence

from microcredit.eligibility.v1 import eligibility_service_pb2, loan_service_pb2
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import (
    add_EligibilityServiceServicer_to_server,
)
from microcredit.eligibility.v1.loan_service_pb2_grpc import add_LoanServiceServicer_to_server
from services.eligibility.config import Settings
from services.eligibility.deployment import Deployment
from services.eligibility.engine.definitions import UncompilableError
from services.eligibility.engine.engine import CompiledRules
from services.eligibility.engine.trial import try_package
from services.eligibility.package.findings import PackageError
from services.eligibility.package.load import load_package
from services.eligibility.package.model import RulePackage
from services.eligibility.service import DOMAIN, EligibilityServicer, LoanServicer
from services.kit.errors import StartupError
from services.kit.server import App, Registration


def make_app(settings: Settings) -> App:
    """The application of these settings."""
    packages: list[RulePackage] = []

    def prepare() -> None:
        packages.append(_accepted_package(settings))

    def build() -> Sequence[Registration]:
        (package,) = packages
        deployment = Deployment(package, CompiledRules(package).fire)
        return (
            Registration(
                eligibility_service_pb2.DESCRIPTOR.services_by_name["EligibilityService"].full_name,
                add_EligibilityServiceServicer_to_server,
                EligibilityServicer(deployment),
            ),
            Registration(
                loan_service_pb2.DESCRIPTOR.services_by_name["LoanService"].full_name,
                add_LoanServiceServicer_to_server,
                LoanServicer(deployment),
            ),
        )

    return App("eligibility", DOMAIN, prepare, build)


def _accepted_package(settings: Settings) -> RulePackage:
    """The package of the settings, or StartupError with every finding."""
    try:
        package = load_package(settings.package_directory)
        try_package(package)
    except PackageError as error:
        lines = [f"- {finding}" for finding in error.findings]
        raise StartupError(
            "\n".join([f"Le paquet de règles {settings.package_directory} est refusé :", *lines])
        ) from None
    except UncompilableError as error:
        raise StartupError(f"Le paquet de règles {settings.package_directory} est refusé : {error}") from None
    return package
