"""What an operator says of a namespace's items: which credentials are shared into it, and when each may be read.

Sharing lets a secret out of the house. It needs the scope of those who may see secrets, which no key has by default.
"""

from collections.abc import Sequence
from typing import final

from strongroom.core.actions import Action
from strongroom.core.credentials.credit_card import CreditCard
from strongroom.core.credentials.password import Password
from strongroom.core.credentials.secret import SecretValue
from strongroom.core.failures import Invalid
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import CredentialId
from strongroom.core.provider import Item, Window
from strongroom.core.sources import Clock
from strongroom.services.gate import Gate
from strongroom.services.ports import Credentials
from strongroom.services.provider_ports import ProviderItems, ProviderTokens

SPOKEN = (Password.tag, CreditCard.tag, SecretValue.tag)
"""The kinds that have a flat form (`core/credentials/flat.py`), which is what readers of a namespace understand."""


@final
class ProviderShareService:
    """Use cases of whoever runs the namespaces."""

    def __init__(
        self, *, tokens: ProviderTokens, items: ProviderItems, credentials: Credentials, gate: Gate, clock: Clock
    ) -> None:
        self._tokens = tokens
        self._items = items
        self._credentials = credentials
        self._gate = gate
        self._clock = clock

    async def page(self, principal: Principal, namespace: str) -> Sequence[Item]:
        """Return the active items of a namespace, newest first. Raises `NotFound`."""
        found = await self._tokens.namespace(principal.workspace, namespace)
        target = Target(name=f"namespace {namespace}", workspace=principal.workspace, vault=found.vault)
        await self._gate.admit(principal, Action.PROVIDER_ITEM_LIST, target, {"namespace": namespace})
        return await self._items.page(principal.workspace, found.vault)

    async def share(self, principal: Principal, namespace: str, credential: CredentialId, window: Window) -> Item:
        """Let a namespace read a credential of any vault of the workspace, or give an item of it another window.

        Raises `NotFound`, and `Invalid` for an archived credential or a kind that the namespace's readers do not know.
        """
        found = await self._tokens.namespace(principal.workspace, namespace)
        vault = await self._items.vault_of(principal.workspace, credential)
        target = Target(name=credential, workspace=principal.workspace, vault=vault)
        facts = {"namespace": namespace, "vault": vault}
        await self._gate.admit(principal, Action.PROVIDER_ITEM_SHARE, target, facts)
        described = await self._credentials.get(principal.workspace, vault, credential)
        described.require_active()
        if described.kind not in SPOKEN:
            raise Invalid(f"must be of one of the kinds {', '.join(SPOKEN)}", field="credential_id")
        await self._items.put(found.vault, credential, window, self._clock())
        return Item(credential=described, shared=vault != found.vault, window=window)

    async def withdraw(self, principal: Principal, namespace: str, credential: CredentialId) -> None:
        """End a share, or open the window of the namespace's own item. Repeating is harmless."""
        found = await self._tokens.namespace(principal.workspace, namespace)
        target = Target(name=credential, workspace=principal.workspace, vault=found.vault)
        await self._gate.admit(principal, Action.PROVIDER_ITEM_WITHDRAW, target, {"namespace": namespace})
        await self._items.take(found.vault, credential)
