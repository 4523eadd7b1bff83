"""Which code runs."""

from __future__ import annotations

import subprocess
import tomllib
from contextlib import suppress
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_SECONDS = 2


def code_version() -> str:
    """The version of the product, with the commit where the code is a checkout of it."""
    with suppress(OSError, subprocess.SubprocessError):
        # A parent folder may be another project's checkout.
        if (ROOT / ".git").exists():
            command = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)  # noqa: S603
            return f"{_version()} ({done.stdout.strip()})"
    return _version()


def _version() -> str:
    with suppress(OSError, KeyError, tomllib.TOMLDecodeError):
        written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(written["project"]["version"])
    with suppress(metadata.PackageNotFoundError):
        return metadata.version("microcredit")
    return "inconnue"
