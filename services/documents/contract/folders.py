"""Packages as folders of files: where they are below a root, what they hold, their description in YAML."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from services.documents.contract.schema import Schema
from services.kit.findings import Findings, Place
from services.kit.french import typeset
from services.kit.releases import SIGNATURE_FILE, Contents


def packages(root: Path, described_by: str) -> Iterator[tuple[Path, Contents]]:
    """Every folder below `root` that holds a file of that name, with its files; hidden ones are left out."""
    for path in sorted(root.rglob(described_by)) if root.is_dir() else ():
        yield path.parent, read_folder(path.parent)


def read_folder(folder: Path) -> Contents:
    """The files of a package, by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def described(contents: Contents, name: str, schema: Schema, findings: Findings) -> dict[str, Any] | None:
    """The typed content of the YAML file that describes a package; None when it is not what it should be."""
    raw = contents.get(name)
    if raw is None:
        findings.error(Place(name), "ce fichier manque.", "FILE_MISSING")
        return None
    try:
        content = read(raw.decode("utf-8"))
    except UnicodeDecodeError:
        findings.error(Place(name), "le texte n’est pas en UTF-8.", "FILE_UNREADABLE")
        return None
    except YamlError as error:
        findings.error(Place(name), f"{error}.", "FILE_UNREADABLE")
        return None
    found = list(schema.violations(content, name.partition(".")[0], authored=True))
    for violation in found:
        findings.error(Place(name, part=violation.field), violation.description, "FIELD")
    if found:
        return None
    typed: dict[str, Any] = schema.typed(content)
    return typed


def refuse_other_files(contents: Contents, expected: Collection[str], findings: Findings) -> None:
    """A package holds nothing but its own files."""
    for path in sorted(set(contents) - {*expected, SIGNATURE_FILE}):
        findings.error(
            Place(path), "ce fichier ne fait pas partie du paquet : retirez-le.", "FILE_UNEXPECTED"
        )


class YamlError(Exception):
    """The text is not YAML; the message is the place, in French."""


def read(text: str) -> Any:
    """YAML 1.2 as JSON data: duplicate keys refused, dates kept as text, French spacing put in."""
    try:
        return _plain(YAML(typ="safe", pure=True).load(text))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise YamlError(f"YAML illisible, ligne {mark.line + 1}" if mark else "YAML illisible") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()  # YAML reads dates; the schema, like JSON, wants their text
    return typeset(value) if isinstance(value, str) else value
