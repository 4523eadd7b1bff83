"""Where an agreement applies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.bank_registry.registry.geography import COMPOSITION, Commune, Geography, fold
from services.bank_registry.registry.identifiers import quoted
from services.kit import french

NAMED = 4
"""Places named in a sentence; the others are counted."""


class Scope(StrEnum):
    """How a territory is given: which list its codes come from."""

    NATIONAL = "NATIONAL"
    REGIONS = "REGIONS"
    DEPARTEMENTS = "DEPARTEMENTS"
    EPCI = "EPCI"
    COMMUNES = "COMMUNES"


_LABELS = {
    Scope.REGIONS: "région",
    Scope.DEPARTEMENTS: "département",
    Scope.EPCI: "intercommunalité",
    Scope.COMMUNES: "commune",
}


@dataclass(frozen=True, slots=True)
class Territory:
    """INSEE codes of regions, départements or communes, SIREN of EPCI, or no code for France."""

    scope: Scope
    codes: tuple[str, ...] = ()

    def covers(self, commune: Commune, geography: Geography, day: date | None) -> bool:
        """Whether the commune of a day is in the territory; former codes of communes are followed."""
        match self.scope:
            case Scope.NATIONAL:
                return True
            case Scope.REGIONS:
                return commune.region in self.codes
            case Scope.DEPARTEMENTS:
                return commune.departement in self.codes
            case Scope.EPCI:
                return commune.epci in self.codes
            case Scope.COMMUNES:
                found = (geography.resolve(code, day) for code in self.codes)
                return commune.code in self.codes or commune.code in {one.code for one in found if one}

    def describe(self, geography: Geography, day: date) -> str:
        """`départements : Ille-et-Vilaine (35) et Morbihan (56)`, with the year of a composition gone by."""
        if self.scope is Scope.NATIONAL:
            return "France entière"
        named = [
            f"{printed(place_name(self.scope, code, geography) or code)} ({code})"
            for code in self.codes[:NAMED]
        ]
        if len(self.codes) > NAMED:
            named.append(french.plural(len(self.codes) - NAMED, "autre"))
        label = _LABELS[self.scope] + ("s" if len(self.codes) > 1 else "")
        gone_by = self.scope is not Scope.COMMUNES and day.year < COMPOSITION
        year = f" ; composition de {geography.composition(day)}" if gone_by else ""
        return french.spaced(f"{label} : {french.join(named)}{year}")


def printed(name: str) -> str:
    """`Val d’Oust`: the official lists have straight apostrophes."""
    return name.replace("'", "’")


def place_name(scope: Scope, code: str, geography: Geography) -> str | None:
    """The name of a place of a territory, None if its code does not exist."""
    look_up = {
        Scope.REGIONS: geography.region,
        Scope.DEPARTEMENTS: geography.departement,
        Scope.EPCI: geography.epci,
        Scope.COMMUNES: geography.current,
    }[scope]
    place = look_up(code)
    return place and place.name


_CODES_OF = {
    Scope.REGIONS: "de région",
    Scope.DEPARTEMENTS: "de département",
    Scope.EPCI: "d’intercommunalité (SIREN)",
    Scope.COMMUNES: "de commune (INSEE)",
}
MAX_SUGGESTIONS = 3


def unknown_place(scope: Scope, code: str, geography: Geography, *, suggest: bool = True) -> str:
    """A sentence with at most three codes that look like what was written."""
    text = f"Le code{quoted(code)} n’existe pas parmi les codes {_CODES_OF[scope]}"
    found = list(dict.fromkeys(_likely(scope, code, geography)))[:MAX_SUGGESTIONS] if suggest else []
    if not found:
        return f"{text}."
    named = [f"{likely} ({printed(place_name(scope, likely, geography) or '')})" for likely in found]
    return f"{text} ; vouliez-vous dire {french.join(named)} ?"


def _likely(scope: Scope, code: str, geography: Geography) -> Iterator[str]:
    """The codes with their capital letter or zeros back, then those of the place that is named."""
    for candidate in (code.upper(), code.zfill(2), code.zfill(5)):
        if place_name(scope, candidate, geography):
            yield candidate
    communes = geography.suggest(code)
    if scope is Scope.COMMUNES:
        yield from (commune.code for commune in communes)
    elif code[:1].isdigit() and scope is not Scope.EPCI:
        yield from (
            commune.departement if scope is Scope.DEPARTEMENTS else commune.region for commune in communes
        )
    else:
        yield from _named(scope, code, geography)


def _named(scope: Scope, name: str, geography: Geography) -> Iterable[str]:
    places: Iterable[tuple[str, str]] = {
        Scope.REGIONS: geography.regions,
        Scope.DEPARTEMENTS: geography.departements,
        Scope.EPCI: geography.all_epci,
    }[scope]
    wanted = fold(name)
    return (code for code, place in places if wanted and f" {wanted}" in f" {fold(place)}")
