"""Organisation profiles: who writes the letters, dated and published beside the templates."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from services.documents.contract.schema import Schema
from services.documents.folders import Findings, described, digest

PROFILE_FILE = "profile.yaml"
MAX_LOGO_BYTES = 256 * 1024

_SCHEMA = Path(__file__).parent / "profiles" / "profile.schema.json"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_SIZE = struct.Struct(">II")
_PNG_SIZE_AT = 16
_MAX_LOGO_PIXELS = 4000
_EMU_PER_MM = 36000


@dataclass(frozen=True)
class Logo:
    """A PNG logo, with its printed size in English Metric Units (1 mm = 36000)."""

    image: bytes
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Profile:
    """One version of an organisation profile."""

    id: str
    version: str
    effective_from: date
    effective_until: date | None
    digest: str
    content: Mapping[str, Any]
    logo: Logo | None


def load_profiles(root: Path, findings: Findings) -> list[Profile]:
    """Every profile below `root`; what is wrong goes to the findings."""
    schema = Schema.load(_SCHEMA)
    return [
        _profile(path, content, findings) for path, content in described(root, PROFILE_FILE, schema, findings)
    ]


def _profile(path: Path, content: dict[str, Any], findings: Findings) -> Profile:
    for dotted in content["sources"]:
        if not _present(content, dotted):
            findings.add(path, f"sources\u00a0: le chemin {dotted} n’existe pas dans le profil.")
    described_logo = content["organisation"].get("logo")
    logo = _logo(path.parent / described_logo["file"], described_logo, findings) if described_logo else None
    files = [(path.name, path.read_bytes())]
    if logo is not None:
        files.append((described_logo["file"], logo.image))
    return Profile(
        id=content["id"],
        version=content["version"],
        effective_from=content["effective_from"],
        effective_until=content.get("effective_until"),
        digest=digest(files),
        content=content,
        logo=logo,
    )


def _present(content: Mapping[str, Any], dotted: str) -> bool:
    node: Any = content
    for name in dotted.split("."):
        if not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    return True


def _logo(path: Path, described_logo: Mapping[str, Any], findings: Findings) -> Logo | None:
    image = path.read_bytes() if path.is_file() else b""
    if (
        not image.startswith(_PNG)
        or len(image) < _PNG_SIZE_AT + _PNG_SIZE.size
        or len(image) > MAX_LOGO_BYTES
    ):
        findings.add(path, "le logo doit être un PNG de 256 Kio au plus.")
        return None
    width, height = _PNG_SIZE.unpack_from(image, _PNG_SIZE_AT)
    if not (0 < width <= _MAX_LOGO_PIXELS and 0 < height <= _MAX_LOGO_PIXELS):
        findings.add(path, "le logo doit mesurer de 1 à 4000 pixels de côté.")
        return None
    printed = described_logo["height_mm"] * _EMU_PER_MM
    return Logo(image, described_logo["alt"], printed * width // height, printed)
