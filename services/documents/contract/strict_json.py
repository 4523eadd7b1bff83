"""Strict JSON: UTF-8, no duplicate key, no fraction, no invisible character, bounded size and depth."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

from services.kit.errors import FieldReason, InvalidArgument, Violation, Violations

MAX_BYTES = 1 << 20
MAX_DEPTH = 16

_TOO_DEEP = f"La donnée a plus de {MAX_DEPTH} niveaux."
_NUMBER = "Les nombres à virgule, NaN et infinis sont refusés ; montants et taux s’écrivent en chaînes."

MAX_DIGITS = 15
"""The longest whole number that every reader keeps exact."""
# C0 and C1 controls except the line feed; what shows nothing (soft hyphen, blanks without width, fillers,
# tags) or reorders what the reader sees; line separators; private use, which each font draws otherwise; lone
# surrogates and non-characters. Joiners and variation selectors shape letters and emoji: they stay.
ILLEGAL = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f\U000f0000-\U0010ffff"
)
"""The characters that no text may hold, as the inside of a character class."""

_ILLEGAL = re.compile(f"[{ILLEGAL}]")
# Where the text itself holds no illegal character, and no escape that may stand for one, no string does.
_SUSPECT = re.compile(rf"[{ILLEGAL}]|\\[bfrtu]")
_PLACEHOLDER = "?"
# What nearly every text is made of; what is left of it is all that may be illegal, in its order.
_ORDINARY = bytes(code for code in range(0x20, 0x7F) if code != ord("\\"))


class _Refused(str):
    """A number that the contract does not know, kept as text so that the check goes on."""

    __slots__ = ()


class _Object(dict[str, Any]):
    """A JSON object of which some keys came twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.duplicates = [key for key, count in counts.items() if count > 1]


def read_sound(raw: bytes) -> tuple[dict[str, Any], bytes] | None:
    """The object and its canonical form (sorted keys, no space, UTF-8); None if there is a text or a key to
    refuse, of which `read` says all, and for a few that are sound too. Fractions are left to the types.

    A decoder keeps one of two keys of the same name: what it dropped is missing in what it writes again.
    """
    try:
        data = orjson.loads(raw) if len(raw) <= MAX_BYTES else None
        canonical = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):
        return None
    # A line feed is the one escape of a sound text; without any other, each quote begins or ends a string.
    unusual = canonical.replace(b"\\n", b"").translate(None, _ORDINARY)
    if not isinstance(data, dict) or b"\\" in unusual or _ILLEGAL.search(unusual.decode()):
        return None
    return (data, canonical) if raw.count(b'"') == canonical.count(b'"') else None


def read(raw: bytes, root: str, names: Collection[str], violations: Violations) -> dict[str, Any]:
    """The object in `raw`; what is refused inside goes to the violations with its path, and becomes `?`.

    A path has the keys that are among `names`, those of the contract, and the position of any other.

    Raises InvalidArgument when there is no JSON object to go on with.
    """
    if len(raw) > MAX_BYTES:
        _refuse(root, FieldReason.TOO_LONG, "La donnée dépasse 1 Mio.")
    reader = _Reader()
    try:
        text = raw.decode("utf-8")
        data = reader.read(text)
    except UnicodeDecodeError:
        _refuse(root, FieldReason.NOT_JSON, "La donnée n’est pas en UTF-8.")
    except json.JSONDecodeError as error:
        _refuse(root, FieldReason.NOT_JSON, _broken(raw, error))
    except RecursionError:
        _refuse(root, FieldReason.TOO_DEEP, _TOO_DEEP)
    except ValueError:
        _refuse(root, FieldReason.NOT_JSON, "La donnée n’est pas du JSON valide.")
    if not isinstance(data, dict):
        _refuse(root, FieldReason.MALFORMED, "Un objet JSON est attendu.")
    if not (reader.refused or _SUSPECT.search(text) or _is_too_deep(data, 1)):
        return data
    cleaned: dict[str, Any] = _Cleaning(names, violations).clean(data, root, 1)
    return cleaned


