"""Who can lend where on a day: by whole départements, then by communes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.bank_registry.registry import (
    Agreement,
    BankRecord,
    BankState,
    Commune,
    Geography,
    Scope,
    in_force,
    state_on,
)


@dataclass
class Coverage:
    """The lenders (their ids) of each département as a whole, and those of a commune beside them."""

    geography: Geography
    everywhere: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    beside: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    communes: dict[str, list[Commune]] = field(default_factory=lambda: defaultdict(list))
    """The communes of each département, by name."""
    by_epci: dict[str, list[Commune]] = field(default_factory=lambda: defaultdict(list))

    def lenders(self, commune: Commune) -> list[str]:
        """All those of a commune."""
        return [*self.everywhere[commune.departement], *self.beside[commune.code]]


def coverage(records: Sequence[BankRecord], day: date, geography: Geography) -> Coverage:
    """Who lends where on a day, amounts and other terms apart."""
    found = Coverage(geography)
    for commune in sorted(geography.communes, key=lambda one: (one.name, one.code)):
        found.communes[commune.departement].append(commune)
        found.by_epci[commune.epci].append(commune)
    for record in records:
        _add(record, lending(record, day), found)
    return found


def lending(record: BankRecord, day: date) -> list[Agreement]:
    """The agreements under which a lender can lend on a day; none if it is suspended itself."""
    if state_on(record, day) is not BankState.IN_FORCE:
        return []
    return [agreement for agreement in record.agreements if in_force(agreement, day)]


def departements_of(agreement: Agreement, geography: Geography) -> list[str]:
    """The départements that an agreement covers whole."""
    codes = agreement.territory.codes
    match agreement.territory.scope:
        case Scope.NATIONAL:
            return [code for code, _ in geography.departements]
        case Scope.REGIONS:
            regions = ((code, geography.departement(code)) for code, _ in geography.departements)
            return [code for code, place in regions if place and place.region in codes]
        case Scope.DEPARTEMENTS:
            return list(codes)
    return []


def communes_of(
    agreement: Agreement, geography: Geography, by_epci: dict[str, list[Commune]]
) -> Iterator[Commune]:
    """The communes that an agreement names itself, or by their EPCI."""
    match agreement.territory.scope:
        case Scope.EPCI:
            for code in agreement.territory.codes:
                yield from by_epci.get(code, ())
        case Scope.COMMUNES:
            yield from filter(None, map(geography.resolve, agreement.territory.codes))


def _add(record: BankRecord, agreements: Sequence[Agreement], found: Coverage) -> None:
    name = record.bank.id
    whole = {code for agreement in agreements for code in departements_of(agreement, found.geography)}
    for code in whole:
        found.everywhere[code].append(name)
    named = {
        commune.code: commune
        for agreement in agreements
        for commune in communes_of(agreement, found.geography, found.by_epci)
    }
    for commune in named.values():
        if commune.departement not in whole:
            found.beside[commune.code].append(name)
