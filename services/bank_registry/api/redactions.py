"""Redaction: the keys of the free texts that have some words are destroyed, with all that they encrypt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from microcredit.bankregistry.v1 import registry_admin_service_pb2 as pb
from services.bank_registry.api.writing import record_of, write
from services.bank_registry.messages import edits, names
from services.bank_registry.registry import (
    REDACTED,
    BankHistory,
    FreeText,
    StateChange,
    mentions,
    name_of,
    words_of,
)
from services.bank_registry.store import Edit, Origin, RegistryStore, free_texts, key_of
from services.kit import french, wire
from services.kit.errors import FailedPrecondition, FieldReason, Violations
from services.kit.store import ERASED, ERASING

LONGEST_WORDS, FEWEST_LETTERS = 200, 3
MAX_TOLD = 1000

Place = tuple[str, str, str]
"""The name of a resource, the identifier of its lender (none for a state), a field."""


class Redactor:
    """Redacts texts of a store."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    def redact(self, request: pb.RedactTextsRequest) -> pb.RedactTextsResponse:
        """Has keys destroyed, and tells what can no longer be read."""
        violations = Violations()
        bank_id = names.bank_id(request.name, violations, "name") if request.name else ""
        words = _words(request, violations)
        asked = edits.writing(request, violations)
        violations.raise_if_any()

        def work(session: Edit, origin: Origin) -> pb.RedactTextsResponse:
            if bank_id:
                record_of(session, bank_id)
            histories, states = session.registry.histories, session.states()
            wanted = {bank_id: histories[bank_id]} if bank_id else histories
            changed = session.states(bank_id) if bank_id else states
            keys = {
                key_of(text.stored)
                for _, text in (*_texts(wanted), *_reasons(changed))
                if text != REDACTED and mentions(text, words)
            }
            if not keys:
                text = "Aucun texte qui se lise encore n’a ces mots, l’un après l’autre."
                raise FailedPrecondition("NOTHING_TO_REDACT", text)
            every = (*_texts(histories), *_reasons(states))
            found = list(dict.fromkeys(place for place, text in every if key_of(text.stored) in keys))
            lenders = {name: own_id for name, own_id, _ in found if own_id}
            return pb.RedactTextsResponse(
                texts=[pb.RedactedText(name=name, field=field) for name, _, field in found[:MAX_TOLD]],
                text_count=len(found),
                state_number=session.redact(keys, lenders, origin),
            )

        answer = write(self._store, request, asked, pb.RedactTextsResponse, work)
        answer.erased = not asked.validate_only and self._store.erasing.finish()
        answer.message = french.typeset(" ".join(_sentences(answer, validate_only=asked.validate_only)))
        return answer


def _words(request: pb.RedactTextsRequest, violations: Violations) -> list[str]:
    given = wire.line(request.words, "words", violations, longest=LONGEST_WORDS, required=True)
    words = words_of(given)
    if given and len("".join(words)) < FEWEST_LETTERS:
        text = f"Donnez au moins {FEWEST_LETTERS} lettres ou chiffres : trop de textes les auraient."
        violations.add("words", FieldReason.TOO_SHORT, text)
    elif words and mentions(request.reason, words):
        text = "Le motif répète ce qui est à caviarder : il serait gardé."
        violations.add("reason", FieldReason.INCONSISTENT, text)
    return words


def _texts(histories: Mapping[str, BankHistory]) -> Iterator[tuple[Place, FreeText]]:
    """Every free text of some lenders, past ones too, and where it is."""
    for bank_id, history in histories.items():
        for fact in history.facts:
            name = name_of(bank_id, fact)
            for field, text in free_texts(fact):
                if isinstance(text, FreeText):
                    yield (name, bank_id, field.name), text


def _reasons(states: Sequence[StateChange]) -> Iterator[tuple[Place, FreeText]]:
    """The reason of each state."""
    for one in states:
        if isinstance(one.reason, FreeText):
            yield (f"revisions/{one.state_number}", "", "reason"), one.reason


def _sentences(answer: pb.RedactTextsResponse, *, validate_only: bool) -> Iterator[str]:
    count = answer.text_count
    if validate_only:
        yield f"Essai : {french.plural(count, 'texte serait caviardé', 'textes seraient caviardés')}."
        yield "Rien ne le défait ensuite."
        return
    yield f"{french.plural(count, 'texte caviardé', 'textes caviardés')}."
    yield ERASED if answer.erased else ERASING
