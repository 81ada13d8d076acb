"""What may happen to the requests of one session toward one host: decided once, then only followed."""

from collections.abc import Mapping
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
    """A placeholder that becomes a secret here, on these surfaces."""

    placeholder: str
    secret: Secret
    surfaces: frozenset[Surface]
    credential: CredentialId
    vault: VaultId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A header, `scheme` and secret, set on requests to one target; the agent holds nothing for it.

    `target` is in the normal form of `core/mcp_urls.py`. `marker` is what replies show where the
    secret would have stood.
    """

    target: str
    header: str
    scheme: str
    secret: Secret
    marker: str
    credential: CredentialId
    vault: VaultId


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

    def marked(self) -> list[tuple[Secret, str]]:
        """Return every secret that may be sent under it, with what replies show in its place."""
        swapped = [(swap.secret, swap.placeholder) for swap in self.swaps]
        return swapped + [(placed.secret, placed.marker) for placed in self.placements]
