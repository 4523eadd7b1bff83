"""The running service: the registry cases, refusals, pages, knowledge times, writes of other processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, decimal_pb2, money_pb2

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1.bank_pb2 import BankCheck
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from tests.bank_registry_support import (
    agreement,
    bank,
    import_banks,
    loan,
    new_database,
    run_import,
    siren,
    status_of,
)
from tests.support import ROOT, Launch

SAMPLE = ROOT / "services/bank_registry/samples/preteurs-fictifs.json"
CASES = ["R01", "R02", "R04", "R05", "R07", "R08", "R10", "R11", "R13", "R14", "R16", "R17"]

Cases = Callable[[str], Any]


@contextmanager
def stub_of(address: str) -> Iterator[BankRegistryServiceStub]:
    with grpc.insecure_channel(address) as channel:
        yield BankRegistryServiceStub(channel)


@pytest.fixture(scope="module")
def sample(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankRegistryServiceStub]:
    """The service on the sample lenders."""
    url = f"sqlite:///{tmp_path_factory.mktemp('sample')}/registry.sqlite3"
    assert run_import(url, SAMPLE).returncode == 0
    server = launch("services.bank_registry", "--workers", "2", env={"BANK_REGISTRY_DATABASE_URL": url})
    with stub_of(server.address) as stub:
        yield stub


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def live(
    request: pytest.FixtureRequest, launch: Launch, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    """The store and the address of a service that tests write to."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('live')}/registry.sqlite3"
    else:
        url = new_database(request.getfixturevalue("postgres_url"))
    server = launch("services.bank_registry", "--workers", "2", env={"BANK_REGISTRY_DATABASE_URL": url})
    return url, server.address


def codes(check: BankCheck) -> list[str]:
    return [reason.code for reason in check.reasons]


def checked(stub: BankRegistryServiceStub, name: str, request: pb.LoanRequest, **more: Any) -> BankCheck:
    answer = stub.CheckBank(pb.CheckBankRequest(name=name, loan_request=request, **more), timeout=10)
    return answer.check


