"""Every door from a use case to the outside, as small Protocols.

`store`, `custody` and `outbound` implement them; `wiring.py` passes the implementations. Every store
method is one transaction that is durable when it returns. Failures are those of `core/failures.py`;
a database that does not answer is `Unavailable`.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, final

from strongroom.core.audit import Entry, Head, Record
from strongroom.core.binding import Binding
from strongroom.core.credentials import Credential, Material
from strongroom.core.environments import Environment
from strongroom.core.grants import Granted
from strongroom.core.ids import (
    CredentialId,
    EnvironmentId,
    ItemId,
    KeyId,
    OrganizationId,
    SessionId,
    VaultId,
    WorkspaceId,
)
from strongroom.core.logins import Login
from strongroom.core.pages import Page, PageQuery
from strongroom.core.sessions import Session
from strongroom.core.tenants import ApiKey, Organization, Workspace
from strongroom.core.vaults import ALL_PURPOSES, Purpose, Vault
from strongroom.services.authorization_ports import Authorizations
from strongroom.services.custody_ports import CustodyItems, ProviderSettings
from strongroom.services.fill_ports import Fills, FillTokens
from strongroom.services.llm_ports import Connections, GatewayKeys, Mappings, Providers, RoutingTable
from strongroom.services.llm_use_ports import LlmUses
from strongroom.services.login_ports import Folders, Logins, PushedCodes
from strongroom.services.oauth_ports import Refreshes
from strongroom.services.provider_ports import ProviderItems, ProviderTokens
from strongroom.services.sign_in_ports import SignIns
from strongroom.services.usage_ports import Refusals, Uses
from strongroom.services.webhook_ports import Outbox, Webhooks

# --- custody -----------------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class Custody:
    """The receipt that the store holds for material.

    `custodian` is who keeps it; `receipt` is our sealed envelope, or a reference elsewhere;
    `revision` is the credential's revision when it was sealed, and is bound into the seal. A receipt
    that is fresh from another's vault names the `item` of the journal that the store has to settle
    in the transaction that writes it.
    """

    custodian: str
    receipt: bytes
    revision: int
    item: ItemId | None = None


class Custodian(Protocol):
    """Who keeps material. Material is never touched without a proof that it may be."""

    async def keep(self, granted: Granted, credential: Credential, material: Material) -> Custody:
        """Take material into custody at the credential's present revision."""

    async def open(self, granted: Granted, credential: Credential, custody: Custody) -> Material:
        """Return the material. Raises `Unreadable` where receipt and credential do not belong together."""

    async def drop(self, granted: Granted, credential: Credential, custody: Custody) -> None:
        """Destroy what `keep` has just taken and the store has not: what is stored goes with its row."""

    async def check(self) -> None:
        """Raise `Unavailable` or `Unreadable` if the custodian cannot work."""


class Seal(Protocol):
    """Seals small things that are not credentials: session seeds, the CA key, stored replies."""

    async def seal(self, binding: Binding, plaintext: bytes) -> bytes:
        """Return the envelope."""

    async def open(self, binding: Binding, envelope: bytes) -> bytes:
        """Return the plaintext. Raises `Unreadable`."""


# --- store -------------------------------------------------------------------------------------


class Tenants(Protocol):
    """Organizations, workspaces and keys."""

    async def add_organization(self, organization: Organization, workspace: Workspace) -> None:
        """Add an organization with its first workspace."""

    async def settle_organization(self, organization: Organization, workspace: Workspace) -> Organization:
        """Add one with its first workspace, unless there is one with that UUID; return the one there is then."""

    async def organizations(self) -> list[Organization]:
        """Return all, oldest first."""

    async def organization(self, organization: OrganizationId) -> Organization | None:
        """Return one, or None."""

    async def organization_by_uuid(self, uuid: str) -> Organization | None:
        """Return the one that is called so by wires that know organizations by UUID, or None."""

    async def workspaces(self, organization: OrganizationId) -> list[Workspace]:
        """Return an organization's workspaces, oldest first."""

    async def add_key(self, key: ApiKey, digest: bytes) -> None:
        """Add a key by the SHA-256 of its text."""

    async def key_by_digest(self, digest: bytes) -> ApiKey | None:
        """Return the key with that digest, revoked ones included."""

    async def keys(self, workspace: WorkspaceId) -> list[ApiKey]:
        """Return a workspace's keys, newest first."""

    async def revoke_key(self, workspace: WorkspaceId, key: KeyId, at: datetime) -> ApiKey:
        """Set `revoked_at` if unset and archive the sessions the key opened. Raises `NotFound`."""


