"""Prints docs/licences.md: the licence that each locked library declares, from its metadata.

Usage: .venv/bin/python scripts/licences.py > docs/licences.md
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("eligibility", "documents", "bank-registry")
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_MAX_DECLARED = 40
HEAD = """# Licences

Le projet est sous licence [EUPL-1.2](../LICENSE). Il s’installe avec les bibliothèques ci-dessous, prises
telles quelles sur PyPI aux versions des verrous (`requirements/*.lock`) ; aucune n’est copiée ni modifiée
dans le dépôt. La licence est celle que chacune déclare dans ses métadonnées. `scripts/licences.py` écrit
cette page ; un test la compare à ce qui est installé.
"""
CHANGEABLE = """
Le projet les importe sans les changer ; chacune peut être remplacée par `pip` sans toucher au projet.
"""


def locked(name: str) -> frozenset[str]:
    """The libraries of a lock file, by their normalized names."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return frozenset(map(normalized, _LOCKED.findall(text)))


def normalized(name: str) -> str:
    """The one spelling of a library's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(distribution: metadata.Distribution) -> str:
    """The licence of an installed library: its SPDX expression, else its classifiers, else its free text."""
    about = distribution.metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = (text.split(" :: ") for text in about.get_all("Classifier") or ())
    named = sorted(words[-1] for words in classifiers if words[:2] == ["License", "OSI Approved"])
    free = "".join(about.get_all("License") or ()).partition("\n")[0]
    # A few older packages paste the whole licence there; the name alone is wanted.
    return ", ".join(named) or (free if 0 < len(free) <= _MAX_DECLARED else "non déclarée")


def embedded(distribution: metadata.Distribution) -> str:
    """The shared libraries that a wheel carries in its folder `NAME.libs`."""
    files = [file for file in distribution.files or () if file.parts[0].endswith(".libs")]
    return ", ".join(sorted({re.split(r"[-.]", file.name)[0] for file in files}))


def rows() -> dict[str, tuple[str, str, str]]:
    """For each locked library that is installed: its licence, who uses it and what its wheel carries."""
    used = {service: locked(f"requirements/{service}.lock") for service in SERVICES}
    everything = locked("requirements.lock")
    found = {}
    for distribution in metadata.distributions():
        name = normalized(distribution.name)
        if name in everything:
            users = [service for service in SERVICES if name in used[service]]
            who = "les trois" if len(users) == len(SERVICES) else ", ".join(users) or "développement"
            found[name] = (declared(distribution), who, embedded(distribution))
    return dict(sorted(found.items()))


def page() -> str:
    """The whole page."""
    found = rows()
    shown = [f"| {name} | {licence} | {who} |" for name, (licence, who, _) in found.items()]
    copyleft = [
        f"- `{name}` : {licence} ({who})."
        for name, (licence, who, _) in found.items()
        if re.search("LGPL|Lesser|MPL|Mozilla", licence)
    ]
    carried = [f"- `{name}` : {libraries}." for name, (_, _, libraries) in found.items() if libraries]
    parts = [
        HEAD,
        "## Celles qui demandent qu’on rende leurs propres changements (LGPL, MPL)\n",
        *copyleft,
        CHANGEABLE,
        "## Bibliothèques partagées que portent les paquets binaires\n",
        *carried,
        "\nElles gardent la licence de leurs auteurs.\n",
        "## Toutes\n",
        "| bibliothèque | licence | pour |\n|---|---|---|",
        *shown,
        "",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
