"""A room is entered by its face: what others may use is listed in its `__init__`, with one sentence each."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("bank_registry", "documents", "eligibility", "kit")
MIDDLE_EXEMPT = {"api", "messages", "cli", "store"}


@dataclass(frozen=True, slots=True)
class Import:
    """`name` is imported by `module` from `source`."""

    module: str
    source: str
    name: str


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name; a package by the name of its folder."""
    found = {}
    for folder in ("services", "examples", "tools", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[dotted.removesuffix(".__init__")] = path
    return found


def imports(paths: Mapping[str, Path]) -> list[Import]:
    """Every import from the services."""
    found = []
    for module, path in paths.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("services"):
                found += [Import(module, str(node.module), alias.name) for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names if alias.name.startswith("services.")]
                found += [Import(module, name, "") for name in names]
    return found


def room(module: str, paths: Mapping[str, Path]) -> str:
    """`services.documents.api` for all that this folder holds; empty above the rooms and for modules."""
    parts = module.split(".")
    name = ".".join(parts[:3])
    return (
        name
        if len(parts) > 2 and module.startswith("services.") and paths.get(name, Path()).name == "__init__.py"
        else ""
    )


def face(path: Path) -> set[str]:
    """The names that a face offers, each with its sentence: its docstring lists them."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return set(re.findall(r"^- `(\w+)`: \S", docstring, re.MULTILINE))


def trespasses(found: list[Import], paths: Mapping[str, Path]) -> Iterator[str]:
    """Imports that reach past a face, or take what it does not offer; tests may look inside."""
    for imported in found:
        entered = room(imported.source, paths)
        if not entered or imported.module.startswith("tests.") or room(imported.module, paths) == entered:
            continue
        if imported.source != entered or imported.name not in face(paths[entered]):
            yield f"{imported.module}: {imported.source} {imported.name}"


def rooms(paths: Mapping[str, Path]) -> dict[str, list[str]]:
    """The top level of each service: folders of Python and modules, `__init__` apart."""
    found: dict[str, set[str]] = {service: set() for service in SERVICES}
    for module in paths:
        parts = module.split(".")
        if parts[0] == "services" and len(parts) > 2:
            found[parts[1]].add(parts[2])
    return {service: sorted(names) for service, names in found.items()}


def test_rooms_are_entered_by_their_face() -> None:
    paths = modules()
    assert list(trespasses(imports(paths), paths)) == []


def test_a_trespass_is_seen() -> None:
    paths = modules()
    deep = Import("services.documents.api.probe", "services.kit.store.engine", "create")
    unlisted = Import("services.documents.api.probe", "services.kit.store", "unheard_of")
    offered = Import("services.documents.api.probe", "services.kit.store", "Database")
    assert len(list(trespasses([deep, unlisted, offered], paths))) == 2


def test_a_face_offers_what_exists_and_what_is_used() -> None:
    paths = modules()
    found = imports(paths)
    used = {(imported.source, imported.name) for imported in found} | attributes(found, paths)
    used |= {(target.partition(":")[0], target.partition(":")[2]) for target in scripts().values()}
    faults = []
    for name, path in paths.items():
        if room(name, paths) == name:
            offered = face(path)
            faults += [f"{name}: no {one}" for one in offered if not hasattr(import_module(name), one)]
            faults += [f"{name}: nobody uses {one}" for one in offered if (name, one) not in used]
    assert faults == []


def attributes(found: list[Import], paths: Mapping[str, Path]) -> set[tuple[str, str]]:
    """What is reached through a room that is imported whole: `wire.money`."""
    reached = set()
    for imported in found:
        whole = f"{imported.source}.{imported.name}"
        if room(whole, paths) == whole:
            tree = ast.parse(paths[imported.module].read_text(encoding="utf-8"))
            reached |= {
                (whole, node.attr)
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute) and ast.unparse(node.value) == imported.name
            }
    return reached


def scripts() -> dict[str, str]:
    """The commands of the product, and the function that each runs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(project["scripts"])


def test_the_house_can_be_drawn_from_memory() -> None:
    found = rooms(modules())
    most = {"bank_registry": 10, "documents": 15, "eligibility": 14, "kit": 16}
    assert {service: names for service, names in found.items() if len(names) > most[service]} == {}


def test_no_module_bears_the_name_of_a_room_nor_of_another_middle_module() -> None:
    paths = modules()
    faults = []
    for service, names in rooms(paths).items():
        seen: dict[str, str] = {}
        for module in sorted(paths):
            parts = module.split(".")
            if parts[:2] != ["services", service] or len(parts) < 4 or "versions" in parts:
                continue
            if service == "kit" or parts[2] in MIDDLE_EXEMPT or parts[-1] == "__main__":
                continue
            if parts[-1] in names:
                faults.append(f"{module}: the name of a room")
            if parts[-1] in seen:
                faults.append(f"{module}: the name of {seen[parts[-1]]}")
            seen[parts[-1]] = module
    assert faults == []


def test_no_room_is_named_by_a_metaphor() -> None:
    metaphors = {"desk", "desks", "keeper", "remembered", "quick", "house", "sight"}
    paths = modules()
    assert [name for name in paths if name.startswith("services.") and metaphors & set(name.split("."))] == []
