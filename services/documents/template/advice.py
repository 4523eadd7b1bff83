"""What to write instead of a tag that is wrong: each suggestion is tried in its place before it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, nodes

from services.documents.render import ENVIRONMENT, FILTERS
from services.documents.template.expressions import written
from services.documents.template.fields import Field, printing
from services.documents.template.idioms import as_here
from services.documents.template.lexicon import PEOPLE, by_words, spoken
from services.documents.template.scope import Problem
from services.documents.template.tags import Tag, find

_PATH = re.compile(r"[^\W\d][\w.]*(?=\s*\|)")
_NEAR = 0.75
_AT_MOST = 6
MAX_TRIES = 400
_PREFERRED = ("euros", "long_date", "label", "percent", "clock")

Run = Callable[[Tag], Sequence[Problem]]
"""Runs a tag after those that it ran already; gives what is wrong with it."""


class Advice:
    """What could be written at one place; `runs` begins again from there, each time."""

    def __init__(self, names: Names, runs: Callable[[], Run], tries: list[int]) -> None:
        """`tries` holds how many more texts may be tried in this part: a file is full of what is wrong."""
        self._names, self._runs, self._tries = names, runs, tries

    def instead(self, problem: Problem, tag: Tag) -> str:
        """What to write instead of a tag, empty when nothing that was tried is right."""
        if self._tries[0] <= 0:
            return ""
        if problem.code == "OPTIONAL_UNGUARDED" and tag.keyword == "for":
            return self._around(tag)
        for text in self._candidates(problem, tag):
            if tried := self.tried(text):
                return f"Écrivez « {tried} »."
        return ""

    def printed(self, name: str) -> str:
        """The tag that prints what people call by a name, empty when no field is near."""
        if self._tries[0] <= 0:
            return ""
        found = (self.tried(text) for path in self._names.near(name) for text in self._printing(path))
        return next(filter(None, found), "")

    def knows(self, name: str) -> bool:
        """Whether people call a datum by this very name."""
        return self._names.spoken(name)

    def tried(self, text: str) -> str:
        """A text of tags, inside a condition if a field may be absent; empty when something stays wrong."""
        problems = self._problems(text)
        lacking = _lacking(problems)
        if lacking and text.startswith("{{"):
            text = f"{{% if {_defined(lacking)} %}}{text}{{% endif %}}"
            problems = self._problems(text)
        return "" if problems else text

    def _problems(self, text: str) -> list[Problem]:
        self._tries[0] -= 1
        if self._tries[0] < 0:
            return [Problem("UNTRIED", "")]
        tags, strays = find(text)
        run = self._runs()
        try:
            found = [problem for tag in tags for problem in run(tag)]
        except TemplateSyntaxError:
            return [Problem("TAG_SYNTAX", "")]
        return [*found, *(Problem("TAG_UNCLOSED", "") for _ in strays)]

    def _candidates(self, problem: Problem, tag: Tag) -> Iterator[str]:
        source = tag.source
        if (here := as_here(source)) != source:
            yield here
        match problem.code:
            case "FIELD_UNKNOWN":
                named = re.compile(rf"(?<![\w.]){re.escape(problem.path)}(?:\.\w+)*")
                whole = named.search(source)
                for path in self._names.near(whole[0] if whole else problem.path):
                    yield named.sub(path, source)
                    if tag.sign == "{{":
                        yield from self._printing(path)
            case "TAG_UNKNOWN" if meant := keyword_instead(tag):
                yield meant
                if Tag(meant, 0).keyword in ("if", "elif"):
                    yield from self._guarded(Tag(meant, 0))
            case "FILTER_MISSING":
                yield from _shown(tag)
            case "FILTER_UNKNOWN":
                for name in get_close_matches(problem.path, FILTERS, _AT_MOST, 0.5):
                    yield re.sub(rf"\|\s*{re.escape(problem.path)}\b", f"| {name}", source)
                if tag.sign == "{{" and (bare := _PATH.match(tag.body)):
                    yield from (f"{{{{ {bare[0]} | {name} }}}}" for name in _PREFERRED)
            case "CODE_UNKNOWN":
                for value in get_close_matches(problem.path, problem.among, _AT_MOST, 0.5):
                    yield source.replace(problem.path, value)
            case "OPTIONAL_UNGUARDED" if tag.sign == "{{":
                yield source
            case "OPTIONAL_UNGUARDED" if tag.keyword in ("if", "elif"):
                yield from self._guarded(tag)

    def _guarded(self, tag: Tag) -> Iterator[str]:
        """The same condition, which first asks whether the fields are there."""
        lacking = _lacking(self._problems(tag.source))
        head = f"{{%{tag.prefix} {tag.keyword} {_defined(lacking)}"
        if lacking and tag.rest == lacking[-1]:
            yield f"{head} %}}"
        rest = f"({tag.rest})" if " or " in tag.rest else tag.rest
        yield f"{head} and {rest} %}}"

    def _around(self, tag: Tag) -> str:
        lacking = _lacking(self._problems(tag.source))
        opening = f"{{%{tag.prefix} if {_defined(lacking)} %}}"
        if not lacking or self._problems(opening + tag.source):
            return ""
        return f"Avant, écrivez « {opening} » ; après son « endfor », « {{%{tag.prefix} endif %}} »."

    def _printing(self, path: str) -> Iterator[str]:
        yield f"{{{{ {path} }}}}"
        yield from (f"{{{{ {path} | {name} }}}}" for name in _PREFERRED)
        yield f"{{{{ {path} | join(', ') }}}}"
        yield f"{{% for element in {path} %}}…{{% endfor %}}"


class Names:
    """The fields by their paths, their labels, and the words of the trade: made once for a part."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._paths, self._words = dict(_paths("", fields)), by_words(fields)
        self._labels = {
            spoken(one.label.partition(".")[0]): path
            for path, one in reversed(self._paths.items())
            if one.label
        }
        self._held: dict[str, dict[str, str]] = {}
        for path in self._paths:
            owner, _, last = path.rpartition(".")
            self._held.setdefault(owner, {})[last] = path

    def spoken(self, name: str) -> bool:
        """Whether a name is a word of the trade, or the label of a field."""
        return spoken(name) in self._words

    def near(self, name: str) -> list[str]:
        """The paths nearest to a name: those that people call so, then those written nearly so."""
        owner, _, last = name.rpartition(".")
        word, held = spoken(last), self._held.get(owner, {})
        meant = self._words.get(word, "").removesuffix("[0]")
        # « agent.nom » : the field of that owner which people call so; « bailleur.nom » is nobody's here.
        found = [held[part] for part in (meant.rpartition(".")[2],) if owner and part in held]
        if meant and (held or not owner or spoken(owner) in PEOPLE):
            found.append(meant)
        alike = [held[one] for one in get_close_matches(last, held, 2, 0.6)]
        said = [self._labels[one] for one in get_close_matches(word, self._labels, 1, _NEAR) if not owner]
        written_so = get_close_matches(name, self._paths, 2, _NEAR)
        return list(dict.fromkeys([*found, *alike, *written_so, *said]))[:_AT_MOST]


