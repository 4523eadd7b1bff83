"""Plays a change of letter: the refusal letter says something more from 1 January 2027 on; then what an
office brings of its own is mended, converted, merged, or refused.

The Word file is edited by a script as staff would in Word; everything else is the command `documents`, as a
head of service types it. The service is reached by its address alone (ADDRESS_DOCUMENTS).
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import docx
from docx.text.paragraph import Paragraph

from examples.templates import moving

ADDRESS = os.environ.get("ADDRESS_DOCUMENTS", "127.0.0.1:50052")
COMMAND = Path(sys.executable).with_name("documents")
DATA = Path("services/documents/contract/examples/refus-budget.json").resolve()
TEMPLATE = "14-refus-presentation"
FIRST_DAY, DAY_BEFORE = "2027-01-01", "2026-12-31"
CHANGED = "Si votre situation ou votre projet change, vous pouvez présenter une nouvelle demande."
ADDED = " Un rendez-vous vous sera proposé, si vous le souhaitez, pour en parler."


class DemoError(Exception):
    """The demonstration cannot go on; a French sentence."""


def step(number: int, title: str) -> None:
    """Announces a step."""
    print(f"\n{number}. {title}", flush=True)


def run(*words: str, actor: str = "camille", codes: tuple[int, ...] = (0,)) -> str:
    """Runs the command as a person would; gives what it prints."""
    where = {"DOCUMENTS_SERVER": ADDRESS, "USER": actor}
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        [str(COMMAND), *words], env={**os.environ, **where}, capture_output=True, text=True, check=False
    )
    if done.returncode not in codes:
        raise DemoError(f"documents {' '.join(words)} :\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout + done.stderr


def show(*words: str, actor: str = "camille", codes: tuple[int, ...] = (0,)) -> None:
    """Runs the command, and shows it with what it prints."""
    lines = [line.rstrip() for line in run(*words, actor=actor, codes=codes).splitlines() if line.strip()]
    print("\n".join([f"   $ documents {shlex.join(words)}", *(f"   {line}" for line in lines)]))


def say(line: str) -> None:
    """Shows a line of what a command printed."""
    print(f"   {line.strip()}")


def in_word(source: Path, target: Path, edit: Callable[[Paragraph], None]) -> None:
    """Opens a file as Word does, edits the paragraph of the changed sentence, saves it elsewhere."""
    document = docx.Document(str(source))
    found = [paragraph for paragraph in document.paragraphs if CHANGED in paragraph.text]
    if len(found) != 1:
        raise DemoError(f"{TEMPLATE} n’est pas celui que cette démonstration sait modifier.")
    edit(found[0])
    document.save(str(target))


def add_sentence(paragraph: Paragraph) -> None:
    """What the head of service writes."""
    for piece in paragraph.runs:
        piece.text = piece.text.replace(CHANGED, CHANGED + ADDED)


def add_mistakes(paragraph: Paragraph) -> None:
    """What a hurried colleague writes: a field that does not exist, an amount without its format."""
    paragraph.add_run(" {{ applicant.prenom }} demandait {{ loan.amount }}.")


def sentence(day: str) -> str:
    """What a letter of a day says at the place of the change, and the version that says it."""
    letter = Path(f"lettre-{day}.docx")
    version = run("generate", TEMPLATE, str(DATA), "--date", day, "-o", str(letter))
    text = next(one.text for one in docx.Document(str(letter)).paragraphs if CHANGED in one.text)
    number = version.split("version ", 1)[1].split(",", 1)[0]
    after = text.partition(CHANGED)[2].strip().partition(". ")[0].rstrip(".")
    return f"version {number} : « {CHANGED} {after}. »"


def tell(day: str) -> None:
    """Shows the sentence of a letter of a day."""
    year, month, number = day.split("-")
    print(f"   lettre du {number}/{month}/{year}, {sentence(day)}")


def play() -> None:
    """The whole story."""
    step(1, "La lettre de refus, telle qu’elle part aujourd’hui")
    show("get", TEMPLATE, "-o", "lettre.docx")
    tell(FIRST_DAY)
    step(2, "Une phrase est ajoutée dans Word, relue, puis publiée")
    in_word(Path("lettre.docx"), Path("nouvelle.docx"), add_sentence)
    show("compare", "nouvelle.docx", "--template", TEMPLATE, codes=(1,))
    publish = ("publish", "nouvelle.docx", "--template", TEMPLATE, "--effective-from", FIRST_DAY)
    show(*publish, "--comment", "Rendez-vous proposé après un refus")
    step(3, "Une autre personne la met en vigueur ; chaque lettre suit la version de sa date")
    show("activate", TEMPLATE, "1.1.0", "--from", FIRST_DAY, actor="dominique")
    tell(DAY_BEFORE)
    tell(FIRST_DAY)
    step(4, "Un modèle fautif est refusé, avec tout ce qui ne va pas")
    in_word(Path("lettre.docx"), Path("fautive.docx"), add_mistakes)
    show("publish", "fautive.docx", "--template", TEMPLATE, codes=(1,))
    check = ("check", "fautive.docx", "--template", TEMPLATE, "--annotate", "fautive-relue.docx")
    print(f"   $ documents {shlex.join(check)}")
    print(f"   {run(*check, codes=(1,)).strip().splitlines()[-1]}")
    step(5, "Retour en arrière, aussitôt")
    show("rollback", TEMPLATE, actor="dominique")
    tell(FIRST_DAY)
    step(6, "Une lettre à six fautes est réparée, puis publiée")
    moving.mended(run, say)
    step(7, "Une vieille lettre de publipostage devient un modèle")
    moving.converted(run, say)
    step(8, "Mille courriers, dont cinq lignes fausses")
    moving.merged(run, say, DATA.with_name("complet.json"))
    step(9, "Un modèle dont les boucles ne finiraient pas est refusé, avec leur coût")
    moving.endless(run, say)


def main() -> int:
    """Plays everything; the service is the same process from the first step to the last."""
    try:
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            play()
    except DemoError as error:
        print(f"Échec : {error}", file=sys.stderr)
        return 1
    print("\nLe service n’a pas été redémarré.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
