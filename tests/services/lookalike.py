"""A web in memory: an MCP server and its authorization server, which lie where a test wants them to."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from strongroom.core.authorization import Flow
from strongroom.core.calls import Call, Reply
from strongroom.core.failures import Unreachable
from strongroom.core.ids import VaultId
from strongroom.core.secret import Secret
from strongroom.outbound.token_endpoint import HttpTokenEndpoint
from strongroom.services.attempts import Attempts
from strongroom.services.connecting import Connecting
from strongroom.services.discovering import Discovering
from strongroom.services.landing import Landing
from strongroom.services.opening import BEGIN_SECONDS, Begun, NewAuthorization, Opening
from strongroom.services.redeeming import Redeeming
from strongroom.services.registering import Registering
from tests.core.oauth_documents import ISSUER, SERVER, issuer_fields
from tests.services.rooms import Rooms

REDIRECT = "http://127.0.0.1:4711/callback"
CALLBACK = "https://vault.test/strongroom/v1/authorizations/callback"
DOCUMENT = "https://vault.test/strongroom/v1/oauth-client"
METADATA = "https://mcp.test/.well-known/oauth-protected-resource/mcp"
OAUTH = f"{ISSUER}/.well-known/oauth-authorization-server"
OPENID = f"{ISSUER}/.well-known/openid-configuration"
TOKENS = {"access_token": "access-1", "refresh_token": "refresh-1", "token_type": "Bearer", "expires_in": 3600}
PAGE = Reply(status=200, body=b"<html>a page for every path</html>")

Page = Reply | Callable[[Call], Reply]


def answer(fields: object, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=json.dumps(fields).encode())


def form(call: Call) -> dict[str, str]:
    assert call.body is not None
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True))


@dataclass
class Web:
    """Implements `Control`: pages by URL, and every call that was made."""

    pages: dict[str, Page] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    async def send(self, call: Call, *, within: float | None = None) -> Reply:
        del within
        self.calls.append(call)
        page = self.pages.get(call.url.text, Reply(status=404))
        return page(call) if callable(page) else page

    @property
    def asked(self) -> list[str]:
        return [f"{call.method} {call.url.text}" for call in self.calls]

    def last(self, url: str) -> Call:
        return next(call for call in reversed(self.calls) if call.url.text == url)


def honest_web() -> Web:
    """An MCP server that names its authorization server, which registers whoever asks."""
    return Web(
        {
            SERVER: answer({}, 401, www_authenticate=f'Bearer resource_metadata="{METADATA}"'),
            METADATA: answer(
                {"resource": SERVER, "authorization_servers": [ISSUER], "scopes_supported": ["mcp:tools"]}
            ),
            OAUTH: answer(issuer_fields()),
            f"{ISSUER}/reg": answer({"client_id": "the-client", "token_endpoint_auth_method": "none"}, 201),
            f"{ISSUER}/token": answer(TOKENS),
            f"{ISSUER}/device": answer(
                {
                    "device_code": "the-device-code",
                    "user_code": "ABCD",
                    "verification_uri": f"{ISSUER}/enter",
                    "expires_in": 300,
                    "interval": 5,
                }
            ),
        }
    )


@dataclass
class Stage:
    """The use cases on real rooms and a web in memory."""

    rooms: Rooms
    web: Web
    connecting: Connecting
    vault: VaultId

    async def begins(self, flow: Flow = Flow.LOOPBACK, **more: Any) -> Begun:  # noqa: ANN401 - fields of one class
        redirect = REDIRECT if flow is Flow.LOOPBACK else None
        fields: dict[str, Any] = {"vault": self.vault, "mcp_server_url": SERVER, "redirect": redirect} | more
        return await self.connecting.begin(self.rooms.admin, NewAuthorization(flow=flow, **fields))


async def staged(
    rooms: Rooms,
    web: Web | None = None,
    *,
    callback: str | None = CALLBACK,
    document: str | None = None,
    patience: float = BEGIN_SECONDS,
) -> Stage:
    web = web or honest_web()
    store, attempts = rooms.store, Attempts(seal=rooms.keyring)
    landing = Landing(
        service=rooms.credentials,
        credentials=store.credentials,
        vaults=store.vaults,
        custodian=rooms.custodian,
        gate=rooms.gate,
    )
    endpoint = HttpTokenEndpoint(client=web)
    opening = Opening(
        discovering=Discovering(control=web, insecure=False),
        registering=Registering(control=web, clock=rooms.clock, document=document),
        endpoint=endpoint,
        landing=landing,
        authorizations=store.authorizations,
        attempts=attempts,
        gate=rooms.gate,
        clock=rooms.clock,
        new_id=rooms.entropy.new_id,
        entropy=rooms.entropy,
        callback=callback,
        insecure=False,
        patience=patience,
    )
    connecting = Connecting(
        opening=opening,
        authorizations=store.authorizations,
        attempts=attempts,
        redeeming=Redeeming(endpoint=endpoint),
        landing=landing,
        authentication=rooms.authentication,
        gate=rooms.gate,
        clock=rooms.clock,
    )
    return Stage(rooms, web, connecting, await rooms.vault())


def state_of(begun: Begun) -> str:
    assert begun.url is not None
    return parse_qs(urlsplit(begun.url).query)["state"][0]


def comes_back(begun: Begun, *, at: str | None = REDIRECT, **changed: str | None) -> Secret:
    """The URL that the browser is sent to after consent, with parameters changed or left out."""
    fields: Mapping[str, str | None] = {"code": "the-code", "state": state_of(begun), "iss": ISSUER} | changed
    return Secret(f"{at}?" + "&".join(f"{name}={value}" for name, value in fields.items() if value is not None))


def unreachable(_call: Call) -> Reply:
    raise Unreachable("as.test did not answer in 10 seconds")
