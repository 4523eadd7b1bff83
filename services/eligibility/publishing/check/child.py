"""The check of a package in a child process with limits: hostile files, endless loops and crashes of the
engine cost the child, never the server."""

from __future__ import annotations

import sys

from services.eligibility.package.findings import Finding, Place
from services.eligibility.publishing.check.report import Report, dump_report, load_report
from services.kit import child
from services.kit.child import Stopped, StoppedError
from services.kit.french import plural
from services.kit.releases import Contents, digest

MAX_SECONDS = 50.0
"""Time that a check may take, less when the call has less."""

_LIMIT_BYTES = 1024**3
_PLACE = Place("package.yaml", 1, 1)
_SENTENCES = {
    Stopped.MEMORY: "Le contrôle demande trop de mémoire : allégez le paquet.",
    Stopped.CRASH: (
        "Le contrôle s’est interrompu : ce paquet met en échec le moteur de règles ou ses limites."
    ),
}


def check(contents: Contents, *, seconds: float) -> Report:
    """Everything to say about the files of a package; a child that is stopped is itself a finding."""
    seconds = min(seconds, MAX_SECONDS)
    try:
        answer = child.ask(__name__, _pack(contents), seconds=seconds, memory=_LIMIT_BYTES)
        return load_report(answer)
    except StoppedError as error:
        return _stopped(contents, _SENTENCES.get(error.reason, _too_long(seconds)))
    except ValueError:
        return _stopped(contents, _SENTENCES[Stopped.CRASH])


def _too_long(seconds: float) -> str:
    return f"Le contrôle n’est pas terminé après {plural(round(seconds), 'seconde')} : allégez le paquet."


def _stopped(contents: Contents, message: str) -> Report:
    return Report((Finding(_PLACE, message),), digest=digest(contents))


def _pack(contents: Contents) -> bytes:
    """Each path and each content after its length, eight bytes."""
    parts = (part for path, content in contents.items() for part in (path.encode(), content))
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def _unpack(packed: bytes) -> Contents:
    parts: list[bytes] = []
    offset = 0
    while offset < len(packed):
        start = offset + 8
        offset = start + int.from_bytes(packed[offset:start], "big")
        parts.append(packed[start:offset])
    return {path.decode(): content for path, content in zip(parts[::2], parts[1::2], strict=True)}


def _examined(question: bytes) -> bytes:
    from services.eligibility.publishing.check.examine import examine

    return dump_report(examine(_unpack(question)))


if __name__ == "__main__":
    sys.exit(child.answer(_examined))
