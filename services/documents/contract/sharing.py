"""What the recipients of a mailing share, and what comes from one person alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

SHARED = frozenset({"appointment", "case", "committee", "deadlines"})
"""Groups that a recipient may complete: a place for all, an hour for each. Any other one is whole."""


_PERSON = frozenset({"applicant", "banking", "budget", "co_applicant", "household", "housing", "work"})
"""Groups that say who someone is and how he lives: they speak of the same people, or of nobody."""


def common_to_all(common: Mapping[str, Any], groups: Collection[str]) -> dict[str, Any]:
    """What the recipients share once they give these groups themselves, were it for one of them alone.

    Nothing of a group that says who someone is comes from two places: a letter never mixes two people.
    """
    given = set(groups) | (set() if _PERSON.isdisjoint(groups) else _PERSON)
    return {name: value for name, value in common.items() if name in SHARED or name not in given}
