"""Reads the requests of ReleaseService: every absent or wrong field is collected with its proto path."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from microcredit.releases.v1 import package_pb2
from services.kit import wire
from services.kit.errors import FieldReason, InvalidArgument, NotFound, Violation, Violations
from services.kit.releases import versions
from services.kit.releases.archive import ArchiveError, Contents, unpack
from services.kit.releases.kinds import C, Edited, Kind, Kinds
from services.kit.releases.timeline import Release, State

MAX_COMMENT = 500

_ID = "[a-z0-9][a-z0-9-]{0,62}"
_VERSION = "[0-9A-Za-z][0-9A-Za-z.+-]{0,63}"
_LINE_BREAKS = ("Zl", "Zp")


@dataclass(frozen=True)
class Writing:
    """What every write says of itself; an absent request_id is empty."""

    request_id: str
    comment: str


@dataclass(frozen=True)
class Quoted:
    """What a publication says of the proof of its package: the digest of a report, why it is published though
    its cases see too little; either may be empty."""

    report: str
    waiver: str


class ReleaseFields:
    """The fields of a request, for the kinds of packages of a service."""

    def __init__(self, kinds: Kinds[Any]) -> None:
        self._kinds = kinds
        self.violations = Violations()

    def collection(self, request: Any) -> Kind[Any]:
        """The kind of the field `collection`; raises at once, for nothing else can be read without it."""
        kind = self._kinds.get(request.collection)
        if kind is None:
            reason = FieldReason.UNKNOWN_VALUE if request.collection else FieldReason.REQUIRED
            known = " ou ".join(f"« {name} »" for name in self._kinds.collections)
            self.violations.add("collection", reason, f"Ce service déploie {known}.")
            self.violations.raise_if_any()
            raise AssertionError
        return kind

    def package(self, name: str, field: str) -> tuple[Kind[Any], str]:
        """The kind and the name in the store of a package."""
        kind, found = self._match(name, field, f"({_ID})", "{0.collection}/{0.example}")
        return kind, kind.stored(found[0]) if found else ""

    def version(self, name: str, field: str) -> tuple[Kind[Any], str, str]:
        """The kind, the name in the store and the version, or digest, of a published version."""
        kind, found = self._match(
            name, field, f"({_ID})/versions/({_VERSION})", "{0.collection}/{0.example}/versions/1.0.0"
        )
        return (kind, kind.stored(found[0]), found[1]) if found else (kind, "", "")

    def _match(self, name: str, field: str, pattern: str, example: str) -> tuple[Kind[Any], tuple[str, ...]]:
        collection = name.partition("/")[0]
        kind = self._kinds.get(collection) or self._kinds.first
        found = re.fullmatch(f"{kind.collection}/{pattern}", name)
        if found is None:
            shown = example.format(kind)
            self.violations.add(field, FieldReason.MALFORMED, f"Ce nom s’écrit par exemple « {shown} ».")
        return kind, found.groups() if found else ()

    def day(self, request: Any, field: str, at: str = "") -> date | None:
        """A civil date, None when the request does not say."""
        if not request.HasField(field):
            return None
        return wire.civil_date(getattr(request, field), f"{at}{field}", self.violations)

    def state_number(self, number: int, field: str) -> int:
        """A state number, never negative."""
        if number < 0:
            self.violations.add(field, FieldReason.OUT_OF_RANGE, "Le numéro d’état ne peut pas être négatif.")
        return number

    def writing(self, request: Any) -> Writing:
        """What a write says of itself; raises InvalidArgument with all the violations found so far."""
        request_id = wire.request_id(request.request_id, "request_id", self.violations)
        self._line(request.comment, "comment", "Le commentaire")
        self.violations.raise_if_any()
        return Writing(request_id, request.comment)

    def quoted(self, request: Any, kind: Kind[Any]) -> Quoted:
        """What a publication says of the proof of its package."""
        found = request.ruleset
        if request.HasField("ruleset") and not kind.proved:
            text = f"Un {kind.noun} se publie sans preuve ni dispense."
            self.violations.add("ruleset", FieldReason.UNKNOWN_FIELD, text)
        if found.proof and not re.fullmatch("[0-9a-f]{64}", found.proof):
            text = "L’empreinte d’un rapport de preuve compte 64 chiffres hexadécimaux, en minuscules."
            self.violations.add("ruleset.proof", FieldReason.MALFORMED, text)
        self._line(found.waiver, "ruleset.waiver", "La raison d’une dispense")
        if found.waiver and not found.waiver.strip():
            text = "Une dispense dit sa raison en quelques mots."
            self.violations.add("ruleset.waiver", FieldReason.REQUIRED, text)
        return Quoted(found.proof, found.waiver)

    def _line(self, text: str, field: str, name: str) -> None:
        if len(text) > MAX_COMMENT:
            sentence = f"{name} compte {MAX_COMMENT} caractères au plus."
            self.violations.add(field, FieldReason.TOO_LONG, sentence)
        if not all(map(_is_printed, text)):
            sentence = f"{name} tient sur une ligne, sans caractère de contrôle."
            self.violations.add(field, FieldReason.NOT_PRINTABLE, sentence)

    def edited(self, message: package_pb2.EditedFile, kind: Kind[C]) -> tuple[str, Edited]:
        """The name in the store of the package that a file edited alone continues, and the edit."""
        if kind.editing is None:
            text = f"Un {kind.noun} se donne entier, en archive."
            self.violations.add("edited", FieldReason.UNKNOWN_FIELD, text)
            self.violations.raise_if_any()
            raise AssertionError
        _, stored = self.package(message.name, "edited.name")
        if not message.content:
            self.violations.add("edited.content", FieldReason.REQUIRED, "Ce champ est obligatoire.")
        elif len(message.content) > kind.editing.max_bytes:
            text = f"Le fichier dépasse {_mebibytes(kind.editing.max_bytes)}."
            self.violations.add("edited.content", FieldReason.TOO_LONG, text)
        if message.version and not versions.is_version(message.version):
            self.violations.add("edited.version", FieldReason.MALFORMED, versions.SENTENCE)
        day = self.day(message, "effective_from", "edited.")
        return stored, Edited(message.content, message.version, day)


def unpacked(archive: bytes, kind: Kind[C]) -> Contents:
    """The files of an archive; InvalidArgument."""
    if len(archive) > kind.max_archive_bytes:
        sentence = f"L’archive dépasse {_mebibytes(kind.max_archive_bytes)}."
    else:
        try:
            return unpack(archive)
        except ArchiveError as error:
            sentence = error.sentence
    violation = Violation("archive", FieldReason.MALFORMED, sentence)
    raise InvalidArgument("ARCHIVE_REFUSED", sentence, violations=[violation])


def find_version(state: State, kind: Kind[C], stored: str, version: str) -> Release:
    """The published version of a name; NotFound."""
    release = state.release(stored, version)
    if release is None:
        raise version_not_found(kind, stored, version)
    return release


def version_not_found(kind: Kind[C], stored: str, version: str) -> NotFound:
    """No such version is published."""
    name = kind.name(stored)
    return NotFound(
        "VERSION_NOT_FOUND",
        f"Aucune version « {version} » du {kind.noun} « {name.partition('/')[2]} » n’est publiée.",
        metadata={"name": f"{name}/versions/{version}"},
    )


def check_published(state: State, kind: Kind[C], stored: str) -> None:
    """NotFound if no version of that package is published."""
    if stored not in state.names:
        raise package_not_found(kind, stored)


def package_not_found(kind: Kind[C], stored: str) -> NotFound:
    """No version of such a package is published."""
    name = kind.name(stored)
    return NotFound(
        "PACKAGE_NOT_FOUND",
        f"Aucun {kind.noun} ne porte l’identifiant « {name.partition('/')[2]} ».",
        metadata={"name": name},
    )


def _is_printed(character: str) -> bool:
    """True for a character that is seen, or a space, no-break ones included."""
    category = unicodedata.category(character)
    return not category.startswith("C") and category not in _LINE_BREAKS


def _mebibytes(size: int) -> str:
    return f"{size // (1024 * 1024)} Mio"
