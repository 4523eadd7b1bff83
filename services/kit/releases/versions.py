"""The version of a release: never used twice and, where packages are signed, only going up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import digits

from services.kit.errors import AlreadyExists, FailedPrecondition
from services.kit.releases.timeline import Release


def refuse_used(version: str, published: Sequence[Release]) -> None:
    """AlreadyExists if a version is published."""
    for release in published:
        if release.version == version:
            raise AlreadyExists(
                "VERSION_ALREADY_PUBLISHED",
                f"La version {version} est déjà publiée avec un autre contenu : une version publiée ne "
                "change plus, donnez un autre numéro à celle-ci.",
                metadata={"version": version, "digest": release.digest},
            )


def refuse_older(version: str, published: Sequence[Release]) -> None:
    """FailedPrecondition if a version is not above every published one: an old package cannot come back."""
    latest = max((release.version for release in published), key=_rank, default=None)
    if latest is not None and _rank(version) <= _rank(latest):
        raise FailedPrecondition(
            "VERSION_OLDER",
            f"La version {version} n’est pas plus récente que la version {latest}, déjà publiée.",
            metadata={"version": version, "latest": latest},
        )


def _rank(version: str) -> tuple[tuple[int, int, str], ...]:
    """Orders versions by their numbers: 2026.10 comes after 2026.9."""
    parts = re.findall("[0-9]+|[^0-9.]+", version)
    return tuple((1, int(part), "") if part[0] in digits else (0, 0, part) for part in parts)
