"""The command `documents` against a real server, as a person types it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from docx import Document
from openpyxl import Workbook

from tests import warm
from tests.documents_support import DOCUMENTS, REFUSAL, parts, plain, png
from tests.support import Launch

EXAMPLES = DOCUMENTS / "contract" / "examples"
DATA = str(EXAMPLES / "refus-budget.json")
Run = Callable[..., subprocess.CompletedProcess[str]]
# A person is whole in the table: nothing of hers comes from --common once one of these columns is there.
PERSON = "Référence;Nom;applicant.first_name;Adresse;Code postal;applicant.address.city"
HOME = "Zoé;1 rue du Test;56800;Ploërmel"


@pytest.fixture(scope="module")
def run(launch: Launch) -> Run:
    server = launch("services.documents", "--workers", "1", env={"DOCUMENTS_RETENTION_DAYS": "30"})
    env = {"DOCUMENTS_SERVER": server.address, "USER": "camille"}

    def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return warm.run("services.documents.cli:main", *words, env=env, cwd=folder)

    return typed


def test_a_document_a_dossier_and_their_verification(run: Run, tmp_path: Path) -> None:
    made = run(tmp_path, "generate", REFUSAL, DATA, "--date", "23/11/2026", "--store", "-o", "lettre.docx")
    assert (made.returncode, made.stderr) == (0, "")
    verified = run(tmp_path, "verify", "lettre.docx")
    assert verified.returncode == 0
    assert "version 1.0.0" in verified.stdout
    stored = json.loads(run(tmp_path, "stored", "MC-2026-0043", "--json").stdout)["documents"]
    assert len(stored) == 1
    assert run(tmp_path, "delete-case", "MC-2026-0043").returncode == 0
    dossier = run(
        tmp_path, "dossier", str(EXAMPLES / "complet.json"), "--date", "2026-11-23", "--zip", "-o", "d.zip"
    )
    assert "Fiche projet" in dossier.stdout
    assert zipfile.is_zipfile(tmp_path / "d.zip")


@pytest.mark.more("une publication de plus")
def test_a_template_is_given_places_for_images_that_the_command_fills(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path, "get", "04-accuse-reception", "-o", "lettre.docx").returncode == 0
    document = Document(str(tmp_path / "lettre.docx"))
    (tmp_path / "modele.png").write_bytes(png(30, 10))
    for name in ("stamp", "qr_code"):
        paragraph = document.add_paragraph(f"{{% if images is defined and images.{name} is defined %}}")
        drawn = paragraph.add_run().add_picture(str(tmp_path / "modele.png"))
        drawn._inline.docPr.set("descr", f"{{{{ images.{name}.alt }}}}")
        paragraph.add_run("{% endif %}")
    document.save(str(tmp_path / "lettre.docx"))
    published = run(tmp_path, "publish", "lettre.docx", "--template", "04-accuse-reception")
    assert published.returncode == 0, published.stdout + published.stderr
    assert run(tmp_path, "activate", "04-accuse-reception", "1.1.0", "--from", "2026-11-23").returncode == 0
    (tmp_path / "tampon.png").write_bytes(png(24, 24))
    stamp = ("--image", "stamp=tampon.png", "--alt", "stamp=Tampon du CIAS")
    code = ("--image", "qr_code=https://exemple.fr/suivi?a=1", "--alt", "qr_code=Code de la page de suivi")
    data = (str(EXAMPLES / "complet.json"), "--date", "2026-11-23")
    made = run(tmp_path, "generate", "04-accuse-reception", *data, *stamp, *code, "-o", "faite.docx")
    assert (made.returncode, made.stderr) == (0, "")
    found = parts((tmp_path / "faite.docx").read_bytes())
    assert found["word/media/data_stamp.png"] == png(24, 24)
    assert all(alt in found["word/document.xml"].decode() for alt in ("Tampon du CIAS", "Code de la page"))
    assert run(tmp_path, "verify", "faite.docx").returncode == 0
    (tmp_path / "tampon.png").write_bytes(b"GIF89a")
    refused = run(tmp_path, "generate", "04-accuse-reception", *data, *stamp)
    assert refused.returncode == 1
    assert "images.stamp.content" in refused.stderr
    assert "ni un PNG ni un JPEG" in refused.stderr


def test_a_mailing_from_a_csv_loses_only_its_bad_row(run: Run, tmp_path: Path) -> None:
    table = (
        f"clé;{PERSON};Date de naissance;household.persons\n"
        f"un;MC-2026-8001;Marqueur-Un;{HOME};12/03/1980;2\n"
        f"deux;MC-2026-8002;Marqueur-Deux;{HOME};hier;2\n"
        ";;;;\n"
        f"trois;MC-2026-8003;Marqueur-Trois;{HOME};1999-01-31;3\n"
        f"quatre;MC-2026-8004;Marqueur-Quatre;{HOME};;3\n"
    )
    (tmp_path / "table.csv").write_bytes(table.encode("cp1252"))
    words = ("merge", REFUSAL, "table.csv", "--common", DATA, "--date", "2026-11-23", "-o", "lettres")
    tried = run(tmp_path, *words, "--dry-run")
    assert tried.returncode == 1
    assert not (tmp_path / "lettres").exists()
    said = tried.stdout.replace("\u00a0", " ")
    assert "ligne 3 (deux) : " in said
    assert "Date de naissance : Écrivez la date" in said
    assert "ligne 6 (quatre) : " in said
    assert "Date de naissance : vide à la ligne 6" in said
    assert "2 courriers à faire, 2 refus." in said
    assert "Courrier de la ligne 5 :" in said
    assert "Marqueur-Trois" in said
    assert "Marqueur-Deux" not in said
    done = run(tmp_path, *words)
    assert done.returncode == 1
    assert done.stdout.replace("\u00a0", " ").endswith("2 documents, 2 refus\n")
    letters = sorted((tmp_path / "lettres").glob("*.docx"))
    assert [path.name.split("_")[0] for path in letters] == ["0001", "0003"]
    assert "Marqueur-Trois" in plain(letters[1].read_bytes())


def test_a_mailing_from_a_workbook_is_one_file(run: Run, tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["key", *PERSON.split(";"), "applicant.birth_date"])
    for number in range(3):
        name = f"Marqueur{'abc'[number]}x"
        sheet.append([number, f"MC-2026-900{number}", name, *HOME.split(";"), date(1980, 3, 12)])
    workbook.save(tmp_path / "table.xlsx")
    words = ("merge", REFUSAL, "table.xlsx", "--common", DATA, "--date", "2026-11-23", "--merged")
    done = run(tmp_path, *words, "-o", "lot.docx", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["summary"]["generated_count"] == 3
    text = plain((tmp_path / "lot.docx").read_bytes())
    assert all(f"Marqueur{letter}x" in text for letter in "abc")


def test_a_table_of_two_encodings_makes_no_letter(run: Run, tmp_path: Path) -> None:
    header = "clé;applicant.first_name;applicant.last_name;project.total_cost\n"
    mixed = f"{header}un;René;Le Goff;1000,00\n".encode() + "deux;Zoé;Le Bras;1500,50\n".encode("cp1252")
    (tmp_path / "mix.csv").write_bytes(mixed)
    done = run(
        tmp_path, "merge", REFUSAL, "mix.csv", "--common", DATA, "--date", "2026-11-23", "-o", "lettres"
    )
    assert done.returncode not in (0, 1)
    assert "la ligne 1 est en UTF-8, la ligne 3 ne l’est pas" in done.stderr
    assert not (tmp_path / "lettres").exists()


def test_a_wrong_row_costs_itself_alone_and_the_first_letters_are_seen(run: Run, tmp_path: Path) -> None:
    people = {number: f"p{number};MC-2026-820{number};Marqueur-{number};{HOME}" for number in range(8)}
    people[1] = people[1].replace("Marqueur-1", "")  # blank
    people[2] = "p2;MC-2026-8202;Marqueur-2"  # short
    people[3] += ";Marqueur-Long"
    people[4] = people[4].replace("Marqueur-4", '"Marqueur-4')  # never closed
    people[5] = people[5].replace("Marqueur-5", '"Marqueur-5"')
    table = "\n".join((f"clé;{PERSON}", *people.values()))
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    words = ("merge", REFUSAL, "table.csv", "--common", DATA, "--date", "2026-11-23", "--zip")
    done = run(tmp_path, *words, "-o", "lot.zip")
    assert done.returncode == 1
    said = done.stdout.replace("\u00a0", " ")
    assert "4 courriers à faire, 4 refus." in said
    assert [f"ligne {line} (p{line - 2}) : " in said for line in range(2, 10)] == [
        line in (3, 4, 5, 6) for line in range(2, 10)
    ]
    assert "vide à la ligne 3" in said
    assert "la ligne s’arrête avant cette colonne" in said
    assert "hors des colonnes nommées" in said
    assert "Un guillemet de cette cellule n’est pas fermé" in said
    shown = [f"Courrier de la ligne {line} :" in said for line in range(2, 10)]
    assert shown == [line in (2, 7, 8) for line in range(2, 10)]
    with zipfile.ZipFile(tmp_path / "lot.zip") as archive:
        letters = [plain(archive.read(name)) for name in archive.namelist() if name.endswith(".docx")]
    names = [sorted(set(re.findall(r"Marqueur-\w+", letter))) for letter in letters]
    assert names == [[f"Marqueur-{number}"] for number in (0, 5, 6, 7)]


def test_a_cell_that_cannot_be_read_costs_its_row_alone(run: Run, tmp_path: Path) -> None:
    rows = [["un", "MC-2026-8101", "#N/A"], ["deux", "MC-2026-8102", "Marqueur-Deux"]]
    rows += [["trois", "MC-2026-8103", '="x"&"y"'], ["quatre", "MC-2026-8104", "Marqueur-Quatre"]]
    rows += [["cinq", "MC-2026-8105", ""]]
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for row in [["clé", *PERSON.split(";")], *([*row, *HOME.split(";")] for row in rows)]:
        sheet.append(row)
    sheet.merge_cells("C5:C6")
    workbook.save(tmp_path / "table.xlsx")
    words = ("merge", REFUSAL, "table.xlsx", "--common", DATA, "--date", "2026-11-23", "--zip")
    done = run(tmp_path, *words, "-o", "lot.zip")
    assert done.returncode == 1
    assert "ligne 2 (un) : Cette ligne du tableau ne peut pas être lue." in done.stdout.replace("\u00a0", " ")
    assert "La cellule C2 affiche une erreur (#N/A)." in done.stdout
    with zipfile.ZipFile(tmp_path / "lot.zip") as archive:
        names = archive.namelist()
        letters = [plain(archive.read(name)) for name in names if name.endswith(".docx")]
        assert [sorted(set(re.findall(r"Marqueur-\w+", one))) for one in letters] == [
            ["Marqueur-Deux"], ["Marqueur-Quatre"]
        ]  # fmt: skip
        (summary,) = [archive.read(name).decode("utf-8-sig") for name in names if name.endswith(".csv")]
    assert [line.split(";")[0] for line in summary.splitlines()] == [
        "destinataire", "un", "deux", "trois", "quatre", "cinq"
    ]  # fmt: skip


def test_unknown_columns_are_all_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("surnom,prénon,case.reference\na,b,c\n", encoding="utf-8")
    done = run(tmp_path, "merge", REFUSAL, "table.csv", "--date", "2026-11-23")
    assert done.returncode == 1
    assert "surnom\u00a0: " in done.stderr
    assert "prenom\u00a0» (applicant.first_name)" in done.stderr


def test_the_lists_and_the_palette_are_readable(run: Run, tmp_path: Path) -> None:
    listed = run(tmp_path, "list")
    assert REFUSAL in listed.stdout
    assert "30 modèles." in listed.stdout.replace("\u00a0", " ")
    status = run(tmp_path, "status", REFUSAL)
    assert "Le serveur applique le dernier état" in status.stdout
    fields = run(tmp_path, "fields", REFUSAL, "--used")
    assert "{{ loan.amount | euros }}" in fields.stdout
    columns = run(tmp_path, "columns", REFUSAL)
    assert "case.reference" in columns.stdout
    profile = run(tmp_path, "profile", "list")
    assert "cias-exemple" in profile.stdout


def test_a_package_is_written_as_a_folder_and_checked(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path, "get", REFUSAL, "--package", "-o", "paquet").returncode == 0
    assert sorted(path.name for path in (tmp_path / "paquet").iterdir()) == ["manifest.yaml", "template.docx"]
    assert run(tmp_path, "check", "paquet").returncode == 0
    assert run(tmp_path, "profile", "get", "cias-exemple", "-o", "profil").returncode == 0
    assert run(tmp_path, "profile", "check", "profil").returncode == 0
    manifest = tmp_path / "paquet" / "manifest.yaml"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "couleur: bleu\n", encoding="utf-8")
    refused = run(tmp_path, "check", "paquet")
    assert refused.returncode == 1
    assert "couleur" in refused.stdout


def test_a_letter_is_mended_then_checked(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path, "get", REFUSAL, "-o", "lettre.docx").returncode == 0
    letter = Document(str(tmp_path / "lettre.docx"))
    for line in ("{% if agent %}", "Votre dossier est suivi par {agent.nom}.", "{% stop %}", "{% finsi %}"):
        letter.add_paragraph(line)
    letter.save(str(tmp_path / "fautive.docx"))
    words = ("check", "fautive.docx", "--template", REFUSAL, "--fix", "mieux.docx")
    first = run(tmp_path, *words)
    assert first.returncode == 1  # « stop » is nothing: it is left to a person, and told by the check
    assert "1 × Nom remplacé par le champ du contrat" in first.stdout.replace("\u00a0", " ")
    letter.paragraphs[-2].text = ""
    letter.save(str(tmp_path / "fautive.docx"))
    done = run(tmp_path, *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "{{ agent.last_name }}" in plain((tmp_path / "mieux.docx").read_bytes())


def test_a_mail_merge_letter_is_converted_with_a_map(run: Run, tmp_path: Path) -> None:
    letter = Document()
    letter.add_paragraph("Madame «Nom», votre conseiller bailleur est «Conseil».")
    letter.save(str(tmp_path / "ancienne.docx"))
    first = run(tmp_path, "convert", "ancienne.docx", "-o", "lettre.docx", "--template", REFUSAL)
    assert first.returncode == 1
    assert "« Conseil » (1 fois)" in first.stdout.replace("\u00a0", " ")
    assert (tmp_path / "lettre.noms.yaml").read_text(encoding="utf-8").startswith("Conseil:")
    (tmp_path / "lettre.noms.yaml").write_text("Conseil: agent.last_name\n", encoding="utf-8")
    again = (
        "convert",
        "ancienne.docx",
        "-o",
        "lettre.docx",
        "--template",
        REFUSAL,
        "--names",
        "lettre.noms.yaml",
    )
    done = run(tmp_path, *again, "--json")
    assert (done.returncode, json.loads(done.stdout)["asked"]) == (0, [])
    assert "{{ applicant.last_name }}" in plain((tmp_path / "lettre.docx").read_bytes())
    (tmp_path / "faux.docx").write_bytes(b"PK")
    refused = run(tmp_path, "convert", "faux.docx")
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("generate", REFUSAL, DATA), 2),
        (("generate", REFUSAL, "absent.json", "--date", "2026-11-23"), 2),
        (("generate", REFUSAL, DATA, "--date", "bientôt"), 2),
        (("generate", REFUSAL, DATA, "--date", "2026-11-23", "--pdf"), 1),
        (("publish", "lettre.docx"), 2),
        (("status", "99-inconnu"), 1),
        (("list", "--server", "127.0.0.1:9"), 3),
    ],
)
def test_a_wrong_command_says_so_in_french(
    run: Run, tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    done = run(tmp_path, *words)
    assert done.returncode == code, done.stderr
    assert done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.more("LibreOffice")
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice absent")
def test_a_template_is_seen_before_it_is_published(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path, "get", REFUSAL, "-o", "lettre.docx").returncode == 0
    asked = ("preview", "lettre.docx", "--template", REFUSAL, "--data", DATA, "--date", "2026-11-23")
    seen = run(tmp_path, *asked, "-o", "apercu.pdf", "--json")
    assert seen.returncode == 0, seen.stdout + seen.stderr
    pdf, *pages = (tmp_path / name for name in json.loads(seen.stdout)["paths"])
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert len(pages) >= 2
    assert all(page.read_bytes().startswith(b"\x89PNG") for page in pages)
    word = run(tmp_path, *asked, "-o", "apercu.docx")
    assert word.returncode == 0
    assert run(tmp_path, "verify", "apercu.docx").returncode == 1, "a trial is not sealed"
    wrong = run(tmp_path, "preview", "lettre.docx", "--data", DATA, "--date", "2026-11-23")
    assert wrong.returncode == 2
    (tmp_path / "vide.json").write_text('{"contract_version": "1.0"}')
    refused = run(tmp_path, *asked[:5], "vide.json", *asked[6:])
    assert (refused.returncode, "data_json.assessment" in refused.stderr) == (1, True), refused.stderr
