"""Begins an authorization: everything that is looked up and made before a person is asked.

Nothing is written before all of it is there, so what fails here leaves nothing behind but the audit entry.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import final

from strongroom.core.actions import Action
from strongroom.core.authorization import LIFETIME, Attempt, Authorization, Flow, authorization_url, require_loopback
from strongroom.core.calls import ControlUrl, Reply
from strongroom.core.device import DeviceGrant, read_device_grant
from strongroom.core.discovery import Issuer, choose_scope, is_scope
from strongroom.core.documents import MAX_TEXT, OK, Document
from strongroom.core.failures import BadReply, Invalid, Unreachable
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import AUTHORIZATION, AuthorizationId, NewId, VaultId
from strongroom.core.oauth import TokenRequest
from strongroom.core.pkce import ProofKey
from strongroom.core.registration import MAX_ID
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock, Entropy
from strongroom.core.vaults import MAX_NAME
from strongroom.crypto.tokens import digest, mint_state
from strongroom.services.attempts import Attempts
from strongroom.services.authorization_ports import Asking, Authorizations, Waiting
from strongroom.services.discovering import Discovering, Found
from strongroom.services.gate import Gate
from strongroom.services.landing import Landing
from strongroom.services.oauth_ports import TokenEndpoint
from strongroom.services.registering import Given, Registering

BEGIN_SECONDS = 25.0
"""For all that is looked up before a person is asked: less than what clients of the API wait for."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewAuthorization:
    """What a caller wants connected. `redirect` is for the loopback flow; the rest is found out where it is None."""

    vault: VaultId
    mcp_server_url: str
    flow: Flow
    redirect: str | None = None
    client: Given | None = None
    scope: str | None = None
    display_name: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where the person goes: a URL for the browser, or a code to type in."""

    authorization: Authorization
    url: str | None = None
    device: DeviceGrant | None = None


@final
class Opening:
    """`callback` is where our own server takes answers, as browsers reach it; None where they cannot."""

    def __init__(  # noqa: PLR0913 - one argument per part
        self,
        *,
        discovering: Discovering,
        registering: Registering,
        endpoint: TokenEndpoint,
        landing: Landing,
        authorizations: Authorizations,
        attempts: Attempts,
        gate: Gate,
        clock: Clock,
        new_id: NewId,
        entropy: Entropy,
        callback: str | None,
        insecure: bool,
        patience: float = BEGIN_SECONDS,
    ) -> None:
        self._discovering = discovering
        self._registering = registering
        self._endpoint = endpoint
        self._landing = landing
        self._authorizations = authorizations
        self._attempts = attempts
        self._gate = gate
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy
        self._callback = callback
        self._insecure = insecure
        self._patience = patience

    async def begin(self, principal: Principal, new: NewAuthorization) -> Begun:
        """Do it. Raises `Invalid`, `NotFound`, `Conflict`, `NotPermitted` and `UpstreamFailure`."""
        server, redirect = self._server(new), self._redirect(new)
        _require_sound(new)
        id_ = AuthorizationId(self._new_id(AUTHORIZATION))
        target = Target(name=id_, workspace=principal.workspace, vault=new.vault)
        facts = {"vault": new.vault, "server": server.origin, "flow": new.flow.value}
        await self._gate.admit(principal, Action.AUTHORIZATION_BEGIN, target, facts)
        present = await self._landing.require_room(principal, new.vault, new.mcp_server_url)
        now = self._clock()
        authorization = Authorization(
            id=id_,
            organization=principal.organization,
            workspace=principal.workspace,
            vault=new.vault,
            opened_by=principal.id,
            flow=new.flow,
            mcp_server_url=new.mcp_server_url,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        try:
            async with asyncio.timeout(self._patience):
                found = await self._discovering.of(server)
                _require_flow(found, new.flow)
                given = new.client
                by_hand = not self._registering.knows_a_way(found.issuer, redirect=redirect)
                if given is None and by_hand and present is not None:
                    given = await self._landing.client_of(principal, present, found.issuer)
                return await self._asked(authorization, replace(new, client=given), found, redirect)
        except TimeoutError:
            raise Unreachable(
                f"finding out who issues tokens for {server.origin} took longer than {self._patience:g} seconds"
            ) from None

    async def _asked(
        self, authorization: Authorization, new: NewAuthorization, found: Found, redirect: str | None
    ) -> Begun:
        scope = choose_scope(new.scope, found.challenge, found.resource, found.issuer)
        loopback = new.flow is Flow.LOOPBACK
        client = await self._registering.client(
            found.issuer, new.client, redirect=redirect, loopback=loopback, scope=scope
        )
        attempt = Attempt(
            issuer=found.issuer.name,
            names_itself=found.issuer.names_itself,
            token_endpoint=found.issuer.token_endpoint.text,
            client_id=client.id,
            client_auth=client.auth,
            client_secret=client.secret,
            resource=found.resource.identifier,
            scope=scope,
            redirect=redirect,
            display_name=new.display_name,
        )
        if redirect is None:
            return await self._on_device(authorization, attempt, found)
        return await self._in_browser(authorization, attempt, found)

    async def _in_browser(self, authorization: Authorization, attempt: Attempt, found: Found) -> Begun:
        proof, state = ProofKey.mint(self._entropy), mint_state(self._entropy)
        url = authorization_url(found.issuer, attempt, challenge=proof.challenge, state=state)
        sealed = await self._attempts.seal(authorization, replace(attempt, verifier=proof.verifier))
        await self._authorizations.add(Waiting(authorization=authorization, state=digest(state), sealed=sealed))
        return Begun(authorization=authorization, url=url)

    async def _on_device(self, authorization: Authorization, attempt: Attempt, found: Found) -> Begun:
        grant = await self._device_grant(attempt, found.issuer)
        authorization = replace(
            authorization, expires_at=authorization.created_at + timedelta(seconds=grant.expires_in)
        )
        sealed = await self._attempts.seal(authorization, replace(attempt, device_code=grant.device_code))
        asking = Asking(at=self._clock() + timedelta(seconds=grant.interval), interval=grant.interval)
        await self._authorizations.add(Waiting(authorization=authorization, state=None, sealed=sealed, asking=asking))
        return Begun(authorization=authorization, device=grant)

    async def _device_grant(self, attempt: Attempt, issuer: Issuer) -> DeviceGrant:
        """Ask for the codes (RFC 8628 section 3.1); the client proves itself as it does for tokens."""
        fields: dict[str, str | Secret] = {"resource": attempt.resource}
        if attempt.scope is not None:
            fields["scope"] = attempt.scope
        request = TokenRequest(
            token_endpoint=issuer.require_devices().text,
            client_id=attempt.client_id,
            auth=attempt.client_auth,
            client_secret=attempt.client_secret,
            fields=fields,
        )
        reply = await self._endpoint.exchange(request)
        what = f"the answer of {issuer.name} to a device"
        if reply.status != OK:
            raise BadReply(f"asking for a device code: {issuer.name} answered {reply.status}")
        return read_device_grant(
            Document.read(Reply(status=reply.status, body=reply.body, truncated=reply.truncated), what),
            insecure=self._insecure,
        )

    def _server(self, new: NewAuthorization) -> ControlUrl:
        if not 1 <= len(new.mcp_server_url) <= MAX_TEXT:
            raise Invalid(f"must have 1 to {MAX_TEXT} characters", field="mcp_server_url")
        try:
            return ControlUrl.parse(new.mcp_server_url, insecure=self._insecure)
        except Invalid as refused:
            raise Invalid(refused.rule, field="mcp_server_url") from None

    def _redirect(self, new: NewAuthorization) -> str | None:
        match new.flow:
            case Flow.LOOPBACK:
                if new.redirect is None:
                    raise Invalid("must be a port of your machine that waits for the answer", field="redirect_uri")
                return require_loopback(new.redirect)
            case Flow.SERVER | Flow.DEVICE if new.redirect is not None:
                raise Invalid("is for the loopback flow", field="redirect_uri")
            case Flow.SERVER:
                if self._callback is None:
                    raise Invalid("needs STRONGROOM_PUBLIC_URL, where browsers reach this server", field="flow")
                return self._callback
            case Flow.DEVICE:
                return None


def _require_sound(new: NewAuthorization) -> None:
    if new.scope is not None and not is_scope(new.scope):
        raise Invalid("must be scopes with one blank between two of them", field="scope")
    if new.display_name is not None and len(new.display_name) > MAX_NAME:
        raise Invalid(f"must have at most {MAX_NAME} characters", field="display_name")
    client = new.client
    if client is not None and not (1 <= len(client.id) <= MAX_ID and client.id.isprintable()):
        raise Invalid(f"must have 1 to {MAX_ID} printable characters", field="client_id")


def _require_flow(found: Found, flow: Flow) -> None:
    """Refuse before anything is registered that nobody could use."""
    if flow is Flow.DEVICE:
        found.issuer.require_devices()
    else:
        found.issuer.require_codes()
