"""Where the entries of a package are written, for what is said of them once they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.eligibility.package import source
from services.eligibility.package.findings import Place




def places_of(files: Mapping[str, source.Mapping]) -> dict[str, Place]:
    """Places by `file#entry#` and `file#entry#key`; those of the cases by `cases#id#`."""
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


def _cases(root: source.Mapping) -> Iterator[tuple[str, Place]]:
    node = root.entries.get(CASES_FOLDER)
    for item in node.items if isinstance(node, source.Sequence) else ():
        if isinstance(item, source.Mapping):
            id_ = item.entries.get("id")
            if isinstance(id_, source.Scalar):
                yield f"{CASES_FOLDER}#{id_.text.strip()}#", item.place
