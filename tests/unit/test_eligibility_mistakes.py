"""The files of an author who is no programmer, one mistake each: what is said lets them mend it alone."""

# ruff: noqa: E501 - one mistake a line

from __future__ import annotations

from collections.abc import Mapping

import pytest

from services.eligibility.package.load import assemble_package
from services.eligibility.publishing.check.examine import examine
from services.eligibility.publishing.check.sense import check_sense
from services.kit.findings import Finding, Findings
from tests.ruleset_support import SHIPPED, Edit, edited

RULE = "when: loan.amount > amount_max"
TYPED = "  when: loan.amount > amount_max\n  message: Le montant demandé"
SENTENCE = "  message: La personne refuse l'accompagnement social, qui est indissociable du prêt."


def said(findings: tuple[Finding, ...] | Findings) -> list[str]:
    """The findings, ordinary spaces."""
    return [str(one).replace("\u00a0", " ").replace("\u202f", " ") for one in findings]


def line_of(contents: Mapping[str, bytes], file: str, text: str) -> int:
    """The line on which a text begins, from 1."""
    written = contents[file].decode()
    assert text in written, text
    return written[: written.index(text)].count("\n") + 1


WRITTEN: list[tuple[str, Edit, str, int, str]] = [
    ("one equals sign", ("rules.yaml", RULE, RULE.replace(">", "=")), "when: loan.amount =", 21, "écrivez « == »"),
    ("et", ("rules.yaml", RULE, f"{RULE} et support.accepted"), RULE, 34, "« et » ne se lit pas ici : écrivez « and »"),
    (
        "curly quotes",
        ("rules.yaml", "banking.overindebtedness == 'DEPOSE'", "banking.overindebtedness == “DEPOSE”"),
        "  when: banking.overindebtedness == “",
        37,
        "guillemet typographique « “ »",
    ),
    ("no-break space", ("rules.yaml", RULE, RULE.replace(" >", "\u00a0>")), "when: loan.amount\u00a0", 20, "insécable"),
    ("<=", ("rules.yaml", RULE, RULE.replace(">", "≥")), "when: loan.amount ≥", 21, "écrivez « >= »"),
    ("folded", ("rules.yaml", "'DECOUVERT']\n  message: 'Ce", "'DECOUVERT'] et x\n  message: 'Ce"), "    and project.category not in", 87, "« and »"),
    ("parenthesis", ("rules.yaml", RULE, "when: (loan.amount > amount_max"), "when: (", 9, "n’est pas fermée"),
    ("tab", ("rules.yaml", f"  {RULE}", f"\t{RULE}"), f"\t{RULE}", 1, "tabulation"),
    ("quote", ("rules.yaml", SENTENCE, SENTENCE.replace(" La", " 'La")), SENTENCE.replace(" La", " 'La"), 12, "sentence"),
    ("open quote", ("rules.yaml", "message: 'Pièces à fournir : {missing_documents}.'", "message: 'Pièces à fournir : {missing_documents}."), "  message: 'Pièces", 12, "n’est pas fermé"),
    ("indent", ("rules.yaml", f"  {RULE}", f"    {RULE}"), f"    {RULE}", 5, "alignez-la"),
    ("outdent", ("rules.yaml", f"  {RULE}", f" {RULE}"), f" {RULE}", 2, "alignez-la"),
    ("colon", ("rules.yaml", SENTENCE, SENTENCE.replace("refuse l", "refuse : l")), "  message: La personne refuse :", 31, "entre guillemets droits"),
    ("no colon", ("rules.yaml", f"  {RULE}", f"  {RULE.replace(':', '')}"), "  when loan", 3, "deux-points après « when »"),
    ("glued", ("rules.yaml", f"  {RULE}", f"  {RULE.replace(': ', ':')}"), "  when:loan", 8, "espace après les deux-points"),
    ("fact", ("rules.yaml", "loan.months > months_max", "loan.month > months_max"), "when: loan.month >", 9, "vouliez-vous dire « loan.months »"),
    ("function", ("derived.yaml", "value: age(", "value: ages("), "value: ages(", 10, "vouliez-vous dire « age »"),
    ("no such function", ("derived.yaml", "value: age(", "value: min("), "value: min(", 10, "celles qui existent : age, "),
    ("code", ("rules.yaml", "'DEPOSE'", "'DEPOSEE'"), "'DEPOSEE'", 37, "vouliez-vous dire « DEPOSE »"),
    ("empty article", ("rules.yaml", "article: Code civil, article 414\n", "article:\n"), "article:\n", 3, "« article » attend une valeur"),
    ("accent", ("rules.yaml", RULE, RULE.replace("amount_max", "amount_mâx")), "when: loan.amount > amount_mâx", 23, "vouliez-vous dire « amount_max »"),
    ("comma", ("parameters.yaml", "value: 3000.00", "value: 3000,00"), "value: 3000,00", 14, "un point et deux décimales"),
    ("euro", ("parameters.yaml", "value: 3000.00", "value: 3000 €"), "value: 3000 €", 14, "un point et deux décimales"),
    ("thousands", ("parameters.yaml", "value: 3000.00", "value: 3 000.00"), "value: 3 000.00", 14, "un point et deux décimales"),
    ("percent", ("parameters.yaml", "value: 33\n", "value: 33%\n"), "value: 33%", 14, "un point et six décimales"),
    ("date", ("parameters.yaml", "valid_from: 2016-01-17", "valid_from: 17/01/2016"), "valid_from: 17/01", 19, "année-mois-jour"),
    ("30 February", ("parameters.yaml", "valid_from: 2016-01-17", "valid_from: 2016-02-30"), "valid_from: 2016-02-30", 19, "n’existe pas"),
    ("oui", ("parameters.yaml", "value: false", "value: non"), "value: non", 14, "true ou false"),
    ("severity", ("rules.yaml", "severity: blocking", "severity: bloquant"), "severity: bloquant", 13, "blocking, missing, reserve"),
    ("orientation", ("rules.yaml", "orientation: MISSION_LOCALE", "orientation: MISSIONS_LOCALES"), "orientation: MISSIONS", 16, "vouliez-vous dire « MISSION_LOCALE »"),
    ("key", ("rules.yaml", "severity: blocking", "severite: blocking"), "severite:", 3, "vouliez-vous dire « severity »"),
    ("duplicate", ("rules.yaml", "# La personne\n", "AMOUNT_BELOW_MIN:\n  severity: reserve\n# La personne\n"), "AMOUNT_BELOW_MIN:\n  severity: reserve", 1, "déjà écrite ligne"),
    ("overlap", ("parameters.yaml", "valid_from: 2016-01-17", "valid_from: 2011-01-01"), "", 0, "Deux valeurs le 1er janvier 2011"),
    ("constant", ("rules.yaml", RULE, "when: loan.amount > 3000"), "when: loan.amount > 3000", 23, "paramètre daté"),
    ("message", ("rules.yaml", "({loan.amount}) dépasse", "({loan.amont}) dépasse"), "  message: Le montant demandé ({loan.amont})", 32, "vouliez-vous dire « loan.amount »"),
    ("figure", ("cases/10-pret.yaml", "instalment: 63.48", "instalmant: 63.48"), "instalmant:", 9, "vouliez-vous dire « instalment »"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "text", "column", "expected"), [row[1:] for row in WRITTEN], ids=[row[0] for row in WRITTEN]
)
def test_one_mistake_of_writing_is_one_sentence_at_its_place(
    edit: Edit, text: str, column: int, expected: str
) -> None:
    contents = edited(SHIPPED, edit)
    findings = Findings()
    assemble_package(contents, findings)
    found = said(findings)
    assert len(found) == 1, found
    if expected != "sentence":
        assert expected in found[0]
    if text:
        assert found[0].startswith(f"{edit[0]}:{line_of(contents, edit[0], text)}:"), found
        assert int(found[0].split(":")[2].split(" ")[0]) == column or expected == "sentence", found


