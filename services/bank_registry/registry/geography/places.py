"""Places and their reading from the CSV files shipped beside this module."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_DATA = Path(__file__).with_name("data")


class Commune(NamedTuple):
    """A current commune; `epci` is empty for the few that belong to none."""

    code: str
    name: str
    departement: str
    region: str
    epci: str
    postal_codes: tuple[str, ...]
    former_codes: tuple[str, ...]
    population: int = 0


class Epci(NamedTuple):
    """An inter-municipal body: SIREN, name, kind (CC, CA, CU, METRO) and municipal population."""

    siren: str
    name: str
    kind: str
    population: int


class Departement(NamedTuple):
    """A département, or an overseas territory that has none."""

    code: str
    name: str
    region: str


class Region(NamedTuple):
    """A region, or an overseas territory that has none."""

    code: str
    name: str


def communes() -> list[Commune]:
    """The current communes, by code."""
    return [
        Commune(
            code, name, departement, region, epci, tuple(postal.split()), tuple(former.split()), int(people)
        )
        for code, name, departement, region, epci, postal, former, people in _rows("communes")
    ]


def former_communes() -> dict[str, str]:
    """The current commune of each delegated commune, associated commune and district, by code."""
    return {code: head for code, _, _, head in _rows("communes_anciennes")}


def epci() -> dict[str, Epci]:
    """The EPCI by SIREN."""
    return {
        siren: Epci(siren, name, kind, int(population)) for siren, name, kind, population in _rows("epci")
    }


def departements() -> dict[str, Departement]:
    """The départements by code."""
    return {row[0]: Departement(*row) for row in _rows("departements")}


def regions() -> dict[str, Region]:
    """The regions by code."""
    return {row[0]: Region(*row) for row in _rows("regions")}


def _rows(name: str) -> Iterator[list[str]]:
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        yield from rows
