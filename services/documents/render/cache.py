"""Plans kept in memory, the least recently used leaving first when they hold too many bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from services.documents.render.plan import Plan


class PlanCache:
    """A cache bounded by bytes, safe to share between threads."""

    def __init__(self, max_bytes: int) -> None:
        self._plans: OrderedDict[Hashable, Plan] = OrderedDict()
        self._lock = Lock()
        self._max_bytes = max_bytes
        self.size = 0
        """Bytes held."""

    def get(self, key: Hashable, make: Callable[[], Plan]) -> Plan:
        """The plan of a key, made if it is not there; when two threads make it at once, one is kept."""
        with self._lock:
            plan = self._plans.get(key)
            if plan is not None:
                self._plans.move_to_end(key)
                return plan
        return self._keep(key, make())

    def _keep(self, key: Hashable, plan: Plan) -> Plan:
        with self._lock:
            kept = self._plans.setdefault(key, plan)
            if kept is plan:
                self.size += plan.size
                while self.size > self._max_bytes and len(self._plans) > 1:
                    _, oldest = self._plans.popitem(last=False)
                    self.size -= oldest.size
            return kept
