"""Broken templates and profiles: the process refuses to start, with every finding in French."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from services.documents.cli import main as documents
from services.documents.render import opc
from services.kit.releases.signature import generate_key
from tests import warm
from tests.documents_support import ASK, BANK, DOCUMENTS, FILE, REFUSAL
from tests.support import Launch, throwaway_stores


@pytest.fixture
def published(tmp_path: Path) -> Path:
    for name in ("templates", "profiles"):
        shutil.copytree(DOCUMENTS / name, tmp_path / name)
    return tmp_path


def start(published: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **throwaway_stores(published),
        "DOCUMENTS_TEMPLATES_DIRECTORY": str(published / "templates"),
        "DOCUMENTS_PROFILES_DIRECTORY": str(published / "profiles"),
    }
    return warm.run("services.documents", "--port", "0", "--workers", "1", *options, env=environment)


def alter(path: Path, part: str, before: bytes, after: bytes) -> None:
    parts = opc.read(path.read_bytes())
    assert before in parts[part]
    parts[part] = parts[part].replace(before, after)
    path.write_bytes(opc.write(parts))


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_every_finding_of_every_package_comes_at_once(published: Path) -> None:
    templates, profile = published / "templates", published / "profiles" / "cias-exemple" / "profile.yaml"
    (templates / ASK / "template.docx").unlink()
    alter(templates / BANK / "template.docx", "word/document.xml", b"{%p endif %}", b"{%p endof %}")
    alter(templates / REFUSAL / "template.docx", "word/styles.xml", b"Salutation", b"{{ x }}")
    manifest = templates / FILE / "manifest.yaml"
    text = manifest.read_text(encoding="utf-8")
    text = text.replace("  - household\n", "  - foyer\n").replace("checks: []", "checks: [inconnu]")
    manifest.write_text(text, encoding="utf-8")
    shutil.copytree(templates / FILE, templates / "double")
    (templates / "bad").mkdir()
    (templates / "bad" / "manifest.yaml").write_text("id: x\nid: y\n", encoding="utf-8")
    append(profile, "couleur: bleu\n")
    done = start(published)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for finding in (
        f"{ASK}/template.docx\u00a0: le fichier du modèle manque.",
        f"{BANK}/template.docx\u00a0: Une balise est mal écrite dans word/document.xml.",
        f"{REFUSAL}/template.docx\u00a0: La partie word/styles.xml contient une balise",
        "requires\u00a0: le contrat n’a pas de champ foyer.",
        "checks\u00a0: le contrôle inconnu n’existe pas.",
        f"templates/{FILE}\u00a0: la version 1.0.0 est donnée 2 fois.",
        "bad/manifest.yaml\u00a0: YAML illisible, ligne 2.",
        "profile.couleur\u00a0: Ce champ n’existe pas dans le contrat.",
    ):
        assert finding in done.stderr


def test_a_broken_logo_or_source_is_found(published: Path) -> None:
    profile = published / "profiles" / "cias-exemple" / "profile.yaml"
    text = profile.read_text(encoding="utf-8")
    profile.write_text(text + "  remedies.nowhere: fictif\n", encoding="utf-8")
    (profile.parent / "logo.png").write_bytes(b"GIF89a")
    done = start(published)
    assert done.returncode == 1
    assert "logo.png\u00a0: le logo doit être un PNG de 256\u00a0Kio au plus." in done.stderr
    assert "sources\u00a0: le chemin remedies.nowhere n’existe pas dans le profil." in done.stderr


def test_an_empty_directory_is_no_library(tmp_path: Path) -> None:
    done = start(tmp_path)
    assert done.returncode == 1
    assert "aucun fichier manifest.yaml dans ce dossier." in done.stderr
    assert "aucun fichier profile.yaml dans ce dossier." in done.stderr


def test_unsigned_first_packages_stop_the_start_and_what_it_says_to_do_is_enough(
    tmp_path: Path, launch: Launch
) -> None:
    key, public = generate_key()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "auteur.pem").write_bytes(public)
    (tmp_path / "auteur.key").write_bytes(key)
    shutil.copytree(DOCUMENTS / "templates" / REFUSAL, tmp_path / "templates" / REFUSAL)
    shutil.copytree(DOCUMENTS / "profiles", tmp_path / "profiles")
    keys = ("--public-keys-directory", str(tmp_path / "keys"))
    done = start(tmp_path, *keys)
    assert done.returncode == 1
    assert "doivent être signés par une clé acceptée" in done.stderr
    environment = {}
    for name in ("templates", "profiles"):
        command = ["sign", str(tmp_path / name), "--key", str(tmp_path / "auteur.key")]
        assert f"documents sign {tmp_path / name}" in done.stderr or name == "profiles"
        assert documents([*command, "--out", str(tmp_path / "signed" / name)]) == 0
        environment[f"DOCUMENTS_{name.upper()}_DIRECTORY"] = str(tmp_path / "signed" / name)
        assert f"DOCUMENTS_{name.upper()}_DIRECTORY" in done.stderr
    assert launch("services.documents", *keys, "--workers", "1", env=environment).workers()
