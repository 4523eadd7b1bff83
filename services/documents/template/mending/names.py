"""The names of a foreign template, and the fields that stand for them, said by a map or by the lexicon."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from jinja2 import TemplateSyntaxError

from services.documents.render import FILTERS
from services.documents.template.fields import Field, preferred
from services.documents.template.idioms import as_here
from services.documents.template.lexicon import PEOPLE, by_words, spoken
from services.documents.template.normalise import put
from services.documents.template.reading import CELL_TAGS, Occurrence, lines, occurrences
from services.documents.template.scope import Scope
from services.documents.template.tags import Tag
from services.documents.template.usual_filters import DROPPED, USUAL
from services.documents.template.walk import step
from services.kit.french import fold

_TOKEN = re.compile(
    r"'[^']*'|\"[^\"]*\"|(?P<path>[^\W\d]\w*(?:\.[^\W\d]\w*)*)|\d+|\s+|[^\w\s]",
)
_WORDS = frozenset(
    (
        *("and", "or", "not", "in", "is", "if", "elif", "else", "for", "true", "false", "none"),
        *("True", "False", "None", "defined", "undefined", "even", "odd"),
    )
)
_CALL = re.compile(r"(?P<before>\|\s*)?(?P<call>(?P<path>[^\W\d][\w.]*)\([^()]*\))")
# What other instructions name is left as it is: they are refused.
_NAMING = ("", "if", "elif", "else", "endif", "for", "endfor", *CELL_TAGS)
_COMPARED = re.compile(r"^(?P<path>[^\W\d][\w.]*)\s*(?P<sign>==|!=)\s*(?P<value>'[^']*'|\"[^\"]*\")\s*$")
_TITLES = {"m": "monsieur", "mr": "monsieur", "mme": "madame"}
_OR_EMPTY = re.compile(r"^(?P<path>[\w.]+)\s+or\s+(?P<text>'[^']*'|\"[^\"]*\")$")
_PURE = re.compile(r"^(?P<path>[\w.]+)(?P<filters>(?:\s*\|\s*\w+(?:\([^()]*\))?)*)$")
_FILTER = re.compile(r"\|\s*(\w+)(\([^()]*\))?")
_RENAMED = "Nom remplacé par le champ du contrat"
_FILTERED = "Filtre mis ou traduit"
_VALUE = "Valeur remplacée par celle du contrat"
_HERE = "Écriture d’un autre outil traduite"
_ASKED_THERE = "Condition changée en « is defined »"
_GUARDED = "Champ facultatif entouré de sa condition"


@dataclass
class _Section:
    """A block of docxtemplater: what it opens, and the name of its item if it is a loop."""

    closing: str
    item: str = ""


@dataclass
class Naming:
    """Gives the tags of a file the names and the filters of the contract; what is not known is asked."""

    fields: Mapping[str, Field]
    requires: Sequence[str]
    given: Mapping[str, str]
    done: Counter[str]
    asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._words = by_words(self.fields)
        self._sections: list[_Section] = []

    def knows(self, name: str) -> bool:
        """Whether a field stands for a name."""
        return bool(self._guess(name, {}))

    def nearest(self, name: str) -> str:
        """The field whose name or label is nearest, empty without one."""
        last = name.rpartition(".")[2]
        near = get_close_matches(spoken(last), self._words, 1, 0.6)
        return self._words[near[0]] if near else ""

    def rename(self, name: str, root: Any) -> None:
        """Renames what the tags of a part name, in the order in which they are run."""
        scope, frames = Scope(self.fields).knowing(self.requires), list[Any]()
        self._sections = []
        written: list[tuple[Occurrence, str]] = []
        for one in occurrences(lines(name, root)):
            source = self._rewritten(one.tag, scope)
            written.append((one, self._guarded(source, scope)))
            with suppress(TemplateSyntaxError):  # a tag that is badly written is left to the gate
                scope = step(Tag(source, 0), scope, frames)
        for one, source in reversed(written):
            if source != one.tag.source:
                put(one.line, one.tag.start, one.tag.end, source)

    def _rewritten(self, tag: Tag, scope: Scope) -> str:
        if tag.sign == "{#":
            return tag.source
        if tag.keyword in ("section", "without", "endsection"):
            return self._section(tag, scope)
        if tag.keyword not in _NAMING:
            return tag.source
        tag = self._here(tag)
        head = tag.source[: tag.source.index(tag.body)] if tag.body else tag.source[:2]
        tail = tag.source[len(head) + len(tag.body) :]
        if tag.sign == "{{":
            return f"{head}{self._printed(tag.body, scope)}{tail}"
        rest = self._expression(tag.rest, scope, loop=tag.keyword == "for")
        if tag.keyword in ("if", "elif"):
            rest = self._condition(rest, scope)
        return f"{head}{tag.keyword}{' ' if rest else ''}{rest}{tail}"

    def _here(self, tag: Tag) -> Tag:
        """The tag as it is written here; a call, which nothing here is, is asked as a name is."""
        source = as_here(tag.source)
        if source != tag.source:
            self.done[_HERE] += 1
        for one in reversed(list(_CALL.finditer(source))):
            if one["before"] or one["path"] in _WORDS:
                continue
            if one["call"] in self.given:
                source = source[: one.start("call")] + self.given[one["call"]] + source[one.end("call") :]
            else:
                self.asked[one["call"]] += 1
        return Tag(source, tag.start)

    def _section(self, tag: Tag, scope: Scope) -> str:
        """A block of docxtemplater: a loop over a list, a condition for anything else."""
        if tag.keyword == "endsection":
            closed = self._sections.pop() if self._sections else _Section("endif")
            return f"{{% {closed.closing} %}}"
        if not re.fullmatch(r"[\w.]+", tag.rest):
            self._sections.append(_Section("endif"))
            condition = self._condition(self._expression(_in_words(tag.rest), scope), scope)
            return f"{{% if {'not ' if tag.keyword == 'without' else ''}{condition} %}}"
        path = self._path(tag.rest, scope)
        found = _field(path, scope.names)
        listed = found is not None and found.kind == "list"
        if tag.keyword == "without":
            self._sections.append(_Section("endif"))
            return f"{{% if not {path} %}}" if listed else f"{{% if {path} is undefined %}}"
        if listed:
            depth = sum(1 for one in self._sections if one.item)
            item = f"element{depth + 1 if depth else ''}"
            self._sections.append(_Section("endfor", item))
            return f"{{% for {item} in {path} %}}"
        self._sections.append(_Section("endif"))
        return f"{{% if {path}{'' if found is None or found.kind == 'boolean' else ' is defined'} %}}"

    def _printed(self, body: str, scope: Scope) -> str:
        """What a tag prints: its field, with the filter of its kind."""
        fallback = _OR_EMPTY.match(body)
        if fallback is not None:
            body = f"{fallback['path']} | default({fallback['text']})"
            self.done["« or » changé en filtre default"] += 1
        pure = _PURE.match(body)
        if pure is None:
            return self._expression(body, scope)
        path = self._path(pure["path"], scope)
        found = _field(path, scope.names)
        filters = list(self._filters(pure["filters"], found))
        if found is not None and found.item is not None and found.item.kind == "text":
            filters = filters or [("join", "(', ')")]
        elif found is not None and found.kind != "text":  # an amount has no text that stands for it
            filters = [one for one in filters if one[0] != "default"]
            if not any(FILTERS[name].gives == "text" for name, _ in filters if name in FILTERS):
                filters += [(name, "") for name in preferred(found.kind)[:1]]
        written = "".join(f" | {name}{arguments}" for name, arguments in filters)
        if written != "".join(f" | {one[1]}{one[2] or ''}" for one in _FILTER.finditer(pure["filters"])):
            self.done[_FILTERED] += 1
        return f"{path}{written}"

    def _filters(self, written: str, found: Field | None) -> Iterator[tuple[str, str]]:
        """The filters of a tag by their names here; one that only another engine knows goes, or is asked."""
        for one in _FILTER.finditer(written):
            name, arguments = USUAL.get(one[1], one[1]), one[2] or ""
            name = self.given.get(f"|{name}", name)
            if name in FILTERS:
                yield name, arguments
            elif name not in DROPPED and (found is None or not preferred(found.kind)):
                self.asked[f"|{name}"] += 1
                yield name, arguments

    def _expression(self, body: str, scope: Scope, *, loop: bool = False) -> str:
        """An expression with its names replaced, strings, keywords, filters and tests as they are."""
        target, between, rest = body.partition(" in ") if loop else ("", "", body)
        pieces, before = [], ""
        for token in _TOKEN.finditer(rest):
            path = token["path"]
            if path and path not in _WORDS and before not in ("|", "is"):
                following = rest[token.end() :].lstrip()
                pieces.append(path if following.startswith("(") else self._path(path, scope))
            elif path and before == "|":
                pieces.append(self.given.get(f"|{path}", USUAL.get(path, path)))
            else:
                pieces.append(token[0])
            before = token[0] if token[0].strip() and token[0] != "not" else before
        return f"{target}{between}{''.join(pieces)}"

    def _condition(self, written: str, scope: Scope) -> str:
        """A condition that asks whether a field is there, which the other engine took for saying no."""
        pieces = re.split(r"(\s+(?:and|or)\s+|\bnot\s+|[()])", written)
        for rank, piece in enumerate(pieces):
            if compared := _COMPARED.match(piece):
                pieces[rank] = self._compared(compared, scope, written)
                continue
            lacking = list(_lacking(piece, scope)) if re.fullmatch(r"[\w.]+", piece) else []
            lacking = [path for path in lacking if not _asks(written, path, "defined")]
            found = _field(piece, scope.names)
            if found is None or not lacking:
                continue
            asked = [f"{path} is defined" for path in lacking]
            asked += [] if lacking[-1] == piece and found.kind != "boolean" else [piece]
            joined = " and ".join(asked)
            pieces[rank] = f"({joined})" if len(asked) > 1 and len(pieces) > 1 else joined
            self.done[_ASKED_THERE] += 1
        return "".join(pieces)

    def _compared(self, found: re.Match[str], scope: Scope, condition: str) -> str:
        """A comparison with a value: one of the field's own, the field being there or not."""
        path, sign, value = found["path"], found["sign"], found["value"]
        known, state = _field(path, scope.names), "undefined" if sign == "!=" else "defined"
        lacking = [one for one in _lacking(path, scope) if not _asks(condition, one, state)]
        if known is not None and known.codes and value[1:-1] not in known.codes:
            folded = _TITLES.get(fold(value[1:-1]), fold(value[1:-1]))
            if meant := next((code for code in known.codes if fold(code) == folded), ""):
                self.done[_VALUE] += 1
                value = f"'{meant}'"
        written = f"{path} {sign} {value}"
        if not lacking:
            return written
        self.done[_ASKED_THERE] += 1
        word = " or " if sign == "!=" else " and "
        joined = word.join([*(f"{one} is {state}" for one in lacking), written])
        return joined if condition == found[0] else f"({joined})"

    def _path(self, path: str, scope: Scope) -> str:
        """The path of the field that a name stands for; the name itself, asked, when none does."""
        names = scope.names
        root = path.partition(".")[0]
        if _field(path, names) is not None:
            return path
        if root in names and names[root].kind == "unknown":
            return path  # the item of a list that is asked
        for section in reversed(self._sections):
            if section.item and section.item in names:
                below = self._below(section.item, path, names)
                if below:
                    return self._renamed(path, below)
        found = self._guess(path, names)
        if found:
            return self._renamed(path, found)
        self.asked[path] += 1
        return path

    def _renamed(self, path: str, found: str) -> str:
        if found != path:
            self.done[_RENAMED] += 1
        return found

    def _guess(self, path: str, names: Mapping[str, Field]) -> str:
        """The field that a name stands for: what the map says, then what the lexicon does; empty if none."""
        head = path
        while head:
            if head in self.given:
                return self.given[head] + path[len(head) :]
            head = head.rpartition(".")[0]
        root, _, last = path.rpartition(".")
        if root and root in names and (below := self._below(root, last, names)):
            return below
        if root and spoken(root) not in PEOPLE:
            return ""
        found = self._words.get(spoken(last), "").removesuffix("[0]")
        return found if "[" not in found and (not root or found.startswith("applicant.")) else ""

    def _below(self, root: str, name: str, names: Mapping[str, Field]) -> str:
        """The field of an item or of a group that a name stands for, by its own name or its label."""
        owner = names.get(root)
        if owner is None:
            return ""
        if _field(name, owner.fields) is not None:
            return f"{root}.{name}"
        wanted = spoken(name)
        said = {spoken(re.split("[:(,;]", one.label)[0]): key for key, one in owner.fields.items()}
        if wanted in said:
            return f"{root}.{said[wanted]}"
        found = self._words.get(wanted, "").partition(".")[2].removesuffix("[0]")
        return f"{root}.{found}" if found and _field(found, owner.fields) is not None else ""

    def _guarded(self, source: str, scope: Scope) -> str:
        """A printed field that may lack, within the condition that it is there."""
        pure = _PURE.match(source[2:-2].strip()) if source.startswith("{{") else None
        lacking = list(_lacking(pure["path"], scope)) if pure is not None else []
        if pure is not None and lacking[-1:] == [pure["path"]] and "default" in pure["filters"]:
            lacking.pop()
        if not lacking:
            return source
        self.done[_GUARDED] += 1
        condition = " and ".join(f"{path} is defined" for path in lacking)
        return f"{{% if {condition} %}}{source}{{% endif %}}"


def _asks(condition: str, path: str, state: str) -> bool:
    """Whether a condition already asks whether a field is there."""
    return re.search(rf"(?<![\w.]){re.escape(path)} is {state}\b", condition) is not None


def _in_words(condition: str) -> str:
    """A condition of docxtemplater as jinja2 writes it."""
    for sign, word in (("===", "=="), ("!==", "!="), ("&&", "and"), ("||", "or")):
        condition = condition.replace(sign, word)
    return re.sub(r"!(?!=)\s*", "not ", condition)


def _lacking(path: str, scope: Scope) -> Iterator[str]:
    """What of a path may be absent, from what holds it on."""
    steps = path.split(".")
    for count in range(1, len(steps) + 1):
        above = ".".join(steps[:count])
        found = _field(above, scope.names)
        if found is not None and found.optional and above not in scope.present:
            yield above


def _field(path: str, names: Mapping[str, Field]) -> Field | None:
    """The field of a path, None if there is none."""
    found: Field | None = None
    for name in path.split("."):
        below = names if found is None else found.fields
        if name not in below:
            return None
        found = below[name]
    return found
