"""The gate catches every template that a mistaken or hostile author may send, with its place, in French."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Mapping

import pytest

from services.documents.render import opc
from services.documents.template.annotate import annotate
from services.documents.template.apart import annotate_apart, examine_apart
from services.documents.template.gate import examine
from services.kit.errors import Unavailable
from tests.documents_templates import (
    MAIN,
    docx,
    errors,
    paragraph,
    parts_of,
    run,
    sample,
    table,
    template,
    verdict,
)

NAME = "{{ applicant.last_name }}"
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

# What staff get wrong, with the code of a finding that tells it.
FAULTS: Mapping[str, tuple[str, bytes]] = {
    "unknown field": ("FIELD_UNKNOWN", docx(paragraph("Nom : {{ aplicant.last_name }}"))),
    "unknown field of a field": ("FIELD_UNKNOWN", docx(paragraph("{{ applicant.lastname }}"))),
    "unknown field in a branch that no example takes": (
        "FIELD_UNKNOWN",
        docx(paragraph("{% if loan.months == 999 %}{{ applicant.nom }}{% endif %}")),
    ),
    "optional field without a condition": (
        "OPTIONAL_UNGUARDED",
        docx(paragraph("{{ applicant.birth_name }}")),
    ),
    "amount without a filter": ("FILTER_MISSING", docx(paragraph("{{ loan.amount }}"))),
    "date without a filter": ("FILTER_MISSING", docx(paragraph("{{ case.request_date }}"))),
    "rate without a filter": (
        "FILTER_MISSING",
        docx(paragraph("{% if loan.nominal_rate_pct is defined %}{{ loan.nominal_rate_pct }}{% endif %}")),
    ),
    "list printed as text": ("FILTER_MISSING", docx(paragraph("{{ pieces }}"))),
    "filter of another type": ("FILTER_KIND", docx(paragraph("{{ applicant.last_name | euros }}"))),
    "unknown filter": ("FILTER_UNKNOWN", docx(paragraph("{{ loan.amount | euro }}"))),
    "loop over what is no list": (
        "LOOP_KIND",
        docx(paragraph("{%p for one in applicant %}"), paragraph("x"), paragraph("{%p endfor %}")),
    ),
    "missing endfor": ("BLOCK_UNCLOSED", docx(paragraph("{%p for one in pieces %}"), paragraph("x"))),
    "missing endif before another block": (
        "BLOCK_UNCLOSED",
        docx(
            paragraph("{%p for one in pieces %}"),
            paragraph("{% if loan.months == 1 %}oui"),
            paragraph("{%p endfor %}"),
        ),
    ),
    "endif without if": ("BLOCK_UNOPENED", docx(paragraph("texte {% endif %}"))),
    "unknown statement": ("TAG_UNKNOWN", docx(paragraph("a"), paragraph("{% fi %}"))),
    "unclosed brace": (
        "TAG_UNCLOSED",
        docx(paragraph("a {{ applicant.last_name"), paragraph(f"suite {NAME}")),
    ),
    "closing brace alone": ("TAG_UNOPENED", docx(paragraph("applicant.last_name }} suite"))),
    "text beside a paragraph tag": (
        "TEXT_LOST",
        docx(paragraph("Voici : {%p if loan.months == 1 %}"), paragraph("x"), paragraph("{%p endif %}")),
    ),
    "two paragraph tags in one paragraph": (
        "TEXT_LOST",
        docx(paragraph("{%p if loan.months == 1 %}texte{%p endif %}"), paragraph("suite")),
    ),
    "block across paragraphs": (
        "BLOCK_SPREAD",
        docx(paragraph("{% if loan.months == 1 %}un"), paragraph("deux{% endif %}")),
    ),
    "block opened with p, closed without": (
        "BLOCK_PREFIX",
        docx(paragraph("{%p if loan.months == 1 %}"), paragraph("x"), paragraph("{% endif %}")),
    ),
    "row tag outside a table": (
        "TAG_MISPLACED",
        docx(paragraph("{%tr for one in pieces %}"), paragraph("{%tr endfor %}")),
    ),
    "text beside a row tag": (
        "TEXT_LOST",
        docx(table(("A", "B"), ("{%tr for one in pieces %}", "perdu"), ("x", "y"), ("{%tr endfor %}", ""))),
    ),
    "percent sign in a paragraph tag": (
        "TAG_SIGN",
        docx(paragraph("{%p if loan.months % 2 == 0 %}"), paragraph("x"), paragraph("{%p endif %}")),
    ),
    "unbalanced quote": ("TAG_SYNTAX", docx(paragraph("{{ applicant.last_name | join('a }}"))),
    "amount compared to a number": (
        "COMPARISON",
        docx(paragraph("{% if loan.amount > 1000 %}grand{% endif %}")),
    ),
    "value that a code never has": (
        "CODE_UNKNOWN",
        docx(paragraph("{% for one in pieces %}{% if one.status == 'MISSNG' %}x{% endif %}{% endfor %}")),
    ),
    "cell emptied by its condition": (
        "CONTAINER_EMPTIED",
        docx(
            table(("A",), ("@",)).replace(
                paragraph("@"),
                paragraph("{%p if loan.months == 999 %}") + paragraph("x") + paragraph("{%p endif %}"),
            )
        ),
    ),
    "tag in a Word field": (
        "FIELD_TAG",
        docx(f'<w:p><w:fldSimple w:instr=" HYPERLINK https://x/{NAME} ">{run("x")}</w:fldSimple></w:p>'),
    ),
    "tag in the styles": (
        "TAG_UNFILLED",
        opc.write({**parts_of(paragraph("x")), "word/theme/theme1.xml": b"<a>{{ x }}</a>"}),
    ),
    "dash that swallows a paragraph": ("TAG_DASH", docx(paragraph("{%- if loan.months == 1 %}x{% endif %}"))),
}

ATTACKS = {
    "globals": "{{ cycler.__init__.__globals__.os.popen('echo PWN').read() }}",
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() | length }}",
    "format": "{{ '{0.__class__}'.format(1) }}",
    "lipsum": "{{ lipsum(n=3) | length }}",
    "range": "{{ range(10**7) | list | length }}",
    "long string": "{{ ('a' * 3*10**7) | length }}",
    "power": "{{ (9**9**6) | string | length }}",
    "include": "{% include '/etc/hostname' %}",
    "nested loops": "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}ok",
    "attribute filter": "{{ applicant | attr('__class__') }}",
    "indirect format": "{{ applicant.last_name | map('format') | join }}",
    "macro": "{% macro m() %}{{ caller() }}{% endmacro %}",
    "assignment": "{% set x = namespace(a=1) %}{{ x.a }}",
    "raw XML": "{{ applicant.last_name | safe }}",
}


def changed(name: str, change: Callable[[bytes], bytes | None], *, deflate: bool = True) -> bytes:
    """A good template with one part changed or taken away."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as archive:
        for part, content in parts_of(paragraph(NAME)).items():
            kept = change(content) if part == name else content
            if kept is not None:
                archive.writestr(part, kept)
    return buffer.getvalue()


