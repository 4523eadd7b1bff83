"""Data that no contract expects: each is refused in our words or printed, and none is repeated in the log."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from tests.documents_catalogue import TEMPLATES
from tests.documents_support import FILE, example, request
from tests.fault.test_contract_fuzz import CANARY, fault
from tests.support import Launch

SECONDS = 60.0
EXAMPLES = ("complet", "minimal", "extreme", "refus-budget", "solde")
STRANGE = (
    *("1e400", "-1e400", "1" + "0" * 400, "1e999999999", "1e-999999999", "-0.0", "NaN", "Infinity", "-1"),
    *(
        "null",
        "[]",
        "{}",
        "true",
        '""',
        f'"{"x" * 20_000}"',
        '"\\u0000"',
        '"\\ud800"',
        "[" * 5000 + "]" * 5000,
    ),
    *('"9999-12-31"', '"0001-01-01"', '"2026-02-30"', '"{{ 7 * 7 }}"', '"</w:t><w:p>&"', "nul"),
)
"""What is written in the place of one value, as it is."""

Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path to each value and each list."""
    items = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    for key, held in items or ():
        yield from places(held, (*path, key))
    if path and not isinstance(value, dict):
        yield path


def named(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path to each object."""
    if isinstance(value, dict):
        yield path
    for key, held in enumerate(value) if isinstance(value, list) else getattr(value, "items", tuple)():
        yield from named(held, (*path, key))


def written(data: Any, path: Path, value: str) -> bytes:
    """The data with one value replaced by a text that may be no JSON."""
    root = copy.deepcopy(data)
    inside = root
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = "@here@"
    return json.dumps(root).replace('"@here@"', value).encode()


@pytest.mark.parametrize(
    "count", [60, pytest.param(3000, marks=pytest.mark.more("valeurs extrêmes d’un dossier : 3 000"))]
)
def test_one_extreme_value_of_the_data_has_an_answer(shared: Launch, count: int) -> None:
    chance = random.Random(count)
    data = {name: example(name) for name in EXAMPLES}
    found = {name: list(places(one)) for name, one in data.items()}
    server = shared("services.documents", "--workers", "2", env={"DOCUMENTS_RETENTION_DAYS": "30"})
    faults: list[object] = []
    with grpc.insecure_channel(server.address) as channel:
        generate = DocumentServiceStub(channel).GenerateDocument
        for _ in range(count):
            name, template = chance.choice(EXAMPLES), chance.choice(TEMPLATES)
            path, value = chance.choice(found[name]), chance.choice(STRANGE)
            asked = request(template, written(data[name], path, value))
            try:
                generate(asked, timeout=SECONDS)
            except grpc.RpcError as error:
                if wrong := fault(error, asked.DESCRIPTOR):
                    faults.append((wrong, template, name, path, value[:30]))
    assert not faults
    log = server.log.read_text()
    assert '"event": "exception"' not in log
    applicant = data["complet"]["applicant"]
    assert not [said for said in (applicant["last_name"], applicant["email"]) if said in log]


def test_a_name_or_a_value_of_the_data_is_not_repeated_in_a_refusal(shared: Launch) -> None:
    """A text of a person as the name of a field in each object, and in the place of each kind of value."""
    data = example("complet")
    kinds: dict[tuple[object, ...], Path] = {}
    for path in places(data):
        kinds.setdefault(tuple(part for part in path if isinstance(part, str)), path)
    asked = [(*path, CANARY) for path in named(data)] + random.Random(12).sample(list(kinds.values()), 60)
    server = shared("services.documents", "--workers", "2", env={"DOCUMENTS_RETENTION_DAYS": "30"})
    refusals, repeated = 0, []
    with grpc.insecure_channel(server.address) as channel:
        generate = DocumentServiceStub(channel).GenerateDocument
        for path in asked:
            try:
                generate(request(FILE, written(data, path, json.dumps(CANARY))), timeout=SECONDS)
            except grpc.RpcError as error:
                call: Any = error
                refusals += 1
                said = dict(call.trailing_metadata())["grpc-status-details-bin"] + call.details().encode()
                repeated += [path] if CANARY.encode() in said else []
    assert refusals >= len(list(named(data)))  # no object takes a name that the contract has not
    assert repeated == []
    log = server.log.read_text()
    assert not [said for said in (CANARY, json.dumps(CANARY)) if said in log]
