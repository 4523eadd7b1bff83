"""Amounts in French words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.contract.values import Money
from services.documents.contract.wording import amount_in_words, in_words

WORDS = {
    0: "zéro",
    21: "vingt et un",
    70: "soixante-dix",
    71: "soixante et onze",
    77: "soixante-dix-sept",
    80: "quatre-vingts",
    81: "quatre-vingt-un",
    91: "quatre-vingt-onze",
    99: "quatre-vingt-dix-neuf",
    100: "cent",
    101: "cent un",
    180: "cent quatre-vingts",
    200: "deux cents",
    201: "deux cent un",
    1000: "mille",
    1080: "mille quatre-vingts",
    80_000: "quatre-vingt mille",
    200_000: "deux cent mille",
    2_500: "deux mille cinq cents",
    200_000_000: "deux cents millions",
    1_000_001: "un million un",
}


@pytest.mark.parametrize(("number", "words"), WORDS.items())
def test_numbers(number: int, words: str) -> None:
    assert in_words(number) == words


@pytest.mark.parametrize(
    ("cents", "words"),
    [
        (0, "zéro euro"),
        (100, "un euro"),
        (250_000, "deux mille cinq cents euros"),
        (8_005, "quatre-vingts euros et cinq centimes"),
        (101, "un euro et un centime"),
        (100_000_000, "un million d’euros"),
        (100_000_100, "un million un euros"),
    ],
)
def test_amounts(cents: int, words: str) -> None:
    assert amount_in_words(Money(cents)) == words


@given(st.integers(0, 999_999_999), st.integers(0, 999_999_999))
def test_two_numbers_never_read_the_same(one: int, other: int) -> None:
    assert (in_words(one) == in_words(other)) == (one == other)
