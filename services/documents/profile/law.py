"""Texts that change on a date: the profile gives each version, its period and its origin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from services.kit.french import long_date

Entry = Mapping[str, Any]


def in_force(entries: Iterable[Entry], day: date) -> str | None:
    """The text that governs `day`, if any; `until` is the last day."""
    governing = (
        entry["text"]
        for entry in entries
        if entry.get("from", date.min) <= day <= entry.get("until", date.max)
    )
    return next(governing, None)


def texts(law: Mapping[str, Any], document_date: date, contract_date: date | None) -> dict[str, str]:
    """The texts in force: credit notice by the date of the document, lender’s duties by the contract’s."""
    found = {"credit_notice": in_force(law["credit_notice"], document_date)}
    if contract_date is not None:
        found["forbearance"] = in_force(law["forbearance"], contract_date)
    return {name: text for name, text in found.items() if text is not None}


def changed_texts(law: Mapping[str, Any], other: Mapping[str, Any], day: date) -> Iterator[tuple[str, date]]:
    """The texts of a law that another one changes up to a day, each with the first that differs."""
    for name, entries in law.items():
        others = other.get(name, ())
        starts = {date.min} | {start for entry in (*entries, *others) for start in _starts(entry)}
        differing = (one for one in sorted(starts) if in_force(entries, one) != in_force(others, one))
        first = next(differing, None)
        if first is not None and first <= day:
            yield name, first


def _starts(entry: Entry) -> Iterator[date]:
    """The days from which an entry applies, and no longer applies."""
    if "from" in entry:
        yield entry["from"]
    if entry.get("until", date.max) < date.max:
        yield entry["until"] + timedelta(days=1)


def faults(entries: Sequence[Entry]) -> Iterator[str]:
    """What is wrong with the versions of a compulsory text, in French: a day without one, or with two."""
    ordered = sorted(entries, key=lambda entry: entry.get("from", date.min))
    if "from" in ordered[0]:
        yield "aucun texte ne vaut avant la première date."
    for earlier, later in pairwise(ordered):
        end = earlier.get("until", date.max)
        start = later.get("from", date.min)
        if end >= start:
            yield f"deux textes valent le {long_date(start)}."
        elif end + timedelta(days=1) < start:
            yield f"aucun texte ne vaut le {long_date(end + timedelta(days=1))}."
    if "until" in ordered[-1]:
        yield f"aucun texte ne vaut après le {long_date(ordered[-1]['until'])}."