def _named(found: re.Match[str]) -> str:
    """Which character is refused, and where: it cannot be seen."""
    named = f"U+{ord(found[0]):04X}, au rang {found.start() + 1}"
    return f"Ce texte contient un caractère de contrôle ou invisible ({named}) : retirez-le."


def _broken(raw: bytes, error: json.JSONDecodeError) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        return "La donnée commence par une marque d’encodage (BOM) : écrivez le JSON sans elle."
    return f"La donnée n’est pas du JSON valide (ligne {error.lineno}, colonne {error.colno})."


def has_illegal_character(text: str) -> bool:
    """Whether the text holds a character that no document may carry."""
    return _ILLEGAL.search(text) is not None


def child(path: str, key: str, holder: Iterable[str], names: Collection[str]) -> str:
    """Path of a property of an object; a key that the contract does not have may say anything, so that it is
    not repeated: its position is given, from 1 on."""
    return f"{path}.{key}" if key in names else f"{path}.{_PLACEHOLDER}{list(holder).index(key) + 1}"


def _refuse(root: str, reason: FieldReason, sentence: str) -> NoReturn:
    violation = Violation(root, reason, sentence)
    raise InvalidArgument("INVALID_FIELDS", sentence, metadata={"count": "1"}, violations=[violation])


class _Reader:
    """Reads JSON, and notes whether anything that it read is to be refused."""

    def __init__(self) -> None:
        self.refused = False

    def read(self, text: str) -> Any:
        """The data; ValueError or RecursionError."""
        return json.loads(
            text,
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._number,
            parse_constant=self._number,
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        self.refused = True
        return _Object(pairs)

    def _integer(self, text: str) -> int | _Refused:
        return int(text) if len(text) <= MAX_DIGITS else self._number(text)

    def _number(self, text: str) -> _Refused:
        self.refused = True
        return _Refused(text)


def _is_too_deep(container: Any, depth: int) -> bool:
    """Whether anything in an object or a list at a depth is below MAX_DEPTH."""
    items = container.values() if isinstance(container, dict) else container
    if depth >= MAX_DEPTH:
        return bool(items)
    return any(_is_too_deep(item, depth + 1) for item in items if isinstance(item, dict | list))


@dataclass(frozen=True)
class _Cleaning:
    """Notes what is refused in the data, and puts something harmless in its place."""

    names: Collection[str]
    violations: Violations

    def clean(self, value: Any, path: str, depth: int) -> Any:
        """The same value, without what is refused."""
        if depth > MAX_DEPTH:
            return self._refused(path, FieldReason.TOO_DEEP, _TOO_DEEP)
        if isinstance(value, _Refused):
            return self._refused(path, FieldReason.WRONG_TYPE, _NUMBER)
        if isinstance(value, str):
            # What the forms of Windows send of a line break, and what a tabulation is in a letter.
            value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
            if (found := _ILLEGAL.search(value)) is not None:
                return self._refused(path, FieldReason.NOT_PRINTABLE, _named(found))
        if isinstance(value, dict):
            return self._object(value, path, depth)
        if isinstance(value, list):
            return [self.clean(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
        return value

    def _object(self, value: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
        for key in value.duplicates if isinstance(value, _Object) else ():
            where = child(path, key, value, self.names)
            self.violations.add(where, FieldReason.DUPLICATE, "Cette clé est écrite plusieurs fois.")
        return {
            _ILLEGAL.sub(_PLACEHOLDER, key): self.clean(item, child(path, key, value, self.names), depth + 1)
            for key, item in value.items()
        }

    def _refused(self, path: str, reason: FieldReason, sentence: str) -> str:
        self.violations.add(path, reason, sentence)
        return _PLACEHOLDER


def merge_patch(target: Any, patch: Any) -> Any:
    """The target once patched (RFC 7396): objects are merged, anything else is replaced, null takes away."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
