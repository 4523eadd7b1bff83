"""The shipped geography: counts, former codes, postal codes, names."""

from __future__ import annotations

import csv
import json
import runpy
from datetime import date
from pathlib import Path

import pytest

from services.bank_registry.registry.geography import Geography, communes, fold, former_communes

DATA = Path(__file__).resolve().parents[2] / "services" / "bank_registry" / "registry" / "geography" / "data"
REFRESH = Path(__file__).resolve().parents[2] / "scripts" / "refresh-geography"


@pytest.fixture(scope="module")
def france() -> Geography:
    return Geography.load()


def test_it_is_loaded_once(france: Geography) -> None:
    assert Geography.load() is france
    assert len(communes()) == 34_969


def test_a_former_code_leads_to_the_current_commune(france: Geography) -> None:
    ploermel = france.commune("56165")
    assert ploermel is not None
    assert (ploermel.name, ploermel.departement, ploermel.postal_codes) == ("Ploërmel", "56", ("56800",))
    assert france.commune("56138") is None
    assert france.resolve("56138") is france.resolve("56165") is ploermel
    assert france.resolve("99999") is None


def test_a_district_leads_to_its_city(france: Geography) -> None:
    for code, city in {"75101": "Paris", "13201": "Marseille", "69381": "Lyon"}.items():
        found = france.resolve(code)
        assert found is not None
        assert found.name == city


def test_every_former_commune_leads_to_a_current_one(france: Geography) -> None:
    former = [*former_communes(), *(code for commune in communes() for code in commune.former_codes)]
    assert len(former) > 5000
    assert all(france.resolve(code) for code in former)


def test_every_code_of_a_commune_is_known(france: Geography) -> None:
    for commune in communes():
        assert france.departement(commune.departement)
        assert france.region(commune.region)
        assert not commune.epci or france.epci(commune.epci)


def test_the_epci_of_ploermel_has_thirty_communes(france: Geography) -> None:
    epci = france.epci("200066777")
    assert epci is not None
    assert epci.name == "CC Ploërmel Communauté"
    assert sum(commune.epci == epci.siren for commune in communes()) == 30


def test_a_postal_code_suggests_its_communes_largest_first(france: Geography) -> None:
    suggested = france.suggest(" 56800 ")
    assert suggested == france.by_postal_code("56800")
    assert suggested[0].code == "56165"
    assert {"Ploërmel", "Taupont", "Campénéac"} <= {commune.name for commune in suggested}


def test_a_former_code_and_a_name_are_suggested_too(france: Geography) -> None:
    assert [commune.code for commune in france.suggest("56138")] == ["56165"]
    assert france.suggest("ploermel")[0].code == "56165"
    assert france.suggest("") == france.suggest("xyzzyx") == ()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("PLOERMEL", "Ploërmel"),
        ("st brieuc", "Saint-Brieuc"),
        ("Ste-Anne d Auray", "Sainte-Anne-d'Auray"),
        ("l’ile d’yeu", "L'Île-d'Yeu"),
        ("sucy en", "Sucy-en-Brie"),
        ("mans", "Le Mans"),
        ("plormel", "Ploërmel"),
        ("saint breiuc", "Saint-Brieuc"),
        ("josselinn", "Josselin"),
        ("marseille 1er", "Marseille"),
        ("Paris 12e", "Paris"),
        ("lyon 3ème", "Lyon"),
        ("Lyon 3e arrondissement", "Lyon"),
        ("freigne", "Vallons-de-l'Erdre"),
        ("Arbignieu", "Arboys en Bugey"),
    ],
)
def test_names_are_found_as_people_type_them(france: Geography, typed: str, name: str) -> None:
    assert france.search(typed)[0].name == name


def test_a_district_that_is_none_is_not_found(france: Geography) -> None:
    assert france.search("lyon 10e") == ()


def test_folding() -> None:
    assert fold("Saint-Œn-l’Île") == fold("ST OEN L ILE") == "saint oen l ile"
    assert fold("Æbæ") == "aebae"
    assert fold("Brest") == "brest"
    assert fold(" - ") == ""


