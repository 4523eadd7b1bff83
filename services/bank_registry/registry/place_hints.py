"""What may have been meant by a code of territory that does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.bank_registry.registry.geography import Geography, fold
from services.bank_registry.registry.territory import Scope, place_name, printed
from services.kit import french

LABELS = {
    Scope.REGIONS: "de région",
    Scope.DEPARTEMENTS: "de département",
    Scope.EPCI: "d’intercommunalité (SIREN)",
    Scope.COMMUNES: "de commune (INSEE)",
}
MAX_SUGGESTIONS = 3


def unknown_place(scope: Scope, code: str, geography: Geography, *, suggest: bool = True) -> str:
    """A sentence with at most three codes that look like what was written."""
    text = f"Le code « {code} » n’existe pas parmi les codes {LABELS[scope]}"
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
