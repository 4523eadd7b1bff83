"""The check of a package in a child process with limits: hostile files, endless loops and crashes of the
engine cost the child, never the server."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from math import ceil

from services.eligibility.checking.report import Report, dump_report, load_report
from services.eligibility.package.findings import Finding, Place
from services.kit.french import plural
from services.kit.releases.archive import Contents, digest

_LIMIT_BYTES = 1024**3
_OUT_OF_MEMORY = 3
_PLACE = Place("package.yaml", 1, 1)


def check(contents: Contents, *, seconds: float) -> Report:
    """Everything to say about the files of a package; a child that is stopped is itself a finding."""
    try:
        child = subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", __name__, str(ceil(seconds))],
            input=_pack(contents),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _stopped(contents, _too_long(seconds))
    except OSError:
        return _stopped(contents, "Le contrôle n’a pas pu commencer sur cette machine ; réessayez.")
    if child.returncode == _OUT_OF_MEMORY:
        return _stopped(contents, "Le contrôle demande trop de mémoire : allégez le paquet.")
    try:
        return load_report(child.stdout)
    except ValueError:
        return _stopped(
            contents,
            "Le contrôle s’est interrompu : ce paquet met en échec le moteur de règles ou ses limites.",
        )


def _too_long(seconds: float) -> str:
    return f"Le contrôle n’est pas terminé après {plural(round(seconds), 'seconde')} : allégez le paquet."


def _stopped(contents: Contents, message: str) -> Report:
    return Report((Finding(_PLACE, message),), digest=digest(contents))


def _environment() -> dict[str, str]:
    """Nothing of the server's own settings; a fixed hash seed, for the same package gives the same report."""
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
    }


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


def main(seconds: int) -> int:
    """Checks the files read on stdin and writes the report on stdout."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds + 1, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_LIMIT_BYTES, _LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        from services.eligibility.checking.examine import examine

        report = dump_report(examine(_unpack(sys.stdin.buffer.read())))
    except MemoryError:
        return _OUT_OF_MEMORY
    sys.stdout.buffer.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