class Vaults(Protocol):
    """Vaults; all look-ups are within a workspace, others answer `NotFound`."""

    async def add(self, vault: Vault) -> None:
        """Add a vault."""

    async def get(self, workspace: WorkspaceId, vault: VaultId) -> Vault:
        """Return a vault. Raises `NotFound`."""

    async def home(self, workspace: WorkspaceId, home: str) -> Vault | None:
        """Return the vault that is not archived with that home, if there is one."""

    async def settle(self, vault: Vault) -> Vault:
        """Add a vault with a home, unless there is one that is not archived; return the one there is then."""

    async def page(
        self, workspace: WorkspaceId, query: PageQuery, *, purposes: Collection[Purpose] = ALL_PURPOSES
    ) -> Page[Vault]:
        """Return a page of vaults of these purposes."""

    async def replace(self, vault: Vault, *, expected: datetime) -> bool:
        """Write a changed vault if its `updated_at` is still `expected`; tell whether it was."""

    async def archive(self, workspace: WorkspaceId, vault: VaultId, at: datetime) -> Vault:
        """Archive the vault and all its active credentials, destroying their custody, in one transaction.

        An archived vault is returned unchanged. Raises `NotFound`.
        """

    async def delete(self, workspace: WorkspaceId, vault: VaultId) -> None:
        """Remove the vault and its credentials. Raises `NotFound`."""


class Credentials(Protocol):
    """Credentials; look-ups are within a vault of a workspace, others answer `NotFound`."""

    async def add(self, credential: Credential, custody: Custody, *, login: Login | None = None) -> None:
        """Add a credential to an active vault, with what is kept beside it.

        In this order: `NotFound` for the vault, `Invalid` for an archived vault, `Invalid` where there is no room,
        `Conflict` for an active one with the same unique key.
        """

    async def get(self, workspace: WorkspaceId, vault: VaultId, credential: CredentialId) -> Credential:
        """Return a credential. Raises `NotFound` (for the vault, if that is what is missing)."""

    async def custody(self, credential: CredentialId) -> Custody | None:
        """Return the receipt, or None once it was destroyed."""

    async def held(
        self, workspace: WorkspaceId, vault: VaultId, credential: CredentialId
    ) -> tuple[Credential, Custody] | None:
        """Return an active credential with its receipt, read together; None if it is archived or gone."""

    async def page(
        self, workspace: WorkspaceId, vault: VaultId, query: PageQuery, *, kinds: Collection[str]
    ) -> Page[Credential]:
        """Return a page of a vault's credentials of these kinds. Raises `NotFound` for the vault."""

    async def replace(
        self, credential: Credential, custody: Custody | None, *, expected: int, login: Login | None = None
    ) -> bool:
        """Write a changed credential if its revision is still `expected` and it is not archived.

        `custody` replaces the receipt and `login` what is kept beside it; None keeps. Tells whether it was written.
        """

    async def archive(
        self, workspace: WorkspaceId, vault: VaultId, credential: CredentialId, at: datetime
    ) -> Credential:
        """Archive a credential and destroy its custody. An archived one is returned unchanged."""

    async def delete(self, workspace: WorkspaceId, vault: VaultId, credential: CredentialId) -> None:
        """Remove a credential. Raises `NotFound`."""

    async def active_in(self, workspace: WorkspaceId, vaults: Sequence[VaultId]) -> list[tuple[Credential, Custody]]:
        """Return the active credentials of active vaults among those given, with their receipts, oldest first."""


class Environments(Protocol):
    """Environments; look-ups are within a workspace."""

    async def add(self, environment: Environment) -> None:
        """Add an environment."""

    async def get(self, workspace: WorkspaceId, environment: EnvironmentId) -> Environment:
        """Return an environment. Raises `NotFound`."""

    async def page(self, workspace: WorkspaceId, query: PageQuery) -> Page[Environment]:
        """Return a page of environments."""

    async def replace(self, environment: Environment, *, expected: datetime) -> bool:
        """Write a changed environment if its `updated_at` is still `expected`; tell whether it was."""

    async def delete(self, workspace: WorkspaceId, environment: EnvironmentId) -> None:
        """Remove it. Raises `NotFound`; `Conflict` while a session that is not archived references it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions a list shows; empty fields do not narrow. Times are exclusive (gt, lt) or not (gte, lte)."""

    agent_id: str | None = None
    agent_version: int | None = None
    created_gt: datetime | None = None
    created_gte: datetime | None = None
    created_lt: datetime | None = None
    created_lte: datetime | None = None
    live: bool | None = None
    """True: neither archived nor expired at `now`. False: the rest."""
    now: datetime | None = None


