"""Links whose target has tags: written as Word fields, in the place of the link, where tags are filled.

The site, or the scheme, is of the template; what comes from the data is encoded there, so that no datum leads
elsewhere. A target may also be one tag, of which the datum is then a whole address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from lxml import etree

from services.documents.render.linked import LINK, LINKED
from services.documents.render.source import TAGS, WORD_PART, parser

# Word and LibreOffice encode the braces and the blanks of a target.
_ENCODED = re.compile(r"%7b%7b.*?%7d%7d", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_SITE = re.compile(r"https://[\w.-]+(?::\d+)?[/?#]")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def decoded(target: str) -> str:
    """A target with its tags as they were typed."""
    return _ENCODED.sub(lambda found: unquote(found[0]), target)


def with_links(parts: Mapping[str, bytes], *, filtered: bool = False) -> dict[str, bytes]:
    """The parts with a field instead of each link whose target has tags and leads where it may; `filtered`,
    the tags encode what they print. lxml's XMLSyntaxError."""
    changed = dict(parts)
    for name in filter(WORD_PART.fullmatch, parts):
        folder, _, file = name.rpartition("/")
        relationships = f"{folder}/_rels/{file}.rels"
        if not re.search(rb"\{\{|%7[bB]%7[bB]", parts.get(relationships, b"")):
            continue
        relations = etree.fromstring(parts[relationships], parser())
        targets = {node.get("Id"): node for node in relations if _may_lead(decoded(node.get("Target", "")))}
        root = etree.fromstring(parts[name], parser())
        for link in [one for one in root.iter(f"{_W}hyperlink") if one.get(_ID) in targets]:
            _write_field(link, _target(targets[link.get(_ID)], filtered=filtered))
        named = {value for node in root.iter(etree.Element) for value in node.attrib.values()}
        for identifier, node in targets.items():
            if identifier not in named:
                relations.remove(node)
        for part, tree in ((name, root), (relationships, relations)):
            changed[part] = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
    return changed


def _may_lead(target: str) -> bool:
    """Whether a target has tags and says by itself where it leads, or is one tag, looked at once filled."""
    found = _TAG.search(target)
    if found is None or any(sign in _TAG.sub("", target) for sign in TAGS):
        return False
    if found[0] == target.strip():
        return True
    if not LINK.match(target):
        return False
    return not target.startswith("https:") or _SITE.match(target[: found.start()]) is not None


def _target(relation: Any, *, filtered: bool) -> str:
    target = decoded(relation.get("Target", ""))
    scheme = target.partition(":")[0] if LINK.match(target) else ""
    pieces = _TAG.split(target)
    for rank, piece in enumerate(pieces):
        if rank % 2 == 0:
            pieces[rank] = piece.replace('"', "%22").replace("\\", "%5C")
        elif filtered:
            pieces[rank] = f"{{{{ ({piece.strip()}) | {LINKED}('{scheme}') }}}}"
        else:
            pieces[rank] = f"{{{{{piece}}}}}"
    return "".join(pieces)


def _write_field(link: Any, target: str) -> None:
    around = link.getparent()
    place = around.index(link)
    runs = [_run("fldChar", fldCharType="begin"), _run("instrText", f' HYPERLINK "{target}" ')]
    runs += [_run("fldChar", fldCharType="separate"), *link, _run("fldChar", fldCharType="end")]
    around.remove(link)
    around[place:place] = runs


def _run(name: str, text: str = "", **attributes: str) -> Any:
    run = etree.Element(f"{_W}r")
    node = etree.SubElement(run, f"{_W}{name}", {f"{_W}{key}": value for key, value in attributes.items()})
    if text:
        node.text = text
        node.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return run
