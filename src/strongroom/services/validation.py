"""A live look at an MCP credential: does its server take its token, and if not, can another be had?

Rules kept here (contract anthropic-vaults 5):
- a diagnostic: nothing is told to webhooks, and a grant that turns out to be gone is not written down as that;
- but a token that was issued is stored: the one before it may be used up;
- all of it within one time limit; what was begun at a token endpoint ends all the same.
"""

import asyncio
from collections.abc import Collection, Iterator
from typing import final

from strongroom.core.actions import Action
from strongroom.core.credentials import Credential
from strongroom.core.credentials.mcp_oauth import McpOAuth, McpOAuthDetails
from strongroom.core.failures import Invalid, NotFound
from strongroom.core.grants import Granted, Principal, Target
from strongroom.core.ids import CredentialId, VaultId
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock
from strongroom.core.validation import (
    FailedStep,
    RenewalSeen,
    Renewed,
    Validation,
    Verdict,
    is_rejection,
    of_probe,
    of_refusal,
    shown,
)
from strongroom.services.credentials import ALL_KINDS
from strongroom.services.gate import Gate
from strongroom.services.oauth_ports import McpProbe
from strongroom.services.ports import Credentials, Custodian, Custody
from strongroom.services.refresh import Refresher
from strongroom.services.renewal import Trial

SECONDS = 10.0
"""How long all of it may take."""

Held = tuple[Credential, Custody]


@final
class ValidationService:
    """Looks at credentials. To a caller that names its `kinds`, those of others do not exist."""

    def __init__(  # noqa: PLR0913 - one argument per port, and a bound
        self,
        *,
        credentials: Credentials,
        custodian: Custodian,
        refresher: Refresher,
        probe: McpProbe,
        gate: Gate,
        clock: Clock,
        seconds: float = SECONDS,
    ) -> None:
        self._credentials = credentials
        self._custodian = custodian
        self._refresher = refresher
        self._probe = probe
        self._gate = gate
        self._clock = clock
        self._seconds = seconds

    async def validate(
        self,
        principal: Principal,
        vault: VaultId,
        credential: CredentialId,
        *,
        kinds: Collection[str] = ALL_KINDS,
    ) -> Validation:
        """Look at a credential. Raises `NotFound`, and `Invalid` for other kinds and archived ones."""
        target = Target(name=credential, workspace=principal.workspace, vault=vault)
        granted = await self._gate.admit(principal, Action.CREDENTIAL_VALIDATE, target, {"vault": vault})
        held = await self._usable(principal, vault, credential, kinds)
        left = _Left(self._seconds)
        details, material = await self._opened(granted, held)
        first = await self._probed(details, material, left, material)
        if not is_rejection(first):
            return self._found(held[0], of_probe(first), first, None)
        if details.refresh is None or material.refresh_token is None:
            return self._found(held[0], Verdict.INVALID, first, RenewalSeen(status=Renewed.NO_REFRESH_TOKEN))
        trial = Trial()
        renewed = await self._tried(granted, held[0], material.access_token, trial, left)
        if renewed is None:
            return self._found(held[0], *_failed(first, trial, material))
        details, fresh = await self._opened(granted, renewed)
        second = await self._probed(details, fresh, left, material)
        return self._found(renewed[0], of_probe(second), second, RenewalSeen(status=Renewed.SUCCEEDED))

    async def _usable(
        self, principal: Principal, vault: VaultId, credential: CredentialId, kinds: Collection[str]
    ) -> Held:
        described = await self._credentials.get(principal.workspace, vault, credential)
        if described.kind not in kinds:
            raise NotFound("credential", credential)
        described.require_active()
        if not isinstance(described.details, McpOAuthDetails):
            raise Invalid(f"only mcp_oauth credentials can be validated, and {credential} is a {described.kind}")
        held = await self._credentials.held(principal.workspace, vault, credential)
        if held is None:  # archived or deleted since
            raise NotFound("credential", credential)
        return held

    async def _opened(self, granted: Granted, held: Held) -> tuple[McpOAuthDetails, McpOAuth]:
        details, material = held[0].details, await self._custodian.open(granted, *held)
        assert isinstance(details, McpOAuthDetails)  # noqa: S101 - checked, and a kind never changes
        assert isinstance(material, McpOAuth)  # noqa: S101 - the seal is bound to the kind
        return details, material

    async def _probed(
        self, details: McpOAuthDetails, material: McpOAuth, left: "_Left", before: McpOAuth
    ) -> FailedStep | None:
        failed = await self._probe.probe(details.mcp_server_url, material.access_token, within=left.seconds())
        if failed is None:
            return None
        answer = failed.reply
        if answer is None:
            return FailedStep(method=failed.method, answer=None)
        secrets = [*_secrets(material), *_secrets(before)]
        body = shown(
            answer.status,
            answer.headers.get("content-type", ""),
            answer.body,
            secrets=secrets,
            truncated=answer.truncated,
        )
        return FailedStep(method=failed.method, answer=body)

    async def _tried(
        self, granted: Granted, credential: Credential, rejected: Secret, trial: Trial, left: "_Left"
    ) -> Held | None:
        """Return the credential with its other token; None if there is none, or not in time."""
        try:
            async with asyncio.timeout(left.seconds()):
                return await self._refresher.attempt(granted, credential, rejected, trial)
        except TimeoutError:
            return None

    def _found(
        self, credential: Credential, verdict: Verdict, probe: FailedStep | None, renewal: RenewalSeen | None
    ) -> Validation:
        details = credential.details
        return Validation(
            credential=credential,
            at=self._clock(),
            has_refresh_token=isinstance(details, McpOAuthDetails) and details.refresh is not None,
            verdict=verdict,
            probe=probe,
            renewal=renewal,
        )


@final
class _Left:
    """What is left of a time."""

    def __init__(self, seconds: float) -> None:
        self._end = asyncio.get_running_loop().time() + seconds

    def seconds(self) -> float:
        return max(self._end - asyncio.get_running_loop().time(), 0.01)


def _secrets(material: McpOAuth) -> Iterator[Secret]:
    yield material.access_token
    if material.refresh_token is not None:
        yield material.refresh_token
    if material.client_secret is not None:
        yield material.client_secret


def _failed(
    first: FailedStep | None, trial: Trial, material: McpOAuth
) -> tuple[Verdict, FailedStep | None, RenewalSeen]:
    reply = trial.reply
    if reply is None:
        return Verdict.UNKNOWN, first, RenewalSeen(status=Renewed.CONNECT_ERROR)
    answer = shown(reply.status, reply.content_type, reply.body, secrets=_secrets(material), truncated=reply.truncated)
    return of_refusal(reply.status), first, RenewalSeen(status=Renewed.FAILED, answer=answer)
