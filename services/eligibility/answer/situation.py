"""What an explanation speaks of, and the sections that it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.eligibility.answer.assessment import Assessment
from services.eligibility.engine import request_day
from services.eligibility.package import Rule, RulePackage, Value, Values
from services.kit.french import NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE

COLON = f"{NO_BREAK_SPACE}: "
SEMICOLON = f"{NARROW_NO_BREAK_SPACE}; "


@dataclass(frozen=True)
class Situation:
    """A recorded decision beside the rules that it followed; `values` holds every value that they read."""

    package: RulePackage
    assessment: Assessment
    given: Values
    values: dict[str, Value | None]
    decision_id: str
    case_reference: str
    record_day: date

    @property
    def day(self) -> date:
        """The day of the request."""
        return request_day(self.given)

    @property
    def rules(self) -> list[Rule]:
        """The rules in force on that day."""
        return [rule for rule in self.package.rules if self.day in rule.validity]


@dataclass(frozen=True)
class Line:
    """A paragraph, or an item of the list that the paragraph before it announces."""

    text: str
    is_item: bool = False


@dataclass(frozen=True)
class Section:
    """One of the four items of the article."""

    title: str
    lines: tuple[Line, ...]


def listed(announced: str, items: Iterable[str]) -> tuple[Line, ...]:
    """A paragraph and the list that it announces; nothing without items."""
    found = tuple(Line(item, is_item=True) for item in items)
    return (Line(f"{announced}{NO_BREAK_SPACE}:"), *found) if found else ()
