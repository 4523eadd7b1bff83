"""What the recipients of a mailing share, and what comes from one person alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

SHARED = frozenset({"appointment", "case", "committee", "deadlines"})
"""Groups that a recipient may complete: a place for all, an hour for each. Any other one is whole."""


_PERSON = frozenset({"applicant", "banking", "budget", "co_applicant", "household", "housing", "work"})
"""Groups that say who someone is and how he lives: they speak of the same people, or of nobody."""
_OF_THE_SERVICE = frozenset({"agent_signature", "stamp"})
"""The images that are of nobody who asks for a loan."""


def common_to_all(common: Mapping[str, Any], groups: Collection[str]) -> dict[str, Any]:
    """What the recipients share once they give these groups themselves, were it for one of them alone.

    Nothing of a group that says who someone is comes from two places: a letter never mixes two people, nor
    shows the signature of one to another.
    """
    given = set(groups) | (set() if _PERSON.isdisjoint(groups) else _PERSON)
    shared = {name: value for name, value in common.items() if name in SHARED or name not in given}
    if given >= _PERSON and isinstance(images := shared.get("images"), Mapping):
        shared["images"] = {name: image for name, image in images.items() if name in _OF_THE_SERVICE}
    return shared
