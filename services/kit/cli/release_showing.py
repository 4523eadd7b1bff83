"""What the commands on packages print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as pb
from services.kit.cli.output import Output
from services.kit.cli.showing import as_json, civil, day, instant, last_part
from services.kit.cli.target import Address
from services.kit.dates import today
from services.kit.french import number, plural, short_date
from services.kit.releases import Proof

EVENTS_SHOWN = 10
EVENTS = {
    package_pb2.EVENT_KIND_PUBLISHED: "publication",
    package_pb2.EVENT_KIND_ACTIVATED: "activation",
    package_pb2.EVENT_KIND_ROLLED_BACK: "retour en arrière",
}


@dataclass(frozen=True)
class Words:
    """How a program speaks of one kind of packages, and where it finds its server.

    `options` are annotations that stand for those of this module, by name of parameter. With `single`, the
    server has one package and no command names it. `file` is the one that people edit alone, if there is one,
    and `continued` the option that names the package that it continues. With `checked_here`, the program
    has a check of its own; with `sums_up`, a publication tells what its check tried. `proof_quoted` gives the
    digest of a report of proof from its file and the digest of its package. `unsigned` begins the
    names of the contract and not those that are signed.
    """

    collection: str
    noun: str
    dated: str
    inert: str
    address: Address
    read_folder: Callable[[Path], Mapping[str, bytes]]
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, str, str] = ("paquet", "en vigueur", "titre")
    single: bool = False
    file: str = ""
    continued: str = ""
    checked_here: bool = False
    sums_up: bool = False
    proof_quoted: Callable[[Path, str], str] | None = None
    unsigned: str = ""


def packages(found: Sequence[package_pb2.Package], words: Words, out: Output) -> None:
    """The packages, with what is in force."""
    out.document({"packages": [as_json(one) for one in found]})
    out.table(words.columns, ((last_part(one.name), _in_force(one), one.title) for one in found))
    out.line(f"{plural(len(found), words.noun)}.")


def report(found: package_pb2.CheckReport, out: Output) -> None:
    """A check."""
    out.document(as_json(found))
    _findings(found, out)
    out.line(found.summary, "green" if found.accepted else "red")


def published(answer: pb.PublishPackageResponse, words: Words, dry_run: bool, out: Output) -> None:
    """What a publication did."""
    out.document(as_json(answer))
    _findings(answer.report, out)
    if words.sums_up:
        out.line(answer.report.summary)
    said = f"publiée ; {words.inert}"
    if not answer.created:
        said = "déjà publiée avec ce contenu, rien n’est écrit."
    elif dry_run:
        said = "peut être publiée. Essai : rien n’est écrit."
    version = answer.version
    out.line(f"Version {version.version}, empreinte {version.digest[:12]}… : {said}", "green")


def activated(
    answer: pb.ActivateVersionResponse | pb.RollbackPackageResponse,
    words: Words,
    dry_run: bool,
    out: Output,
) -> None:
    """What an activation or a rollback did."""
    out.document(as_json(answer))
    _each(answer.findings, out)
    event = answer.event
    governs = "gouvernerait" if dry_run else "gouverne"
    again = " de nouveau" if event.kind == package_pb2.EVENT_KIND_ROLLED_BACK else ""
    trial = " Essai : rien n’est écrit." if dry_run else ""
    out.line(
        f"La version {last_part(event.version_name)} {governs}{again} les {words.dated} du "
        f"{day(event.effective_date)} ou d’après.{trial}",
        "green",
    )
    _timeline(answer.package, words, out)
    for name in getattr(answer, "superseded", ()):
        out.line(f"La version {last_part(name)}, prévue pour plus tard, est remplacée.", "yellow")


def status(
    found: package_pb2.Package,
    published_: Sequence[package_pb2.Version],
    happened: Sequence[package_pb2.Event],
    applied: package_pb2.Status,
    words: Words,
    out: Output,
) -> None:
    """A package: its timeline, versions and last events; and what the server applies."""
    out.document(
        {
            "package": as_json(found),
            "versions": list(map(as_json, published_)),
            "events": list(map(as_json, happened)),
            "status": as_json(applied),
        }
    )
    organisation = found.ruleset.organisation
    out.line(f"{found.title} — {organisation}" if organisation else found.title, "bold")
    _timeline(found, words, out)
    _versions(published_, out)
    _events(happened, out)
    _applied(applied, out)


def history(happened: Sequence[package_pb2.Event], out: Output) -> None:
    """What happened."""
    out.document({"events": list(map(as_json, happened))})
    _events(happened, out)


def versions(found: Sequence[package_pb2.Version], out: Output) -> None:
    """The published versions."""
    out.document({"versions": list(map(as_json, found))})
    _versions(found, out)


def written(version: package_pb2.Version, path: Path, out: Output) -> None:
    """Where a version was written."""
    out.document({"version": as_json(version), "path": str(path)})
    out.line(f"Version {version.version} : {path}", "green")


def _findings(found: package_pb2.CheckReport, out: Output) -> None:
    """Each finding of a check, and how many more there are."""
    _each(found.findings, out)
    if found.left_out_count:
        out.line(f"… et {plural(found.left_out_count, 'remarque')} de plus.")


def _each(found: Iterable[package_pb2.Finding], out: Output) -> None:
    """Each finding at its place, with the text in cause and what to do."""
    for one in found:
        place = one.place
        position = [str(number) for number in (place.line, place.column) if number]
        where = ", ".join(filter(None, (":".join([place.file, *position]), place.part)))
        out.finding(where, one.sentence, warning=one.severity == package_pb2.FINDING_SEVERITY_WARNING)
        if place.paragraph:
            out.line(f"    « {place.paragraph} »")
        if one.advice:
            out.line(f"    → {one.advice}")


def _in_force(package: package_pb2.Package) -> str:
    """The version that governs today, and those planned."""
    day = today()
    current, planned = "—", []
    for period in package.timeline:
        start = civil(period.start_date)
        end = civil(period.end_date) if period.HasField("end_date") else date.max
        if start <= day < end:
            current = period.version
        elif start > day:
            planned.append(f"{period.version} le {short_date(start)}")
    return f"{current} (puis {', '.join(planned)})" if planned else current


def _timeline(package: package_pb2.Package, words: Words, out: Output) -> None:
    rows = (
        (
            day(period.start_date),
            f"avant le {day(period.end_date)}" if period.HasField("end_date") else "sans fin",
            period.version,
        )
        for period in package.timeline
    )
    out.table((f"{words.dated} du", "jusqu’à", "version"), rows)


def _versions(found: Sequence[package_pb2.Version], out: Output) -> None:
    rows = (
        (one.version, f"{one.digest[:12]}…", instant(one.publish_time), one.publisher, one.key_id or "—")
        for one in found
    )
    out.table(("version", "empreinte", "publiée le", "par", "clé"), rows)


def _events(found: Sequence[package_pb2.Event], out: Output) -> None:
    rows = (
        (
            str(event.state_number),
            instant(event.event_time),
            EVENTS.get(event.kind, "?"),
            last_part(event.version_name),
            day(event.effective_date) if event.HasField("effective_date") else "—",
            event.actor,
            "\n".join([*filter(None, [event.comment]), *_proof(event)]),
        )
        for event in found
    )
    out.table(("n°", "le", "quoi", "version", "à partir du", "par", "pourquoi"), rows)


def _proof(event: package_pb2.Event) -> Iterator[str]:
    """What a publication says of the proof of its package."""
    found = event.ruleset
    if event.HasField("ruleset"):
        proof = Proof(found.mutation_count, found.seen_mutation_count, found.equivalent_mutation_count)
        score = number(round(Decimal(proof.percent), 1).normalize())
        yield f"{plural(proof.mutation_count, 'mutation')}, score {score} %"
    if found.proof:
        yield f"preuve citée : {found.proof[:12]}…"  # the server has not read the report
    if found.waiver:
        yield f"dispense : {found.waiver}"


def _applied(applied: package_pb2.Status, out: Output) -> None:
    if applied.problem:
        out.line(applied.problem, "red")
    elif applied.loaded_state_number < applied.store_state_number:
        out.line(f"Le serveur n’applique pas encore l’état n° {applied.store_state_number}.", "yellow")
    else:
        out.line(f"Le serveur applique le dernier état (n° {applied.loaded_state_number}).", "green")
