"""The document engine beside plain docxtpl, docxtemplater (npm) and docxcompose, in one run.

Times are medians of rounds in which all take turns; ratios compare, milliseconds belong to the machine.
"""

from __future__ import annotations

import gc
import io
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docx import Document
from docxcompose.composer import Composer
from docxtpl.template import DocxTemplate

from services.documents.render.assembly import merge
from services.documents.render.compiler import compile_template
from services.documents.render.logo import LOGO_PART
from services.documents.render.plan import Plan
from services.documents.render.reference import ReferenceEnvironment
from services.documents.template.trial import contexts
from tests.bench.peer_template import peer
from tests.documents_support import plain
from tests.documents_templates import docx, paragraph, sample, shipped
from tests.support import ROOT

LETTER, DOSSIER = ("14-refus-presentation", "refus-budget"), ("01-dossier-demande", "complet")
NO_LOGO: dict[str, bytes | None] = {LOGO_PART: None}
ROUNDS, LETTERS, COMPOSED, THREADED, THREADS = 5, 1000, 300, 100_000, 8
TARGETS = {"letter": (80, 20), "dossier": (25, 8)}
MERGE_TARGET, MEMORY_TARGET_MIB = 100, 150
PEER = Path(__file__).parent / "docxtemplater"
INSTALLED = ROOT / "build" / "bench"


@dataclass(frozen=True)
class Subject:
    """A template and its data."""

    docx: bytes
    context: dict[str, Any]
    plan: Plan

    @classmethod
    def of(cls, identifier: str, example: str) -> Subject:
        """A shipped template with an example of the contract."""
        template = shipped(identifier)
        context = dict(contexts(template, sample(), ()))[example]
        context.pop("logo", None)
        return cls(template.docx, context, compile_template(template.docx, NO_LOGO))


def main() -> int:
    """Prints the table; 1 when a target is missed."""
    if sys.argv[1:] == ["memory"]:
        letter = Subject.of(*LETTER)
        merge(letter.plan, list(recipients(letter.context)))
        sys.stdout.write(str(peak_mebibytes()))
        return 0
    node = peer_ready()
    letter, dossier = Subject.of(*LETTER), Subject.of(*DOSSIER)
    gc.collect()
    gc.freeze()  # as the server does once it is ready
    held = [
        compared("lettre", letter, TARGETS["letter"], node, few=10),
        compared("dossier", dossier, TARGETS["dossier"], node, few=4),
        merged(letter),
        memory(),
        threads(),
    ]
    return 0 if all(held) else 1


