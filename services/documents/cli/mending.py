"""A Word file mended, or brought from another engine: what was done, and what a person decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from services.documents.cli.client import ADDRESS
from services.kit.cli import (
    GOOD,
    REFUSED,
    USAGE,
    Call,
    CommandError,
    Detail,
    Output,
    ReleaseClient,
    add_commands,
    destination,
    read_file,
    write_file,
)
from services.kit.french import plural

if TYPE_CHECKING:
    from services.documents.template import Mended

_MANIFEST = "manifest.yaml"
Names = Annotated[
    Path | None,
    typer.Option("--names", metavar="FICHIER", help="Les champs qui remplacent les noms du fichier (YAML)."),
]


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    add_commands(app, ADDRESS, convert)


def convert(
    call: Call,
    source: Annotated[Path, typer.Argument(metavar="FICHIER", help="Un fichier Word d’un autre outil.")],
    template: Annotated[
        str, typer.Option("--template", metavar="MODÈLE", help="Le modèle dont il sera la suite.")
    ] = "",
    names: Names = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="CHEMIN", help="Où écrire ; sinon à côté.")
    ] = None,
) -> int:
    """Fait un modèle d’un fichier de publipostage, docxtpl, docxtemplater ou Carbone, et dit ce qui reste."""
    written = destination(out, f"{source.stem}-converti.docx")
    mended = write_mended(call, source, written, template, names)
    asked = written.with_suffix(".noms.yaml")
    if mended.asked:
        write_file(asked, _skeleton(mended, _names(names)))
        call.out.line(f"Complétez {asked}, puis recommencez avec --names {asked}.", "yellow")
    call.out.document(
        {
            "path": str(written),
            "done": dict(mended.done),
            "asked": [vars(one) for one in mended.asked],
            "names": str(asked) if mended.asked else "",
        }
    )
    return REFUSED if mended.asked else GOOD


def write_mended(call: Call, source: Path, written: Path, template: str, names: Path | None) -> Mended:
    """Mends a file and writes it, saying what was done and what is asked; CommandError if it is no .docx."""
    from services.documents.template import make_fields, mend

    manifest = _manifest(call, template) if template else _Manifest()
    fields = make_fields(manifest.recipient, manifest.signatory)
    mended = mend(read_file(source), fields, manifest.requires, _names(names))
    if mended.refusals:
        details = tuple(Detail(str(one.place), one.sentence) for one in mended.refusals)
        raise CommandError(f"« {source} » ne peut pas être réparé.", reason="FILE", details=details)
    write_file(written, mended.docx)
    _tell(mended, written, call.out)
    return mended


def _tell(mended: Mended, written: Path, out: Output) -> None:
    if not mended.done:
        out.line("Rien n’était à réparer.")
    out.lines(f"  {times} × {what}" for what, times in sorted(mended.done.items()))
    for one in mended.asked:
        near = f" ; {one.nearest} ?" if one.nearest else ""
        out.line(f"  À décider : « {one.name} » ({plural(one.times, 'fois', 'fois')}){near}", "yellow")
    out.line(f"Écrit : {written}")


@dataclass(frozen=True)
class _Manifest:
    """What a template says of its data; nothing is sure in a file that continues none."""

    recipient: str = "APPLICANT"
    signatory: str = "president"
    requires: tuple[str, ...] = ()


def _manifest(call: Call, template: str) -> _Manifest:
    answer = ReleaseClient(call.remote, "templates").version(template, "", _MANIFEST)
    read = _yaml(answer.file)
    return _Manifest(str(read["recipient"]), str(read["signatory"]), tuple(map(str, read["requires"])))


def _names(path: Path | None) -> Mapping[str, str]:
    """The field of each name, as a person wrote it; a name without field is still asked."""
    try:
        read = _yaml(read_file(path)) if path else {}
    except YAMLError:
        raise CommandError(f"« {path} » n’est pas un fichier YAML.", exit_code=USAGE, reason="FILE") from None
    if not isinstance(read, dict):
        raise CommandError(f"« {path} » s’écrit « nom: champ ».", exit_code=USAGE, reason="FILE")
    return {str(name): str(value) for name, value in read.items() if value}


def _skeleton(mended: Mended, known: Mapping[str, str]) -> bytes:
    """The file of names to complete, the nearest field being proposed as a comment."""
    lines = [_line(name, value) for name, value in known.items()]
    lines += [_line(one.name, "") + (f"  # {one.nearest} ?" if one.nearest else "") for one in mended.asked]
    return "".join(f"{line}\n" for line in lines).encode()


def _line(name: str, value: str) -> str:
    stream = StringIO()
    YAML().dump({name: value or None}, stream)
    return stream.getvalue().strip()


def _yaml(content: bytes) -> Any:
    return YAML(typ="safe").load(BytesIO(content))
