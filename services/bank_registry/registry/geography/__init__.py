"""The official geography, read from the CSV files shipped beside this module, once, before the fork."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from services.bank_registry.registry.spelling import meant
from services.kit import french

_ARTICLE = re.compile(r"^(?:le|la|les|l) ")
_ORDINAL = re.compile(r"\b0*([0-9]{1,2})(?:er?|eme)?\b")
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


def former_communes() -> dict[str, tuple[str, str]]:
    """Of each delegated commune, associated commune and district, by code, its name and today's commune."""
    return {code: (name, head) for code, name, _, head in _rows("communes_anciennes")}


def past_communes() -> dict[str, tuple[str, date]]:
    """Of each commune that is no more since 2011, by code, its name and the first day without it."""
    return {code: (name, date.fromisoformat(end)) for code, name, end in _rows("communes_passees")}


def _past_epci() -> dict[str, list[tuple[int, str]]]:
    """Of each commune, by code, the EPCI that it had before a year, in the order of the years."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for commune, before, siren in _rows("epci_passes"):
        found[commune].append((int(before), siren))
    return dict(found)


def _epci(table: str = "epci") -> dict[str, Epci]:
    """The EPCI of a table by SIREN."""
    return {siren: Epci(siren, name, kind, int(people)) for siren, name, kind, people in _rows(table)}


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


FIRST_COMPOSITION = 2019
"""The year of the oldest composition of the EPCI that is known."""
COMPOSITION = 2026
"""The year of the data."""

MAX_FOUND = 20
"""The most communes that a search returns."""


class Geography:
    """The places of France on the year of the shipped data; immutable."""

    def __init__(self) -> None:
        self._communes = {commune.code: commune for commune in communes()}
        self._epci = _epci()
        self._departements = _departements()
        self._regions = _regions()
        self._former, self._past, self._past_epci = former_communes(), past_communes(), _past_epci()
        self._current_codes = {code: head for code, (_, head) in self._former.items()}
        self._former_epci = _epci("epci_anciens")
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

    def resolve(self, code: str, day: date | None = None) -> Commune | None:
        """The commune of an INSEE code, even of a former or delegated commune or of a district: today's,
        or that of a day, with the EPCI that it had then as far as it is known."""
        current = self._communes.get(code) or self._communes.get(self._current_codes.get(code, ""))
        if day is None or current is None:
            return current
        found, end = self._past.get(code, ("", date.min))
        if day < end:
            departement = code[: 3 if code.startswith("97") else 2]
            region = self._departements[departement].region
            current = current._replace(code=code, name=found, departement=departement, region=region)
        for known in (code, current.code):
            for before, siren in self._past_epci.get(known, ()):
                if day.year < before:
                    return current._replace(epci=siren)
        return current

    @staticmethod
    def composition(day: date) -> int:
        """The year of the composition of EPCI, départements and regions that answers for a day."""
        return min(max(day.year, FIRST_COMPOSITION), COMPOSITION)

    def current(self, code: str) -> Commune | None:
        """Today's commune of an INSEE code."""
        return self.resolve(code)

    def by_postal_code(self, postal_code: str) -> tuple[Commune, ...]:
        """The communes that a postal code serves, the largest first."""
        return tuple(self._by_postal_code.get(postal_code, ()))

    def epci(self, siren: str) -> Epci | None:
        """The EPCI of a SIREN, even if it is no more."""
        return self._epci.get(siren) or self._former_epci.get(siren)

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
        """Communes by name, or by that of a former commune or of a district, at most MAX_FOUND: equal but for
        its article, then beginning so, then others, largest first; else those at one letter from it."""
        return (self._named(text) or self._close(text))[:MAX_FOUND]

    def _named(self, text: str) -> tuple[Commune, ...]:
        wanted = _words(text)
        if not wanted:
            return ()
        found = [one for one in (*self._folded, *self._formerly) if f" {wanted}" in f" {one[0]}"]
        found.sort(key=lambda one: (_rank(one[0], wanted), one[0] != _words(one[1].name), -one[1].population))
        return tuple(dict.fromkeys(commune for _, commune in found))

    def _close(self, text: str) -> tuple[Commune, ...]:
        """The communes whose names have, for each word, one at a letter from it."""
        named = [
            {commune for one in meant(word, self._by_word) for commune in self._by_word[one]}
            for word in _words(text).split()
        ]
        found = set.intersection(*named) if named else set()
        return tuple(sorted(found, key=lambda one: -one.population))

    def find(self, text: str, departement: Departement | None = None) -> tuple[tuple[Commune, ...], bool]:
        """Communes by INSEE code (former ones too), by postal code or by name, at most MAX_FOUND, in a
        département or anywhere; and whether they are only close to the name."""
        text = text.strip()
        current = self.resolve(text.upper())
        found = self.by_postal_code(text) or ((current,) if current else self._named(text))
        kept = [one for one in found or self._close(text) if departement in (None, self._departement(one))]
        return tuple(kept[:MAX_FOUND]), bool(kept) and not found

    def _departement(self, commune: Commune) -> Departement | None:
        return self._departements.get(commune.departement)

    def suggest(self, text: str) -> tuple[Commune, ...]:
        """What may have been meant instead of an INSEE code: a former code, a postal code or a name."""
        text = text.strip()
        current = self.resolve(text)
        return (current,) if current else self.by_postal_code(text) or self.search(text)

    @cached_property
    def _folded(self) -> list[tuple[str, Commune]]:
        return [(_words(commune.name), commune) for commune in self._communes.values()]

    @cached_property
    def _formerly(self) -> list[tuple[str, Commune]]:
        """The names of former communes, delegated ones and districts, with their commune of today."""
        named = ((code, name) for known in (self._former, self._past) for code, (name, _) in known.items())
        found = ((_words(name), self.resolve(code)) for code, name in named)
        return [(name, commune) for name, commune in found if commune and name != _words(commune.name)]

    @cached_property
    def _by_word(self) -> dict[str, list[Commune]]:
        found: dict[str, list[Commune]] = defaultdict(list)
        for name, commune in self._folded:
            for word in name.split():
                found[word].append(commune)
        return dict(found)


def _words(name: str) -> str:
    """The words of a name: `Lyon 3ème`, `Lyon 3e` and `lyon 3` are the same."""
    return _ORDINAL.sub(r"\1", fold(name))


def _rank(name: str, wanted: str) -> int:
    """0 for the name itself, its article apart, 1 for its beginning, 2 for its words."""
    bare = _ARTICLE.sub("", name)
    if wanted in (name, bare):
        return 0
    return 1 if name.startswith(wanted) or bare.startswith(wanted) else 2