def compared(title: str, subject: Subject, targets: tuple[int, int], node: bool, few: int) -> bool:
    """One document by each engine."""
    ours, reference, other = [], [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        peer_times = prepared(subject, Path(folder)) if node else None
        for _ in range(ROUNDS):
            ours.append(timed(lambda: subject.plan.render(subject.context), few * 20))
            reference.append(timed(lambda: plainly(subject), few))
            if peer_times:
                other.append(peer_times())
    median = statistics.median(ours)
    held = line(f"{title}, docxtpl", statistics.median(reference), median, targets[0])
    if other:
        held &= line(f"{title}, docxtemplater", statistics.median(other), median, targets[1])
    return held


def plainly(subject: Subject) -> bytes:
    """The document by plain docxtpl, as its users write it."""
    template: Any = DocxTemplate(io.BytesIO(subject.docx))
    template.render(dict(subject.context), ReferenceEnvironment(), autoescape=True)
    buffer = io.BytesIO()
    template.save(buffer)
    return buffer.getvalue()


def prepared(subject: Subject, folder: Path) -> Callable[[], float]:
    """docxtemplater on the equivalent template, once its text is found to be the same."""
    template, data = peer(subject.docx, subject.context)
    (folder / "peer.docx").write_bytes(template)
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")

    def run() -> float:
        command = ["node", str(INSTALLED / "render.js"), "peer.docx", "data.json", "out.docx", "20", "40"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
        times: list[float] = json.loads(done.stdout)
        return statistics.median(times)

    run()
    same = words((folder / "out.docx").read_bytes()) == words(subject.plan.render(subject.context))
    if not same:
        sys.stdout.write("Attention : docxtemplater ne donne pas le même texte.\n")
    return run


def words(content: bytes) -> list[str]:
    """The words of a body; braces of the data are parentheses for docxtemplater."""
    return plain(content).replace("{", "(").replace("}", ")").split()


def merged(letter: Subject) -> bool:
    """A thousand letters in one file; docxcompose joins fewer, though its cost by letter grows with them."""
    people = list(recipients(letter.context))
    ours = timed(lambda: merge(letter.plan, people), 3, time.process_time) / LETTERS
    made = [letter.plan.render(person) for person in people[:COMPOSED]]
    theirs = timed(lambda: composed(made), 1, time.process_time) / COMPOSED
    return line(f"{LETTERS} lettres en un fichier, docxcompose ({COMPOSED})", theirs, ours, MERGE_TARGET)


def composed(letters: list[bytes]) -> bytes:
    """The letters joined by docxcompose."""
    composer: Any = Composer(Document(io.BytesIO(letters[0])))
    for one in letters[1:]:
        composer.append(Document(io.BytesIO(one)))
    buffer = io.BytesIO()
    composer.save(buffer)
    return buffer.getvalue()


def memory() -> bool:
    """The highest memory of a process that does nothing but the thousand letters."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.documents", "memory"], cwd=ROOT, capture_output=True, check=True
    )
    peak = int(done.stdout)
    sys.stdout.write(f"{LETTERS} lettres : {peak} Mio au plus (cible : {MEMORY_TARGET_MIB})\n")
    return peak < MEMORY_TARGET_MIB


def peak_mebibytes() -> int:
    """The highest memory of this program: getrusage would count that of the parent before exec."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) // 1024


def threads() -> bool:
    """Documents made by threads that share a plan, each with a mark of its own."""
    plan = compile_template(docx(*[paragraph("{{ name }}")] * 3, footer="{{ name }}"))

    def strangers(thread: int) -> int:
        wrong = 0
        for number in range(THREADED // THREADS):
            mark = f"personne {thread}-{number}"
            with zipfile.ZipFile(io.BytesIO(plan.render({"name": mark}))) as made:
                body, footer = (made.read(f"word/{part}.xml").decode() for part in ("document", "footer1"))
            wrong += (body.count(f">{mark}<"), footer.count(f">{mark}<")) != (3, 1)
        return wrong

    with ThreadPoolExecutor(THREADS) as pool:
        wrong = sum(pool.map(strangers, range(THREADS)))
    sys.stdout.write(f"{THREADED} documents par {THREADS} fils : {wrong} avec la donnée d’un autre\n")
    return wrong == 0


def recipients(context: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The data of as many letters, each with a reference of its own."""
    for number in range(LETTERS):
        reference = f"MC-2026-{number:04d}"
        yield {
            **context,
            "case": {**context["case"], "reference": reference},
            "document": {**context["document"], "reference": reference},
        }


def timed(call: Callable[[], object], count: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Median, in milliseconds; long calls are told by the processor, which other programs do not share."""
    times = []
    for _ in range(count):
        start = clock()
        call()
        times.append((clock() - start) * 1000)
    return statistics.median(times)


def line(title: str, theirs: float, ours: float, target: int) -> bool:
    """Prints a line; whether the target is held."""
    ratio = theirs / ours
    sys.stdout.write(
        f"{title:<46} {theirs:>8.2f} ms   {ours:>7.3f} ms   ×{ratio:<6.0f} (cible : ×{target})\n"
    )
    return ratio >= target


def peer_ready() -> bool:
    """Installs docxtemplater where npm is; says so where it is not."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        sys.stdout.write("docxtemplater n’est pas mesuré : il manque npm et Node.js (apt install npm).\n")
        return False
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for path in PEER.iterdir():
        shutil.copy(path, INSTALLED)
    npm = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(npm, cwd=INSTALLED, check=False).returncode:
        sys.stdout.write("docxtemplater n’est pas mesuré : npm n’a pas pu l’installer.\n")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
