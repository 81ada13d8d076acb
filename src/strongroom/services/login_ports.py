"""What is kept beside logins, the folders that they are in, and codes that were pushed: the doors to the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from strongroom.core.ids import CredentialId, FolderId, PushedCodeId, WorkspaceId
from strongroom.core.logins import Folder, StoredLogin
from strongroom.core.pushed_codes import MAX_KEPT, CodeKind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LoginQuery:
    """Which logins: `limit` of them after the first `skipped`, newest first. Empty fields do not narrow.

    `search` is what `core.logins.folded` returned.
    """

    limit: int
    skipped: int = 0
    kind: str | None = None
    custodian: str | None = None
    folder: str | None = None
    search: str | None = None


class Logins(Protocol):
    """Active logins of a workspace, wherever they lie. They are written through `Credentials`."""

    async def get(self, workspace: WorkspaceId, credential: CredentialId) -> StoredLogin:
        """Return one. Raises `NotFound`."""

    async def page(self, workspace: WorkspaceId, query: LoginQuery) -> list[StoredLogin]:
        """Return some, newest first."""

    async def move(
        self, workspace: WorkspaceId, credential: CredentialId, folder: FolderId | None, at: datetime
    ) -> StoredLogin:
        """Put one into a folder, or into none. Raises `NotFound` for the login, then for the folder."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FolderQuery:
    """Which folders, the one that was modified last first; `search` as in `LoginQuery`."""

    limit: int
    skipped: int = 0
    search: str | None = None


class Folders(Protocol):
    """Folders of a workspace."""

    async def add(self, folder: Folder) -> None:
        """Add one."""

    async def get(self, workspace: WorkspaceId, folder: FolderId) -> Folder:
        """Return one with the count of what is in it. Raises `NotFound`."""

    async def page(self, workspace: WorkspaceId, query: FolderQuery) -> list[Folder]:
        """Return some."""

    async def change(
        self, workspace: WorkspaceId, folder: FolderId, *, title: str | None, description: str | None, at: datetime
    ) -> Folder:
        """Change what is not None; return it as it is then. Raises `NotFound`."""

    async def delete(self, workspace: WorkspaceId, folder: FolderId, at: datetime) -> None:
        """Remove one; what was in it is in none then. Raises `NotFound`."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCode:
    """A pushed code at rest: what says whom it is for, and two envelopes that go when their time is over."""

    id: PushedCodeId
    organization: str
    workspace: WorkspaceId
    identifier: str
    compared: str
    """The identifier as it is looked for."""
    content: bytes | None
    code: bytes | None
    kind: CodeKind | None
    task: str | None
    workflow: str | None
    workflow_run: str | None
    source: str | None
    expired_at: datetime | None
    created_at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CodeQuery:
    """Which pushed codes: those in which something was found, newest first. Empty fields do not narrow."""

    limit: int
    since: datetime
    compared: str | None = None
    workflow_run: str | None = None
    kind: CodeKind | None = None


class PushedCodes(Protocol):
    """Codes that were pushed."""

    async def add(self, code: SealedCode, *, since: datetime, most: int = MAX_KEPT) -> None:
        """Add one. Raises `TooMany` if the workspace has `most` since that moment."""

    async def page(self, workspace: WorkspaceId, query: CodeQuery) -> Sequence[SealedCode]:
        """Return some."""

    async def forget(self, *, codes_before: datetime, all_before: datetime) -> None:
        """Destroy the codes of messages from before a moment, and whole messages from before another."""
