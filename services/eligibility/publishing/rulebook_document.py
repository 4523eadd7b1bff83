"""The règlement in force on a day, as Markdown for those who vote it, apply it or are subject to it: its
rules one by one, and under the articles that they apply, in the order of each text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.eligibility.package import (
    MAX_LISTED,
    DatedValue,
    Parameter,
    Rule,
    RulePackage,
    Words,
    bullets,
    codes_of,
    display,
    paragraphs,
    quoted,
    table,
    text,
)
from services.eligibility.publishing.rulebook_attributes import WHEN_ABSENT, said_period
from services.eligibility.publishing.rulebook_differences import RulebookChange, Section, differences
from services.kit.french import long_date, spaced

_SPLIT = re.compile(r",\s+(?=articles?\s)")


def rule_text(words: Words, rule: Rule) -> str:
    """The paragraph and the list of one rule."""
    label = next(rank.label for rank in words.package.decision.ranks if rank.severity is rule.severity)
    return paragraphs(
        f"**{text(label)}** lorsque {text(words.say(rule.condition))}.", bullets(_notes(words, rule))
    )


def _notes(words: Words, rule: Rule) -> list[str]:
    sentences = (text(words.sentence(message.parts)) for message in rule.messages)
    thresholds = (
        f"{text(label)} : **{text(value)}** — {text(reference)}"
        for label, value, reference in words.thresholds(rule.condition)
    )
    return [
        *(f"Motif donné : {quoted(sentence)}" for sentence in sentences),
        *thresholds,
        *([f"Orientation : {text(_orientation(words, rule))}"] if rule.orientation else []),
        f"Code : `{rule.code}`",
    ]


def _orientation(words: Words, rule: Rule) -> str:
    label = words.package.decision.orientations[rule.orientation]
    if rule.orientation_condition is None:
        return label
    return f"{label}, lorsque {words.say(rule.orientation_condition)}"


@dataclass(frozen=True)
class Article:
    """An article of a text, empty when a rule names the text alone, and the rules that apply it."""

    title: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class LegalText:
    """A text, and its articles in their order."""

    title: str
    articles: tuple[Article, ...]


def texts(rules: Iterable[Rule]) -> tuple[LegalText, ...]:
    """The texts in the order in which the rules first name them."""
    grouped: dict[str, dict[str, list[Rule]]] = {}
    for rule in rules:
        text, article = _parts(rule.article)
        grouped.setdefault(text, {}).setdefault(article, []).append(rule)
    return tuple(LegalText(text, _ordered(articles)) for text, articles in grouped.items())


def _parts(reference: str) -> tuple[str, str]:
    """« Règlement intérieur, article 2 » is article 2 of the Règlement intérieur."""
    text, *article = _SPLIT.split(reference, maxsplit=1)
    return text, "".join(article)


def _ordered(articles: dict[str, list[Rule]]) -> tuple[Article, ...]:
    names = sorted(articles, key=_rank)
    return tuple(Article(name[:1].upper() + name[1:], tuple(articles[name])) for name in names)


def _rank(article: str) -> tuple[object, ...]:
    """Articles by their numbers: 2 before 10, L. 722-5 before L. 761-1."""
    return tuple(map(int, re.findall(r"\d+", article))), article


def rulebook(package: RulePackage, day: date, since: RulePackage | None = None) -> str:
    """The whole document; with an older package, what changed comes first."""
    words = Words(package, day)
    parts = (
        _heading(package, day),
        _changes(since, package) if since else "",
        _outcomes(package),
        *(_legal_text(words, found) for found in texts(r for r in package.rules if day in r.validity)),
        _other_days(package, day),
        _values(package, day),
        _lists(package, day),
        _calculations(words),
        _documents(words),
        _questions(package),
        _properties(package),
    )
    return spaced(f"{paragraphs(*parts)}\n")


def changes_text(changes: tuple[RulebookChange, ...]) -> str:
    """The differences by section, as a Markdown list of lists."""
    sections: dict[Section, list[str]] = {}
    for change in changes:
        sections.setdefault(change.section, []).append(_change(change))
    return paragraphs(
        *(paragraphs(f"**{section.value}**", "\n".join(items)) for section, items in sections.items())
    )


def _change(change: RulebookChange) -> str:
    name = f"{text(change.label)} (`{change.name}`)" if change.label else f"`{change.name}`"
    return "\n".join((f"- {name} : {change.kind.value}", *(f"  - {text(line)}" for line in change.details)))


def _heading(package: RulePackage, day: date) -> str:
    identity = package.identity
    return paragraphs(
        f"# {text(identity.title)}",
        f"**{text(identity.organisation)}** · règlement `{identity.id}`, version {text(identity.version)}",
        f"Tel qu’il s’applique à une demande datée du **{long_date(day)}**.",
        f"Cette version peut s’appliquer {said_period(identity.validity)}. Elle se fonde sur :",
        bullets(map(text, identity.legal_basis)),
    )


def _changes(since: RulePackage, package: RulePackage) -> str:
    found = differences(since, package)
    title = f"## Ce qui change depuis la version {text(since.identity.version)}"
    return paragraphs(title, changes_text(found) or "Rien.")


def _outcomes(package: RulePackage) -> str:
    ranks = [f"**{text(rank.label)}**" for rank in package.decision.ranks]
    return paragraphs(
        "## Comment une demande est examinée",
        "Toutes les règles sont examinées, et tous les motifs sont donnés. La réponse est la première de "
        "cette liste qu’un motif entraîne ; sans aucun motif, c’est la dernière.",
        "\n".join(f"{number}. {label}" for number, label in enumerate(ranks, start=1)),
        "Une information inconnue ne vaut jamais zéro ni « non » : une condition qui en dépend ne compte "
        "ni pour ni contre. La réponse est un avis ; une personne décide.",
    )


def _legal_text(words: Words, found: LegalText) -> str:
    return paragraphs(f"## {text(found.title)}", *(_article(words, article) for article in found.articles))


def _article(words: Words, article: Article) -> str:
    title = f"### {text(article.title)}" if article.title else ""
    return paragraphs(title, *(rule_text(words, rule) for rule in article.rules))


def _other_days(package: RulePackage, day: date) -> str:
    """The rules that do not apply on the day, so that nobody believes the document hides them."""
    others = [rule for rule in package.rules if day not in rule.validity]
    if not others:
        return ""
    return paragraphs(
        "## Règles d’autres dates",
        bullets(
            f"`{rule.id}` ({text(rule.article)}) s’applique {said_period(rule.validity)}." for rule in others
        ),
    )


def _values(package: RulePackage, day: date) -> str:
    head = ("Valeur", "Montant ou seuil", "S’applique", "Fixé par")
    rows = [
        _value_row(parameter, dated, day)
        for parameter in package.parameters.values()
        for dated in parameter.values
        if not _is_long(dated)
    ]
    note = f"En gras, la valeur du {long_date(day)}."
    return paragraphs("## Valeurs", note, table(head, rows, right=(1,)))


def _value_row(parameter: Parameter, dated: DatedValue, day: date) -> tuple[str, ...]:
    shown = text(display(dated.value, parameter.type))
    value = f"**{shown}**" if day in dated.period else shown
    return text(parameter.label), value, said_period(dated.period), text(dated.reference)


def _lists(package: RulePackage, day: date) -> str:
    long = [
        (parameter, dated)
        for parameter in package.parameters.values()
        for dated in parameter.values
        if _is_long(dated) and (dated.period.last is None or dated.period.last >= day)
    ]
    if not long:
        return ""
    return paragraphs("## Listes", *(_list(parameter, dated) for parameter, dated in long))


def _list(parameter: Parameter, dated: DatedValue) -> str:
    names = display(dated.value, parameter.type)
    return paragraphs(
        f"**{text(parameter.label)}**, {said_period(dated.period)} ({text(dated.reference)}) :",
        f"{text(names)}.",
    )


def _is_long(dated: DatedValue) -> bool:
    return len(codes_of(dated.value)) > MAX_LISTED


def _calculations(words: Words) -> str:
    rows = (
        (text(derived.label), text(words.say(derived.expression)))
        for derived in words.package.derived.values()
    )
    note = "Les calculs sont exacts ; un calcul dont un élément est inconnu est inconnu."
    return paragraphs("## Calculs", note, table(("Calcul", "Comment"), rows))


def _documents(words: Words) -> str:
    package = words.package
    items = [
        f"{text(words.say(required.condition)) if required.condition else 'Toujours'} : "
        f"{text(_on(package, required.parameter, words))}."
        for required in package.decision.required_documents
    ]
    return paragraphs("## Pièces demandées", bullets(items)) if items else ""


def _on(package: RulePackage, name: str, words: Words) -> str:
    parameter = package.parameters[name]
    dated = parameter.on(words.day) if words.day else parameter.values[-1]
    return display(dated.value, parameter.type)


def _questions(package: RulePackage) -> str:
    proofs = package.facts["documents"].type.labels if "documents" in package.facts else {}
    rows = (
        (
            text(fact.label),
            text(fact.question) or "—",
            text(proofs.get(fact.proof_document, fact.proof_document)) or "—",
            WHEN_ABSENT[fact.when_absent],
        )
        for fact in package.facts.values()
    )
    head = ("Information", "Question posée", "Pièce qui la prouve", "Sans réponse")
    return paragraphs("## Informations demandées", table(head, rows))


def _properties(package: RulePackage) -> str:
    if not package.properties:
        return ""
    return paragraphs(
        "## Ce qui reste toujours vrai",
        bullets(f"{text(found.title)}." for found in package.properties),
        f"Vérifié, avec {len(package.cases)} cas d’essai, avant toute publication. "
        f"Empreinte de cette version : `{package.digest}`.",
    )
