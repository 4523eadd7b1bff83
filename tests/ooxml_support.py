"""Microsoft's Open XML SDK validator, where it is installed."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.support import ROOT


def validator() -> str:
    """The command of the validator, empty when it is absent."""
    installed = ROOT / "build" / "npm" / "node_modules" / ".bin" / "ooxml-validator"
    given = os.environ.get("OOXML_VALIDATOR", "")
    return given or (str(installed) if installed.exists() else shutil.which("ooxml-validator") or "")


needs_validator = pytest.mark.needs(
    validator(), "Validateur Open XML absent\u00a0: « make validator » l’installe (npm requis)."
)
