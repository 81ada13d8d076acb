"""Keys of the LLM gateway: what applications show instead of a vendor's key (contract 2.7). They administer nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import final

from strongroom.core.failures import Invalid
from strongroom.core.ids import OrganizationId, WorkspaceId
from strongroom.core.llm.attribution import checked_name
from strongroom.core.llm.limits import UNLIMITED, Limits
from strongroom.core.uuids import is_uuid

MAX_KEYS = 10_000
MAX_SCOPES = 50
PREFIX = "bd-"
SHOWN = 8
"""How much of a key lists show, the prefix included: of 43 digits five leave 226 bits."""


@final
class GatewayKeyKind(StrEnum):
    """Whom a key was made for."""

    USER = "user"
    MACHINE = "machine"
    AGENT_SESSION = "agent_session"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayKey:
    """A key's description. The key itself is nowhere, only its SHA-256 beside this."""

    id: str
    organization: OrganizationId
    workspace: WorkspaceId
    name: str
    kind: GatewayKeyKind
    key_prefix: str
    created_by_user_id: str
    user_id: str | None = None
    user_email: str | None = None
    group_name: str | None = None
    scopes: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime | None = None
    disabled_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    limits: Limits = UNLIMITED

    def is_good(self, now: datetime) -> bool:
        """Whether requests may be made with it."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.disabled_at is None and self.revoked_at is None and not expired


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewGatewayKey:
    """What a caller says of a key to be made."""

    name: str
    user_id: str | None = None
    user_email: str | None = None
    group_name: str | None = None
    scopes: Sequence[str] = ()
    expires_at: datetime | None = None

    def checked(self, now: datetime) -> "NewGatewayKey":
        """Return it. Raises `Invalid`."""
        checked_name(self.name)
        if self.user_id is not None and self.group_name is not None:
            raise Invalid("must not be sent together with group_name", field="user_id")
        if self.user_id is not None and not is_uuid(self.user_id):
            raise Invalid("must be a UUID", field="user_id")
        for name in ("user_email", "group_name"):
            text = getattr(self, name)
            if text is not None:
                checked_name(text, field=name)
        if len(self.scopes) > MAX_SCOPES:
            raise Invalid(f"must have at most {MAX_SCOPES} entries", field="scopes")
        for scope in self.scopes:
            checked_name(scope, field="scopes")
        if self.expires_at is not None and self.expires_at <= now:
            raise Invalid("must be in the future", field="expires_at")
        return self

    @property
    def kind(self) -> GatewayKeyKind:
        """A person's if it names one, a machine's otherwise."""
        return GatewayKeyKind.MACHINE if self.user_id is None else GatewayKeyKind.USER
