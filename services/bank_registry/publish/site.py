"""The whole site, file by file, and its seal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from services.bank_registry.publish.coverage import coverage
from services.bank_registry.publish.feed import feed
from services.bank_registry.publish.html import element, link, table
from services.bank_registry.publish.lender_page import lender
from services.bank_registry.publish.open_data import names, open_data
from services.bank_registry.publish.opening import Publication
from services.bank_registry.publish.pages import changes, departement, home, lenders, page
from services.bank_registry.registry import Geography
from services.kit import french

SUMS, SIGNATURE, PUBLIC_KEY = "SHA256SUMS", "SHA256SUMS.sig", "cle-publique.pem"
_STYLE = Path(__file__).with_name("style.css")


def site(
    publication: Publication, geography: Geography, *, since: int | None, public_key: bytes
) -> dict[str, bytes]:
    """Every file of the site by its path, less the signature: the sums cover all the others."""
    covered = coverage(publication.records, publication.day, geography)
    data = {f"donnees/{name}": content for name, content in open_data(publication, since).items()}
    files = {
        "style.css": _STYLE.read_bytes(),
        "index.html": home(publication, covered),
        "preteurs/index.html": lenders(publication),
        "changements.html": changes(publication),
        "flux.xml": feed(publication),
        "donnees/index.html": _data_page(publication, data, signed=bool(public_key)),
        **data,
    }
    for code, _ in geography.departements:
        place = geography.departement(code)
        if place and covered.communes[code]:
            files[f"departements/{code}.html"] = departement(publication, covered, place)
    for record in publication.records:
        files[f"preteurs/{record.bank.id}.html"] = lender(publication, covered, record)
    if public_key:
        files[PUBLIC_KEY] = public_key
    return files | {SUMS: _sums(files)}


def _sums(files: Mapping[str, bytes]) -> bytes:
    """As `sha256sum --check` reads them."""
    return "".join(f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files)).encode()


def _data_page(publication: Publication, data: Mapping[str, bytes], *, signed: bool) -> bytes:
    """What may be downloaded, and how to check it."""
    files = names([path.removeprefix("donnees/") for path in data])
    rows = [
        (
            link(name, name),
            f"{french.number(len(data[f'donnees/{name}']))} octets",
            element("code", hashlib.sha256(data[f"donnees/{name}"]).hexdigest()),
        )
        for name in files
    ]
    proof = [
        element("p", "À la racine du site, pour vérifier tous ses fichiers :"),
        element("pre", element("code", f"sha256sum --check {SUMS}"), tabindex="0"),
    ]
    if signed:
        command = f"openssl pkeyutl -verify -pubin -inkey {PUBLIC_KEY} -rawin -in {SUMS} -sigfile {SIGNATURE}"
        proof += [
            element(
                "p",
                "La liste des empreintes est signée (Ed25519). Demandez la clé publique à l’organisme :",
            ),
            element("pre", element("code", command), tabindex="0"),
        ]
    return page(
        publication,
        "donnees/index.html",
        "Les données",
        element(
            "p",
            "Tout le registre ouvert, passé compris : tableaux avec leur Table Schema, et JSON par ligne.",
        ),
        element("p", "Licence Ouverte 2.0. Ni contacts, ni motifs, ni réservations n’y figurent."),
        table("Fichiers", ("Fichier", "Taille", "SHA-256"), rows),
        element("h2", "Vérifier"),
        proof,
    )