def related(kind: str, target: str) -> bytes:
    """A good template with an external relationship more."""
    added = f'<Relationship Id="rId99" Type="{LINK}/{kind}" Target="{target}" TargetMode="External"/>'
    return changed("word/_rels/document.xml.rels", lambda content: opc.before_end(content, added))


def with_field(*codes: str) -> bytes:
    """A template with a complex field, its code cut in runs."""
    pieces = "".join(f"<w:r><w:instrText>{code}</w:instrText></w:r>" for code in codes)
    ends = [f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end")]
    return docx(f"<w:p>{ends[0]}{pieces}{ends[1]}</w:p>")


GOOD = docx(paragraph(NAME))
TYPES = opc.CONTENT_TYPES
WORD = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
DAMAGED: Mapping[str, tuple[str, bytes]] = {
    "empty": ("DOCX_FORMAT", b""),
    "text": ("DOCX_FORMAT", b"hello"),
    "old Word file": ("DOCX_FORMAT", b"\xd0\xcf\x11\xe0" + b"\0" * 600),
    "truncated": ("DOCX_FORMAT", GOOD[: len(GOOD) // 2]),
    "zip without parts": ("DOCX_FORMAT", opc.write({})),
    "no body": ("DOCX_FORMAT", changed(MAIN, lambda content: None)),
    "broken body": ("XML_BROKEN", changed(MAIN, lambda content: content[:-30])),
    "entity": (
        "DOCTYPE",
        changed(
            MAIN,
            lambda content: (b'<!DOCTYPE x [<!ENTITY e "BOOM">]>' + content).replace(b"{{ app", b"&e;{{ app"),
        ),
    ),
    "macros": (
        "MACRO",
        changed(
            TYPES,
            lambda content: content.replace(WORD, b"application/vnd.ms-word.document.macroEnabled.main+xml"),
        ),
    ),
    "Word template": (
        "DOCX_FORMAT",
        changed(TYPES, lambda content: content.replace(b"document.main", b"template.main")),
    ),
    "zip bomb": ("DOCX_BOMB", changed("docProps/app.xml", lambda content: content + b" " * 15_000_000)),
    "huge zip bomb": (
        "DOCX_TOO_LARGE",
        changed("docProps/app.xml", lambda content: content + b" " * 100_000_000),
    ),
    "attached template": ("EXTERNAL_CONTENT", related("attachedTemplate", "http://198.51.100.1/x.dotm")),
    "distant image": ("EXTERNAL_CONTENT", related("image", "https://198.51.100.1/pixel.png")),
    "link to a share": ("EXTERNAL_CONTENT", related("hyperlink", "file://198.51.100.1/share")),
    "OLE object": ("ACTIVE_CONTENT", opc.write({**parts_of(paragraph("x")), "word/embeddings/o.bin": b"x"})),
    "ActiveX": (
        "ACTIVE_CONTENT",
        opc.write({**parts_of(paragraph("x")), "word/activeX/activeX1.xml": b"<a/>"}),
    ),
    "altChunk": ("ACTIVE_CONTENT", docx('<w:altChunk r:id="rId1"/>')),
    "DDE field": ("FIELD_FORBIDDEN", with_field("DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe")),
    "DDE field cut in runs": ("FIELD_FORBIDDEN", with_field(" DD", "EAU", "TO c:\\\\cmd.exe ")),
    "INCLUDETEXT": ("FIELD_FORBIDDEN", with_field('INCLUDEPICTURE "http://198.51.100.1/a.png"')),
    "date of the clock": ("FIELD_CLOCK", with_field(" DATE \\@ dd/MM/yyyy ")),
    "tracked change": (
        "REVISION",
        docx('<w:p><w:ins w:id="1" w:author="a"><w:r><w:t>x</w:t></w:r></w:ins></w:p>'),
    ),
    "comment": ("COMMENT", docx('<w:p><w:r><w:commentReference w:id="0"/></w:r></w:p>')),
    "path out of the archive": (
        "DOCX_FORMAT",
        opc.write({**parts_of(paragraph("x")), "../evil.xml": b"<a/>"}),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_staff_is_told_with_its_place(name: str) -> None:
    code, content = FAULTS[name]
    found = verdict(content)
    assert code in errors(found)
    for one in found.findings:
        assert one.place
        assert one.sentence.endswith((".", "?"))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_before_anything_runs(name: str) -> None:
    assert errors(verdict(docx(paragraph(ATTACKS[name]))))


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_or_foreign_file_is_refused(name: str) -> None:
    code, content = DAMAGED[name]
    assert code in errors(verdict(content))


def test_all_the_faults_are_told_at_once() -> None:
    blocks = (
        paragraph("{{ aplicant.last_name }}"),
        paragraph("{{ loan.amount }}"),
        paragraph("perdu {%p if loan.months == 1 %}"),
        paragraph("{{ 'a"),
        paragraph("• une puce"),
    )
    found = verdict(docx(*blocks, footer="{{ inconnu }}"))
    assert {
        "FIELD_UNKNOWN",
        "FILTER_MISSING",
        "TEXT_LOST",
        "BLOCK_UNCLOSED",
        "TAG_UNCLOSED",
        "FAKE_BULLET",
    } <= set(errors(found))
    parts = {str(one.place).partition(",")[0] for one in found.findings}
    assert parts >= {"corps", "pied de page 1", "pied de page 2"}


@pytest.mark.parametrize("text", ["{{ ", "{%- ", "-%} ", "{# ", "{% vm %} ", "{{ x }} "])
def test_what_holds_docxtpl_for_long_costs_the_gate_little(text: str) -> None:
    started = time.process_time()
    assert errors(verdict(docx(paragraph(text * 20000))))
    assert time.process_time() - started < 10


@pytest.mark.parametrize("sign", ["{{{{ {} }}}} ", "{{{}}} ", "[NOM{}] "])
def test_thousands_of_near_misses_cost_the_gate_little(sign: str) -> None:
    """Each asks for the nearest field, and for an advice that is tried."""
    content = docx(paragraph("".join(sign.format(f"nom{number}") for number in range(3000))))
    started = time.process_time()
    assert examine(template(content), None).findings
    assert time.process_time() - started < 20


def heavy() -> bytes:
    """A sound template that takes a while."""
    return docx(*[paragraph("{% if loan.months == 1 %}{{ loan.months }}{% endif %}") for _ in range(1600)])


def test_a_file_that_takes_too_long_costs_the_child_alone() -> None:
    """Wall time depends on the load: it says nothing of the file, which may be sent again."""
    with pytest.raises(Unavailable) as caught:
        examine_apart(template(heavy()), sample(), seconds=0.2)
    assert caught.value.reason == "CHECK_INTERRUPTED"


def test_a_child_short_of_memory_is_a_finding() -> None:
    found = examine_apart(template(heavy()), sample(), seconds=600, memory=64 * 1024 * 1024)
    assert errors(found)[0] in ("CHECK_MEMORY", "CHECK_CRASH")


def test_the_child_says_the_same() -> None:
    content = docx(paragraph("{{ aplicant.last_name }}", NAME))
    assert examine_apart(template(content), sample(), seconds=600) == verdict(content)
    assert examine_apart(template(GOOD), sample(), seconds=600).findings == ()
    findings = verdict(content).findings
    assert annotate_apart(content, findings, seconds=600) == annotate(content, findings)
    assert annotate_apart(content, findings, seconds=0.01) == b""
