"""Which rules govern a request, by its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.eligibility.assessment.assess import Engine
from services.eligibility.package.model import RulePackage
from services.kit.errors import FailedPrecondition
from services.kit.french import long_date


@dataclass(frozen=True)
class Deployment:
    """The package in service and its compiled rules."""

    package: RulePackage
    engine: Engine

    def package_on(self, day: date) -> RulePackage:
        """The package in force on a day; FailedPrecondition if there is none."""
        if day not in self.package.identity.validity:
            raise FailedPrecondition(
                "RULESET_NOT_IN_FORCE",
                f"Aucun règlement n’est en vigueur le {long_date(day)}.",
                metadata={"request_date": day.isoformat()},
            )
        return self.package
