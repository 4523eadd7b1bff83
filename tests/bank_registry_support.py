"""What the tests of the registry share: files of lenders, the import command, requests."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from google.rpc import error_details_pb2, status_pb2
from google.type import date_pb2, decimal_pb2, money_pb2
from sqlalchemy import create_engine, make_url, text
from stdnum import luhn

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.store import STORE_KEYS, Places, RegistryStore
from services.kit.store import Database, prepare_keys, prepare_ring
from tests import warm
from tests.support import registry_keys

Json = dict[str, Any]


def siren(number: int) -> str:
    """A fictitious SIREN with a right check digit."""
    return f"9998{number:04d}" + luhn.calc_check_digit(f"9998{number:04d}")


def agreement(**overrides: Any) -> Json:
    """An agreement of the département of Ploërmel as a file writes it; None removes a field."""
    fields = {
        "id": "fcs",
        "reference": "FCS-TEST-1",
        "scope": "DEPARTEMENTS",
        "territories": ["56"],
        "start": "2024-01-01",
        "end": "2026-12-31",
        "verified_on": "2026-10-01",
        **overrides,
    }
    return {name: value for name, value in fields.items() if value is not None}


def bank(bank_id: str, number: int, *agreements: Json, **overrides: Any) -> Json:
    """A lender as a file writes it, with one agreement unless told otherwise."""
    return {
        "id": bank_id,
        "name": f"Banque fictive {bank_id}",
        "kind": "CREDIT_INSTITUTION",
        "siren": siren(number),
        "agreements": list(agreements),
        **overrides,
    }


def write_file(path: Path, banks: Iterable[Json]) -> Path:
    """A file of lenders."""
    path.write_text(
        json.dumps({"format": "registre-preteurs/1", "banks": list(banks)}, ensure_ascii=False),
        encoding="utf-8",
    )
    return path


def import_command(file: Path, *options: str) -> list[str]:
    """The command that imports a file."""
    return [sys.executable, "-m", "services.bank_registry", "import", str(file), "--init", *options]


def run_import(url: str, file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Imports a file in a process of its own."""
    env = {"BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)}
    return warm.run("services.bank_registry", "import", str(file), "--init", *options, env=env)


def import_banks(url: str, folder: Path, *banks: Json) -> int:
    """Imports lenders, which must be right; returns the number of the state that holds them."""
    file = write_file(folder / f"{uuid4()}.json", banks)
    done = run_import(url, file, "--confirm-ending-all", "--correct")
    assert done.returncode == 0, done.stderr
    return int(re.findall(r"État n° (\d+)", done.stdout.replace("\u00a0", " "))[-1])


def new_database(postgres_url: str) -> str:
    """URL of a new database beside the maintenance database."""
    name = f"registry_{uuid4().hex}"
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)


def places(url: str) -> Places:
    """Where a registry of a test is, with its keys."""
    keys = registry_keys(url)
    return Places(
        url,
        keys["BANK_REGISTRY_KEYS_DATABASE_URL"],
        Path(keys["BANK_REGISTRY_MASTER_KEY_FILE"]),
        Path(keys["BANK_REGISTRY_EPOCHS_DIRECTORY"]),
    )


def opened_store(url: str, database: Database) -> RegistryStore:
    """The registry of a migrated database, with its keys, made if it has none."""
    here = places(url)
    prepare_ring(database, here.master_key_file, STORE_KEYS)
    prepare_keys(here.keys_url, here.master_key_file, here.epochs)
    return here.store(database, Database(here.keys_url))


def _copy_keys(model: str, url: str) -> str:
    """The copy, with the keys of its model if it has some."""
    kept, place = places(model), places(url)
    if kept.master_key_file.exists():
        shutil.copy(kept.master_key_file, place.master_key_file)
        shutil.copytree(kept.epochs, place.epochs)
        (place.epochs / "place").unlink()
        files = [one.keys_url.removeprefix("sqlite:///") for one in (kept, place)]
        with closing(sqlite3.connect(files[0])) as source, closing(sqlite3.connect(files[1])) as copy:
            source.backup(copy)  # its log too
    return url


def copy_of(model: str, folder: Path) -> str:
    """URL of a store that holds the same."""
    source = make_url(model)
    if source.get_backend_name() == "sqlite":
        path = shutil.copy(str(source.database), folder / "registry.sqlite3")
        return _copy_keys(model, f"sqlite:///{path}")
    name = f"registry_{uuid4().hex}"
    engine = create_engine(source.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {source.database}"))
    engine.dispose()
    return _copy_keys(model, source.set(database=name).render_as_string(hide_password=False))


def loan(
    on: str = "2026-12-01", commune: str = "56165", amount: str = "1500.00", months: int = 24, rate: str = ""
) -> pb.LoanRequest:
    """What a lender is asked to take."""
    year, month, day = map(int, on.split("-"))
    cents = int(Decimal(amount) * 100)
    return pb.LoanRequest(
        on_date=date_pb2.Date(year=year, month=month, day=day),
        commune_insee=commune,
        amount=money_pb2.Money(currency_code="EUR", units=cents // 100, nanos=cents % 100 * 10_000_000),
        months=months,
        nominal_rate_pct=decimal_pb2.Decimal(value=rate) if rate else None,
    )


def status_of(error: grpc.RpcError) -> tuple[error_details_pb2.ErrorInfo, dict[str, str]]:
    """The ErrorInfo of a failed call, and the description of each violation by its path."""
    assert isinstance(error, grpc.Call)
    details = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status_pb2.Status.FromString(details).details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return info, {violation.field: violation.description for violation in bad.field_violations}
