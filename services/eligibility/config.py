"""Settings of the eligibility server."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.kit.releases import ReleaseSettings
from services.kit.serve import EPOCHS_DESCRIPTION, HEADS_DESCRIPTION, MASTER_KEY_DESCRIPTION
from services.kit.store import vault

SHIPPED_PACKAGE = Path(__file__).parent / "packages" / "ploermel"


class Settings(ReleaseSettings):
    """Environment variables `ELIGIBILITY_…`."""

    model_config = SettingsConfigDict(env_prefix="ELIGIBILITY_")

    deadline_seconds: float = Field(
        60,
        gt=0,
        le=600,
        allow_inf_nan=False,
        description="Durée la plus longue accordée à un appel ; vérifier un grand règlement en prend vingt.",
    )
    database_url: str = Field(
        "sqlite:///var/eligibility.sqlite3",
        description="Base des règlements et du journal : sqlite:///chemin ou postgresql://….",
    )
    keys_database_url: str = Field(
        "sqlite:///var/eligibility-keys.sqlite3",
        description="Base des clés des dossiers, à sauvegarder à part de l’autre.",
    )
    accept_lost_keys: bool = Field(
        False,
        description="Démarrer avec une base des clés vide : les décisions déjà prises resteront illisibles.",
    )
    access_database_url: str = Field(
        "sqlite:///var/eligibility-access.sqlite3",
        description="Base du journal des accès, à part des autres : sqlite:///chemin ou postgresql://….",
    )
    master_key_file: Path = Field(
        default_factory=partial(vault.place, "eligibility"), description=MASTER_KEY_DESCRIPTION
    )
    epochs_directory: Path = Field(Path("keys/eligibility-epochs"), description=EPOCHS_DESCRIPTION)
    heads_file: Path = Field(Path("keys/eligibility-heads.jsonl"), description=HEADS_DESCRIPTION)
    package_directory: Path = Field(
        SHIPPED_PACKAGE,
        description="Règlement de départ, activé quand la base n’en contient aucun.",
    )
