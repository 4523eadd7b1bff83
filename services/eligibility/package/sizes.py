"""Size of a package, looked at before anything is read of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.eligibility.package.findings import Findings, Place

MAX_FILES = 100
MAX_TOTAL_BYTES = 2_000_000
MAX_RULES = 1_000
MAX_CASES = 2_000

_RULE = re.compile(rb"^[^\s#].*:", re.MULTILINE)
_CASE = re.compile(rb"^\s*-\s+id\s*:", re.MULTILINE)


def check_sizes(contents: Mapping[str, bytes], findings: Findings) -> bool:
    """False, with findings, when the package is out of size."""
    total = sum(map(len, contents.values()))
    rules = len(_RULE.findall(contents.get("rules.yaml", b"")))
    cases = sum(
        len(_CASE.findall(content)) for file, content in contents.items() if file.startswith("cases/")
    )
    measures = (
        ("package.yaml", len(contents), MAX_FILES, "fichiers"),
        ("package.yaml", total, MAX_TOTAL_BYTES, "octets"),
        ("rules.yaml", rules, MAX_RULES, "règles"),
        ("cases/base.yaml", cases, MAX_CASES, "cas"),
    )
    exceeded = [(file, words, size, most) for file, size, most, words in measures if size > most]
    for file, words, size, most in exceeded:
        findings.add(Place(file, 1, 1), f"Le paquet compte {size} {words} ; {most} au plus sont admis.")
    return not exceeded
