"""The open register as `bank-registry publish` writes it, and the alerts, against a running server."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from services.kit.releases import signature
from tests.bank_registry_support import agreement, bank, import_banks
from tests.chromium import browser, needs_chromium
from tests.service.test_bank_registry_cli import command, said
from tests.support import Launch, RunningServer

SECRET = "Zoé Xyzzy"
CONVENTION = {
    "id": "cias",
    "start": "2024-02-01",
    "contact_name": SECRET,
    "address_lines": [f"1 rue de {SECRET}"],
    "postal_code": "56800",
    "city": "Ploërmel",
    "email": "zoe@xyzzy.example",
    "contacts": [{"role": "Suivi", "name": SECRET}],
}
PAUSE = {"start": "2026-03-01", "end": "2026-05-31", "reason": f"plainte de {SECRET}"}
DAY = "01/12/2026"


@pytest.fixture(scope="module")
def server(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> RunningServer:
    folder = tmp_path_factory.mktemp("publish")
    url = f"sqlite:///{folder}/registry.sqlite3"
    whole = agreement(envelope="1000.00", committed="800.00", amount_max="500.00", suspensions=[PAUSE])
    import_banks(
        url,
        folder,
        bank("a-tout", 1, whole, local_conventions=[CONVENTION], suspensions=[PAUSE]),
        bank(
            "des-communes", 2, agreement(scope="COMMUNES", territories=["56138", "35238"], end="2027-06-30")
        ),
        bank(
            "d-epci",
            3,
            agreement(scope="EPCI", territories=["200066777"], end=None, verified_on="2025-01-01"),
        ),
        bank("passe", 4, agreement(scope="NATIONAL", territories=None, end="2020-12-31", start="2019-01-01")),
        bank("<b>&", 5) | {"id": "balise", "name": "Banque <b>& fils"},
    )
    return launch("services.bank_registry", "--workers", "1", "--database-url", url)


@pytest.fixture(scope="module")
def site(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the state after the import, with what changed since it."""
    reason = ("--reason", f"demande de {SECRET}")
    assert command(server.address, "suspend", "d-epci", "--from", "07/12/2026", *reason).returncode == 0
    folder = tmp_path_factory.mktemp("site")
    private, _ = signature.generate_key()
    (folder / "cle.pem").write_bytes(private)
    words = ("publish", str(folder / "www"), "--on", DAY, "--key", str(folder / "cle.pem"), "--since", "1")
    done = command(server.address, *words, "--url", "https://preteurs.example/")
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 prêteurs, état n° 2" in said(done)
    return folder / "www"


