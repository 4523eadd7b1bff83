"""What an office brings: a letter with six faults, an old mail-merge letter, many recipients, a loop."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

import docx

Run = Callable[..., str]
"""Runs the command `documents`, and gives what it prints."""

LETTER, REQUEST = "14-refus-presentation", "05-demande-pieces"
DAY = "2026-12-08"
FAULTY = (
    "{% if agent %}",
    "Votre dossier est suivi par { { agent.last_name } }, téléphone {{ agent.phone }}.",
    "{% endif %}",
    "Madame, Monsieur {nom}, vous demandiez {{ loan.amount }}.",
    "{% si household %}Votre foyer est pris en compte.{% finsi %}",
)
"""Six faults: a block over paragraphs, spaced braces, an optional field, another tool's tag, an amount
without its format, an instruction in French."""
MERGED = "Votre conseillère «Conseillère» vous recevra à «Ville»."
PEOPLE = 1000
TITLES = ("clé", "Référence", "Nom", "Prénom", "Adresse", "Code postal", "Ville", "Téléphone")
BAD: dict[int, dict[int, str | None]] = {
    17: {2: ""},
    230: {2: "#N/A"},
    404: {7: "297000042"},
    651: {5: "5680"},
    998: {7: None},
}
"""What is wrong in five rows, by column: a blank, an error, two numbers without their zero, a short row."""


def add(source: str, target: str, lines: Iterable[str]) -> None:
    """Writes a letter again, with lines more at its end, as a person would in Word."""
    document = docx.Document(source)
    for line in lines:
        document.add_paragraph(line)
    document.save(target)


def mended(run: Run, show: Callable[[str], None]) -> None:
    """The faulty letter is refused, mended, accepted, and published."""
    add("lettre.docx", "six-fautes.docx", FAULTY)
    asked = ("check", "six-fautes.docx", "--template", LETTER)
    show(run(*asked, codes=(1,)).strip().splitlines()[-1])
    for line in run(*asked, "--fix", "reparee.docx").strip().splitlines():
        show(line)
    show(run("publish", "reparee.docx", "--template", LETTER).strip().splitlines()[-1])


def converted(run: Run, show: Callable[[str], None]) -> None:
    """The old letter becomes a template, once a person said who the adviser is."""
    run("get", REQUEST, "-o", "demande.docx")
    add("demande.docx", "publipostage.docx", [MERGED])
    asked = ("convert", "publipostage.docx", "--template", REQUEST, "-o", "convertie.docx")
    for line in run(*asked, codes=(1,)).strip().splitlines():
        show(line)
    Path("convertie.noms.yaml").write_text("Conseillère: agent.last_name\n", encoding="utf-8")
    show("(convertie.noms.yaml : « Conseillère: agent.last_name »)")
    run(*asked, "--names", "convertie.noms.yaml")
    show(run("check", "convertie.docx", "--template", REQUEST).strip().splitlines()[-1])


def table(path: Path) -> None:
    """A thousand people, of whom five rows are wrong."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(TITLES)
        for number in range(1, PEOPLE + 1):
            row: list[str | None] = [
                *(f"k{number}", f"MC-2026-{number:04d}", f"Exemple-{_letters(number)}", "Camille"),
                *(f"{number} rue de l’Essai", "56800", "Ploërmel", "02 97 00 00 42"),
            ]
            for column, cell in BAD.get(number, {}).items():
                row[column] = cell
            writer.writerow([cell for cell in row if cell is not None])


def merged(run: Run, show: Callable[[str], None], data: Path) -> None:
    """A letter for each row but the five wrong ones, each with its sentence."""
    table(Path("demandeurs.csv"))
    asked = ("merge", REQUEST, "demandeurs.csv", "--common", str(data), "--date", DAY)
    for line in run(*asked, "--merged", "-o", "lot.docx", codes=(1,)).strip().splitlines():
        if not line.startswith("  │"):
            show(line)


def endless(run: Run, show: Callable[[str], None]) -> None:
    """Six loops, one in the other, over the same list: refused with what they would cost."""
    loops = "".join(f"{{% for {name} in loan.schedule %}}" for name in "abcdef")
    add("lettre.docx", "sans-fin.docx", [f"{loops}x{'{% endfor %}' * 6}"])
    said = run("check", "sans-fin.docx", "--template", LETTER, codes=(1,)).strip().splitlines()
    for line in said:
        if "demanderait" in line or line is said[-1]:
            show(line)


def _letters(number: int) -> str:
    """A number in letters, as a name may have: 27 is Bb."""
    first, last = divmod(number, 26)
    return f"{chr(ord('A') + first)}{chr(ord('a') + last)}"
