"""Lenders, agreements and local conventions from the objects of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from services.bank_registry.files.objects import Fields
from services.bank_registry.registry import (
    ALWAYS,
    CATEGORY,
    ID,
    Advice,
    Agreement,
    Bank,
    BankKind,
    Bound,
    Bounds,
    Contact,
    Geography,
    LocalConvention,
    Scope,
    Suspension,
    Territory,
    identifiers,
    place_name,
    slug,
    unknown_place,
)
from services.kit import french
from services.kit.errors import FieldReason, Violations

MAX_MONTHS = 600
MAX_ANSWER_DAYS = 366
MAX_ADDRESS_LINES, ADDRESS_LINE_LENGTH, CITY_LENGTH = 3, 38, 45
"""A French postal block (NF Z10-011) less the name, the service and the line of the town."""
MAX_CONTACTS = 10
MAX_TERRITORIES = 2000
"""Codes of one territory: above, a wider scope is meant, and answers would be too large."""
MAX_HINTS = 100
"""Unknown codes of a file that have a suggestion: each takes a search among all the communes."""


@dataclass
class BankReader:
    """Reads lenders; `problems` forbid the import, `advice` is to be looked at."""

    geography: Geography
    problems: Violations
    advice: list[Advice]
    _unknown: int = 0

    def bank(self, fields: Fields, bank_id: str | None = None) -> Bank | None:
        """The terms of a lender, whose id may be known already."""
        name = fields.text("name", required=True)
        bank_id = bank_id if bank_id is not None else _id(fields, name)
        kind = fields.choice("kind", BankKind)
        siren = self._identifier(fields, "siren", identifiers.siren_problem, required=True)
        cib = self._identifier(fields, "cib", identifiers.cib_problem)
        bic = self._identifier(fields, "bic", identifiers.bic_problem)
        lei = self._identifier(fields, "lei", identifiers.lei_problem)
        successor = fields.text("successor")
        siret = self._siret(fields, siren)
        network = fields.text("network")
        period = fields.period(ALWAYS.first)
        suspensions = _suspensions(fields)
        holder = identifiers.other_holder(cib, name)
        if holder:
            text = f"Le code banque {cib} est connu comme celui de {holder}."
            self.advice.append(Advice(fields.path("cib"), "CIB_OF_ANOTHER_BANK", text))
        if kind is None or period is None:
            return None
        return Bank(bank_id, name, kind, siren, cib, bic, lei, successor, siret, network, period, suspensions)

    def _siret(self, fields: Fields, siren: str) -> str:
        siret = self._identifier(fields, "siret", identifiers.siret_problem)
        if siret and siren and not siret.startswith(siren):
            fields.problem(
                "siret",
                FieldReason.DUPLICATE,
                f"Le SIRET {siret} n’est pas un établissement du SIREN {siren}.",
            )
        return siret

    def _identifier(
        self, fields: Fields, name: str, problem_of: Callable[[str], str | None], *, required: bool = False
    ) -> str:
        text = fields.text(name, required=required)
        problem = problem_of(text) if text else None
        if problem:
            fields.problem(name, FieldReason.MALFORMED, problem)
        return text

    def agreement(self, fields: Fields) -> Agreement | None:
        """The terms of an agreement; without an id, it has one made from its reference."""
        reference = fields.text("reference", required=True)
        agreement_id = _id_or_slug(fields, reference)
        manager = fields.text("manager")
        territory = self._territory(fields)
        period = fields.period()
        suspensions = _suspensions(fields)
        guarantee_share = fields.percent("guarantee_share_pct")
        envelope, committed = self._envelope(fields)
        amount = _bounds(fields, "amount_min", "amount_max", fields.cents)
        months = _bounds(fields, "months_min", "months_max", lambda name: fields.integer(name, 1, MAX_MONTHS))
        rate = _bounds(fields, "rate_min_pct", "rate_max_pct", fields.percent)
        objects = _codes(fields, "accepted_objects")
        verified_on = fields.day("verified_on")
        evidence, rate_rule = fields.text("evidence"), fields.text("rate_rule")
        if territory is None or period is None:
            return None
        return Agreement(
            agreement_id,
            reference,
            territory,
            period,
            manager,
            suspensions,
            guarantee_share,
            envelope,
            committed,
            amount,
            months,
            rate,
            objects,
            verified_on,
            evidence,
            rate_rule,
        )

    def _envelope(self, fields: Fields) -> tuple[int | None, int | None]:
        envelope, committed = fields.cents("envelope"), fields.cents("committed")
        if committed and committed > (envelope or 0):
            text = "Le montant engagé dépasse l’enveloppe ; vérifiez les deux montants."
            self.advice.append(Advice(fields.path("committed"), "COMMITTED_ABOVE_ENVELOPE", text))
        return envelope, committed

    def _territory(self, fields: Fields) -> Territory | None:
        scope = fields.choice("scope", Scope)
        codes = fields.texts("territories")
        if scope is None:
            return None
        if scope is Scope.NATIONAL:
            if codes:
                text = "Les codes sont sans effet : l’accord vaut pour la France entière."
                self.advice.append(Advice(fields.path("territories"), "CODES_WITHOUT_EFFECT", text))
            return Territory(scope)
        if not 1 <= len(codes) <= MAX_TERRITORIES:
            text = f"Indiquez de 1 à {french.number(MAX_TERRITORIES)} codes de territoire."
            fields.problem("territories", FieldReason.TOO_MANY, text)
        for index, code in _distinct(fields, "territories", codes):
            if place_name(scope, code, self.geography) is None:
                self._unknown += 1
                text = unknown_place(scope, code, self.geography, suggest=self._unknown <= MAX_HINTS)
                fields.problem(f"territories[{index}]", FieldReason.UNKNOWN_PLACE, text)
        return Territory(scope, codes)

    def convention(self, fields: Fields) -> LocalConvention | None:
        """The terms of a local convention; without an id, it has one made from its reference."""
        reference = fields.text("reference")
        convention_id = _id_or_slug(fields, reference) or "convention"
        contact_name = fields.text("contact_name", required=True)
        address_lines = fields.texts("address_lines", longest=ADDRESS_LINE_LENGTH)
        if not 1 <= len(address_lines) <= MAX_ADDRESS_LINES:
            text = f"L’adresse compte de une à {MAX_ADDRESS_LINES} lignes, sans le code postal ni la ville."
            fields.problem("address_lines", FieldReason.TOO_MANY, text)
        postal_code = fields.text("postal_code", required=True)
        if postal_code and not re.fullmatch(r"[0-9]{5}", postal_code):
            fields.problem("postal_code", FieldReason.MALFORMED, "Un code postal compte cinq chiffres.")
        city = fields.text("city", required=True, longest=CITY_LENGTH)
        email, phone = _email(fields), fields.text("phone")
        answer_days = fields.integer("answer_days", 0, MAX_ANSWER_DAYS)
        contacts = self._contacts(fields)
        period = fields.period()
        suspensions = _suspensions(fields)
        if period is None:
            return None
        return LocalConvention(
            convention_id,
            period,
            contact_name,
            address_lines,
            postal_code,
            city,
            reference,
            email,
            phone,
            answer_days,
            contacts,
            suspensions,
        )

    def _contacts(self, fields: Fields) -> tuple[Contact, ...]:
        contacts = tuple(
            Contact(item.text("role", required=True), item.text("name"), _email(item), item.text("phone"))
            for item in fields.objects("contacts")
        )
        if len(contacts) > MAX_CONTACTS:
            fields.problem(
                "contacts", FieldReason.TOO_MANY, f"Une convention a {MAX_CONTACTS} contacts au plus."
            )
        return contacts


def _id(fields: Fields, name: str) -> str:
    text = fields.text("id", required=True)
    if text and not ID.fullmatch(text):
        form = "Un identifiant compte des minuscules sans accent, des chiffres et des tirets"
        fields.problem("id", FieldReason.MALFORMED, f"{form}, par exemple « {slug(name) or 'banque-1'} ».")
    return text


def _id_or_slug(fields: Fields, reference: str) -> str:
    return _id(fields, reference) if fields.given("id") else slug(reference)


def _email(fields: Fields) -> str:
    email = fields.text("email")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        fields.problem("email", FieldReason.MALFORMED, "L’adresse électronique est mal formée.")
    return email


def _suspensions(fields: Fields) -> tuple[Suspension, ...]:
    read = [(item.period(), item.text("reason")) for item in fields.objects("suspensions")]
    known = [Suspension(period, reason) for period, reason in read if period is not None]
    known.sort(key=lambda suspension: suspension.period.first)
    for one, other in pairwise(known):
        if one.period.overlaps(other.period):
            start = french.long_date(other.period.first)
            fields.problem(
                "suspensions", FieldReason.OVERLAP, f"Deux suspensions se chevauchent à partir du {start}."
            )
    return tuple(known)


def _bounds(
    fields: Fields, least_name: str, greatest_name: str, read: Callable[[str], Bound | None]
) -> Bounds[Bound]:
    least, greatest = read(least_name), read(greatest_name)
    if least is not None and greatest is not None and greatest < least:
        fields.problem(greatest_name, FieldReason.OUT_OF_RANGE, "Ce maximum est inférieur au minimum.")
    return Bounds(least, greatest)


def _codes(fields: Fields, name: str) -> tuple[str, ...]:
    codes = fields.texts(name)
    for index, code in _distinct(fields, name, codes):
        if not CATEGORY.fullmatch(code):
            text = "Un code compte des capitales sans accent, des chiffres et des soulignés, comme MOBILITE."
            fields.problem(f"{name}[{index}]", FieldReason.MALFORMED, text)
    return codes


def _distinct(fields: Fields, name: str, codes: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The codes that are not empty, with their place; a repeated one is a problem."""
    seen: set[str] = set()
    for index, code in enumerate(codes):
        if code in seen:
            fields.problem(f"{name}[{index}]", FieldReason.DUPLICATE, f"Le code {code} est répété.")
        elif code:
            seen.add(code)
            yield index, code
