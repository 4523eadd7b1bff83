"""Each service starts with the packages of its own extra and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from packaging.requirements import Requirement

from tests.support import wait_until

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {
    "eligibility": ("services.eligibility", "docxtpl"),
    "documents": ("services.documents", "durable"),
    "bank-registry": ("services.bank_registry", "docxtpl"),
}


def closure(requirements: list[str]) -> dict[str, Distribution]:
    """The distributions that a list of requirements pulls in, themselves included."""
    found: dict[str, Distribution] = {}
    todo = [Requirement(text) for text in requirements]
    while todo:
        requirement = todo.pop()
        extras = requirement.extras or {""}
        found[requirement.name.lower()] = dist = distribution(requirement.name)
        for needed in map(Requirement, dist.requires or []):
            wanted = needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in extras
            )
            if wanted and needed.name.lower() not in found:
                todo.append(needed)
    return found


def link(dist: Distribution, folder: Path) -> None:
    """Links the files of a distribution into a folder, as an installation of it alone would put them."""
    for file in dist.files or []:
        if file.parts[0] == ".." or "__pycache__" in file.parts:
            continue
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_symlink():  # two distributions may list the same file
            target.symlink_to(Path(str(dist.locate_file(file))).resolve())


@pytest.mark.parametrize("extra", SERVICES)
def test_a_service_starts_with_its_own_extra_only(extra: str, tmp_path: Path) -> None:
    module, foreign = SERVICES[extra]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = tmp_path / "packages"
    for dist in closure(project["dependencies"] + project["optional-dependencies"][extra]).values():
        link(dist, packages)
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, (packages, ROOT, ROOT / "build/gen"))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    absent = subprocess.run([sys.executable, "-S", "-c", f"import {foreign}"], env=env, capture_output=True)
    assert b"ModuleNotFoundError" in absent.stderr

    ready = tmp_path / "ready"
    arguments = ["--port", "0", "--workers", "1", "--init", "--ready-file", str(ready)]
    process = subprocess.Popen(
        [sys.executable, "-S", "-m", module, *arguments], cwd=tmp_path, env=env, stderr=subprocess.PIPE
    )
    with process:
        try:
            wait_until(lambda: ready.exists() or process.poll() is not None)
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            with grpc.insecure_channel(ready.read_text().strip()) as channel:
                answer = health_pb2_grpc.HealthStub(channel).Check(
                    health_pb2.HealthCheckRequest(), timeout=10
                )
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        finally:
            process.terminate()
