"""Settings of the documents server."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.kit.serve import EPOCHS_DESCRIPTION, HEADS_DESCRIPTION, MASTER_KEY_DESCRIPTION, StoreSettings
from services.kit.store import vault

SHIPPED = Path(__file__).parent
MAX_DOCUMENT_BYTES = 2 * 1024 * 1024
"""What a unary answer may carry."""

_MEBIBYTE = 1024 * 1024


class Settings(StoreSettings):
    """Environment variables `DOCUMENTS_…`."""

    model_config = SettingsConfigDict(env_prefix="DOCUMENTS_")

    port: int = Field(50052, ge=0, le=65535, description="Port d’écoute (0 : un port libre).")
    deadline_seconds: float = Field(
        60,
        gt=0,
        le=600,
        allow_inf_nan=False,
        description="Durée la plus longue accordée à un appel ; contrôler un grand modèle en prend dix.",
    )
    max_receive_bytes: int = Field(
        16 * _MEBIBYTE, ge=1024, le=64 * _MEBIBYTE, description="Taille maximale d’une demande, en octets."
    )
    database_url: str = Field(
        "sqlite:///var/documents.sqlite3",
        description="Base des modèles, des profils et des documents gardés : sqlite:///chemin ou postgresql://….",
    )
    access_database_url: str = Field(
        "sqlite:///var/documents-access.sqlite3",
        description="Base du journal des accès, à part des autres : sqlite:///chemin ou postgresql://….",
    )
    keys_database_url: str = Field(
        "sqlite:///var/documents-keys.sqlite3",
        description="Base des clés des documents gardés, à sauvegarder à part de l’autre.",
    )
    accept_lost_keys: bool = Field(
        False,
        description="Démarrer avec une base des clés vide : les documents déjà gardés resteront illisibles.",
    )
    epochs_directory: Path = Field(Path("keys/documents-epochs"), description=EPOCHS_DESCRIPTION)
    master_key_file: Path = Field(
        default_factory=partial(vault.place, "documents"), description=MASTER_KEY_DESCRIPTION
    )
    heads_file: Path = Field(Path("keys/documents-heads.jsonl"), description=HEADS_DESCRIPTION)
    templates_directory: Path = Field(
        SHIPPED / "templates",
        description="Modèles de départ : les versions de chaque modèle que la base ne connaît pas encore.",
    )
    profiles_directory: Path = Field(
        SHIPPED / "profiles",
        description="Profils d’organisation de départ, de même.",
    )
    public_keys_directory: Path | None = Field(
        None, description="Clés publiques Ed25519 (*.pem) qui doivent signer tout modèle et tout profil."
    )
    two_person_rule: bool = Field(
        False, description="Exiger que la personne qui active une version ne soit pas celle qui l’a publiée."
    )
    retention_days: int = Field(
        0,
        ge=0,
        le=36500,
        description="Jours pendant lesquels un document gardé l’est (0 : ce serveur n’en garde aucun).",
    )
    pdf_address: str = Field(
        "", description="Adresse du convertisseur PDF (hôte:port) ; vide, les PDF sont refusés."
    )
    plan_cache_bytes: int = Field(
        128 * _MEBIBYTE,
        ge=_MEBIBYTE,
        le=4096 * _MEBIBYTE,
        description="Mémoire des modèles compilés, par processus, en octets.",
    )
    compiled_directory: Path | None = Field(
        None, description="Dossier à soi où garder les modèles compilés, pour redémarrer plus vite."
    )
    max_document_bytes: int = Field(
        MAX_DOCUMENT_BYTES,
        ge=1024,
        le=MAX_DOCUMENT_BYTES,
        description="Taille maximale d’un document rendu d’un bloc, en octets ; au-delà, DownloadDocument.",
    )
