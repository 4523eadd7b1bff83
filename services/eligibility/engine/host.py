"""durable_rules by its documented API (Host), for the check of a package alone: slower than the native loop
and without a bound on firings, it says what the library itself makes of the same definitions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

from durable import engine

from services.eligibility.engine.native import GUARD, SENTINEL, Condition, EngineError, definitions

_SESSION, _FACT = "s", "f"


class _QuietHost(engine.Host):
    """A host without its two timer threads, which walk freed sessions."""

    def __init__(self, fired: set[str]) -> None:
        self._fired = fired
        super().__init__()

    def _run(self) -> None:
        """Starts no thread."""

    def get_action(self, action_name: str) -> Callable[[object], None]:
        """An action that notes its name; a second parameter would make it asynchronous."""

        def note(_: object) -> None:
            self._fired.add(action_name)

        return note


class HostRuleset:
    """One ruleset in a host of its own."""

    def __init__(self, name: str, conditions: Mapping[str, Condition]) -> None:
        self._name = name
        self._fired: set[str] = set()
        self._host: engine.Host = _QuietHost(self._fired)
        rules = {rule: {**written, "run": rule} for rule, written in definitions(conditions).items()}
        try:
            self._host.register_rulesets({name: rules})
        except Exception as error:
            raise EngineError("refused definitions") from error

    def fire(self, row: Mapping[str, int]) -> frozenset[str]:
        """The rules that are true of a row of integers; EngineError when they did not run to their end."""
        self._fired.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # utcfromtimestamp, at each action
            try:
                self._host.assert_fact(self._name, {"sid": _SESSION, "id": _FACT, GUARD: 1, **row})
                self._host.retract_fact(self._name, {"sid": _SESSION, "id": _FACT})
            except Exception as error:
                raise EngineError("failed evaluation") from error
        if SENTINEL not in self._fired:
            raise EngineError("the rules did not run to their end")
        return frozenset(self._fired - {SENTINEL})
