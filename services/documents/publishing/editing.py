"""A Word file edited by staff becomes the next version of its template; the rest of the package stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from services.documents.template import DOCX_FILE, MANIFEST_FILE, read_template, restored_apart
from services.kit.context import remaining
from services.kit.findings import Findings
from services.kit.releases import SIGNATURE_FILE, Contents, versions

_SECONDS = 60.0
_VERSION = re.compile(r"^version:.*$", re.MULTILINE)
_FROM = re.compile(r"^effective_from:.*$", re.MULTILINE)
_UNTIL = re.compile(r"^effective_until:.*\n?", re.MULTILINE)


def continued(
    contents: Contents, docx: bytes, version: str, effective_from: date | None, published: Sequence[str]
) -> Contents:
    """The version published last with another Word file, which has again what LibreOffice drops, version (the
    next one unless given), first day (the same unless given); that version itself if nothing changes."""
    same_version = version in ("", published[-1])
    if contents[DOCX_FILE] == docx:
        if same_version and effective_from in (None, _first_day(contents)):
            return contents
    else:
        docx = restored_apart(docx, contents[DOCX_FILE], seconds=min(remaining(), _SECONDS))
    return _edited(contents, docx, version or _next_version(published), effective_from)


def _first_day(contents: Contents) -> date | None:
    template = read_template(contents, Findings())
    return None if template is None else template.effective_from


def _edited(contents: Contents, docx: bytes, version: str, effective_from: date | None) -> Contents:
    """The package of these files with another Word file, version and first day.

    A first day of its own makes the version valid without end, as the former last day says nothing of it.
    """
    manifest = contents[MANIFEST_FILE].decode()
    manifest = _VERSION.sub(f'version: "{version}"', manifest)
    if effective_from is not None:
        manifest = _FROM.sub(f"effective_from: {effective_from.isoformat()}", manifest)
        manifest = _UNTIL.sub("", manifest)
    kept = {path: content for path, content in contents.items() if path != SIGNATURE_FILE}
    return {**kept, MANIFEST_FILE: manifest.encode(), DOCX_FILE: docx}


def _next_version(published: Iterable[str]) -> str:
    """The version after all those published: 1.0.0, 1.1.0 → 1.2.0; 3 → 4; 1.2.0-rc1 → 1.3.0."""
    newest = max(published, key=versions.rank, default="0")
    latest = [int(number) for number in newest.partition("-")[0].split(".")]
    if len(latest) == 1:
        return str(latest[0] + 1)
    return ".".join(map(str, (latest[0], latest[1] + 1, *(0 for _ in latest[2:]))))
