"""A certificate authority for development and tests, and what it signs: `make certs` writes it in certs/.

The authority of a town is its own: nothing made here may serve real people, and its names say so.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 90
ORGANISATION = "Essai, sans valeur"
HOSTS = (
    "localhost",
    "127.0.0.1",
    *(f"{service}.localhost" for service in ("eligibility", "documents", "bank-registry")),
)
"""The services, and the gateway where each has a name."""

APPLICATIONS = ("logiciel-social", "passerelle")
DOMAIN = "essai.invalid"
ACCESS = "acces.toml"
"""The file of accesses that goes with them."""

ACCESS_FILE = """# Fichier d’accès d’essai, écrit par « make certs » : voir docs/acces.md.

[[applications]]
name = "spiffe://{domain}/logiciel-social"
account = "agents"

[[applications]]
name = "spiffe://{domain}/passerelle"
account = "gateway"
"""


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        """The certificate, in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self) -> bytes:
        """The key, in PEM, without a password."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def authority(name: str = "Autorité") -> Pair:
    """A new authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, DAYS).issuer_name(_name(name)).public_key(key.public_key())
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(certificate, key)


def issue(by: Pair, name: str, names: Sequence[str], *, server: bool = False, ended: bool = False) -> Pair:
    """A certificate of an application, or of a server, with its names: hosts, addresses, URIs.

    That of a server is that of an application too: the services call each other. One that has `ended` did so
    yesterday.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if server else [])]
    builder = _builder(name, -1 if ended else DAYS).issuer_name(by.certificate.subject)
    certificate = (
        builder.public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False
        )
        .sign(by.key, hashes.SHA256())
    )
    return Pair(certificate, key)


def _builder(name: str, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
    )


def _name(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _general(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def write(pair: Pair, folder: Path, name: str) -> None:
    """Writes NAME.crt, and NAME.key that its owner alone reads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.crt").write_bytes(pair.pem())
    path = folder / f"{name}.key"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pair.key_pem())


def write_all(folder: Path, hosts: Sequence[str]) -> None:
    """Writes an authority, a server that has some names more, applications, and the file that names them."""
    root = authority()
    write(root, folder, "autorite")
    server = issue(root, "serveur", [*HOSTS, *hosts, f"spiffe://{DOMAIN}/serveur"], server=True)
    write(server, folder, "serveur")
    for name in APPLICATIONS:
        write(issue(root, name, [f"spiffe://{DOMAIN}/{name}"]), folder, name)
    (folder / ACCESS).write_text(ACCESS_FILE.format(domain=DOMAIN), encoding="utf-8")


def main() -> int:
    """Writes an authority, a server, an application and a gateway, and the file that names both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", action="append", default=[], help="a name or an address of the server")
    options = parser.parse_args()
    if options.folder.exists():
        sys.stderr.write(f"Le dossier {options.folder} existe déjà ; effacez-le d’abord.\n")
        return 1
    write_all(options.folder, options.host)
    sys.stdout.write(f"Certificats d’essai écrits dans {options.folder} ; ils valent {DAYS} jours.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
