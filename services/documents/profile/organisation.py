"""Organisation profiles: who writes the letters, dated and published beside the templates."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from services.documents.contract import Schema, described, refuse_other_files, typeset_once
from services.documents.profile.law import faults
from services.kit.findings import Findings, Place
from services.kit.releases import Contents, digest, versions

PROFILE_FILE = "profile.yaml"
"""The file that describes a profile."""
MAX_LOGO_BYTES = 256 * 1024

_SCHEMA = Schema.load(Path(__file__).parent.parent / "profiles" / "profile.schema.json")
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


def read_profile(contents: Contents, findings: Findings) -> Profile | None:
    """The profile of these files; None when its description cannot be used."""
    content = described(contents, PROFILE_FILE, _SCHEMA, findings)
    if content is None:
        return None
    for dotted in content["sources"]:
        if not _present(content, dotted):
            findings.error(
                Place(PROFILE_FILE),
                f"sources : le chemin {dotted} n’existe pas dans le profil.",
                "SOURCE_UNKNOWN",
            )
    if not versions.is_version(content["version"]):
        findings.error(Place(PROFILE_FILE), versions.SENTENCE, "VERSION_MALFORMED")
    for sentence in faults(content["law"]["credit_notice"]):
        findings.error(Place(PROFILE_FILE), f"law.credit_notice : {sentence}", "LAW_NOT_COVERED")
    described_logo = content["organisation"].get("logo")
    refuse_other_files(
        contents, (PROFILE_FILE, *([described_logo["file"]] if described_logo else [])), findings
    )
    logo = _logo(contents, described_logo, findings) if described_logo else None
    return _profile(content, logo, digest(contents))


def described_profile(content: Mapping[str, Any], logo: Logo | None) -> Profile:
    """The profile of a description accepted before, in JSON values."""
    return _profile(_SCHEMA.typed(content), logo, "")


def _profile(content: Mapping[str, Any], logo: Logo | None, package_digest: str) -> Profile:
    return Profile(
        id=content["id"],
        version=content["version"],
        effective_from=content["effective_from"],
        effective_until=content.get("effective_until"),
        digest=package_digest,
        content=typeset_once(content),
        logo=logo,
    )


def _present(content: Mapping[str, Any], dotted: str) -> bool:
    node: Any = content
    for name in dotted.split("."):
        if not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    return True


def _logo(contents: Contents, described_logo: Mapping[str, Any], findings: Findings) -> Logo | None:
    name = described_logo["file"]
    image = contents.get(name, b"")
    if (
        not image.startswith(_PNG)
        or len(image) < _PNG_SIZE_AT + _PNG_SIZE.size
        or len(image) > MAX_LOGO_BYTES
    ):
        findings.error(Place(name), "le logo doit être un PNG de 256 Kio au plus.", "LOGO")
        return None
    width, height = _PNG_SIZE.unpack_from(image, _PNG_SIZE_AT)
    if not (0 < width <= _MAX_LOGO_PIXELS and 0 < height <= _MAX_LOGO_PIXELS):
        findings.error(Place(name), "le logo doit mesurer de 1 à 4000 pixels de côté.", "LOGO")
        return None
    printed = described_logo["height_mm"] * _EMU_PER_MM
    return Logo(image, described_logo["alt"], printed * width // height, printed)
