"""What is exported is read back as it was, in the three forms."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.bank_registry.files import csv_bytes, xlsx_bytes
from services.bank_registry.files.plan import make_plan
from services.bank_registry.files.reading import read_whole
from services.bank_registry.files.rows import json_lines_bytes
from services.bank_registry.registry.geography import Geography
from services.bank_registry.registry.model import (
    ALWAYS,
    Agreement,
    Bank,
    BankKind,
    BankRecord,
    Bounds,
    Contact,
    LocalConvention,
    Suspension,
)
from services.bank_registry.registry.territory import Scope, Territory
from services.kit.dates import Period
from tests.bank_registry_support import siren
from tests.support import examples

GEOGRAPHY = Geography.load()
TODAY = date(2026, 11, 25)
FORMS = {"csv": csv_bytes, "xlsx": xlsx_bytes, "jsonl": json_lines_bytes}

ids = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
words = st.text(
    st.characters(exclude_categories=["C", "Z"], max_codepoint=0xFFFF)
    | st.sampled_from(" =+-@;,|\\\"'«»\u00a0"),
    min_size=1,
    max_size=20,
).map(lambda text: " ".join(text.split()))
lines = words.filter(bool) | st.sampled_from(["NULL", "'NULL", "#N/A"])
blanks = st.just("") | lines


def normal(text: str) -> str:
    """In composed form and without surrounding spaces, as the registry keeps its texts."""
    return unicodedata.normalize("NFC", text).strip()


texts, maybe_texts = lines.map(normal).filter(bool), blanks.map(normal)


@st.composite
def disjoint(draw: st.DrawFn, most: int, *, always: bool = False) -> list[Period]:
    """Periods by start, none overlapping, the last one perhaps without end."""
    days = draw(
        st.lists(st.dates(date(1990, 1, 1), date(2060, 1, 1)), min_size=2, max_size=2 * most, unique=True)
    )
    days.sort()
    periods = [Period.ending(start, end) for start, end in zip(days[::2], days[1::2], strict=False)]
    if draw(st.booleans()):
        periods[-1] = Period(periods[-1].first)
    if always and draw(st.booleans()):
        periods[0] = Period.ending(ALWAYS.first, periods[0].end)
    return periods


suspensions = st.one_of(
    st.just(()),
    disjoint(2).flatmap(
        lambda periods: st.tuples(
            *(st.builds(Suspension, st.just(period), maybe_texts) for period in periods)
        )
    ),
)
cents = st.none() | st.integers(0, 10**10)
rates = st.none() | st.decimals(0, 100, places=3)


def bounds(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Bounds[Any]]:
    """Two bounds in order, either of which may be absent."""
    return st.tuples(values, values).map(lambda pair: Bounds(*(sorted(pair) if None not in pair else pair)))


territories = st.sampled_from(
    [
        Territory(Scope.NATIONAL),
        Territory(Scope.REGIONS, ("53", "01")),
        Territory(Scope.DEPARTEMENTS, ("56", "2A", "974")),
        Territory(Scope.EPCI, ("200066777",)),
        Territory(Scope.COMMUNES, ("56165", "01004")),
    ]
)


@st.composite
def agreements(draw: st.DrawFn, agreement_id: str) -> list[Agreement]:
    shared = draw(suspensions)
    found = []
    for period in draw(disjoint(2)):
        found.append(
            Agreement(
                agreement_id,
                draw(texts),
                draw(territories),
                period,
                draw(maybe_texts),
                shared,
                draw(rates),
                draw(cents),
                draw(cents),
                draw(bounds(cents)),
                draw(bounds(st.none() | st.integers(1, 600))),
                draw(bounds(rates)),
                draw(st.sampled_from([(), ("EMPLOI",), ("MOBILITE", "LOGEMENT_2")])),
                draw(st.none() | st.dates(date(1990, 1, 1), date(2060, 1, 1))),
                draw(maybe_texts),
                draw(maybe_texts),
            )
        )
    return found


contacts = st.builds(Contact, texts, maybe_texts, st.sampled_from(["", "a@b.example"]), maybe_texts)


@st.composite
def records(draw: st.DrawFn, number: int) -> BankRecord:
    bank_id, shared = f"{draw(ids)}{number}", draw(suspensions)
    banks = [
        Bank(
            bank_id,
            draw(texts),
            draw(st.sampled_from(BankKind)),
            siren(number),
            draw(st.sampled_from(["", f"{number:05d}"])),
            draw(st.sampled_from(["", "FICTFRP0", "FICTFRP0XXX"])),
            network=draw(maybe_texts),
            period=period,
            suspensions=shared,
        )
        for period in (draw(disjoint(2, always=True)) if draw(st.booleans()) else [ALWAYS])
    ]
    found = [version for name in sorted(draw(st.sets(ids, max_size=2))) for version in draw(agreements(name))]
    conventions = [
        LocalConvention(
            name,
            period,
            draw(texts),
            tuple(draw(st.lists(texts, min_size=1, max_size=3))),
            "56800",
            draw(texts),
            draw(maybe_texts),
            draw(st.sampled_from(["", "prets@banque.example"])),
            draw(st.sampled_from(["", "+33 2 99 00 00 01", "02 99 00 00 01"])),
            draw(st.none() | st.integers(0, 366)),
            tuple(draw(st.lists(contacts, max_size=2))),
            draw(suspensions),
        )
        for name, period in zip(
            draw(st.lists(ids, min_size=2, max_size=2, unique=True)), draw(disjoint(2)), strict=False
        )
    ]
    return BankRecord(tuple(banks), tuple(found), tuple(conventions))


registries = st.tuples(records(1), records(2))


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=examples(15))
@given(found=registries)
def test_an_export_is_imported_as_unchanged(form: str, found: tuple[BankRecord, ...]) -> None:
    data = FORMS[form](found)
    known = {record.bank.id: record for record in found}
    plan = make_plan(read_whole(data, GEOGRAPHY), known, TODAY, complete=True)
    assert [(str(one.place), one.message) for one in plan.refusals] == []
    assert [outcome.changes for outcome in plan.outcomes] == []
    assert plan.unchanged == len(known)
    assert FORMS[form](found) == data
