"""The routes of folders (contract skyvern-credentials 2: B4 to B8)."""

from contextlib import AbstractContextManager
from typing import Annotated, Any, final

from fastapi import Query, Request, Response
from pydantic import Field, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from strongroom.core.ids import FolderId
from strongroom.core.logins import folded
from strongroom.dialects.door import caller
from strongroom.dialects.replies import reply
from strongroom.dialects.skyvern import show
from strongroom.dialects.skyvern import wire_replies as shown
from strongroom.dialects.skyvern.paths import FOLDERS, Paths
from strongroom.dialects.skyvern.routes_credentials import MAX_SKIPPED, Page, told_missing
from strongroom.dialects.skyvern.wire import Model, Search, Text, refused
from strongroom.services.folders import FolderService
from strongroom.services.login_ports import FolderQuery

MAX_TITLE = 255
MAX_DESCRIPTION = 4096
MAX_PAGE_SIZE = 500

Title = Annotated[Text, Field(min_length=1, max_length=MAX_TITLE)]
Description = Annotated[Text, Field(max_length=MAX_DESCRIPTION)]


class CreateFolderRequest(Model):
    """A folder to make."""

    title: Title
    description: Description | None = None


class UpdateFolderRequest(Model):
    """A change to a folder; at least one of both."""

    title: Title | None = None
    description: Description | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _not_empty(cls, sent: Any, read: ModelWrapValidatorHandler["UpdateFolderRequest"]) -> "UpdateFolderRequest":  # noqa: ANN401
        made = read(sent)
        if made.title is None and made.description is None:
            raise refused("must change the title or the description")
        return made


@final
class FolderRoutes:
    """Endpoints on folders."""

    def __init__(self, *, folders: FolderService) -> None:
        self._folders = folders

    def add_to(self, paths: Paths) -> None:
        """Add the table."""
        one, shape = f"{FOLDERS}/{{folder_id}}", shown.CredentialFolder
        paths.both("POST", FOLDERS, self.create_folder, creates=True, response_model=shape)
        paths.both("GET", FOLDERS, self.list_folders, response_model=list[shown.CredentialFolder])
        paths.both("GET", one, self.get_folder, response_model=shape)
        paths.both("PUT", one, self.update_folder, response_model=shape)
        paths.both("DELETE", one, self.delete_folder, response_model=shown.DeletedFolder)

    async def create_folder(self, request: Request, sent: CreateFolderRequest) -> Response:
        """Make a folder."""
        made = await self._folders.create(caller(request), title=sent.title, description=sent.description)
        return reply(show.folder(made))

    async def list_folders(
        self,
        request: Request,
        page: Page = 1,
        page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 100,
        search: Search = None,
    ) -> Response:
        """List folders, the one that was changed last first."""
        query = FolderQuery(
            limit=page_size,
            skipped=min((page - 1) * page_size, MAX_SKIPPED),
            search=folded(search.strip()) if search and search.strip() else None,
        )
        return reply([show.folder(found) for found in await self._folders.page(caller(request), query)])

    async def get_folder(self, request: Request, folder_id: str) -> Response:
        """Return a folder."""
        with _missing(folder_id):
            return reply(show.folder(await self._folders.get(caller(request), FolderId(folder_id))))

    async def update_folder(self, request: Request, folder_id: str, sent: UpdateFolderRequest) -> Response:
        """Change a folder's title or description."""
        with _missing(folder_id):
            changed = await self._folders.change(
                caller(request), FolderId(folder_id), title=sent.title, description=sent.description
            )
        return reply(show.folder(changed))

    async def delete_folder(self, request: Request, folder_id: str) -> Response:
        """Remove a folder. What is in it stays, in none."""
        with _missing(folder_id):
            await self._folders.delete(caller(request), FolderId(folder_id))
        body: shown.DeletedFolder = {"status": "deleted", "folder_id": folder_id}
        return reply(body)


def _missing(folder_id: str) -> AbstractContextManager[None]:
    return told_missing(f"Credential folder {folder_id} not found", noun="folder")
