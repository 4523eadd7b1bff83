"""Files that speak of the project itself: the changelog's fragments, licences, sources of the data."""

from __future__ import annotations

import re
import subprocess
import sys

from scripts import licences
from tests.support import ROOT


def test_every_fragment_of_the_changelog_is_rendered() -> None:
    """A fragment with a name that towncrier does not know is refused, not left out."""
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9.9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    for fragment in (ROOT / "changelog.d").glob("+*"):
        assert " ".join(fragment.read_text(encoding="utf-8").split()) in shown


def test_the_licence_of_every_installed_library_is_written() -> None:
    """`scripts/licences.py > docs/licences.md` writes what is missing here."""
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    written = dict(re.findall(r"^\| ([a-z0-9-]+) \| (.+ \| .+) \|$", page, re.MULTILINE))
    for name, (licence, who, _) in licences.rows().items():
        assert written.get(name) == f"{licence} | {who}", name
    assert set(written) <= licences.locked("requirements.lock")


def test_what_asks_for_its_changes_back_is_named_apart() -> None:
    """The towns' lawyers look for these first."""
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    head, _, table = page.partition("## Toutes")
    for name in re.findall(
        r"^\| ([a-z0-9-]+) \| .*(?:LGPL|Lesser|MPL|Mozilla|\bGPL|Affero)", table, re.MULTILINE
    ):
        assert f"`{name}`" in head


def test_every_folder_of_public_data_has_its_source() -> None:
    cited = (ROOT / "CITATION.md").read_text(encoding="utf-8")
    folders = {
        path.parent for path in (ROOT / "services").rglob("data/*") if path.suffix in (".csv", ".json")
    }
    assert folders
    for folder in folders:
        assert str(folder.relative_to(ROOT)) in cited
