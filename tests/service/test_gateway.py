"""The three services in JSON over HTTPS, through Envoy and the configuration that ships."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import ssl
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from ruamel.yaml import YAML

from microcredit.eligibility.v1.assessment_pb2 import OUTCOME_ELIGIBLE
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceStub
from services.kit.access.roles import shipped
from tests import gateway, oidc
from tests.access_support import GATEWAY, NIGHT, SOFTWARE, TEAM, Town, fingerprint
from tests.bank_registry_support import run_import
from tests.documents_support import REFUSAL, example
from tests.gateway import Answer, Gateway
from tests.service.test_access_roles import SERVED
from tests.support import ROOT, Launch, RunningServer, registry_keys
from tools import certificates
from tools.contracts import HOSTS, write_bundle

pytestmark = [
    pytest.mark.more("la passerelle, qui demande Envoy"),
    gateway.needs_envoy,
    oidc.needs_provider,
]

RULES = f"""
[[applications]]
name = "{SOFTWARE}"
account = "agents"

[[applications]]
name = "{GATEWAY}"
account = "gateway"

[[providers]]
name = "ville"
issuer = "{{issuer}}"
audience = "microcredit"

[providers.roles]
mc-instruction = ["instructor"]
mc-tout = {json.dumps(sorted(shipped(ROOT / "services/eligibility/roles.toml").roles))}
"""
PEOPLE = {"claire": {"roles": ["mc-instruction"], **TEAM}, "tout": {"roles": ["mc-tout"], **TEAM}}
SAMPLE = ROOT / "services/bank_registry/samples/preteurs-fictifs.json"
PAGE = ROOT / "docs/passerelle.md"
LETTER: dict[str, Any] = {
    "template": f"templates/{REFUSAL}",
    "documentDate": {"year": 2026, "month": 11, "day": 23},
    "data": example("refus-budget"),
}
Call = Callable[..., Answer]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with oidc.Provider(oidc.free_port(), folder, PEOPLE).running() as provider:
        yield Town(folder, provider, rules=RULES)


@pytest.fixture(scope="module")
def servers(
    town: Town, launch: Launch, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, RunningServer]:
    url = f"sqlite:///{tmp_path_factory.mktemp('registry')}/bank_registry.sqlite3"
    registry = {"BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)}
    run_import(url, SAMPLE).check_returncode()
    workers_of = {"eligibility": 2, "documents": 1, "bank_registry": 1}
    return {
        name.replace("_", "-"): launch(
            f"services.{name}",
            f"--workers={workers}",
            *town.options(),
            env=registry if name == "bank_registry" else None,
        )
        for name, workers in workers_of.items()
    }


@pytest.fixture(scope="module")
def folder(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Envoy starts: the contracts in dist/, the certificates in certs/."""
    place = tmp_path_factory.mktemp("gateway")
    write_bundle(place / "dist")
    shutil.copytree(town.folder, place / "certs")
    certificates.write(town.pairs[GATEWAY], place / "certs", "passerelle")
    for name, pair in town.pairs.items():
        certificates.write(pair, place / "certs", name.rpartition("/")[2])
    return place


@pytest.fixture(scope="module")
def running(folder: Path, servers: Mapping[str, RunningServer]) -> Iterator[Gateway]:
    addresses = {name: server.address for name, server in servers.items()}
    with gateway.running(folder, addresses) as found:
        yield found


def trust(folder: Path, application: str = "logiciel") -> ssl.SSLContext:
    """What an application shows, and whom it believes."""
    context = ssl.create_default_context(cafile=str(folder / "certs/autorite.crt"))
    context.load_cert_chain(folder / f"certs/{application}.crt", folder / f"certs/{application}.key")
    return context


