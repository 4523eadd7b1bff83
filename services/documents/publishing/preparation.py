"""What the master does before the workers start: the shipped packages, published and compiled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from services.documents.contract import next_working_day, wording
from services.documents.contract import packages as folders
from services.documents.profile import PROFILE_FILE, Logo, Profile, read_profile
from services.documents.publishing.deployment import Deployments
from services.documents.publishing.loaded import PROFILES, TEMPLATES, Packages
from services.documents.render import TemplateError
from services.documents.template import DOCX_FILE, MANIFEST_FILE, Template, read_template
from services.kit.dates import today
from services.kit.errors import DomainError, StartupError
from services.kit.findings import Findings, Place
from services.kit.releases import ACTOR, Candidate, Contents, ReleaseStore, digest

Read = Callable[[Contents, Findings], Candidate | None]

log = structlog.get_logger()


@dataclass(frozen=True)
class Shipped:
    """A package of a folder, and what is wrong with it."""

    folder: Path
    findings: Findings
    candidate: Candidate | None

    def sentences(self) -> Iterator[str]:
        """What is wrong, with the folder."""
        return (f"- {self.folder}/{finding}" for finding in self.findings.errors)


def prepare(deployments: Deployments, templates: Path, profiles: Path) -> None:
    """Publishes the packages shipped below two folders that the store does not know, compiles what governs.

    The workers, forked later, share what is compiled here.
    """
    store = deployments.releases.store
    # The libraries of holidays and of numbers in words load slowly: workers have them from the master.
    next_working_day(today())
    wording.in_words(0)
    _seed(store, deployments.packages, templates, profiles)
    try:
        deployments.releases.build(store.state())
    except Exception as error:  # what cannot be compiled is for the follower of each worker to tell
        log.error("deployment_unusable", error=type(error).__name__)


def _seed(store: ReleaseStore, packages: Packages, templates: Path, profiles: Path) -> None:
    """Publishes and activates what is shipped; StartupError with everything that is wrong."""
    logos: list[Logo | None] = []
    # Profiles first: templates are compiled once with a logo, not a first time without.
    roots = (
        (profiles, PROFILE_FILE, partial(_profile, logos)),
        (templates, MANIFEST_FILE, partial(_template, packages, logos)),
    )
    shipped: list[Shipped] = []
    problems: list[str] = []
    for root, name, read in roots:
        found = list(_shipped(root, name, read))
        if not found:
            problems.append(f"- {root} : aucun fichier {name} dans ce dossier.")
        shipped += found
    problems += [sentence for one in shipped for sentence in one.sentences()]
    candidates = [one.candidate for one in shipped if one.candidate]
    problems += _repeated(candidates)
    if problems:
        raise StartupError("\n".join(["Modèles ou profils inutilisables :", *problems]))
    if not store.state().releases and not all(store.accepts(one.contents) for one in candidates):
        raise StartupError(_unsigned(templates, profiles))
    for candidate in sorted(candidates, key=lambda one: (one.name, one.valid_from)):
        _publish(store, candidate)


def _unsigned(templates: Path, profiles: Path) -> str:
    """What to do at a first start whose policy asks for signatures."""
    return (
        "Les modèles et les profils de départ doivent être signés par une clé acceptée : signez-en une copie "
        f"(documents sign {templates} --key CLÉ --out DOSSIER, et de même {profiles}), puis démarrez avec "
        "DOCUMENTS_TEMPLATES_DIRECTORY et DOCUMENTS_PROFILES_DIRECTORY."
    )


def _publish(store: ReleaseStore, candidate: Candidate) -> None:
    """Publishes and activates a version of a package that nobody but the service has touched."""
    state = store.state()
    name, version, package_digest = candidate.name, candidate.version, digest(candidate.contents)
    events = [event for event in state.events if event.name == name]
    if any(event.digest == package_digest and event.effective_date for event in events):
        return
    taken = state.release(name, version)
    is_other = taken is not None and taken.digest != package_digest
    if any(event.actor != ACTOR for event in events) or is_other or not store.accepts(candidate.contents):
        log.warning("shipped_version_left", name=name, version=version)
        return
    try:
        store.ship(candidate)
    except DomainError as error:
        raise StartupError(f"{name}, version {version} : {error.message}") from error


def _repeated(candidates: Sequence[Candidate]) -> list[str]:
    counts = Counter((candidate.name, candidate.version) for candidate in candidates)
    return [
        f"- {name} : la version {version} est donnée {count} fois."
        for (name, version), count in counts.items()
        if count > 1
    ]


def _shipped(root: Path, described_by: str, read: Read) -> Iterator[Shipped]:
    for folder, contents in folders(root, described_by):
        findings = Findings()
        yield Shipped(folder, findings, read(contents, findings))


def _template(
    packages: Packages, logos: Sequence[Logo | None], contents: Contents, findings: Findings
) -> Candidate | None:
    """A shipped template, compiled once for all."""
    template = read_template(contents, findings)
    if template is not None and template.docx:
        try:
            packages.plan(template, logos[0] if logos else None)
        except TemplateError as error:
            findings.error(Place(DOCX_FILE), error.sentence, "TEMPLATE")
    return None if template is None else _candidate(TEMPLATES, template, contents)


def _profile(logos: list[Logo | None], contents: Contents, findings: Findings) -> Candidate | None:
    """A shipped profile, and its logo."""
    profile = read_profile(contents, findings)
    if profile is None:
        return None
    logos.append(profile.logo)
    return _candidate(PROFILES, profile, contents)


def _candidate(collection: str, package: Template | Profile, contents: Contents) -> Candidate:
    days = (package.effective_from, package.effective_until)
    return Candidate(f"{collection}/{package.id}", package.version, *days, contents)
