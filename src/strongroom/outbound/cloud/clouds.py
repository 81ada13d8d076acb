"""What authenticates each request to a cloud's models: from a route and its secret to the fields that are sent.

Rules kept here:
- what clouds' tokens are good for is much more than models, so a request is looked at once more before it gets one: it
  goes to the very place that its route names, and that is one of the vendor's own or the operator's choice;
- whose role or account is acted for is said by the connection alone: what lies over it, a provider's settings, is
  checked by nobody against other organizations;
- as this server itself it acts only where the operator lets it be somebody.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from strongroom.core.credentials import Material
from strongroom.core.credentials.aws_role import AwsRole
from strongroom.core.credentials.azure_entra import AzureEntra
from strongroom.core.credentials.bedrock_keys import BedrockKeys
from strongroom.core.credentials.google_adc import GoogleAdc
from strongroom.core.credentials.google_impersonation import GoogleImpersonation
from strongroom.core.credentials.google_service_account import GoogleServiceAccount
from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostSet
from strongroom.core.llm.connections import Connection
from strongroom.core.llm.hosts import require_inference_host
from strongroom.core.llm.routes import Route
from strongroom.core.llm.settings import accounts_of, authority_of
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock, Spawn
from strongroom.outbound.cloud.asking import Threads
from strongroom.outbound.cloud.bedrock import AwsKeys, Place, signed
from strongroom.outbound.cloud.entra import SCOPES, EntraTokens
from strongroom.outbound.cloud.google import SCOPE, GoogleTokens, Impersonated
from strongroom.outbound.cloud.minting import ACQUISITION_SECONDS, Mint, TokenKey, Tokens
from strongroom.outbound.cloud.roles import AwsIdentity, Role
from strongroom.services.llm_cloud import Authorization, CredentialUnavailable, Unsigned

NOBODY = "this server may be nobody in a cloud: see --ambient-cloud-identity"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers:
    """Who issues tokens, and whether the operator lets this server be somebody: `ambient`."""

    aws: AwsIdentity
    google: GoogleTokens
    entra: EntraTokens
    ambient: bool


@final
class Clouds:
    """Implements `CloudCredentials` and `Proves`."""

    def __init__(  # noqa: PLR0913 - who issues, where to, and what keeps
        self,
        *,
        issuers: Issuers,
        inference_hosts: HostSet,
        threads: Threads,
        clock: Clock,
        monotonic: Callable[[], float],
        spawn: Spawn,
    ) -> None:
        self._issuers = issuers
        self._hosts = inference_hosts
        self._threads = threads
        self._bearers = Tokens[Secret](clock=clock, monotonic=monotonic, spawn=spawn)
        self._sessions = Tokens[AwsKeys](clock=clock, monotonic=monotonic, spawn=spawn)

    async def authorize(
        self, route: Route, material: Material, request: Unsigned, *, rejected: bool = False
    ) -> Authorization:
        """Return what authenticates a request."""
        self._require_place(route, request)
        connection = route.connection
        if connection is None:
            raise CredentialUnavailable("there is no connection whose identity this could be")
        match material:
            case BedrockKeys():
                keys = _keys(material)
            case AwsRole():
                keys = await self._assumed(connection, rejected=rejected)
            case _:
                token = await self._bearer(connection, material, rejected=rejected)
                return Authorization((("authorization", Secret(f"Bearer {token.reveal()}")),), (token,))
        upstream = route.upstream
        place = Place.of(upstream.base, str(upstream.settings["region"]))
        return await signed(request, keys, place, threads=self._threads)

    async def prove(self, connection: Connection, material: Material) -> None:
        """Have the cloud know who this is, now: by a token that nobody uses, or by its word for keys."""
        try:
            async with asyncio.timeout(ACQUISITION_SECONDS):
                await self._proof(connection, material)
        except Invalid as refused:  # it was stored before the rule was, or not by us
            raise CredentialUnavailable(f"this connection cannot be used: {refused}") from None
        except TimeoutError:
            raise CredentialUnavailable(f"the cloud did not answer in {ACQUISITION_SECONDS:g} seconds") from None

    async def _proof(self, connection: Connection, material: Material) -> None:
        match material:
            case BedrockKeys():
                upstream = connection.upstream
                place = Place.of(upstream.base, str(upstream.settings["region"]))
                await self._issuers.aws.know(_keys(material), place.region)
            case AwsRole():
                await self._issuers.aws.assume(self._role(connection))
            case _:
                _, mint = self._way(connection, material)
                await mint()

    def _require_place(self, route: Route, request: Unsigned) -> None:
        upstream = route.upstream
        try:
            require_inference_host(upstream.model_provider, upstream.base, others=self._hosts)
        except Invalid as refused:
            raise CredentialUnavailable(f"{upstream.base.host} gets no token of a cloud: it {refused.rule}") from None
        if not request.url.startswith(f"{upstream.base.origin}/"):
            raise CredentialUnavailable("a request gets no token of a cloud for a place that its route does not name")

    def _role(self, connection: Connection) -> Role:
        self._require_ambient()
        settings = connection.upstream.settings
        return Role(
            arn=settings["iam_role_arn"],
            external_id=settings["external_id"],
            region=settings["region"],
            session_name=f"vault-{connection.id}",
        )

    async def _assumed(self, connection: Connection, *, rejected: bool) -> AwsKeys:
        role = self._role(connection)
        key = _key(connection, place=role.region, target=(role.arn, role.external_id))
        return await self._sessions.get(key, lambda: self._issuers.aws.assume(role), rejected=rejected)

    async def _bearer(self, connection: Connection, material: Material, *, rejected: bool) -> Secret:
        try:
            key, mint = self._way(connection, material)
        except Invalid as refused:  # it was stored before the rule was, or not by us
            raise CredentialUnavailable(f"this connection cannot be used: {refused}") from None
        return await self._bearers.get(key, mint, rejected=rejected)

    def _way(self, connection: Connection, material: Material) -> tuple[TokenKey, Mint[Secret]]:
        google, entra = self._issuers.google, self._issuers.entra
        upstream = connection.upstream
        settings = upstream.settings
        match material:
            case GoogleServiceAccount():
                return _key(connection, place=SCOPE), lambda: google.of_key(material)
            case GoogleAdc():
                self._require_ambient()
                return _key(connection, place=SCOPE), google.own
            case GoogleImpersonation():
                self._require_ambient()
                whom = impersonated(settings)
                return _key(connection, place=SCOPE, target=(whom.account, *whom.delegates)), lambda: google.of(whom)
            case AzureEntra():
                authority, scope = authority_of(settings), SCOPES[upstream.model_provider]
                return (
                    _key(connection, place=scope, target=(authority,)),
                    lambda: entra.of(material, authority=authority, scope=scope),
                )
            case _:
                raise CredentialUnavailable(f"{connection.scheme.value} is not a way into a cloud")

    def _require_ambient(self) -> None:
        if not self._issuers.ambient:
            raise CredentialUnavailable(NOBODY)


def impersonated(settings: dict[str, Any]) -> Impersonated:
    """Read whom settings name. Raises `Invalid`."""
    account, delegates = accounts_of(settings)
    return Impersonated(account=account, delegates=delegates)


def _keys(material: BedrockKeys) -> AwsKeys:
    return AwsKeys(
        access_key_id=material.access_key_id,
        secret_access_key=material.secret_access_key,
        session_token=material.session_token,
    )


def _key(connection: Connection, *, place: str, target: tuple[str, ...] = ()) -> TokenKey:
    return TokenKey(
        connection=connection.id,
        version=connection.secret_version,
        scheme=connection.scheme,
        place=place,
        target=target,
    )