def keyword_instead(tag: Tag) -> str:
    """The instruction that a tag meant, written in full; empty when it cannot be told."""
    words = tag.body.split()
    if not words:
        return ""
    first, prefix, rest = words[0].lower(), tag.prefix, words[1:]
    if not prefix and first in ("p", "tr", "tc", "r") and rest:
        prefix, first, rest = first, rest[0].lower(), rest[1:]
    glued = next((one for one in ("tr", "tc", "p", "r") if first.removeprefix(one) in _KEYWORDS), "")
    if glued and first not in _KEYWORDS:
        prefix, first = glued, first.removeprefix(glued)
    if first in ("else", "sinon") and rest and rest[0].lower() in ("if", "si"):
        first, rest = "elif", rest[1:]
    close = get_close_matches(first, _KEYWORDS, 1)
    first = _MEANT.get(first) or (close[0] if close else "")
    if not first:
        return ""
    rest = [] if first in ("else", "endif", "endfor") else rest
    text = f"{{%{prefix} {' '.join([first, *rest])} %}}"
    try:
        ENVIRONMENT.parse(_SHELLS[first].format(f"{{% {' '.join([first, *rest])} %}}"))
    except TemplateSyntaxError:
        return ""
    return text


_KEYWORDS = ("if", "elif", "else", "endif", "for", "endfor")
_MEANT = {
    **{word: word for word in _KEYWORDS},
    **dict.fromkeys(("si", "quand", "when"), "if"),
    **dict.fromkeys(("elseif", "elsif", "sinonsi"), "elif"),
    "sinon": "else",
    **dict.fromkeys(("finsi", "fin_si", "fi", "end_if"), "endif"),
    **dict.fromkeys(("pour", "foreach", "boucle"), "for"),
    **dict.fromkeys(("finpour", "fin_pour", "end_for"), "endfor"),
}
_SHELLS = {
    "if": "{}{{% endif %}}",
    "elif": "{{% if true %}}{}{{% endif %}}",
    "else": "{{% if true %}}{}{{% endif %}}",
    "endif": "{{% if true %}}{}",
    "for": "{}{{% endfor %}}",
    "endfor": "{{% for a in b %}}{}",
}


def _shown(tag: Tag) -> Iterator[str]:
    body = tag.body
    expression = ENVIRONMENT.parse(f"{{{{ {body} }}}}").find(nodes.Output)
    node = expression.nodes[0] if expression is not None else None
    if isinstance(node, nodes.Or) and isinstance(node.right, nodes.Const):
        path = written(node.left)
        yield from (f"{{{{ {path}{one} }}}}" for one in ("", " | euros", " | long_date"))
        return
    yield from (f"{{{{ {body} | {name} }}}}" for kind in _PRINTED for name in printing(kind))
    if not isinstance(node, nodes.Const):
        yield f"{{% for element in {body} %}}…{{% endfor %}}"
        yield f"{{{{ 'oui' if {body} else 'non' }}}}"


_PRINTED = ("money", "date", "rate", "code", "time")


def _lacking(problems: Iterable[Problem]) -> list[str]:
    """The fields that may be absent, each after what holds it."""
    return list(dict.fromkeys(one.path for one in problems if one.code == "OPTIONAL_UNGUARDED" and one.path))


def _defined(paths: Iterable[str]) -> str:
    return " and ".join(f"{path} is defined" for path in paths)


def _paths(prefix: str, fields: Mapping[str, Field]) -> Iterator[tuple[str, Field]]:
    for name, one in fields.items():
        yield f"{prefix}{name}", one
        yield from _paths(f"{prefix}{name}.", one.fields)
