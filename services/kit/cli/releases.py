"""The commands on packages deployed without the code: check, publish, activate, rollback, status, history…

One module for every kind; a program hands in its words.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from microcredit.releases.v1.package_pb2 import EditedFile, Event, EventKind, RulesetPublication
from services.kit.cli import release_showing as showing
from services.kit.cli.commands import Call, add_commands
from services.kit.cli.days import parse_day
from services.kit.cli.outcome import GOOD, REFUSED, USAGE, CommandError
from services.kit.cli.release_client import ReleaseClient, Sign
from services.kit.cli.release_showing import Words
from services.kit.cli.showing import civil, to_date
from services.kit.cli.target import Comment, DryRun
from services.kit.releases import ArchiveError, digest, pack, signature, unpack

Package = Annotated[str, typer.Argument(metavar="PAQUET", help="L’identifiant du paquet.")]
_EDITED = ("continued", "new_version", "effective_from", "annotated", "whole")
"""Parameters of the kinds of which a file may be edited alone."""

_PROVED = ("proof", "waiver")
"""Parameters of the kinds whose packages are proved."""

Version = Annotated[str, typer.Argument(metavar="VERSION", help="Une version publiée, ou son empreinte.")]
LastVersion = Annotated[str, typer.Argument(metavar="VERSION", help="La version ; sinon la dernière.")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Un dossier, ou un zip.")]
From = Annotated[
    date | None,
    typer.Option("--from", metavar="DATE", parser=parse_day, help="Premier jour gouverné."),
]
Supersede = Annotated[
    bool,
    typer.Option("--supersede-planned", help="Accepte de remplacer une version activée pour plus tard."),
]
ProofReport = Annotated[
    Path | None,
    typer.Option("--proof", metavar="RAPPORT", help="Le rapport que prove --report a écrit, à citer."),
]
Waiver = Annotated[
    str,
    typer.Option(
        "--waiver",
        metavar="RAISON",
        help="Pourquoi publier quand les cas voient trop peu des mutations.",
    ),
]
NewVersion = Annotated[
    str, typer.Option("--version", metavar="VERSION", help="Le numéro à donner ; sinon le suivant.")
]
EffectiveFrom = Annotated[
    date | None,
    typer.Option(
        "--effective-from",
        metavar="DATE",
        parser=parse_day,
        help="Premier jour que cette version peut gouverner ; sinon celui de la précédente.",
    ),
]
Annotate = Annotated[
    Path | None,
    typer.Option("--annotate", metavar="FICHIER", help="Écrit le fichier avec ses remarques."),
]
Whole = Annotated[bool, typer.Option("--package", help="Tout le paquet, dans un dossier.")]
SigningKey = Annotated[
    Path | None,
    typer.Option("--key", metavar="FICHIER", help="La clé privée qui signe cet acte, s’il doit l’être."),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="CHEMIN", help="Où écrire ; sinon ici, sous son nom.")
]


@dataclass(frozen=True)
class Edition:
    """How a file edited alone becomes a version: of which package, under which number, from which day."""

    continued: str = ""
    new_version: str = ""
    effective_from: date | None = None


class ReleaseCommands:
    """The commands of one kind of packages."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def register(self, app: typer.Typer) -> None:
        """Adds the commands to a program, or to a group of its commands."""
        commands: dict[str, Callable[..., int]] = {
            "check": self.check,
            "publish": self.publish,
            "activate": self.activate,
            "rollback": self.rollback,
            "status": self.status,
            "history": self.history,
            "versions": self.versions,
            "get": self.get,
            "list": self.list_all,
        }
        left_out = {"list"} if self._words.single else set()
        left_out |= {"check"} if self._words.checked_here else set()
        suited = {name: self._suited(one) for name, one in commands.items() if name not in left_out}
        add_commands(app, self._words.address, **suited)

    def _suited(self, command: Callable[..., int]) -> Callable[..., int]:
        """The command with the parameters of this kind, in its words."""
        words = self._words
        left_out = {"package"} if words.single else set()
        left_out |= set() if words.file else set(_EDITED)
        left_out |= set() if words.proof_quoted else set(_PROVED)
        signature = inspect.signature(command, eval_str=True)
        kept = [
            parameter.replace(annotation=words.options.get(name, parameter.annotation))
            for name, parameter in signature.parameters.items()
            if name not in left_out
        ]
        only = {"package": ""} if words.single and "package" in signature.parameters else {}

        def run(**given: Any) -> int:
            return command(**only, **given)

        # The parameters of a command are read from its signature: one written here stands for several written
        # by hand.
        run.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in kept}
        run.__doc__ = command.__doc__
        return run

    def _client(self, call: Call) -> ReleaseClient:
        return ReleaseClient(call.remote, self._words.collection)

    def list_all(self, call: Call) -> int:
        """Liste ce qui est publié, avec la version en vigueur et celles prévues."""
        showing.packages(self._client(call).packages(), self._words, call.out)
        return GOOD

    def check(self, call: Call, source: Source, continued: str = "", annotated: Annotate = None) -> int:
        """Contrôle un paquet : tout ce qui ne va pas, d’un coup, à sa place et avec une phrase."""
        candidate = self.candidate(source, Edition(continued))
        report = self._client(call).check(candidate, annotated=annotated is not None).report
        showing.report(report, call.out)
        if annotated is not None:
            copy = report.template.annotated_docx
            if copy:
                write_file(annotated, copy)
            said = (
                f"sont en commentaire dans {annotated}"
                if copy
                else "ne sont dans aucune copie : rien n’est écrit"
            )
            call.out.line(
                f"Les remarques {said}." if report.findings else "Il n’y a rien à mettre en commentaire."
            )
        return GOOD if report.accepted else REFUSED

    def publish(
        self,
        call: Call,
        source: Source,
        continued: str = "",
        new_version: NewVersion = "",
        effective_from: EffectiveFrom = None,
        dry_run: DryRun = False,
        proof: ProofReport = None,
        waiver: Waiver = "",
        comment: Comment = "",
    ) -> int:
        """Publie une version : le serveur la contrôle et la garde ; rien ne change encore."""
        candidate = self.candidate(source, Edition(continued, new_version, effective_from))
        answer = self._client(call).publish(
            candidate,
            request_id=str(uuid4()),
            validate_only=dry_run,
            comment=comment,
            **self._said(candidate, proof, waiver),
        )
        showing.published(answer, self._words, dry_run, call.out)
        return GOOD

    def _said(self, candidate: Mapping[str, Any], proof: Path | None, waiver: str) -> dict[str, Any]:
        """The field of a publication that quotes a proof or waives it; none when nothing is said."""
        quoted = ""
        if proof is not None and self._words.proof_quoted is not None:
            try:
                quoted = self._words.proof_quoted(proof, digest(unpack(candidate["archive"])))
            except ArchiveError as error:
                raise CommandError(error.sentence, reason="ARCHIVE_REFUSED") from None
        return {"ruleset": RulesetPublication(proof=quoted, waiver=waiver)} if quoted or waiver else {}

    def activate(
        self,
        call: Call,
        package: Package,
        version: Version,
        from_: From = None,
        dry_run: DryRun = False,
        supersede_planned: Supersede = False,
        key: SigningKey = None,
        comment: Comment = "",
    ) -> int:
        """Met une version en vigueur : elle gouverne ce qui est daté du premier jour ou d’après."""
        answer = self._client(call).activate(
            package,
            version,
            from_,
            self._sign(key),
            request_id=str(uuid4()),
            validate_only=dry_run,
            supersede_planned=supersede_planned,
            comment=comment,
        )
        showing.activated(answer, self._words, dry_run, call.out)
        return GOOD

    def rollback(
        self,
        call: Call,
        package: Package,
        from_: From = None,
        dry_run: DryRun = False,
        key: SigningKey = None,
        comment: Comment = "",
    ) -> int:
        """Défait la dernière activation : ce qui gouvernait avant elle gouverne de nouveau."""
        answer = self._client(call).rollback(
            package,
            from_,
            self._sign(key),
            request_id=str(uuid4()),
            validate_only=dry_run,
            comment=comment,
        )
        showing.activated(answer, self._words, dry_run, call.out)
        return GOOD

    def _sign(self, key: Path | None) -> Sign | None:
        """What signs an activation or a rollback with a private key; None without one."""
        if key is None:
            return None
        private = read_file(key)

        def sign(event: Event, etag: str) -> bytes:
            name, _, version = event.version_name.partition("/versions/")
            stored = name.removeprefix(self._words.unsigned)
            day = civil(event.effective_date).isoformat()
            act = EventKind.Name(event.kind).removeprefix("EVENT_KIND_")
            try:
                return signature.sign(signature.Act(act, stored, version, event.digest, day, etag), private)
            except signature.KeyFileError:
                text = f"« {key} » n’est pas une clé privée Ed25519."
                raise CommandError(text, exit_code=USAGE) from None

        return sign

    def status(self, call: Call, package: Package) -> int:
        """Montre quelle version gouverne quels jours, les versions publiées et ce qui s’est passé."""
        client = self._client(call)
        found = client.package(package)
        versions, events = client.versions(found.name), client.events(found.name, showing.EVENTS_SHOWN)
        showing.status(found, versions, events, client.status(), self._words, call.out)
        return GOOD

    def history(self, call: Call, package: Package) -> int:
        """Liste tout ce qui s’est passé : publications, activations, retours en arrière."""
        client = self._client(call)
        showing.history(client.events(client.package(package).name), call.out)
        return GOOD

    def versions(self, call: Call, package: Package) -> int:
        """Liste les versions publiées, de la dernière à la première."""
        client = self._client(call)
        showing.versions(client.versions(client.package(package).name), call.out)
        return GOOD

    def get(
        self, call: Call, package: Package, version: LastVersion = "", whole: Whole = False, out: Out = None
    ) -> int:
        """Écrit une version, à modifier puis à publier."""
        client, file = self._client(call), "" if whole else self._words.file
        answer = client.version(package, version, file)
        found = answer.version
        identifier = found.name.split("/")[1]
        if file:
            written = destination(out, f"{identifier}_{found.version}{Path(file).suffix}")
            write_file(written, answer.file)
        else:
            written = out or Path(identifier)
            for path, content in client.files(answer).items():
                write_file(written / path, content)
        showing.written(found, written, call.out)
        return GOOD

    def candidate(self, source: str, edition: Edition) -> dict[str, Any]:
        """The field of a request that carries a source."""
        path, suffix = Path(source), Path(self._words.file).suffix
        if path.is_dir() or not (path.exists() or path.suffix):
            return {"archive": pack(self._words.read_folder(path))}
        if not suffix or path.suffix.lower() != suffix:
            return {"archive": read_file(path)}
        if not edition.continued:
            words = self._words
            text = f"De quel {words.noun} ce fichier est-il la suite ? Dites-le par {words.continued}."
            raise CommandError(text, exit_code=USAGE, reason="USAGE")
        edited = EditedFile(
            name=f"{self._words.collection}/{edition.continued}",
            content=read_file(path),
            version=edition.new_version,
            effective_from=to_date(edition.effective_from),
        )
        return {"edited": edited}


def read_file(path: Path) -> bytes:
    """The bytes of a file; CommandError."""
    try:
        return path.read_bytes()
    except OSError:
        text = f"Le fichier « {path} » ne peut pas être lu."
        raise CommandError(text, exit_code=USAGE, reason="FILE") from None


def write_file(path: Path, content: bytes) -> None:
    """Writes a file, with its folder; CommandError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError:
        text = f"Le fichier « {path} » ne peut pas être écrit."
        raise CommandError(text, exit_code=USAGE, reason="FILE") from None


def destination(asked: Path | None, filename: str) -> Path:
    """Where a file of the server is written: the path asked for, or its name in the folder asked for."""
    if asked is None:
        return Path(filename)
    return asked / filename if asked.is_dir() else asked
