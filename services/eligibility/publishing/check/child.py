"""The check of a package in a child process with limits: hostile files, endless loops and crashes of the
engine cost the child, never the server."""

from __future__ import annotations

import sys
from dataclasses import asdict

from services.eligibility.publishing.check.report import SCORE_SECONDS, Report, dump_report, load_report
from services.kit import child
from services.kit.child import Bounds, Message, StoppedError
from services.kit.findings import Finding, Place
from services.kit.french import spaced
from services.kit.releases import FINDINGS_ALONE, Asked, Contents, digest

# Bounds that do not depend on the load of the machine; on an idle one, the processor time ends before the
# minute that a call has.
_PROCESSOR_SECONDS = 40
_MEMORY_BYTES = 1024**3
_OUTPUT_BYTES = 4 * 1024**2
_PLACE = Place("package.yaml", 1, 1)
_CRASH = "Le contrôle s’est interrompu : ce paquet met en échec le moteur de règles ou ses limites."


def check(contents: Contents, *, seconds: float, asked: Asked = FINDINGS_ALONE) -> Report:
    """Everything to say about the files of a package; a child that passes a bound is itself a finding.

    Unavailable when the machine lacked time or memory: this says nothing of the package.
    """
    processor = _PROCESSOR_SECONDS + asked.publishing * SCORE_SECONDS
    bounds = Bounds(processor, _MEMORY_BYTES, _OUTPUT_BYTES, seconds)
    try:
        answer = child.ask(__name__, _question(contents, asked), bounds)
        return load_report(answer.data)
    except StoppedError as error:
        error.raise_if_transient()
        return _stopped(contents, _sentence(error))
    except ValueError:
        return _stopped(contents, _CRASH)


def _sentence(error: StoppedError) -> str:
    if error.bound():
        return f"Le contrôle demande plus de {error.bound()} : allégez le paquet."
    return _CRASH


def _stopped(contents: Contents, message: str) -> Report:
    return Report((Finding(_PLACE, spaced(message)),), digest=digest(contents))


def _question(contents: Contents, asked: Asked) -> Message:
    return Message([list(contents), asdict(asked)], list(contents.values()))


def _examined(question: Message) -> Message:
    from services.eligibility.publishing.check.examine import examine

    files, asked = question.data
    contents = dict(zip(files, question.files, strict=True))
    return Message(dump_report(examine(contents, Asked(**asked))))


if __name__ == "__main__":
    sys.exit(child.answer(_examined))
