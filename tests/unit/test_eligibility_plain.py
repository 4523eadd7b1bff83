"""The plain wordings of the reasons: short sentences, in words of a list that is shipped."""

from __future__ import annotations

import pytest

from services.eligibility.publishing.check.wordings import not_plain, plain_words
from tests.advice_support import shipped


def test_every_reason_of_the_shipped_package_has_a_plain_wording() -> None:
    """At most twelve words a sentence, all of them in the list."""
    for rule in shipped().package.rules:
        assert rule.plain is not None, rule.id
        for parts in (rule.plain.found, rule.plain.todo):
            assert list(not_plain(parts)) == [], rule.id


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("Le maximum est de ", "amount_max", ". C’est tout."), []),
        (("La Banque de France et le FICP. ",), []),
        (("Vous devez rapporter ces pièces.",), ["« rapporter »"]),
        (("Il faut " * 6 + "un prêt.",), ["compte 14 mots"]),
    ],
)
def test_what_is_not_plain_is_told(parts: tuple[str, ...], expected: list[str]) -> None:
    found = [message.replace("\u00a0", " ") for message in not_plain(parts)]
    assert len(found) == len(expected)
    for message, part in zip(found, expected, strict=True):
        assert part in message


def test_the_list_is_sorted_and_holds_each_word_once() -> None:
    assert len(plain_words()) > 300
