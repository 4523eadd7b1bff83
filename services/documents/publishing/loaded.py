"""Packages read and compiled once by each process, whatever the number of documents that they make."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from services.documents.profile import Logo, Profile, read_profile
from services.documents.render import LOGO_PART, Plan, compile_template
from services.documents.template import Template, read_template
from services.kit.cache import Cache
from services.kit.findings import Findings, PackageError
from services.kit.releases import Compiled, Contents, compiled_cache

TEMPLATES, PROFILES = "templates", "profiles"
"""The collections of published packages: the first part of their names."""

_MAX_PLANS = 2_000
_MAX_PACKAGES, _PACKAGES_BYTES = 500, 64 * 1024 * 1024

Published = Template | Profile


class Packages:
    """Templates and profiles by digest, compiled templates by digest and logo; shared by threads."""

    def __init__(self, plan_cache_bytes: int) -> None:
        self.read: Cache[Compiled[Published]] = compiled_cache(_MAX_PACKAGES, _PACKAGES_BYTES)
        self._plans = Cache[Plan](entries=_MAX_PLANS, weight=plan_cache_bytes, weigh=lambda plan: plan.size)

    def plan(self, template: Template, logo: Logo | None) -> Plan:
        """A template compiled with the logo of a profile; TemplateError."""
        image = logo.image if logo else None
        key = (template.digest, image)  # Python keeps the hash of bytes
        return self._plans.get(key, lambda: compile_template(template.docx, {LOGO_PART: image}))

    def compile(self, governing: Sequence[Published], latest: Published | None) -> None:
        """Compiles what documents are made from: each template in force with each logo in force, or what the
        version published last adds to them; TemplateError."""
        templates = [one for one in governing if isinstance(one, Template)]
        logos = {one.logo for one in governing if isinstance(one, Profile)}
        match latest:
            case Template():
                templates, logos = [latest], logos or {None}
            case Profile():
                logos = {latest.logo}
        for template, logo in product(templates, logos):
            self.plan(template, logo)


def template_of(digest: str, contents: Contents) -> Template:
    """The template of published files; PackageError if it cannot serve any more."""
    findings = Findings()
    found = read_template(contents, findings)
    if found is None or findings.errors:
        raise PackageError(findings)
    return found


def profile_of(digest: str, contents: Contents) -> Profile:
    """The profile of published files; PackageError if it cannot serve any more."""
    findings = Findings()
    found = read_profile(contents, findings)
    if found is None or findings.errors:
        raise PackageError(findings)
    return found
