"""The help and the usage errors of typer, in French."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from services.kit.french import spaced

_WIDTH = 110


class FrenchCommand(TyperCommand):
    """A command whose help is in French."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Writes the usage, the help, the arguments and the options."""
        params: list[Any] = list(self.params)
        arguments = [param for param in params if param.param_type_name == "argument"]
        options = [param for param in params if param.param_type_name == "option"]
        pieces = [f"[{p.metavar}]" if not p.required else str(p.metavar) for p in arguments]
        formatter.width = _WIDTH
        formatter.write(
            spaced(f"Utilisation : {' '.join((ctx.command_path, *pieces))} [options]\n\n{self.help}\n")
        )
        _write(formatter, "Arguments", ((str(p.metavar), p.help or "") for p in arguments))
        _write(formatter, "Options", [*_options(options), ("--help, -h", "Affiche cette aide.")])


class FrenchGroup(TyperGroup):
    """A group of commands whose help is in French."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Writes the usage, the help and the commands."""
        formatter.width = _WIDTH
        formatter.write(spaced(f"Utilisation : {ctx.command_path} COMMANDE …\n\n{self.help}\n"))
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, (command.help or "").partition("\n")[0]) for name, command in commands if command]
        _write(formatter, "Commandes", rows)
        formatter.write(f"\n{ctx.command_path} COMMANDE --help donne l’aide d’une commande.\n")


def usage_sentence(error: typer.TyperException) -> str:
    """What is wrong in the command line, and where its help is."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error)
    context = getattr(error, "ctx", None)
    return f"{_wrong(error)} (aide : {f'{context.command_path} ' if context else ''}--help)"


def _wrong(error: typer.TyperException) -> str:
    """typer tells its errors apart by classes that it does not publish: by their names here."""
    param = getattr(error, "param", None)
    option = " ".join(getattr(param, "opts", ())) if getattr(param, "param_type_name", "") == "option" else ""
    name = option or getattr(param, "metavar", None) or getattr(error, "param_hint", None) or ""
    match type(error).__name__:
        case "NoSuchOption":
            close = getattr(error, "possibilities", None)
            hint = f" ; vouliez-vous dire {' ou '.join(sorted(close))} ?" if close else "."
            return f"L’option {getattr(error, 'option_name', '')} n’existe pas{hint}"
        case "MissingParameter":
            return f"Il manque {name}."
        case "BadParameter":
            return f"{name} : {getattr(error, 'message', '')}"
        case "BadOptionUsage":
            return f"L’option {getattr(error, 'option_name', '')} attend une valeur."
    return "La commande n’existe pas ou a un argument de trop."


def _options(options: list[Any]) -> Iterator[tuple[str, str]]:
    for option in options:
        metavar = "" if option.is_flag else f" {option.metavar or 'VALEUR'}"
        yield f"{', '.join(option.opts)}{metavar}", option.help or ""


def _write(formatter: Any, title: str, rows: Any) -> None:
    listed = [(name, spaced(told)) for name, told in rows]
    if listed:
        formatter.write(spaced(f"\n{title} :\n"))
        formatter.indent()
        formatter.write_dl(listed, col_max=34)
        formatter.dedent()
