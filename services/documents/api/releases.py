"""Templates and organisation profiles as kinds of packages that are deployed without the code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from services.documents.messages import annotated_docx
from services.documents.publishing import (
    PROFILES,
    TEMPLATES,
    Published,
    Report,
    check_profile,
    check_template,
    continued,
    profile_of,
    template_of,
    texts_in_force,
)
from services.documents.render import TemplateError
from services.documents.template import DOCX_FILE, Sample, annotate_apart
from services.kit import releases
from services.kit.context import remaining
from services.kit.findings import PackageError, first
from services.kit.releases import (
    Asked,
    Candidate,
    Contents,
    Description,
    Edited,
    Editing,
    Kind,
    Kinds,
)

MAX_BYTES = 2 * 1024 * 1024
MAX_FINDINGS = 200
"""What one answer tells: nobody reads more at once."""


def package_kinds(sample: Callable[[], Sample | None]) -> Kinds[Published]:
    """Templates and profiles; `sample` gives an organisation to try a template with."""

    def check(contents: Contents, seconds: float, asked: Asked) -> releases.Report:
        report = check_template(contents, sample(), seconds)
        docx = report.contents.get(DOCX_FILE, b"")
        own: dict[str, Any] = {}
        if asked.annotated and docx:
            shown = first(report.findings, MAX_FINDINGS)
            copy = annotate_apart(docx, shown, seconds=remaining())
            own = {"template": annotated_docx(copy)} if copy else {}
        return _report(report, TEMPLATES, own)

    templates: Kind[Published] = Kind(
        collection=TEMPLATES,
        prefix=f"{TEMPLATES}/",
        example="14-refus-presentation",
        noun="modèle",
        max_archive_bytes=MAX_BYTES,
        max_findings=MAX_FINDINGS,
        check=check,
        compile=template_of,
        describe=lambda contents: Description(template_of("", contents).title),
        unusable=(PackageError, TemplateError),
        editing=Editing(_continued, MAX_BYTES),
    )
    profiles: Kind[Published] = Kind(
        collection=PROFILES,
        prefix=f"{PROFILES}/",
        example="cias-exemple",
        noun="profil",
        max_archive_bytes=MAX_BYTES,
        max_findings=MAX_FINDINGS,
        check=lambda contents, seconds, asked: _report(check_profile(contents), PROFILES, {}),
        compile=profile_of,
        rewritten=texts_in_force,
        describe=lambda contents: Description(
            str(profile_of("", contents).content["organisation"]["short_name"])
        ),
        unusable=(PackageError, TemplateError),
    )
    return Kinds(templates, profiles)


def _continued(contents: Contents, edit: Edited, versions: Sequence[str]) -> Contents:
    return continued(contents, edit.content, edit.version, edit.effective_from, versions)


def _report(report: Report, collection: str, own: dict[str, Any]) -> releases.Report:
    """The check of a template or of a profile, as that of any package."""
    package, candidate = report.package, None
    if package is not None:
        days = (package.effective_from, package.effective_until)
        candidate = Candidate(f"{collection}/{package.id}", package.version, *days, report.contents)
    return releases.Report(
        findings=tuple(report.findings),
        summary=report.summary(),
        contents=report.contents,
        candidate=candidate,
        identifier=package.id if package else "",
        version=package.version if package else "",
        own=own,
    )
