"""Provider tokens: minted and shown once, listed, revoked at once; and who presents one."""

from dataclasses import dataclass
from typing import final

from strongroom.core.actions import PROVIDER_SCOPES, Action
from strongroom.core.conditions import OnlyVaults
from strongroom.core.failures import NotAuthenticated
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import PROVIDER_TOKEN_ID, VAULT, NewId, PrincipalId, ProviderTokenId, VaultId
from strongroom.core.provider import Namespace, ProviderToken, checked_namespace
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock, Entropy
from strongroom.core.vaults import Purpose, Vault
from strongroom.crypto.tokens import digest, hint, mint_provider_token
from strongroom.services.gate import Gate
from strongroom.services.ports import Vaults
from strongroom.services.provider_ports import ProviderTokens


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MintedProviderToken:
    """A fresh token: its description, and the token itself, shown this once."""

    token: ProviderToken
    secret: Secret


@final
class ProviderTokenService:
    """Use cases on provider tokens."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        tokens: ProviderTokens,
        vaults: Vaults,
        gate: Gate,
        clock: Clock,
        new_id: NewId,
        entropy: Entropy,
    ) -> None:
        self._tokens = tokens
        self._vaults = vaults
        self._gate = gate
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy

    async def create(self, principal: Principal, *, namespace: str, name: str | None) -> MintedProviderToken:
        """Mint a token for a namespace, which is made if the workspace has none of that name.

        Whoever holds it can read what lies in the namespace. So into a namespace that another key opened, only a key
        that may see secrets lets one more token (`NotPermitted`). Raises `Invalid` for a namespace whose vault is
        archived.
        """
        checked_namespace(namespace)
        target = Target(name=f"namespace {namespace}", workspace=principal.workspace)
        facts = {"namespace": namespace}
        await self._gate.admit(principal, Action.PROVIDER_TOKEN_CREATE, target, facts)
        opened = await self._opened(principal, namespace)
        if opened.opened_by != principal.id:
            await self._gate.admit(principal, Action.PROVIDER_NAMESPACE_JOIN, target, facts)
        (await self._vaults.get(principal.workspace, opened.vault)).require_active()
        secret = mint_provider_token(self._entropy)
        token = ProviderToken(
            id=ProviderTokenId(self._new_id(PROVIDER_TOKEN_ID)),
            organization=principal.organization,
            workspace=principal.workspace,
            namespace=opened.name,
            vault=opened.vault,
            name=name,
            hint=hint(secret),
            created_at=self._clock(),
        )
        await self._tokens.add(token, digest(secret))
        return MintedProviderToken(token=token, secret=secret)

    async def page(self, principal: Principal) -> list[ProviderToken]:
        """Return the workspace's tokens, newest first, revoked ones included."""
        await self._gate.admit(principal, Action.PROVIDER_TOKEN_LIST, _target(principal, "provider tokens"))
        return await self._tokens.page(principal.workspace)

    async def revoke(self, principal: Principal, token: ProviderTokenId) -> ProviderToken:
        """Revoke a token; the next request with it is refused, on every node. Repeating is harmless."""
        await self._gate.admit(principal, Action.PROVIDER_TOKEN_REVOKE, _target(principal, token))
        return await self._tokens.revoke(principal.workspace, token, self._clock())

    async def _opened(self, principal: Principal, name: str) -> Namespace:
        now = self._clock()
        vault = Vault(
            id=VaultId(self._new_id(VAULT)),
            organization=principal.organization,
            workspace=principal.workspace,
            display_name=name,
            metadata={},
            created_at=now,
            updated_at=now,
            purpose=Purpose.PROVIDER,
        )
        namespace = Namespace(
            organization=principal.organization,
            workspace=principal.workspace,
            name=name,
            vault=vault.id,
            opened_by=principal.id,
            created_at=now,
        )
        return await self._tokens.open(namespace, vault)


@final
class ProviderAuthentication:
    """Looks provider tokens up by their digest, each time: a revoked one is refused from the next request on."""

    def __init__(self, *, tokens: ProviderTokens) -> None:
        self._tokens = tokens

    async def principal(self, key: Secret | None) -> Principal:
        """Return who holds the token. Raises `NotAuthenticated`, the same for wrong and revoked ones."""
        if key is None:
            raise NotAuthenticated(presented=False)
        found = await self._tokens.by_digest(digest(key))
        if found is None or found.revoked_at is not None:
            raise NotAuthenticated(presented=True)
        return Principal(
            id=PrincipalId(found.id),
            organization=found.organization,
            workspace=found.workspace,
            scopes=PROVIDER_SCOPES,
            conditions=(OnlyVaults(frozenset({found.vault})),),
        )


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)