def instant(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def lender_of_case(number: int, fields: dict[str, Any]) -> dict[str, Any]:
    """The lender of a registry case, in the format of the import."""
    renamed = {"agreement_start": "start", "agreement_end": "end"}
    kept = {
        renamed.get(name, name): value for name, value in fields.items() if not name.startswith("suspended")
    }
    suspension = {"start": fields["suspended_from"], "end": fields["suspended_to"]}
    identity = {"id": f"case-{number}", "siren": siren(number), "kind": "CREDIT_INSTITUTION"}
    terms = {name: value for name, value in kept.items() if name not in ("name", "siren", "cib")}
    terms |= {"id": "fcs", "reference": "FCS", "suspensions": [suspension] if suspension["start"] else []}
    return {**identity, "name": kept["name"], "cib": f"{99000 + number}", "agreements": [terms]}


@pytest.fixture(scope="module")
def case_answers(
    cases: Cases, launch: Launch, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[BankCheck, dict[str, Any]]]:
    """Each registry case: its lender imported, its request sent; all in one registry."""
    content = cases("registry_cases.json")
    folder = tmp_path_factory.mktemp("cases")
    url = f"sqlite:///{folder}/registry.sqlite3"
    lenders = [
        lender_of_case(number, {**content["base_bank"], **case["bank_overrides"]})
        for number, case in enumerate(content["cases"])
    ]
    import_banks(url, folder, *lenders)
    server = launch("services.bank_registry", "--workers", "1", env={"BANK_REGISTRY_DATABASE_URL": url})
    answers = {}
    with stub_of(server.address) as stub:
        for number, case in enumerate(content["cases"]):
            asked = {**content["base_query"], **case["query_overrides"]}
            request = loan(asked["on"], asked["commune_insee"], asked["amount"], asked["months"])
            answers[case["id"]] = (checked(stub, f"banks/case-{number}", request), case["expected"])
    return answers


@pytest.mark.parametrize("case", CASES)
def test_registry_case(case: str, case_answers: dict[str, tuple[BankCheck, dict[str, Any]]]) -> None:
    check, expected = case_answers[case]
    assert {"selectable": check.selectable, "reasons": codes(check)} == expected


def test_every_registry_case_is_played(case_answers: dict[str, Any]) -> None:
    assert list(case_answers) == CASES


def test_the_sample_lenders_are_listed_best_first_with_their_reasons(sample: BankRegistryServiceStub) -> None:
    request = pb.ListSelectableBanksRequest(loan_request=loan(rate="1.5"))
    answer = sample.ListSelectableBanks(request, timeout=10)
    listed = [(check.bank.name.removeprefix("banks/"), codes(check)) for check in answer.checks]
    assert listed == [
        ("caisse-fictive-de-broceliande", []),
        ("banque-fictive-de-l-oust", []),
        ("fondation-fictive-des-landes-de-lanvaux", []),
        ("credit-municipal-fictif-de-bretagne", []),
        ("banque-fictive-de-la-vilaine", ["AGREEMENT_SUSPENDED"]),
        ("association-fictive-coup-de-main", ["AMOUNT_ABOVE_LENDER_MAX"]),
        ("banque-fictive-du-blavet", ["AGREEMENT_ENDED"]),
        ("caisse-fictive-du-porhoet", ["NO_AGREEMENT"]),
    ]
    assert answer.selectable_count == 4
    assert answer.state_number == 1
    assert answer.commune_insee == "56165"


def test_an_answer_carries_all_that_a_letter_needs(sample: BankRegistryServiceStub) -> None:
    check = checked(sample, "banks/banque-fictive-de-l-oust", loan())
    terms = check.agreement_checks[1].agreement
    assert terms.name == "banks/banque-fictive-de-l-oust/agreements/fcs-2024"
    assert (terms.reference, terms.manager) == ("FCS-FICTIF-2024-017", "Bpifrance")
    assert terms.end_date == date_pb2.Date(year=2028, month=1, day=1)
    assert terms.envelope == money_pb2.Money(currency_code="EUR", units=50_000)
    assert terms.rate_max_pct.value == "2.5"
    assert (terms.months_min, terms.months_max) == (6, 60)
    convention = check.local_convention
    assert (convention.contact_name, convention.postal_code) == ("Service des prêts solidaires", "56800")
    assert (list(convention.address_lines), convention.city) == (["1 rue de l’Exemple"], "Ploërmel")
    assert convention.answer_days == 15


def test_a_former_commune_is_followed(sample: BankRegistryServiceStub) -> None:
    request = pb.CheckBankRequest(
        name="banks/fondation-fictive-des-landes-de-lanvaux", loan_request=loan(commune="56138")
    )
    answer = sample.CheckBank(request, timeout=10)
    assert answer.commune_insee == "56165"
    assert answer.check.selectable


def test_only_selectable_lenders_may_be_asked_for(sample: BankRegistryServiceStub) -> None:
    request = pb.ListSelectableBanksRequest(loan_request=loan(), selectable_only=True)
    answer = sample.ListSelectableBanks(request, timeout=10)
    assert [check.selectable for check in answer.checks] == [True] * 4
    assert answer.selectable_count == 4


def refused(stub: BankRegistryServiceStub, request: Any) -> dict[str, str]:
    call = stub.CheckBank if isinstance(request, pb.CheckBankRequest) else stub.ListSelectableBanks
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=10)
    info, violations = status_of(caught.value)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (info.reason, info.domain) == ("INVALID_FIELDS", "bankregistry.microcredit")
    return violations


def test_every_absent_field_is_listed(sample: BankRegistryServiceStub) -> None:
    assert set(refused(sample, pb.CheckBankRequest())) == {
        "name",
        "loan_request.on_date",
        "loan_request.commune_insee",
        "loan_request.amount",
        "loan_request.months",
    }


