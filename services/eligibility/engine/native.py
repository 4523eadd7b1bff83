"""The file that answers by durable_rules 2.0.28: one native ruleset, evaluated by its native loop with a
firing bound."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Mapping

import durable_rules_engine as native

GUARD = "kind"
SENTINEL = "_end"
MAX_FIRINGS = 10_000
MAX_INTEGER = 2**53

_SESSION, _FACT = "s", "f"
_RETRACT = json.dumps({"sid": _SESSION, "id": _FACT})
# Rules fire by ascending priority, 0 unless said: the sentinel comes after every other one.
_LAST_PRIORITY = 60_000

Condition = Mapping[str, object]
"""A condition over one fact, in the JSON of durable_rules."""


class EngineError(Exception):
    """The engine failed: its answer cannot be used."""


def definitions(conditions: Mapping[str, Condition]) -> dict[str, dict[str, object]]:
    """The rules as durable_rules reads them: each behind the guard, and the sentinel that always fires,
    last."""
    guard = {GUARD: 1}
    rules: dict[str, dict[str, object]] = {
        rule: {"all": [{"m": {"$and": [guard, condition]}}]} for rule, condition in conditions.items()
    }
    rules[SENTINEL] = {"all": [{"m": guard}], "pri": _LAST_PRIORITY}
    return rules


class NativeRuleset:
    """Rules compiled in C, freed with the object.

    One constant session serves every evaluation, under a lock (the C code holds the GIL anyway): nothing
    survives an evaluation, and a thread never meets another one's fact. After an error the native ruleset
    is left to leak: freeing it in an unknown state may crash the process.
    """

    def __init__(self, name: str, conditions: Mapping[str, Condition]) -> None:
        self._lock = threading.Lock()
        self._broken = False
        try:
            self._handle = native.create_ruleset(name, json.dumps(definitions(conditions)))
        except Exception as error:
            raise EngineError("refused definitions") from error
        self._free = weakref.finalize(self, native.delete_ruleset, self._handle)
        # At the end of the process Python may have taken the library down before its rulesets: the memory
        # goes with the process anyway.
        self._free.atexit = False

    def fire(self, row: Mapping[str, int]) -> frozenset[str]:
        """The rules that are true of a row of integers; EngineError when the engine cannot be trusted any
        more."""
        if any(abs(value) > MAX_INTEGER for value in row.values()):
            raise EngineError("an integer beyond the exact range")
        # One session and one fact id for ever: durable_rules finds sessions by a 32-bit hash of their name,
        # and two names that collide would read each other's facts.
        payload = json.dumps({"sid": _SESSION, "id": _FACT, GUARD: 1, **row})
        with self._lock:
            if self._broken:
                raise EngineError("used after an error")
            try:
                return self._evaluate(payload)
            except Exception as error:
                # Neither used nor freed any more: its sessions are in an unknown state.
                self._broken = True
                self._free.detach()
                raise EngineError("failed evaluation") from error

    def _evaluate(self, payload: str) -> frozenset[str]:
        """Asserts the fact, fires to the end, retracts the fact; the sentinel proves that the end was
        reached."""
        _, offset = native.assert_fact(self._handle, payload)
        fired: set[str] = set()
        message = native.start_action_for_state(self._handle, offset)[1]
        for _ in range(MAX_FIRINGS):
            if not message:
                break
            # The message is `{"name of the rule":{…}}`: only its first name is wanted, so it is not parsed.
            fired.add(message[2 : message.index('"', 2)])
            message = native.complete_and_start_action(self._handle, offset)
        native.retract_fact(self._handle, _RETRACT)
        # A rule that did not fire is an absence: without the sentinel, a run cut short would read as "no rule
        # is true", which is "eligible".
        if message or SENTINEL not in fired:
            raise EngineError("the rules did not run to their end")
        return frozenset(fired - {SENTINEL})
