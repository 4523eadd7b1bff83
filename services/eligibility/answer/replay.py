"""Comparison of a recorded answer with the one that the same rules give again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.eligibility.answer.assessment import Assessment
from services.eligibility.answer.recorded import Json, figure_json, reason_json, value_json
from services.kit.canonical import canonical


@dataclass(frozen=True)
class Replay:
    """Two canonical texts, and the paths where they differ."""

    recorded: str
    replayed: str
    differences: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """True when the two texts are equal, byte for byte."""
        return self.recorded == self.replayed


def replay(recorded: Assessment, replayed: Assessment) -> Replay:
    """Compares outcome, reasons, compared values and figures."""
    before, after = _compared(recorded), _compared(replayed)
    return Replay(canonical(before), canonical(after), tuple(_differences(before, after, "")))


def _compared(assessment: Assessment) -> Json:
    return {
        "outcome": assessment.outcome.value,
        "reasons": [reason_json(reason) for reason in assessment.reasons],
        "values": _values(assessment),
        "figures": [figure_json(figure) for figure in assessment.figures],
    }


def _values(assessment: Assessment) -> Json:
    """The exact named values that the reasons compare."""
    return {
        operand.name: value_json(operand.value)
        for reason in assessment.reasons
        for comparison in reason.comparisons
        for operand in (comparison.actual, comparison.threshold)
        if operand is not None and operand.name
    }


def _differences(before: Json, after: Json, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from _item(name in before and name in after, before, after, name, f"{path}.{name}")
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            both = index < min(len(before), len(after))
            yield from _item(both, before, after, index, f"{path}[{index}]")
    elif (type(before), before) != (type(after), after):
        yield path.removeprefix(".")


def _item(both: bool, before: Json, after: Json, key: str | int, path: str) -> Iterator[str]:
    if both:
        yield from _differences(before[key], after[key], path)
    else:
        yield path.removeprefix(".")