def test_every_wrong_field_is_listed(sample: BankRegistryServiceStub) -> None:
    request = pb.ListSelectableBanksRequest(
        loan_request=pb.LoanRequest(
            on_date=date_pb2.Date(year=2026, month=2, day=29),
            commune_insee="56800",
            amount=money_pb2.Money(currency_code="EUR", units=0, nanos=0),
            months=0,
            nominal_rate_pct=decimal_pb2.Decimal(value="-0.01"),
            object_category="mobilité",
        ),
        known_time=Timestamp(seconds=32_503_680_000),
        min_state_number=-1,
        page_size=-1,
        page_token="é",
    )
    violations = refused(sample, request)
    assert set(violations) == {
        *(f"loan_request.{field}" for field in ("on_date", "commune_insee", "amount", "months")),
        *(f"loan_request.{field}" for field in ("nominal_rate_pct", "object_category")),
        *("known_time", "min_state_number", "page_size", "page_token"),
    }
    assert violations["loan_request.commune_insee"].startswith(
        "56800 est un code postal ; code INSEE attendu, par exemple 56165 (Ploërmel)"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2a004", "Le code 2a004 n’est pas un code INSEE de commune ; vouliez-vous dire 2A004 (Ajaccio) ?"),
        ("Ploermel", "Ce texte n’est pas un code INSEE de commune ; vouliez-vous dire 56165 (Ploërmel) ?"),
        (
            "56999",
            "Le code 56999 n’est pas un code INSEE de commune ; un tel code s’écrit comme 56165 (Ploërmel).",
        ),
        (
            "M. Fictif",
            "Ce texte n’est pas un code INSEE de commune ; un tel code s’écrit comme 56165 (Ploërmel).",
        ),
        (" 56165", "Ce texte n’est pas un code INSEE de commune ; vouliez-vous dire 56165 (Ploërmel) ?"),
    ],
)
def test_an_unknown_commune_comes_with_a_suggestion(
    sample: BankRegistryServiceStub, text: str, said: str
) -> None:
    request = pb.ListSelectableBanksRequest(loan_request=loan(commune=text))
    assert refused(sample, request) == {"loan_request.commune_insee": said}


@pytest.mark.parametrize("name", ["banque-fictive-de-l-oust", "banks/", "banks/Oust", "banks/a/agreements/b"])
def test_a_malformed_name_is_a_violation(sample: BankRegistryServiceStub, name: str) -> None:
    assert list(refused(sample, pb.CheckBankRequest(name=name, loan_request=loan()))) == ["name"]


