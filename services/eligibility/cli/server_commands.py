"""The commands that call the server, besides those of deployment: shadow, compare, decisions, replay,
explain, verify, erase, purge.

Only the client is imported, when a command runs: neither the rules engine nor the logic.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from services.eligibility.cli.options import (
    ADDRESS,
    CASES,
    DECISIONS,
    AsOf,
    Server,
    Version,
    parse_limit,
    parse_over,
)
from services.kit.cli import Actor, FrenchCommand, FrenchGroup, Json, Output, parse_day

Decision = Annotated[str, typer.Argument(metavar="DÉCISION", help="L’identifiant de la décision.")]
ShadowName = Annotated[str, typer.Argument(metavar="NUMÉRO", help="Le numéro de l’essai à blanc.")]
Case = Annotated[str, typer.Argument(metavar="RÉFÉRENCE", help="La référence du dossier.")]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="Le fait vraiment, sans retour possible ; sinon, le compte.")
]
Before = Annotated[
    date,
    typer.Option("--before", metavar="DATE", parser=parse_day, help="Les décisions enregistrées avant."),
]
Limit = Annotated[
    int, typer.Option("--limit", metavar="N", parser=parse_limit, help="Au plus N décisions ; sinon 20.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command(cls=FrenchCommand)(compare)
    group = typer.Typer(cls=FrenchGroup, no_args_is_help=True, rich_markup_mode=None)
    group.command("start", cls=FrenchCommand)(shadow_start)
    group.command("show", cls=FrenchCommand)(shadow_show)
    group.command("list", cls=FrenchCommand)(shadow_list)
    group.command("stop", cls=FrenchCommand)(shadow_stop)
    app.add_typer(group, name="shadow", help="Essaie une version à blanc, à côté de celle qui répond.")
    app.command(cls=FrenchCommand)(decisions)
    app.command(cls=FrenchCommand)(replay)
    app.command(cls=FrenchCommand)(explain)
    app.command(cls=FrenchCommand)(verify)
    app.command(cls=FrenchCommand)(erase)
    app.command(cls=FrenchCommand)(purge)


def compare(
    candidate: Annotated[str, typer.Argument(metavar="VERSION", help="Un dossier, ou une version publiée.")],
    over: Annotated[
        str,
        typer.Option(
            "--over",
            metavar="cases|decisions",
            parser=parse_over,
            help="Sur ses cas d’essai (par défaut), ou sur le journal.",
        ),
    ] = CASES,
    as_of: AsOf = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Dit ce qu’une version changerait aux réponses, par rapport aux règles en vigueur."""
    from services.eligibility.cli import comparing

    return comparing.compare(candidate, over == DECISIONS, as_of, ADDRESS.target(server, actor), Output(json))


def shadow_start(
    version: Version,
    since: Annotated[
        date | None,
        typer.Option(
            "--since", metavar="DATE", parser=parse_day, help="Reprend les décisions depuis ce jour."
        ),
    ] = None,
    as_of: AsOf = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Lance un essai à blanc : chaque décision est aussi évaluée par elle, la réponse ne change pas."""
    from services.eligibility.cli import comparing

    return comparing.start(version, since, as_of, ADDRESS.target(server, actor), Output(json))


def shadow_show(name: ShadowName, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Montre ce qu’un essai à blanc a trouvé jusqu’ici."""
    from services.eligibility.cli import comparing

    return comparing.show(name, ADDRESS.target(server, actor), Output(json))


def shadow_list(server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Liste les essais à blanc, du dernier au premier."""
    from services.eligibility.cli import comparing

    return comparing.list_all(ADDRESS.target(server, actor), Output(json))


def shadow_stop(name: ShadowName, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Arrête un essai à blanc ; ce qu’il a trouvé reste."""
    from services.eligibility.cli import comparing

    return comparing.stop(name, ADDRESS.target(server, actor), Output(json))


def decisions(
    case: Annotated[str, typer.Option("--case", metavar="RÉFÉRENCE", help="Celles d’un dossier.")] = "",
    version: Annotated[str, typer.Option("--version", metavar="VERSION", help="Celles d’une version.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="CODE", help="Celles qui ont ce motif.")] = "",
    limit: Limit = 20,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Liste les décisions enregistrées, de la dernière à la première."""
    from services.eligibility.cli import journal

    return journal.list_decisions(case, version, reason, limit, ADDRESS.target(server, actor), Output(json))


def replay(decision: Decision, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Rejoue une décision sous ses règles d’alors : la réponse doit être identique."""
    from services.eligibility.cli import journal

    return journal.replay(decision, ADDRESS.target(server, actor), Output(json))


def explain(decision: Decision, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Explique une décision à la personne concernée (CRPA, article R. 311-3-1-2)."""
    from services.eligibility.cli import journal

    return journal.explain(decision, ADDRESS.target(server, actor), Output(json))


def verify(
    head: Annotated[
        str, typer.Option("--head", metavar="RANG:SCEAU", help="La fin du journal, gardée d’un autre jour.")
    ] = "",
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Relit tout le journal des décisions : rien n’a été changé, retiré ou déplacé."""
    from services.eligibility.cli import journal

    return journal.verify(head, ADDRESS.target(server, actor), Output(json))


def erase(
    case: Case, confirm: Confirm = False, server: Server = None, actor: Actor = None, json: Json = False
) -> int:
    """Efface un dossier : plus personne ne peut lire ses décisions, sauvegardes du journal comprises."""
    from services.eligibility.cli import journal

    return journal.erase(case, confirm, ADDRESS.target(server, actor), Output(json))


def purge(
    before: Before, confirm: Confirm = False, server: Server = None, actor: Actor = None, json: Json = False
) -> int:
    """Retire le contenu des décisions trop anciennes ; leurs sceaux restent et le journal se vérifie."""
    from services.eligibility.cli import journal

    return journal.purge(before, confirm, ADDRESS.target(server, actor), Output(json))
