"""What each record of the chain of releases makes of the state before it: publications, activations, keys."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

from services.kit.dates import instant_of, instant_text
from services.kit.releases import signature as signing
from services.kit.releases.timeline import Event, EventKind, Proof, Release, State
from services.kit.releases.trust import Key, Policy, Signature

Content = Mapping[str, Any]


class RecordKind(Enum):
    """What a record says."""

    PUBLISHED = "PUBLISHED"
    ACTIVATED = "ACTIVATED"
    ROLLED_BACK = "ROLLED_BACK"
    SIGNED = "SIGNED"
    """A published version has one more signature."""
    KEY_ADDED = "KEY_ADDED"
    KEY_RETIRED = "KEY_RETIRED"
    KEY_REVOKED = "KEY_REVOKED"
    POLICY_SET = "POLICY_SET"


@dataclass(frozen=True)
class Record:
    """A record, and the state number that it makes; `content` holds JSON values."""

    state_number: int
    kind: RecordKind
    content: Content


@dataclass(frozen=True)
class Author:
    """Who makes a change, when and why."""

    actor: str
    comment: str
    time: datetime

    def written(self) -> Content:
        """As records say it."""
        return {"actor": self.actor, "comment": self.comment, "time": instant_text(self.time)}


def applied(state: State, record: Record) -> State:
    """The state after a record; KeyError, TypeError, ValueError or SignatureError if it cannot follow it."""
    after = _APPLIED[record.kind](state, record)
    return replace(after, state_number=record.state_number)


def publication(release: Release, comment: str, proof: Proof | None) -> Content:
    """What is recorded of a publication."""
    author = Author(release.publisher, comment, release.publish_time)
    return {
        "name": release.name,
        "version": release.version,
        "digest": release.digest,
        "valid_from": release.valid_from.isoformat(),
        "valid_until": _day_text(release.valid_until),
        "key_id": release.key_id,
        **({"proof": asdict(proof)} if proof else {}),
        **author.written(),
    }


def act(event: Event, signature: bytes) -> Content:
    """What is recorded of an activation or a rollback; `signature` is empty when nobody signed it."""
    author = Author(event.actor, event.comment, event.time)
    return {
        "digest": event.digest,
        "effective_date": _day_text(event.effective_date),
        "signature": b64encode(signature).decode(),
        **author.written(),
    }


def key_added(key: Key, author: Author) -> Content:
    """What is recorded of a new key."""
    return {
        "key_id": key.key_id,
        "public_key": b64encode(key.public).decode(),
        "name": key.name,
        "collections": list(key.collections),
        "valid_from": _day_text(key.valid_from),
        "valid_until": _day_text(key.valid_until),
        **author.written(),
    }


def statement_of_act(state: State, event: Event) -> signing.Act:
    """What is signed of an activation or a rollback: upon that state of its package and no other, so that the
    signature serves once."""
    return signing.Act(
        event.kind.value,
        event.name,
        event.version,
        event.digest,
        _day_text(event.effective_date) or "",
        state.etag_of(event.name),
    )


def _published(state: State, record: Record) -> State:
    content = record.content
    time = instant_of(content["time"])
    release = Release(
        name=content["name"],
        version=content["version"],
        digest=content["digest"],
        valid_from=date.fromisoformat(content["valid_from"]),
        valid_until=_day(content["valid_until"]),
        publish_time=time,
        publisher=content["actor"],
        state_number=record.state_number,
        signatures=(Signature(content["key_id"], time),) if content["key_id"] else (),
    )
    # A kind that is not proved has none, nor has what was published before proofs were recorded.
    proof = Proof(**content["proof"]) if "proof" in content else None
    event = replace(_event(record, release, EventKind.PUBLISHED, None), proof=proof)
    return replace(state, releases=(*state.releases, release), events=(*state.events, event))


def _acted(state: State, record: Record) -> State:
    release = state.of(record.content["digest"])
    day = date.fromisoformat(record.content["effective_date"])
    event = _event(record, release, EventKind(record.kind.value), day)
    if state.trust.policy.signed_activations:
        file = b64decode(record.content["signature"])
        event = replace(
            event, key_id=signing.signer(state.trust, statement_of_act(state, event), file, event.time)
        )
    return replace(state, events=(*state.events, event))


def _event(record: Record, release: Release, kind: EventKind, day: date | None) -> Event:
    content = record.content
    return Event(
        record.state_number,
        kind,
        release.name,
        release.version,
        release.digest,
        day,
        instant_of(content["time"]),
        content["actor"],
        content["comment"],
    )


def _signed(state: State, record: Record) -> State:
    content = record.content
    added = Signature(content["key_id"], instant_of(content["time"]), content["signature"])
    releases = tuple(
        replace(one, signatures=(*one.signatures, added)) if one.digest == content["digest"] else one
        for one in state.releases
    )
    return replace(state, releases=releases)


def _key_added(state: State, record: Record) -> State:
    content = record.content
    key = Key(
        content["key_id"],
        b64decode(content["public_key"]),
        content["name"],
        tuple(content["collections"]),
        _day(content["valid_from"]),
        _day(content["valid_until"]),
        instant_of(content["time"]),
    )
    return replace(state, trust=state.trust.with_key(key))


def _key_retired(state: State, record: Record) -> State:
    key = state.trust.keys[record.content["key_id"]]
    changed = replace(key, retire_time=instant_of(record.content["time"]))
    return replace(state, trust=state.trust.with_key(changed))


def _key_revoked(state: State, record: Record) -> State:
    key = state.trust.keys[record.content["key_id"]]
    changed = replace(key, revoke_from=instant_of(record.content["from"]))
    return replace(state, trust=state.trust.with_key(changed))


def _policy_set(state: State, record: Record) -> State:
    content = record.content
    policy = Policy(content["signatures"], content["signed_activations"], content["two_persons"])
    return replace(state, trust=replace(state.trust, recorded=policy))


_APPLIED: Mapping[RecordKind, Callable[[State, Record], State]] = {
    RecordKind.PUBLISHED: _published,
    RecordKind.ACTIVATED: _acted,
    RecordKind.ROLLED_BACK: _acted,
    RecordKind.SIGNED: _signed,
    RecordKind.KEY_ADDED: _key_added,
    RecordKind.KEY_RETIRED: _key_retired,
    RecordKind.KEY_REVOKED: _key_revoked,
    RecordKind.POLICY_SET: _policy_set,
}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
