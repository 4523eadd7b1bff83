"""The gate in a child process: a hostile file costs the child, never the server."""

from __future__ import annotations

import base64
import json
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from services.documents.contract.findings import Finding, Severity
from services.documents.template.annotate import annotate
from services.documents.template.gate import Verdict, examine
from services.documents.template.manifest import Template, make_template
from services.documents.template.trial import Sample
from services.kit.child import Stopped, StoppedError, answer, ask
from services.kit.french import spaced

MEMORY = 768 * 1024 * 1024
"""Address space of the child, in bytes."""

_SENTENCES = {
    Stopped.TIME: "Le contrôle n’est pas terminé dans le temps permis : allégez le modèle.",
    Stopped.MEMORY: "Le contrôle demande trop de mémoire : allégez le modèle.",
    Stopped.CRASH: "Le contrôle s’est interrompu : ce fichier met en échec ce qui le lit.",
}


def examine_apart(
    template: Template, sample: Sample | None, *, seconds: float, memory: int = MEMORY
) -> Verdict:
    """What `examine` says, from a process that is stopped after these seconds."""
    question = pickle.dumps((_examined, dict(template.manifest), template.docx, sample))
    try:
        reply = ask(__name__, question, seconds=seconds, memory=memory)
    except StoppedError as error:
        stopped = Finding(
            Severity.ERROR, f"CHECK_{error.reason.value}", "fichier", spaced(_SENTENCES[error.reason])
        )
        return Verdict((stopped,), template.docx)
    return _read(reply)


def annotate_apart(
    docx: bytes, findings: Sequence[Finding], *, seconds: float, memory: int = MEMORY
) -> bytes:
    """What `annotate` makes, in such a process too; the file as it is when the process gives nothing."""
    try:
        return ask(__name__, pickle.dumps((annotate, docx, findings)), seconds=seconds, memory=memory) or docx
    except StoppedError:
        return docx


def _read(reply: bytes) -> Verdict:
    document = json.loads(reply)
    findings = (
        Finding(**{**found, "severity": Severity(found["severity"])}) for found in document["findings"]
    )
    return Verdict(tuple(findings), base64.b64decode(document["docx"]))


def _examined(manifest: Mapping[str, Any], docx: bytes, sample: Sample | None) -> bytes:
    verdict = examine(make_template(manifest, docx, ""), sample)
    findings = [{**asdict(found), "severity": found.severity.value} for found in verdict.findings]
    return json.dumps({"findings": findings, "docx": base64.b64encode(verdict.docx).decode()}).encode()


def _answer(question: bytes) -> bytes:
    function, *arguments = pickle.loads(question)  # noqa: S301 - from our own parent process
    reply: bytes = function(*arguments)
    return reply


if __name__ == "__main__":
    sys.exit(answer(_answer))
