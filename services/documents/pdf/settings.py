"""Settings of the conversion worker."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.kit.errors import StartupError
from services.kit.serve import HEADS_DESCRIPTION, MASTER_KEY_DESCRIPTION, AccessSettings
from services.kit.store import (
    ACCESS_KEYS,
    HEAD_SIGNATURES,
    AccessPlace,
    StoreSet,
    database_part,
    heads_part,
    master_key_part,
    vault,
)

KEYS = replace(ACCESS_KEYS, purposes=(*ACCESS_KEYS.purposes, HEAD_SIGNATURES))
"""The journal of accesses is all that the worker keeps: the key that signs its heads is in it."""

_MEBIBYTE = 1024 * 1024
_LIBRARIES = ("libmergedlo.so", "libsofficeapp.so")
_USUAL = Path("/usr/lib/libreoffice/program")


class Settings(AccessSettings):
    """Environment variables `PDF_WORKER_…`."""

    model_config = SettingsConfigDict(env_prefix="PDF_WORKER_")

    port: int = Field(50054, ge=0, le=65535, description="Port d’écoute (0 : un port libre).")
    workers: int | None = Field(1, ge=1, le=16, description="Nombre de processus du serveur.")
    threads: int = Field(8, ge=2, le=64, description="Fils d’exécution par processus.")
    max_receive_bytes: int = Field(
        64 * _MEBIBYTE, ge=1024, le=64 * _MEBIBYTE, description="Taille maximale d’une demande, en octets."
    )
    offices: int = Field(2, ge=1, le=16, description="LibreOffice tenus prêts, par processus.")
    restart_after: int = Field(
        200, ge=1, le=100_000, description="Conversions après lesquelles un LibreOffice est remplacé."
    )
    job_seconds: float = Field(
        120,
        gt=0,
        le=600,
        allow_inf_nan=False,
        description="Temps laissé à une conversion avant d’y mettre fin ; le même appel peut alors être "
        "renvoyé.",
    )
    processor_seconds: float = Field(
        60,
        gt=0,
        le=600,
        allow_inf_nan=False,
        description="Temps de processeur d’une conversion, au-delà duquel le document est refusé.",
    )
    work_directory: Path | None = Field(
        None,
        description="Dossier des fichiers en cours de conversion ; par défaut /dev/shm s’il a 1 Gio de "
        "libre, sinon le dossier temporaire du système.",
    )
    office_directory: Path | None = Field(
        None, description="Dossier « program » de LibreOffice ; cherché sur la machine par défaut."
    )

    access_database_url: str = Field(
        "sqlite:///var/pdf-access.sqlite3",
        description="Base du journal des accès, avec un fichier d’accès : sqlite:///chemin ou postgresql://….",
    )
    master_key_file: Path = Field(
        default_factory=partial(vault.place, "pdf"), description=MASTER_KEY_DESCRIPTION
    )
    heads_file: Path = Field(Path("keys/pdf-heads.jsonl"), description=HEADS_DESCRIPTION)

    def access_place(self) -> AccessPlace:
        """Where the journal of accesses is, with the key that signs its heads."""
        return replace(super().access_place(), keys=KEYS)

    def stores(self) -> StoreSet:
        """The journal of accesses with its key and its heads; nothing where nobody is asked who calls."""
        if self.access_file is None:
            return StoreSet()
        accesses = database_part("le journal des accès", self.access_database_url, "access")
        heads = heads_part(self.heads_file, self.access_database_url)
        return StoreSet((accesses, heads, master_key_part(self.master_key_file)), self.init)

    def library(self) -> Path:
        """The library of LibreOffice; StartupError in French."""
        for folder in self._folders():
            for name in _LIBRARIES:
                if (folder / name).is_file():
                    return folder / name
        raise StartupError(
            "LibreOffice est introuvable : installez libreoffice-writer-nogui, ou indiquez son dossier "
            "« program » par PDF_WORKER_OFFICE_DIRECTORY."
        )

    def _folders(self) -> list[Path]:
        if self.office_directory is not None:
            return [self.office_directory]
        found = shutil.which("soffice")
        return [*([Path(found).resolve().parent] if found else []), _USUAL]
