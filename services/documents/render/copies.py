"""Parts that a piece brings into a joined document: headers, footers, charts, images, under new names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from services.documents.render import opc
from services.documents.render.archive import Member
from services.documents.render.foreign import Rewrite
from services.documents.render.image_parts import ImagePart
from services.documents.render.plan import Item, Plan, Program
from services.documents.render.source import WORD_PART, parser

# Parts of which a document has one.
_SHARED = frozenset(
    [
        "customXml",
        "endnotes",
        "fontTable",
        "footnotes",
        "numbering",
        "settings",
        "styles",
        "theme",
        "webSettings",
    ]
)
_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_ROOTS = {"header": "hdr", "footer": "ftr"}
_TARGET = re.compile(rb'Target="([^"]+)"')

Made = Program | ImagePart
"""A part that each document has of its own."""
Render = Callable[[Made], bytes]


@dataclass(frozen=True)
class _Relation:
    """A part, or an address, that the body of a template names."""

    id: str
    kind: str
    target: str
    external: bool


class Copies:
    """The parts added to those of the first piece, and what declares them."""

    def __init__(self, base: Plan, rewrites: Mapping[int, Rewrite]) -> None:
        """`rewrites` turn the XML of a template, by its `id`, to the styles of the joined document."""
        self._rewrites = rewrites
        self.members: list[Member] = []
        self._base = base
        # By identity: the pieces hold their plans for longer than this lives.
        self._relations: dict[int, list[_Relation]] = {}
        self._plans: dict[int, int] = {id(base): 0}
        self._static: dict[tuple[int, str], str] = {}
        self._said: dict[tuple[int, str, bytes], str] = {}
        self._added: list[str] = []
        self._declared: list[str] = []
        self._blanks: dict[str, str] = {}
        self._types: dict[tuple[int, str], str] = {}

    def of(self, rank: int, plan: Plan, render: Render) -> dict[str, str]:
        """Copies what the body of a piece names; gives the identifiers of relationships to write instead."""
        names: dict[str, str] = {}
        same: dict[tuple[str, bytes], str] = {}
        for relation in self._relations_of(plan):
            item = None if relation.external else plan.item(_path(relation.target))
            if isinstance(item, Made):
                key = (relation.kind, item.digest)
                if key not in same:
                    same[key] = self._shared(rank, plan, relation, item, render(item))
                names[relation.id] = same[key]
            elif plan is not self._base:
                number = self._plans.setdefault(id(plan), len(self._plans))
                names[relation.id] = self._once(number, plan, relation, item)
        return names

    def blanks(self, kinds: Iterable[tuple[str, str]]) -> str:
        """References to an empty header or footer, for what a section would take from the one before."""
        return "".join(
            f'<w:{place}Reference w:type="{kind}" r:id="{self._blank(place)}"/>'
            for place, kind in sorted(kinds, reverse=True)
        )

    def add(self, kind: str, name: str, content: bytes) -> None:
        """Adds a part of which a document has one, and the first piece none."""
        self.members.append(Member(name, content))
        self._copy(_Relation("", kind, "", external=False), f"rIdJoined{kind.title()}", name)
        self._declared.append(f'<Override PartName="/{name}" ContentType="{_TYPES}.{kind}+xml"/>')

    def relationships(self, content: bytes) -> bytes:
        """The relationships of the main part, with those of the copies."""
        return opc.before_end(content, "".join(self._added))

    def content_types(self, content: bytes) -> bytes:
        """The content types, with those of the copies."""
        return opc.before_end(content, "".join(self._declared))

    def _relations_of(self, plan: Plan) -> list[_Relation]:
        if id(plan) not in self._relations:
            root = etree.fromstring(plan.static(opc.MAIN_RELATIONSHIPS), parser())
            found = [
                _Relation(
                    node.get("Id"),
                    node.get("Type", "").rpartition("/")[2],
                    node.get("Target", ""),
                    node.get("TargetMode") == "External",
                )
                for node in root.iter("{*}Relationship")
            ]
            self._relations[id(plan)] = [one for one in found if one.kind not in _SHARED]
        return self._relations[id(plan)]

    def _shared(self, rank: int, plan: Plan, relation: _Relation, item: Made, content: bytes) -> str:
        """The identifier of a relationship to a rendered part, the same for pieces in which it says the same:
        the headers of a thousand letters are most often one."""
        key = (id(plan), item.name, content)
        if key not in self._said:
            name = self._rendered(rank, plan, item, content)
            self._said[key] = self._copy(relation, f"{relation.id}p{rank}", name)
        return self._said[key]

    def _rendered(self, rank: int, plan: Plan, item: Made, content: bytes) -> str:
        """The name of a part that one piece has of its own."""
        name = _suffixed(item.name, f"_{rank}")
        self.members.append(Member(name, content))
        self._declare(name, plan, item.name)
        self._copy_relationships(plan, item.name, name)
        return name

    def _once(self, number: int, plan: Plan, relation: _Relation, item: Item | None) -> str:
        """The identifier of a relationship to something that is the same in every document of a template."""
        key = (number, relation.id)
        if key not in self._static:
            target = relation.target
            if isinstance(item, Member):
                target = self._copied(number, plan, item)
            self._static[key] = self._copy(relation, f"{relation.id}t{number}", target)
        return self._static[key]

    def _copied(self, number: int, plan: Plan, item: Member) -> str:
        key = (number, item.name)
        if key not in self._static:
            self._static[key] = name = _suffixed(item.name, f"_t{number}")
            self.members.append(self._rewritten(plan, item, name))
            self._declare(name, plan, item.name)
            self._copy_relationships(plan, item.name, name)
        return self._static[key]

    def _rewritten(self, plan: Plan, item: Member, name: str) -> Member:
        rewrite = self._rewrites.get(id(plan))
        if rewrite is None or not WORD_PART.fullmatch(item.name):
            return item.renamed(name)
        return Member(name, rewrite(item.content().decode()).encode())

    def _copy(self, relation: _Relation, identifier: str, name: str) -> str:
        mode = ' TargetMode="External"' if relation.external else ""
        target = name if relation.external else name.removeprefix("word/")
        self._added.append(
            f'<Relationship Id="{identifier}" Type="{_KINDS}/{relation.kind}" Target="{target}"{mode}/>'
        )
        return identifier

    def _copy_relationships(self, plan: Plan, name: str, copied: str) -> None:
        """The relationships of a copied part: to parts of the first plan, to copies of those of others."""
        content = plan.static(_relationships_of(name))
        if not content:
            return
        if plan is not self._base:
            number, folder = self._plans.setdefault(id(plan), len(self._plans)), posixpath.dirname(name)

            def moved(found: re.Match[bytes]) -> bytes:
                item = plan.item(posixpath.normpath(posixpath.join(folder, found[1].decode())))
                # From the root of the archive, whatever the folder of the part that names it.
                target = (
                    f"/{self._copied(number, plan, item)}" if isinstance(item, Member) else found[1].decode()
                )
                return f'Target="{target}"'.encode()

            content = _TARGET.sub(moved, content)
        self.members.append(Member(_relationships_of(copied), content))

    def _declare(self, name: str, plan: Plan, original: str) -> None:
        key = (id(plan), original)
        if key not in self._types:
            self._types[key] = _type_of(plan, original)
        self._declared.append(f'<Override PartName="/{name}" ContentType="{self._types[key]}"/>')

    def _blank(self, place: str) -> str:
        if place not in self._blanks:
            self._blanks[place] = identifier = f"rIdBlank{place.title()}"
            name = f"word/{place}_blank.xml"
            empty = f'<w:{_ROOTS[place]} xmlns:w="{_W}"><w:p/></w:{_ROOTS[place]}>'
            self.members.append(Member(name, empty.encode()))
            self._copy(_Relation(identifier, place, "", external=False), identifier, name)
            self._declared.append(f'<Override PartName="/{name}" ContentType="{_TYPES}.{place}+xml"/>')
        return self._blanks[place]


def _path(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else posixpath.normpath(f"word/{target}")


def _suffixed(name: str, suffix: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return f"{stem}{suffix}{dot}{extension}"


def _relationships_of(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{folder}/_rels/{file}.rels"


def _type_of(plan: Plan, name: str) -> str:
    """The content type of a part, its own or that of its extension."""
    root = etree.fromstring(plan.static(opc.CONTENT_TYPES), parser())
    own = {node.get("PartName"): node.get("ContentType") for node in root.iter("{*}Override")}
    by_extension = {node.get("Extension"): node.get("ContentType") for node in root.iter("{*}Default")}
    return str(own.get(f"/{name}") or by_extension.get(name.rpartition(".")[2], "application/xml"))
