"""Packages read and compiled once by each process, whatever the number of documents that they make."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from threading import Lock

from services.documents.contract import Findings, PackageError
from services.documents.profile import Logo, Profile, read_profile
from services.documents.render import LOGO_PART, Plan, compile_template
from services.documents.template import Template, read_template
from services.kit.cache import Cache
from services.kit.errors import FailedPrecondition
from services.kit.releases import Contents

TEMPLATES, PROFILES = "templates", "profiles"
"""The collections of published packages: the first part of their names."""

_MAX_PLANS = 2_000

ContentsOf = Callable[[str], Contents]


class Packages:
    """Templates and profiles by digest, compiled templates by digest and logo; shared by threads."""

    def __init__(self, plan_cache_bytes: int) -> None:
        self._lock = Lock()
        self._templates: dict[str, Template] = {}
        self._profiles: dict[str, Profile] = {}
        self._plans = Cache[Plan](entries=_MAX_PLANS, weight=plan_cache_bytes, weigh=lambda plan: plan.size)

    def template(self, digest: str, contents_of: ContentsOf) -> Template:
        """A published template; PackageError if it cannot serve any more."""
        with self._lock:
            found = self._templates.get(digest)
        if found is None:
            findings = Findings()
            found = read_template(contents_of(digest), findings)
            if found is None or findings.errors:
                raise PackageError(findings)
            with self._lock:
                self._templates[digest] = found
        return found

    def profile(self, digest: str, contents_of: ContentsOf) -> Profile:
        """A published profile; PackageError if it cannot serve any more."""
        with self._lock:
            found = self._profiles.get(digest)
        if found is None:
            findings = Findings()
            found = read_profile(contents_of(digest), findings)
            if found is None or findings.errors:
                raise PackageError(findings)
            with self._lock:
                self._profiles[digest] = found
        return found

    def title(self, is_template: bool, digest: str, contents_of: ContentsOf) -> str:
        """The title of a published package: that of a template, the name of an organisation."""
        if is_template:
            return self.template(digest, contents_of).title
        return str(self.profile(digest, contents_of).content["organisation"]["short_name"])

    def plan(self, template: Template, logo: Logo | None) -> Plan:
        """A template compiled with the logo of a profile; TemplateError."""
        image = logo.image if logo else None
        key = (template.digest, hashlib.sha256(image or b"").hexdigest())
        return self._plans.get(key, lambda: compile_template(template.docx, {LOGO_PART: image}))


def damaged(digest: str) -> FailedPrecondition:
    """The error of a stored package that cannot be used."""
    return FailedPrecondition(
        "PACKAGE_UNREADABLE",
        "Cette version enregistrée est endommagée, ou n’est plus acceptée par le moteur ou par les clés.",
        metadata={"digest": digest},
    )
