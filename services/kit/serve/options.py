"""Command line and French messages of a settings class: a field is an option and an environment variable."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

from services.kit.french import spaced

_FRENCH = {
    "int_parsing": "doit être un nombre entier (reçu « {input} »)",
    "float_parsing": "doit être un nombre (reçu « {input} »)",
    "finite_number": "doit être un nombre fini (reçu « {input} »)",
    "bool_parsing": "doit être true ou false (reçu « {input} »)",
    "greater_than": "doit être plus grand que {gt} (reçu « {input} »)",
    "greater_than_equal": "doit être au moins {ge} (reçu « {input} »)",
    "less_than_equal": "doit être au plus {le} (reçu « {input} »)",
    "literal_error": "doit être {expected} (reçu « {input} »)",
    "missing": "est obligatoire",
    "value_error": "est refusée : {error}",
}
_URL_PASSWORD = re.compile(r"(://[^:/?]*:).*@")
_QUERY_PASSWORD = re.compile(r"((?:password|secret|token)=)[^&]*", re.IGNORECASE)


def variable(settings: type[BaseSettings], field: str) -> str:
    """The environment variable of a field."""
    return f"{settings.model_config.get('env_prefix', '')}{field}".upper()


def option(field: str) -> str:
    """The command-line option of a field."""
    return f"--{field.replace('_', '-')}"


def parse(settings: type[BaseSettings], argv: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Values by field from `--name value`, `--name=value` or, for a boolean, `--name`; and what is wrong."""
    fields = {option(name): name for name in settings.model_fields}
    short = {name[2:]: name for name in fields}
    values: dict[str, str] = {}
    problems: list[str] = []
    words = list(argv)
    while words:
        name, _, value = words.pop(0).partition("=")
        if _is_flag(settings, fields.get(name)):
            value = value or "true"
        elif not value and words and not words[0].startswith("--"):
            value = words.pop(0)
        if name not in fields:
            problems.append(f"L’option {name} n’existe pas{_nearest(name[2:], short)}")
        elif not value:
            problems.append(f"L’option {name} attend une valeur.")
        else:
            values[fields[name]] = value
    return values, problems


def unknown_variables(settings: type[BaseSettings], environment: Mapping[str, str]) -> list[str]:
    """One sentence for each variable that has the prefix of the settings and no field.

    PREFIX_SERVER is not of the server but of its command line, in the same shell: where to call it.
    """
    prefix = variable(settings, "")
    known = {
        variable(settings, name)[len(prefix) :]: variable(settings, name) for name in settings.model_fields
    }
    return [
        f"La variable {name} n’existe pas{_nearest(name[len(prefix) :].upper(), known)}"
        for name in sorted(set(environment) - {f"{prefix}SERVER"})
        if prefix and name.upper().startswith(prefix) and name.upper() not in known.values()
    ]


def sentence(settings: type[BaseSettings], detail: ErrorDetails, given: Mapping[str, str]) -> str:
    """The French sentence of one wrong value, named by its option or its variable."""
    field = str(detail["loc"][0])
    name = f"L’option {option(field)}" if field in given else f"La variable {variable(settings, field)}"
    text = _FRENCH.get(detail["type"], "n’est pas valide")
    values = {key: str(value).replace(" or ", " ou ") for key, value in detail.get("ctx", {}).items()}
    return f"{name} {text.format(input=detail['input'], **values)}."


def usage(settings: type[BaseSettings]) -> str:
    """The list of options, with their variable, default value and meaning."""
    lines = ["Options (ou variables d’environnement) :"]
    for name, field in settings.model_fields.items():
        value = field.get_default(call_default_factory=True)
        default = "" if value in (None, "") else f" [{_shown(value)}]"
        lines.append(
            f"  {option(name)} ({variable(settings, name)}){default}\n      {field.description or ''}"
        )
    lines.append("  --print-config\n      Affiche la configuration, mots de passe masqués.")
    return spaced("\n".join(lines))


def masked(settings: BaseSettings) -> str:
    """The values in force as environment variables, passwords replaced by stars."""
    return "\n".join(f"{variable(type(settings), name)}={_shown(value)}" for name, value in settings)


def _shown(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _QUERY_PASSWORD.sub(r"\1***", _URL_PASSWORD.sub(r"\1***@", text))


def _is_flag(settings: type[BaseSettings], field: str | None) -> bool:
    return field in settings.model_fields and settings.model_fields[field].annotation in (bool, bool | None)


def _nearest(name: str, known: Mapping[str, str]) -> str:
    """The end of a sentence, with the name whose short form (the key) is the closest."""
    match = get_close_matches(name, known, n=1)
    return f" ; vouliez-vous dire {known[match[0]]} ?" if match else "."
