"""Keys and policy of a store of releases: settled at its first use, then changed by records of its chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.kit.dates import instant_text
from services.kit.errors import StartupError
from services.kit.releases import history
from services.kit.releases.history import Author, Content, Record, RecordKind
from services.kit.releases.ledger import HistoryAlteredError, Ledger
from services.kit.releases.store import ACTOR
from services.kit.releases.timeline import State
from services.kit.releases.trust import Key, Policy, Trust
from services.kit.store import ChainSeal, Database

Change = Callable[[State], tuple[RecordKind, Content]]

FOR_EVER = datetime.min.replace(tzinfo=UTC)
"""Revoked from its first signature on."""


class TrustError(Exception):
    """A change of keys that is refused; `sentence` says why in French."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Wanted:
    """What the settings of a server ask for; None leaves it to the store. `keys` are the names and the
    keys of the folder, by id."""

    keys: Mapping[str, tuple[str, bytes]] | None
    two_persons: bool | None


class TrustStore:
    """The keys and the policy of a store, the same for every server that uses it."""

    def __init__(self, database: Database, seal: ChainSeal) -> None:
        self._ledger = Ledger(database, seal)

    def trust(self) -> Trust:
        """The keys and the policy."""
        with self._ledger.reading() as (_, state):
            return state.trust

    def settle(self, asked: Wanted) -> None:
        """Records what the settings of the first server ask for; StartupError if those of a later one
        differ, or if the history was altered."""
        try:
            with self._ledger.writing() as (connection, state):
                if state.trust.recorded is None:
                    for kind, content in _first(asked, datetime.now(UTC)):
                        record = Record(state.state_number, kind, content)
                        state = self._ledger.append(connection, state, record)
                    return
                found = list(_differences(state.trust, asked))
        except HistoryAlteredError as error:
            raise StartupError(error.message) from None
        if found:
            raise StartupError(
                "Les réglages de ce serveur ne sont pas ceux de la base, qui valent pour tous : "
                f"{' ; '.join(found)}."
            )

    def add_key(self, key: Key, author: Author) -> None:
        """Accepts what a key signs from now on; TrustError."""

        def change(state: State) -> tuple[RecordKind, Content]:
            known = state.trust.keys.get(key.key_id)
            if known is not None and known.is_active:
                raise TrustError(f"La clé {key.key_id} est déjà acceptée, sous le nom « {known.name} ».")
            if known is not None and known.revoke_from is not None:
                raise TrustError(f"La clé {key.key_id} a été révoquée : elle ne peut plus être acceptée.")
            return RecordKind.KEY_ADDED, history.key_added(key, author)

        self._record(change)

    def retire_key(self, key_id: str, author: Author) -> None:
        """Accepts nothing new from a key; what it had accepted stays. TrustError."""

        def change(state: State) -> tuple[RecordKind, Content]:
            key = _known(state.trust, key_id)
            if not key.is_active:
                raise TrustError(f"La clé {key_id} n’est déjà plus acceptée.")
            return RecordKind.KEY_RETIRED, {"key_id": key_id, **author.written()}

        self._record(change)

    def revoke_key(self, key_id: str, start: datetime, author: Author) -> None:
        """Voids whatever a key accepted from an instant on: it is in other hands. TrustError."""

        def change(state: State) -> tuple[RecordKind, Content]:
            key = _known(state.trust, key_id)
            if key.revoke_from is not None and key.revoke_from <= start:
                raise TrustError(f"La clé {key_id} est déjà révoquée.")
            content = {"key_id": key_id, "from": instant_text(start), **author.written()}
            return RecordKind.KEY_REVOKED, content

        self._record(change)

    def set_policy(self, policy: Policy, author: Author) -> None:
        """Changes what publications and activations must have from now on. TrustError."""

        def change(state: State) -> tuple[RecordKind, Content]:
            if (policy.signatures or policy.signed_activations) and not state.trust.active:
                raise TrustError("Aucune clé n’est acceptée : ajoutez-en une d’abord (trust add-key).")
            return RecordKind.POLICY_SET, {**vars(policy), **author.written()}

        self._record(change)

    def _record(self, change: Change) -> None:
        with self._ledger.writing() as (connection, state):
            kind, content = change(state)
            self._ledger.append(connection, state, Record(state.state_number + 1, kind, content))


def _first(asked: Wanted, now: datetime) -> Iterator[tuple[RecordKind, Content]]:
    """What is recorded at the first use of a store."""
    author = Author(ACTOR, "", now)
    for key_id, (name, raw) in (asked.keys or {}).items():
        yield RecordKind.KEY_ADDED, history.key_added(Key(key_id, raw, name, (), None, None, now), author)
    policy = Policy(signatures=asked.keys is not None, two_persons=bool(asked.two_persons))
    yield RecordKind.POLICY_SET, {**vars(policy), **author.written()}


def _differences(trust: Trust, asked: Wanted) -> Iterator[str]:
    """What settings say otherwise than a store, and what to do."""
    if asked.keys is not None and not trust.policy.signatures:
        yield (
            "ils demandent des signatures et la base n’en demande pas (trust policy --signatures, ou retirez "
            "le dossier de clés)"
        )
    for key_id in sorted(trust.active ^ (trust.active if asked.keys is None else set(asked.keys))):
        yield _difference(trust, key_id)
    if asked.two_persons not in (None, trust.policy.two_persons):
        says, option = ("non", "--two-persons") if asked.two_persons else ("oui", "--no-two-persons")
        yield f"la règle des deux personnes y est : {says} (changez le réglage, ou trust policy {option})"


def _difference(trust: Trust, key_id: str) -> str:
    key = trust.keys.get(key_id)
    if key is None:
        return f"la clé {key_id} du dossier n’est pas dans la base (trust add-key, ou retirez le fichier)"
    if key.is_active:
        return (
            f"la clé {key_id} (« {key.name} ») de la base n’est pas dans le dossier (remettez le fichier, ou "
            "trust retire-key)"
        )
    return f"la clé {key_id} (« {key.name} ») du dossier n’est plus acceptée par la base (retirez le fichier)"


def _known(trust: Trust, key_id: str) -> Key:
    key = trust.keys.get(key_id)
    if key is None:
        raise TrustError(f"Aucune clé de la base n’a l’identifiant {key_id} (trust list les montre).")
    return key
