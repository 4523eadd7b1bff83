"""The fields that templates may name, as a typed tree: contract, profile and what the service adds."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.documents.contract import CONTRACT_FILE, RECIPIENTS, SERIES
from services.documents.render import FILTERS

_PROFILE_FILE = Path(__file__).parent.parent / "profiles" / "profile.schema.json"
_KINDS = {
    "money": "money",
    "signed_money": "money",
    "rate": "rate",
    "date": "date",
    "time": "time",
    "picture": "image",
}
_PROFILE_SIGNATORIES = ("president", "director")
_DEFINITION = "#/$defs/"

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A field: its kind (text, money, rate, date, code, integer, boolean, object, list), what is below."""

    kind: str
    label: str = ""
    optional: bool = False
    codes: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    item: Field | None = None
    most: int = 60
    """How many items a list has at most, as the contract says; supposed where it does not."""


@dataclass(frozen=True)
class FieldTag:
    """A line of the palette: the path of a field, and the tag to copy in a template."""

    path: str
    kind: str
    label: str
    optional: bool
    tag: str


def make_fields(recipient: str = "APPLICANT", signatory: str = "president") -> dict[str, Field]:
    """The fields of a template with this recipient and this signatory, as its manifest gives them."""
    contract, profile = _read(CONTRACT_FILE), _read(_PROFILE_FILE)
    applicant = contract.fields["applicant"]
    official = profile.fields["signatories"].fields["president"]
    return {
        **contract.fields,
        **{name: _added(described) for name, described in _ADDED.items()},
        "borrowers": Field("list", "Les personnes qui empruntent.", item=replace(applicant, optional=False)),
        "profile": replace(profile, label="Le profil de l’organisme."),
        "recipient": replace(_added(_RECIPIENT), optional=recipient not in RECIPIENTS),
        "statistics": _statistics(contract.fields["annual_report"]),
        "signatory": replace(official, optional=signatory not in _PROFILE_SIGNATORIES),
    }


def _statistics(report: Field) -> Field:
    """The statistics of a report, whose tables are those of the report and the one of the letters."""
    one = _added(_ADDED["statistics"])
    tables = replace(one.fields["tables"], most=report.fields["tables"].most + 1)
    return replace(one, fields={**one.fields, "tables": tables})


def palette(fields: Mapping[str, Field]) -> Iterator[FieldTag]:
    """Every field with a tag ready to copy; those of a list stand inside its loop."""
    for name, one in fields.items():
        yield from _entries(name, name, one)


def printing(kind: str) -> list[str]:
    """The filters that print a kind of field."""
    return [name for name, known in FILTERS.items() if kind in known.takes and known.gives == "text"]


def preferred(kind: str) -> tuple[str, ...]:
    """The filters that most often print a kind of field; none for a text."""
    return _PREFERRED.get(kind, ())


def _entries(path: str, spoken: str, one: Field) -> Iterator[FieldTag]:
    """`spoken` is the path as a tag writes it, where the item of a list has a name."""
    yield FieldTag(path, one.kind, one.label, one.optional, _tag(spoken, one))
    for name, below in one.fields.items():
        yield from _entries(f"{path}.{name}", f"{spoken}.{name}", below)
    if one.item is not None and one.item.fields:
        for name, below in one.item.fields.items():
            yield from _entries(f"{path}[].{name}", f"element.{name}", below)


def _tag(spoken: str, one: Field) -> str:
    if one.kind == "list":
        return f"{{%p for element in {spoken} %}} … {{%p endfor %}}"
    if one.kind in ("image", "object", "boolean"):
        return f"{{%p if {spoken} is defined %}} … {{%p endif %}}" if one.optional else ""
    chosen = next(iter(preferred(one.kind)), "")
    printed = f"{{{{ {spoken} | {chosen} }}}}" if chosen else f"{{{{ {spoken} }}}}"
    return f"{{% if {spoken} is defined %}}{printed}{{% endif %}}" if one.optional else printed


_PREFERRED = {
    "money": ("euros",),
    "rate": ("percent",),
    "date": ("long_date",),
    "time": ("clock",),
    "code": ("label",),
}


