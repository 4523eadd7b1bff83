"""The states of a store in which a service reads and writes nothing, each with its reason and what to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL

from services.kit.errors import DomainError, FailedPrecondition, Unavailable


def is_of_store(error: Exception) -> bool:
    """True if an error says the state of a store, not what is in it."""
    return isinstance(error, DomainError) and error.reason.startswith("STORE_")


def unavailable() -> Unavailable:
    """The database does not answer in time; it may later."""
    return Unavailable("STORE_UNAVAILABLE", "La base de données ne répond pas.")


def moved() -> FailedPrecondition:
    """The file is no longer the one that was opened."""
    return FailedPrecondition(
        "STORE_MOVED",
        "Le fichier de la base de données a été supprimé ou remplacé pendant que le service l’utilise : "
        "rien n’est plus enregistré. Arrêtez le service, remettez le fichier d’origine ou la dernière "
        "sauvegarde, redémarrez.",
    )


def damaged() -> FailedPrecondition:
    """The file is no sound database, or holds text that is none."""
    return FailedPrecondition(
        "STORE_DAMAGED",
        "Le fichier de la base de données est abîmé : rien n’est plus lu ni enregistré. Arrêtez le service, "
        "gardez ce fichier à part, remettez la dernière sauvegarde, redémarrez.",
    )


def behind() -> FailedPrecondition:
    """A chain has no longer the end that the service had read in it."""
    return FailedPrecondition(
        "STORE_BEHIND",
        "La base de données n’a plus la fin d’un journal que ce service y avait lue : une copie plus "
        "ancienne a pris sa place, ou cette fin a été réécrite. Arrêtez le service, remettez la base "
        "d’aujourd’hui, redémarrez.",
    )


def altered() -> FailedPrecondition:
    """The last record of a chain is not as it was written."""
    return FailedPrecondition(
        "STORE_ALTERED",
        "La dernière ligne d’un journal de la base de données n’est pas telle qu’elle a été écrite : rien "
        "n’est plus lu ni enregistré. Arrêtez le service, gardez cette base à part, remettez la dernière "
        "sauvegarde, redémarrez.",
    )


def of_another_service() -> FailedPrecondition:
    """The tables are not those of this service."""
    return FailedPrecondition(
        "STORE_OF_ANOTHER_SERVICE",
        "La base de données n’a pas les tables de ce service : c’est celle d’un autre, ou elle a été vidée. "
        "Arrêtez le service, corrigez son adresse ou remettez la dernière sauvegarde, redémarrez.",
    )


def of_newer_version() -> FailedPrecondition:
    """A newer version of the service has migrated the tables."""
    return FailedPrecondition(
        "STORE_OF_NEWER_VERSION",
        "La base de données vient d’une version plus récente du service : celle-ci n’y lit ni n’y écrit plus "
        "rien. Installez cette version plus récente, redémarrez.",
    )


def incomplete() -> FailedPrecondition:
    """A part beside the databases is missing, another, or cannot be read: the log says which."""
    return FailedPrecondition(
        "STORE_INCOMPLETE",
        "Ce que garde le service n’est plus entier : sa clé maîtresse ou son fichier des empreintes manque "
        "ou ne peut pas être lu, ou la clé n’est pas celle de sa base. Le journal du serveur dit lequel ; "
        "remettez-le en place.",
    )


def read_only() -> Unavailable:
    """The database takes no write; it may later, given the right, or after a switch of servers."""
    return Unavailable(
        "STORE_READ_ONLY",
        "La base de données n’accepte que la lecture : rien n’est enregistré. Rendez inscriptibles son "
        "fichier et son dossier, ou attendez la fin d’une bascule de serveurs.",
    )


def empty(path: Path) -> str:
    """What is said of a file without any table: something was there, or a first start was cut short."""
    return (
        f"Le fichier {path} de la base de données est vide : rien n’y est créé par-dessus. Remettez la "
        "dernière sauvegarde ; si un premier démarrage a été interrompu, supprimez ce fichier et relancez "
        "avec --init."
    )


def orphaned(path: Path, log: Path) -> str:
    """What is said of the log of a lost file: a new file beside it would be filled from it."""
    return (
        f"Le fichier {path} de la base de données a disparu, alors que {log.name} est encore là : remettez "
        "la dernière sauvegarde, puis relancez."
    )


def unusable(url: URL) -> str:
    """What is said at a start of a database that cannot be opened; no password is in it."""
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database)).absolute()
        return f"La base de données {path} ne peut pas être ouverte ; vérifiez les droits de son dossier."
    return (
        f"La base de données {url.database} du serveur {url.host or 'local'} ne peut pas être ouverte ; "
        "vérifiez son adresse, le mot de passe et les droits du compte."
    )
