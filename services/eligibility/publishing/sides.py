"""The two sides of a comparison, over one application after another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.eligibility.engine import request_day
from services.eligibility.package import Values
from services.eligibility.publishing.comparison import Advice, Base, Pair, advice, moved
from services.eligibility.publishing.comparison_text import said_base
from services.eligibility.publishing.deployment import Deployment, Ruleset
from services.kit.errors import FailedPrecondition


@dataclass(frozen=True)
class Application:
    """The facts of an application, None when they were erased or purged, its name in the examples, its rank
    in the journal and what was answered then, if it comes from there."""

    facts: Values | None
    name: str
    rank: int = 0
    answered: Advice | None = None


@dataclass(frozen=True)
class Rulesets:
    """What is compared; `under` holds one ruleset for all days when it is named, or those in force."""

    base: Base
    under: Deployment
    candidate: Ruleset
    as_of: date | None

    def pair(self, application: Application) -> Pair | None:
        """What both advise on an application; None when one of them cannot."""
        if application.facts is None:
            return None
        facts = moved(application.facts, self.as_of)
        candidate = advice(self.candidate.package, self.candidate.engine, facts)
        answered = application.answered if self.base is Base.ANSWERS_THEN else self._under(facts)
        return Pair(answered, candidate, application.name) if answered and candidate else None

    def _under(self, facts: Values) -> Advice | None:
        try:
            base = self.under.on(request_day(facts))
        except FailedPrecondition:
            return None
        return advice(base.package, base.engine, facts)

    def said_base(self) -> str:
        """What the candidate is compared with."""
        named = self.base is Base.VERSION
        return said_base(self.base, self.under.last.package.identity.version if named else "")
