"""What may happen to the requests of one session toward one host: decided once, then only followed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import final

from strongroom.core.hosts import Host
from strongroom.core.ids import CredentialId, SessionId, VaultId
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface


@final
@dataclass(frozen=True, slots=True)
class Destination:
    """The authority that a request is dialled to."""

    scheme: str
    host: Host
    port: int

    @property
    def authority(self) -> str:
        """`host` or `host:port` as it stands in a Host header; IPv6 in brackets, default ports left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A placeholder that becomes a secret here, on these surfaces.

    Where the secret changes with the clock, it is empty and `at_sending` makes the swap of the moment, which says when
    its secret `ends`. One that is not `scrubbed` is no secret, or so short that it stands in replies by chance.
    """

    placeholder: str
    secret: Secret
    surfaces: frozenset[Surface]
    credential: CredentialId
    vault: VaultId
    scrubbed: bool = True
    ends: datetime | None = None
    at_sending: "Callable[[], Swap] | None" = None

    @property
    def present(self) -> "Swap":
        """The swap as it is made at this moment."""
        return self if self.at_sending is None else self.at_sending()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A header, `scheme` and secret, set on requests to one target; the agent holds nothing for it.

    `target` is in the normal form of `core/mcp_urls.py`. `marker` is what replies show where the
    secret would have stood. A `reserved` one is for whoever looks into the messages that go with it. `ends` is when the
    secret is worthless, where that is certain.
    """

    target: str
    header: str
    scheme: str
    secret: Secret
    marker: str
    credential: CredentialId
    vault: VaultId
    reserved: bool = False
    ends: datetime | None = None
    renewable: bool = False
    """Whether another token can be had if this one is rejected."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """AWS keys: what is signed with their placeholders is signed anew with them, and nothing else is done with them.

    The parts may belong to one credential or to one each; their surfaces mean nothing here.
    """

    access_key_id: Swap
    secret_access_key: Swap
    session_token: Swap | None = None

    @property
    def parts(self) -> tuple[Swap, ...]:
        """All that there are."""
        found = (self.access_key_id, self.secret_access_key, self.session_token)
        return tuple(part for part in found if part is not None)

    @property
    def sent(self) -> tuple[Swap, ...]:
        """Those that are sent: all but the secret key."""
        return tuple(part for part in self.parts if part is not self.secret_access_key)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The answer to "what goes where" for one session and one destination.

    `strays` are the session's live placeholders that do not belong here: they go out as the
    worthless literals they are, and are reported; or, where the plan `refuses_strays`, the request
    is refused. `vaults` says in which vaults the credentials that are known here lie. `use` is called
    with each credential that is used, `stray` with each that was sent to the wrong place; both only count, in memory.
    """

    session: SessionId
    destination: Destination
    expires_at: datetime
    swaps: tuple[Swap, ...] = ()
    strays: Mapping[str, CredentialId] = field(default_factory=dict)
    placements: tuple[Placement, ...] = ()
    vaults: Mapping[CredentialId, VaultId] = field(default_factory=dict)
    refuses_strays: bool = False
    signers: Mapping[bytes, Signer] = field(default_factory=dict)
    """By the placeholder of the access key id."""
    passes_through: bool = False
    """Whether TLS goes through as it is, from end to end: then nothing is put in, taken out or looked for."""
    renew_at: datetime | None = None
    """When the first of the tokens that it places is to be renewed, if one of them can be."""

    missing: Mapping[CredentialId, str] = field(default_factory=dict)
    """Credentials that belong here, and whose vault, which is named, did not hand them out: what needs them is refused.
    Their placeholders are among the strays."""

    def marked(self) -> list[tuple[Secret, str]]:
        """Return every secret that may be sent under it, with what replies show in its place."""
        present = [swap.present for swap in self.swaps if swap.scrubbed]
        swapped = [(swap.secret, swap.placeholder) for swap in present]
        return swapped + [(placed.secret, placed.marker) for placed in self.placements]

    def worthless(self) -> list[tuple[Secret, str]]:
        """Return what may be sent of keys that only sign, likewise."""
        return [(part.secret, part.placeholder) for signer in self.signers.values() for part in signer.sent]
