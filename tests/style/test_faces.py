"""A room is entered by its face: what others may use is listed in its `__init__`, with one sentence each."""

from __future__ import annotations

import ast
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


def face(path: Path) -> tuple[list[str], str]:
    """The names that a face lists, and its docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return (names[0] if names else []), ast.get_docstring(tree) or ""


def trespasses(found: list[Import], paths: Mapping[str, Path]) -> Iterator[str]:
    """Imports that reach past a face, or take what it does not offer; tests may look inside."""
    for imported in found:
        entered = room(imported.source, paths)
        if not entered or imported.module.startswith("tests.") or room(imported.module, paths) == entered:
            continue
        if imported.source != entered or imported.name not in face(paths[entered])[0]:
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


def test_a_face_says_what_it_offers() -> None:
    paths = modules()
    faults = []
    for name, path in paths.items():
        if room(name, paths) == name:
            names, docstring = face(path)
            faults += [f"{name}: {offered}" for offered in names if f"`{offered}`: " not in docstring]
    assert faults == []


def test_what_a_face_lists_can_be_imported() -> None:
    """Also what it loads when it is first asked for, which no import of the face itself tries."""
    paths = modules()
    faults = []
    for name, path in paths.items():
        if room(name, paths) == name:
            faults += [f"{name}: {one}" for one in face(path)[0] if not hasattr(import_module(name), one)]
    assert faults == []


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