class Sessions(Protocol):
    """Sessions. The proxy token is kept as its SHA-256, the placeholder seed as an envelope."""

    async def add(self, session: Session, *, token_digest: bytes, seed: bytes) -> None:
        """Add a session; `seed` is sealed.

        Raises `NotFound` and `Invalid` for an environment or vault that is missing or archived.
        """

    async def get(self, workspace: WorkspaceId, session: SessionId) -> Session:
        """Return a session. Raises `NotFound`."""

    async def by_token(self, token_digest: bytes) -> tuple[Session, bytes] | None:
        """Return the session of a proxy token, archived ones included, with its sealed seed."""

    async def page(self, workspace: WorkspaceId, query: PageQuery, narrowed: SessionFilter) -> Page[Session]:
        """Return a page of sessions."""

    async def replace(self, session: Session, *, expected: datetime) -> bool:
        """Write a changed session if its `updated_at` is still `expected`; tell whether it was."""

    async def delete(self, workspace: WorkspaceId, session: SessionId) -> None:
        """Remove it. Raises `NotFound`."""


class AuditAppender(Protocol):
    """The writing end of the audit log: all that the gate has of it."""

    async def append(self, records: Sequence[Record]) -> list[Entry]:
        """Append in order, in one transaction. Raises `Unavailable` if it cannot be written."""


class AuditLog(AuditAppender, Protocol):
    """The chain of each organization. There is no way to change or remove an entry."""

    async def entries(
        self, organization: OrganizationId, *, after: int = 0, limit: int = 1000, session: SessionId | None = None
    ) -> list[Entry]:
        """Return entries with a greater sequence, oldest first; with `session`, those whose facts name it."""

    async def newest(self, organization: OrganizationId, *, limit: int) -> list[Entry]:
        """Return the last entries, oldest first."""

    async def head(self, organization: OrganizationId) -> Head:
        """Return the chain's head."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReply:
    """The answer to a create that carried an idempotency key; `sealed` is None while it is under way."""

    fingerprint: bytes
    claimed_at: datetime
    sealed: bytes | None = None


class Replies(Protocol):
    """Answers kept for repeated creates."""

    async def claim(self, key: bytes, fingerprint: bytes, *, now: datetime, expired: datetime) -> StoredReply | None:
        """Claim a key. None: it is ours. Otherwise what another request left. Rows from before `expired` are void."""

    async def settle(self, key: bytes, sealed: bytes) -> None:
        """Keep the answer of a claimed key."""

    async def release(self, key: bytes) -> None:
        """Give a claim up: nothing was created."""


class Sealed(Protocol):
    """A few named envelopes that belong to the installation: its own secret, the CA key, the keys of identities."""

    async def get(self, name: str) -> bytes | None:
        """Return an envelope, or None."""

    async def put_if_absent(self, name: str, envelope: bytes) -> bytes:
        """Keep an envelope if there is none of that name; return the one that is there now."""

    async def replace(self, name: str, envelope: bytes, *, expected: bytes) -> bool:
        """Keep another envelope if the one of that name is still the expected one; tell whether."""


class Subject(StrEnum):
    """What kind of thing changed."""

    VAULT = "vault"
    CREDENTIAL = "credential"
    ENVIRONMENT = "environment"
    SESSION = "session"
    KEY = "key"
    TOKENS = "tokens"
    """The tokens of a credential were renewed: nothing was taken away, but who sends them asks for the new ones."""
    ROUTES = "routes"
    """A provider or a model mapping: what gateway keys of the workspace can reach."""
    GATEWAY_KEY = "gateway_key"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something changed in a way that a warm plan may depend on. `vault` is where a credential lies."""

    subject: Subject
    workspace: WorkspaceId
    id: str
    vault: VaultId | None = None


class Changes(Protocol):
    """News of every committed change, from this node and from others, within half a second."""

    def follow(self) -> AsyncIterator[Sequence[Change]]:
        """Yield changes committed after the call, in order. Yields an empty sequence as a sign of life."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """All of the store, as `wiring.py` hands it around piece by piece."""

    tenants: Tenants
    vaults: Vaults
    credentials: Credentials
    environments: Environments
    sessions: Sessions
    audit: AuditLog
    uses: Uses
    refusals: Refusals
    replies: Replies
    sealed: Sealed
    changes: Changes
    webhooks: Webhooks
    outbox: Outbox
    refreshes: Refreshes
    authorizations: Authorizations
    logins: Logins
    folders: Folders
    pushed_codes: PushedCodes
    provider_tokens: ProviderTokens
    provider_items: ProviderItems
    custody_items: CustodyItems
    provider_settings: ProviderSettings
    connections: Connections
    providers: Providers
    mappings: Mappings
    gateway_keys: GatewayKeys
    routing: RoutingTable
    llm_uses: LlmUses
    fill_tokens: FillTokens
    fills: Fills
    sign_ins: SignIns
