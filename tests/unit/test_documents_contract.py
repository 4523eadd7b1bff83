"""The dossier contract: strict JSON, violations in French, consistency, forms of address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.contract import strict_json
from services.documents.contract.dossier_json import CONTRACT_FILE, Dossier, read_dossier
from services.documents.contract.schema import Requirement, Schema
from services.documents.contract.strict_json import merge_patch, read_sound
from services.documents.contract.values import Code, Money
from services.documents.contract.wording import (
    POSTAL_WIDTH,
    city_line,
    civil_names,
    long_day,
    postal_block,
    salutation,
    time_left,
)
from services.documents.template.context import ADDED
from services.kit.errors import FieldReason, InvalidArgument, Violations
from services.kit.french import typeset
from tests.documents_support import DAY, DOCUMENTS, Json, example

EXAMPLES_OF = DOCUMENTS / "contract" / "examples"
EXAMPLES = sorted(path.stem for path in EXAMPLES_OF.glob("*.json"))
SCHEMA = json.loads(CONTRACT_FILE.read_text(encoding="utf-8"))
CONTRACT = Schema(SCHEMA)
MADAM = {"civility": Code("MADAME", "Madame"), "first_name": "Anne", "last_name": "Exemple"}
SIR = {"civility": Code("MONSIEUR", "Monsieur"), "first_name": "Yann", "last_name": "Modèle"}
SOMEBODY = {"first_name": "Dominique", "last_name": "Exemple"}


def read(raw: bytes | Json) -> Dossier:
    content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return read_dossier(content, CONTRACT, Requirement([], "test"), [], DAY)


def found(raw: bytes | Json) -> dict[str, str]:
    with pytest.raises(InvalidArgument) as caught:
        read(raw)
    assert caught.value.reason == "INVALID_FIELDS"
    return {violation.field: violation.reason for violation in caught.value.violations}


def descriptions(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, child in node.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from descriptions(child, f"{path}.{name}")
        yield from descriptions(child.get("items", {}), f"{path}.{name}[]")


def test_every_field_is_described_in_french_typography() -> None:
    definitions = {f"$defs.{name}": node for name, node in SCHEMA["$defs"].items()}
    fields = dict(descriptions(SCHEMA)) | definitions
    for name, node in definitions.items():
        fields |= dict(descriptions(node, name))
    assert [path for path, node in fields.items() if not node.get("description")] == []
    texts = [
        text for node in fields.values() for text in (node["description"], node.get("title", "")) if text
    ]
    assert [text for text in texts if text != typeset(text)] == []
    assert not ADDED & set(SCHEMA["properties"])


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_follow_the_contract(name: str) -> None:
    assert read(example(name)).sha256 == read(json.dumps(example(name), indent=1).encode()).sha256


def test_money_rates_dates_and_codes_get_types() -> None:
    data = read(example("complet")).data
    assert data["loan"]["amount"] == Money(250000)
    assert data["budget"]["totals"]["living_remainder_after"].cents == 112238
    assert data["case"]["request_date"] == date(2026, 11, 16)
    assert data["applicant"]["civility"].label == "Madame"
    assert read(example("minimal")).data["project"]["quotes"] == []


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"{", "NOT_JSON"),
        (b"\xef\xbb\xbf{}", "NOT_JSON"),
        (b"[]", "MALFORMED"),
        (b'{"a": "\xe9"}', "NOT_JSON"),
        (b'{"a":' * 100_000, "TOO_DEEP"),
        (b" " * (1 << 20) + b"{}", "TOO_LONG"),
    ],
)
def test_what_is_not_a_json_object_is_refused(raw: bytes, reason: str) -> None:
    assert found(raw) == {"data_json": reason}


def test_strictness_names_every_field_at_once() -> None:
    raw = json.dumps(example("complet")).encode()
    for before, after in (
        (b'"months": 36', b'"months": NaN'),
        (b'"persons": 4', b'"persons": 4.0'),
        (b'"request_date"', b'"request_date": "2026-01-01", "request_date"'),
        (b'"birth_place": "Vannes (Morbihan)"', b'"birth_place": "Van\\ud800nes"'),
        (b'"label": "Salaire net"', b'"label": "deux\\nlignes"'),
        (b'"guardian"', b'"guardian"'),
        (b'"lender": "Banque Exemple"', b'"lender": "\\u202eBanque", "\\u0007x": {"y": {}}'),
    ):
        raw = raw.replace(before, after, 1)
    assert found(raw) == {
        "data_json.loan.months": "WRONG_TYPE",
        "data_json.household.persons": "WRONG_TYPE",
        "data_json.case.request_date": "DUPLICATE",
        "data_json.applicant.birth_place": "NOT_PRINTABLE",
        "data_json.budget.incomes[0].label": "MALFORMED",
        "data_json.budget.credits[0].lender": "NOT_PRINTABLE",
        "data_json.budget.credits[0].?2": "UNKNOWN_FIELD",
    }


# Letters that JSON writes otherwise than itself, or that no text may hold, and names that may come twice.
LETTERS = st.text(alphabet='aé’\u00a0"\\\\/\n\r\t\x07\u200b\U0001f600{}:,.0', max_size=4)
VALUES = st.recursive(
    LETTERS | st.integers(-(10**17), 10**17) | st.booleans() | st.sampled_from([1.0, 1e16, 0.5]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(LETTERS, below, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(LETTERS, VALUES), max_size=4), st.booleans(), st.sampled_from([None, 1]))
def test_what_is_read_in_one_pass_is_what_is_read_strictly(
    pairs: list[tuple[str, Any]], escaped: bool, indent: int | None
) -> None:
    """A text that is taken as sound has nothing to refuse but its numbers, and gives the same data."""
    written = (json.dumps({key: value}, ensure_ascii=escaped, indent=indent)[1:-1] for key, value in pairs)
    raw = ("{" + ",".join(written) + "}").encode()
    sound = read_sound(raw)
    if sound is None:
        return
    violations = Violations()
    plain = strict_json.read(raw, "data_json", (), violations)
    assert {one.reason for one in violations} <= {FieldReason.WRONG_TYPE}
    if not list(violations):
        assert sound[0] == plain
        canonical = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert sound[1] == canonical.encode()


def test_ordinary_dossiers_are_read_in_one_pass() -> None:
    """The strict reader explains; it is not what a sound dossier costs."""
    read_at_once = [name for name in EXAMPLES if read_sound((EXAMPLES_OF / f"{name}.json").read_bytes())]
    assert sorted({*EXAMPLES} - {*read_at_once}) == ["extreme"]  # which quotes and escapes


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":{"b":"x","b":"x"}}',
        b'{"a":"\\u202e"}',
        b'{"a":"\\u0007"}',
        b'{"a":"\xf3\xa0\x81\x81"}',
    ],
)
def test_what_is_refused_is_never_read_in_one_pass(raw: bytes) -> None:
    assert read_sound(raw) is None


@pytest.mark.parametrize("character", ["\u200b", "\u200e", "\u061c", "\xad", "\ue000", "\U000e0041", "\x07"])
def test_characters_that_show_nothing_are_refused_alike(character: str) -> None:
    data = example("complet")
    data["applicant"]["birth_place"] = f"Van{character}nes"
    with pytest.raises(InvalidArgument) as caught:
        read(json.dumps(data).encode())
    (violation,) = caught.value.violations
    assert violation.reason == FieldReason.NOT_PRINTABLE
    assert f"U+{ord(character):04X}, au rang 4" in violation.description


def test_line_breaks_of_windows_are_line_breaks() -> None:
    data = example("complet")
    data["opinion"]["evaluation"] = "Un.\r\nDeux.\rTrois\tquatre."
    assert read(json.dumps(data).encode()).data["opinion"]["evaluation"] == "Un.\nDeux.\nTrois quatre."


def test_broken_json_says_where() -> None:
    for raw, said in ((b'{\n "a": 1,}', "ligne 2, colonne 9"), (b"\xef\xbb\xbf{}", "BOM")):
        with pytest.raises(InvalidArgument) as caught:
            read(raw)
        assert said in caught.value.violations[0].description


def change(data: Json, path: str, value: Any) -> None:
    *parents, last = path.split("/")
    node: Any = data
    for name in parents:
        node = node[int(name)] if name.isdigit() else node[name]
    node[last] = value


@pytest.mark.parametrize(
    ("path", "value", "reasons"),
    [
        ("budget/totals/expenses", "1.00", ["INCONSISTENT"] * 2),
        ("budget/totals/living_remainder_after", "0.00", ["INCONSISTENT"] * 2),
        ("loan/schedule/3/payment", "71.07", ["INCONSISTENT"] * 3),
        ("loan/schedule/3/balance", "1.00", ["INCONSISTENT"]),
        ("loan/schedule/3/number", 7, ["INCONSISTENT"]),
        ("loan/months", 35, ["INCONSISTENT"] * 2),
        ("loan/total_paid", "1.00", ["INCONSISTENT"]),
        ("case/request_date", "2026-11-24", ["INCONSISTENT"]),
        ("applicant/birth_date", "2027-01-01", ["INCONSISTENT"]),
    ],
)
def test_data_that_contradict_themselves_are_refused(path: str, value: Any, reasons: list[str]) -> None:
    data = example("complet")
    change(data, path, value)
    assert sorted(found(data).values()) == reasons


def test_the_error_never_quotes_the_value() -> None:
    data = example("complet")
    data["budget"]["totals"]["income"] = "4321.00"
    with pytest.raises(InvalidArgument) as caught:
        read(data)
    told = " ".join(violation.description for violation in caught.value.violations)
    assert not set("0123456789") & set(told)


def test_a_total_with_an_unknown_line_is_not_compared() -> None:
    data = example("complet")
    del data["budget"]["incomes"][0]["amount"]
    assert read(data)


@pytest.mark.parametrize(
    ("persons", "expected"),
    [
        ([MADAM], "Madame"),
        ([SIR], "Monsieur"),
        ([MADAM, SIR], "Madame, Monsieur"),
        ([MADAM, MADAM], "Mesdames"),
        ([SIR, SIR], "Messieurs"),
        ([SOMEBODY], "Madame, Monsieur"),
        ([MADAM, SOMEBODY], "Madame, Monsieur"),
        ([], "Madame, Monsieur"),
    ],
)
def test_salutation(persons: list[Json], expected: str) -> None:
    assert salutation(persons) == expected


def test_names_cities_and_delays_in_french() -> None:
    assert civil_names([MADAM, SIR]) == "Madame\u00a0Anne Exemple et Monsieur\u00a0Yann Modèle"
    assert city_line("56800", "Val d’Oust") == "56800 VAL D OUST"
    assert city_line("56490", "Évriguet-lès-Œufs") == "56490 EVRIGUET LES OEUFS"
    assert long_day(date(2027, 1, 1)) == "vendredi\u00a01er\u00a0janvier\u00a02027"
    delays = {days: time_left(date(2026, 12, 1 + days), date(2026, 12, 1)) for days in (0, 1, 7, 14, 22)}
    assert delays == {
        0: "aujourd’hui",
        1: "demain",
        7: "dans 1\u00a0semaine",
        14: "dans 2\u00a0semaines",
        22: "dans 22\u00a0jours",
    }


@given(st.lists(st.text("Aé’- ", min_size=1, max_size=80), min_size=1, max_size=2), st.text(max_size=45))
def test_no_line_of_a_postal_block_is_too_wide(names: list[str], city: str) -> None:
    block = postal_block(names, {"lines": ["1 rue de l’Exemple"], "postal_code": "56800", "city": city})
    assert max(map(len, block)) <= POSTAL_WIDTH
    assert block[-1].isascii()


def test_every_path_of_a_manifest_is_checked_against_the_contract() -> None:
    knows: Callable[[str], bool] = CONTRACT.knows
    assert knows("applicant.address.city")
    assert not knows("applicant.address.town")
    assert not knows("pieces.label")


# The examples of RFC 7396, appendix A: target, patch, result.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_record_is_merged_over_what_all_share(target: Any, patch: Any, result: Any) -> None:
    before = json.dumps(target)
    assert merge_patch(target, patch) == result
    assert json.dumps(target) == before
