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
"""

_CORE = """\
## Ce que gRPC refuse seul

Ces erreurs n’ont ni motif ni phrase en français : gRPC les rend avant que le service ne lise la demande, ou
après sa réponse. Le journal compte les en-têtes trop longs sous CANCELLED, les demandes trop grandes sous
CANCELLED ou `REQUEST_UNREADABLE`, et celles qui ne viennent pas sous CANCELLED / `REQUEST_NOT_RECEIVED`.
Au-delà de 32 appels ouverts sur une connexion, un client gRPC attend de lui-même.
"""
_TITLES = {
    COMMON: "Communes à tous les services",
    "microcredit.releases.v1": "Publications et activations (règlements, modèles, profils)",
    "microcredit.eligibility.v1": "eligibility (`eligibility.microcredit`)",
    "microcredit.documents.v1": "documents (`documents.microcredit`)",
    "microcredit.bankregistry.v1": "bank_registry (`bankregistry.microcredit`)",
}
_EVERY_RPC, _BEFORE_ANY = "tout appel", "avant tout appel"


@dataclass(frozen=True)
class CoreRefusal:
    """What the core of gRPC refuses by itself: a name, the code, a part of its text; when and what to do."""

    case: str
    code: str
    text: str
    when: str
    remedy: str


CORE_REFUSALS = (
    CoreRefusal(
        "request",
        "RESOURCE_EXHAUSTED",
        "Received message larger than max",
        "une demande de plus du double de la taille permise (au double et en dessous : `MESSAGE_TOO_LARGE`)",
        "envoyer moins à la fois",
    ),
    CoreRefusal(
        "metadata",
        "RESOURCE_EXHAUSTED",
        "received metadata size exceeds hard limit",
        "des en-têtes de plus de 32 Kio (de 16 à 32 Kio : `METADATA_TOO_LARGE`)",
        "envoyer moins d’en-têtes",
    ),
    CoreRefusal(
        "answer",
        "RESOURCE_EXHAUSTED",
        "Sent message larger than max",
        "une réponse plus longue que `…_MAX_SEND_BYTES`",
        "demander moins à la fois, ou la méthode qui répond par flux",
    ),
    CoreRefusal(
        "late",
        "CANCELLED",
        "CANCELLED",
        "une demande qui se fait attendre plus de `…_DEADLINE_SECONDS` (10 s ; en foule, 2 s)",
        "renvoyer le même appel",
    ),
    CoreRefusal(
        "no server",
        "UNAVAILABLE",
        "",
        "service arrêté, en démarrage ou interrompu ; ou certificat refusé à la poignée de main",
        "réessayer, comme un client qui suit `service-config.json` ; certificat : [acces.md](acces.md)",
    ),
)
"""Listed by hand, as no descriptor holds them; a test makes each of them happen."""


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
    core = [
        (refusal.when, refusal.code, f"« {refusal.text} »" if refusal.text else "variable", refusal.remedy)
        for refusal in CORE_REFUSALS
    ]
    parts = [_HEAD, _CORE, _table(("quand", "code gRPC", "texte", "que faire"), core)]
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
