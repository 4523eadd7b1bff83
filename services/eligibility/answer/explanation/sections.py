"""The whole explanation: the four items in the order of the article, and their Markdown."""

from __future__ import annotations

from itertools import groupby

from services.eligibility.answer.explanation.contribution import contribution
from services.eligibility.answer.explanation.data import data
from services.eligibility.answer.explanation.operations import operations
from services.eligibility.answer.explanation.parameters import parameters
from services.eligibility.answer.explanation.situation import COLON, Line, Section, Situation
from services.eligibility.package import bullets, paragraphs, text
from services.kit.french import NO_BREAK_SPACE, long_date


def sections(situation: Situation) -> tuple[Section, ...]:
    """Contribution to the decision, data and sources, parameters and weighting, operations."""
    return (contribution(situation), data(situation), parameters(situation), operations(situation))


def markdown(situation: Situation, found: tuple[Section, ...]) -> str:
    """The sections under a heading that names the decision."""
    case = [f"dossier {text(situation.case_reference)}"] if situation.case_reference else []
    named = (*case, f"demande du {long_date(situation.day)}", f"décision {situation.decision_id}")
    article = f"R.{NO_BREAK_SPACE}311-3-1-2 du code des relations entre le public et l’administration"
    return (
        paragraphs(
            "# Comment votre demande a été examinée",
            f"{text(situation.package.identity.organisation)}{COLON}{', '.join(named)}.",
            f"Cette explication suit les quatre points de l’article {article}.",
            *(part for section in found for part in (f"## {section.title}", _body(section.lines))),
        )
        + "\n"
    )


def _body(lines: tuple[Line, ...]) -> str:
    return paragraphs(
        *(
            bullets(map(_text, group)) if are_items else paragraphs(*map(_text, group))
            for are_items, group in groupby(lines, lambda line: line.is_item)
        )
    )


def _text(line: Line) -> str:
    return text(line.text)
