"""The texts that the rules apply: the rules grouped under their articles, in the order of each text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.eligibility.package import Rule

_SPLIT = re.compile(r",[\s\u00a0]+(?=articles?[\s\u00a0])")


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
    """« Règlement intérieur, article 2 » is article 2 of the Règlement intérieur."""
    text, *article = _SPLIT.split(reference, maxsplit=1)
    return text, "".join(article)


def _ordered(articles: dict[str, list[Rule]]) -> tuple[Article, ...]:
    names = sorted(articles, key=_rank)
    return tuple(Article(name[:1].upper() + name[1:], tuple(articles[name])) for name in names)


def _rank(article: str) -> tuple[object, ...]:
    """Articles by their numbers: 2 before 10, L. 722-5 before L. 761-1."""
    return tuple(map(int, re.findall(r"\d+", article))), article
