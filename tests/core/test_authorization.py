"""Asking a person, and judging what comes back."""

from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.authorization import (
    Attempt,
    Callback,
    Code,
    NoConsent,
    authorization_url,
    judge,
    read_callback,
    require_loopback,
)
from strongroom.core.credentials.mcp_oauth import ClientAuth
from strongroom.core.failures import BadReply, Invalid
from strongroom.core.secret import Secret
from tests.core.oauth_documents import ISSUER, SERVER, issuer

REDIRECT = "http://127.0.0.1:4711/callback"
ATTEMPT = Attempt(
    issuer=ISSUER,
    names_itself=False,
    token_endpoint=f"{ISSUER}/token",
    client_id="the client",
    client_auth=ClientAuth.NONE,
    resource=SERVER,
    scope="a b",
    redirect=REDIRECT,
    verifier=Secret("verifier"),
)


def asked(attempt: Attempt = ATTEMPT, endpoint: str = f"{ISSUER}/auth") -> list[tuple[str, str]]:
    url = authorization_url(
        issuer(authorization_endpoint=endpoint), attempt, challenge="the-challenge", state=Secret("the-state")
    )
    assert "verifier" not in url
    return parse_qsl(urlsplit(url).query)


def answer(**parameters: str) -> Secret:
    return Secret(f"{REDIRECT}?{urlencode(parameters)}")


def test_a_person_is_sent_with_everything_that_binds_the_answer_to_us() -> None:
    assert asked() == [
        ("response_type", "code"),
        ("client_id", "the client"),
        ("redirect_uri", REDIRECT),
        ("state", "the-state"),
        ("code_challenge", "the-challenge"),
        ("code_challenge_method", "S256"),
        ("resource", SERVER),
        ("scope", "a b"),
    ]


def test_offline_access_is_asked_for_with_consent() -> None:
    """OpenID Connect Core section 11."""
    assert ("prompt", "consent") in asked(replace(ATTEMPT, scope="a offline_access"))
    assert "scope" not in dict(asked(replace(ATTEMPT, scope=None)))


def test_a_query_that_the_endpoint_has_already_stays() -> None:
    """RFC 6749 section 3.1."""
    assert asked(endpoint=f"{ISSUER}/auth?tenant=1")[0] == ("tenant", "1")


def test_a_server_that_offers_no_codes_is_not_asked() -> None:
    with pytest.raises(BadReply):
        authorization_url(issuer(code_challenge_methods_supported=None), ATTEMPT, challenge="c", state=Secret("s"))


@pytest.mark.parametrize("port", ["127.0.0.1:4711", "[::1]:4711", "localhost:4711", "127.0.0.1"])
def test_a_redirect_may_go_to_any_port_of_this_machine(port: str) -> None:
    assert require_loopback(f"http://{port}/callback") == f"http://{port}/callback"


@pytest.mark.parametrize(
    "redirect",
    [
        "https://127.0.0.1:4711/callback",
        "http://evil.test/callback",
        "http://127.0.0.1.evil.test/",
        "http://localhost.evil.test/",
        "http://127.0.0.2/",
        "http://127.0.0.1@evil.test/",
        "http://127.0.0.1/?next=x",
        "javascript:alert(1)",
        "myapp://callback",
    ],
)
def test_a_redirect_to_anywhere_else_is_refused(redirect: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_loopback(redirect)
    assert refused.value.field == "redirect_uri"


def test_an_answer_is_read_from_the_whole_url_or_from_its_query() -> None:
    parameters = {"state": "s", "code": "c d", "iss": ISSUER, "session_state": "ignored"}
    for given_as in (answer(**parameters), Secret(urlencode(parameters))):
        read = read_callback(given_as)
        assert read == Callback(state=Secret("s"), issuer=ISSUER, code=Secret("c d"), error=None)
        assert "c d" not in repr(read)


@pytest.mark.parametrize(
    "url",
    [
        "",
        REDIRECT,
        f"{REDIRECT}?code=c",
        f"{REDIRECT}?state=s",
        f"{REDIRECT}?state=s&code=c&error=access_denied",
        f"{REDIRECT}?state=s&code=c&code=d",
        f"{REDIRECT}?state=s&state=s&code=c",
        f"{REDIRECT}?state=s&code=c&iss=a&iss=b",
        f"{REDIRECT}?state=&code=c",
        f"{REDIRECT}?state=s&code=",
        f"{REDIRECT}?state=s&code=%0d%0a",
        f"{REDIRECT}?state=s&code=%ff",
        f"{REDIRECT}?state=s&code=c&broken",
        f"{REDIRECT}?state=s&code=" + "c" * 9000,
        f"{REDIRECT}?state=s&code=c&x=" + "c" * 20_000,
    ],
)
def test_an_answer_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_callback(Secret(url))
    assert refused.value.field == "callback_url"
    assert "=" not in str(refused.value)


def test_consent_gives_the_code() -> None:
    assert judge(read_callback(answer(state="s", code="c")), ATTEMPT) == Code(Secret("c"))
    assert judge(read_callback(answer(state="s", code="c", iss=ISSUER)), ATTEMPT) == Code(Secret("c"))


@pytest.mark.parametrize("other", ["https://evil.test", ISSUER + "/", ISSUER.upper(), ISSUER + ":443", "ä"])
def test_an_answer_from_another_server_is_no_consent(other: str) -> None:
    """RFC 9207 section 2.4: letter by letter; and an error of another server is not shown either."""
    for part in ({"code": "c"}, {"error": "access_denied"}):
        verdict = judge(read_callback(answer(state="s", iss=other, **part)), ATTEMPT)
        assert isinstance(verdict, NoConsent)
        assert "another authorization server" in verdict.problem


def test_an_answer_that_does_not_name_its_server_counts_only_where_none_promised_to() -> None:
    promised = replace(ATTEMPT, names_itself=True)
    for part in ({"code": "c"}, {"error": "access_denied"}):
        verdict = judge(read_callback(answer(state="s", **part)), promised)
        assert isinstance(verdict, NoConsent)
        assert "does not say" in verdict.problem


def test_a_refusal_is_told_in_our_words() -> None:
    denied = judge(read_callback(answer(state="s", error="access_denied", error_description="evil words")), ATTEMPT)
    assert denied == NoConsent(
        "the authorization server did not agree: you, or the server, said no: begin again and allow it"
    )
    odd = judge(read_callback(answer(state="s", error="<script>alert(1)</script>")), ATTEMPT)
    assert isinstance(odd, NoConsent)
    assert "script" not in odd.problem


@given(st.text(max_size=300))
def test_any_text_is_an_answer_or_the_one_failure(text: str) -> None:
    with suppress(Invalid):
        read_callback(Secret(text))


@given(st.binary(min_size=1, max_size=60), st.text("abc-._~", min_size=1))
def test_what_a_browser_brings_back_is_what_was_sent(code: bytes, state: str) -> None:
    read = read_callback(answer(state=state, code=code.hex(), iss=ISSUER))
    assert (read.state, read.code, read.issuer) == (Secret(state), Secret(code.hex()), ISSUER)
