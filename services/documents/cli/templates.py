"""The commands on templates and profiles: those of every package; what a template changes and may print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from microcredit.documents.v1.template_service_pb2 import CompareTemplatesRequest, GetTemplateFieldsRequest
from services.documents.cli import mending
from services.documents.cli.client import ADDRESS, Client, named
from services.documents.cli.mending import Names
from services.kit.cli import (
    GOOD,
    REFUSED,
    Annotate,
    Call,
    CommandError,
    Edition,
    FrenchGroup,
    ReleaseCommands,
    Words,
    add_commands,
    as_json,
    last_part,
)

if TYPE_CHECKING:
    from services.kit.releases import Contents, Statement


def _read_folder(folder: Path) -> Contents:
    # The contract of dossiers is read with it: commands that read no folder do without.
    from services.documents.contract import read_folder

    return read_folder(folder)


INERT = "elle ne fait aucun document avant d’être activée."
Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE", help="Un dossier, un zip, ou un fichier Word (.docx) avec --template."),
]
Template = Annotated[
    str, typer.Option("--template", metavar="MODÈLE", help="Le modèle dont le fichier Word est la suite.")
]
TEMPLATES = ReleaseCommands(
    Words(
        collection="templates",
        noun="modèle",
        dated="documents datés",
        inert=INERT,
        address=ADDRESS,
        read_folder=_read_folder,
        columns=("modèle", "en vigueur", "titre"),
        file="template.docx",
        continued="--template",
        checked_here=True,
        options={
            "package": Annotated[str, typer.Argument(metavar="MODÈLE", help="L’identifiant du modèle.")],
            "source": Source,
            "continued": Template,
        },
    )
)
PROFILES = ReleaseCommands(
    Words(
        collection="profiles",
        noun="profil",
        dated="documents datés",
        inert=INERT,
        address=ADDRESS,
        read_folder=_read_folder,
        columns=("profil", "en vigueur", "organisation"),
        options={
            "package": Annotated[str, typer.Argument(metavar="PROFIL", help="L’identifiant du profil.")],
        },
    )
)


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    TEMPLATES.register(app)
    add_commands(app, ADDRESS, check, fields, compare)
    group = typer.Typer(cls=FrenchGroup, no_args_is_help=True, rich_markup_mode=None)
    PROFILES.register(group)
    app.add_typer(group, name="profile", help="Les profils d’organisation : nom, signataires, recours, logo.")


def check(
    call: Call,
    source: Source,
    template: Template = "",
    annotated: Annotate = None,
    fixed: Annotated[
        Path | None,
        typer.Option("--fix", metavar="FICHIER", help="Répare le fichier Word, puis le contrôle."),
    ] = None,
    names: Names = None,
) -> int:
    """Contrôle un paquet : tout ce qui ne va pas, d’un coup, à sa place et avec une phrase."""
    if fixed is not None:
        mending.write_mended(call, Path(source), fixed, template, names)
        source = str(fixed)
    return TEMPLATES.check(call, source, template, annotated)


def fields(
    call: Call,
    template: Annotated[
        str, typer.Argument(metavar="MODÈLE", help="Le modèle ; sinon tout le contrat.")
    ] = "",
    used: Annotated[bool, typer.Option("--used", help="Seulement celles que le modèle lit.")] = False,
) -> int:
    """Liste les données qu’un modèle peut imprimer, avec la balise à copier dans Word."""
    client, out = Client(call.target), call.out
    name = named("templates", template) if template else ""
    answer = client.call(client.templates.GetTemplateFields, GetTemplateFieldsRequest(name=name))
    found = [one for one in answer.fields if one.used or not used]
    out.document({"fields": [as_json(one) for one in found]})
    rows = ((one.path, one.type_label, one.tag, one.label) for one in found)
    out.table(("donnée", "type", "à copier dans Word", "sens"), rows)
    return GOOD


def compare(
    call: Call,
    source: Source,
    template: Template = "",
    base: Annotated[
        str, typer.Option("--with", metavar="NOM", help="templates/…/versions/… ; sinon la dernière.")
    ] = "",
) -> int:
    """Dit ce qu’un modèle change : texte, données lues, manifeste."""
    client, out = Client(call.target), call.out
    request = CompareTemplatesRequest(**TEMPLATES.candidate(source, Edition(template)), base_name=base)
    found = client.call(client.templates.CompareTemplates, request)
    out.document(as_json(found))
    for change in found.text_changes:
        out.line(change.place, "bold")
        if change.before:
            out.line(f"  − {change.before}", "red")
        if change.after:
            out.line(f"  + {change.after}", "green")
    out.lines(f"Donnée lue en plus : {path}" for path in found.added_fields)
    out.lines(f"Donnée qui n’est plus lue : {path}" for path in found.removed_fields)
    out.lines(f"Manifeste, {change}." for change in found.manifest_changes)
    out.line(f"{found.summary} (comparé à la version {last_part(found.base_name)})")
    changed = found.text_changes or found.added_fields or found.removed_fields or found.manifest_changes
    return REFUSED if changed else GOOD


def package_folders(folder: Path) -> list[Path]:
    """The folders of templates and profiles, at or below a folder."""
    from services.documents.contract import packages
    from services.documents.profile import PROFILE_FILE
    from services.documents.template import MANIFEST_FILE

    return [found for name in (PROFILE_FILE, MANIFEST_FILE) for found, _ in packages(folder, name)]


def statement(folder: Path) -> Statement:
    """What is signed of a folder, whose Word file is first put in the form that the service keeps."""
    from services.documents.profile import read_profile
    from services.documents.template import DOCX_FILE, MANIFEST_FILE, examine, read_template
    from services.kit.findings import Findings
    from services.kit.releases import SIGNATURE_FILE, digest
    from services.kit.releases import Statement as Signed

    files = {path: content for path, content in _read_folder(folder).items() if path != SIGNATURE_FILE}
    findings = Findings()
    if MANIFEST_FILE in files:
        template = read_template(files, findings)
        if template is not None and not findings.errors:
            files[DOCX_FILE] = examine(template, None).docx
            (folder / DOCX_FILE).write_bytes(files[DOCX_FILE])
            return Signed(f"templates/{template.id}", template.version, digest(files))
    else:
        profile = read_profile(files, findings)
        if profile is not None and not findings.errors:
            return Signed(f"profiles/{profile.id}", profile.version, digest(files))
    problems = "\n".join(f"  {finding}" for finding in findings.errors)
    raise CommandError(
        f"Le dossier « {folder} » ne peut pas être signé.\n{problems}", reason="PACKAGE_REFUSED"
    )
