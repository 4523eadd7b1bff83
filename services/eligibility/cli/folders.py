"""What a person names on a command line: a folder of files, a published version, the server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.kit.cli import USAGE, Address, Call, CommandError, Detail, parse_day
from services.kit.findings import PackageError
from services.kit.releases import SIGNATURE_FILE

ADDRESS = Address("ELIGIBILITY_SERVER", "127.0.0.1:50051")

Folder = Annotated[Path, typer.Argument(metavar="DOSSIER", help="Le dossier des règles.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Une version publiée, ou son empreinte.")]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", metavar="DATE", parser=parse_day, help="Comme si chaque demande était de cette date."
    ),
]


if TYPE_CHECKING:
    from services.eligibility.package import RulePackage

_BELONGS = re.compile(rf"(cases/)?(?!~\$)[^/]+\.yaml|{re.escape(SIGNATURE_FILE)}")
SHIPPED = Path(__file__).parent.parent / "packages" / "ploermel"


@dataclass(frozen=True)
class RulesFolder:
    """The files of a package, and the other files of its folder, which are left alone."""

    contents: Mapping[str, bytes]
    ignored: tuple[str, ...]

    @property
    def unsigned(self) -> dict[str, bytes]:
        """The files without the signature."""
        return {path: content for path, content in self.contents.items() if path != SIGNATURE_FILE}


def read_folder(folder: Path) -> RulesFolder:
    """The package of a folder."""
    if not folder.is_dir():
        raise CommandError(f"Le dossier « {folder} » n’existe pas.", exit_code=USAGE, reason="NO_FOLDER")
    contents: dict[str, bytes] = {}
    ignored: list[str] = []
    try:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            path = file.relative_to(folder).as_posix()
            if _BELONGS.fullmatch(path):
                contents[path] = file.read_bytes()
            elif not any(part.startswith((".", "~$")) for part in Path(path).parts):
                ignored.append(path)
    except OSError as error:
        raise CommandError(f"« {error.filename} » ne peut pas être lu.", exit_code=USAGE) from None
    return RulesFolder(contents, tuple(ignored))


def contents_of(folder: Path) -> Mapping[str, bytes]:
    """The files of the package of a folder."""
    return read_folder(folder).contents


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Writes a package into a new folder; refuses a folder that holds anything."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(f"« {folder} » existe déjà ; rien n’est écrit.", reason="FOLDER_EXISTS")
    try:
        for path, content in contents.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    except OSError as error:
        raise CommandError(f"« {error.filename} » ne peut pas être écrit.") from None


def write_file(file: Path, content: bytes, *, mode: int = 0o644, replace: bool = False) -> None:
    """Writes a file; refuses to overwrite one unless told."""
    try:
        if not replace:
            file.touch(mode=mode, exist_ok=False)
        file.write_bytes(content)
    except FileExistsError:
        raise CommandError(f"« {file} » existe déjà ; rien n’est écrit.", reason="FILE_EXISTS") from None
    except OSError:
        raise CommandError(f"« {file} » ne peut pas être écrit.") from None


def contents_named(source: str, call: Call) -> Mapping[str, bytes]:
    """The files of a folder, else of a published version."""
    if Path(source).is_dir():
        return read_folder(Path(source)).contents
    from services.eligibility.cli.client import Client

    return Client(call).contents(source)


def package_of(source: str, call: Call) -> RulePackage:
    """The package of a folder, else of a published version."""
    return read_contents(contents_named(source, call), source)


def read_contents(contents: Mapping[str, bytes], name: str) -> RulePackage:
    """The package made of these files; a CommandError with every finding."""
    from services.eligibility.package import read_package

    unsigned = {path: content for path, content in contents.items() if path != SIGNATURE_FILE}
    try:
        return read_package(unsigned)
    except PackageError as error:
        details = tuple(Detail(str(found.place), found.sentence) for found in error.findings)
        message = f"Le règlement « {name} » ne peut pas être lu."
        raise CommandError(message, reason="PACKAGE_REFUSED", details=details) from None
