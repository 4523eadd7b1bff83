"""A rule package from its folder: read once, checked whole, every finding at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from services.eligibility.facts import Fact
from services.eligibility.language.types import Kind, ValueType
from services.eligibility.package.cases_file import CaseReader, read_properties
from services.eligibility.package.decision_file import read_decision
from services.eligibility.package.derived_file import read_derived
from services.eligibility.package.facts_file import read_facts
from services.eligibility.package.findings import Findings, PackageError, Place
from services.eligibility.package.identity_file import read_identity
from services.eligibility.package.model import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    Case,
    Derived,
    Parameter,
    RulePackage,
)
from services.eligibility.package.parameters_file import read_parameters
from services.eligibility.package.rules_file import read_rules
from services.eligibility.package.source import read_source
from services.eligibility.package.tables import Table, as_table

FILES = (
    "package.yaml",
    "facts.yaml",
    "parameters.yaml",
    "derived.yaml",
    "rules.yaml",
    "decision.yaml",
    "properties.yaml",
)
CASES = "cases"
BASE_CASE = "cases/base.yaml"

Contents = Mapping[str, bytes]
"""Bytes of each file of a package by its path in it."""


def load_package(folder: Path) -> RulePackage:
    """Reads and checks the package of a folder; PackageError tells everything that is wrong."""
    findings = Findings()
    contents = _read_folder(folder, findings)
    package = read_package(contents, findings)
    if package is None:
        raise PackageError(findings.all())
    return package


def read_package(contents: Contents, findings: Findings) -> RulePackage | None:
    """The package made of these files, or None with findings."""
    tables = {file: table for file in contents if (table := _table(file, contents, findings))}
    if not set(FILES) <= tables.keys():
        return None
    package = _assemble(tables, digest(contents))
    return None if findings.all() else package


def digest(contents: Contents) -> str:
    """SHA-256, in hexadecimal, over the sorted paths and contents, each preceded by its length."""
    total = hashlib.sha256()
    for path, content in sorted(contents.items()):
        for part in (path.encode(), content):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return total.hexdigest()


def _read_folder(folder: Path, findings: Findings) -> Contents:
    contents: dict[str, bytes] = {}
    for file in (*FILES, *sorted(f"{CASES}/{path.name}" for path in (folder / CASES).glob("*.yaml"))):
        try:
            contents[file] = (folder / file).read_bytes()
        except OSError:
            findings.add(Place(file, 1, 1), f"Le fichier est absent de {folder} ou illisible.")
    if BASE_CASE not in contents:
        findings.add(Place(BASE_CASE, 1, 1), f"Le fichier est absent de {folder} ou illisible.")
    return contents


def _table(file: str, contents: Contents, findings: Findings) -> Table | None:
    return as_table(read_source(file, contents[file], findings), findings)


def _assemble(tables: Mapping[str, Table], package_digest: str) -> RulePackage:
    identity = read_identity(tables["package.yaml"])
    facts = read_facts(tables["facts.yaml"])
    parameters = read_parameters(tables["parameters.yaml"], facts, identity.validity)
    scope = {name: declared.type for name, declared in (facts | parameters).items()}
    scope[MISSING_FACTS] = _missing_facts_type(facts)
    decision = read_decision(tables["decision.yaml"], dict(scope), parameters)
    scope[REQUIRED_DOCUMENTS] = facts["documents"].type if "documents" in facts else ValueType(Kind.CODES)
    derived = read_derived(tables["derived.yaml"], scope)
    rules = read_rules(tables["rules.yaml"], scope, decision.orientations, identity.validity)
    codes = {*tables["rules.yaml"].names(), *(rule.code for rule in rules)}
    reader = CaseReader(identity.validity, facts, scope, frozenset(codes), frozenset(decision.orientations))
    return RulePackage(
        identity=identity,
        facts=MappingProxyType(facts),
        parameters=MappingProxyType(parameters),
        derived=MappingProxyType(derived),
        rules=rules,
        decision=decision,
        cases=_read_cases(tables, reader),
        properties=read_properties(tables["properties.yaml"], scope, facts),
        scope=MappingProxyType(scope),
        labels=MappingProxyType(_labels(facts, parameters, derived)),
        digest=package_digest,
    )


def _missing_facts_type(facts: Mapping[str, Fact]) -> ValueType:
    return ValueType(Kind.CODES, MISSING_FACTS, {name: fact.label for name, fact in facts.items()})


def _read_cases(tables: Mapping[str, Table], reader: CaseReader) -> tuple[Case, ...]:
    base = reader.read_base(tables[BASE_CASE]) if BASE_CASE in tables else {}
    files = sorted(file for file in tables if file.startswith(f"{CASES}/") and file != BASE_CASE)
    return tuple(case for file in files for case in reader.read_cases(tables[file], base))


def _labels(*groups: Mapping[str, Fact | Parameter | Derived]) -> dict[str, str]:
    return {name: declared.label for group in groups for name, declared in group.items()}
