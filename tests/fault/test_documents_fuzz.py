"""Files at random: the gate answers, with findings, and never fails itself; what it accepts is rendered."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from services.documents.render import opc
from services.documents.render.compiler import compile_template
from services.documents.render.errors import RenderError, TemplateError
from services.documents.template.annotate import annotate
from services.documents.template.gate import examine
from services.documents.template.restoring import restored
from services.documents.template.trial import contexts
from tests.documents_support import ASK, BANK
from tests.documents_templates import sample, shipped, template
from tests.support import examples

TEXTS = (
    *(
        "{{",
        "}}",
        "{% if loan.months == 3 %}",
        "{%p endif %}",
        "{%tr for one in pieces %}",
        "{# ",
        "{ {",
        "{nom}",
    ),
    *(
        "{{ 1 % 0 }}",
        "{{ applicant.last_name }}",
        "\u202e",
        "x" * 300,
        "{%p else %}",
        "{% vm %}",
        "{% colspan 2 %}",
    ),
)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A part of XML with a few elements moved, repeated, removed, or changed."""
    root = etree.fromstring(content)
    for _ in range(chance.randint(1, 6)):
        nodes: list[Any] = list(root.iter(etree.Element))
        node, other = chance.choice(nodes), chance.choice(nodes)
        match chance.randint(0, 6):
            case 0 if node.getparent() is not None:
                node.getparent().remove(node)
            case 1 if node.getparent() is not None:
                node.addnext(deepcopy(node))
            case 2 if (
                node not in other.iterancestors() and node is not other and node.getparent() is not None
            ):
                other.append(node)
            case 3:
                node.text = chance.choice(TEXTS)
            case 4 if node.getparent() is not None:
                node.tail = chance.choice(TEXTS)
            case 5 if node.attrib:
                node.set(chance.choice(list(node.attrib)), chance.choice([*TEXTS, "", "-1", "9" * 40]))
            case _:
                node.tag = chance.choice(nodes).tag
    return bytes(etree.tostring(root))


@pytest.fixture(scope="module")
def base() -> list[dict[str, bytes]]:
    return [opc.read(shipped(name).docx) for name in (ASK, BANK)]


@settings(
    max_examples=examples(120),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.randoms(use_true_random=False))
def test_mutated_parts_get_an_answer(base: list[dict[str, bytes]], chance: random.Random) -> None:
    parts = dict(chance.choice(base))
    for name in chance.sample(sorted(name for name in parts if name.endswith((".xml", ".rels"))), 2):
        parts[name] = mutated(parts[name], chance)
    content = opc.write(parts)
    found = examine(template(content), None)
    annotate(content, found.findings)
    restored(content, opc.write(chance.choice(base)))
    try:
        plan = compile_template(found.docx)
    except TemplateError:
        return
    for _, context in contexts(template(found.docx), sample(), ()):
        try:
            plan.render(context)
        except RenderError:
            continue


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_damaged_archives_get_an_answer(chance: random.Random) -> None:
    content = bytearray(shipped(ASK).docx)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(content))
        if chance.random() < 0.5:
            content[place] = chance.randrange(256)
        else:
            del content[place : place + chance.randint(1, 40)]
    assert examine(template(bytes(content)), None) is not None
    restored(bytes(content), shipped(ASK).docx)
