"""The check of a package before it may be published: everything wrong at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.documents.profile import PROFILE_FILE, Profile, changed_texts, read_profile
from services.documents.publishing.loaded import profile_of
from services.documents.template import DOCX_FILE, Sample, Template, examine_apart, read_template
from services.kit.findings import Finding, Findings, Place, Severity
from services.kit.french import long_date, plural, spaced
from services.kit.releases import SIGNATURE_FILE, Contents, digest

VALUE_IN_FORCE = "VALUE_IN_FORCE"
_NOT_NORMAL = (
    "le fichier Word n’est pas dans la forme que le service garde : « documents sign » l’y met avant de "
    "signer."
)


@dataclass(frozen=True)
class Report:
    """What the check found; `contents` is what a publication keeps, with its Word file in its normal form."""

    package: Template | Profile | None
    contents: Contents
    findings: Findings

    @property
    def accepted(self) -> bool:
        """Whether the package may be published."""
        return self.package is not None and not self.findings.errors

    @property
    def digest(self) -> str:
        """The digest of what a publication keeps."""
        return digest(self.contents)

    def summary(self) -> str:
        """A French sentence that sums it up."""
        errors = len(self.findings.errors)
        warnings = len(list(self.findings)) - errors
        said = f"{plural(errors, 'erreur')}, {plural(warnings, 'avertissement')}"
        if self.accepted:
            return f"Le paquet est accepté ({plural(warnings, 'avertissement')})."
        return spaced(f"Le paquet est refusé : {said}.")


def check_template(contents: Contents, sample: Sample | None, seconds: float) -> Report:
    """Every finding on a template package; the Word file is looked into in a process of its own."""
    findings = Findings()
    template = read_template(contents, findings)
    if template is None or not template.docx:
        return Report(template, contents, findings)
    verdict = examine_apart(template, sample, seconds=seconds)
    for finding in verdict.findings:
        findings.add(finding)
    kept: Mapping[str, bytes] = {**contents, DOCX_FILE: verdict.docx}
    # A signature is of the files as they are kept: that of a file that the check rewrites would never hold.
    if SIGNATURE_FILE in contents and verdict.docx != template.docx:
        findings.error(Place(DOCX_FILE), _NOT_NORMAL, "NOT_NORMAL")
    return Report(replace(template, docx=verdict.docx, digest=digest(kept)), kept, findings)


def check_profile(contents: Contents) -> Report:
    """Every finding on a profile package."""
    findings = Findings()
    return Report(read_profile(contents, findings), contents, findings)


def texts_in_force(governing: Contents, other: Contents, day: date) -> tuple[Finding, ...]:
    """A warning for each dated text of a profile, in force up to a day, that another version changes."""
    before, after = profile_of("", governing), profile_of("", other)
    return tuple(
        Finding(
            Place(PROFILE_FILE),
            spaced(f"law.{name} : un texte déjà en vigueur change, {_since(start)}."),
            VALUE_IN_FORCE,
            "Ajoutez un texte daté d’un jour à venir au lieu de changer celui qui est en vigueur.",
            Severity.WARNING,
        )
        for name, start in changed_texts(before.content["law"], after.content["law"], day)
    )


def _since(start: date) -> str:
    return "depuis toujours" if start == date.min else f"à partir du {long_date(start)}"
