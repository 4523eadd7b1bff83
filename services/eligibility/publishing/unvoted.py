"""The values of a ruleset that wait for their vote: said by its check, when it is to govern, and when the
service starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.eligibility.package import DatedValue, Parameter, RulePackage, display, read_package
from services.kit.findings import Finding, Severity
from services.kit.french import long_date, spaced
from services.kit.releases import SIGNATURE_FILE, Contents

UNVOTED_VALUE = "UNVOTED_VALUE"
_WAITS = "n’est pas voté (« draft: true ») : faites-le voter avant d’activer."


def unvoted(package: RulePackage, since: date = date.min) -> Iterator[Finding]:
    """A warning for each value, of a day or of later ones, that waits for its vote."""
    for name, parameter in package.parameters.items():
        for dated in parameter.values:
            if dated.draft and (dated.period.last is None or dated.period.last >= since):
                place = package.place_of_value(name, dated)
                sentence = f"{said_value(parameter, dated)} {_WAITS}"
                yield Finding(place, spaced(sentence), UNVOTED_VALUE, severity=Severity.WARNING)


def unvoted_values(contents: Contents, since: date) -> tuple[Finding, ...]:
    """The same, of the files of a version."""
    files = {path: content for path, content in contents.items() if path != SIGNATURE_FILE}
    return tuple(unvoted(read_package(files), since))


def said_value(parameter: Parameter, dated: DatedValue) -> str:
    """« Montant minimal » (300,00 €, à partir du 1er janvier 2011)."""
    shown = shown_value(parameter, dated)
    return f"« {parameter.label} » ({shown}, à partir du {long_date(dated.period.first)})"


def shown_value(parameter: Parameter, dated: DatedValue) -> str:
    """The value in French; a list is counted."""
    codes = dated.value if isinstance(dated.value, tuple) else None
    return f"{len(codes)} éléments" if codes is not None else display(dated.value, parameter.type)
