"""The gate in a child process: a hostile file costs the child, never the server."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from services.documents.contract import written
from services.documents.profile import Logo, described_profile
from services.documents.template.annotate import annotate
from services.documents.template.gate import Verdict, examine
from services.documents.template.manifest import Template, described_template
from services.documents.template.reading import WHOLE_FILE
from services.documents.template.restoring import restored
from services.documents.template.summing import summed
from services.documents.template.trial import Sample
from services.kit.child import Bounds, Message, StoppedError, answer, ask
from services.kit.findings import Finding, Place, Severity
from services.kit.french import spaced

MEMORY = 768 * 1024 * 1024
"""Address space of the child, in bytes."""

_PROCESSOR_SECONDS = 40
_OUTPUT_BYTES = 32 * 1024 * 1024
_CRASH = "Le contrôle s’est interrompu : ce fichier met en échec ce qui le lit."


def examine_apart(
    template: Template, sample: Sample | None, *, seconds: float, memory: int = MEMORY
) -> Verdict:
    """What `examine` says, summed, from a process that is stopped past its bounds: that is a finding.

    Unavailable after these seconds: this says nothing of the file.
    """
    data, files = written(template.manifest), [template.docx]
    question: dict[str, Any] = {"manifest": data, "sample": None}
    if sample is not None:
        profile, logo = sample.profile, sample.profile.logo
        question["sample"] = {
            "day": sample.day.isoformat(),
            "profile": written(profile.content),
            "logo": logo and {"alt": logo.alt, "width": logo.width, "height": logo.height},
        }
        if logo is not None:
            files.append(logo.image)
    try:
        reply = ask(__name__, Message(question, files), _bounds(seconds, memory))
        return Verdict(tuple(map(_finding, reply.data)), reply.files[0])
    except StoppedError as error:
        error.raise_if_transient()
        code = f"CHECK_{error.reason.value}"
        stopped = Finding(WHOLE_FILE, spaced(_sentence(error)), code)
        return Verdict((stopped,), template.docx)


def annotate_apart(
    docx: bytes, findings: Sequence[Finding], *, seconds: float, memory: int = MEMORY
) -> bytes:
    """What `annotate` makes, in such a process too; nothing when the process gives nothing."""
    question = Message({"findings": list(map(_plain, findings))}, [docx])
    try:
        return ask(__name__, question, _bounds(seconds, memory)).files[0]
    except StoppedError:
        return b""


def restored_apart(docx: bytes, before: bytes, *, seconds: float, memory: int = MEMORY) -> bytes:
    """What `restored` makes, in such a process too; the file as it is when the process gives nothing."""
    try:
        return ask(__name__, Message({}, [docx, before]), _bounds(seconds, memory)).files[0]
    except StoppedError as error:
        error.raise_if_transient()
        return docx


def _bounds(seconds: float, memory: int) -> Bounds:
    return Bounds(_PROCESSOR_SECONDS, memory, _OUTPUT_BYTES, seconds)


def _sentence(error: StoppedError) -> str:
    if error.bound():
        return f"Le contrôle demande plus de {error.bound()} : allégez le modèle."
    return _CRASH


def _plain(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "severity": finding.severity.value}


def _finding(plain: dict[str, Any]) -> Finding:
    place, severity = Place(**plain["place"]), Severity(plain["severity"])
    return Finding(**{**plain, "place": place, "severity": severity})


def _answer(question: Message) -> Message:
    docx, *others = question.files
    if "findings" in question.data:
        return Message(None, [annotate(docx, list(map(_finding, question.data["findings"])))])
    if "manifest" not in question.data:
        return Message(None, [restored(docx, *others)])
    template = described_template(question.data["manifest"], docx)
    verdict = examine(template, _sample(question.data["sample"], others))
    return Message(list(map(_plain, summed(verdict.findings))), [verdict.docx])


def _sample(found: dict[str, Any] | None, images: Sequence[bytes]) -> Sample | None:
    if found is None:
        return None
    logo = Logo(image=images[0], **found["logo"]) if found["logo"] else None
    return Sample(described_profile(found["profile"], logo), date.fromisoformat(found["day"]))


if __name__ == "__main__":
    sys.exit(answer(_answer))
