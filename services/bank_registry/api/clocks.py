"""The repair of a registry whose clock was ahead, by a person at its machine."""

from __future__ import annotations

from services.bank_registry.store import REDATING, Origin, Places
from services.kit import french
from services.kit.dates import from_microseconds, paris_text
from services.kit.errors import DomainError, StartupError


def repair_clock(places: Places, by: str) -> str:
    """Gives the hour of today to the states that a clock ahead dated in the future, in the name of a person;
    gives a French sentence, or StartupError."""
    try:
        with places.opened() as store, store.edit() as session:
            if session.is_in_doubt:
                raise StartupError(
                    "L’heure de cette machine est en doute : vérifiez-la, confirmez-la "
                    "(confirm-clock --by NOM), puis relancez la même commande."
                )
            instants = session.redate(Origin(by, REDATING, "Horloge en avance"))
    except DomainError as error:
        raise StartupError(error.message) from error
    if not instants:
        raise StartupError("Aucun état n’est daté de l’avenir : il n’y a rien à réparer.")
    states = french.plural(len(instants), "état daté", "états datés")
    last, now = (paris_text(from_microseconds(max(found))) for found in (instants, instants.values()))
    return (
        f"{by} répond de l’heure : {states} de l’avenir, jusqu’au {last}, le sont maintenant du {now}. Le "
        "journal garde leurs heures d’origine. Une réservation posée entre-temps garde son échéance : "
        "libérez-la au besoin."
    )
