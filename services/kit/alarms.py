"""What an operator must hear of, counted in each process; the counts are told beside those of the calls."""

from __future__ import annotations

import threading
from collections import Counter

_lock = threading.Lock()
_counted: Counter[str] = Counter()


def sound(name: str) -> None:
    """Counts one alarm; its name is one of ours, never what a client wrote."""
    with _lock:
        _counted[name] += 1


def counted() -> Counter[str]:
    """The alarms since the start of the process, by name."""
    with _lock:
        return _counted.copy()
