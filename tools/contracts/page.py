"""The page of errors, written from the contract: one row a reason, with the RPCs that give it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.descriptor_pb2 import EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet

from tools.contracts.reading import (
    ENUM,
    METHOD,
    SERVICE,
    Given,
    Reason,
    comments,
    errors_listed,
    own,
    reasons,
)

COMMON = "microcredit.errors.v1"

_HEAD = """\
# Erreurs des trois services

Cette page est écrite par `make contracts` à partir des contrats (`protos/`) : c’est là qu’elle se corrige.

Une erreur est un `google.rpc.Status` avec un `ErrorInfo` (motif stable, domaine du service), un
`LocalizedMessage` en français et, selon le cas, la liste des champs en cause (`BadRequest`), chacun avec son
chemin, un motif de champ et une phrase. Un refus du règlement n’est pas une erreur : c’est une réponse.
Aucune erreur ne contient de donnée personnelle ; l’identifiant de requête (`x-request-id`, rendu dans les
métadonnées de fin) suffit à retrouver l’appel dans le journal technique.

Une erreur peut venir sans motif, de gRPC lui-même : UNAVAILABLE (service arrêté, en démarrage ou interrompu :
réessayer ; ou certificat refusé à la poignée de main : voir [acces.md](acces.md)).
"""
_TITLES = {
    COMMON: "Communes à tous les services",
    "microcredit.releases.v1": "Publications et activations (règlements, modèles, profils)",
    "microcredit.eligibility.v1": "eligibility (`eligibility.microcredit`)",
    "microcredit.documents.v1": "documents (`documents.microcredit`)",
    "microcredit.bankregistry.v1": "bank_registry (`bankregistry.microcredit`)",
}
_EVERY_RPC, _BEFORE_ANY = "tout appel", "avant tout appel"


@dataclass
class _Uses:
    """Where a reason is given: its gRPC codes, and the RPCs or the conditions of calls, each once."""

    codes: dict[str, None] = field(default_factory=dict)
    places: dict[str, None] = field(default_factory=dict)

    def add(self, given: Given, place: str) -> None:
        """Notes one more place."""
        self.codes[given.code] = None
        self.places[place] = None


def errors_page(descriptors: FileDescriptorSet) -> str:
    """The page of errors, in French."""
    files = own(descriptors)
    uses = _uses(files)
    parts = [_HEAD]
    for package, title in _TITLES.items():
        for file, enum in _enums(files, package, "ErrorReason"):
            rows = [_error_row(reason, uses[reason.name]) for reason in reasons(file, enum)]
            parts += [
                f"## {title}\n",
                _table(("motif", "code gRPC", "sens", "que faire", "donné par", "exemple"), rows),
            ]
    for file, enum in _enums(files, COMMON, "FieldReason"):
        fields = [
            (f"`{reason.name}`", reason.meaning, reason.remedy, f"`{reason.example}`")
            for reason in reasons(file, enum)
        ]
        parts += [
            "## Motifs d’un champ refusé (`BadRequest`)\n",
            _table(("motif", "sens", "que faire", "exemple"), fields),
        ]
    return "\n".join(parts)


def _enums(
    files: Iterable[FileDescriptorProto], package: str, suffix: str
) -> Iterator[tuple[FileDescriptorProto, EnumDescriptorProto]]:
    for file in files:
        for enum in file.enum_type:
            if file.package == package and enum.name.endswith(suffix):
                yield file, enum


def _uses(files: Iterable[FileDescriptorProto]) -> Mapping[str, _Uses]:
    """Where each reason is given, as the comments of services and RPCs list it."""
    found: dict[str, _Uses] = defaultdict(_Uses)
    for file in files:
        notes = comments(file)
        for index in range(len(file.enum_type)):
            for given in errors_listed(notes.get((ENUM, index), "")):
                found[given.reason].add(given, _BEFORE_ANY)
        for index, service in enumerate(file.service):
            for given in errors_listed(notes.get((SERVICE, index), "")):
                found[given.reason].add(given, _condition(given))
            for rank, method in enumerate(service.method):
                for given in errors_listed(notes.get((SERVICE, index, METHOD, rank), "")):
                    found[given.reason].add(given, f"`{method.name}`")
    return found


def _condition(given: Given) -> str:
    """To which calls of a service an error of all of them comes: « with etag »."""
    name = given.condition.removeprefix("with ")
    return f"tout appel qui porte `{name}`" if name else _EVERY_RPC


def _error_row(reason: Reason, uses: _Uses) -> tuple[str, ...]:
    places = [_EVERY_RPC] if _EVERY_RPC in uses.places else list(uses.places)
    example = f"`{reason.example}`"
    return (
        f"`{reason.name}`",
        ", ".join(uses.codes),
        reason.meaning,
        reason.remedy,
        ", ".join(places),
        example,
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (columns, *rows)]
    return "\n".join([lines[0], "|---" * len(columns) + "|", *lines[1:]]) + "\n"
