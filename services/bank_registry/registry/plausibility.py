"""What an agreement rarely says: values that are right by themselves, and more often a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from services.kit import french

LEAST_LOAN, LEAST_RATE = 300_00, Decimal("0.1")
"""Below these, in cents and in percent, the greatest loan or rate of an agreement is worth a second look."""


def doubts(values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The fields of an agreement to look at: each name, a stable code and a French sentence."""
    largest, envelope, rate = values["amount_max"], values["envelope"], values["rate_max_pct"]
    if (values["committed"] or 0) > (envelope or 0):
        text = "Le montant engagé dépasse l’enveloppe ; vérifiez les deux montants."
        yield "committed", "COMMITTED_ABOVE_ENVELOPE", text
    if largest is not None and largest < LEAST_LOAN:
        text = f"Le montant maximal ({french.euros(largest)}) est sous {french.euros(LEAST_LOAN)}"
        yield "amount_max", "AMOUNT_UNLIKELY", f"{text} ; vérifiez-le."
    if envelope is not None and largest is not None and envelope < largest:
        text = f"L’enveloppe ({french.euros(envelope)}) est sous le montant maximal ({french.euros(largest)})"
        yield "envelope", "ENVELOPE_UNLIKELY", f"{text} ; vérifiez-la."
    if rate is not None and 0 < rate < LEAST_RATE:
        read, meant = french.number(rate), french.number((rate * 100).normalize())
        yield (
            "rate_max_pct",
            "RATE_UNLIKELY",
            f"Le taux maximal se lit {read} %, pas {meant} % ; vérifiez-le.",
        )
