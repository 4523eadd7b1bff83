"""Messages of the contract as a person reads them, and as JSON documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from microcredit.documents.v1 import release_pb2 as pb
from services.kit.cli import Output
from services.kit.french import NO_BREAK_SPACE, long_date, short_date

EVENTS = {
    pb.PACKAGE_EVENT_KIND_PUBLISHED: "publication",
    pb.PACKAGE_EVENT_KIND_ACTIVATED: "activation",
    pb.PACKAGE_EVENT_KIND_ROLLED_BACK: "retour en arrière",
}


def as_json(message: Message) -> dict[str, Any]:
    """The message in the JSON of protobuf, every field present, with the names of the contract."""
    found: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return found


def day(value: Date) -> str:
    """« 1er janvier 2027 »."""
    return long_date(date(value.year, value.month, value.day))


def instant(value: Timestamp) -> str:
    """« 24/11/2026 15:04 », in the time of this machine."""
    when = value.ToDatetime(UTC).astimezone()
    return f"{short_date(when.date())}{NO_BREAK_SPACE}{when:%H:%M}"


def last_part(name: str) -> str:
    """The version of a revision, the identifier of a package or of a document."""
    return name.rpartition("/")[2]


def in_force(package: pb.Package) -> str:
    """The version that governs today's documents, and those planned."""
    today = date.today()  # noqa: DTZ011 - the day of the person
    current, planned = "—", []
    for period in package.timeline:
        start = _date(period.start_date)
        end = _date(period.end_date) if period.HasField("end_date") else date.max
        if start <= today < end:
            current = period.version
        elif start > today:
            planned.append(f"{period.version} le {short_date(start)}")
    return f"{current} (puis {', '.join(planned)})" if planned else current


def timeline(periods: Iterable[pb.TimelinePeriod], out: Output) -> None:
    """Which version governs which days."""
    rows = (
        (
            day(period.start_date),
            f"avant le {day(period.end_date)}" if period.HasField("end_date") else "sans fin",
            period.version,
        )
        for period in periods
    )
    out.table(("documents datés du", "jusqu’à", "version"), rows)


def revisions(found: Iterable[pb.PackageRevision], out: Output) -> None:
    """The published versions."""
    rows = (
        (
            one.version,
            f"{one.digest[:12]}…",
            instant(one.publish_time),
            one.publisher,
            one.key_id or "—",
        )
        for one in found
    )
    out.table(("version", "empreinte", "publiée le", "par", "clé"), rows)


def events(found: Iterable[pb.PackageEvent], out: Output) -> None:
    """What happened."""
    rows = (
        (
            str(event.revision),
            instant(event.event_time),
            EVENTS.get(event.kind, "?"),
            last_part(event.revision_name),
            day(event.effective_date) if event.HasField("effective_date") else "—",
            event.actor,
            event.comment,
        )
        for event in found
    )
    out.table(("n°", "le", "quoi", "version", "à partir du", "par", "pourquoi"), rows)


def findings(found: Iterable[pb.Finding], out: Output) -> None:
    """Each finding at its place, with the text in cause and what to do."""
    for item in found:
        warning = item.severity == pb.FINDING_SEVERITY_WARNING
        out.finding(item.place, item.message, warning=warning)
        if item.paragraph_text:
            out.line(f"    « {item.paragraph_text} »")
        if item.suggestion:
            out.line(f"    → {item.suggestion}")


def event(made: pb.PackageEvent, package: pb.Package, dry_run: bool, out: Output) -> None:
    """What an activation or a rollback did."""
    governs = "gouvernerait" if dry_run else "gouverne"
    again = " de nouveau" if made.kind == pb.PACKAGE_EVENT_KIND_ROLLED_BACK else ""
    trial = " Essai : rien n’est écrit." if dry_run else ""
    out.line(
        f"La version {last_part(made.revision_name)} {governs}{again} les documents datés du "
        f"{day(made.effective_date)} ou d’après.{trial}",
        "green",
    )
    timeline(package.timeline, out)


def published(revision: pb.PackageRevision, created: bool, dry_run: bool, out: Output) -> None:
    """What a publication did."""
    said = "publiée ; elle ne fait aucun document avant d’être activée."
    if not created:
        said = "déjà publiée avec ce contenu, rien n’est écrit."
    elif dry_run:
        said = "peut être publiée. Essai : rien n’est écrit."
    out.line(f"Version {revision.version}, empreinte {revision.digest[:12]}… : {said}", "green")


def _date(value: Date) -> date:
    return date(value.year, value.month, value.day)
