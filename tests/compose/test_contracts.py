"""What `make contracts` writes: whole, the same bytes each time, read by generators of other languages."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import jsonschema_rs
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from tests.support import ROOT
from tools.contracts import describe, own, write_bundle

TYPESCRIPT = ROOT / "build/npm/node_modules/.bin/protoc-gen-ts"
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
        assert path.read_bytes() == (bundle / path.name).read_bytes(), path.name


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
