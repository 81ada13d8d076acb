"""Asking token endpoints: the form as the standard wants it, and an answer that is not trusted."""

import base64
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest

from strongroom.core.calls import Call, Reply
from strongroom.core.credentials.mcp_oauth import ClientAuth
from strongroom.core.failures import Unreachable
from strongroom.core.oauth import TokenRequest
from strongroom.core.secret import Secret
from strongroom.outbound.token_endpoint import ANSWER_BYTES, HttpTokenEndpoint

AWKWARD = "s:e/c+r e%t&=ü"


@dataclass
class Client:
    """Takes the call that would be sent."""

    calls: list[Call] = field(default_factory=list)

    async def send(self, call: Call, *, within: float | None = None) -> Reply:
        assert within == 3
        self.calls.append(call)
        return Reply(status=200, headers={"content-type": "text/html"}, body=b"<html>", truncated=True)


async def asked(auth: ClientAuth, *, url: str = "https://as.example.com/token?a=b") -> Call:
    client = Client()
    request = TokenRequest(
        token_endpoint=url,
        client_id="my client",
        auth=auth,
        client_secret=Secret(AWKWARD),
        fields={"grant_type": "refresh_token", "refresh_token": Secret("r+1")},
    )
    reply = await HttpTokenEndpoint(client=client).exchange(request, within=3)
    assert (reply.status, reply.body, reply.content_type, reply.truncated) == (200, b"<html>", "text/html", True)
    (call,) = client.calls
    return call


def form(call: Call) -> dict[str, list[str]]:
    assert call.body is not None
    return parse_qs(call.body.decode(), strict_parsing=True)


GRANT = {"grant_type": ["refresh_token"], "refresh_token": ["r+1"]}


async def test_basic_carries_both_halves_form_encoded_and_nothing_of_them_in_the_body() -> None:
    call = await asked(ClientAuth.BASIC)
    scheme, _, encoded = call.headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(encoded)) == ("Basic", b"my+client:s%3Ae%2Fc%2Br+e%25t%26%3D%C3%BC")
    assert form(call) == GRANT


async def test_post_carries_both_in_the_body() -> None:
    call = await asked(ClientAuth.POST)
    assert form(call) == GRANT | {"client_id": ["my client"], "client_secret": [AWKWARD]}
    assert "authorization" not in call.headers


async def test_a_public_client_names_itself_and_sends_no_secret() -> None:
    call = await asked(ClientAuth.NONE)
    assert form(call) == GRANT | {"client_id": ["my client"]}
    assert "authorization" not in call.headers


async def test_it_is_a_bounded_post_to_the_very_url() -> None:
    call = await asked(ClientAuth.NONE)
    assert (call.method, call.url.text, call.limit_bytes) == ("POST", "https://as.example.com/token?a=b", ANSWER_BYTES)
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert call.headers["accept"] == "application/json"


async def test_a_url_that_is_none_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="the token endpoint's URL cannot be used"):
        await asked(ClientAuth.NONE, url="token")
