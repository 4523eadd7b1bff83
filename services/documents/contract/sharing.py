"""What the recipients of a mailing share, and what comes from one person alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

SHARED = frozenset({"appointment", "case", "committee", "deadlines"})
"""Groups that a recipient may complete: a place for all, an hour for each. Any other one is whole."""


def common_to_all(common: Mapping[str, Any], groups: Collection[str]) -> dict[str, Any]:
    """What the recipients share once they give these groups themselves, were it for one of them alone.

    Nothing of a group that says who someone is comes from two places: a letter never mixes two people.
    """
    return {name: value for name, value in common.items() if name in SHARED or name not in groups}
