"""The JSON file of a registry keeper: its text, then the lenders that it states."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NoReturn

from services.bank_registry.importers.banks import BankReader
from services.bank_registry.importers.fields import Fields
from services.bank_registry.importers.identities import check_identities
from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import BankRecord
from services.kit.errors import Violations
from services.kit.geography import Geography

FORMAT = "registre-preteurs/1"
MAX_BYTES = 32 * 1024 * 1024


class UnreadableFile(Exception):  # noqa: N818
    """The file is not a JSON object: one French sentence."""


@dataclass(frozen=True)
class Reading:
    """What a file states, what forbids its import, and what is to be looked at."""

    records: list[BankRecord]
    problems: Violations
    advice: Violations


def read(data: bytes, known: Records, geography: Geography) -> Reading:
    """Reads a file against what is known; raises UnreadableFile if it is not even a JSON object."""
    problems, advice = Violations(), Violations()
    document = Fields(parse(data), "", problems)
    if document.text("format", required=True) not in ("", FORMAT):
        document.problem("format", "UNKNOWN_FORMAT", f"Le format attendu est « {FORMAT} ».")
    entries = BankReader(geography, problems, advice).read(document)
    document.finish()
    check_identities(entries, known)
    return Reading([entry.record for entry in entries], problems, advice)


def parse(data: bytes) -> dict[str, object]:
    """The object of a JSON text in UTF-8; a repeated key, NaN and Infinity are refused."""
    if len(data) > MAX_BYTES:
        raise UnreadableFile(f"Le fichier dépasse {MAX_BYTES // 1024 // 1024} Mio.")
    try:
        document = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise UnreadableFile("Le fichier doit être enregistré en UTF-8.") from error
    except json.JSONDecodeError as error:
        place = f"ligne {error.lineno}, colonne {error.colno}"
        raise UnreadableFile(f"Le fichier n’est pas du JSON valide ({place}).") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("Le fichier contient un nombre ou une imbrication démesurés.") from error
    if not isinstance(document, dict):
        raise UnreadableFile("Le fichier doit contenir un objet, entre accolades.")
    return document


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise UnreadableFile(f"Le champ « {repeated} » est écrit deux fois dans le même objet.")
    return values


def _refuse_constant(text: str) -> NoReturn:
    raise UnreadableFile(f"« {text} » n’est pas un nombre.")
