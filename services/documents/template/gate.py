"""The gate that every template passes: all that is wrong at once, and the file in its normal form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lxml import etree

from services.documents.render import TAGS, is_rendered, opc, parser, with_links
from services.documents.template.accessibility import accessibility
from services.documents.template.agreement import agreement, elsewhere
from services.documents.template.annotate import without_ours
from services.documents.template.chart_checks import charts, named
from services.documents.template.containers import kept
from services.documents.template.fields import make_fields
from services.documents.template.forbidden import forbidden
from services.documents.template.image_checks import images
from services.documents.template.manifest import Template
from services.documents.template.misses import misses
from services.documents.template.normalise import normalise
from services.documents.template.opening import open_docx
from services.documents.template.reading import WHOLE_FILE, lines, occurrences, place
from services.documents.template.rich_text import rich_texts
from services.documents.template.structure import structure
from services.documents.template.summing import placed
from services.documents.template.trial import Sample, try_out
from services.documents.template.walk import beginning, contract
from services.kit.findings import Finding, Severity, errors
from services.kit.french import spaced

MAX_TAGS = 5000
_NO_TAG = Finding(
    WHOLE_FILE,
    "Le modèle n’a aucune balise : tous les documents seraient le même.",
    "NO_TAG",
    "Copiez les balises des données : documents fields.",
    Severity.WARNING,
)


@dataclass(frozen=True)
class Verdict:
    """What the gate found, and the file in its normal form; the file as it came when it cannot be read."""

    findings: tuple[Finding, ...]
    docx: bytes


def examine(template: Template, sample: Sample | None) -> Verdict:
    """Everything to say of the Word file of a template; without a sample, it is not tried on the examples.

    Costs what the file asks for: strangers' files go through `checking`, in a process with limits.
    """
    opened = open_docx(template.docx)
    if not opened.parts:
        return _verdict(opened.findings, {}, template.docx)
    parts = named(normalise(without_ours(opened.parts)))
    linked = with_links(parts)
    # Links are looked at as they are filled; the rest as Word wrote it.
    filled = {name: linked[name] if name.endswith(".rels") else content for name, content in parts.items()}
    findings = [
        *forbidden(filled),
        *_tags(linked, template),
        *charts(parts),
        *images(parts),
        *accessibility(parts),
    ]
    if not any(tag.encode() in linked[name] for tag in TAGS for name in filter(is_rendered, linked)):
        findings.append(_NO_TAG)
    docx = opc.write(parts)
    if sample is not None and not errors(findings):
        findings += try_out(replace(template, docx=docx), sample)
    return _verdict(findings, parts, docx)


def _verdict(findings: Iterable[Finding], parts: Mapping[str, bytes], docx: bytes) -> Verdict:
    """The findings with their places, and the spaces of French, of which their authors need not think."""
    said = (
        replace(one, sentence=spaced(one.sentence), advice=spaced(one.advice))
        for one in placed(findings, parts)
    )
    return Verdict(tuple(said), docx)


def _tags(parts: Mapping[str, bytes], template: Template) -> Iterator[Finding]:
    fields = make_fields(template.recipient, template.signatory)
    for name in filter(is_rendered, parts):
        root = etree.fromstring(parts[name], parser())
        found = lines(name, root)
        tags = occurrences(found)
        if len(tags) > MAX_TAGS:
            yield Finding(place(name), f"Plus de {MAX_TAGS} balises dans {name}.", "DOCX_TOO_LARGE")
            continue
        said = [
            *elsewhere(name, root, found),
            *structure(found, tags),
            *kept(name, root, tags),
            *contract(tags, fields, template.requires),
            *rich_texts(tags, parts),
            *misses(found, beginning(fields, template.requires)),
        ]
        yield from said if errors(said) else (*said, *agreement(name, parts[name], tags))
