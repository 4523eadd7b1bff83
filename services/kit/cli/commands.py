"""The commands of a program: all of them have --json; those that call a server, --server and --actor too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

import typer

from services.kit.cli.french_help import FrenchCommand
from services.kit.cli.output import Output
from services.kit.cli.remote import Remote
from services.kit.cli.target import Actor, Address, Json, Target


@dataclass(frozen=True)
class Call:
    """One run of a command that calls a server: which server, as whom, and where its answer goes."""

    target: Target
    out: Output

    @cached_property
    def remote(self) -> Remote:
        """The server, called as the actor."""
        return Remote(self.target.server, self.target.actor)


def add_commands(
    app: typer.Typer, address: Address, *commands: Callable[..., int], **named: Callable[..., int]
) -> None:
    """Adds functions as commands, under their own name or the one given.

    The shared options fill its one parameter annotated `Call` or `Output`; the others are the command's own.
    """
    for function in commands:
        app.command(cls=FrenchCommand)(_command(function, address))
    for name, function in named.items():
        app.command(name, cls=FrenchCommand)(_command(function, address))


def _command(function: Callable[..., int], address: Address) -> Callable[..., int]:
    hints = get_type_hints(function, include_extras=True)
    own = inspect.signature(function).parameters
    filled = next(name for name in own if hints[name] in (Call, Output))
    shared: dict[str, Any] = {"json": Json}
    if hints[filled] is Call:
        shared = {"server": address.option(), "actor": Actor, **shared}

    def command(**values: Any) -> int:
        options = {name: values.pop(name) for name in shared}
        values[filled] = out = Output(options["json"])
        if hints[filled] is Call:
            values[filled] = Call(address.target(options["server"], options["actor"]), out)
        return function(**values)

    # typer reads the parameters of a command from its signature: the shared options are written there, once,
    # in the place of the parameter that they fill.
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [p.replace(kind=keyword, annotation=hints[n]) for n, p in own.items() if n != filled]
    for name, option in shared.items():
        default = False if name == "json" else None
        parameters.append(inspect.Parameter(name, keyword, default=default, annotation=option))
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__annotations__ = {}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command
