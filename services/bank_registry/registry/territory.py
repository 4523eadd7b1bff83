"""Where an agreement applies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.bank_registry.registry.geography import Commune, Geography
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

    def covers(self, commune: Commune, geography: Geography) -> bool:
        """Whether a present commune is in the territory; former codes of communes are followed."""
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
                return commune.code in self.codes or commune in map(geography.resolve, self.codes)

    def describe(self, geography: Geography) -> str:
        """`départements : Ille-et-Vilaine (35) et Morbihan (56)`."""
        if self.scope is Scope.NATIONAL:
            return "France entière"
        named = [
            f"{printed(place_name(self.scope, code, geography) or code)} ({code})"
            for code in self.codes[:NAMED]
        ]
        if len(self.codes) > NAMED:
            named.append(french.plural(len(self.codes) - NAMED, "autre"))
        label = _LABELS[self.scope] + ("s" if len(self.codes) > 1 else "")
        return french.spaced(f"{label} : {french.join(named)}")


def printed(name: str) -> str:
    """`Val d’Oust`: the official lists have straight apostrophes."""
    return name.replace("'", "’")


def place_name(scope: Scope, code: str, geography: Geography) -> str | None:
    """The name of a place of a territory, None if its code does not exist."""
    look_up = {
        Scope.REGIONS: geography.region,
        Scope.DEPARTEMENTS: geography.departement,
        Scope.EPCI: geography.epci,
        Scope.COMMUNES: geography.resolve,
    }[scope]
    place = look_up(code)
    return place and place.name
