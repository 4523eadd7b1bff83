"""A rule package from its folder: its size is looked at first, then it is read once, checked whole, with
every finding at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from services.eligibility.package import source
from services.eligibility.package.cases_file import CaseReader, read_properties
from services.eligibility.package.decision_file import read_decision
from services.eligibility.package.fact_conditions import with_conditions
from services.eligibility.package.facts import Fact
from services.eligibility.package.facts_file import read_facts
from services.eligibility.package.findings import FILES, ordered
from services.eligibility.package.model import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    Case,
    Derived,
    Identity,
    Parameter,
    RulePackage,
)
from services.eligibility.package.parameters_file import read_derived, read_parameters
from services.eligibility.package.rules_file import read_identity, read_rules
from services.eligibility.package.source import read_source
from services.eligibility.package.tables import Table, as_table
from services.eligibility.package.tree import Kind, Values, ValueType
from services.kit.findings import Finding, Findings, PackageError, Place
from services.kit.french import NO_BREAK_SPACE
from services.kit.releases import SIGNATURE_FILE, Contents, digest

MAX_FILES = 100
MAX_TOTAL_BYTES = 2_000_000
MAX_RULES = 1_000
MAX_CASES = 2_000

_RULE = re.compile(rb"^[^\s#].*:", re.MULTILINE)
_CASE = re.compile(rb"^\s*-\s+id\s*:", re.MULTILINE)
_QUOTED = re.compile(f"«{NO_BREAK_SPACE}([^»]*?){NO_BREAK_SPACE}»")
CASES_FOLDER = "cases"
BASE_CASE = "cases/base.yaml"
IDENTITY_FILE = "package.yaml"
_CASE_FILE = re.compile(r"cases/[^/]+\.yaml")


def check_sizes(contents: Mapping[str, bytes], findings: Findings) -> bool:
    """False, with findings, when the package is out of size."""
    total = sum(map(len, contents.values()))
    rules = len(_RULE.findall(contents.get("rules.yaml", b"")))
    cases = sum(
        len(_CASE.findall(content)) for file, content in contents.items() if file.startswith("cases/")
    )
    measures = (
        ("package.yaml", len(contents), MAX_FILES, "fichiers"),
        ("package.yaml", total, MAX_TOTAL_BYTES, "octets"),
        ("rules.yaml", rules, MAX_RULES, "règles"),
        ("cases/base.yaml", cases, MAX_CASES, "cas"),
    )
    exceeded = [(file, words, size, most) for file, size, most, words in measures if size > most]
    for file, words, size, most in exceeded:
        findings.error(Place(file, 1, 1), f"Le paquet compte {size} {words} ; {most} au plus sont admis.")
    return not exceeded


def places_of(files: Mapping[str, source.Mapping]) -> dict[str, Place]:
    """Places by `file#entry#` and `file#entry#key`, that of a dated value being its first day; those of the
    cases by `cases#id#`."""
    places: dict[str, Place] = {}
    for file, root in files.items():
        if file.startswith(f"{CASES_FOLDER}/"):
            places |= dict(_cases(root))
        else:
            places |= dict(_entries(file, root))
    return places


def _entries(file: str, root: source.Mapping) -> Iterator[tuple[str, Place]]:
    for name, node in root.entries.items():
        yield f"{file}#{name}#", root.keys[name]
        if isinstance(node, source.Mapping):
            for key, value in node.entries.items():
                yield f"{file}#{name}#{key}", value.place
                if isinstance(value, source.Sequence):
                    yield from _dated(f"{file}#{name}#", value)


def _dated(entry: str, values: source.Sequence) -> Iterator[tuple[str, Place]]:
    """Each value that has a first day begins at its dash, under the one before."""
    for item in values.items:
        first = item.entries.get("valid_from") if isinstance(item, source.Mapping) else None
        if isinstance(first, source.Scalar):
            yield f"{entry}{first.text}", replace(item.place, column=values.place.column)


def _cases(root: source.Mapping) -> Iterator[tuple[str, Place]]:
    node = root.entries.get(CASES_FOLDER)
    for item in node.items if isinstance(node, source.Sequence) else ():
        if isinstance(item, source.Mapping):
            id_ = item.entries.get("id")
            if isinstance(id_, source.Scalar):
                yield f"{CASES_FOLDER}#{id_.text.strip()}#", item.place


def _is_lock(file: str) -> bool:
    """Whether Word, Excel or LibreOffice left this file beside one that was open."""
    return PurePosixPath(file).name.startswith(("~$", ".~lock."))


def read_folder(folder: Path) -> Contents:
    """The files of a package that a folder holds, signature included."""
    names = sorted(path.name for path in (folder / CASES_FOLDER).glob("*.yaml"))
    cases = (f"{CASES_FOLDER}/{name}" for name in names if not _is_lock(name))
    files = (*FILES, *cases, SIGNATURE_FILE)
    return {file: (folder / file).read_bytes() for file in files if (folder / file).is_file()}


def read_package(contents: Contents) -> RulePackage:
    """The package made of these files; PackageError tells everything that is wrong in them."""
    findings = Findings()
    package = assemble_package(contents, findings)
    if package is None or findings.errors:
        raise PackageError(ordered(findings))
    return package


def read_package_identity(contents: Contents) -> Identity:
    """What a package that passed its check says of itself."""
    findings = Findings()
    table = as_table(read_source(IDENTITY_FILE, contents[IDENTITY_FILE], findings), findings)
    if table is None:
        raise PackageError(ordered(findings))
    return read_identity(table)


def assemble_package(contents: Contents, findings: Findings) -> RulePackage | None:
    """What can be read of a package, to say more of it than its first faults; not to be applied with errors.
    None when a file is missing, unreadable or out of size."""
    if not check_sizes(contents, findings):
        return None
    # What an office program leaves beside a file that it has open is no file of the package.
    read = [file for file in contents if file != SIGNATURE_FILE and not _is_lock(file)]
    for file in sorted({*FILES, BASE_CASE} - contents.keys()):
        findings.error(Place(file, 1, 1), "Le fichier est absent.")
    for file in sorted(read):
        if file not in FILES and not _CASE_FILE.fullmatch(file):
            findings.error(Place(file, 1, 1), "Ce fichier n’a pas sa place dans un paquet de règles.")
    found = Findings()
    tables = {file: table for file in read if (table := _table(file, contents, found))}
    package = _assemble(tables, digest(contents)) if set(FILES) <= tables.keys() else None
    for one in _causes(found, tables, package) if package else found:
        findings.add(one)
    return package


def _causes(found: Findings, tables: Mapping[str, Table], package: RulePackage) -> Iterator[Finding]:
    """The findings without those about a name whose own entry could not be read: there is what to mend."""
    read = {
        "facts.yaml": package.facts.keys(),
        "parameters.yaml": package.parameters.keys(),
        "derived.yaml": package.derived.keys(),
        "rules.yaml": tables["rules.yaml"].names(),
    }
    lost = {
        (file, name): lines
        for file, names in read.items()
        for name, lines in tables[file].mapping.extents.items()
        if name not in names
    }
    for one in found:
        quoted = _QUOTED.findall(one.sentence.partition("vouliez-vous dire")[0])
        # Of an entry before it alone: two that name each other would otherwise hide all that is wrong.
        place = _rank(one.place.file), one.place.line
        if not any(
            name in quoted and (_rank(file), lines.stop - 1) < place for (file, name), lines in lost.items()
        ):
            yield one


def _rank(file: str) -> int:
    return FILES.index(file) if file in FILES else len(FILES)


def _table(file: str, contents: Contents, findings: Findings) -> Table | None:
    return as_table(read_source(file, contents[file], findings), findings)


def _assemble(tables: Mapping[str, Table], package_digest: str) -> RulePackage:
    identity = read_identity(tables["package.yaml"])
    facts = read_facts(tables["facts.yaml"])
    parameters = read_parameters(tables["parameters.yaml"], facts, identity.validity)
    types = {name: parameter.type for name, parameter in parameters.items()}
    facts = with_conditions(tables["facts.yaml"], facts, types)
    scope = {name: declared.type for name, declared in (facts | parameters).items()}
    scope[MISSING_FACTS] = _missing_facts_type(facts)
    decision = read_decision(tables["decision.yaml"], dict(scope), parameters)
    scope[REQUIRED_DOCUMENTS] = facts["documents"].type if "documents" in facts else ValueType(Kind.CODES)
    derived = read_derived(tables["derived.yaml"], scope)
    rules = read_rules(tables["rules.yaml"], scope, decision.orientations, identity.validity)
    codes = {*tables["rules.yaml"].mapping.extents, *(rule.code for rule in rules)}
    reader = CaseReader(identity.validity, facts, scope, frozenset(codes), frozenset(decision.orientations))
    base = reader.read_base(tables[BASE_CASE]) if BASE_CASE in tables else {}
    return RulePackage(
        identity=identity,
        facts=MappingProxyType(facts),
        parameters=MappingProxyType(parameters),
        derived=MappingProxyType(derived),
        rules=rules,
        decision=decision,
        base=base,
        cases=_read_cases(tables, reader, base),
        properties=read_properties(tables["properties.yaml"], scope, facts),
        scope=MappingProxyType(scope),
        labels=MappingProxyType(_labels(facts, parameters, derived)),
        digest=package_digest,
        places=MappingProxyType(places_of({file: table.mapping for file, table in tables.items()})),
    )


def _missing_facts_type(facts: Mapping[str, Fact]) -> ValueType:
    return ValueType(Kind.CODES, MISSING_FACTS, {name: fact.label for name, fact in facts.items()})


def _read_cases(tables: Mapping[str, Table], reader: CaseReader, base: Values) -> tuple[Case, ...]:
    files = sorted(file for file in tables if file.startswith(f"{CASES_FOLDER}/") and file != BASE_CASE)
    return tuple(case for file in files for case in reader.read_cases(tables[file], base))


def _labels(*groups: Mapping[str, Fact | Parameter | Derived]) -> dict[str, str]:
    return {name: declared.label for group in groups for name, declared in group.items()}
