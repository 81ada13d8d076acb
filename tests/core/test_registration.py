"""Who we are to an authorization server."""

import json
from datetime import UTC, datetime

import pytest

from strongroom.core.calls import Reply
from strongroom.core.credentials.mcp_oauth import ClientAuth
from strongroom.core.failures import BadReply
from strongroom.core.registration import Client, document_of, given_client, read_registration, registration
from strongroom.core.secret import Secret
from tests.core.oauth_documents import ISSUER, issuer, reply, url

NOW = datetime(2026, 11, 27, tzinfo=UTC)
REDIRECT = "http://127.0.0.1:4711/callback"


def asked(redirect: str | None = REDIRECT, *, loopback: bool = True, **more: object) -> dict[str, object]:
    call = registration(issuer(**more), url(f"{ISSUER}/reg"), redirect=redirect, loopback=loopback, scope="a b")
    assert call.body is not None
    assert (call.method, call.url.text) == ("POST", f"{ISSUER}/reg")
    return dict(json.loads(call.body))


def test_a_registration_asks_for_a_public_client_with_codes_and_refresh_tokens() -> None:
    assert asked() == {
        "client_name": "Strongroom",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": "a b",
    }


def test_a_redirect_to_a_server_is_that_of_a_web_application() -> None:
    assert asked("https://vault.test/callback", loopback=False)["application_type"] == "web"


def test_a_device_has_no_redirect() -> None:
    device = asked(None)
    assert (device["redirect_uris"], device["response_types"]) == ([], [])
    assert device["grant_types"] == ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]


@pytest.mark.parametrize(
    ("offered", "auth"),
    [
        (["client_secret_post", "client_secret_basic"], "client_secret_basic"),
        (["client_secret_post", "private_key_jwt"], "client_secret_post"),
        (None, "client_secret_basic"),
    ],
)
def test_where_no_public_client_is_offered_a_secret_is_asked_for(offered: object, auth: str) -> None:
    assert asked(token_endpoint_auth_methods_supported=offered)["token_endpoint_auth_method"] == auth


def test_a_server_that_takes_only_what_we_have_no_keys_for_is_named() -> None:
    with pytest.raises(BadReply, match=f"{ISSUER} takes no client that proves itself in a way we support"):
        asked(token_endpoint_auth_methods_supported=["private_key_jwt", "tls_client_auth"])


@pytest.mark.parametrize(
    ("fields", "client"),
    [
        ({"client_id": "c", "token_endpoint_auth_method": "none"}, Client(id="c", auth=ClientAuth.NONE)),
        ({"client_id": "c"}, Client(id="c", auth=ClientAuth.NONE)),
        (
            {"client_id": "c", "client_secret": "s", "client_secret_expires_at": 0},
            Client(id="c", auth=ClientAuth.BASIC, secret=Secret("s")),
        ),
        (
            {"client_id": "c", "client_secret": "s", "token_endpoint_auth_method": "client_secret_post"},
            Client(id="c", auth=ClientAuth.POST, secret=Secret("s")),
        ),
        (
            {"client_id": "c", "client_secret": "s", "token_endpoint_auth_method": "none"},
            Client(id="c", auth=ClientAuth.NONE),
        ),
    ],
)
def test_a_registration_counts_as_the_server_confirms_it(fields: dict[str, object], client: Client) -> None:
    for status in (200, 201):
        assert read_registration(reply(fields, status), issuer(), now=NOW) == client


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "has no client_id"),
        ({"client_id": "c", "token_endpoint_auth_method": "private_key_jwt"}, "is not supported"),
        ({"client_id": "c", "token_endpoint_auth_method": "client_secret_basic"}, "wants a client secret and gives no"),
        ({"client_id": "c", "client_secret": "s", "client_secret_expires_at": 1}, "has expired already"),
        ({"client_id": "c" * 1025}, "client_id in the registration by https://as.test is no text"),
    ],
)
def test_a_registration_that_cannot_be_used_is_refused_before_anybody_is_asked(
    fields: dict[str, object], words: str
) -> None:
    with pytest.raises(BadReply, match=words):
        read_registration(reply(fields, 201), issuer(), now=NOW)


def test_of_a_refusal_the_status_is_told_and_nothing_of_its_body() -> None:
    secret = {"error": "invalid_client_metadata", "error_description": "the-body-of-somebody-else"}
    with pytest.raises(BadReply, match="it answered 400; register a client there by hand") as refused:
        read_registration(reply(secret, 400), issuer(), now=NOW)
    assert "somebody" not in str(refused.value)
    with pytest.raises(BadReply, match="it does not take our redirect URL"):
        read_registration(reply({"error": "invalid_redirect_uri"}, 400), issuer(), now=NOW)
    for body in (b"<html>", b"[]", b"null"):
        with pytest.raises(BadReply, match="it answered 403"):
            read_registration(Reply(status=403, body=body), issuer(), now=NOW)


def test_a_given_client_proves_itself_as_the_server_takes_it() -> None:
    assert given_client(issuer(), "c", None) == Client(id="c", auth=ClientAuth.NONE)
    secret = Secret("s")
    assert given_client(issuer(), "c", secret).auth is ClientAuth.BASIC
    only_post = issuer(token_endpoint_auth_methods_supported=["client_secret_post"])
    assert given_client(only_post, "c", secret).auth is ClientAuth.POST


def test_the_document_about_us_says_where_it_stands_itself() -> None:
    """MCP: `client_id` is the document's own URL, and a name and redirects are there."""
    document = document_of("https://vault.test/client", redirects=["https://vault.test/callback", REDIRECT])
    assert document["client_id"] == "https://vault.test/client"
    assert document["redirect_uris"] == ["https://vault.test/callback", REDIRECT]
    assert document["token_endpoint_auth_method"] == "none"
    assert document["client_name"]
