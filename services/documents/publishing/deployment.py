"""Which version of a template and of a profile makes a document, by its date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from services.documents.contract import RECIPIENTS
from services.documents.profile import Profile
from services.documents.publishing.loaded import PROFILES, TEMPLATES, Packages, Published
from services.documents.template import Sample, Template
from services.kit import releases
from services.kit.dates import today
from services.kit.errors import FailedPrecondition, FieldReason, NotFound, Violations
from services.kit.french import long_date
from services.kit.releases import Kinds, ReleaseStore


@dataclass(frozen=True)
class Deployment:
    """The templates and profiles of a state of the store, by the days that they govern."""

    applied: releases.Deployment[Published]

    @property
    def state_number(self) -> int:
        """The state of the store that says so."""
        return self.applied.state_number

    def template(self, template_id: str, day: date) -> Template:
        """The template in force on a day; NotFound or FailedPrecondition."""
        name = f"{TEMPLATES}/{template_id}"
        metadata = {"template": name}
        if name not in self.applied.segments:
            raise NotFound("TEMPLATE_NOT_FOUND", "Aucun modèle ne porte cet identifiant.", metadata=metadata)
        template = self.applied.governing(name, day)
        if not isinstance(template, Template):
            raise FailedPrecondition(
                "TEMPLATE_NOT_IN_FORCE",
                f"Ce modèle n’a pas de version en vigueur le {long_date(day)}.",
                metadata={**metadata, "document_date": day.isoformat()},
            )
        return template

    def profile(self, profile_id: str, day: date) -> Profile:
        """The profile in force on a day, the only one when none is named; InvalidArgument or NotFound."""
        published = self.profiles()
        if not profile_id and len(published) > 1:
            violations = Violations()
            text = "Plusieurs profils sont publiés : indiquez lequel."
            violations.add("profile", FieldReason.REQUIRED, text)
            violations.raise_if_any()
        chosen = profile_id or next(iter(published), "")
        profile = self.applied.governing(f"{PROFILES}/{chosen}", day)
        if not isinstance(profile, Profile):
            raise NotFound(
                "PROFILE_NOT_FOUND",
                f"Aucun profil d’organisation de ce nom n’est en vigueur le {long_date(day)}.",
                metadata={"profile": f"{PROFILES}/{chosen}", "document_date": day.isoformat()},
            )
        return profile

    def profiles(self) -> list[str]:
        """The identifiers of the profiles that govern some day."""
        found = (name.partition("/") for name in self.applied.segments)
        return [identifier for collection, _, identifier in found if collection == PROFILES]

    def letters(self, kept: Mapping[str, int]) -> dict[str, int]:
        """How many letters were kept by title, of how many documents were by identifier of their template: a
        letter is what has a recipient."""
        titles: Counter[str] = Counter()
        for template_id, count in kept.items():
            for one in self.applied.segments.get(f"{TEMPLATES}/{template_id}", ())[-1:]:
                if isinstance(one.package, Template) and one.package.recipient in RECIPIENTS:
                    titles[one.package.title] += count
        return titles

    def sample(self, today: date) -> Sample | None:
        """An organisation to try a template with: the one that governs today, else any."""
        segments = [
            (one.span.days, one.package)
            for found in self.applied.segments.values()
            for one in found
            if isinstance(one.package, Profile)
        ]
        for days, profile in segments:
            if today in days:
                return Sample(profile, today)
        return Sample(segments[0][1], segments[0][0].first) if segments else None


class Deployments:
    """The templates and profiles of this process, which follow the store.

    `kinds` makes the kinds of packages, from what gives an organisation to try a template with.
    """

    def __init__(
        self,
        store: ReleaseStore,
        packages: Packages,
        kinds: Callable[[Callable[[], Sample | None]], Kinds[Published]],
    ) -> None:
        self.packages = packages
        self.releases = releases.Deployments(store, kinds(self._sample), packages.read, packages.compile)

    def start(self) -> None:
        """Takes what the store holds, then follows it."""
        self.releases.start()

    def current(self, min_state_number: int = 0) -> Deployment:
        """What governs, from no older state than asked; Unavailable if it is not visible yet."""
        return Deployment(self.releases.current(min_state_number))

    def _sample(self) -> Sample | None:
        return self.current().sample(today())
