"""Reads requests about rulesets: every absent or wrong field is collected with its proto path."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from microcredit.eligibility.v1 import ruleset_service_pb2 as pb
from services.eligibility.messages.fields import BoundedFields
from services.kit import wire
from services.kit.errors import FieldReason, InvalidArgument, NotFound, Unavailable, Violation, Violations
from services.kit.releases import ArchiveError, Contents, Release, State, unpack

MAX_COMMENT = 500

_RULESET = re.compile(r"rulesets/([a-z][a-z0-9-]{0,62})")
_REVISION = re.compile(rf"{_RULESET.pattern}/revisions/([0-9A-Za-z][0-9A-Za-z.+-]{{0,63}})")
_LINE_BREAKS = ("Zl", "Zp")


@dataclass(frozen=True)
class RevisionName:
    """A name "rulesets/{ruleset_id}/revisions/{version}"; a digest may stand for the version."""

    ruleset_id: str
    version: str


@dataclass(frozen=True)
class Writing:
    """What every write says of itself; an absent request_id is empty."""

    request_id: str
    comment: str


@dataclass(frozen=True)
class ChangeDate:
    """From which day a ruleset should govern (None = the default), and why."""

    day: date | None
    writing: Writing


def ruleset_id(name: str, field: str, violations: Violations) -> str:
    """The identifier in a name "rulesets/{ruleset_id}"."""
    found = _RULESET.fullmatch(name)
    if found is None:
        text = "Le nom d’un règlement s’écrit « rulesets/identifiant »."
        violations.add(field, FieldReason.MALFORMED, text)
    return found[1] if found else ""


def revision_name(name: str, field: str, violations: Violations) -> RevisionName:
    """The two parts of the name of a revision."""
    found = _REVISION.fullmatch(name)
    if found is None:
        text = "Le nom d’une version s’écrit « rulesets/identifiant/revisions/version »."
        violations.add(field, FieldReason.MALFORMED, text)
    return RevisionName(found[1], found[2]) if found else RevisionName("", "")


def asked_revision(name: str) -> RevisionName:
    """The revision named by the field `name` of a request; InvalidArgument."""
    violations = Violations()
    read = revision_name(name, "name", violations)
    violations.raise_if_any()
    return read


def contents(archive: bytes) -> Contents:
    """The files of an archive; InvalidArgument."""
    try:
        return unpack(archive)
    except ArchiveError as error:
        violation = Violation("archive", FieldReason.MALFORMED, error.sentence)
        raise InvalidArgument("ARCHIVE_REFUSED", error.sentence, violations=[violation]) from None


def publication(request: pb.PublishRulesetRequest) -> Writing:
    """What a publication says of itself; InvalidArgument."""
    violations = Violations()
    if not request.archive:
        violations.add("archive", FieldReason.REQUIRED, "L’archive du règlement est obligatoire.")
    return _writing(request, violations)


def change_date(
    request: pb.ActivateRulesetRequest | pb.RollbackRulesetRequest, violations: Violations
) -> ChangeDate:
    """When and why; raises InvalidArgument with these violations and all those found before."""
    day = BoundedFields(request, "", violations).day("effective_date")
    return ChangeDate(day, _writing(request, violations))


def check_revision(revision: int, field: str, violations: Violations) -> None:
    """A revision of the deployments is never negative."""
    if revision < 0:
        violations.add(field, FieldReason.OUT_OF_RANGE, "Un numéro d’état ne peut pas être négatif.")


def find_release(state: State, name: RevisionName) -> Release:
    """The published revision of a name; NotFound."""
    release = state.release(name.ruleset_id, name.version)
    if release is None:
        raise _not_found(
            f"Aucune version « {name.version} » du règlement « {name.ruleset_id} » n’est publiée.",
            f"rulesets/{name.ruleset_id}/revisions/{name.version}",
        )
    return release


def check_ruleset(state: State, identifier: str) -> None:
    """NotFound if no revision of that ruleset is published."""
    if all(release.name != identifier for release in state.releases):
        text = f"Aucun règlement ne porte l’identifiant « {identifier} »."
        raise _not_found(text, f"rulesets/{identifier}")


def check_reached(state: State, min_state_number: int) -> None:
    """Unavailable if the state is older than the revision asked for."""
    if state.revision < min_state_number:
        raise Unavailable(
            "STATE_NOT_REACHED",
            f"L’état n° {min_state_number} des règlements n’est pas encore visible d’ici.",
            metadata={"state_number": str(state.revision), "min_state_number": str(min_state_number)},
        )


def _writing(
    request: pb.PublishRulesetRequest | pb.ActivateRulesetRequest | pb.RollbackRulesetRequest,
    violations: Violations,
) -> Writing:
    request_id = wire.request_id(request.request_id, "request_id", violations)
    if len(request.comment) > MAX_COMMENT:
        text = f"Le commentaire compte {MAX_COMMENT} caractères au plus."
        violations.add("comment", FieldReason.TOO_LONG, text)
    if not all(map(_is_printed, request.comment)):
        text = "Le commentaire tient sur une ligne, sans caractère de contrôle."
        violations.add("comment", FieldReason.NOT_PRINTABLE, text)
    violations.raise_if_any()
    return Writing(request_id, request.comment)


def _is_printed(character: str) -> bool:
    """True for a character that is seen, or a space, no-break ones included."""
    category = unicodedata.category(character)
    return not category.startswith("C") and category not in _LINE_BREAKS


def _not_found(text: str, name: str) -> NotFound:
    return NotFound("RULESET_NOT_FOUND", text, metadata={"name": name})
