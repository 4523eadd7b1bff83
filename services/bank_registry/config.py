"""Settings of the registry: variables BANK_REGISTRY_… or options."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.kit.serve import HEADS_DESCRIPTION, MASTER_KEY_DESCRIPTION, StoreSettings
from services.kit.store import vault


class Settings(StoreSettings):
    """The settings of every server, and the store."""

    model_config = SettingsConfigDict(env_prefix="BANK_REGISTRY_")

    port: int = Field(50053, ge=0, le=65535, description="Port d’écoute (0 : un port libre).")
    database_url: str = Field(
        "sqlite:///var/bank_registry.sqlite3",
        description="Base de données : sqlite:///chemin ou postgresql://utilisateur:mot-de-passe@serveur/base.",
    )
    access_database_url: str = Field(
        "sqlite:///var/bank_registry-access.sqlite3",
        description="Base du journal des accès, à part des autres : sqlite:///chemin ou postgresql://….",
    )
    master_key_file: Path = Field(
        default_factory=partial(vault.place, "bank_registry"), description=MASTER_KEY_DESCRIPTION
    )
    heads_file: Path = Field(Path("keys/bank_registry-heads.jsonl"), description=HEADS_DESCRIPTION)
