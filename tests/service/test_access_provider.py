"""Providers of agents: keys that change, silence, questions about each token; and hostile headers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.access import Access, access, provider_keys, tokens
from services.kit.caller import Caller
from services.kit.errors import DomainError, StartupError, Unauthenticated, Unavailable
from tests import oidc
from tests.access_support import PEOPLE
from tools import certificates

pytestmark = oidc.needs_provider

RULES = """
[[applications]]
name = "loopback"
account = "agents"

[[providers]]
name = "ville"
issuer = "{issuer}"
audience = "microcredit"
"""
INTROSPECTION = """
[providers.introspection]
uri = "{issuer}/token/introspection"
client_id = "microcredit"
secret_file = "secret"

[providers.roles]
mc-instruction = ["instructor"]
"""

Open = Callable[..., Access]


@pytest.fixture
def provider(tmp_path: Path) -> oidc.Provider:
    return oidc.Provider(oidc.free_port(), tmp_path, PEOPLE)


@pytest.fixture
def opened(provider: oidc.Provider, tmp_path: Path) -> Open:
    """Access in clear, from this machine, as a file says."""

    def make(more: str = "", text: str = RULES) -> Access:
        (tmp_path / "secret").write_text(f"{oidc.SECRET}\n")
        path = tmp_path / "acces.toml"
        path.write_text((text + more).format(issuer=provider.issuer))
        return Access(path, None)

    return make


def headers(token: str) -> Sequence[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


def refusal(asked: Access, token: str) -> str:
    """Why a token is refused; empty if it is not."""
    try:
        asked.caller(None, headers(token))
    except (Unauthenticated, Unavailable) as error:
        return " ".join([error.reason, *error.metadata.values()])
    return ""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider may be asked again at once."""
    monkeypatch.setattr(provider_keys, "ATTEMPT_SECONDS", 0.0)


@pytest.mark.usefixtures("impatient")
def test_keys_are_followed_and_what_a_withdrawn_key_signed_ends(
    provider: oidc.Provider, opened: Open
) -> None:
    asked = opened()
    with provider.running():
        before = provider.login("claire").access
        assert refusal(asked, before) == ""
    newer = oidc.Provider(provider.port, provider.folder, PEOPLE)
    assert refusal(asked, before) == "", "the provider is down, the token is remembered"
    assert refusal(asked, newer.sign({"iss": provider.issuer})) == "PROVIDER_UNAVAILABLE"
    with newer.running():
        assert refusal(asked, newer.login("claire").access) == "", "the new key is asked for"
        asked.refresh()
        assert refusal(asked, before) == "TOKEN_REFUSED KEY"


@pytest.mark.usefixtures("impatient")
def test_a_provider_that_was_never_heard_proves_nobody(provider: oidc.Provider, opened: Open) -> None:
    asked = opened()
    token = provider.sign({"iss": provider.issuer, "sub": "claire"})
    assert refusal(asked, token) == "PROVIDER_UNAVAILABLE"
    with provider.running():
        assert refusal(asked, provider.login("claire").access) == ""


