"""Settings of a server: environment variables with the service's prefix, then command-line options."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NoReturn, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.access import Access, TlsFiles, is_loopback
from services.kit.errors import StartupError
from services.kit.serve import options
from services.kit.serve.admission import PATIENCE_SECONDS
from services.kit.serve.interceptor import Limits
from services.kit.store import (
    ACCESS_CLOCK,
    CLOCK_CHAIN,
    AccessPlace,
    AnchoredStore,
    HeadPlaces,
    KeyPlan,
    Part,
    StoreSet,
    accesses_part,
    heads_part,
    holds_key,
)

_MEBIBYTE = 1024 * 1024
_TLS = "tls_certificate_file", "tls_key_file", "tls_authorities_file"

MASTER_KEY_DESCRIPTION = (
    "Clé maîtresse, créée au premier démarrage ; à garder loin des bases. Sous systemd, le secret "
    "(LoadCredential=) du même nom de fichier la remplace."
)

EPOCHS_DESCRIPTION = (
    "Dossier des clés d’époque, le même pour tous les serveurs d’un service ; à sauvegarder loin des bases."
)

HEADS_DESCRIPTION = "Fichier où s’ajoutent les dernières empreintes des chaînes, à garder loin des bases."


class ServerSettings(BaseSettings):
    """What every server reads at start; a service subclasses it with its `env_prefix` and its own fields."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Adresse d’écoute.")
    port: int = Field(50051, ge=0, le=65535, description="Port d’écoute (0 : un port libre).")
    workers: int | None = Field(
        None, ge=1, le=256, description="Nombre de processus ; par défaut, les processeurs accordés."
    )
    pin_workers: bool = Field(True, description="Fixer chaque processus sur un cœur, sauf sous quota.")
    threads: int = Field(8, ge=1, le=64, description="Appels exécutés à la fois par processus.")
    deadline_seconds: float = Field(
        10, gt=0, le=600, allow_inf_nan=False, description="Durée la plus longue accordée à un appel."
    )
    stream_seconds: float = Field(
        240,
        gt=0,
        le=3600,
        allow_inf_nan=False,
        description="Durée la plus longue d’un flux ; le client reprend.",
    )
    patience_seconds: float = Field(
        PATIENCE_SECONDS,
        ge=0,
        le=600,
        allow_inf_nan=False,
        description="Attente la plus longue d’un appel en surcharge, avant d’être refusé.",
    )
    behind_gateway: bool = Field(
        False, description="Les appels viennent d’une passerelle : ne pas compter les flux par machine."
    )
    notice_seconds: float = Field(
        0,
        ge=0,
        le=60,
        allow_inf_nan=False,
        description="Délai entre l’annonce de l’arrêt et le refus des appels.",
    )
    drain_seconds: float = Field(
        10, ge=0, le=600, allow_inf_nan=False, description="Temps laissé aux appels en cours à l’arrêt."
    )
    max_receive_bytes: int = Field(
        4 * _MEBIBYTE, ge=1024, le=64 * _MEBIBYTE, description="Taille maximale d’une demande, en octets."
    )
    max_send_bytes: int = Field(
        4 * _MEBIBYTE, ge=1024, le=64 * _MEBIBYTE, description="Taille maximale d’une réponse, en octets."
    )
    max_connection_age_seconds: int = Field(
        300, ge=1, le=86400, description="Âge auquel une connexion est renouvelée, pour répartir la charge."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Niveau du journal.")
    tls_certificate_file: Path | None = Field(
        None, description="Certificat du serveur (PEM), suivi de ceux qui le rattachent à son autorité."
    )
    tls_key_file: Path | None = Field(None, description="Clé privée de ce certificat (PEM).")
    tls_authorities_file: Path | None = Field(
        None, description="Autorités (PEM) dont les certificats d’applications sont acceptés."
    )
    access_file: Path | None = Field(
        None, description="Fichier d’accès (TOML) : fournisseurs d’identité, applications, retraits."
    )
    roles_file: Path | None = Field(
        None, description="Fichier qui complète la table des rôles du service ; relu quand il change."
    )
    ready_file: Path | None = Field(None, description="Fichier où écrire l’adresse une fois le serveur prêt.")

    @classmethod
    def load(cls, argv: Sequence[str]) -> Self:
        """Reads the environment and the options; raises StartupError with everything that is wrong.

        `--help` and `--print-config` print and raise SystemExit(0).
        """
        if "--help" in argv:
            _print_and_exit(options.usage(cls))
        values, problems = options.parse(cls, [word for word in argv if word != "--print-config"])
        problems += options.unknown_variables(cls, os.environ)
        try:
            settings = cls(**values)  # type: ignore[arg-type]
        except ValidationError as error:
            problems += [options.sentence(cls, detail, values) for detail in error.errors()]
        if problems:
            raise StartupError("\n".join(["Configuration refusée :", *(f"- {text}" for text in problems)]))
        if "--print-config" in argv:
            _print_and_exit(options.masked(settings))
        return settings

    def access(self) -> Access | None:
        """Who may call, as the files say; None on the loopback of a machine where nothing is asked.

        Raises StartupError if the files are no good, or if other machines could call in clear or unproved.
        """
        tls = self.tls_files()
        if self.access_file:
            if not tls and not is_loopback(self.host):
                raise self._exposed("en clair")
            return Access(self.access_file, tls)
        if tls or not is_loopback(self.host):
            raise self._exposed("sans savoir qui appelle")
        return None

    def tls_files(self) -> TlsFiles | None:
        """The files of TLS, all three or none."""
        files = self.tls_certificate_file, self.tls_key_file, self.tls_authorities_file
        certificate, key, authorities = files
        if certificate and key and authorities:
            return TlsFiles(certificate, key, authorities)
        if any(files):
            raise StartupError(f"TLS demande trois fichiers à la fois : {self._variables(*_TLS)}.")
        return None

    def _exposed(self, how: str) -> StartupError:
        return StartupError(
            f"Le serveur refuse d’écouter {how} sur {self.host}. Écoutez en clair sur 127.0.0.1, ou indiquez "
            f"{self._variables(*_TLS, 'access_file')} (voir docs/acces.md ; « make certs » en fait d’essai)."
        )

    def _variables(self, *fields: str) -> str:
        *most, last = (options.variable(type(self), field) for field in fields)
        return f"{', '.join(most)} et {last}"

    def limits(self) -> Limits:
        """What one worker accepts."""
        return Limits(
            threads=self.threads,
            deadline_seconds=self.deadline_seconds,
            stream_seconds=self.stream_seconds,
            message_bytes=self.max_receive_bytes,
            # A file of 32 MiB, the largest that a service reads, passes whole with the messages around it.
            stream_bytes=10 * self.max_receive_bytes,
            patience_seconds=self.patience_seconds,
            behind_gateway=self.behind_gateway,
        )


class AccessSettings(ServerSettings):
    """What a server that keeps a journal of accesses reads too: where it is, its key, and where the heads of
    its chains are anchored."""

    access_database_url: str
    master_key_file: Path
    access_retention_months: int = Field(
        12, ge=6, le=12, description="Durée de conservation du journal des accès, en mois."
    )
    init: bool = Field(
        False,
        description="Créer ce que le service garde, si rien n’en existe ; à donner au premier démarrage.",
    )
    heads_file: Path = Field(Path("keys/heads.jsonl"), description=HEADS_DESCRIPTION)
    heads_seconds: float = Field(
        5,
        ge=0.1,
        le=3600,
        allow_inf_nan=False,
        description="Temps le plus court entre deux empreintes ancrées.",
    )
    heads_syslog: str = Field(
        "", description="Journal du système où écrire aussi chaque empreinte : /dev/log ou hôte:port (UDP)."
    )
    heads_command: str = Field(
        "", description="Commande qui reçoit chaque empreinte, une ligne JSON, sur son entrée."
    )
    heads_webhook: str = Field("", description="Adresse http(s) à laquelle envoyer chaque empreinte en JSON.")

    def first_url(self) -> str:
        """The database whose key signs the heads."""
        return self.access_database_url

    def clocks(self) -> Mapping[str, str]:
        """The purpose of the key that seals what is said of its clock, by database."""
        began = holds_key(self.access_database_url, ACCESS_CLOCK)
        return {self.access_database_url: ACCESS_CLOCK} if began else {}

    def access_place(self) -> AccessPlace:
        """Where the journal of accesses is."""
        return AccessPlace(self.access_database_url, self.master_key_file, self.access_retention_months)

    def anchored(self, plan: KeyPlan) -> AnchoredStore:
        """The store of the service, whose keys are those of a plan, and where its heads are anchored."""
        return AnchoredStore(
            self.first_url(), self.access_database_url, self.master_key_file, plan, self.head_places()
        )

    def head_places(self) -> HeadPlaces:
        """Where anchored heads go."""
        return HeadPlaces(
            self.heads_file, self.heads_seconds, self.heads_syslog, self.heads_command, self.heads_webhook
        )


class StoreSettings(AccessSettings):
    """What a server that keeps a store reads too: a service adds the places of its own parts."""

    database_url: str

    def first_url(self) -> str:
        """The database of the store."""
        return self.database_url

    def clocks(self) -> Mapping[str, str]:
        """That of the store, and that of the journal of accesses if there is one."""
        return {self.database_url: CLOCK_CHAIN, **super().clocks()}

    def stores(self, *parts: Part) -> StoreSet:
        """All that the service keeps: the parts of its own, and what every service has beside."""
        heads = heads_part(self.heads_file, self.database_url)
        accesses = accesses_part(self.access_database_url, self.heads_file)
        return StoreSet((*parts, heads, accesses), self.init)


def _print_and_exit(text: str) -> NoReturn:
    sys.stdout.write(f"{text}\n")
    raise SystemExit(0)
