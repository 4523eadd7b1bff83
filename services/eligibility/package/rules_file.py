"""package.yaml, what the package is and when it may govern; rules.yaml, when each reason holds, what it says
and where it sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from services.eligibility.package import source
from services.eligibility.package.findings import did_you_mean
from services.eligibility.package.model import (
    ENGINE_DISAGREEMENT,
    Identity,
    Message,
    PlainWording,
    Rule,
    RuleSeverity,
)
from services.eligibility.package.tables import LiteralError, Table, place_in
from services.eligibility.package.tree import ValueType, names
from services.kit.dates import Period
from services.kit.french import typeset
from services.kit.releases import versions

_ID = re.compile(r"[a-z][a-z0-9-]{0,62}")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_SEVERITIES = {severity.value: severity for severity in RuleSeverity}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def _identifier(text: str) -> str:
    if not _ID.fullmatch(text):
        raise LiteralError("Un identifiant s’écrit en minuscules, chiffres et tirets (63 au plus).")
    return text


def _version(text: str) -> str:
    if not versions.is_version(text):
        raise LiteralError(versions.SENTENCE)
    return text


def read_identity(table: Table) -> Identity:
    """The identity of the package; its validity is read even when the rest is wrong."""
    identity = Identity(
        id=table.parsed("id", _identifier) or "",
        version=table.parsed("version", _version) or "",
        title=table.typeset("title"),
        organisation=table.typeset("organisation"),
        legal_basis=tuple(typeset(item.text) for item in table.scalars("legal_basis")),
        validity=read_period(table, "effective_from", "effective_until"),
    )
    table.close()
    return identity


def read_period(table: Table, first_key: str, last_key: str, default_first: date | None = None) -> Period:
    """A period written as a first and a last day, both included; no last day means without end."""
    read_first = table.date(first_key, required=default_first is None)
    last = table.date(last_key, required=False)
    first = read_first or default_first or last or date.max
    if last is not None and last < first:
        table.fail(last_key, "Le dernier jour vient avant le premier.")
        first = last
    return Period(first, last)


def read_rules(
    table: Table, scope: Mapping[str, ValueType], orientations: Mapping[str, str], validity: Period
) -> tuple[Rule, ...]:
    """The rules, in the order of the file, which is that of the reasons."""
    rules: list[Rule] = []
    for id_, place, row in table.rows():
        if not _CODE.fullmatch(id_) or id_ == ENGINE_DISAGREEMENT:
            row.fail_at(
                place,
                f"« {id_} » n’est pas admis : un nom de règle s’écrit en capitales, chiffres et « _ ».",
            )
        rule = _read_rule(id_, row, scope, orientations, validity)
        if rule is not None:
            rules.append(rule)
    _check_versions(table, rules)
    return tuple(rules)


def _read_rule(
    id_: str, row: Table, scope: Mapping[str, ValueType], orientations: Mapping[str, str], validity: Period
) -> Rule | None:
    severity = row.choice("severity", _SEVERITIES)
    condition = row.expression("when", scope)
    if condition is not None and not any(True for _ in names(condition)):
        row.fail("when", "Cette condition ne dépend d’aucun fait.")
    orientation = row.text("orientation", required=False)
    if orientation and orientation not in orientations:
        hint = did_you_mean(orientation, orientations)
        row.fail("orientation", f"L’orientation « {orientation} » n’est pas dans decision.yaml{hint}")
    if "orientation_when" in row and not orientation:
        row.fail("orientation_when", "Une condition d’orientation accompagne une orientation.")
    code = row.text("code", required=False) or id_
    if not _CODE.fullmatch(code) or code == ENGINE_DISAGREEMENT:
        row.fail("code", f"Le code « {code} » n’est pas admis.")
    messages = _read_messages(row, scope)
    article = row.typeset("article")
    orientation_condition = row.expression("orientation_when", scope, required=False)
    period = read_period(row, "valid_from", "valid_until", validity.first)
    plain = _read_plain(row, scope) if "plain" in row else None
    row.close()
    if severity is None or condition is None:
        return None
    return Rule(
        id_, code, severity, condition, messages, article, orientation, orientation_condition, period, plain
    )


def _read_plain(row: Table, scope: Mapping[str, ValueType]) -> PlainWording | None:
    """The plain wording of a reason; `todo` may be left out."""
    plain = row.table("plain")
    if plain is None:
        return None
    found, todo = plain.scalar("found"), plain.scalar("todo", required=False)
    plain.close()
    return PlainWording(*(_read_template(row, text, scope) for text in (found, todo) if text is not None))


def _read_messages(row: Table, scope: Mapping[str, ValueType]) -> tuple[Message, ...]:
    """One sentence, or several of which the first whose `when` is true is used; the last has no `when`."""
    node = row.node("message")
    if isinstance(node, source.Scalar):
        return (Message(_read_template(row, node, scope), None),)
    if not isinstance(node, source.Sequence):
        if node is not None:
            row.fail("message", "Une phrase est attendue ici, ou une liste de phrases selon la situation.")
        return ()
    messages: list[Message] = []
    for item in row.tables("message"):
        text = item.scalar("text")
        condition = item.expression("when", scope, required=False)
        item.close()
        if text is not None:
            messages.append(Message(_read_template(row, text, scope), condition))
    if not messages or messages[-1].condition is not None:
        row.fail(
            "message",
            "La dernière phrase n’a pas de « when » : elle sert quand aucune autre ne convient.",
        )
    return tuple(messages)


def _read_template(row: Table, text: source.Scalar, scope: Mapping[str, ValueType]) -> tuple[str, ...]:
    """Texts at even ranks, names of values at odd ranks."""
    parts = tuple(
        part.strip() if index % 2 else typeset(part)
        for index, part in enumerate(_PLACEHOLDER.split(text.text.strip()))
    )
    for match in _PLACEHOLDER.finditer(text.text):
        if match[1].strip() not in scope:
            row.fail_at(
                place_in(text, match.start()),
                f"« {match[1]} » n’est ni un fait, ni un paramètre, ni un calcul"
                f"{did_you_mean(match[1], scope)}",
            )
    if any("{" in part or "}" in part for part in parts[::2]):
        row.fail_at(text.place, "Une accolade n’est pas fermée.")
    return parts


def _check_versions(table: Table, rules: list[Rule]) -> None:
    """Two rules of one code are its successive versions: their periods must not overlap."""
    for index, rule in enumerate(rules):
        for other in rules[:index]:
            if rule.code == other.code and rule.validity.overlaps(other.validity):
                table.fail(rule.id, f"Les règles {other.id} et {rule.id} ont le même code le même jour.")
