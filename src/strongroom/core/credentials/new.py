"""What a caller says of a credential to be stored, and of a change to one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

from strongroom.core.credentials.base import Details, Material
from strongroom.core.credentials.credential import MAX_HOSTS, Credential
from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostPattern, HostSet
from strongroom.core.networking import NOWHERE, Limited, Networking
from strongroom.core.placeholders import OPAQUE, Shape, shape_like
from strongroom.core.substitution import FORBIDDEN_IN_HEADER
from strongroom.core.surfaces import Surface


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A credential before it has an id. `imitate` asks for a placeholder that looks like the secret.

    `networking` and `surfaces` are given for kinds used by placeholder; the others are bound to
    their server, and what has neither goes nowhere. Without a `custodian` it is kept where the
    deployment keeps its kind.
    """

    details: Details
    material: Material
    display_name: str | None = None
    metadata: Mapping[str, str]
    networking: Networking | None = None
    surfaces: frozenset[Surface] = frozenset()
    imitate: bool = False
    custodian: str | None = None

    def reach(self) -> Networking:
        """Where it may be used."""
        if self.networking is not None:
            return self.networking
        server = self.details.server()
        return NOWHERE if server is None else Limited(HostSet((HostPattern(server.host, subdomains=False),)))

    def shape(self) -> Shape:
        """How its placeholders look."""
        stand_in = self.material.stand_in()
        return shape_like(stand_in) if self.imitate and stand_in is not None else OPAQUE


Change = Callable[[Credential, Material | None], tuple[Credential, Material | None]]
"""A pure function from a credential, and its material if asked for, to both after the change.

A returned material of None keeps what is stored. Raises `Invalid` where the change breaks a rule.
"""


def require_sound(networking: Networking, surfaces: frozenset[Surface], material: Material | None) -> None:
    """Check the rules that span several fields (contract anthropic-vaults 4.5). Raises `Invalid`."""
    if isinstance(networking, Limited) and len(networking.hosts) > MAX_HOSTS:
        raise Invalid(f"must have at most {MAX_HOSTS} entries", field="auth.networking.allowed_hosts")
    stand_in = None if material is None else material.stand_in()
    if stand_in is not None and Surface.HEADER in surfaces and any(map(stand_in.contains, FORBIDDEN_IN_HEADER)):
        raise Invalid("must not contain CR, LF or NUL where it may be put into a header", field="auth.secret_value")
