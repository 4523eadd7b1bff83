"""The page of a lender: what it is, its agreements on a timeline, where it lends, its history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TypeVar

from services.bank_registry.publish.coverage import Coverage, communes_of, departements_of, lending
from services.bank_registry.publish.drawings import outlines, span, timeline
from services.bank_registry.publish.html import Child, Html, element, items, join, link, table, terms
from services.bank_registry.publish.opening import Publication
from services.bank_registry.publish.pages import page, situation
from services.bank_registry.registry import KINDS, Agreement, BankRecord, Commune, printed
from services.kit import french
from services.kit.dates import paris_day

Value = TypeVar("Value", int, Decimal)


def lender(publication: Publication, coverage: Coverage, record: BankRecord) -> bytes:
    """The page of a lender."""
    bank = record.bank
    successor = (
        link(f"{bank.successor}.html", publication.names[bank.successor])
        if bank.successor in publication.names
        else None
    )
    about = terms(
        (
            ("Situation ce jour", situation(record, publication)),
            ("Type", KINDS[bank.kind]),
            ("Réseau", bank.network),
            ("SIREN", bank.siren),
            ("Code banque", bank.cib),
            ("BIC", bank.bic),
            ("LEI", bank.lei),
            ("Repris par", successor),
            ("Suspensions", items(span(one.period) for one in bank.suspensions)),
        )
    )
    return page(
        publication,
        f"preteurs/{bank.id}.html",
        bank.name,
        about,
        element("h2", "Accords"),
        _agreements(record, publication),
        element("h2", "Où il peut prêter ce jour"),
        _places(lending(record, publication.day), coverage),
        element("h2", "Histoire"),
        _history(publication, bank.id),
    )


def _agreements(record: BankRecord, publication: Publication) -> Child:
    if not record.agreements:
        return element("p", "Aucun accord avec le Fonds de cohésion sociale n’est connu.")
    rows = [
        (
            one.reference,
            span(one.period),
            join([items(span(pause.period) for pause in one.suspensions) or "aucune"]),
            items(_terms(one)) or "aucune",
        )
        for one in record.agreements
    ]
    head = ("Référence", "Jours", "Suspensions", "Conditions")
    return [timeline(record, publication.day), table(f"Accords de {record.bank.name}", head, rows)]


def _terms(one: Agreement) -> Iterator[str]:
    """The terms of an agreement that are known."""
    money = _between(one.amount.least, one.amount.greatest, french.euros)
    months = _between(one.months.least, one.months.greatest, french.months)
    rate = _between(one.rate.least, one.rate.greatest, french.percent)
    told = (
        ("gestionnaire", one.manager),
        ("montant", money),
        ("durée", months),
        ("taux", rate),
        ("règle de taux", one.rate_rule),
        ("objets acceptés", ", ".join(one.accepted_objects)),
        ("enveloppe", "" if one.envelope is None else french.euros(one.envelope)),
        ("vérifié le", french.short_date(one.verified_on) if one.verified_on else ""),
    )
    return (f"{name} : {value}" for name, value in told if value)


def _between(least: Value | None, greatest: Value | None, show: Callable[[Value], str]) -> str:
    parts = (("à partir de", least), ("jusqu’à", greatest))
    return " ".join(f"{word} {show(value)}" for word, value in parts if value is not None)


def _places(agreements: Sequence[Agreement], coverage: Coverage) -> Child:
    """The départements covered whole, then the communes of the others, and the map of both."""
    if not agreements:
        return element("p", "Nulle part ce jour.")
    geography = coverage.geography
    whole = {code for one in agreements for code in departements_of(one, geography)}
    named = {
        commune.code: commune
        for one in agreements
        for commune in communes_of(one, geography, coverage.by_epci)
        if commune.departement not in whole
    }
    by_departement: dict[str, list[Commune]] = defaultdict(list)
    for commune in sorted(named.values(), key=lambda one: french.fold(one.name)):
        by_departement[commune.departement].append(commune)
    return [
        outlines(whole, by_departement, "Départements couverts, en entier ou en partie"),
        _whole(sorted(whole), coverage),
        (_part(code, communes, coverage) for code, communes in sorted(by_departement.items())),
    ]


def _whole(codes: Sequence[str], coverage: Coverage) -> Html:
    if not codes:
        return Html()
    every = all(code in codes for code, _ in coverage.geography.departements)
    head = "Toute la France" if every else "Départements entiers"
    listed = [
        [_departement(code, coverage), f", {french.plural(len(coverage.communes[code]), 'commune')}"]
        for code in codes
    ]
    return element("section", element("h3", head), items(listed, "cote-a-cote"))


def _part(code: str, communes: Iterable[Commune], coverage: Coverage) -> Html:
    linked = [
        link(f"../departements/{code}.html#c{one.code}", f"{printed(one.name)} ({one.code})")
        for one in communes
    ]
    count = french.plural(len(linked), "commune")
    return element(
        "section", element("h3", _departement(code, coverage), f", {count}"), items(linked, "cote-a-cote")
    )


def _departement(code: str, coverage: Coverage) -> Html:
    place = coverage.geography.departement(code)
    return link(f"../departements/{code}.html", f"{printed(place.name if place else code)} ({code})")


def _history(publication: Publication, name: str) -> Html:
    told = [
        (
            element(
                "dt",
                f"{french.long_date(paris_day(event.recorded))}, état n° {french.number(event.state_number)}",
            ),
            [element("dd", sentence) for sentence in event.sentences],
        )
        for event in publication.events.get(name, ())
    ]
    return element("dl", told)
