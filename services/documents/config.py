"""Settings of the documents server."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.kit.config import ServerSettings

SHIPPED = Path(__file__).parent
MAX_DOCUMENT_BYTES = 2 * 1024 * 1024
"""What a unary answer may carry."""


class Settings(ServerSettings):
    """Environment variables `DOCUMENTS_…`."""

    model_config = SettingsConfigDict(env_prefix="DOCUMENTS_")

    port: int = Field(50052, ge=0, le=65535, description="Port d’écoute (0 : un port libre).")
    templates_directory: Path = Field(SHIPPED / "templates", description="Dossier des modèles.")
    profiles_directory: Path = Field(SHIPPED / "profiles", description="Dossier des profils d’organisation.")
    max_document_bytes: int = Field(
        MAX_DOCUMENT_BYTES,
        ge=1024,
        le=MAX_DOCUMENT_BYTES,
        description="Taille maximale d’un document, en octets.",
    )
