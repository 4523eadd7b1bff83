"""Settings of the registry: variables BANK_REGISTRY_… or options."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.bank_registry.store import Places
from services.kit.serve import EPOCHS_DESCRIPTION, HEADS_DESCRIPTION, MASTER_KEY_DESCRIPTION, StoreSettings
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
    keys_database_url: str = Field(
        "sqlite:///var/bank_registry-keys.sqlite3",
        description="Base des clés des motifs et des contacts, à sauvegarder à part de l’autre.",
    )
    accept_lost_keys: bool = Field(
        False,
        description="Démarrer avec une base des clés vide : ce qu’elle chiffrait restera illisible.",
    )
    epochs_directory: Path = Field(Path("keys/bank_registry-epochs"), description=EPOCHS_DESCRIPTION)
    master_key_file: Path = Field(
        default_factory=partial(vault.place, "bank_registry"), description=MASTER_KEY_DESCRIPTION
    )
    heads_file: Path = Field(Path("keys/bank_registry-heads.jsonl"), description=HEADS_DESCRIPTION)

    def places(self) -> Places:
        """Where the registry is, and the keys of its texts."""
        return Places(
            self.database_url,
            self.keys_database_url,
            self.master_key_file,
            self.epochs_directory,
            self.accept_lost_keys,
        )
