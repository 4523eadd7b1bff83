"""A template tried on the examples of the contract, by both engines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.documents.contract import CONTRACT, CONTRACT_FILE, read_dossier
from services.documents.profile import Profile
from services.documents.render import (
    LOGO_PART,
    Plan,
    RenderError,
    TemplateError,
    compile_template,
    disagreements,
    opc,
    render_reference,
)
from services.documents.template.context import make_context
from services.documents.template.manifest import Template
from services.documents.template.permission import all_checks
from services.documents.template.reading import WHOLE_FILE, part_name, place
from services.kit.errors import InvalidArgument
from services.kit.findings import Finding, Severity

_EXAMPLES = CONTRACT_FILE.parent / "examples"
# What the summary of a dossier lists, for the only template that reads it.
_DOSSIER: Mapping[str, Any] = {
    "pieces": [{"number": 1, "title": "Une pièce", "template_id": "01-dossier-demande"}],
    "enclosures": ["Un justificatif"],
    "linked": True,
}

Context = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """What a template is tried with: an organisation, on a day that it governs."""

    profile: Profile
    day: date


def contexts(template: Template, sample: Sample, names: Collection[str]) -> Iterator[tuple[str, Context]]:
    """Each example that has what the template asks for, as the template, which reads these names, sees it."""
    for path in sorted(_EXAMPLES.glob("*.json")):
        try:
            dossier = read_dossier(
                path.read_bytes(),
                CONTRACT,
                template.requirement,
                all_checks(template, sample.profile, names),
                sample.day,
            )
        except InvalidArgument:
            continue
        yield path.stem, make_context(dossier.data, template, sample.profile, sample.day, _DOSSIER)


def try_out(template: Template, sample: Sample) -> Iterator[Finding]:
    """What goes wrong with the examples, each thing at the first example that shows it."""
    media = {LOGO_PART: sample.profile.logo.image if sample.profile.logo else None}
    try:
        plan = compile_template(template.docx, media)
    except TemplateError as error:
        yield _finding("TEMPLATE", error.sentence, paragraph=error.tag, part=error.part)
        return
    examples = list(contexts(template, sample, plan.names))
    if not examples:
        yield _finding(
            "EXAMPLE_NONE",
            "Aucun exemple du contrat ne porte les données que ce modèle exige : il n’est pas essayé.",
            severity=Severity.WARNING,
        )
    told: set[tuple[str, str, str]] = set()
    for name, context in examples:
        for found in _tried(name, plan, template.docx, context, media):
            key = (found.code, found.place.member, found.place.paragraph)
            if key not in told:
                told.add(key)
                yield found


def _tried(
    name: str, plan: Plan, docx: bytes, context: Context, media: Mapping[str, bytes | None]
) -> Iterator[Finding]:
    try:
        parts = opc.read(plan.render(context))
    except RenderError as error:
        yield _render_finding(name, error)
        return
    yield from _same_as_reference(name, parts, docx, context, media)


def _same_as_reference(
    name: str, parts: Mapping[str, bytes], docx: bytes, context: Context, media: Mapping[str, bytes | None]
) -> Iterator[Finding]:
    try:
        reference = render_reference(docx, context, media)
    except Exception:
        yield _finding("ENGINES_DIFFER", f"Avec l’exemple « {name} », docxtpl ne rend pas ce modèle.")
        return
    for part in disagreements(parts, reference):
        yield _finding(
            "ENGINES_DIFFER",
            f"Avec l’exemple « {name} », docxtpl donne un autre texte ({part_name(part)}).",
            part=part,
        )


def _render_finding(name: str, error: RenderError) -> Finding:
    field = f" (champ « {error.field} »)" if error.field else ""
    return _finding(
        error.reason.value,
        f"Avec l’exemple « {name} »{field} : {error.sentence}",
        paragraph=error.tag,
        part=error.part,
    )


def _finding(
    code: str,
    message: str,
    suggestion: str = "",
    *,
    paragraph: str = "",
    part: str = "",
    severity: Severity = Severity.ERROR,
) -> Finding:
    return Finding(place(part, paragraph) if part else WHOLE_FILE, message, code, suggestion, severity)
