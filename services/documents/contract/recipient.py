"""To whom a document is addressed: postal block and form of address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.documents.contract.wording import (
    POSTAL_LINES,
    civil_name,
    civil_names,
    postal_block,
    salutation,
)
from services.kit.french import NO_BREAK_SPACE

Data = Mapping[str, Any]

_ATTENTION = f"À l’attention de{NO_BREAK_SPACE}"


@dataclass(frozen=True)
class Recipient:
    """`part` is the field of the contract that holds the address."""

    part: str
    lines: list[str]
    salutation: str

    def fits(self) -> bool:
        """Whether the postal block can be written."""
        return len(self.lines) <= POSTAL_LINES


def borrowers(data: Data) -> list[Data]:
    """The applicant, then the co-applicant if there is one."""
    return [data[name] for name in ("applicant", "co_applicant") if name in data]


def _applicant(data: Data) -> Recipient:
    persons = borrowers(data)
    lines = postal_block([civil_name(person) for person in persons], data["applicant"]["address"])
    return Recipient("applicant", lines, salutation(persons))


def _bank(data: Data) -> Recipient:
    bank = data["bank"]
    contacts = [bank["contact"]] if "contact" in bank else []
    attention = [_ATTENTION + civil_names(contacts)] if contacts else []
    department = [bank["department"]] if "department" in bank else []
    # The least useful line goes first when the block is too long.
    for names in ([bank["name"], *department, *attention], [bank["name"], *attention], [bank["name"]]):
        lines = postal_block(names, bank["address"])
        if len(lines) <= POSTAL_LINES:
            break
    return Recipient("bank", lines, salutation(contacts))


RECIPIENTS: Mapping[str, Callable[[Data], Recipient]] = {"APPLICANT": _applicant, "BANK": _bank}
"""How each value of `recipient` in a manifest is addressed; the other, NOBODY, has no postal block."""
