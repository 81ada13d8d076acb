"""A grant that is gone, as the receiver of a webhook hears of it: once, and as the vendor's client understands it."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anthropic
import pytest
import trustme

from tests.e2e.stage import ECHO_HOST, House, Seen, Upstream, running_house, through, until
from tests.oauth.stage import authorization_server

SOON = timedelta(seconds=30)
HOOKS = "mcp.example.test"
CLIENT = {
    "client_id": "the-client",
    "token_endpoint_auth_method": "none",
    "redirect_uris": ["http://127.0.0.1/callback"],
    "application_type": "native",
    "grant_types": ["authorization_code", "refresh_token"],
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[House]:
    """A server that may ask a token endpoint on plain http."""
    folder: Path = tmp_path_factory.mktemp("house")
    with running_house(folder, authority, extra={"STRONGROOM_INSECURE_UPSTREAMS": "1"}) as running:
        yield running


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with authorization_server(clients=[CLIENT]) as issuer:
        yield issuer


def credential(house: House, vault: str, server: str, issuer: str) -> str:
    """Store tokens that are about to end, with a refresh token that the authorization server does not know."""
    auth: dict[str, Any] = {
        "type": "mcp_oauth",
        "mcp_server_url": server,
        "access_token": secrets.token_urlsafe(),
        "expires_at": (datetime.now(UTC) + SOON).isoformat(),
        "refresh": {
            "token_endpoint": f"{issuer}/token",
            "client_id": CLIENT["client_id"],
            "refresh_token": secrets.token_urlsafe(),
            "token_endpoint_auth": {"type": "none"},
        },
    }
    return str(house.made(f"/v1/vaults/{vault}/credentials", {"auth": auth})["id"])


def test_150_a_grant_that_is_gone_is_told_once_and_the_client_accepts_it(
    house: House, upstream: Upstream, issuer: str, folder: Path
) -> None:
    path = f"/{secrets.token_hex(8)}"
    hook = house.made("/strongroom/v1/webhooks", {"url": f"https://{HOOKS}:{upstream.port}{path}"})
    vault = house.vault()
    server = f"https://{ECHO_HOST}:{upstream.port}/mcp"
    failing = credential(house, vault, server, issuer)
    sessions = [house.session(house.environment_id(), vault) for _ in range(2)]
    answers = [through(session, folder, "POST", server, json={}).status_code for session in sessions]
    assert answers == [200, 200]  # what is stored is used all the same: an expiry is the issuer's estimate

    def arrived() -> list[Seen]:
        return [seen for seen in list(upstream.seen) if seen.target == path]

    def failures() -> list[Any]:
        client = anthropic.Anthropic(api_key="none", webhook_key=hook["secret"])
        events = [client.beta.webhooks.unwrap(seen.body.decode(), headers=seen.headers) for seen in arrived()]
        return [event.data for event in events if event.data.type == "vault_credential.refresh_failed"]

    assert until(lambda: len(failures()) == 1)
    (told,) = failures()
    assert type(told).__name__ == "BetaWebhookVaultCredentialRefreshFailedEventData"
    assert (told.id, told.vault_id) == (failing, vault)
    last = house.vault("the end")  # what is told after it shows that nothing more was
    assert until(lambda: any(last in seen.body.decode() for seen in arrived()))
    assert len(failures()) == 1
