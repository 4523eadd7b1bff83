"""The import command as a keeper runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.kit.store.database import Database
from tests import warm
from tests.bank_registry_support import agreement, bank, opened_store, run_import, write_file
from tests.support import registry_keys


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/registry.sqlite3"


def test_an_import_says_what_it_did_and_repeating_it_changes_nothing(url: str, tmp_path: Path) -> None:
    file = write_file(tmp_path / "a.json", [bank("a", 1, agreement()), bank("b", 2)])
    done = [run_import(url, file, "--dry-run"), run_import(url, file), run_import(url, file)]
    write_file(file, [bank("a", 1, agreement(end="2027-12-31")), bank("c", 3)])
    done.append(run_import(url, file, "--actor", "Agent fictif", "--reason", "Avenant n° 2"))
    assert [(run.returncode, run.stdout, run.stderr) for run in done] == [
        (0, "a.json : 2 prêteurs créés, 0 modifié, 0 inchangé. Essai : rien n’est écrit.\n", ""),
        (0, "a.json : 2 prêteurs créés, 0 modifié, 0 inchangé. État n° 1.\n", ""),
        (0, "a.json : 0 prêteur créé, 0 modifié, 2 inchangés. État n° 1.\n", ""),
        (0, "a.json : 1 prêteur créé, 1 modifié, 0 inchangé. État n° 2.\n", ""),
    ]
    database = Database(url)
    store = opened_store(url, database)
    assert set(store.registry().current) == {"a", "b", "c"}
    with database.read() as connection:
        assert not store.audit.verify(connection).broken_sequence
    (last,) = store.changes(2, 2)
    database.dispose()
    assert last.actor == "Agent fictif"
    assert last.reason.startswith("Avenant n° 2 (a.json, SHA-256 ")


def test_a_wrong_file_is_refused_whole_with_every_error(url: str, tmp_path: Path) -> None:
    wrong = [bank("a", 1, cib="30004"), bank("b", 1, agreement(end="2020-01-01", territories=["99"]))]
    done = run_import(url, write_file(tmp_path / "a.json", wrong))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "Avertissement : banks[0].cib : Le code banque 30004 est connu comme celui de BNP PARIBAS.",
        "Erreur : banks[1].agreements[0].territories[0] : "
        "Le code « 99 » n’existe pas parmi les codes de département.",
        "Erreur : banks[1].agreements[0].end : Le dernier jour (1er janvier 2020) précède le premier "
        "(1er janvier 2024).",
        "Erreur : banks[1].siren : Le SIREN 999800014 est déjà celui de Banque fictive a (a).",
        "a.json : 3 erreurs, rien n’est importé.",
    ]
    database = Database(url)
    assert opened_store(url, database).registry().state_number == 0
    database.dispose()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "La commande est incorrecte."),
        (["absent.json"], "Le fichier absent.json ne peut pas être lu."),
        (["README.md"], "README.md : L’en-tête manque"),
        (["README.md", "--actor", "a\nb"], "--actor : Le texte contient un retour à la ligne"),
        (["README.md", "--dry"], "La commande est incorrecte."),
        (["README.md", "--database-url", "mysql://a/b"], "La base de données doit être un fichier"),
        (["README.md", "--database-url", "sqlite:////proc/nowhere/a"], "La base de données /proc/nowhere/a"),
    ],
)
def test_what_goes_wrong_is_one_sentence(url: str, arguments: list[str], sentence: str) -> None:
    env = {"BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)}
    done = warm.run("services.bank_registry", "import", "--init", *arguments, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence)
    assert "Traceback" not in done.stderr
