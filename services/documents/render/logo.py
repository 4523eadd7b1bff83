"""The place of the logo of the profile in a template: the picture whose alternative text is the logo's.

Word gives pictures sizes in figures and file names of its own: only the alternative text tells the place.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from services.documents.render.source import WORD_PART

LOGO_PART = "word/media/logo.png"
"""Name under which callers give the logo, wherever the template keeps it."""

_PICTURE = re.compile(r"<wp:(inline|anchor)\b(?:(?!</wp:\1>).)*\{\{ *logo\.alt *\}\}.*?</wp:\1>", re.DOTALL)
_SIZE = re.compile(r'(<(?:wp:extent|a:ext) )cx="[^"]*" cy="[^"]*"')
_SIZED = r'\1cx="{{ logo.width }}" cy="{{ logo.height }}"'
_EMBEDDED = re.compile(r'r:embed="([^"]+)"')


def with_logo(parts: Mapping[str, bytes], media: Mapping[str, bytes | None]) -> dict[str, bytes]:
    """The parts with the logo in its place, of the size that the context gives; None takes it away."""
    changed = dict(parts)
    for name in filter(WORD_PART.fullmatch, parts):
        if b"logo.alt" in parts[name]:
            _place(changed, name, media)
    return changed


def _place(parts: dict[str, bytes], name: str, media: Mapping[str, bytes | None]) -> None:
    folder, _, file = name.rpartition("/")
    relationships = f"{folder}/_rels/{file}.rels"
    xml = parts[name].decode()
    embedded = {found[1] for picture in _PICTURE.finditer(xml) for found in _EMBEDDED.finditer(picture[0])}
    parts[name] = _PICTURE.sub(lambda picture: _SIZE.sub(_SIZED, picture[0]), xml).encode()
    if LOGO_PART not in media or relationships not in parts:
        return
    image = media[LOGO_PART]
    for relation in list(_relations(parts[relationships], embedded)):
        target = re.search(rb'Target="([^"]+)"', relation)
        part = posixpath.normpath(posixpath.join(folder, target[1].decode())) if target else ""
        if image is not None and part in parts:
            parts[part] = image
        elif image is None:
            parts.pop(part, None)
            parts[relationships] = parts[relationships].replace(relation, b"")


def _relations(content: bytes, identifiers: set[str]) -> Iterator[bytes]:
    for found in re.finditer(rb"<Relationship [^>]*/>", content):
        identifier = re.search(rb'\bId="([^"]+)"', found[0])
        if identifier and identifier[1].decode() in identifiers:
            yield found[0]
