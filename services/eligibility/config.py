"""Settings of the eligibility server."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.kit.config import ServerSettings

SHIPPED_PACKAGE = Path(__file__).parent / "packages" / "ploermel"


class Settings(ServerSettings):
    """Environment variables `ELIGIBILITY_…`."""

    model_config = SettingsConfigDict(env_prefix="ELIGIBILITY_")

    package_directory: Path = Field(SHIPPED_PACKAGE, description="Dossier du paquet de règles.")