@lru_cache
def _read(path: Path) -> Field:
    document: Json = json.loads(path.read_text(encoding="utf-8"))
    return _field(document, document.get("$defs", {}), optional=False)


def _field(schema: Json, definitions: Json, *, optional: bool) -> Field:
    name = schema.get("$ref", "").removeprefix(_DEFINITION)
    target: Json = definitions[name] if name else schema
    label = schema.get("description", target.get("description", ""))
    if name in _KINDS:
        return Field(_KINDS[name], label, optional)
    if "x-labels" in target:
        return Field("code", label, optional, tuple(target["x-labels"]))
    if target.get("type") == "object":
        return Field("object", label, optional, fields=_properties(target, definitions))
    if target.get("type") == "array":
        # An absent list is read as an empty one.
        item = _field(target["items"], definitions, optional=False)
        return Field("list", label, item=item, most=target.get("maxItems", Field.most))
    # An enumeration without French labels is a text, compared with its known values only.
    kind = target.get("type", "string")
    codes = tuple(value for value in target.get("enum", ()) if isinstance(value, str))
    return Field(kind if kind in ("integer", "boolean") else "text", label, optional, codes)


def _properties(schema: Json, definitions: Json) -> dict[str, Field]:
    required: Collection[str] = schema.get("required", ())
    return {
        name: _field(below, definitions, optional=name not in required)
        for name, below in schema.get("properties", {}).items()
    }


def _added(described: Any) -> Field:
    """`"date?"` is an optional date; a list has one item; `?` in a dictionary makes it optional."""
    if isinstance(described, str):
        return Field(described.removesuffix("?"), optional=described.endswith("?"))
    if isinstance(described, list):
        return Field("list", item=_added(described[0]))
    fields = {name: _added(below) for name, below in described.items() if name != "?"}
    return Field("object", optional="?" in described, fields=fields)


IMPLIED: Mapping[str, tuple[str, ...]] = {
    "annual_report": ("statistics",),
    "annual_report.previous": ("statistics.before_year",),
    "bank_decision.offer.accepted_on": ("terms.withdrawal",),
    "case.received_on": ("terms.implicit_refusal",),
    "loan.schedule": ("charts.balance",),
    "terms.implicit_refusal": ("terms.implicit_remedy", "case.received_on"),
    "terms.suspended_refusal": ("terms.implicit_refusal", "terms.suspended_remedy", "deadlines.documents"),
    "terms.withdrawal": ("bank_decision.offer.accepted_on",),
}
"""What the service adds whenever a field is there, and what it needs to add it."""

_COUNTED = dict.fromkeys(("label", "count", "amount", "before", "amount_before"), "text")
_RECIPIENT = {"lines": ["text"], "salutation": "text"}
_ADDED: dict[str, Any] = {
    "authorised": {
        "pieces": ["text"],
        **{
            f"{flow}_{end}": "date?"
            for flow in ("to_lender", "from_lender")
            for end in ("given_on", "valid_until")
        },
    },
    "data_recipients": ["text"],
    "charts": {name: {"?": "", "alt": "text"} for name in SERIES},
    "document": {"date": "date", "title": "text", "reference": "text"},
    "dossier": {
        "pieces": [{"number": "integer", "title": "text", "template_id": "text"}],
        "enclosures": ["text"],
        "linked": "boolean",
    },
    "law": {"credit_notice": "text?", "forbearance": "text?"},
    "logo": {"?": "", "alt": "text", "width": "integer", "height": "integer"},
    "statistics": {
        "?": "",
        "figures": [dict.fromkeys(("label", "display", "before", "origin"), "text")],
        "tables": [
            {
                **dict.fromkeys(("title", "heading", "origin"), "text"),
                "amounts": "boolean",
                "rows": [_COUNTED],
                "total": _COUNTED,
            }
        ],
        "withheld": "text",
        "before_year": "integer?",
    },
    "terms": {
        "implicit_refusal": "date?",
        "implicit_remedy": "date?",
        "suspended_refusal": "date?",
        "suspended_remedy": "date?",
        "withdrawal": "date?",
    },
}