def test_refresh_rebuilds_the_files_from_the_package(tmp_path: Path) -> None:
    source = {
        "communes": [
            {
                "code": "56165",
                "nom": "Ploërmel",
                "type": "commune-actuelle",
                "departement": "56",
                "region": "53",
            }
            | {"anciensCodes": ["56138"], "codesPostaux": ["56800"], "population": 10163},
            {"code": "56001", "nom": "Ancienne", "type": "commune-deleguee", "chefLieu": "56165"},
            {"code": "75101", "nom": "Paris 1er", "type": "arrondissement-municipal", "commune": "75056"},
        ],
        "epci": [
            {"code": "200066777", "nom": "CC", "type": "CC", "populationMunicipale": 1}
            | {"membres": [{"code": "56165"}]}
        ],
        "departements": [{"code": "56", "nom": "Morbihan", "region": "53"}],
        "regions": [{"code": "53", "nom": "Bretagne"}],
    }
    (tmp_path / "data").mkdir()
    for name, entries in source.items():
        (tmp_path / "data" / f"{name}.json").write_text(json.dumps(entries), encoding="utf-8")
    runpy.run_path(str(REFRESH))["main"](tmp_path, tmp_path, 2026)
    changed = json.loads((tmp_path / "data" / "epci.json").read_text(encoding="utf-8"))
    changed[0]["code"] = "200000172"
    (tmp_path / "data" / "epci.json").write_text(json.dumps(changed), encoding="utf-8")
    runpy.run_path(str(REFRESH))["main"](tmp_path, tmp_path, 2027)
    past = [
        (tmp_path / f"{name}.csv").read_text(encoding="utf-8") for name in ("epci_passes", "epci_anciens")
    ]
    assert past[0].splitlines()[1:] == ["56165,2027,200066777"]
    assert past[1].splitlines()[1:] == ["200066777,CC,CC,1"]
    with (tmp_path / "communes.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[1:] == [["56165", "Ploërmel", "56", "53", "200000172", "56800", "56138", "10163"]]
    assert (tmp_path / "communes_anciennes.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "56001,Ancienne,commune-deleguee,56165",
        "75101,Paris 1er,arrondissement-municipal,75056",
    ]


@pytest.mark.parametrize(
    ("code", "day", "expected"),
    [
        ("49144", date(2017, 12, 31), ("49144", "Freigné", "49", "52")),
        ("49144", date(2018, 1, 1), ("44180", "Vallons-de-l'Erdre", "44", "52")),
        ("56138", date(2018, 6, 1), ("56138", "Monterrein", "56", "53")),
        ("56138", date(2026, 6, 1), ("56165", "Ploërmel", "56", "53")),
        ("35112", date(2023, 6, 1), ("35112", "Fleurigné", "35", "53")),
    ],
)
def test_a_commune_is_that_of_the_day(
    france: Geography, code: str, day: date, expected: tuple[str, str, str, str]
) -> None:
    found = france.resolve(code, day)
    assert found is not None
    assert (found.code, found.name, found.departement, found.region) == expected


def test_the_members_of_an_epci_are_those_of_the_year(france: Geography) -> None:
    code, before, siren = next(row for row in rows_of("epci_passes") if row[2] and france.commune(row[0]))
    then, now = (
        france.resolve(code, date(int(before) - 1, 6, 1)),
        france.resolve(code, date(int(before), 6, 1)),
    )
    assert then is not None
    assert now is not None
    assert (then.epci, now.epci != siren, then.code) == (siren, True, code)
    assert france.epci(siren) is not None
    years = [france.composition(date(year, 1, 1)) for year in (2011, 2018, 2019, 2023, 2026, 2030)]
    assert years == [2019, 2019, 2019, 2023, 2026, 2026]


def test_what_is_gone_is_still_found_today(france: Geography) -> None:
    gone = [row[0] for row in rows_of("communes_passees")]
    assert len(gone) > 1800
    assert not [code for code in gone if france.resolve(code) is None or france.commune(code)]
    known = [france.departement(code[: 3 if code.startswith("97") else 2]) for code in gone]
    assert all(known)


def rows_of(name: str) -> list[list[str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]
