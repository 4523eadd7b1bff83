"""Reading of rule packages: strict YAML, every finding at once with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.eligibility.package.source import Mapping, Scalar, read_source
from services.kit.findings import Findings, PackageError
from services.kit.releases.archive import digest
from tests.eligibility_support import PACKAGE, copied_package, load_package


def findings(folder: Path) -> list[str]:
    """What is wrong in a package, as text."""
    with pytest.raises(PackageError) as failure:
        load_package(folder)
    return [str(finding) for finding in failure.value.findings]


FIRST_VALUE = (
    "amount_max:\n  type: money\n  label: Montant maximal\n  values:\n    - valid_from: 2011-01-01\n"
)


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        ("parameters.yaml", "amount_max:", "amount_min:", "« amount_min » est déjà écrite"),
        ("parameters.yaml", "value: 300.00", "value: &a 300.00", "ancre"),
        ("parameters.yaml", "value: 300.00", "value: *a", "renvoi"),
        ("parameters.yaml", "value: 300.00", "value: !!float 300.00", "étiquette de type"),
        ("parameters.yaml", "value: 300.00", "value: 300.5", "deux décimales"),
        ("parameters.yaml", "value: 300.00", "value: 3e2", "deux décimales"),
        ("parameters.yaml", "value: 300.00", "value: 300,00", "deux décimales"),
        ("parameters.yaml", "value: 6\n", "value: 6.5\n", "nombre entier"),
        ("parameters.yaml", "value: false", "value: no", "true ou false"),
        ("parameters.yaml", "value: 300.00", "value: 300.00\n---\n", "un document YAML"),
        ("parameters.yaml", "value: 300.00", "value: [300.00", "crochet ouvert"),
        ("parameters.yaml", "value: 300.00", "value:", "non vide"),
        ("parameters.yaml", "value: 300.00", "valeur: 300.00", "« value » manque"),
        ("parameters.yaml", "valid_from: 2011-01-01", "valid_from: 2011-01-02", "Aucune valeur du 1er"),
        ("parameters.yaml", "valid_from: 2011-01-01", "valid_from: 2011-02-30", "n’existe pas"),
        ("parameters.yaml", "valid_from: 2011-01-01", "valid_from: 01/01/2011", "année-mois-jour"),
        ("parameters.yaml", FIRST_VALUE, f"{FIRST_VALUE}      valid_until: 2020-12-31\n", "après le 31"),
        ("parameters.yaml", "valid_from: 2016-01-17", "valid_from: 2011-01-01", "Deux valeurs le 1er"),
        (
            "parameters.yaml",
            "    - valid_from: 2016-01-17",
            "      valid_until: 2016-01-15\n    - valid_from: 2016-01-17",
            "Aucune valeur du 16",
        ),
        (
            "parameters.yaml",
            "    - valid_from: 2016-01-17",
            "      valid_until: 2016-01-17\n    - valid_from: 2016-01-17",
            "Deux valeurs le 17",
        ),
        (
            "parameters.yaml",
            "    - valid_from: 2016-01-17",
            "      valid_until: 2010-12-31\n    - valid_from: 2016-01-17",
            "vient avant le premier",
        ),
        ("parameters.yaml", "        56025: Brignac", "        20004: Ajaccio", "code INSEE"),
        ("parameters.yaml", "        - LOISIRS", "        - VACANCES", "« VACANCES » n’existe pas"),
        ("parameters.yaml", "        - LOISIRS", "        - DECOUVERT", "deux fois"),
        ("parameters.yaml", "of: project.category", "of: loan.amount", "n’est pas un fait dont"),
        ("parameters.yaml", "age_min:\n", "loan.amount:\n", "déjà le nom d’un fait"),
        ("facts.yaml", "type: money", "type: float", "« float » n’est pas admis"),
        ("facts.yaml", "loan.fees:\n  type: money", "loan.fees:\n  type: integer", "est de type money"),
        ("facts.yaml", "loan.fees:", "loan.cost:", "source: additional"),
        ("facts.yaml", "loan.fees:", "Loan.Fees:", "n’est pas admis"),
        ("facts.yaml", "support.accepted:", "support.class:", "n’est pas admis"),
        ("parameters.yaml", "age_min:", "id:", "n’est pas admis"),
        ("facts.yaml", "  maximum: 600", "  maximum: 0", "minimum dépasse"),
        ("facts.yaml", "when_absent: missing", "when_absent: zero", "« zero » n’est pas admis"),
        ("facts.yaml", "when_absent: missing", "when_absent: no", "Seul un oui/non"),
        ("facts.yaml", "proof_document: DEVIS", "proof_document: FACTURE", "« FACTURE »"),
        ("facts.yaml", "actionable:\n", "actionnable:\n", "vouliez-vous dire « actionable »"),
        ("facts.yaml", "effort: 3", "effort: 10", "Un effort va de 1"),
        ("facts.yaml", "direction: less", "direction: down", "down"),
        ("facts.yaml", "most: project.total_cost", "most: loan.months", "de même sorte"),
        ("facts.yaml", "effort: 2\n  personal", "direction: less\n  personal", "ont une direction"),
        (
            "facts.yaml",
            "when_absent: no\n",
            "when_absent: no\n  asked_when: support.accepted\n",
            "sans objet",
        ),
        ("facts.yaml", "when_absent: missing\n", "when_absent: missing\n  asked_when: nobody\n", "nobody"),
        ("rules.yaml", "    todo: Une autre aide", "    to_do: Une autre aide", "vouliez-vous dire"),
        (
            "rules.yaml",
            "found: Vous demandez {loan.amount}",
            "found: Vous demandez {loan.amont}",
            "loan.amont",
        ),
        ("parameters.yaml", "      draft: true", "      draft: oui", "true ou false"),
        (
            "facts.yaml",
            "request_date:\n  type: date",
            "request_day:\n  type: date",
            "« request_date » est obligatoire",
        ),
        ("derived.yaml", "value: project.total_cost -", "value: project.cost -", "« project.cost » n’est ni"),
        ("derived.yaml", "value: count(missing_facts)", "value: missing_facts / 2", "n’a pas de sens"),
        ("derived.yaml", "value: missing_facts", "value: missing_count", "« missing_count » n’est ni"),
        ("derived.yaml", "funding_excess:", "funding_gap:", "déjà écrite"),
        ("derived.yaml", "funding_excess:", "amount_max:", "déjà le nom"),
        (
            "rules.yaml",
            "when: loan.amount > amount_max",
            "when: loan.amount > amount_maxi",
            "« amount_maxi »",
        ),
        ("rules.yaml", "when: loan.amount > amount_max", "when: loan.amount > 3000", "paramètre daté"),
        ("rules.yaml", "when: loan.amount > amount_max", "when: loan.amount > rate_max", "ne se compare pas"),
        ("rules.yaml", "severity: blocking", "severity: fatal", "« fatal »"),
        ("rules.yaml", "({loan.amount}) dépasse", "({loan.montant}) dépasse", "« loan.montant »"),
        ("rules.yaml", "({loan.amount}) dépasse", "({loan.amount) dépasse", "accolade"),
        ("rules.yaml", "orientation: MISSION_LOCALE", "orientation: MAIRIE", "« MAIRIE »"),
        ("rules.yaml", "AMOUNT_BELOW_MIN:", "ENGINE_DISAGREEMENT:", "n’est pas admis"),
        ("rules.yaml", "AMOUNT_BELOW_MIN:", "amount_below_min:", "n’est pas admis"),
        ("rules.yaml", "AMOUNT_BELOW_MIN:\n", "OTHER:\n  code: AMOUNT_ABOVE_MAX\n", "même code le même jour"),
        (
            "rules.yaml",
            "AMOUNT_BELOW_MIN:\n",
            "AMOUNT_BELOW_MIN:\n  valid_from: 2020-01-01\n  valid_until: 2019-01-01\n",
            "avant le premier",
        ),
        ("decision.yaml", "outcome: INCOMPLETE", "outcome: NEEDS_REVIEW", "« NEEDS_REVIEW »"),
        ("decision.yaml", "severity: missing", "severity: blocking", "Les quatre issues"),
        ("decision.yaml", "list: required_documents", "list: communes", "n’est pas un paramètre"),
        ("decision.yaml", "min_amount: amount_min", "min_amount: months_min", "de type money"),
        (
            "package.yaml",
            "effective_from: 2011-01-01",
            "effective_until: 2030-01-01",
            "« effective_from » manque",
        ),
        ("package.yaml", "id: ploermel", "id: Ploërmel", "identifiant"),
        (
            "properties.yaml",
            "never: [ELIGIBLE, ELIGIBLE_WITH_RESERVE, INCOMPLETE]",
            "never: [PARFAIT]",
            "« PARFAIT »",
        ),
        ("cases/base.yaml", "loan.months: 24", "loan.months: 0", "inférieur à 1"),
        ("cases/10-pret.yaml", "loan.amount: 300.00", "loan.montant: 300.00", "n’est pas un nom"),
        ("cases/10-pret.yaml", "reasons: [AMOUNT_BELOW_MIN]", "reasons: [TOO_LOW]", "« TOO_LOW »"),
    ],
)
def test_a_fault_is_found_where_it_is(
    tmp_path: Path, file: str, before: str, after: str, expected: str
) -> None:
    folder = copied_package(tmp_path, (file, before, after))
    text = (PACKAGE / file).read_text(encoding="utf-8")
    line = text[: text.index(before)].count("\n") + 1
    found = findings(folder)
    matching = [finding for finding in found if expected in finding]
    assert matching, found
    place = matching[0].split(":")
    assert place[0] == file
    assert abs(int(place[1]) - line) <= 13


def test_all_findings_come_at_once_with_their_place(tmp_path: Path) -> None:
    folder = copied_package(
        tmp_path,
        ("parameters.yaml", "value: 300.00", "value: 300.5"),
        ("rules.yaml", "when: loan.amount > amount_max", "when: loan.amount > ceiling and nothing"),
        ("package.yaml", "version:", "versoin:"),
    )
    places = [finding.split("\u00a0: ")[0] for finding in findings(folder)]
    lines = (folder / "rules.yaml").read_text(encoding="utf-8").split("\n")
    line = lines.index("  when: loan.amount > ceiling and nothing") + 1
    assert [place.split(":")[0] for place in places] == ["package.yaml", "parameters.yaml"] + [
        "rules.yaml"
    ] * 2
    assert places[2:] == [f"rules.yaml:{line}:23", f"rules.yaml:{line}:35"]


def test_a_folder_without_a_package(tmp_path: Path) -> None:
    found = findings(tmp_path)
    assert len(found) == 8
    assert all("absent" in finding for finding in found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: \xff", "UTF-8"),
        (b"a: \x00", "caract"),
        (b"a: b\n" * 300_000, "octets"),
        (b"", "vide"),
        (b"? [a]\n: b", "Une cl"),
        (b"a: " + b"[" * 50, "imbrication"),
        (b"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]", "renvoi"),
    ],
)
def test_a_hostile_file(content: bytes, message: str) -> None:
    found = Findings()
    read_source("x.yaml", content, found)
    assert any(message in finding.sentence for finding in found)


def test_texts_stay_texts() -> None:
    found = Findings()
    node = read_source("x.yaml", b"code: 01000\nno: no\ntime: 12:30:00\nnumber: 1e3\n", found)
    assert isinstance(node, Mapping)
    texts = [value.text for value in node.entries.values() if isinstance(value, Scalar)]
    assert texts == ["01000", "no", "12:30:00", "1e3"]
    assert list(found) == []


def test_the_digest_follows_the_bytes(tmp_path: Path) -> None:
    shipped = load_package(PACKAGE)
    assert load_package(copied_package(tmp_path / "same")).digest == shipped.digest
    commented = copied_package(tmp_path / "other", ("rules.yaml", "# Le prêt\n", "# Prêt\n"))
    assert load_package(commented).digest != shipped.digest
    assert digest({"a": b"bc"}) != digest({"ab": b"c"})


def test_dated_values() -> None:
    ceiling = load_package(PACKAGE).parameters["national_ceiling"]
    days = (date(2016, 1, 16), date(2016, 1, 17), date(2022, 2, 6), date(2022, 2, 7), date(2999, 12, 31))
    assert [ceiling.on(day).value for day in days] == [300_000, 500_000, 500_000, 800_000, 800_000]


def test_a_rule_may_change_on_a_date(tmp_path: Path) -> None:
    """Two versions of one rule, the second from 2027."""
    folder = copied_package(
        tmp_path,
        (
            "rules.yaml",
            "FICP_DECLARED:\n",
            "FICP_BLOCKING:\n  code: FICP_DECLARED\n  valid_from: 2027-01-01\n  severity: blocking\n"
            "  when: banking.ficp\n  message: Inscription au FICP.\n  article: Essai\n\n"
            "FICP_DECLARED:\n  valid_until: 2026-12-31\n",
        ),
    )
    rules = {rule.id: rule for rule in load_package(folder).rules}
    assert date(2026, 12, 31) in rules["FICP_DECLARED"].validity
    assert date(2027, 1, 1) not in rules["FICP_DECLARED"].validity
    assert date(2027, 1, 1) in rules["FICP_BLOCKING"].validity
