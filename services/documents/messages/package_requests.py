"""Reads requests about packages: every absent or wrong field is collected with its proto path."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from microcredit.documents.v1 import release_pb2
from services.kit import wire
from services.kit.errors import FieldReason, InvalidArgument, NotFound, Unavailable, Violation, Violations
from services.kit.releases import ArchiveError, Contents, Release, State, unpack

MAX_ARCHIVE_BYTES = 2 * 1024 * 1024
MAX_COMMENT = 500

_ID = "[a-z0-9]+(?:-[a-z0-9]+)*"
_VERSION = "[0-9A-Za-z][0-9A-Za-z.+-]{0,63}"
_LINE_BREAKS = ("Zl", "Zp")
_EXAMPLES = {"templates": "templates/14-refus-presentation", "profiles": "profiles/cias-exemple"}


@dataclass(frozen=True)
class Writing:
    """What every write says of itself; an absent request_id is empty."""

    request_id: str
    comment: str


@dataclass(frozen=True)
class Edited:
    """A Word file to become the next version of a template."""

    name: str
    content: bytes
    version: str
    effective_from: date | None


def package_name(name: str, field: str, collection: str, violations: Violations) -> str:
    """A name "templates/{id}" or "profiles/{id}"."""
    if not re.fullmatch(f"{collection}/{_ID}", name):
        text = f"Ce nom s’écrit par exemple «\u00a0{_EXAMPLES[collection]}\u00a0»."
        violations.add(field, FieldReason.MALFORMED, text)
    return name


def revision_name(name: str, field: str, collection: str, violations: Violations) -> tuple[str, str]:
    """The package and the version, or digest, of the name of a revision."""
    found = re.fullmatch(f"({collection}/{_ID})/revisions/({_VERSION})", name)
    if found is None:
        text = f"Ce nom s’écrit par exemple «\u00a0{_EXAMPLES[collection]}/revisions/1.0.0\u00a0»."
        violations.add(field, FieldReason.MALFORMED, text)
        return "", ""
    return found[1], found[2]


def asked_name(name: str, field: str, collection: str) -> str:
    """The package named by a request; InvalidArgument."""
    violations = Violations()
    package_name(name, field, collection, violations)
    violations.raise_if_any()
    return name


def archive(content: bytes) -> Contents:
    """The files of an archive; InvalidArgument."""
    sentence = ""
    if not content:
        sentence = "L’archive est vide."
    elif len(content) > MAX_ARCHIVE_BYTES:
        sentence = f"L’archive dépasse {MAX_ARCHIVE_BYTES // (1024 * 1024)}\u00a0Mio."
    else:
        try:
            return unpack(content)
        except ArchiveError as error:
            sentence = error.sentence
    violation = Violation("archive", FieldReason.MALFORMED, sentence)
    raise InvalidArgument("ARCHIVE_REFUSED", sentence, violations=[violation])


def edited_docx(message: release_pb2.EditedDocx) -> Edited:
    """A Word file to publish; InvalidArgument."""
    violations = Violations()
    if not re.fullmatch(_ID, message.template_id):
        text = "L’identifiant d’un modèle s’écrit par exemple «\u00a014-refus-presentation\u00a0»."
        violations.add("docx.template_id", FieldReason.MALFORMED, text)
    if not message.content:
        violations.add("docx.content", FieldReason.REQUIRED, "Ce champ est obligatoire.")
    elif len(message.content) > MAX_ARCHIVE_BYTES:
        text = f"Le fichier dépasse {MAX_ARCHIVE_BYTES // (1024 * 1024)}\u00a0Mio."
        violations.add("docx.content", FieldReason.TOO_LONG, text)
    if message.version and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,2}", message.version):
        text = "Une version s’écrit avec des nombres et des points, par exemple «\u00a01.2.0\u00a0»."
        violations.add("docx.version", FieldReason.MALFORMED, text)
    day = None
    if message.HasField("effective_from"):
        day = wire.civil_date(message.effective_from, "docx.effective_from", violations)
    violations.raise_if_any()
    return Edited(f"templates/{message.template_id}", message.content, message.version, day)


def writing(request: Any, violations: Violations) -> Writing:
    """What a write says of itself; raises InvalidArgument with all the violations found so far."""
    request_id = wire.request_id(request.request_id, "request_id", violations)
    if len(request.comment) > MAX_COMMENT:
        text = f"Le commentaire compte {MAX_COMMENT} caractères au plus."
        violations.add("comment", FieldReason.TOO_LONG, text)
    if not all(map(_is_printed, request.comment)):
        text = "Le commentaire tient sur une ligne, sans caractère de contrôle."
        violations.add("comment", FieldReason.NOT_PRINTABLE, text)
    violations.raise_if_any()
    return Writing(request_id, request.comment)


def effective_date(request: Any, violations: Violations) -> date | None:
    """From which day, None when the request does not say."""
    if not request.HasField("effective_date"):
        return None
    return wire.civil_date(request.effective_date, "effective_date", violations)


def check_revision(revision: int, field: str, violations: Violations) -> None:
    """A revision of the deployments is never negative."""
    if revision < 0:
        violations.add(field, FieldReason.OUT_OF_RANGE, "Un numéro d’état ne peut pas être négatif.")


def find_release(state: State, name: str, version: str) -> Release:
    """The published revision of a name; NotFound."""
    release = state.release(name, version)
    if release is None:
        text = (
            f"Aucune version «\u00a0{version}\u00a0» de «\u00a0{name.partition('/')[2]}\u00a0» n’est publiée."
        )
        raise _not_found(name, text, f"{name}/revisions/{version}")
    return release


def check_published(state: State, name: str) -> None:
    """NotFound if no revision of that package is published."""
    if name not in state.names:
        what = "modèle" if name.startswith("templates/") else "profil"
        text = f"Aucun {what} ne porte l’identifiant «\u00a0{name.partition('/')[2]}\u00a0»."
        raise _not_found(name, text, name)


def check_reached(state: State, min_state_number: int) -> None:
    """Unavailable if the state is older than the revision asked for."""
    if state.revision < min_state_number:
        raise Unavailable(
            "STATE_NOT_REACHED",
            f"L’état n° {min_state_number} des modèles n’est pas encore visible d’ici.",
            metadata={"state_number": str(state.revision), "min_state_number": str(min_state_number)},
        )


def _not_found(name: str, text: str, resource: str) -> NotFound:
    reason = "TEMPLATE_NOT_FOUND" if name.startswith("templates/") else "PROFILE_NOT_FOUND"
    return NotFound(reason, text, metadata={"name": resource})


def _is_printed(character: str) -> bool:
    """True for a character that is seen, or a space, no-break ones included."""
    category = unicodedata.category(character)
    return not category.startswith("C") and category not in _LINE_BREAKS