def test_an_unknown_lender_comes_with_the_closest_ones(sample: BankRegistryServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        checked(sample, "banks/banque-de-l-oust", loan())
    info, _ = status_of(caught.value)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert info.reason == "BANK_NOT_FOUND"
    assert info.metadata["name"] == "banks/banque-de-l-oust"
    assert "banks/banque-fictive-de-l-oust" in info.metadata["suggestions"].split(", ")


def test_a_revision_not_reached_is_to_be_retried(sample: BankRegistryServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        checked(sample, "banks/banque-fictive-de-l-oust", loan(), min_state_number=2)
    info, _ = status_of(caught.value)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert (info.reason, dict(info.metadata)) == (
        "STATE_NOT_REACHED",
        {"state_number": "1", "min_state_number": "2"},
    )


def test_nothing_was_known_before_the_first_import(sample: BankRegistryServiceStub) -> None:
    before = instant(datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(grpc.RpcError) as caught:
        checked(sample, "banks/banque-fictive-de-l-oust", loan(), known_time=before)
    assert status_of(caught.value)[0].reason == "BANK_NOT_FOUND"
    request = pb.ListSelectableBanksRequest(loan_request=loan(), known_time=before)
    assert list(sample.ListSelectableBanks(request, timeout=10).checks) == []


def pages(stub: BankRegistryServiceStub, request: pb.ListSelectableBanksRequest) -> Iterator[Any]:
    while True:
        answer = stub.ListSelectableBanks(request, timeout=10)
        yield answer
        request.page_token = answer.next_page_token
        if not request.page_token:
            return


@pytest.mark.parametrize(("size", "count"), [(1, 8), (3, 3), (8, 1), (0, 1), (1000, 1)])
def test_pages_make_the_whole_list(sample: BankRegistryServiceStub, size: int, count: int) -> None:
    whole = sample.ListSelectableBanks(pb.ListSelectableBanksRequest(loan_request=loan()), timeout=10)
    found = list(pages(sample, pb.ListSelectableBanksRequest(loan_request=loan(), page_size=size)))
    assert len(found) == count
    assert [check for page in found for check in page.checks] == list(whole.checks)
    assert {page.selectable_count for page in found} == {4}


def test_a_page_token_is_bound_to_its_question(sample: BankRegistryServiceStub) -> None:
    request = pb.ListSelectableBanksRequest(loan_request=loan(), page_size=3)
    token = sample.ListSelectableBanks(request, timeout=10).next_page_token
    request.page_token = token
    assert len(sample.ListSelectableBanks(request, timeout=10).checks) == 3
    request.page_size = 4
    assert len(sample.ListSelectableBanks(request, timeout=10).checks) == 4
    for wrong in (
        "B" + token[1:],
        token[:-1],
        token + "A",
        token[:-1] + ("B" if token[-1] == "A" else "A"),
        "x",
    ):
        request.page_token = wrong
        assert list(refused(sample, request)) == ["page_token"]
    request.page_token = token
    request.loan_request.months = 25
    assert list(refused(sample, request)) == ["page_token"]


def test_an_empty_registry_answers_an_empty_list(launch: Launch, tmp_path: Path) -> None:
    env = {"BANK_REGISTRY_DATABASE_URL": f"sqlite:///{tmp_path}/new/registry.sqlite3"}
    server = launch("services.bank_registry", "--workers", "1", env=env)
    with stub_of(server.address) as stub:
        request = pb.ListSelectableBanksRequest(loan_request=loan())
        answer = stub.ListSelectableBanks(request, timeout=10)
    assert answer == pb.ListSelectableBanksResponse(commune_insee="56165", geography_year=2026)


def test_an_import_is_seen_and_the_past_is_kept(live: tuple[str, str], tmp_path: Path) -> None:
    """Seen by the very next read of every worker (SQLite), or at once with min_state_number (PostgreSQL)."""
    url, address = live
    name, sqlite = "banks/corrigee", url.startswith("sqlite")
    import_banks(url, tmp_path, bank("corrigee", 1, agreement(end=None)))
    with stub_of(address) as stub:
        question = pb.CheckBankRequest(name=name, loan_request=loan(), min_state_number=0 if sqlite else 1)
        first = stub.CheckBank(question, timeout=10)
    assert first.check.selectable
    known = datetime.now(UTC)
    import_banks(url, tmp_path, bank("corrigee", 1, agreement(end="2026-11-30")))
    question.min_state_number = 0 if sqlite else first.state_number + 1
    for _ in range(20):  # connections are spread over the workers
        with stub_of(address) as stub:
            second = stub.CheckBank(question, timeout=10)
        assert (codes(second.check), second.state_number) == (["AGREEMENT_ENDED"], first.state_number + 1)
    with stub_of(address) as stub:
        assert checked(stub, name, loan(), known_time=instant(known)).selectable
        assert checked(stub, name, loan("2026-11-30")).selectable


def test_pages_begun_before_an_import_go_on_unchanged(live: tuple[str, str], tmp_path: Path) -> None:
    url, address = live
    state = import_banks(url, tmp_path, *(bank(f"page-{letter}", 10 + n) for n, letter in enumerate("bcd")))
    with stub_of(address) as stub:
        request = pb.ListSelectableBanksRequest(loan_request=loan(), page_size=2, min_state_number=state)
        first = stub.ListSelectableBanks(request, timeout=10)
        import_banks(url, tmp_path, bank("page-a", 14))
        request.page_token = first.next_page_token
        rest = list(pages(stub, request))
        names = [check.bank.name for page in (first, *rest) for check in page.checks]
        assert {page.state_number for page in rest} == {first.state_number}
        now = stub.ListSelectableBanks(
            pb.ListSelectableBanksRequest(loan_request=loan(), min_state_number=first.state_number + 1),
            timeout=10,
        )
    assert "banks/page-a" not in names
    assert "banks/page-d" in names
    assert len(names) == len(set(names)) == len(now.checks) - 1
