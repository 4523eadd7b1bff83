"""What a person names: a folder, or a version published on the server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from services.eligibility.cli.folders import read_folder
from services.eligibility.package import Findings, PackageError, RulePackage, read_package
from services.kit.cli import CommandError, Detail, Target
from services.kit.releases import SIGNATURE_FILE


def package_of(source: str, target: Target) -> RulePackage:
    """The package of a folder, else of a published version."""
    if Path(source).is_dir():
        return read_contents(read_folder(Path(source)).contents, source)
    from services.eligibility.cli.client import Client

    return read_contents(Client(target).contents(source), source)


def read_contents(contents: Mapping[str, bytes], name: str) -> RulePackage:
    """The package made of these files; a CommandError with every finding."""
    findings = Findings()
    unsigned = {path: content for path, content in contents.items() if path != SIGNATURE_FILE}
    try:
        package = read_package(unsigned, findings)
    except PackageError as error:
        raise refused(name, error) from None
    if package is None:
        raise refused(name, PackageError(findings.all()))
    return package


def refused(name: str, error: PackageError) -> CommandError:
    """The refusal of a package that cannot be read."""
    details = tuple(
        Detail(f"{found.place.file}:{found.place.line}:{found.place.column}", found.message)
        for found in error.findings
    )
    message = f"Le règlement « {name} » ne peut pas être lu."
    return CommandError(message, reason="PACKAGE_REFUSED", details=details)
