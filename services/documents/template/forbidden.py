"""What a template may not hold: anything active, anything fetched from elsewhere, traces of a review."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from services.documents.render import LINK, TAGS, WORD_PART, decoded, is_rendered, opc, parser
from services.documents.template.annotate import COMMENTS
from services.documents.template.reading import PARAGRAPH, WHOLE_FILE, W, enclosing, paragraph_text, place
from services.kit.findings import Finding

_ACTIVE = re.compile(
    r"vbaProject|vbaData|activeX|embeddings/|oleObject|afchunk|attachedToolbars", re.IGNORECASE
)
_ACTIVE_RELATIONS = ("oleObject", "package", "aFChunk", "control", "vbaProject", "frame", "subDocument")
_MAIN_TYPE = "wordprocessingml.document.main+xml"
_EXTERNAL = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
# Fields that Word computes from the document alone.
_FIELDS = frozenset(
    [
        "HYPERLINK",
        "NOTEREF",
        "NUMPAGES",
        "PAGE",
        "PAGEREF",
        "REF",
        "SECTION",
        "SECTIONPAGES",
        "SEQ",
        "STYLEREF",
        "SYMBOL",
        "TITLE",
        "TOC",
    ]
)
_CLOCK = frozenset(["CREATEDATE", "DATE", "EDITTIME", "PRINTDATE", "SAVEDATE", "TIME"])
_REVISION = ("REVISION", "Une modification suivie est restée.", "Acceptez ou refusez-la.")
# Whatever else Word follows bears the name of who did it.
_REVISIONS = ("ins", "del", "delText", "delInstrText", "moveFrom", "moveTo", "tblGridChange")
_AUTHOR = f"{W}author"
_REVIEWS = {
    **dict.fromkeys(_REVISIONS, _REVISION),
    "commentReference": ("COMMENT", "Un commentaire est resté.", "Supprimez tous les commentaires."),
    "altChunk": ("ACTIVE_CONTENT", "Un autre fichier est inséré tel quel (altChunk).", ""),
    "subDoc": ("ACTIVE_CONTENT", "Un sous-document est lié.", ""),
    "object": ("ACTIVE_CONTENT", "Un objet OLE est incorporé.", "Remplacez-le par une image ou un tableau."),
    "control": ("ACTIVE_CONTENT", "Un contrôle ActiveX est incorporé.", ""),
    "mailMerge": (
        "ACTIVE_CONTENT",
        "Le fichier est lié à une source de publipostage.",
        "Retirez le publipostage.",
    ),
    "dataBinding": (
        "DATA_BINDING",
        "Un contrôle est lié à des données que Word réécrirait.",
        "Retirez ce contrôle.",
    ),
}

Node = Any


def forbidden(parts: Mapping[str, bytes]) -> Iterator[Finding]:
    """Everything forbidden in the parts of a .docx, all of them well-formed XML."""
    yield from _content_type(parts[opc.CONTENT_TYPES])
    for name, content in parts.items():
        if _ACTIVE.search(name):
            yield _of_file(
                "ACTIVE_CONTENT", f"La partie {name} est active ou incorporée.", "Retirez cet objet.", name
            )
        elif name.endswith(".rels"):
            yield from _relationships(name, content)
        elif name.endswith(".xml"):
            yield from _part(name, content)


def _content_type(content: bytes) -> Iterator[Finding]:
    declared = content.decode("utf-8", "replace")
    if "macroEnabled" in declared or "vbaProject" in declared:
        yield _of_file("MACRO", "Le fichier contient des macros (.docm).", "Enregistrez-le au format .docx.")
    elif _MAIN_TYPE not in declared:
        yield _of_file(
            "DOCX_FORMAT",
            "Le fichier est un modèle Word (.dotx) ou un autre format.",
            "Enregistrez-le en .docx.",
        )


def _relationships(name: str, content: bytes) -> Iterator[Finding]:
    owner = name.replace("_rels/", "").removesuffix(".rels")
    for relation in etree.fromstring(content, parser()).iter(_EXTERNAL):
        kind, target = relation.get("Type", "").rpartition("/")[2], decoded(relation.get("Target", ""))
        if any(tag in target for tag in TAGS):
            yield _of_file(
                "TAG_UNFILLED",
                f"Le lien « {target} » contient une balise, et ne dit pas où il mène.",
                "Écrivez le site en entier, puis la balise : https://exemple.fr/suivi/{{ case.reference }} ; "
                "ou mailto:, tel:, ou une seule balise.",
                owner,
            )
        elif kind in _ACTIVE_RELATIONS:
            yield _of_file(
                "ACTIVE_CONTENT", f"Le fichier contient un objet interdit ({kind}).", "Retirez-le.", owner
            )
        elif relation.get("TargetMode") == "External" and not (kind == "hyperlink" and LINK.match(target)):
            yield _of_file(
                "EXTERNAL_CONTENT",
                f"Le fichier va chercher un contenu ailleurs ({kind}) : « {target} ».",
                "Incorporez l’image ; seuls les liens https://, mailto: et tel: sont permis.",
                owner,
            )


def _part(name: str, content: bytes) -> Iterator[Finding]:
    if name == COMMENTS:
        return  # each comment is told where it stands
    if not is_rendered(name) and any(tag.encode() in content for tag in TAGS):
        message = f"La partie {name} contient une balise, qui ne serait pas remplie."
        yield _of_file("TAG_UNFILLED", message, "Retirez-la de là.", name)
    if not name.startswith("word/"):
        return
    root = etree.fromstring(content, parser())
    if WORD_PART.fullmatch(name) and (root.prefix != "w" or not root.tag.startswith(W)):
        yield Finding(
            place(name),
            "Cette partie n’est pas écrite comme Word écrit un .docx : le service n’y lirait rien.",
            "DOCX_FORMAT",
            "Dans Word ou LibreOffice : Enregistrer sous, Document Word (.docx), non « Strict ».",
        )
        return
    ranks = {node: rank for rank, node in enumerate(root.iter(PARAGRAPH))}
    for node in root.iter(etree.Element):
        told = _REVIEWS.get(node.tag.removeprefix(W)) if node.tag.startswith(W) else None
        if told is None and node.get(_AUTHOR) is not None:
            told = _REVISION
        if told is not None:
            yield _at(name, ranks, node, *told)
    if WORD_PART.fullmatch(name):
        yield from _fields(name, root, ranks)


def _fields(name: str, root: Node, ranks: Mapping[Node, int]) -> Iterator[Finding]:
    for node, code in (*_complex_fields(root), *_simple_fields(root)):
        word = code.split(maxsplit=1)[0].upper() if code.strip() else ""
        if any(tag in code for tag in TAGS):
            yield _at(
                name,
                ranks,
                node,
                "FIELD_TAG",
                "Une balise est dans le code d’un champ Word.",
                "Sortez-la du champ.",
            )
        elif word in _CLOCK:
            yield _at(
                name, ranks, node, "FIELD_CLOCK",
                f"Le champ Word {word} change à chaque ouverture.",
                "Écrivez {{ document.date | long_date }}.",
            )  # fmt: skip
        elif word not in _FIELDS or (word == "HYPERLINK" and not _is_safe_link(code)):
            yield _at(
                name, ranks, node, "FIELD_FORBIDDEN",
                f"Le champ Word « {code.strip()[:60]} » est interdit.",
                "Remplacez-le par une balise, ou par du texte.",
            )  # fmt: skip


def _complex_fields(root: Node) -> Iterator[tuple[Node, str]]:
    """Each field by its first code and its whole code, which Word may cut in several runs."""
    open_fields: list[tuple[Node | None, str]] = []
    for node in root.iter(f"{W}fldChar", f"{W}instrText"):
        kind = node.get(f"{W}fldCharType")
        if kind == "begin":
            open_fields.append((None, ""))
        elif node.tag == f"{W}instrText":
            first, code = open_fields.pop() if open_fields else (None, "")
            open_fields.append((node if first is None else first, code + (node.text or "")))
        elif kind == "end" and open_fields:
            first, code = open_fields.pop()
            if first is not None:
                yield first, code
    yield from ((first, code) for first, code in open_fields if first is not None)


def _simple_fields(root: Node) -> Iterator[tuple[Node, str]]:
    return ((node, node.get(f"{W}instr", "")) for node in root.iter(f"{W}fldSimple"))


def _is_safe_link(code: str) -> bool:
    target = re.search(r'"([^"]*)"', code)
    return r"\l" in code or (target is not None and LINK.match(target[1]) is not None)


def _at(
    name: str, ranks: Mapping[Node, int], node: Node, code: str, message: str, suggestion: str
) -> Finding:
    # Of what is outside any paragraph, a change of a cell for instance, the one that follows tells the place.
    around = (
        above for above in (node, *node.iterancestors()) if next(above.iter(PARAGRAPH), None) is not None
    )
    paragraph = enclosing(node, PARAGRAPH)
    if paragraph is None and (holder := next(around, None)) is not None:
        paragraph = next(holder.iter(PARAGRAPH))
    text = "" if paragraph is None else paragraph_text(paragraph)
    rank = None if paragraph is None else ranks[paragraph]
    return Finding(place(name, text, rank), message, code, suggestion)


def _of_file(code: str, message: str, suggestion: str = "", part: str = "") -> Finding:
    return Finding(place(part) if part else WHOLE_FILE, message, code, suggestion)
