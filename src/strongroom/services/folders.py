"""Folders that logins are put into."""

from typing import final

from strongroom.core.actions import Action
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import FOLDER, FolderId, NewId
from strongroom.core.logins import Folder
from strongroom.core.sources import Clock
from strongroom.services.gate import Gate
from strongroom.services.login_ports import FolderQuery, Folders


@final
class FolderService:
    """Use cases on folders. Titles need not be unique."""

    def __init__(self, *, folders: Folders, gate: Gate, clock: Clock, new_id: NewId) -> None:
        self._folders = folders
        self._gate = gate
        self._clock = clock
        self._new_id = new_id

    async def create(self, principal: Principal, *, title: str, description: str | None) -> Folder:
        """Make a folder."""
        now = self._clock()
        folder = Folder(
            id=FolderId(self._new_id(FOLDER)),
            organization=principal.organization,
            workspace=principal.workspace,
            title=title,
            description=description,
            created_at=now,
            modified_at=now,
        )
        await self._admit(principal, Action.FOLDER_CREATE, folder.id)
        await self._folders.add(folder)
        return folder

    async def get(self, principal: Principal, folder: FolderId) -> Folder:
        """Return a folder. Raises `NotFound`."""
        await self._admit(principal, Action.FOLDER_READ, folder)
        return await self._folders.get(principal.workspace, folder)

    async def page(self, principal: Principal, query: FolderQuery) -> list[Folder]:
        """Return some, the one that was modified last first."""
        await self._admit(principal, Action.FOLDER_LIST, "folders")
        return await self._folders.page(principal.workspace, query)

    async def change(
        self, principal: Principal, folder: FolderId, *, title: str | None, description: str | None
    ) -> Folder:
        """Change what is not None. Raises `NotFound`."""
        await self._admit(principal, Action.FOLDER_UPDATE, folder)
        return await self._folders.change(
            principal.workspace, folder, title=title, description=description, at=self._clock()
        )

    async def delete(self, principal: Principal, folder: FolderId) -> None:
        """Remove a folder, and nothing that is in it. Raises `NotFound`."""
        await self._admit(principal, Action.FOLDER_DELETE, folder)
        await self._folders.delete(principal.workspace, folder, self._clock())

    async def _admit(self, principal: Principal, action: Action, name: str) -> None:
        await self._gate.admit(principal, action, Target(name=name, workspace=principal.workspace))
