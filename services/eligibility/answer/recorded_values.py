"""Values, types and facts as JSON, and back: exact, without float, no kind of value taken for another."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Any

from services.eligibility.package import (
    Fact,
    Format,
    Kind,
    PersonalData,
    Value,
    Values,
    ValueType,
    WhenAbsent,
)

Json = Any
"""What json.loads gives."""


def value_json(value: Value | None) -> Json:
    """A value; None is null."""
    match value:
        case date():
            return {"date": value.isoformat()}
        case Fraction():
            return {"fraction": f"{value.numerator}/{value.denominator}"}
        case tuple():
            return list(value)
    return value


def read_value(data: Json) -> Value | None:
    """The value of its JSON."""
    match data:
        case {"date": text}:
            return date.fromisoformat(text)
        case {"fraction": text}:
            return Fraction(text)
        case list():
            return tuple(data)
        case None | bool() | int() | str():
            return data
    raise ValueError("not a value")


def values_json(values: Values) -> Json:
    """The values that are known, by name."""
    return {name: value_json(value) for name, value in values.items() if value is not None}


def read_values(data: Json) -> Values:
    """The values of their JSON."""
    return {name: read_value(value) for name, value in data.items()}


def type_json(type_: ValueType) -> Json:
    """A type without the labels and the unit, which the text of a displayed value holds already."""
    return {"kind": type_.kind.value, "of": type_.of}


def read_type(data: Json) -> ValueType:
    """The type of its JSON."""
    return ValueType(Kind(data["kind"]), data["of"])


def fact_json(fact: Fact) -> Json:
    """All that a package declares of a fact."""
    return {
        "name": fact.name,
        "type": type_json(fact.type),
        "labels": [list(pair) for pair in fact.type.labels.items()],
        "unit": fact.type.unit,
        "label": fact.label,
        "question": fact.question,
        "when_absent": fact.when_absent.value,
        "minimum": value_json(fact.minimum),
        "maximum": value_json(fact.maximum),
        "not_in_future": fact.not_in_future,
        "format": _format_json(fact.format),
        "proof_document": fact.proof_document,
        "actionable": fact.actionable,
        "personal_data": fact.personal_data.value,
    }


def read_fact(data: Json) -> Fact:
    """The fact of its JSON."""
    return Fact(
        name=data["name"],
        type=ValueType(Kind(data["type"]["kind"]), data["type"]["of"], dict(data["labels"]), data["unit"]),
        label=data["label"],
        question=data["question"],
        when_absent=WhenAbsent(data["when_absent"]),
        minimum=read_value(data["minimum"]),
        maximum=read_value(data["maximum"]),
        not_in_future=data["not_in_future"],
        format=_read_format(data["format"]),
        proof_document=data["proof_document"],
        actionable=data["actionable"],
        personal_data=PersonalData(data["personal_data"]),
    )


def _format_json(format_: Format | None) -> Json:
    if format_ is None:
        return None
    return [format_.pattern.pattern, int(format_.pattern.flags), format_.description]


def _read_format(data: Json) -> Format | None:
    return None if data is None else Format(re.compile(data[0], data[1]), data[2])
