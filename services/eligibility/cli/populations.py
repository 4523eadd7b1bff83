"""A comparison over a population: read and compared on this machine, nothing of it is sent to a server."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from microcredit.eligibility.v1 import ruleset_pb2 as pb
from services.eligibility.cli.client import Client
from services.eligibility.cli.folders import contents_named, read_contents
from services.eligibility.messages import report_pb
from services.eligibility.publishing import (
    UNUSABLE,
    Base,
    Deployment,
    Rulesets,
    compiled,
    read_population,
    reason_labels,
    tally,
)
from services.kit.cli import USAGE, Call, CommandError, Detail, civil
from services.kit.dates import Period
from services.kit.findings import PackageError
from services.kit.french import plural, spaced
from services.kit.releases import SIGNATURE_FILE, Contents, Segment, Span
from services.kit.releases import Deployment as Applied
from services.kit.tables import UnreadableFile


def compare_population(call: Call, candidate: str, file: Path, as_of: date | None) -> pb.ComparisonReport:
    """What a candidate changes over the applications of a table, against the rules in force now for the date
    of each; CommandError with everything that is wrong in the table."""
    contents = contents_named(candidate, call)
    package = read_contents(contents, candidate).identity
    try:
        tried = compiled(_unsigned(contents))
        population = read_population(file.read_bytes(), file.name, tried.package)
    except OSError:
        raise CommandError(f"« {file} » ne peut pas être lu.", exit_code=USAGE, reason="FILE") from None
    except UnreadableFile as error:
        raise CommandError(str(error), exit_code=USAGE, reason="FILE") from None
    except PackageError as error:
        details = tuple(Detail(str(found.place), found.sentence) for found in error.findings)
        text = f"Le tableau « {file} » ne peut pas être lu comme des demandes."
        raise CommandError(text, exit_code=USAGE, reason="FILE", details=details) from None
    except UNUSABLE as error:
        raise CommandError(str(error), reason="PACKAGE_REFUSED") from None
    rulesets = Rulesets(Base.RULES_NOW, _in_force(call), tried, as_of)
    found = tally(map(rulesets.pair, population.people))
    packages = [one.package for one in reversed(rulesets.under.rulesets())]
    report = report_pb(found, reason_labels(tried.package, *packages), rulesets.base)
    read = f"Population lue : {plural(len(population.people), 'demande')}, version {package.version}."
    report.summary = spaced(" ".join((report.summary, rulesets.said_base(), read, *population.notes)))
    return report


def _in_force(call: Call) -> Deployment:
    """The rules in force on the server, by the days that they govern, compiled here."""
    client = Client(call)
    package = client.releases.package("")
    segments = tuple(
        Segment(
            Span(
                Period.ending(
                    civil(period.start_date),
                    civil(period.end_date) if period.HasField("end_date") else None,
                ),
                period.digest,
            ),
            compiled(_unsigned(client.contents(period.version))),
        )
        for period in package.timeline
    )
    return Deployment(Applied(package.state_number, {package.name: segments}))


def _unsigned(contents: Contents) -> dict[str, bytes]:
    return {path: content for path, content in contents.items() if path != SIGNATURE_FILE}
