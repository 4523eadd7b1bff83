"""What installs the services on a server: the units of systemd, the images, the folder of wheels."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic_settings import BaseSettings
from ruamel.yaml import YAML

from services.bank_registry.config import Settings as BankRegistrySettings
from services.documents.config import Settings as DocumentsSettings
from services.eligibility.config import Settings as EligibilitySettings
from tests.support import ROOT, wait_until

DEPLOY = ROOT / "deploy"
UNIT = "microcredit@.service"
SETTINGS: dict[str, type[BaseSettings]] = {
    "bank_registry": BankRegistrySettings,
    "documents": DocumentsSettings,
    "eligibility": EligibilitySettings,
}
INSTANCES = {*SETTINGS, "pdf"}


@pytest.mark.needs(shutil.which("systemd-analyze"), "systemd-analyze est absent")
@pytest.mark.parametrize("instance", sorted(INSTANCES))
def test_systemd_takes_the_unit_without_a_word(instance: str, tmp_path: Path) -> None:
    shutil.copytree(DEPLOY / "systemd", tmp_path, dirs_exist_ok=True)
    unit = (tmp_path / UNIT).read_text(encoding="utf-8")
    (tmp_path / f"microcredit@{instance}.service").write_text(unit, encoding="utf-8")
    for file in (tmp_path / f"microcredit@{instance}.service", *tmp_path.glob("*.d/*.conf")):
        there = file.read_text(encoding="utf-8").replace("/opt/microcredit/bin/python", sys.executable)
        file.write_text(there, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"microcredit@{instance}.service"],
        cwd=tmp_path,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if "microcredit" in line]
    assert (done.returncode, said) == (0, [])


def test_each_instance_has_its_account() -> None:
    accounts = (DEPLOY / "systemd" / "microcredit.conf").read_text(encoding="utf-8")
    assert set(re.findall(r"^u microcredit-(\S+) ", accounts, re.MULTILINE)) == INSTANCES


def test_each_service_has_its_image() -> None:
    file = (DEPLOY / "containers" / "Containerfile").read_text(encoding="utf-8")
    targets = dict(
        re.findall(r"^FROM \S+ AS (\w+)\n(?:(?!FROM).*\n)*ENTRYPOINT \[(.*)\]", file, re.MULTILINE)
    )
    modules = {name: command.split(", ")[-1].strip('"') for name, command in targets.items()}
    assert modules == {**{name: f"services.{name}" for name in SETTINGS}, "pdf": "services.documents.pdf"}
    assert len(re.findall(r"^USER 10001:10001$", file, re.MULTILINE)) == len(modules)


def test_the_compose_file_gives_settings_that_exist() -> None:
    composed = YAML(typ="safe").load((DEPLOY / "containers" / "compose.yaml").read_text(encoding="utf-8"))
    assert set(composed["services"]) == set(SETTINGS) == set(composed["volumes"])
    for name, service in composed["services"].items():
        settings = SETTINGS[name]
        known = {f"{name.upper()}_{field.upper()}" for field in settings.model_fields}
        assert set(service["environment"]) <= known
        port = settings.model_fields["port"].default
        assert service["ports"] == [f"{port}:{port}"]
        assert service["build"]["target"] == name
        assert service["read_only"] is True


@pytest.mark.more("le dossier des roues, installé sans réseau ni compilateur")
@pytest.mark.parametrize("extra", ["bank-registry", "documents", "eligibility"])
def test_the_wheels_are_all_that_a_server_needs(wheels: Path, extra: str, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    program = tmp_path / "venv" / "bin" / "python"
    bare = {"PATH": "/nonexistent", "HOME": str(tmp_path), "LC_ALL": "C"}
    install = ["-m", "pip", "install", "--quiet", "--no-index", "--find-links", str(wheels)]
    subprocess.run([program, *install, f"microcredit[{extra}]"], env=bare, cwd=tmp_path, check=True)
    ready = tmp_path / "ready"
    options = ["--port", "0", "--workers", "1", "--init", "--ready-file", str(ready)]
    module = f"services.{extra.replace('-', '_')}"
    with subprocess.Popen([program, "-m", module, *options], cwd=tmp_path, env=bare) as process:
        try:
            wait_until(lambda: ready.exists() or process.poll() is not None)
            with grpc.insecure_channel(ready.read_text().strip()) as channel:
                asked = health_pb2.HealthCheckRequest()
                answer = health_pb2_grpc.HealthStub(channel).Check(asked, timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        finally:
            process.terminate()
    assert process.returncode == 0


@pytest.mark.more("le dossier des roues, installé sans réseau ni compilateur")
def test_the_wheel_has_every_file_of_the_services(wheels: Path) -> None:
    (project,) = wheels.glob("microcredit-*.whl")
    packed = {name for name in zipfile.ZipFile(project).namelist() if name.startswith("services/")}
    files = (file for file in (ROOT / "services").rglob("*") if file.is_file() and file.suffix != ".pyc")
    assert packed == {file.relative_to(ROOT).as_posix() for file in files}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that scripts/wheels makes of a copy of this checkout."""
    root = tmp_path_factory.mktemp("wheels")
    for name in ("scripts", "requirements", "services", "protos"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "build" / "gen", root / "build" / "gen")
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, root)
    (root / ".venv").symlink_to(ROOT / ".venv")
    subprocess.run([root / "scripts" / "wheels"], check=True)
    return root / "dist" / "wheels"
