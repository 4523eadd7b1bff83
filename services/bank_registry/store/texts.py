"""Free texts in the store: ciphertext, under keys apart from it that can be destroyed."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Container, Iterable
from uuid import uuid4

from services.bank_registry.registry import ILLEGIBLE, REDACTED, FreeText
from services.bank_registry.store.rows import Told
from services.kit.store import CaseKey, KeyStore, vault

_ANSWERS = "answers"
"""What the key of the kept answers is known by: they repeat the texts, and are lost together."""

_ID_LENGTH = 36


class Texts:
    """The keys of the free texts of a store, and of the answers that it keeps."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def opened(self, stored: Iterable[str], redacted: Container[str]) -> Told:
        """How to read some texts that are kept; those under the `redacted` keys are not read again."""
        wanted = {text: key_of(text) for text in stored if text}
        keys = self._keys.keys({one for one in wanted.values() if one not in redacted})
        found = {text: _read(text, keys.get(one), one in redacted) for text, one in wanted.items()}
        return found.__getitem__

    def keep(self, sealing: Sealing) -> None:
        """Keeps the keys of new texts, before the transaction that writes these ends."""
        self._keys.keep(sealing.new_keys())

    def missing(self, stored: Iterable[str]) -> set[str]:
        """Those of some texts whose key cannot be read."""
        wanted = {text: key_of(text) for text in stored}
        keys = self._keys.keys(wanted.values())
        return {text for text, key in wanted.items() if key not in keys}

    def sealed_answer(self, answer: bytes) -> bytes:
        """An answer as it is kept; under the lock of the writes."""
        (case,) = self._keys.open_cases([_ANSWERS])
        return case.case_id.encode() + vault.encrypted(case.key, answer, case.case_id)

    def opened_answer(self, kept: bytes) -> bytes | None:
        """An answer that is kept; None if its key is gone."""
        case_id = kept[:_ID_LENGTH].decode()
        key = self._keys.keys([case_id]).get(case_id)
        return None if key is None else vault.decrypted(key, kept[_ID_LENGTH:], case_id)

    def answer_keys(self) -> list[str]:
        """The keys under which answers were kept, destroyed ones too."""
        return self._keys.cases(_ANSWERS)

    def tagged(self, mark: str) -> str:
        """What stands for the fingerprint of a request, which repeats a text that can be guessed."""
        return self._keys.request_tag(mark) or ""


class Sealing:
    """The free texts of one write: a text that is kept already keeps its form, and the new ones of each
    version have one key."""

    def __init__(self) -> None:
        self._made: list[CaseKey] = []

    def version(self, known: dict[str, str]) -> Told:
        """How the texts of a version are kept; `known` has, by text, the forms of those of the same lender,
        and receives the new ones."""
        own: list[CaseKey] = []

        def told(text: str) -> str:
            if isinstance(text, FreeText):
                return text.stored
            if text not in known:
                if not own:
                    own.append(CaseKey(str(uuid4()), vault.new_key()))
                    self._made.append(own[0])
                known[text] = _written(own[0], text)
            return known[text]

        return told

    def new_keys(self) -> list[CaseKey]:
        """The keys that were made since the last time."""
        made, self._made = self._made, []
        return made


def is_stored(text: str) -> bool:
    """Whether a text has the form in which the store keeps it."""
    return len(text) > _ID_LENGTH and text[_ID_LENGTH] == ":" and text[8] == text[13] == "-"


def key_of(stored: str) -> str:
    """The key of a text that is kept."""
    return stored[:_ID_LENGTH]


def _written(case: CaseKey, text: str) -> str:
    sealed = vault.encrypted(case.key, text.encode(), case.case_id)
    return f"{case.case_id}:{b64encode(sealed).decode()}"


def _read(stored: str, key: bytes | None, redacted: bool) -> FreeText:
    if redacted:
        return FreeText(REDACTED, stored)
    try:
        sealed = b64decode(stored[_ID_LENGTH + 1 :])
        return FreeText(vault.decrypted(key or b"", sealed, key_of(stored)).decode(), stored)
    except (vault.UnreadableError, ValueError):
        return FreeText(ILLEGIBLE, stored)
