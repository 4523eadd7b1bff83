"""Every name that a face lists is there, those that are loaded when first asked for included."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FACES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for path in (ROOT / "services").rglob("__init__.py")
    if "__all__" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("face", FACES)
def test_every_name_of_a_face_is_there(face: str) -> None:
    module = import_module(face)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
