"""Which version of a template and of a profile makes a document, by its date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Generic, Protocol, TypeVar

from services.documents.contract import PackageError
from services.documents.profile import Logo, Profile
from services.documents.publishing.loaded import PROFILES, TEMPLATES, Packages, damaged
from services.documents.render import TemplateError
from services.documents.template import Template
from services.kit.errors import FailedPrecondition, FieldReason, NotFound, Unavailable, Violations
from services.kit.french import long_date
from services.kit.releases import Contents, Follower, PackageDamagedError, ReleaseStore, Span, State


class Package(Protocol):
    """What templates and profiles have in common."""

    @property
    def id(self) -> str:
        """Identifier, the same for every version."""


P = TypeVar("P", bound=Package)


@dataclass(frozen=True)
class Segment(Generic[P]):
    """Days, both ends included, governed by one version; no `last` means without end."""

    span: Span
    package: P


@dataclass(frozen=True)
class Deployment:
    """The templates and profiles of a revision of the deployments, by the days that they govern."""

    revision: int
    templates: Mapping[str, tuple[Segment[Template], ...]]
    profiles: Mapping[str, tuple[Segment[Profile], ...]]

    def template(self, template_id: str, day: date) -> Template:
        """The template in force on a day; NotFound or FailedPrecondition."""
        metadata = {"template_id": template_id}
        if template_id not in self.templates:
            raise NotFound("TEMPLATE_NOT_FOUND", "Aucun modèle ne porte cet identifiant.", metadata=metadata)
        template = _on(self.templates[template_id], day)
        if template is None:
            raise FailedPrecondition(
                "TEMPLATE_NOT_IN_FORCE",
                f"Ce modèle n’a pas de version en vigueur le {long_date(day)}.",
                metadata={**metadata, "document_date": day.isoformat()},
            )
        return template

    def profile(self, profile_id: str, day: date) -> Profile:
        """The profile in force on a day, the only one when none is named; InvalidArgument or NotFound."""
        if not profile_id and len(self.profiles) > 1:
            violations = Violations()
            violations.add(
                "profile_id", FieldReason.REQUIRED, "Plusieurs profils sont publiés\u00a0: indiquez lequel."
            )
            violations.raise_if_any()
        chosen = profile_id or next(iter(self.profiles), "")
        profile = _on(self.profiles.get(chosen, ()), day)
        if profile is None:
            raise NotFound(
                "PROFILE_NOT_FOUND",
                f"Aucun profil d’organisation de ce nom n’est en vigueur le {long_date(day)}.",
                metadata={"profile_id": chosen, "document_date": day.isoformat()},
            )
        return profile

    def require(self, min_state_number: int) -> None:
        """Unavailable if this revision is older than the one asked for."""
        if self.revision < min_state_number:
            raise Unavailable(
                "STATE_NOT_REACHED",
                f"L’état n° {min_state_number} des modèles n’est pas encore visible d’ici.",
                metadata={"state_number": str(self.revision), "min_state_number": str(min_state_number)},
            )


class Deployments:
    """The templates and profiles of this process, which follow the store."""

    def __init__(self, store: ReleaseStore, packages: Packages) -> None:
        self.store = store
        self.packages = packages
        self.follower = Follower(store, lambda state: deployment(state, store, packages))

    def current(self, min_state_number: int = 0) -> Deployment:
        """What governs, from no older revision than asked; Unavailable if it is not visible yet."""
        if self.follower.current().revision < min_state_number:
            self.follower.refresh()
        found = self.follower.current()
        found.require(min_state_number)
        return found

    def contents(self, digest: str) -> Contents:
        """The files of a published package; FailedPrecondition if what is stored cannot be trusted."""
        try:
            return self.store.contents(digest)
        except PackageDamagedError:
            raise damaged(digest) from None

    def try_out(self, name: str, digest: str) -> None:
        """Reads and compiles a published package here; FailedPrecondition if it cannot make a document."""
        try:
            if name.startswith(f"{TEMPLATES}/"):
                self.packages.plan(self.packages.template(digest, self.contents), None)
            else:
                self.packages.profile(digest, self.contents)
        except TemplateError as error:
            raise damaged(digest) from error


def deployment(state: State, store: ReleaseStore, packages: Packages) -> Deployment:
    """The packages of a state of the store, read and compiled before they are taken; the last one published
    is compiled too, so that its activation is followed at once."""
    templates = {
        name.partition("/")[2]: tuple(
            Segment(span, packages.template(span.digest, store.contents)) for span in state.timeline(name)
        )
        for name in _names(state, TEMPLATES)
    }
    profiles = {
        name.partition("/")[2]: tuple(
            Segment(span, packages.profile(span.digest, store.contents)) for span in state.timeline(name)
        )
        for name in _names(state, PROFILES)
    }
    governing = [segment.package for segments in templates.values() for segment in segments]
    logos = {segment.package.logo for segments in profiles.values() for segment in segments}
    _compile(packages, governing, logos)
    for last in state.releases[-1:]:
        with suppress(PackageDamagedError, PackageError, TemplateError):
            if last.name.startswith(f"{TEMPLATES}/"):
                _compile(packages, [packages.template(last.digest, store.contents)], logos)
            else:
                _compile(packages, governing, {packages.profile(last.digest, store.contents).logo})
    return Deployment(state.revision, templates, profiles)


def _compile(packages: Packages, templates: Iterable[Template], logos: Iterable[Logo | None]) -> None:
    for template, logo in product(templates, logos):
        packages.plan(template, logo)


def _names(state: State, collection: str) -> Iterable[str]:
    """The names of a collection that something governs, in order."""
    return (name for name in state.names if name.startswith(f"{collection}/") and state.timeline(name))


def _on(segments: Iterable[Segment[P]], day: date) -> P | None:
    for segment in segments:
        if segment.span.first <= day and (segment.span.last is None or day <= segment.span.last):
            return segment.package
    return None
