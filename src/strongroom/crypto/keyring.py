"""The keys in force: the newest seals, all open.

Every payload has a data key (DEK) of its own, and the KEK of the newest term wraps that. Both seals
are bound to the place the payload belongs to, so bytes moved elsewhere do not open there.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, final

from strongroom.core.binding import Binding
from strongroom.core.failures import NotReady, Unreadable
from strongroom.core.overriding import override
from strongroom.core.sources import Entropy
from strongroom.crypto.aad import Purpose, aad
from strongroom.crypto.dek import Dek
from strongroom.crypto.envelope import Envelope


class KekHolder(Protocol):
    """Who has a key-encrypting key: a file, a passphrase, an HSM, a cloud. The key never leaves it."""

    async def wrap(self, dek: Dek, aad: bytes) -> bytes:
        """Return the data key under the KEK, bound to `aad`. Raises `Unavailable`."""

    async def unwrap(self, wrapped: bytes, aad: bytes) -> Dek:
        """Return the data key. Raises `Unreadable` for another KEK or `aad`, `Unavailable`."""


@final
class KeyRing:
    """Holders by term. Implements the port `Seal`."""

    def __init__(self, *, holders: Mapping[int, KekHolder], entropy: Entropy) -> None:
        if not holders:
            raise NotReady("there is no root key: name one with --root-key")
        self._holders = dict(holders)
        self._newest = max(holders)
        self._entropy = entropy

    @override
    def __repr__(self) -> str:
        return f"KeyRing(terms={sorted(self._holders)})"

    @property
    def newest(self) -> int:
        """The term that seals."""
        return self._newest

    async def seal(self, binding: Binding, plaintext: bytes) -> bytes:
        """Return an envelope with a fresh data key."""
        dek = Dek.mint(self._entropy)
        wrapped = await self._holders[self._newest].wrap(dek, aad(binding, Purpose.DEK))
        sealed = dek.cipher(self._entropy).seal(plaintext, aad(binding, Purpose.PAYLOAD))
        return Envelope(term=self._newest, wrapped=wrapped, sealed=sealed).to_bytes()

    async def open(self, binding: Binding, envelope: bytes) -> bytes:
        """Return the plaintext. Raises `Unreadable`."""
        parsed = Envelope.parse(envelope)
        dek = await self._unwrap(binding, parsed)
        return dek.cipher(self._entropy).open(parsed.sealed, aad(binding, Purpose.PAYLOAD))

    async def rewrap(self, binding: Binding, envelope: bytes) -> bytes:
        """Return the envelope with the same data key under the newest term; itself if it is there already.

        Raises `Unreadable`. The payload is not opened.
        """
        parsed = Envelope.parse(envelope)
        if parsed.term == self._newest:
            return envelope
        dek = await self._unwrap(binding, parsed)
        wrapped = await self._holders[self._newest].wrap(dek, aad(binding, Purpose.DEK))
        return replace(parsed, term=self._newest, wrapped=wrapped).to_bytes()

    async def _unwrap(self, binding: Binding, parsed: Envelope) -> Dek:
        holder = self._holders.get(parsed.term)
        if holder is None:
            raise Unreadable(f"the envelope was sealed under root key term {parsed.term}, which this server lacks")
        return await holder.unwrap(parsed.wrapped, aad(binding, Purpose.DEK))