@pytest.fixture(scope="module")
def call(town: Town, folder: Path, running: Gateway) -> Call:
    """The software that agents use, for Claire."""
    shown, token = trust(folder), town.provider.login("claire").access

    def send(*arguments: Any, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        said = {"authorization": f"Bearer {token}", **(headers or {})}
        return running.call(shown, *arguments, headers=said, **more)

    return send


def request(name: str) -> Any:
    return json.loads((ROOT / f"examples/requests/{name}.json").read_text(encoding="utf-8"))


def test_envoy_takes_the_file_as_it_ships(folder: Path) -> None:
    command = [str(gateway.TOOLS / "envoy"), "--mode", "validate", "-c", str(gateway.CONFIGURATION)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1000:]


def test_each_host_name_has_the_services_of_its_server() -> None:
    """One that is forgotten would be there for gRPC alone."""
    found = {}
    for host in hosts():
        translated = host["typed_per_filter_config"]["envoy.filters.http.grpc_json_transcoder"]["services"]
        found[host["name"].replace("-", "_")] = set(translated)
    assert found == {
        name: {
            service.full_name for module in modules for service in module.DESCRIPTOR.services_by_name.values()
        }
        for name, modules in SERVED.items()
    }


def hosts() -> list[Any]:
    """The host names of the configuration."""
    file = YAML(typ="safe").load(gateway.CONFIGURATION)
    (listener,) = file["static_resources"]["listeners"]
    (chain,) = listener["filter_chains"]
    (manager,) = chain["filters"]
    found: list[Any] = manager["typed_config"]["route_config"]["virtual_hosts"]
    return found


def test_an_application_is_assessed_given_lenders_and_a_letter(call: Call) -> None:
    assessed = call("eligibility", "/v1/applications:assess", request("recevable"))
    assert (assessed.status, assessed.json["assessment"]["outcome"]) == (200, "OUTCOME_ELIGIBLE")
    banks = call("bank-registry", "/v1/banks:listSelectable", request("preteurs"))
    assert any(each.get("selectable") for each in banks.json["checks"])
    letter = call("documents", "/v1/documents:generate", LETTER)
    content = base64.b64decode(letter.json["document"]["content"])
    assert hashlib.sha256(content).hexdigest() == letter.json["document"]["sha256"]
    assert zipfile.is_zipfile(io.BytesIO(content))


def test_the_file_comes_as_it_is_saved(call: Call) -> None:
    file = call("documents", "/v1/documents:file", LETTER)
    made = call("documents", "/v1/documents:generate", LETTER).json["document"]
    assert hashlib.sha256(file.content).hexdigest() == made["sha256"]
    assert file.headers["content-type"] == made["mediaType"]
    assert file.headers["content-disposition"] == f'attachment; filename="{made["filename"]}"'


def test_a_file_that_is_refused_says_why(call: Call) -> None:
    wrong = {**LETTER, "data": {**LETTER["data"], "inconnu": 1, "applicant": {"last_name": 1}}}
    for path in ("/v1/documents:file", "/v1/documents:generate"):
        answer = call("documents", path, wrong)
        assert (answer.status, answer.reason) == (400, "INVALID_FIELDS")
        (fields,) = (each["fieldViolations"] for each in answer.json["details"] if "fieldViolations" in each)
        assert any(each["field"].endswith("data.applicant.last_name") for each in fields)
        assert any(".data.?" in f".{each['field']}" for each in fields)


def test_an_error_of_a_service_comes_with_its_details(call: Call) -> None:
    answer = call("eligibility", "/v1/applications:assess", request("malformee"))
    assert (answer.status, answer.reason) == (400, "INVALID_FIELDS")
    (fields,) = (each["fieldViolations"] for each in answer.json["details"] if "fieldViolations" in each)
    assert {"application.loan.amount", "application.household.persons"} <= {each["field"] for each in fields}


@pytest.mark.parametrize(
    ("path", "body", "status", "reason"),
    [
        ("/v1/applications:assess", b'{"application": ', 400, "REQUEST_UNREADABLE"),
        ("/v1/decisions?inconnu=1", None, 400, "REQUEST_UNREADABLE"),
        ("/v1/inconnu", None, 404, "METHOD_UNKNOWN"),
        ("/v1/applications:assess", b'{"requestId": "' + b"x" * 6_400_000 + b'"}', 413, "MESSAGE_TOO_LARGE"),
        ("/v1/applications:assess", b'{"requestId": "' + b"x" * 5_000_000 + b'"}', 429, "MESSAGE_TOO_LARGE"),
    ],
)
def test_what_the_gateway_refuses_is_said_in_json_and_in_french(
    call: Call, path: str, body: bytes | None, status: int, reason: str
) -> None:
    answer = call("eligibility", path, body)
    assert (answer.status, answer.reason) == (status, reason)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["message"].endswith(".")


def test_the_agent_and_the_application_are_those_of_the_service(
    town: Town, folder: Path, running: Gateway, call: Call
) -> None:
    today = "/v1/factCatalog?request_date.year=2026&request_date.month=12&request_date.day=1"
    assert call("eligibility", today).status == 200
    other = f"Hash={fingerprint(town.pairs[NIGHT])};URI={SOFTWARE}"
    assert call("eligibility", today, headers={"x-forwarded-client-cert": other}).status == 200
    assert running.call(trust(folder), "eligibility", today).reason == "TOKEN_REQUIRED"
    stolen = {"x-forwarded-client-cert": f"Hash={fingerprint(town.pairs[SOFTWARE])};URI={SOFTWARE}"}
    unknown = running.call(trust(folder, "nuit"), "eligibility", today, headers=stolen)
    assert (unknown.status, unknown.reason) == (401, "APPLICATION_REFUSED")
    bare = ssl.create_default_context(cafile=str(folder / "certs/autorite.crt"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        running.call(bare, "eligibility", today)


def test_the_same_port_carries_grpc(town: Town, running: Gateway, folder: Path) -> None:
    own = town.pairs[SOFTWARE]
    credentials = grpc.ssl_channel_credentials(town.root.pem(), own.key_pem(), own.pem())
    name = [("grpc.ssl_target_name_override", "eligibility.localhost")]
    with grpc.secure_channel(f"127.0.0.1:{running.port}", credentials, name) as channel:
        token = (("authorization", f"Bearer {town.provider.login('claire').access}"),)
        asked = ParseDict(request("recevable"), AssessEligibilityRequest())
        answer = EligibilityServiceStub(channel).AssessEligibility(asked, metadata=token, timeout=60)
    assert answer.assessment.outcome == OUTCOME_ELIGIBLE


def test_the_rate_is_said_then_refused(call: Call) -> None:
    answer = call("eligibility", "/v1/inconnu")
    assert answer.headers["x-ratelimit-limit"] == "600"
    assert 0 <= int(answer.headers["x-ratelimit-remaining"]) < 600


class Refusing(grpc.GenericRpcHandler):
    """A service that has no room for its first calls."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.calls = refusals, 0

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        def answer(asked: bytes, context: grpc.ServicerContext) -> bytes:
            self.calls += 1
            if self.calls <= self.refusals:
                context.abort(grpc.StatusCode.UNAVAILABLE, "plein")
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


@contextmanager
def refusing(folder: Path, refusals: int) -> Iterator[tuple[Gateway, Refusing]]:
    """A gateway before a service that refuses its first calls."""
    certificate, key = (folder / f"certs/serveur.{kind}" for kind in ("crt", "key"))
    handler, server = Refusing(refusals), grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((handler,))
    pair = (key.read_bytes(), certificate.read_bytes())
    address = f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', grpc.ssl_server_credentials([pair]))}"
    server.start()
    with gateway.running(folder, dict.fromkeys(gateway.PORTS, address)) as found:
        yield found, handler
    server.stop(None)


@pytest.mark.parametrize(("refusals", "status", "calls"), [(2, 200, 3), (9, 503, 5)])
def test_a_call_that_a_service_refuses_is_sent_again(
    folder: Path, refusals: int, status: int, calls: int
) -> None:
    with refusing(folder, refusals) as (found, handler):
        answer = found.call(trust(folder), "eligibility", "/v1/applications:assess", {})
    assert (answer.status, handler.calls) == (status, calls)


def test_a_service_that_is_stopped_is_said(folder: Path) -> None:
    nobody = f"127.0.0.1:{oidc.free_port()}"
    with gateway.running(folder, dict.fromkeys(gateway.PORTS, nobody)) as found:
        answer = found.call(trust(folder), "eligibility", "/v1/decisions")
    assert (answer.status, answer.reason) == (503, "OVERLOADED")


def test_one_client_is_served_by_every_worker(call: Call, servers: Mapping[str, RunningServer]) -> None:
    def ticks() -> list[int]:
        stats = (Path(f"/proc/{pid}/stat").read_text() for pid in servers["eligibility"].workers())
        return [sum(map(int, stat.rpartition(")")[2].split()[11:13])) for stat in stats]

    before = ticks()
    with ThreadPoolExecutor(24) as callers:
        asked = [
            callers.submit(call, "eligibility", "/v1/applications:assess", request("recevable"))
            for _ in range(240)
        ]
    assert {each.result().status for each in asked} == {200}
    used = [after - earlier for earlier, after in zip(before, ticks(), strict=True)]
    assert min(used) > max(used) / 10, used


def test_the_commands_of_the_page_do_what_it_says(
    town: Town, folder: Path, running: Gateway, tmp_path: Path
) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (commands,) = (block for block in blocks if block.startswith("call()"))
    for name in ("examples", "services"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(folder / "certs", tmp_path / "certs")
    certificates.write(town.pairs[SOFTWARE], tmp_path / "certs", "logiciel-social")
    (tmp_path / "jeton").write_text(town.provider.login("claire").access)
    script = "set -eu\n" + commands.replace(str(gateway.PORT), str(running.port))
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert zipfile.is_zipfile(tmp_path / "lettre.docx")
    for expected in ("OUTCOME_ELIGIBLE", '"selectable":true', '"facts":[', '"INVALID_FIELDS"'):
        assert expected in done.stdout


@pytest.mark.parametrize("host", HOSTS)
def test_no_request_that_openapi_allows_or_forbids_is_a_fault_of_the_service(
    town: Town, folder: Path, running: Gateway, tmp_path: Path, host: str
) -> None:
    command = [str(gateway.TOOLS / "schemathesis"), "run", str(folder / f"dist/openapi/{host}.json")]
    command += ["--url", f"https://127.0.0.1:{running.port}", "--header", f"host: {host}.localhost"]
    command += ["--header", f"authorization: Bearer {town.provider.login('tout').access}"]
    command += ["--tls-verify", str(folder / "certs/autorite.crt")]
    command += ["--request-cert", str(folder / "certs/logiciel.crt")]
    command += ["--request-cert-key", str(folder / "certs/logiciel.key")]
    command += ["--checks", "not_a_server_error", "--phases", "fuzzing", "--max-examples", "3", "--seed", "1"]
    command += ["--suppress-health-check", "all", "--generation-database", "none", "--no-color"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"(\d{2,}) generated, \1 passed", done.stdout), done.stdout[-1000:]
