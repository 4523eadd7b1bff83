"""Certificates: what the server shows, and what it reads in that of an application."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from services.kit.access.files import Watched
from services.kit.errors import StartupError


@dataclass(frozen=True)
class TlsFiles:
    """The files (PEM) of a server: its certificate with those between it and its authority, its key, and the
    authorities of those it speaks with."""

    certificate: Path
    key: Path
    authorities: Path

    def paths(self) -> tuple[Path, Path, Path]:
        """The three files, in the order in which they are read."""
        return self.certificate, self.key, self.authorities


@dataclass(frozen=True)
class Certificate:
    """The certificate of an application: its names, what tells it from any other, its end in Unix time."""

    names: tuple[str, ...]
    fingerprint: str
    expires: float


def watch(files: TlsFiles) -> Watched[grpc.ServerCertificateConfiguration]:
    """What the server shows in each handshake, as its files say it."""

    def read(contents: Sequence[bytes]) -> grpc.ServerCertificateConfiguration:
        chain, key, authorities = contents
        _check(files, chain, key, authorities)
        return grpc.ssl_server_certificate_configuration([(key, chain)], authorities)

    return Watched(files.paths(), read)


def server_credentials(
    shown: Watched[grpc.ServerCertificateConfiguration],
) -> grpc.ServerCredentials:
    """TLS where both sides show a certificate, and where new files serve from the next handshake on.

    The core of gRPC speaks TLS 1.3, or 1.2 with AEAD suites alone: a test holds it.
    """
    first = shown.value
    in_force = [first]

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        if shown.value is in_force[0]:
            return None
        in_force[0] = shown.value
        return shown.value

    return grpc.dynamic_ssl_server_credentials(
        first,
        fetch,  # type: ignore[arg-type] # the stubs forget None, "no change"
        require_client_authentication=True,
    )


def channel_credentials(files: TlsFiles) -> grpc.ChannelCredentials:
    """TLS towards another server, to which this side shows its certificate; StartupError if a file is bad."""
    chain, key, authorities = Watched(files.paths(), tuple).value
    _check(files, chain, key, authorities)
    return grpc.ssl_channel_credentials(authorities, key, chain)


def read_certificate(pem: bytes) -> Certificate:
    """What the certificate that passed the handshake says of its application."""
    certificate = x509.load_pem_x509_certificate(pem)
    return Certificate(
        names=tuple(_names(certificate)),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        expires=certificate.not_valid_after_utc.timestamp(),
    )


def _names(certificate: x509.Certificate) -> Iterable[str]:
    """The names of the subject (SAN): its URIs, else its DNS names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return uris or names.get_values_for_type(x509.DNSName)


def _check(files: TlsFiles, chain: bytes, key: bytes, authorities: bytes) -> None:
    """Refuses what would make every handshake fail, which gRPC would only say in its own log."""
    certificates = _certificates(files.certificate, chain)
    _certificates(files.authorities, authorities)
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError):  # TypeError: it asks for a password
        raise StartupError(
            f"Le fichier {files.key} n’est pas une clé privée PEM sans mot de passe ; corrigez-le."
        ) from None
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if private.public_key().public_bytes(*form) != certificates[0].public_key().public_bytes(*form):
        raise StartupError(
            f"La clé {files.key} n’est pas celle du certificat {files.certificate} ; remplacez les deux."
        )


def _certificates(path: Path, content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise StartupError(f"Le fichier {path} ne contient pas de certificat PEM ; corrigez-le.") from None