MEANT: list[tuple[str, tuple[Edit, ...], str]] = [
    (
        "and, or",
        (("rules.yaml", RULE, f"{RULE} or loan.months > months_max and support.accepted"),),
        "« and » et « or » se suivent sans parenthèses",
    ),
    ("2072", (("parameters.yaml", "valid_from: 2022-02-07", "valid_from: 2072-02-07"),), "l’année est-elle juste ?"),
    ("400,000", (("parameters.yaml", "value: 8000.00", "value: 400000.00"),), "passe de 5 000,00 € à 400 000,00 €"),
    (
        "above the ceiling",
        (("parameters.yaml", "value: 3000.00", "value: 30000.00"),),
        "« Montant maximal » (30 000,00 €) dépasse « Plafond national",
    ),
    (
        "not voted",
        (("parameters.yaml", "      value: 6\n", "      value: 6\n      draft: true\n"),),
        "« Durée minimale » (6 mois, à partir du 1er janvier 2011) n’est pas voté",
    ),
    ("article 33", (("rules.yaml", "article: Code civil, article 414", "article: 414"),), "ne dit pas de quel texte"),
    (
        "never tried",
        (("parameters.yaml", "      reference: Règlement intérieur, article 2", "      reference: Règlement intérieur, article 2\n    - valid_from: 2027-01-01\n      value: 400.00\n      reference: Vote"),),
        "Aucun cas n’essaie « Montant minimal » (400,00 €, à partir du 1er janvier 2027)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "expected"), [row[1:] for row in MEANT], ids=[row[0] for row in MEANT])
def test_one_value_without_sense_is_one_warning(edits: tuple[Edit, ...], expected: str) -> None:
    findings = Findings()
    package = assemble_package(edited(SHIPPED, *edits), findings)
    assert package is not None
    check_sense(package, findings)
    found = said(findings)
    assert sum(expected in one for one in found) == 1, found
    assert findings.errors == []


def test_one_fault_of_meaning_is_told_by_rule() -> None:
    """What many cases gain is one fault."""
    floor: Edit = ("rules.yaml", "living_remainder < living_floor", "living_remainder > living_floor")
    ratio: Edit = ("parameters.yaml", "value: 33\n", "value: 0.33\n")
    found = said(examine(edited(SHIPPED, floor, ratio)).findings)
    for expected in ("cas gagnent LIVING_REMAINDER_TOO_LOW (E01, ", "cas gagnent DEBT_RATIO_TOO_HIGH (E01, "):
        assert sum(expected in one for one in found) == 1, found
    assert any("relisez la condition, et les valeurs qu’elle lit (debt_ratio_max)" in one for one in found)
    assert len([one for one in found if "avertissement" not in one]) < 20, found


def test_a_fault_of_yaml_hides_nothing_of_the_other_files_nor_of_the_other_entries() -> None:
    contents = edited(
        SHIPPED,
        ("parameters.yaml", "  label: Montant maximal", "\tlabel: Montant maximal"),
        ("rules.yaml", "loan.months < months_min", "loan.months < months_mini"),
        ("rules.yaml", SENTENCE, SENTENCE.replace("refuse l", "refuse : l")),
        ("facts.yaml", "unit: mois\n  minimum: 1", "unit: mois\n  minimum: un"),
        ("cases/20-personne.yaml", "outcome: NOT_ELIGIBLE", "outcome: REFUSED"),
    )
    findings = Findings()
    assemble_package(contents, findings)
    found = said(findings)
    assert len(found) == 5, found
    assert all("amount_max" not in one for one in found)


def test_what_an_office_program_leaves_is_ignored() -> None:
    report = examine({**SHIPPED, "cases/~$10-pret.yaml": b"\x00\x01"})
    assert report.accepted, said(report.findings)


def test_two_entries_that_name_each_other_hide_nothing() -> None:
    pair = "a_one:\n  label: A\n  value: b_two\nb_two:\n  label: B\n  value: a_one\n"
    contents = {**SHIPPED, "derived.yaml": SHIPPED["derived.yaml"] + pair.encode()}
    findings = Findings()
    assemble_package(contents, findings)
    found = said(findings)
    assert len(found) == 1
    assert "« b_two » n’est ni un fait" in found[0]


def test_how_an_editor_saves_changes_nothing() -> None:
    """A mark at the beginning, line ends of Windows, an INSEE code without quotes."""
    windows = {
        file: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") if file.endswith(".yaml") else content
        for file, content in edited(
            SHIPPED, ("cases/20-personne.yaml", "applicant.commune_insee: ", "applicant.commune_insee:  ")
        ).items()
    }
    findings = Findings()
    assert assemble_package(windows, findings) is not None
    assert list(findings) == []


def test_another_encoding_is_said_once() -> None:
    findings = Findings()
    contents = {**SHIPPED, "decision.yaml": SHIPPED["decision.yaml"].decode().encode("cp1252", "replace")}
    assemble_package(contents, findings)
    assert said(findings) == ["decision.yaml:1:1 : Le fichier n’est pas en UTF-8 : enregistrez-le en UTF-8."]


def test_a_wrong_figure_is_told_with_its_case() -> None:
    found = said(
        examine(edited(SHIPPED, ("cases/10-pret.yaml", "instalment: 63.48", "instalment: 63.49"))).findings
    )
    expected = "Cas E01, Mensualité du prêt : attendu « 63,49 € », obtenu « 63,48 € »."
    assert [one for one in found if expected in one], found
