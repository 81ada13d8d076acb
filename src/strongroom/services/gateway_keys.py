"""Keys of the LLM gateway: minted and shown once, listed, switched off and on, revoked."""

from dataclasses import dataclass
from typing import final

from strongroom.core.actions import Action
from strongroom.core.grants import Principal, Target
from strongroom.core.llm.attribution import actor, checked_name
from strongroom.core.llm.gateway_keys import SHOWN, GatewayKey, GatewayKeyKind, NewGatewayKey
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock, Entropy
from strongroom.core.uuids import uuid_from
from strongroom.crypto.tokens import beginning, digest, mint_gateway_key
from strongroom.services.gate import Gate
from strongroom.services.llm_connections import Forget
from strongroom.services.llm_ports import GatewayKeys


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MintedGatewayKey:
    """A fresh key: its description, and the key itself, shown this once."""

    key: GatewayKey
    secret: Secret


@final
class GatewayKeyService:
    """Use cases on gateway keys."""

    def __init__(self, *, keys: GatewayKeys, gate: Gate, clock: Clock, entropy: Entropy, forget: Forget) -> None:
        self._keys = keys
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._forget = forget

    async def create(self, principal: Principal, new: NewGatewayKey) -> MintedGatewayKey:
        """Mint a key for a person, a group or a machine. Raises `Invalid` and `Conflict`."""
        return await self._minted(principal, Action.GATEWAY_KEY_CREATE, new, new.kind)

    async def create_own(self, principal: Principal, new: NewGatewayKey) -> MintedGatewayKey:
        """Mint a key for whoever asks."""
        return await self._minted(principal, Action.GATEWAY_KEY_CREATE_OWN, new, GatewayKeyKind.USER)

    async def get(self, principal: Principal, key: str) -> GatewayKey:
        """Return a key's description."""
        await self._gate.admit(principal, Action.GATEWAY_KEY_READ, _target(principal, key))
        return await self._keys.get(principal.workspace, key)

    async def all(self, principal: Principal) -> list[GatewayKey]:
        """Return all, oldest first, revoked ones included."""
        await self._gate.admit(principal, Action.GATEWAY_KEY_LIST, _target(principal, "gateway keys"))
        return await self._keys.all(principal.workspace)

    async def disable(self, principal: Principal, key: str, *, disabled: bool) -> None:
        """Switch a key off, or on again."""
        facts = {"disabled": int(disabled)}
        await self._gate.admit(principal, Action.GATEWAY_KEY_UPDATE, _target(principal, key), facts)
        await self._keys.disable(principal.workspace, key, self._clock() if disabled else None)
        self._forget(principal.workspace)

    async def revoke(self, principal: Principal, key: str) -> None:
        """Revoke a key for ever."""
        await self._gate.admit(principal, Action.GATEWAY_KEY_REVOKE, _target(principal, key))
        await self._keys.revoke(principal.workspace, key, self._clock())
        self._forget(principal.workspace)

    async def _minted(
        self, principal: Principal, action: Action, new: NewGatewayKey, kind: GatewayKeyKind
    ) -> MintedGatewayKey:
        now = self._clock()
        new.checked(now)
        secret, maker = mint_gateway_key(self._entropy), actor(principal)
        own = action is Action.GATEWAY_KEY_CREATE_OWN
        key = GatewayKey(
            id=uuid_from(self._entropy(16)),
            organization=principal.organization,
            workspace=principal.workspace,
            name=checked_name(new.name),
            kind=kind,
            key_prefix=beginning(secret, SHOWN),
            created_by_user_id=maker.user_id,
            user_id=maker.user_id if own else new.user_id,
            user_email=maker.email if own else new.user_email,
            group_name=new.group_name,
            scopes=tuple(new.scopes),
            created_at=now,
            expires_at=new.expires_at,
        )
        await self._gate.admit(principal, action, _target(principal, key.id), {"kind": kind.value})
        await self._keys.add(key, digest(secret))
        return MintedGatewayKey(key=key, secret=secret)


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)