class Reader(HTMLParser):
    """The rows, the ids, the links and the tags of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file, self.tags, self.ids, self.links = file, list[str](), set[str](), list[str]()
        self.rows: dict[str, str] = {}
        self._row: str | None = None
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        if found.get("id"):
            self.ids.add(str(found["id"]))
        self.links += [str(found[name]) for name in ("href", "src") if found.get(name)]
        if tag == "tr":
            self._row = found.get("id")

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        if self._row:
            self.rows[self._row] = self.rows.get(self._row, "") + data


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Reader]:
    """Those of two départements, and all the others."""
    read = [site / "departements" / f"{code}.html" for code in (35, 56)]
    read += [file for file in site.rglob("*.html") if file.parent.name != "departements"]
    return {file: Reader(file) for file in read}


def test_nothing_that_could_name_a_person_leaves(site: Path) -> None:
    held = [file for file in site.rglob("*") if file.is_file() and b"yzzy" in file.read_bytes()]
    assert held == []


def test_each_commune_says_who_can_lend_there(site: Path, pages: dict[Path, Reader]) -> None:
    morbihan = pages[site / "departements" / "56.html"].rows
    assert "les prêteurs de tout le département, et " in morbihan["c56165"]
    assert {"des-communes", "d-epci"} <= set(re.findall(r"fictive ([a-z-]+)", morbihan["c56165"]))
    assert morbihan["c56260"].endswith("les prêteurs de tout le département")
    rennes = pages[site / "departements" / "35.html"].rows
    assert "Banque fictive des-communes" in rennes["c35238"]
    assert rennes["c35047"].endswith("aucun prêteur")
    assert not any("passe" in text for text in morbihan.values())


def test_the_page_of_a_lender_shows_its_agreements_its_places_and_its_history(site: Path) -> None:
    text = (site / "preteurs" / "d-epci.html").read_text(encoding="utf-8")
    plain = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", text))
    assert "à partir du 07/12/2026" in plain
    assert "à partir du 01/01/2024" in plain
    assert "Morbihan (56)" in plain
    assert "30 communes" in plain
    assert "Prêteur : suspension à partir du 7 décembre 2026, jusqu’à nouvel ordre." in plain
    assert 'class="frise"' in text
    assert 'class="partie"' in text
    assert "CC BY 4.0" in plain
    assert "<b>&" not in (site / "preteurs" / "balise.html").read_text(encoding="utf-8")


def test_the_site_has_no_script_and_no_dead_link(pages: dict[Path, Reader]) -> None:
    assert not {"script", "iframe", "form", "img"} & {tag for page in pages.values() for tag in page.tags}
    for file, page in pages.items():
        for target in page.links:
            path, _, anchor = target.partition("#")
            aimed = (file.parent / path).resolve() if path else file
            assert aimed.is_file(), (file, target)
            assert not anchor or aimed not in pages or anchor in pages[aimed].ids, (file, target)


def test_the_sums_cover_every_file_and_are_signed(site: Path) -> None:
    sums = (site / "SHA256SUMS").read_bytes()
    listed = {line[66:]: line[:64] for line in sums.decode().splitlines()}
    files = {str(file.relative_to(site)): file for file in site.rglob("*") if file.is_file()}
    assert set(files) - set(listed) == {"SHA256SUMS", "SHA256SUMS.sig"}
    assert listed == {path: hashlib.sha256(files[path].read_bytes()).hexdigest() for path in listed}
    key: Any = load_pem_public_key((site / "cle-publique.pem").read_bytes())
    key.verify((site / "SHA256SUMS.sig").read_bytes(), sums)
    with pytest.raises(InvalidSignature):
        key.verify((site / "SHA256SUMS.sig").read_bytes(), sums + b"\n")


def test_the_feed_tells_each_state_once_latest_first(site: Path) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ET.parse(site / "flux.xml").getroot()
    entries = feed.findall(f"{atom}entry")
    titles = [re.sub(r"\s", " ", entry.findtext(f"{atom}title") or "") for entry in entries]
    assert titles[0] == "Banque fictive d-epci (état n° 2)"
    assert titles[1].endswith("et 2 autres (état n° 1)")
    ids = [feed.findtext(f"{atom}id"), *(entry.findtext(f"{atom}id") for entry in entries)]
    assert len(set(ids)) == 3
    assert feed.findtext(f"{atom}updated") == entries[0].findtext(f"{atom}updated")


CASTS: dict[str, Callable[[str], object]] = {
    "string": str,
    "integer": int,
    "number": Decimal,
    "date": date.fromisoformat,
}


def test_each_table_is_as_its_schema_says(site: Path) -> None:
    data = site / "donnees"
    package = json.loads((data / "datapackage.json").read_text(encoding="utf-8"))
    resources = {one["name"]: one for one in package["resources"]}
    assert {"preteurs", "accords", "conventions", "depuis-1-preteurs"} <= set(resources)
    rows = {}
    for name, resource in resources.items():
        fields = resource["schema"]["fields"]
        head, *found = csv.reader(io.StringIO((data / resource["path"]).read_text(encoding="utf-8")))
        assert head == [field["name"] for field in fields]
        for row in found:
            for field, cell in zip(fields, row, strict=True):
                assert cell or not field.get("constraints", {}).get("required"), (name, field)
                assert not cell or CASTS[field["type"]](cell) is not None
        rows[name] = [dict(zip(head, row, strict=True)) for row in found]
    assert {one["lender"] for one in rows["accords"]} <= {one["id"] for one in rows["preteurs"]}
    assert [one["id"] for one in rows["depuis-1-preteurs"]] == ["d-epci"]
    assert rows["depuis-1-preteurs"][0]["suspensions"] == "2026-12-07/.."
    assert set(rows["conventions"][0]) == {
        "lender",
        "id",
        "reference",
        "start",
        "end",
        "suspensions",
        "answer_days",
    }


@pytest.mark.more("une bibliothèque que l’environnement n’a pas")
@pytest.mark.skipif(not find_spec("frictionless"), reason="frictionless absent : pip install frictionless.")
def test_frictionless_finds_the_package_valid(site: Path) -> None:
    report = import_module("frictionless").validate(str(site / "donnees" / "datapackage.json"))
    assert report.valid, report.flatten(["resourceName", "rowNumber", "message"])


def test_a_folder_that_holds_something_else_is_left_alone(
    server: RunningServer, site: Path, tmp_path: Path
) -> None:
    (tmp_path / "lettre.txt").write_text("à garder", encoding="utf-8")
    done = command(server.address, "publish", str(tmp_path))
    assert (done.returncode, [file.name for file in tmp_path.iterdir()]) == (1, ["lettre.txt"])
    assert command(server.address, "publish", str(tmp_path / "neuf"), "--since", "9").returncode == 2
    assert not (tmp_path / "neuf").exists()


@pytest.mark.more("trois sites entiers")
def test_the_same_registry_on_the_same_day_gives_the_same_bytes(
    server: RunningServer, site: Path, tmp_path: Path
) -> None:
    words = (
        "publish",
        str(tmp_path / "www"),
        "--on",
        DAY,
        "--since",
        "1",
        "--url",
        "https://preteurs.example/",
    )
    for _ in range(2):
        assert command(server.address, *words).returncode == 0
    for file in (tmp_path / "www").rglob("*.html"):
        other = site / file.relative_to(tmp_path / "www")
        assert file.name == "index.html" or file.read_bytes() == other.read_bytes()
    assert not (tmp_path / "www" / "SHA256SUMS.sig").exists()


def test_each_alert_is_told_once(server: RunningServer, tmp_path: Path) -> None:
    told = tmp_path / "dites.json"
    first = command(server.address, "alerts", str(told), "--on", DAY)
    assert (first.returncode, first.stderr) == (0, "")
    assert said(first).splitlines() == [
        "Accord FCS-TEST-1 de Banque fictive a-tout : dernier jour le 31 décembre 2026.",
        "Accord FCS-TEST-1 de Banque fictive a-tout : enveloppe prise à 80 % ou plus, il reste 200,00 €.",
        "Accord FCS-TEST-1 de Banque fictive d-epci : à vérifier sur pièce, "
        "dernière fois le 1er janvier 2025.",
    ]
    assert command(server.address, "alerts", str(told), "--on", DAY).stdout == ""
    later = said(command(server.address, "alerts", str(told), "--on", "02/04/2027"))
    assert "des-communes : dernier jour le 30 juin 2027" in later
    assert "a-tout" not in later
    told.write_text("{}", encoding="utf-8")
    assert command(server.address, "alerts", str(told)).returncode == 1


@pytest.mark.more("un navigateur")
@needs_chromium
def test_the_pages_are_accessible_and_go_by_keyboard(site: Path, tmp_path: Path) -> None:
    names = ("index.html", "departements/56.html", "preteurs/index.html", "preteurs/a-tout.html")
    with browser(tmp_path) as page:
        for name in (*names, "preteurs/d-epci.html", "donnees/index.html", "changements.html"):
            page.open(site / name)
            assert page.violations() == [], name
        page.open(site / "index.html")
        page.press("Tab", 9)
        assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
        page.press("Enter", 13)
        page.press("Tab", 9)
        assert page.evaluate("document.activeElement.closest('main') !== null")
        stops = page.evaluate("document.querySelectorAll('main a').length")
        reached = set()
        for _ in range(stops):
            reached.add(page.evaluate("document.activeElement.href"))
            page.press("Tab", 9)
        assert len(reached) == stops
