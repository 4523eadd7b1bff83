"""Fields of Word that a template has a tag or a sign for: mail merge, date, check boxes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from lxml import etree

from services.documents.template.reading import RUN, TEXT, W

_CHAR, _CODE, _KIND = f"{W}fldChar", f"{W}instrText", f"{W}fldCharType"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_MERGE = re.compile(r'\s*MERGEFIELD\s+(?:"([^"]+)"|(\S+))', re.IGNORECASE)
# A condition on a field of the merge: { IF { MERGEFIELD Civilité } = "M." "Monsieur" "Madame" }.
_IF = re.compile(
    r"\s*IF\s+\"?\s*MERGEFIELD\s+(?:\"(?P<quoted>[^\"]+)\"|(?P<plain>[^\s\"=<>]+))[^=<>\"]*\"?\s*(?P<sign>=|<>)\s*"
    r"\"(?P<value>[^\"]*)\"\s*\"(?P<then>[^\"]*)\"\s*(?:\"(?P<otherwise>[^\"]*)\")?\s*(?:\\\*\s*\w+\s*)*$",
    re.IGNORECASE,
)
_WORD = re.compile(r"\s*(\w+)")
_CLOCK = ("DATE", "TIME", "CREATEDATE", "SAVEDATE", "PRINTDATE")
DATE_TAG = "{{ document.date | long_date }}"
CHECKED, UNCHECKED = "☒", "☐"

Node = Any


def replace_fields(root: Node, done: Counter[str]) -> None:
    """Puts a tag or a sign in place of each field of Word that has one; the others stay, and are refused."""
    for simple in list(root.iter(f"{W}fldSimple")):
        text = _text_for(simple.get(f"{W}instr", ""), None, done)
        if text is not None:
            simple.addprevious(_run(text, simple.find(RUN)))
            simple.getparent().remove(simple)
    for runs, code, box in list(_complex(root)):
        text = _text_for(code, box, done)
        if text is not None:
            runs[0].addprevious(_run(text, runs[0]))
            for run in runs:
                run.getparent().remove(run)


def _text_for(code: str, box: Node | None, done: Counter[str]) -> str | None:
    """What stands for a field, None for one that is left to a person."""
    found = _WORD.match(code)
    word = found[1].upper() if found else ""
    if word == "MERGEFIELD" and (merge := _MERGE.match(code)) is not None:
        done["Champ de fusion changé en balise"] += 1
        return f"{{{{ {identifier(merge[1] or merge[2])} }}}}"
    if word == "IF" and (condition := _IF.match(code)) is not None:
        done["Condition de publipostage changée en balises"] += 1
        return _condition(condition)
    if word in _CLOCK:
        done["Date de l’horloge changée en date du document"] += 1
        return DATE_TAG
    if word == "FORMCHECKBOX" and box is not None:
        done["Case à cocher de formulaire changée en ☐ ou ☒"] += 1
        return CHECKED if _is_checked(box) else UNCHECKED
    return None


def _condition(found: re.Match[str]) -> str:
    name, value = identifier(found["quoted"] or found["plain"]), found["value"].replace("'", "’")
    test = f"{name} {'==' if found['sign'] == '=' else '!='} '{value}'"
    if not value:  # a blank of the table is a datum that is absent
        test = f"{name} is {'undefined' if found['sign'] == '=' else 'defined'}"
    otherwise = f"{{% else %}}{found['otherwise']}" if found["otherwise"] else ""
    return f"{{% if {test} %}}{found['then']}{otherwise}{{% endif %}}"


def identifier(name: str) -> str:
    """A name as a tag may hold it: `Code postal` becomes `Code_postal`."""
    return re.sub(r"\W+", "_", name.strip()).strip("_") or "_"


def _is_checked(box: Node) -> bool:
    """Whether a form check box is ticked, or is so by default."""
    values = [node.get(f"{W}val", "1") for name in ("checked", "default") for node in box.iter(f"{W}{name}")]
    return bool(values) and values[0] not in ("0", "false", "off")


def _complex(root: Node) -> Iterator[tuple[list[Node], str, Node | None]]:
    """Each field cut in runs of one paragraph: its runs, its code, its check box if it is one.

    A field inside another, or over several paragraphs, is left to a person.
    """
    for paragraph in root.iter(f"{W}p"):
        runs: list[Node] = []
        code, box, depth, ended = "", None, 0, False
        for run in list(paragraph.iter(RUN)):
            for child in run:
                kind = child.get(_KIND) if child.tag == _CHAR else ""
                depth += {"begin": 1, "end": -1}.get(kind or "", 0)
                if kind == "begin":
                    box = child.find(f".//{W}checkBox")
                elif child.tag == _CODE:
                    code += child.text or ""
                ended = kind == "end" and depth == 0
            if depth or ended:
                runs.append(run)
            if ended:
                if runs[0].getparent() is runs[-1].getparent():
                    yield runs, code, box
                runs, code, box, ended = [], "", None, False


def _run(text: str, like: Node | None) -> Node:
    run = etree.Element(RUN)
    properties = None if like is None else like.find(f"{W}rPr")
    if properties is not None:
        run.append(deepcopy(properties))
    written = etree.SubElement(run, TEXT)
    written.text = text
    written.set(_SPACE, "preserve")
    return run
