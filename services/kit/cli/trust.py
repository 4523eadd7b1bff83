"""The commands on the keys and the policy of a store, for one who administers the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from services.kit.cli.commands import add_commands
from services.kit.cli.days import parse_day
from services.kit.cli.outcome import GOOD, USAGE, CommandError
from services.kit.cli.output import Output
from services.kit.cli.program import program, run
from services.kit.cli.target import Address, Comment
from services.kit.dates import paris_day
from services.kit.errors import DomainError, StartupError

if TYPE_CHECKING:
    from services.kit.releases import Author, Key, Policy, TrustStore

HELP = """\
Les clés de signature et la politique d’une base, les mêmes pour tous les serveurs qui s’en servent.

Ces commandes écrivent dans la base, dont elles lisent l’adresse comme le serveur (variables
d’environnement) ; un serveur qui tourne les suit dans la seconde. L’historique garde qui, quand, pourquoi.
"""
By = Annotated[str, typer.Option("--by", metavar="NOM", help="Qui agit, pour l’historique.")]
KeyId = Annotated[str, typer.Argument(metavar="CLÉ", help="L’identifiant de la clé (list les montre).")]
_NAME_LENGTH = 100

T = TypeVar("T")


def main(service: str, open_store: Callable[[], TrustStore], arguments: Sequence[str]) -> int:
    """Runs `python -m services.SERVICE trust …`; returns the exit code."""
    app = program(HELP)
    commands = TrustCommands(open_store)
    named: dict[str, Callable[..., int]] = {
        "list": commands.list_all,
        "add-key": commands.add_key,
        "retire-key": commands.retire_key,
        "revoke-key": commands.revoke_key,
        "policy": commands.policy,
    }
    add_commands(app, Address("", ""), **named)
    return run(app, f"python -m services.{service} trust", arguments)


class TrustCommands:
    """The commands, on the store that `open_store` opens."""

    def __init__(self, open_store: Callable[[], TrustStore]) -> None:
        self._open_store = open_store

    def list_all(self, out: Output) -> int:
        """Montre la politique et les clés."""
        trust = self._run(lambda store: store.trust())
        out.document({"policy": vars(trust.policy), "keys": [_document(key) for key in trust.keys.values()]})
        out.lines(_sentences(trust.policy))
        rows = (
            (key.key_id, key.name, ", ".join(key.collections) or "toutes", _state(key))
            for key in trust.keys.values()
        )
        out.table(("clé", "nom", "collections", "état"), rows)
        return GOOD

    def add_key(
        self,
        out: Output,
        file: Annotated[Path, typer.Argument(metavar="FICHIER", help="La clé publique (PEM).")],
        name: Annotated[str, typer.Option("--name", metavar="NOM", help="De qui est la clé.")],
        by: By,
        collection: Annotated[
            list[str] | None,
            typer.Option("--collection", metavar="COLLECTION", help="templates ou profiles ; sinon toutes."),
        ] = None,
        valid_from: Annotated[
            date | None,
            typer.Option("--from", metavar="DATE", parser=parse_day, help="Premier jour où elle signe."),
        ] = None,
        valid_until: Annotated[
            date | None,
            typer.Option("--until", metavar="DATE", parser=parse_day, help="Dernier jour où elle signe."),
        ] = None,
        comment: Comment = "",
    ) -> int:
        """Accepte ce qu’une clé signe."""
        from services.kit.releases import Key, signature

        try:
            raw = signature.read_public_key(file.read_bytes())
        except (OSError, signature.KeyFileError):
            text = f"« {file} » n’est pas une clé publique Ed25519 (PEM, une par fichier)."
            raise CommandError(text, exit_code=USAGE) from None
        author = _author(by, comment)
        key_id = signature.key_id(raw)
        key = Key(key_id, raw, _named(name), tuple(collection or ()), valid_from, valid_until, author.time)
        self._run(lambda store: store.add_key(key, author))
        out.document({"key_id": key_id})
        out.line(f"Clé {key_id} acceptée.", "green")
        return GOOD

    def retire_key(self, out: Output, key: KeyId, by: By, comment: Comment = "") -> int:
        """N’accepte plus rien de nouveau d’une clé ; ce qu’elle a signé reste en vigueur."""
        self._run(lambda store: store.retire_key(key, _author(by, comment)))
        out.document({"key_id": key})
        out.line(f"Clé {key} retirée : ce qu’elle a signé jusqu’ici reste accepté.", "green")
        return GOOD

    def revoke_key(
        self,
        out: Output,
        key: KeyId,
        by: By,
        since: Annotated[
            date | None,
            typer.Option(
                "--since", metavar="DATE", parser=parse_day, help="Depuis quel jour ; sinon, toujours."
            ),
        ] = None,
        comment: Comment = "",
    ) -> int:
        """Annule ce qu’une clé a signé : elle est en d’autres mains."""
        from services.kit.releases import FOR_EVER

        start = FOR_EVER if since is None else datetime(since.year, since.month, since.day, tzinfo=UTC)
        self._run(lambda store: store.revoke_key(key, start, _author(by, comment)))
        out.document({"key_id": key})
        out.line(
            f"Clé {key} révoquée : les jours gouvernés par ce qu’elle seule a signé restent sans "
            "réponse, jusqu’à une autre signature ou une autre version.",
            "yellow",
        )
        return GOOD

    def policy(
        self,
        out: Output,
        by: By,
        signatures: Annotated[
            bool | None, typer.Option("--signatures/--no-signatures", help="Signer chaque publication.")
        ] = None,
        signed_activations: Annotated[
            bool | None,
            typer.Option("--signed-activations/--no-signed-activations", help="Signer chaque activation."),
        ] = None,
        two_persons: Annotated[
            bool | None, typer.Option("--two-persons/--no-two-persons", help="Publier et activer à deux.")
        ] = None,
        comment: Comment = "",
    ) -> int:
        """Change ce que doivent avoir les publications et les mises en vigueur à venir."""
        asked = {
            "signatures": signatures,
            "signed_activations": signed_activations,
            "two_persons": two_persons,
        }
        given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}

        def change(store: TrustStore) -> Policy:
            changed = replace(store.trust().policy, **given)
            store.set_policy(changed, _author(by, comment))
            return changed

        changed = self._run(change)
        out.document({"policy": vars(changed)})
        out.lines(_sentences(changed), "green")
        return GOOD

    def _run(self, act: Callable[[TrustStore], T]) -> T:
        """Acts on the store; CommandError with its sentence if it refuses."""
        from services.kit.releases import TrustError

        try:
            return act(self._open_store())
        except TrustError as error:
            raise CommandError(error.sentence) from None
        except StartupError as error:
            raise CommandError(str(error)) from None
        except DomainError as error:
            raise CommandError(error.message, reason=error.reason) from None


def _author(by: str, comment: str) -> Author:
    from services.kit.releases import Author

    return Author(_named(by), comment, datetime.now(UTC))


def _named(name: str) -> str:
    written = " ".join(name.split())
    if not written or len(written) > _NAME_LENGTH or not written.isprintable():
        raise CommandError(f"Un nom compte de 1 à {_NAME_LENGTH} caractères.", exit_code=USAGE)
    return written


def _sentences(policy: Policy) -> list[str]:
    """What a policy asks for."""
    return [
        f"Publications signées : {_yes(policy.signatures)}.",
        f"Mises en vigueur signées : {_yes(policy.signed_activations)}.",
        f"Règle des deux personnes : {_yes(policy.two_persons)}.",
    ]


def _yes(value: bool) -> str:
    return "oui" if value else "non"


def _state(key: Key) -> str:
    if key.revoke_from is not None:
        return "révoquée"
    return "acceptée" if key.retire_time is None else f"retirée le {paris_day(key.retire_time).isoformat()}"


def _document(key: Key) -> dict[str, Any]:
    """A key in the JSON of a command."""
    days = {"valid_from": key.valid_from, "valid_until": key.valid_until}
    return {
        "key_id": key.key_id,
        "name": key.name,
        "collections": list(key.collections),
        "state": "REVOKED" if key.revoke_from else "RETIRED" if key.retire_time else "ACTIVE",
        **{name: day.isoformat() if day else "" for name, day in days.items()},
    }
