"""Days as people say them on a command line."""

from __future__ import annotations

from datetime import date

import pytest

from services.kit.cli import said_day


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("31/12/2026", date(2026, 12, 31)),
        ("31-12-2026", date(2026, 12, 31)),
        ("31.12.2026", date(2026, 12, 31)),
        ("2026-12-31", date(2026, 12, 31)),
        ("1er janvier 2027", date(2027, 1, 1)),
        ("le 3 août 2026", date(2026, 8, 3)),
        ("31 DÉC. 2026", date(2026, 12, 31)),
        ("14 juil. 2026", date(2026, 7, 14)),
        ("demain", date(2026, 3, 1)),
        ("Aujourd’hui", date(2026, 2, 28)),
        ("avant-hier", date(2026, 2, 26)),
        ("31/02/2026", None),
        ("3 ju 2026", None),
        ("12/31/2026", None),
        ("31/12/26", None),
        ("", None),
    ],
)
def test_a_day_is_understood_as_people_say_it(text: str, expected: date | None) -> None:
    assert said_day(text, date(2026, 2, 28)) == expected
