"""The Atom feed of the changes (RFC 4287)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from services.bank_registry.publish.html import Html, element
from services.bank_registry.publish.opening import Publication, StateTold
from services.bank_registry.publish.pages import MOST_STATES, TITLE, told_lenders
from services.kit import french
from services.kit.dates import paris_start

_NAMED = 3


def feed(publication: Publication) -> bytes:
    """The latest states, each with what it changed; the same registry gives the same ids on every day."""
    states = publication.states
    updated = states[0].recorded if states else paris_start(publication.day)
    base = f"{publication.url.rstrip('/')}/" if publication.url else ""
    # Ids must stay when the site moves: they come of the first state, the only one of its instant.
    root = uuid.uuid5(uuid.NAMESPACE_OID, states[-1].recorded.isoformat() if states else "")
    head = (
        element("id", root.urn),
        element("title", TITLE),
        element("updated", _instant(updated)),
        element("author", element("name", "Registre des prêteurs")),
        element("link", href=f"{base}flux.xml", rel="self"),
        element("link", href=f"{base}changements.html"),
    )
    entries = [_entry(publication, state, root, base) for state in states[:MOST_STATES]]
    inner = element("feed", head, entries, xmlns="http://www.w3.org/2005/Atom", xml_lang="fr")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{inner}\n'.replace("xml-lang", "xml:lang", 1).encode()


def _entry(publication: Publication, state: StateTold, root: uuid.UUID, base: str) -> Html:
    named = [publication.names[name] for name, _ in state.lenders[:_NAMED]]
    if len(state.lenders) > _NAMED:
        named.append(french.plural(len(state.lenders) - _NAMED, "autre"))
    return element(
        "entry",
        element("id", uuid.uuid5(root, str(state.number)).urn),
        element("title", f"{french.join(named)} (état n° {french.number(state.number)})"),
        element("updated", _instant(state.recorded)),
        element("link", href=f"{base}changements.html"),
        element("content", str(told_lenders(publication, state, base)), type="html"),
    )


def _instant(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
