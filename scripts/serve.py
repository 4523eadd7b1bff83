"""Starts the services on this machine, all three unless told otherwise, and stops them together; and the PDF
worker of the documents where LibreOffice is.

Without a command it serves until Ctrl-C; a registry that does not exist yet begins with the sample lenders.
With one (after --) it uses free ports and throw-away stores, runs the command with the addresses in its
environment, and exits with its code.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "services" / "bank_registry" / "samples" / "preteurs-fictifs.json"
DATABASE = "BANK_REGISTRY_DATABASE_URL"
REGISTRY = ROOT / "var" / "bank_registry.sqlite3"
START_SECONDS = 60.0
STOP_SECONDS = 20.0


class ServeError(Exception):
    """One French sentence for the person at the terminal."""


@dataclass(frozen=True)
class Service:
    """How one service is started and where its clients look for it."""

    module: str
    variable: str
    port: int


DOCUMENTS = Service("services.documents", "ADDRESS_DOCUMENTS", 50052)
BANK_REGISTRY = Service("services.bank_registry", "ADDRESS_BANK_REGISTRY", 50053)
SERVICES = (Service("services.eligibility", "ADDRESS_ELIGIBILITY", 50051), DOCUMENTS, BANK_REGISTRY)
PDF_WORKER = Service("services.documents.pdf", "DOCUMENTS_PDF_ADDRESS", 50054)
OFFICE = "soffice"


@contextmanager
def running(service: Service, port: int, env: dict[str, str], folder: Path, quiet: bool) -> Iterator[str]:
    """Runs one service and gives its address once it answers."""
    ready, log = folder / f"{service.module}.ready", folder / f"{service.module}.log"
    options = ["--port", str(port), "--ready-file", str(ready), *(["--init"] if service in SERVICES else [])]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", service.module, *options],
            cwd=ROOT,
            env=env,
            stderr=stream if quiet else subprocess.PIPE,
            process_group=0,  # Ctrl-C reaches this script alone, which then stops the services in order
        )
    if process.stderr:
        threading.Thread(target=relay, args=(process.stderr, log), daemon=True).start()
    try:
        yield wait_until_ready(process, service, ready, log)
    finally:
        stop(process)


def relay(lines: IO[bytes], log: Path) -> None:
    """Shows what a service logs, and keeps the line that says where its data are."""
    for line in lines:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
        if b'"event": "ready"' in line:
            log.write_bytes(line)


def about(module: str, folder: Path) -> Iterator[str]:
    """What a service that has started says of itself: its data, what governs today, its code."""
    log = folder / f"{module}.log"
    limit = time.monotonic() + START_SECONDS
    while not (line := log.read_bytes()) and time.monotonic() < limit:
        time.sleep(0.02)
    said = json.loads(line or b"{}")
    yield from (f"  {label} : {place}" for label, place in said.get("stores", {}).items())
    yield from (f"  en vigueur : {rule}" for rule in said.get("rules", ()))
    yield f"  code : {said.get('code', 'inconnu')}"


def wait_until_ready(process: subprocess.Popen[bytes], service: Service, ready: Path, log: Path) -> str:
    """Waits for the address that a service writes when every worker serves."""
    limit = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None:
            detail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise ServeError("\n".join([f"le service {service.module} n’a pas démarré.", *detail[-5:]]))
        if time.monotonic() > limit:
            raise ServeError(f"le service {service.module} n’a pas répondu en {START_SECONDS:.0f} secondes.")
        time.sleep(0.02)
    return ready.read_text(encoding="utf-8").strip()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks a service to drain, and kills it if it does not."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def throwaway_stores(folder: Path) -> dict[str, str]:
    """Settings that keep what the services write in a folder."""
    return {
        DATABASE: f"sqlite:///{folder}/bank_registry.sqlite3",
        "ELIGIBILITY_DATABASE_URL": f"sqlite:///{folder}/eligibility.sqlite3",
        "ELIGIBILITY_KEYS_DATABASE_URL": f"sqlite:///{folder}/eligibility-keys.sqlite3",
        "ELIGIBILITY_MASTER_KEY_FILE": f"{folder}/eligibility-master.key",
        "ELIGIBILITY_HEADS_FILE": f"{folder}/eligibility-heads.jsonl",
        "ELIGIBILITY_EPOCHS_DIRECTORY": f"{folder}/eligibility-epochs",
        **{
            f"{name}_ACCESS_DATABASE_URL": f"sqlite:///{folder}/{name.lower()}-access.sqlite3"
            for name in ("ELIGIBILITY", "DOCUMENTS", "BANK_REGISTRY")
        },
        "DOCUMENTS_KEYS_DATABASE_URL": f"sqlite:///{folder}/documents-keys.sqlite3",
        "DOCUMENTS_EPOCHS_DIRECTORY": f"{folder}/documents-epochs",
        "DOCUMENTS_DATABASE_URL": f"sqlite:///{folder}/documents.sqlite3",
        "DOCUMENTS_MASTER_KEY_FILE": f"{folder}/documents-master.key",
        "DOCUMENTS_HEADS_FILE": f"{folder}/documents-heads.jsonl",
        "BANK_REGISTRY_KEYS_DATABASE_URL": f"sqlite:///{folder}/bank_registry-keys.sqlite3",
        "BANK_REGISTRY_EPOCHS_DIRECTORY": f"{folder}/bank_registry-epochs",
        "BANK_REGISTRY_MASTER_KEY_FILE": f"{folder}/bank_registry-master.key",
        "BANK_REGISTRY_HEADS_FILE": f"{folder}/bank_registry-heads.jsonl",
        "DOCUMENTS_COMPILED_DIRECTORY": str(ROOT / "build" / "compiled"),
    }


def import_sample(env: dict[str, str]) -> None:
    """Puts the fictitious lenders in the registry."""
    command = [sys.executable, "-m", "services.bank_registry", "import", str(SAMPLE), "--init"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServeError(f"l’import des prêteurs fictifs a échoué.\n{done.stderr.strip()}")


def serve(command: list[str], services: tuple[Service, ...] = SERVICES) -> int:
    """Starts the services, runs the command or waits, and stops everything."""
    env = dict(os.environ)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="microcredit-")))
        if command:
            env |= throwaway_stores(folder)
        print("Démarrage…", flush=True)
        is_new = bool(command) or (DATABASE not in env and not REGISTRY.exists())
        if BANK_REGISTRY in services and is_new:
            import_sample(env)
        if DOCUMENTS in services and shutil.which(OFFICE) and PDF_WORKER.variable not in env:
            port = 0 if command else PDF_WORKER.port
            worker = running(PDF_WORKER, port, env, folder, quiet=bool(command))
            env[PDF_WORKER.variable] = stack.enter_context(worker)
        addresses = {
            service.variable: stack.enter_context(
                running(service, 0 if command else service.port, env, folder, quiet=bool(command))
            )
            for service in services
        }
        if command:
            return subprocess.run(command, cwd=ROOT, env={**env, **addresses}, check=False).returncode
        for service in services:
            print(f"{service.module:<24} {addresses[service.variable]}", flush=True)
            print(*about(service.module, folder), sep="\n", flush=True)
        if PDF_WORKER.variable in env:
            print(f"{PDF_WORKER.module:<24} {env[PDF_WORKER.variable]}", flush=True)
        elif DOCUMENTS in services:
            print("Sans LibreOffice (libreoffice-writer-nogui), les PDF sont refusés ; les .docx se font.")
        print("Tout répond ; Ctrl-C arrête tout.", flush=True)
        while True:
            time.sleep(3600)


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", metavar="MODULE", help="start this service, not all three")
    parser.add_argument("command", nargs="*", help="command to run, after --")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        options = parser.parse_args()
        only = options.only or [service.module for service in SERVICES]
        return serve(options.command, tuple(service for service in SERVICES if service.module in only))
    except ServeError as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
