"""The official geography, read from the CSV files shipped beside this module, once, before the fork."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from services.kit import french

_SAINT = re.compile(r"\bst(e?)\b")


def fold(name: str) -> str:
    """The name in plain lower-case words: `Saint-Œn-l'Île` and `ST OEN L ILE` are the same."""
    return _SAINT.sub(r"saint\1", french.fold(name))


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


def _epci() -> dict[str, Epci]:
    """The EPCI by SIREN."""
    return {
        siren: Epci(siren, name, kind, int(population)) for siren, name, kind, population in _rows("epci")
    }


def _departements() -> dict[str, Departement]:
    """The départements by code."""
    return {row[0]: Departement(*row) for row in _rows("departements")}


def _regions() -> dict[str, Region]:
    """The regions by code."""
    return {row[0]: Region(*row) for row in _rows("regions")}


def _rows(name: str) -> Iterator[list[str]]:
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        yield from rows


MAX_FOUND = 20
"""The most communes that a search returns."""


class Geography:
    """The places of France on the year of the shipped data; immutable."""

    def __init__(self) -> None:
        self._communes = {commune.code: commune for commune in communes()}
        self._epci = _epci()
        self._departements = _departements()
        self._regions = _regions()
        self._current_codes = former_communes()
        self._by_postal_code: dict[str, list[Commune]] = defaultdict(list)
        for commune in sorted(self._communes.values(), key=lambda commune: -commune.population):
            self._current_codes.update(dict.fromkeys(commune.former_codes, commune.code))
            for postal_code in commune.postal_codes:
                self._by_postal_code[postal_code].append(commune)

    @staticmethod
    @cache
    def load() -> Geography:
        """The only instance of the process."""
        return Geography()

    @property
    def communes(self) -> Collection[Commune]:
        """Every current commune."""
        return self._communes.values()

    def commune(self, code: str) -> Commune | None:
        """The current commune of an INSEE code."""
        return self._communes.get(code)

    def resolve(self, code: str) -> Commune | None:
        """The current commune of an INSEE code, even of a former or delegated commune or of a district."""
        return self._communes.get(code) or self._communes.get(self._current_codes.get(code, ""))

    def by_postal_code(self, postal_code: str) -> tuple[Commune, ...]:
        """The communes that a postal code serves, the largest first."""
        return tuple(self._by_postal_code.get(postal_code, ()))

    def epci(self, siren: str) -> Epci | None:
        """The EPCI of a SIREN."""
        return self._epci.get(siren)

    def departement(self, code: str) -> Departement | None:
        """The département of a code (`2A`, `974`)."""
        return self._departements.get(code)

    def region(self, code: str) -> Region | None:
        """The region of a code."""
        return self._regions.get(code)

    @property
    def regions(self) -> list[tuple[str, str]]:
        """The code and the name of every region."""
        return [(code, region.name) for code, region in self._regions.items()]

    @property
    def departements(self) -> list[tuple[str, str]]:
        """The code and the name of every département."""
        return [(code, departement.name) for code, departement in self._departements.items()]

    @property
    def all_epci(self) -> list[tuple[str, str]]:
        """The SIREN and the name of every EPCI."""
        return [(siren, epci.name) for siren, epci in self._epci.items()]

    def search(self, text: str) -> tuple[Commune, ...]:
        """Communes by name, at most MAX_FOUND: equal, then beginning so, then others, largest first."""
        return self._named(text)[:MAX_FOUND]

    def _named(self, text: str) -> tuple[Commune, ...]:
        wanted = fold(text)
        if not wanted:
            return ()
        found = [(name, commune) for name, commune in self._folded if f" {wanted}" in f" {name}"]
        found.sort(key=lambda one: (one[0] != wanted, not one[0].startswith(wanted), -one[1].population))
        return tuple(commune for _, commune in found)

    def find(self, text: str, departement: Departement | None = None) -> tuple[Commune, ...]:
        """Communes by INSEE code (former ones too), by postal code or by name, at most MAX_FOUND, in a
        département or anywhere."""
        text = text.strip()
        current = self.resolve(text.upper())
        found = self.by_postal_code(text) or ((current,) if current else self._named(text))
        kept = [one for one in found if departement is None or one.departement == departement.code]
        return tuple(kept[:MAX_FOUND])

    def suggest(self, text: str) -> tuple[Commune, ...]:
        """What may have been meant instead of an INSEE code: a former code, a postal code or a name."""
        text = text.strip()
        current = self.resolve(text)
        return (current,) if current else self.by_postal_code(text) or self.search(text)

    @cached_property
    def _folded(self) -> list[tuple[str, Commune]]:
        return [(fold(commune.name), commune) for commune in self._communes.values()]
