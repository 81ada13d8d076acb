"""What a provider token is good for: store an item in its namespace, read it back, delete it.

Rules kept here (contract skyvern-credentials 7.7):
- a token reaches the items of its own namespace and those that were shared into it; all others do not exist for it;
- every read is in the audit log with namespace, item, moment and peer, refused ones too, before anything is opened;
- deleting an item that is not there succeeds: a refusal would keep the other side from ever forgetting it;
- deleting a shared item ends the share; the credential stays where it lies;
- an item that another replaced stays readable until it is deleted: a run that has begun may still ask for it.
"""

import re
from dataclasses import replace
from typing import final

from strongroom.core.actions import Action
from strongroom.core.conditions import OnlyVaults
from strongroom.core.credentials import Credential, Material, NewCredential
from strongroom.core.failures import NotAuthenticated, NotFound, NotPermitted
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import CredentialId, ProviderTokenId
from strongroom.core.provider import ProviderToken
from strongroom.core.sources import Clock
from strongroom.services.credentials import CredentialService
from strongroom.services.gate import Gate
from strongroom.services.ports import Custodian
from strongroom.services.provider_ports import ProviderItems, ProviderTokens

NOT_THERE = "not_in_namespace"
CLOSED = "release_window"
"""The reasons of refused reads, as the audit log shows them."""

_ITEM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NO_ITEM = "(no item's id)"
"""Stands in the audit log for a text that cannot be an id: it is not ours, and may be anything."""


@final
class ProviderItemService:
    """Use cases of whoever holds a provider token."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        tokens: ProviderTokens,
        items: ProviderItems,
        credentials: CredentialService,
        custodian: Custodian,
        gate: Gate,
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._items = items
        self._credentials = credentials
        self._custodian = custodian
        self._gate = gate
        self._clock = clock

    async def store(self, principal: Principal, new: NewCredential) -> CredentialId:
        """Store an item. Two that are alike are two items: nothing tells one from the other but its id."""
        token = await self._token(principal)
        return (await self._credentials.create(principal, token.vault, new)).id

    async def read(self, principal: Principal, item: CredentialId, *, peer: str) -> tuple[Credential, Material]:
        """Return an item with its secrets. Raises `NotFound`, and `NotPermitted` outside its release window."""
        token = await self._token(principal)
        facts = {"namespace": token.namespace, "vault": token.vault, "peer": peer}
        held = await self._items.held(token.workspace, token.vault, item) if _ITEM_ID.match(item) else None
        if held is None:
            name = item if _ITEM_ID.match(item) else _NO_ITEM
            target = Target(name=name, workspace=token.workspace, vault=token.vault)
            await self._gate.refuse(principal, Action.PROVIDER_ITEM_READ, target, reason=NOT_THERE, facts=facts)
            raise NotFound("item", name)
        found, custody = held
        credential = found.credential
        target = Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
        if not found.window.holds(self._clock()):
            await self._gate.refuse(principal, Action.PROVIDER_ITEM_READ, target, reason=CLOSED, facts=facts)
            raise NotPermitted("this item may not be read at this time")
        if found.shared:  # the share is what grants the vault that it lies in, for this one item
            principal = replace(principal, conditions=(OnlyVaults(frozenset({credential.vault})),))
            facts |= {"shared_from": credential.vault}
        granted = await self._gate.admit(principal, Action.PROVIDER_ITEM_READ, target, facts)
        return credential, await self._custodian.open(granted, credential, custody)

    async def delete(self, principal: Principal, item: CredentialId, *, peer: str) -> None:
        """Remove an item, or end its share. One that is not there is gone already."""
        token = await self._token(principal)
        held = await self._items.held(token.workspace, token.vault, item) if _ITEM_ID.match(item) else None
        if held is None:
            return
        if held[0].shared:
            target = Target(name=item, workspace=token.workspace, vault=token.vault)
            facts = {"namespace": token.namespace, "peer": peer}
            await self._gate.admit(principal, Action.PROVIDER_ITEM_DELETE, target, facts)
            await self._items.take(token.vault, item)
            return
        try:
            await self._credentials.delete(principal, token.vault, item)
        except NotFound:
            return  # somebody else was first

    async def _token(self, principal: Principal) -> ProviderToken:
        """Return the token anew: it may have been revoked since the door looked."""
        try:
            token = await self._tokens.get(principal.workspace, ProviderTokenId(principal.id))
        except NotFound:
            raise NotAuthenticated(presented=True) from None
        if token.revoked_at is not None:
            raise NotAuthenticated(presented=True)
        return token
