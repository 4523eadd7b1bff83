"""What the gate says besides refusing: accessibility, comments in the file, the palette, the normal form."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from services.documents.render import opc
from services.documents.render.compiler import compile_template
from services.documents.template.annotate import annotate
from services.documents.template.fields import make_fields, palette
from services.documents.template.gate import examine
from services.documents.template.normalise import normalise
from services.documents.template.restoring import restored
from services.documents.template.tags import canonical, find
from services.documents.template.trial import contexts
from services.kit.findings import Severity
from tests.documents_support import text
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
from tests.ooxml_support import needs_validator, validator

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def styled(style: str, words: str, properties: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{properties}</w:pPr>{run(words)}</w:p>'


def codes(content: bytes, severity: Severity) -> set[str]:
    return {one.code for one in verdict(content).findings if one.severity is severity}


def picture(attributes: str) -> str:
    inline = f'<wp:inline><wp:extent cx="1" cy="1"/><wp:docPr id="1" name="Image" {attributes}/></wp:inline>'
    return f"<w:p><w:r><w:drawing>{inline}</w:drawing></w:r></w:p>"


def alone(words: str, properties: str) -> str:
    return f"<w:p>{run(words, properties)}</w:p>"


BAD_TABLE = table(("A",), ("b",)).replace("<w:trPr><w:tblHeader/></w:trPr>", "")


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("HEADING_JUMP", docx(styled("Title", "Un"), styled("Heading3", "Trois"))),
        ("HEADING_NONE", docx(*[paragraph(f"ligne {number}") for number in range(41)])),
        ("TABLE_HEADER", docx(BAD_TABLE)),
        ("ALTERNATIVE_TEXT", docx(picture(""))),
        ("FAKE_BULLET", docx(paragraph("• une puce"))),
        ("TITLE", docx(paragraph("x"), title=" ")),
        ("LANGUAGE", opc.write({**parts_of(paragraph("x")), "word/styles.xml": b"<w:styles xmlns:w='x'/>"})),
    ],
)
def test_what_shuts_readers_out_is_an_error(code: str, content: bytes) -> None:
    if code == "HEADING_JUMP":
        parts = opc.read(content)
        level = b'<w:style w:type="paragraph" w:styleId="Heading3"><w:name w:val="heading 3"/></w:style>'
        parts["word/styles.xml"] = opc.before_end(parts["word/styles.xml"], level.decode())
        content = opc.write(parts)
    assert code in codes(content, Severity.ERROR)


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("TABLE_TITLE", docx(table(("A",), ("b",)).replace('<w:tblCaption w:val="Essai"/>', ""))),
        ("TABLE_MERGED", docx(table(("A",), ("b",)).replace("<w:tcPr>", "<w:tcPr><w:vMerge/>"))),
        ("FLOATING", docx("<w:p><w:r><w:pict><w:txbxContent><w:p/></w:txbxContent></w:pict></w:r></w:p>")),
        ("BLANKS", docx(*["<w:p/>"] * 3, paragraph("x"))),
        ("JUSTIFIED", docx(styled("Normal", "x", '<w:jc w:val="both"/>'))),
        ("FAKE_HEADING", docx(alone("Titre en gras", "<w:b/>"))),
        ("SMALL_TEXT", docx(alone("petit", '<w:sz w:val="16"/>'))),
        ("CONTRAST", docx(alone("pâle", '<w:color w:val="CCCCCC"/>'))),
    ],
)
def test_what_may_hinder_readers_is_a_doubt(code: str, content: bytes) -> None:
    assert code in codes(content, Severity.WARNING)
    assert errors(verdict(content)) == []


def test_a_decorative_picture_and_a_described_one_are_accepted() -> None:
    assert "ALTERNATIVE_TEXT" not in errors(verdict(docx(picture('descr="Le plan"'))))


def faulty() -> bytes:
    return docx(
        paragraph("{{ aplicant.last_name }}"),
        table(("A",), ("{{ loan.amount }}",)),
        paragraph("bien"),
        footer="{{ inconnu }} & <co>",
    )


def test_findings_are_comments_where_they_are() -> None:
    content = faulty()
    found = verdict(content)
    parts = opc.read(annotate(content, found.findings))
    comments = ElementTree.fromstring(parts["word/comments.xml"])
    said = ["".join(comment.itertext()) for comment in comments]
    assert len(said) == len(found.findings)
    assert any("Écrivez «\u00a0{{ applicant.last_name }}\u00a0»." in one for one in said)
    assert [one.partition(".")[0] for one in said] == [str(number + 1) for number in range(len(said))]
    assert any(". Erreur (pied de page 1, paragraphe 1)" in one for one in said)
    body = ElementTree.fromstring(parts[MAIN])
    marked = [
        "".join(node.itertext())
        for node in body.iter(f"{W}p")
        if node.find(f"{W}commentRangeStart") is not None
    ]
    assert marked == ["{{ aplicant.last_name }}", "{{ loan.amount }}"]
    assert annotate(b"rien", found.findings) == annotate(content, ()) == b""


def test_a_commented_copy_is_checked_as_the_file_and_the_comments_of_others_stay() -> None:
    found = verdict(faulty())
    commented = annotate(faulty(), found.findings)
    assert verdict(commented).findings == found.findings
    assert annotate(commented, found.findings) == commented
    parts = opc.read(commented)
    other = parts["word/comments.xml"].replace("Contrôle du modèle".encode(), b"Une collegue", 1)
    mixed = opc.write({**parts, "word/comments.xml": other})
    again = verdict(mixed)
    assert [one for one in errors(again) if one not in errors(found)] == ["COMMENT"]
    assert "TAG_UNFILLED" not in errors(again)
    merged = ElementTree.fromstring(opc.read(annotate(again.docx, again.findings))["word/comments.xml"])
    assert len(merged) == 1 + len(again.findings)
    assert len({comment.get(f"{W}id") for comment in merged}) == len(merged)
    bare, back = (
        parts_of(paragraph("x")),
        opc.read(verdict(annotate(docx(paragraph("x")), found.findings)).docx),
    )
    assert back.keys() == bare.keys()
    assert b"comment" not in b"".join(back.values())


def test_what_libreoffice_drops_comes_back() -> None:
    described = picture('descr="Le plan"')
    before = docx(table(("A", "B"), ("c", "d")), described)
    dropped = opc.read(before)
    for told in (b'<w:tblCaption w:val="Essai"/>', b' descr="Le plan"'):
        dropped[MAIN] = dropped[MAIN].replace(told, b"")
    assert "TABLE_TITLE" in codes(opc.write(dropped), Severity.WARNING)
    assert "ALTERNATIVE_TEXT" in errors(verdict(opc.write(dropped)))
    back = restored(opc.write(dropped), before)
    assert opc.read(back)[MAIN].count(b"Essai") == opc.read(back)[MAIN].count(b"Le plan") == 1
    assert {one.code for one in examine(template(back), None).findings} == {"NO_TAG"}
    assert restored(before, before) == before
    assert restored(b"rien", before) == b"rien"


@needs_validator
def test_word_opens_the_commented_copy(tmp_path: Path) -> None:
    path = tmp_path / "commented.docx"
    path.write_bytes(annotate(faulty(), verdict(faulty()).findings))
    done = subprocess.run([validator(), str(path)], capture_output=True, check=False)
    assert json.loads(done.stdout)["errors"] == []


def test_every_tag_of_the_palette_passes_the_gate_and_prints() -> None:
    entries = [one for one in palette(make_fields("NOBODY", "nobody")) if one.tag]
    assert len(entries) > 200
    alone = [one for one in entries if "[]" not in one.path and one.kind not in ("list", "object", "boolean")]
    roots = {one.path.partition(".")[0] for one in entries if one.optional and "." not in one.path}
    blocks = []
    for one in alone:
        owners = [".".join(one.path.split(".")[:depth]) for depth in range(1, one.path.count(".") + 1)]
        guards = " and ".join(f"{owner} is defined" for owner in owners)
        tag = f"{{% if {guards} %}}{one.tag}{{% endif %}}" if guards else one.tag
        blocks.append(paragraph(f"{one.path} : {tag}"))
    title = styled("Title", "Palette")
    found = verdict(docx(title, *blocks))
    assert roots
    assert [str(one) for one in found.findings if one.severity is Severity.ERROR] == []


def test_run_tags_joined_by_word_get_their_runs_back() -> None:
    joined = f"<w:p>{run('avant {%r if loan.months == 1 %}dedans{%r endif %} après')}</w:p>"
    found = verdict(docx(joined))
    assert errors(found) == []
    context = next(iter(contexts(template(found.docx), sample(), ())))[1]
    assert "avant  après" in text(compile_template(found.docx).render(context))


NOISE = (
    '<w:p w:rsidR="00A1"><w:pPr><w:pStyle w:val="Normal"/></w:pPr>'
    '<w:bookmarkStart w:id="0" w:name="_GoBack"/><w:bookmarkEnd w:id="0"/>'
    '<w:r w:rsidR="1"><w:t>Bonjour {{ appl</w:t></w:r><w:proofErr w:type="spellStart"/>'
    '<w:r w:rsidR="2"><w:t>icant.last_</w:t></w:r><w:proofErr w:type="spellEnd"/>'
    "<w:r><w:lastRenderedPageBreak/><w:t>name }} fin</w:t></w:r></w:p>"
)


def test_the_noise_of_word_is_taken_off_once_and_for_all() -> None:
    cleaned = normalise(parts_of(NOISE))
    body = cleaned[MAIN].decode()
    assert ">Bonjour {{ applicant.last_name }} fin</w:t>" in body
    assert not [word for word in ("rsid", "proofErr", "_GoBack", "lastRendered") if word in body]
    assert normalise(cleaned) == cleaned


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("{{\u00a0x\u202f}}", "{{ x }}"),
        ("{% if x == «\u00a0a b\u00a0» %}", "{% if x == 'a b' %}"),
        ("{% if x == “a” %}", "{% if x == 'a' %}"),
        ("{{ 'l’été' }}", "{{ 'l\\u2019été' }}"),
        ("{% if x == ‘l’été’ %}", "{% if x == 'l\\u2019été' %}"),
        ("{{ x | join(', ') }}", "{{ x | join(', ') }}"),
        ('{{ "50 % & <b>" }}', "{{ '50 \\u0025 \\u0026 \\u003cb\\u003e' }}"),
        ("{{ l’été }}", "{{ l’été }}"),
    ],
)
def test_a_tag_is_written_as_it_was_meant(typed: str, read: str) -> None:
    assert canonical(typed) == read
    assert canonical(read) == read


def test_signs_left_alone_are_found_in_one_pass() -> None:
    tags, strays = find("a {{ x {{ y }} b }} %} {# c }} #} {{ z")
    assert [tag.source for tag in tags] == ["{{ y }}", "{# c }} #}"]
    assert [stray.sign for stray in strays] == ["{{", "}}", "%}", "{{"]


def known(condition: str, inside: str) -> list[str]:
    return errors(verdict(docx(paragraph(f"{{% if {condition} %}}{inside}{{% endif %}}"))))


@pytest.mark.parametrize(
    "condition",
    [
        "applicant.birth_name is defined",
        "not (applicant.birth_name is undefined)",
        "loan.months == 1 and applicant.birth_name is defined",
        "not (loan.months == 1 or applicant.birth_name is undefined)",
    ],
)
def test_a_condition_makes_an_optional_field_known(condition: str) -> None:
    assert known(condition, "{{ applicant.birth_name }}") == []
    assert known(condition, "x{% else %}{{ applicant.birth_name }}") == ["OPTIONAL_UNGUARDED"]
    choice = f"{{{{ applicant.birth_name if {condition} else 'x' }}}}"
    assert errors(verdict(docx(paragraph(choice)))) == []


@pytest.mark.parametrize(
    "condition", ["applicant.birth_name is undefined", "loan.months == 1 or applicant.birth_name is defined"]
)
def test_a_condition_that_does_not_tell_does_not_help(condition: str) -> None:
    assert "OPTIONAL_UNGUARDED" in known(condition, "{{ applicant.birth_name }}")


def test_the_item_of_a_loop_forgets_what_was_known_of_another() -> None:
    loop = "{% for one in pieces %}{% if one.reason is defined %}{{ one.reason }}{% endif %}{% endfor %}"
    assert errors(verdict(docx(paragraph(loop)))) == []
    outside = "{% for one in pieces %}{% if one.reason is defined %}x{% endif %}{{ one.reason }}{% endfor %}"
    assert errors(verdict(docx(paragraph(outside)))) == ["OPTIONAL_UNGUARDED"]


def test_kinds() -> None:
    def of(tag: str) -> Any:
        return errors(verdict(docx(paragraph(tag))))

    assert of("{{ pieces | missing | length }}") == []
    assert of("{{ loan.months + 1 }}") == []
    assert of("{{ loan.months ~ applicant.last_name }}") == []
    assert of("{{ loan.months ~ loan.amount }}") == ["FILTER_KIND"]
    assert of("{{ 1.5 }}") == ["EXPRESSION_FORBIDDEN"]
    assert of("{{ pieces[0] }}") == ["EXPRESSION_FORBIDDEN"]
    assert of("{{ case.request_date | time_left }}") == ["FILTER_ARGUMENTS"]
    assert of("{% if loan.months is divisibleby 2 %}x{% endif %}") == ["TEST_UNKNOWN"]
