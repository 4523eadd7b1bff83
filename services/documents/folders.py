"""Folders of packages (templates, profiles): reading, digests, findings in French."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.documents.contract.schema import Schema
from services.documents.yaml_text import YamlError, read
from services.kit.errors import StartupError


@dataclass
class Findings:
    """Everything wrong in the packages, gathered before the process gives up."""

    sentences: list[str] = field(default_factory=list)

    def add(self, where: Path, sentence: str) -> None:
        """Adds one finding."""
        self.sentences.append(f"{where}\u00a0: {sentence}")

    def raise_if_any(self) -> None:
        """Stops the process with all the findings."""
        if self.sentences:
            raise StartupError("\n".join(["Modèles ou profils inutilisables\u00a0:", *self.sentences]))


def described(
    root: Path, name: str, schema: Schema, findings: Findings
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The typed content of every valid `name` file below `root`, with its path."""
    paths = sorted(root.rglob(name)) if root.is_dir() else []
    if not paths:
        findings.add(root, f"aucun fichier {name} dans ce dossier.")
    for path in paths:
        try:
            content = read(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            findings.add(path, "fichier illisible.")
            continue
        except YamlError as error:
            findings.add(path, f"{error}.")
            continue
        found = list(schema.violations(content, path.stem))
        for violation in found:
            findings.add(path, f"{violation.field}\u00a0: {violation.description}")
        if not found:
            yield path, schema.typed(content)


def digest(files: Sequence[tuple[str, bytes]]) -> str:
    """SHA-256 of a package: of each name and of the SHA-256 of its content, in the order of the names."""
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
