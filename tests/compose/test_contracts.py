"""What `make contracts` writes: whole, the same bytes each time, read by generators of other languages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import grpc
import jsonschema_rs
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from tests.service.kit_probe import NAME
from tests.style.test_api_style import bindings
from tests.support import ROOT, Launch, wait_until
from tools.contracts import HOSTS, describe, own, write_bundle

TYPESCRIPT = ROOT / "build/npm/node_modules/.bin/protoc-gen-ts"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
VALIDATOR = ROOT / "build/gateway/bin/openapi-spec-validator"
LANGUAGES = {
    "java": ("", ".java"),
    "csharp": ("", ".cs"),
    "php": ("", ".php"),
    "ruby": ("", ".rb"),
    "go": ("protoc-gen-go", ".go"),
    "ts": (str(TYPESCRIPT), ".ts"),
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    write_bundle(folder)
    return folder


def test_the_bundle_has_the_same_bytes_each_time(bundle: Path, tmp_path: Path) -> None:
    for path in write_bundle(tmp_path):
        assert path.read_bytes() == (bundle / path.relative_to(tmp_path)).read_bytes(), path.name


def test_the_descriptors_need_nothing_else(bundle: Path) -> None:
    descriptors = FileDescriptorSet.FromString((bundle / "microcredit.binpb").read_bytes())
    pool = DescriptorPool()
    for file in descriptors.file:  # each after those that it imports, or the pool refuses it
        pool.Add(file)
    for name in ("google.rpc.BadRequest", "google.rpc.ErrorInfo", "google.rpc.LocalizedMessage"):
        assert pool.FindMessageTypeByName(name)
    for file in own(describe(ROOT / "protos")):
        for service in file.service:
            assert pool.FindServiceByName(f"{file.package}.{service.name}")


def test_the_zip_has_every_file_that_its_files_import(bundle: Path) -> None:
    with zipfile.ZipFile(bundle / "microcredit-protos.zip") as archive:
        names = set(archive.namelist())
        texts = [archive.read(name).decode() for name in names]
    imported = {
        line.split('"')[1] for text in texts for line in text.splitlines() if line.startswith("import ")
    }
    assert imported - names == set()
    assert {
        path.relative_to(ROOT / "protos").as_posix() for path in (ROOT / "protos").rglob("*.proto")
    } <= names
    assert "google/rpc/error_details.proto" in names


def described(bundle: Path, host: str) -> dict[str, Any]:
    """The OpenAPI description of a service."""
    found: dict[str, Any] = json.loads((bundle / f"openapi/{host}.json").read_text(encoding="utf-8"))
    return found


def test_each_binding_of_the_contract_is_a_path_of_openapi_on_each_server(bundle: Path) -> None:
    bound = [
        (file.package, path)
        for file in own(describe(ROOT / "protos"))
        for service in file.service
        for method in service.method
        for _, path in bindings(method)
    ]
    for host, (package, collections) in HOSTS.items():
        own_paths = [path for place, path in bound if place in (package, "microcredit.access.v1")]
        own_paths += [
            path
            for place, path in bound
            if place == "microcredit.releases.v1"
            and collections
            and ("=" not in path or any(f"={each}" in path for each in collections))
        ]
        assert sum(map(len, described(bundle, host)["paths"].values())) == len(own_paths), host


@pytest.mark.parametrize("host", HOSTS)
def test_each_reference_of_openapi_leads_somewhere(bundle: Path, host: str) -> None:
    whole = described(bundle, host)
    for pointer in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole))):
        place: Any = whole
        for step in pointer.split("/"):
            place = place[step]


@pytest.mark.more("la passerelle, qui demande Envoy")
@pytest.mark.needs(VALIDATOR.exists(), "sans « make gateway », le contrôle d’OpenAPI manque")
@pytest.mark.parametrize("host", HOSTS)
def test_openapi_is_valid(bundle: Path, host: str) -> None:
    command = [str(VALIDATOR), str(bundle / f"openapi/{host}.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("host", HOSTS)
def test_the_reference_page_has_every_call_and_every_message(bundle: Path, host: str) -> None:
    page = (bundle / f"reference/{host}.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.index("champ JSON inconnu") < page.index("<h2>")
    whole = described(bundle, host)
    calls = {each["operationId"] for path in whole["paths"].values() for each in path.values()}
    places = set(re.findall(r' id="([^"]+)"', page))
    assert calls | set(whole["components"]["schemas"]) <= places
    assert set(re.findall(r'href="#([^"]+)"', page)) <= places, "a link leads nowhere"


def test_openapi_says_a_field_as_the_gateway_reads_it(bundle: Path) -> None:
    whole = described(bundle, "eligibility")
    terms = whole["components"]["schemas"]["microcredit.eligibility.v1.LoanTerms"]
    assert terms["properties"]["nominalRatePct"]["$ref"].endswith("google.type.Decimal")
    assess = whole["paths"]["/v1/applications:assess"]["post"]
    assert "RULESET_NOT_IN_FORCE" in assess["responses"]["400"]["description"]
    days = {each["name"] for each in whole["paths"]["/v1/factCatalog"]["get"]["parameters"]}
    assert {"requestDate.year", "requestDate.month", "requestDate.day"} == days
    file = described(bundle, "documents")["paths"]["/v1/documents:file"]["post"]
    assert {each["name"] for each in file["parameters"]} == {"requestId", "validateOnly"}
    assert DOCX in file["responses"]["200"]["content"]
    assert described(bundle, "documents")["components"]["schemas"]["Dossier"]["additionalProperties"] is False


def test_the_service_config_has_every_method_once(bundle: Path) -> None:
    config = json.loads((bundle / "service-config.json").read_text(encoding="utf-8"))
    found = [
        (f"{name['service']}/{name['method']}", each)
        for each in config["methodConfig"]
        for name in each["name"]
    ]
    assert sorted(name for name, _ in found) == sorted(
        f"{file.package}.{service.name}/{method.name}"
        for file in own(describe(ROOT / "protos"))
        for service in file.service
        for method in service.method
    )
    assert {str(each["retryPolicy"]["retryableStatusCodes"]) for _, each in found} == {"['UNAVAILABLE']"}
    timeouts = {name: each["timeout"] for name, each in found}
    assert timeouts["microcredit.documents.v1.DocumentService/GenerateDocument"] == "60s"
    assert timeouts["microcredit.documents.v1.DocumentService/GenerateDossier"] == "240s"


def test_a_client_with_the_service_config_outlives_an_overload(
    bundle: Path, launch: Launch, tmp_path: Path
) -> None:
    """The one place of a server is held; a call is refused, its client comes back by itself and is served."""
    server = launch("tests.service.kit_probe", "--workers=1", "--threads=1", "--patience-seconds=0")
    config = (bundle / "service-config.json").read_text(encoding="utf-8")
    # The same policy, for a method of the server that obeys the words of the test.
    config = config.replace("microcredit.eligibility.v1.EligibilityService", NAME).replace(
        "AssessEligibility", "One"
    )
    held = tmp_path / "held"
    with (
        grpc.insecure_channel(server.address) as plain,
        grpc.insecure_channel(server.address, (("grpc.service_config", config),)) as patient,
    ):
        method = f"/{NAME}/One"
        impatient: Any = plain.unary_unary(method)
        again: Any = patient.unary_unary(method)
        busy = impatient.future(f"hold {held}".encode(), timeout=60)
        wait_until(held.exists)
        assert impatient.future(b"x", timeout=60).code() is grpc.StatusCode.UNAVAILABLE
        refused = server.log.read_text().count("OVERLOADED")
        call = again.future(b"x", timeout=60)
        wait_until(lambda: server.log.read_text().count("OVERLOADED") > refused)
        held.unlink()
        assert call.result() == b"x"
        assert busy.code() is grpc.StatusCode.OK


def test_the_schema_of_the_dossier_reads_its_examples(bundle: Path) -> None:
    schema = json.loads((bundle / "dossier.schema.json").read_text(encoding="utf-8"))
    assert schema["$id"] == "urn:fr:microcredit:dossier:1"
    validator = jsonschema_rs.validator_for(schema)
    examples = sorted((ROOT / "services/documents/contract/examples").glob("*.json"))
    assert len(examples) >= 5
    for example in examples:
        data = json.loads(example.read_text(encoding="utf-8"))
        assert [str(error) for error in validator.iter_errors(data)] == [], example.name


@pytest.mark.more("demande protoc et ses greffons d’autres langages")
@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_protoc_generates_with_no_flag(bundle: Path, tmp_path: Path, language: str) -> None:
    plugin, suffix = LANGUAGES[language]
    for program in ("protoc", plugin):
        if program and shutil.which(program) is None:
            pytest.skip(
                f"« {program} » est absent : apt install protobuf-compiler protoc-gen-go, make validator"
            )
    with zipfile.ZipFile(bundle / "microcredit-protos.zip") as archive:
        archive.extractall(tmp_path / "protos")
        names = [name for name in archive.namelist() if name.startswith("microcredit/")]
    made = tmp_path / language
    made.mkdir()
    command = ["protoc", f"--{language}_out={made}", *names]
    if language == "ts":
        command.insert(1, f"--plugin={plugin}")
    subprocess.run(command, cwd=tmp_path / "protos", check=True)
    assert len(list(made.rglob(f"*{suffix}"))) >= len(names)