def test_invented_keys_do_not_make_us_ask_again(
    provider: oidc.Provider, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    ask = provider_keys.ask

    def count(url: str, authority: Path | None) -> dict[str, Any]:
        counted.append(url)
        return ask(url, authority)

    monkeypatch.setattr(provider_keys, "ask", count)
    asked = opened()
    with provider.running():
        for name in range(20):
            token = provider.sign({"iss": provider.issuer}, kid=f"invented-{name}")
            assert refusal(asked, token) == "TOKEN_REFUSED KEY"
    assert len(counted) == 2, "where the keys are, then the keys"


def test_a_provider_behind_tls_is_believed_under_its_authority_alone(tmp_path: Path, opened: Open) -> None:
    root, other = certificates.authority("Fournisseur"), certificates.authority("Étrangère")
    provider = oidc.Provider(oidc.free_port(), tmp_path, PEOPLE, authority=root)
    with provider.running():
        token = provider.login("claire").access
        for trusted, expected in (
            (root, ""),
            (other, "PROVIDER_UNAVAILABLE"),
            (None, "PROVIDER_UNAVAILABLE"),
        ):
            named = f'authority_file = "{tmp_path}/fournisseur.pem"\n' if trusted else ""
            if trusted:
                (tmp_path / "fournisseur.pem").write_bytes(trusted.pem())
            asked = opened(named, RULES.replace("{issuer}", provider.issuer))
            assert refusal(asked, token) == expected


def test_an_opaque_token_is_asked_about(
    provider: oidc.Provider, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = opened(INTROSPECTION)
    with provider.running():
        token = provider.login("claire", "urn:microcredit:opaque").access
        caller = asked.caller(None, headers(token))
        assert (caller.subject, caller.roles, caller.acr) == ("claire", frozenset({"instructor"}), "eidas2")
        identity = provider.login("claire", client=oidc.OTHER_CLIENT).identity
        assert refusal(asked, identity) == "TOKEN_REFUSED INACTIVE"
        provider.revoke(token)
        assert refusal(asked, token) == "", "what was answered is kept"
        assert tokens.INTROSPECTED_SECONDS + access.LOOK_SECONDS < 60
        later = time.time() + tokens.INTROSPECTED_SECONDS
        monkeypatch.setattr(time, "time", lambda: later)
        assert refusal(asked, token) == "TOKEN_REFUSED INACTIVE"
    assert refusal(asked, "abc") == "PROVIDER_UNAVAILABLE"


def test_a_token_for_another_service_is_refused_by_introspection_too(
    provider: oidc.Provider, opened: Open
) -> None:
    asked = opened(INTROSPECTION, RULES.replace('"microcredit"', '"autre"'))
    with provider.running():
        token = provider.login("claire", "urn:microcredit:opaque").access
        assert refusal(asked, token) == "TOKEN_REFUSED AUDIENCE"


def test_an_answer_that_is_signed_is_not_read(provider: oidc.Provider, opened: Open) -> None:
    said = {"active": True, "sub": "claire", "aud": "microcredit", "exp": time.time() + 600}
    signed = provider.sign({"token_introspection": said, "aud": "microcredit"})
    answers = [signed.encode(), json.dumps(said).encode()]

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = answers.pop(0)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        asked = opened(INTROSPECTION.replace("{issuer}", f"http://127.0.0.1:{server.server_port}"))
        assert refusal(asked, "opaque") == "PROVIDER_UNAVAILABLE"
        assert asked.caller(None, headers("opaque")).subject == "claire"
        server.shutdown()


def test_a_team_is_one_however_its_accents_are_written(provider: oidc.Provider, opened: Open) -> None:
    asked = opened('[withdrawals]\ntokens = ["' + "j" * 300 + '"]\n')

    def caller(**more: str) -> Caller:
        said = {"iss": provider.issuer, "aud": "microcredit", "sub": "claire", "exp": time.time() + 60}
        return asked.caller(None, headers(provider.sign({**said, **more})))

    with provider.running():
        assert caller(team="Ploe\u0308rmel").team == caller(team="Ploërmel").team == "Ploërmel"
        assert [caller(team=team).team for team in (" ", "nord ", "a\nb", "x" * 101)] == [""] * 4
        with pytest.raises(Unauthenticated):
            caller(jti="j" * 300)


PROCONNECT = """
audience = "logiciel-social"
sirets = ["20005682600015"]

[providers.claims]
audience = "client_id"
siret = "absent"
"""


def test_a_provider_that_names_the_client_and_no_employer(provider: oidc.Provider, opened: Open) -> None:
    text = RULES.replace('audience = "microcredit"\n', PROCONNECT)
    agent = (
        '[[agents]]\nprovider = "ville"\nsubject = "claire"\nroles = ["auditor"]\nsiret = "20005682600015"\n'
    )
    asked, without = opened(INTROSPECTION + agent, text), opened(INTROSPECTION, text)
    with provider.running():
        token = provider.login("claire", "urn:microcredit:opaque").access
        caller = asked.caller(None, headers(token))
        assert (caller.subject, caller.roles, caller.siret) == (
            "claire",
            frozenset({"auditor"}),
            "20005682600015",
        )
        assert refusal(without, token) == "TOKEN_REFUSED EMPLOYER"
        other = provider.login("claire", "urn:microcredit:opaque", oidc.OTHER_CLIENT).access
        assert refusal(asked, other) == "TOKEN_REFUSED AUDIENCE"


@given(
    values=st.lists(
        st.one_of(
            st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300),
            st.builds(
                "Bearer {}.{}.{}".format,
                *[st.binary(max_size=60).map(lambda raw: tokens.base64.urlsafe_b64encode(raw).decode())] * 3,
            ),
        ),
        max_size=2,
    )
)
def test_no_header_is_an_error_of_ours(values: list[str], asked_without_provider: Access) -> None:
    for name in ("authorization", "x-forwarded-client-cert"):
        with pytest.raises(DomainError):
            asked_without_provider.caller(None, [(name, value) for value in values])


@pytest.fixture(scope="module")
def asked_without_provider(tmp_path_factory: pytest.TempPathFactory) -> Access:
    path = tmp_path_factory.mktemp("hostile") / "acces.toml"
    path.write_text(RULES.format(issuer="https://connexion.invalid"))
    return Access(path, None)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (("issuer =", "issuers ="), "providers.1.issuer est obligatoire"),
        (("{issuer}", "http://connexion.ville.fr"), "providers.1.issuer n’a pas une valeur acceptée"),
        (("account =", "compte ="), "applications.1.compte n’existe pas"),
        (("[[providers]]", "[[providers"), "ce n’est pas du TOML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(opened: Open, changed: tuple[str, str], sentence: str) -> None:
    with pytest.raises(StartupError, match=sentence):
        opened(text=RULES.replace(*changed))


def test_contradictions_of_a_file_are_said_at_once(opened: Open) -> None:
    more = '[[applications]]\nname = "loopback"\naccount = "agents"\n'
    more += '[[agents]]\nprovider = "autre"\nsubject = "x"\nroles = []\n'
    text = RULES + '[providers.claims]\naudience = "client_id"\n'
    with pytest.raises(StartupError) as refused:
        opened(more, text)
    assert "application nommé deux fois : loopback." in str(refused.value)
    assert "fournisseur inconnu : autre." in str(refused.value)
    assert "claims.audience est aux jetons interrogés par introspection : ville." in str(refused.value)
