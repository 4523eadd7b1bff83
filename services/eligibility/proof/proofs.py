"""What was proved of a package and the mutation score of its cases, in French and as JSON values; the digest
names what was said of which package."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.eligibility.package import RulePackage, Values
from services.eligibility.proof.rules import Proof, Prover, Subject
from services.eligibility.proof.score import PASS_PERCENT, Score, Survivor, Verdict, mutation_score
from services.eligibility.proof.search import Budget
from services.eligibility.proof.solver import has_solver
from services.eligibility.proof.witnesses import witness_words, written_value
from services.kit.findings import Finding, Place, Severity
from services.kit.french import join, number, plural, spaced

WITHOUT_SOLVER = "Le solveur (z3-solver) n’est pas installé : rien n’est prouvé des règles ni des mutations."


@dataclass(frozen=True)
class Proofs:
    """What is known of a package; `untried` counts the pairs of rules left for lack of time."""

    package: RulePackage
    proofs: tuple[Proof, ...]
    score: Score
    untried: int

    @property
    def proved(self) -> int:
        """Questions answered, either way."""
        return sum(one.answer.proved or one.answer.witness is not None for one in self.proofs)

    @property
    def passes(self) -> bool:
        """True when nothing is to be mended, and the cases see enough."""
        return self.score.passes and not any(one.is_fault for one in self.proofs)

    def findings(self) -> Iterator[Finding]:
        """What is to be mended, or known: faults as errors, the rest as warnings."""
        for one in self.proofs:
            told = _told(self.package, one)
            if told:
                severity = Severity.ERROR if one.is_fault else Severity.WARNING
                yield Finding(_place(self.package, one), spaced(told), severity=severity)
        yield from unseen(self.package, self.score.others)

    def summary(self) -> str:
        """A French sentence on the whole, which claims no more than was tried."""
        untried = (
            f" ; {plural(self.untried, 'paire')} de règles non essayées, faute de temps"
            if self.untried
            else ""
        )
        asked = (
            f"{plural(len(self.proofs), 'question')}, {number(self.proved)} tranchées{untried}. "
            if self.proofs
            else f"{WITHOUT_SOLVER} "
        )
        return spaced(f"{asked}{_counted(self.score)}")

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "package_digest": self.package.digest,
            "proved_with_solver": has_solver(),
            "questions": [
                {
                    "subject": one.subject.name,
                    "name": one.name,
                    "other": one.other,
                    "proved": one.answer.proved,
                    "refuted": one.answer.witness is not None,
                    # Of an ordinary answer the solver finds now one application, now another.
                    "witness": _facts(self.package, one.answer.witness) if one.is_fault else None,
                }
                for one in self.proofs
            ],
            "untried_pair_count": self.untried,
            "mutations": {
                "killed_count": self.score.killed,
                "percent": round(self.score.percent, 2),
                "others": [
                    {
                        "place": str(one.mutation.place),
                        "name": one.mutation.name,
                        "change": one.mutation.told,
                        "verdict": one.verdict.name,
                        "witness": _facts(self.package, one.witness),
                    }
                    for one in self.score.others
                ],
            },
        }

    def digest(self) -> str:
        """The SHA-256 of what is said, in hexadecimal."""
        return report_digest(self.document())


def report_digest(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a report, in hexadecimal."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def prove(package: RulePackage, seconds: float, cancelled: Callable[[], bool] = lambda: False) -> Proofs:
    """Everything that can be said of a package within a time: the proofs first, then the mutations."""
    budget = Budget(seconds, cancelled)
    proofs = tuple(Prover(package, budget).proofs()) if has_solver() else ()
    return Proofs(package, proofs, mutation_score(package, budget), budget.untried)


def shortfall(score: Score) -> str:
    """That the cases see too little, in French; empty when they see enough."""
    if score.passes:
        return ""
    unproved = "" if has_solver() else f" {WITHOUT_SOLVER}"
    return (
        f"{_counted(score)} Il en faut {PASS_PERCENT:.0f} % : ajoutez les cas que « eligibility prove "
        f"--cases » écrit, ou publiez avec une dispense qui dit pourquoi.{unproved}"
    )


def _counted(score: Score) -> str:
    words = {Verdict.KILLED: "vues par un cas", **_VERDICTS}
    counts = {verdict: score.count(verdict) for verdict in words}
    told = [f"{number(counts[verdict])} {words[verdict]}" for verdict in words if counts[verdict]]
    percent = f"{score.percent:.1f}".replace(".", ",").removesuffix(",0")
    return f"{plural(score.total, 'mutation')} : {join(told)} ; score {percent} %."


def unseen(package: RulePackage, survivors: Iterable[Survivor]) -> Iterator[Finding]:
    """A warning for each mutation that no case sees."""
    for one in survivors:
        yield Finding(one.mutation.place, spaced(_survives(package, one)), severity=Severity.WARNING)


def ready_cases(proofs: Proofs) -> str:
    """The applications that would see the mutations that survive, as a file of cases to read, then to add:
    what they expect is what the package answers now."""
    survivors = [one for one in proofs.score.others if one.witness is not None]
    return "\n".join(["cases:", *(_case(proofs.package, rank, one) for rank, one in enumerate(survivors, 1))])


def _case(package: RulePackage, rank: int, survivor: Survivor) -> str:
    witness, answer = survivor.witness or {}, survivor.answer
    changes = [
        f"      {name}: {written_value(value, package.scope[name])}"
        for name, value in witness.items()
        if value is not None and value != package.base.get(name)
    ]
    absent = [name for name, value in witness.items() if value is None and package.base.get(name) is not None]
    title = " ".join(f"Voit la mutation de {survivor.mutation.name} : {survivor.mutation.told}".split())
    lines = [f"  - id: M{rank:02d}", f"    title: {json.dumps(title, ensure_ascii=False)}"]
    lines += ["    changes:", *changes] if changes else []
    lines += [f"    without: [{', '.join(absent)}]"] if absent else []
    lines += ["    expected:", f"      outcome: {answer.outcome.value}"] if answer else []
    if answer and answer.reasons:
        lines.append(f"      reasons: [{', '.join(answer.reasons)}]")
    if answer and answer.orientations:
        lines.append(f"      orientations: [{', '.join(answer.orientations)}]")
    if answer and survivor.figures:
        lines.append("      figures:")
        for name in survivor.figures:
            value = answer.figures[name]
            written = "none" if value is None else written_value(value, package.scope[name])
            lines.append(f"        {name}: {written}")
    return "\n".join([*lines, ""])


_VERDICTS = {
    Verdict.EQUIVALENT: "sans effet que quiconque puisse voir (prouvé)",
    Verdict.SURVIVES: "que rien ne voit, avec la demande qui les verrait",
    Verdict.NOT_PROVED: "non prouvées",
    Verdict.UNTRIED: "non essayées, faute de temps",
}


def _told(package: RulePackage, one: Proof) -> str:
    if one.subject is Subject.IMPLIED:
        return (
            f"Prouvé : chaque fois que {one.name} est vraie, {one.other} l’est aussi."
            if one.answer.proved
            else ""
        )
    if one.subject is Subject.PROPERTY:
        title = next(item.title for item in package.properties if item.id == one.name)
        if one.answer.witness is not None:
            return f"« {title} » n’est pas tenu : {witness_words(package, one.answer.witness)}."
        return "" if one.answer.proved else f"« {title} » n’est pas prouvé, ni démenti."
    sentence = _PROVED[one.subject].format(one.name)
    if one.answer.proved:
        return f"Prouvé : {sentence}"
    return "" if one.answer.witness is not None else f"Ni prouvé, ni démenti : {sentence}"


_PROVED = {
    Subject.NEVER: "aucune demande ne rend vraie la règle {0} ; ses conditions s’excluent.",
    Subject.ALWAYS: "la règle {0} est vraie de toute demande.",
    Subject.NOBODY: "aucune demande ne peut être présentée.",
}


def _place(package: RulePackage, one: Proof) -> Place:
    if one.subject is Subject.PROPERTY:
        return package.place("properties.yaml", one.name)
    return package.place("rules.yaml", one.name, "when")


def _survives(package: RulePackage, one: Survivor) -> str:
    told = " ".join(one.mutation.told.split())
    if one.witness is not None:
        seen_by = witness_words(package, one.witness)
        return f"Aucun cas ne voit que {told} ({one.mutation.name}) : {seen_by} le verrait."
    return f"{_VERDICT_WORDS[one.verdict]} ({one.mutation.name}) : {told}."


_VERDICT_WORDS = {
    Verdict.EQUIVALENT: "Sans effet qu’un cas puisse voir, c’est prouvé",
    Verdict.NOT_PROVED: "Aucun cas ne le voit, et rien n’est prouvé",
    Verdict.UNTRIED: "Non essayé, faute de temps",
}


def _facts(package: RulePackage, witness: Values | None) -> dict[str, str | None] | None:
    if witness is None:
        return None
    return {
        name: None if value is None else written_value(value, package.scope[name])
        for name, value in witness.items()
    }
