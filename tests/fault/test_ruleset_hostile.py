"""Hostile packages through a server: a clear refusal, nothing published, and the server keeps answering."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping

import grpc
import pytest

from microcredit.releases.v1 import release_service_pb2 as pb
from services.kit.releases.archive import MAX_ARCHIVE_BYTES, pack
from tests.ruleset_support import SHIPPED, TIMEOUT, Refusal, Rules, edited, refusal, serving
from tests.support import Launch

RULES = SHIPPED["rules.yaml"]
ALIASES = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.fixture(scope="module")
def rules(launch: Launch) -> Iterator[Rules]:
    with serving(launch) as client:
        yield client


@pytest.fixture(autouse=True)
def unharmed(rules: Rules) -> Iterator[None]:
    """Whatever is sent, the rules in force and the answers stay what they were."""
    before = rules.ruleset()
    yield
    assert rules.ruleset() == before
    assert rules.assess().ruleset.version == "2026.1"


def zipped(entries: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(lambda: pack(SHIPPED)[:-100], id="truncated"),
        pytest.param(lambda: b"PK" + bytes(1000), id="not a zip"),
        pytest.param(lambda: b"\x00" * (MAX_ARCHIVE_BYTES - 1000), id="large and empty"),
        pytest.param(lambda: zipped({**SHIPPED, "../../etc/cron.d/x": b"x"}), id="zip slip"),
        pytest.param(lambda: zipped({**SHIPPED, "cases/x.yaml": bytes(64 * 1024**2)}), id="bomb"),
        pytest.param(lambda: zipped({f"cases/{n}.yaml": b"" for n in range(501)}), id="many files"),
    ],
)
def test_an_unsound_archive(rules: Rules, archive: Callable[[], bytes]) -> None:
    for call in (rules.publish_archive, checked(rules)):
        refused = refusal(call, archive())
        assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "ARCHIVE_REFUSED")
        assert refused.message.startswith("L’archive")


def checked(rules: Rules) -> Callable[[bytes], object]:
    return lambda archive: rules.releases.CheckPackage(
        pb.CheckPackageRequest(collection="rulesets", archive=archive), timeout=TIMEOUT
    )


def test_a_message_larger_than_the_server_reads(rules: Rules) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        rules.publish_archive(bytes(64 * 1024 * 1024))
    assert failure.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        pytest.param("facts.yaml", ALIASES, "renvoi", id="aliases"),
        pytest.param("rules.yaml", RULES + RULES, "est déjà écrite", id="duplicate keys"),
        pytest.param("rules.yaml", b"a: " + b"[" * 5000, "imbrication", id="nested"),
        pytest.param("rules.yaml", b"\xff\xfe\x00", "UTF-8", id="not text"),
        pytest.param(
            "rules.yaml",
            b"".join(b"R%d:\n  severity: reserve\n  when: x\n" % n for n in range(10_000)),
            "au plus",
            id="10,000 rules",
        ),
        pytest.param(
            "derived.yaml",
            b"a:\n  label: A\n  value: b\nb:\n  label: B\n  value: a\n",
            "n’est ni un fait",
            id="endless pair",
        ),
    ],
)
def test_a_hostile_file(rules: Rules, file: str, content: bytes, expected: str) -> None:
    refused = refused_package(rules, {**SHIPPED, file: content})
    assert any(field.startswith(f"{file}:") for field, _ in refused.violations)
    report = rules.check({**SHIPPED, file: content})
    assert not report.accepted
    assert any(expected in finding.sentence for finding in report.findings), report.findings


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("value: 3000.00", "value: NaN"),
        ("value: 3000.00", "value: 1e3"),
        ("value: 3000.00", "value: 03000.00"),
        ("value: 3000.00", "value: 3000.00000000000000000001"),
        ("value: 3000.00", 'value: "٣٠٠٠.٠٠"'),
        ("label: Montant maximal", 'label: "\\u202e\\0"'),
    ],
)
def test_a_hostile_value(rules: Rules, before: str, after: str) -> None:
    refused = refused_package(rules, edited(SHIPPED, ("parameters.yaml", before, after)))
    assert all(field.startswith("parameters.yaml:") for field, _ in refused.violations)


def test_an_expression_is_never_run(rules: Rules) -> None:
    for condition in ("__import__('os')", "loan.months ** 9999999999 > 1", "(lambda: 1)()", "'a' * 10"):
        hostile = edited(SHIPPED, ("rules.yaml", "loan.amount > amount_max", condition))
        assert refused_package(rules, hostile).violations


def refused_package(rules: Rules, package: Mapping[str, bytes]) -> Refusal:
    refused = refusal(rules.publish, package)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "PACKAGE_REFUSED")
    return refused
