"""Connecting MCP servers: a person consents, and the tokens land in a vault without passing anybody else's hands."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from strongroom.core.authorization import MAX_CALLBACK, Authorization, Flow, Standing
from strongroom.core.discovery import MAX_SCOPE
from strongroom.core.documents import MAX_TEXT
from strongroom.core.ids import AuthorizationId
from strongroom.core.registration import MAX_ID, MAX_SECRET
from strongroom.core.secret import Secret
from strongroom.core.vaults import MAX_NAME
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.reference import default_vault, vault_id
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Moment, Text
from strongroom.dialects.secret_fields import SecretText
from strongroom.services.catalogue import Services
from strongroom.services.opening import Begun, NewAuthorization
from strongroom.services.registering import given

CALLBACK = f"{PREFIX}/authorizations/callback"
"""Where browsers bring answers of the server flow. It asks for no key: the state in its query is the proof."""
CLIENT = f"{PREFIX}/oauth-client"
"""The document about us whose URL is our client id. Public, like everything in it."""
_SHOWN: Mapping[Standing, Literal["pending", "connected", "failed"]] = {
    Standing.PENDING: "pending",
    Standing.TAKEN: "pending",
    Standing.CONNECTED: "connected",
    Standing.FAILED: "failed",
}


class NewAuthorizationBody(Asked):
    """A server to connect. What is not given is found out: from the server, then from whoever issues its tokens."""

    mcp_server_url: Annotated[Text, Field(min_length=1, max_length=MAX_TEXT)]
    vault: Annotated[Text, Field(max_length=MAX_NAME)] | None = Field(
        None, description="An id or a name. Without it, the vault named `default`, or else the only one."
    )
    flow: Annotated[Flow, Field(strict=False)] = Field(
        Flow.LOOPBACK,
        description="Where the answer comes to: `loopback`, a port of the person's machine, from which the caller "
        "completes; `server`, this server; `device`, nowhere, since the person types a code in elsewhere.",
    )
    redirect_uri: Annotated[Text, Field(max_length=MAX_TEXT)] | None = Field(
        None, description="For `loopback`: `http://127.0.0.1:PORT/…`, where the caller listens."
    )
    client_id: Annotated[Text, Field(min_length=1, max_length=MAX_ID)] | None = Field(
        None, description="A client that was registered by hand."
    )
    client_secret: Annotated[Secret, SecretText(most=MAX_SECRET, in_header=True)] | None = None
    scope: Annotated[Text, Field(min_length=1, max_length=MAX_SCOPE)] | None = None
    display_name: Annotated[Text, Field(max_length=MAX_NAME)] | None = None


class CallbackBody(Asked):
    """What the browser brought."""

    callback_url: Annotated[Secret, SecretText(most=MAX_CALLBACK)] = Field(
        description="The whole URL that the browser was sent to."
    )


class AuthorizationAnswer(Answer):
    """An authorization. `problem` is one sentence for the person who is waiting."""

    id: str
    type: Literal["authorization"] = "authorization"
    vault_id: str
    mcp_server_url: str
    flow: Flow
    status: Literal["pending", "connected", "failed"]
    credential_id: str | None
    problem: str | None
    created_at: Moment
    expires_at: Moment


class BegunAnswer(AuthorizationAnswer):
    """Where the person goes: to a URL, or to another machine with a code."""

    authorization_url: str | None
    user_code: str | None
    verification_uri: str | None
    verification_uri_complete: str | None
    interval_seconds: int | None = Field(description="For `device`: how long to wait between two polls.")


def add_authorizations(router: APIRouter, services: Services) -> None:
    """Add the routes."""
    connecting = services.connecting

    async def create_authorization(request: Request, body: NewAuthorizationBody) -> BegunAnswer:
        """Find out who issues tokens for a server, and say where the person consents."""
        principal, vaults = caller(request), services.vaults
        client = given(body.client_id, body.client_secret)
        if body.vault is None:
            vault = await default_vault(vaults, principal, field="vault")
        else:
            vault = await vault_id(vaults, principal, body.vault, field="vault")
        new = NewAuthorization(
            vault=vault,
            mcp_server_url=body.mcp_server_url,
            flow=body.flow,
            redirect=body.redirect_uri,
            client=client,
            scope=body.scope,
            display_name=body.display_name,
        )
        return _begun(await connecting.begin(principal, new))

    async def get_authorization(request: Request, authorization_id: str) -> AuthorizationAnswer:
        """Say what became of an authorization."""
        return _shown(await connecting.status(caller(request), AuthorizationId(authorization_id)))

    async def complete_authorization(
        request: Request, authorization_id: str, body: CallbackBody
    ) -> AuthorizationAnswer:
        """Finish an authorization of the loopback flow with what the browser brought. That works once."""
        id_ = AuthorizationId(authorization_id)
        return _shown(await connecting.complete(caller(request), id_, body.callback_url))

    async def poll_authorization(request: Request, authorization_id: str) -> AuthorizationAnswer:
        """Ask whether the person has consented, for the device flow; sooner than its interval nothing is asked."""
        return _shown(await connecting.poll(caller(request), AuthorizationId(authorization_id)))

    here = f"{PREFIX}/authorizations"
    one = f"{here}/{{authorization_id}}"
    router.add_api_route(here, create_authorization, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(one, get_authorization, methods=["GET"])
    router.add_api_route(f"{one}/complete", complete_authorization, methods=["POST"])
    router.add_api_route(f"{one}/poll", poll_authorization, methods=["POST"])


def _shown(authorization: Authorization) -> AuthorizationAnswer:
    return AuthorizationAnswer(
        id=authorization.id,
        vault_id=authorization.vault,
        mcp_server_url=authorization.mcp_server_url,
        flow=authorization.flow,
        status=_SHOWN[authorization.standing],
        credential_id=authorization.credential,
        problem=authorization.problem,
        created_at=authorization.created_at,
        expires_at=authorization.expires_at,
    )


def _begun(begun: Begun) -> BegunAnswer:
    device = begun.device
    return BegunAnswer(
        **dict(_shown(begun.authorization)),
        authorization_url=begun.url,
        user_code=None if device is None else device.user_code,
        verification_uri=None if device is None else device.verification_uri,
        verification_uri_complete=None if device is None else device.verification_uri_complete,
        interval_seconds=None if device is None else device.interval,
    )
