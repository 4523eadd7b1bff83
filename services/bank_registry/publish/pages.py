"""The pages that lead somewhere: home, départements with their communes, lenders, open data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from services.bank_registry.publish.coverage import Coverage, lending
from services.bank_registry.publish.drawings import MAP_SOURCE, outlines
from services.bank_registry.publish.html import Child, Html, element, items, join, link, table
from services.bank_registry.publish.opening import Publication, StateTold
from services.bank_registry.registry import KINDS, BankRecord, Departement, in_force, printed, state_on
from services.bank_registry.registry import BankState as State
from services.kit import french
from services.kit.dates import paris_day

TITLE = "Prêteurs du micro-crédit accompagné"
SOURCES = "Communes et intercommunalités : INSEE, DGCL et La Poste, Licence Ouverte 2.0."
NOT_ASKED = "Le montant, la durée, le taux et l’objet de la demande se regardent sur la page du prêteur."
_MENU = (
    ("index.html", "Ma commune"),
    ("preteurs/index.html", "Les prêteurs"),
    ("donnees/index.html", "Les données"),
    ("changements.html", "Les changements"),
)


def page(publication: Publication, path: str, title: str, *content: Child) -> bytes:
    """A whole page at a path of the site."""
    up = "../" * path.count("/")
    menu = [
        element("li", element("a", name, href=up + target, aria_current="page" if target == path else None))
        for target, name in _MENU
    ]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title if title == TITLE else f"{title} – {TITLE}"),
        element("link", rel="stylesheet", href=f"{up}style.css"),
        element(
            "link", rel="alternate", type="application/atom+xml", title="Changements", href=f"{up}flux.xml"
        ),
    )
    state = (
        f"Registre du {french.long_date(publication.day)}, état n° {french.number(publication.state_number)}."
    )
    body = element(
        "body",
        element("a", "Aller au contenu", href="#contenu", class_="evitement"),
        element(
            "header",
            element("p", TITLE, class_="nom"),
            element("nav", element("ul", menu), aria_label="Pages"),
        ),
        element("main", element("h1", title), *content, id="contenu", tabindex="-1"),
        element("footer", element("p", state), element("p", f"{SOURCES} {MAP_SOURCE}")),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='fr')}\n".encode()


def home(publication: Publication, coverage: Coverage) -> bytes:
    """The first page: choose a département, then a commune."""
    by_region: dict[str, list[Html]] = defaultdict(list)
    for code, name in coverage.geography.departements:
        if coverage.communes[code]:
            place = coverage.geography.departement(code)
            by_region[place.region if place else ""].append(
                link(f"departements/{code}.html", f"{printed(name)} ({code})")
            )
    regions = sorted(coverage.geography.regions, key=lambda one: french.fold(one[1]))
    listed = [
        element("section", element("h3", printed(name)), items(by_region[code], "cote-a-cote"))
        for code, name in regions
        if by_region[code]
    ]
    return page(
        publication,
        "index.html",
        TITLE,
        element("p", "Qui peut prêter dans votre commune ? Choisissez son département, puis la commune."),
        element("h2", "Départements"),
        listed,
    )


def departement(publication: Publication, coverage: Coverage, place: Departement) -> bytes:
    """Who can lend in each commune of a département."""
    everywhere, communes = coverage.everywhere[place.code], coverage.communes[place.code]
    rows = [
        (
            f"{printed(one.name)} ({one.code})",
            printed(epci.name) if (epci := coverage.geography.epci(one.epci)) else "aucune",
            _who(publication, everywhere, coverage.beside[one.code]),
        )
        for one in communes
    ]
    whole = _linked(publication, everywhere) or element("p", "Aucun prêteur ne couvre tout le département.")
    title = f"{printed(place.name)} ({place.code})"
    return page(
        publication,
        f"departements/{place.code}.html",
        title,
        element("p", f"Qui peut prêter, le {french.long_date(publication.day)}. {NOT_ASKED}"),
        outlines([place.code], [], f"Contour : {printed(place.name)}"),
        element("h2", "Dans tout le département"),
        whole,
        element("h2", "Commune par commune"),
        table(
            f"Prêteurs de chaque commune : {title}",
            ("Commune", "Intercommunalité", "Qui peut y prêter"),
            rows,
            (f"c{one.code}" for one in communes),
        ),
    )


def _who(publication: Publication, everywhere: Sequence[str], beside: Sequence[str]) -> Child:
    if not beside:
        return "les prêteurs de tout le département" if everywhere else "aucun prêteur"
    named = _commas(_links(publication, beside))
    return ["les prêteurs de tout le département, et ", named] if everywhere else named


def _links(publication: Publication, lenders: Iterable[str]) -> list[Html]:
    return [link(f"../preteurs/{name}.html", publication.names[name]) for name in lenders]


def _linked(publication: Publication, lenders: Iterable[str]) -> Html:
    return items(_links(publication, lenders))


def _commas(parts: Sequence[Html]) -> Html:
    return Html(", ".join(map(join, parts)))


def lenders(publication: Publication) -> bytes:
    """The list of lenders, and whether each can lend on the day."""
    rows = [
        (
            link(f"{record.bank.id}.html", record.bank.name),
            KINDS[record.bank.kind],
            situation(record, publication),
        )
        for record in sorted(publication.records, key=lambda one: french.fold(one.bank.name))
    ]
    text = f"{french.plural(len(rows), 'prêteur')} au registre, passés et présents."
    return page(
        publication,
        "preteurs/index.html",
        "Les prêteurs",
        element("p", text),
        table("Prêteurs par ordre alphabétique", ("Nom", "Type", "Ce jour"), rows),
    )


def situation(record: BankRecord, publication: Publication) -> str:
    """What a lender is on the day of the publication, in a few words."""
    day = publication.day
    match state_on(record, day):
        case State.NOT_STARTED:
            return "pas encore au registre"
        case State.ENDED:
            return "sorti du registre"
        case State.SUSPENDED:
            return "suspendu"
    if lending(record, day):
        return "peut prêter"
    dated = [one for one in record.agreements if day in one.period]
    if any(not in_force(one, day) for one in dated):
        return "accord suspendu"
    return "pas d’accord en cours"


MOST_STATES, MOST_LENDERS = 200, 50
"""States that the page and the feed tell, the latest, and lenders of each."""


def changes(publication: Publication) -> bytes:
    """The changes of the registry, latest first."""
    told = [
        element(
            "section",
            element(
                "h2", f"{french.long_date(paris_day(state.recorded))}, état n° {french.number(state.number)}"
            ),
            told_lenders(publication, state, ""),
        )
        for state in publication.states[:MOST_STATES]
    ]
    feed = element("p", "Ces changements sont aussi un ", link("flux.xml", "flux Atom"), ".")
    return page(publication, "changements.html", "Les changements", feed, told)


def told_lenders(publication: Publication, state: StateTold, base: str) -> Html:
    """What a state changed, lender by lender; beyond fifty they are counted."""
    shown, others = state.lenders[:MOST_LENDERS], len(state.lenders) - MOST_LENDERS
    entries = [
        (
            element("dt", link(f"{base}preteurs/{name}.html", publication.names[name])),
            [element("dd", one) for one in sentences],
        )
        for name, sentences in shown
    ]
    more = (
        element("p", f"Et {french.plural(others, 'autre prêteur', 'autres prêteurs')}.")
        if others > 0
        else None
    )
    return join((element("dl", entries), more))
