"""Identifiers of institutions: what is wrong with one, in French, None if it is right."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from schwifty import registry
from stdnum import bic, lei
from stdnum.fr import siren, siret

from services.bank_registry.registry.geography import fold

_CIB = re.compile(r"[0-9]{5}")
_SIREN = re.compile(r"[0-9]{9}")
_SIRET = re.compile(r"[0-9]{14}")
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_BIC = re.compile(r"[A-Z0-9]{8}([A-Z0-9]{3})?")
_SAME_NAME = 0.6
_CODE = 9
"""Characters of the longest code that is quoted, a SIREN; a telephone number has ten."""
_FRENCH = frozenset(("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF"))
"""ISO 3166 codes of France and of its overseas territories, which some of their banks have in their BIC."""


def quoted(text: str) -> str:
    """What was written, in quotes, where it has the form of a code; anything else may be the name or the
    telephone of a person, which an error never repeats."""
    code = text.isascii() and text.isalnum() and len(text) <= _CODE and any(map(str.isdigit, text))
    return f" « {text} »" if code else ""


def siren_problem(text: str) -> str | None:
    """A SIREN is nine digits, the last one a Luhn check digit."""
    if not _SIREN.fullmatch(text):
        return f"Le SIREN{quoted(text)} doit compter neuf chiffres, sans espace."
    if not siren.is_valid(text) or not text.strip("0"):
        return f"La clé de contrôle du SIREN {text} est fausse : vérifiez chaque chiffre."
    return None


def siret_problem(text: str) -> str | None:
    """A SIRET is a SIREN and five digits; Luhn, or for La Poste (356000000) a sum that is a multiple of 5."""
    if not _SIRET.fullmatch(text):
        return f"Le SIRET{quoted(text)} doit compter quatorze chiffres, sans espace."
    if not siret.is_valid(text):
        return f"La clé de contrôle du SIRET {text} est fausse : vérifiez chaque chiffre."
    return None


def cib_problem(text: str) -> str | None:
    """A code banque (CIB) is five digits, leading zeros included; it has no check digit."""
    if not _CIB.fullmatch(text):
        lost = text.isascii() and text.isdigit() and len(text) < 5
        hint = f" ; vouliez-vous dire « {text.zfill(5)} » ?" if lost else ", par exemple « 01234 »."
        return f"Le code banque{quoted(text)} doit compter cinq chiffres, zéros de tête compris{hint}"
    if not text.strip("0"):
        return f"Le code banque {text} n’est celui de personne ; laissez vide ce qui n’existe pas."
    return None


def bic_problem(text: str) -> str | None:
    """A BIC (ISO 9362) is 8 or 11 characters: institution, country, location, branch."""
    if _BIC.fullmatch(text.upper()) and text != text.upper():
        return "Un BIC s’écrit en capitales, par exemple BANKFRPP."
    if not _BIC.fullmatch(text) or not bic.is_valid(text):
        return f"Le BIC{quoted(text)} doit compter 8 ou 11 caractères en capitales, par exemple BANKFRPP."
    if text[4:6] not in _FRENCH:
        return f"Le BIC est d’un autre pays ({text[4:6]}) : un prêteur agréé a un BIC français (FR)."
    return None


def lei_problem(text: str) -> str | None:
    """A LEI (ISO 17442) is 18 characters and two check digits (ISO 7064 mod 97-10)."""
    if not _LEI.fullmatch(text):
        return f"Le LEI{quoted(text)} doit compter 20 caractères en capitales, dont deux chiffres à la fin."
    if not lei.is_valid(text):
        return f"La clé de contrôle du LEI {text} est fausse : vérifiez chaque caractère."
    return None


def other_holder(cib: str, name: str) -> str | None:
    """The published name of the bank that holds a CIB, None if unknown or if it looks like the given name."""
    names = {bank.name for bank in registry.get_banks_by_code("FR", cib)}
    if not names or any(_same(name, published) for published in names):
        return None
    return min(names)


def _same(one: str, other: str) -> bool:
    one, other = fold(one), fold(other)
    return one in other or other in one or SequenceMatcher(None, one, other).ratio() >= _SAME_NAME
