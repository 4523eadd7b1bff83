"""The grammar and the order of versions, the same for every kind of package."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from services.kit.releases.versions import PATTERN, are_same, is_version, rank

ORDER = ["1", "2026.9", "2026.10-rc1", "2026.10-rc.2", "2026.10-rc10", "2026.10-try", "2026.10", "2026.10.1"]


def test_versions_are_ordered_by_their_numbers_and_trials_come_before() -> None:
    assert sorted({*ORDER}, key=rank) == ORDER
    assert len({rank(version) for version in ORDER}) == len(ORDER)
    assert rank("v2026.99") < rank("0.1")


@pytest.mark.parametrize(
    ("one", "other"), [("2026.3", "2026.3.0"), ("2026.3", "2026.03"), ("1.0.0-RC1", "1-rc1")]
)
def test_one_version_may_be_written_in_several_ways(one: str, other: str) -> None:
    assert are_same(one, other)
    assert not are_same(one, f"{other}-x")
    assert not are_same("ancienne", "vieille")


@pytest.mark.parametrize("text", ["", "v1", "1.", ".1", "1..2", "1-", "1-é", "1+2", "1.2.3.4.5", "²", "1 "])
def test_anything_else_is_no_version(text: str) -> None:
    assert not is_version(text)


def test_the_schema_of_templates_has_the_same_grammar() -> None:
    schema = json.loads((files("services.documents.template") / "manifest.schema.json").read_text())
    assert schema["properties"]["version"]["pattern"] == f"^{PATTERN}$"
