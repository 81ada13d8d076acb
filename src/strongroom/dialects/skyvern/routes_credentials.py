"""The routes of credentials (contract skyvern-credentials 2: A1 to A5, B1, B2, B9)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, final

from fastapi import Query, Request, Response
from pydantic import Field

from strongroom.core.failures import NotFound
from strongroom.core.ids import CredentialId, FolderId
from strongroom.core.logins import folded
from strongroom.dialects.door import caller
from strongroom.dialects.replies import reply
from strongroom.dialects.skyvern import show, show_codes, translate
from strongroom.dialects.skyvern import wire_credentials as wire
from strongroom.dialects.skyvern import wire_replies as shown
from strongroom.dialects.skyvern.errors import Told
from strongroom.dialects.skyvern.paths import CREDENTIALS, Paths
from strongroom.dialects.skyvern.wire import Asked, Model, Search, Text
from strongroom.services.login_ports import LoginQuery
from strongroom.services.logins import LoginService, Replacement

MAX_PAGE_SIZE = 1000
"""More are never returned, however many are asked for."""
MAX_SKIPPED = 1_000_000
"""Beyond any page that there can be."""

Page = Annotated[int, Query(ge=1)]


class SetFolderRequest(Model):
    """The folder that a credential is put into; null or an empty text for none."""

    folder_id: Text | None = Field(...)


@final
class CredentialRoutes:
    """Endpoints on credentials."""

    def __init__(self, *, logins: LoginService) -> None:
        self._logins = logins

    def add_to(self, paths: Paths) -> None:
        """Add the table."""
        here, one = CREDENTIALS, f"{CREDENTIALS}/{{credential_id}}"
        shape = shown.CredentialResponse
        paths.current("POST", here, self.create_credential, creates=True, status_code=201, response_model=shape)
        paths.legacy("POST", here, self.create_credential_200, creates=True)
        paths.both("GET", here, self.get_credentials, response_model=list[shown.CredentialResponse])
        paths.both("GET", one, self.get_credential, response_model=shape)
        paths.current("POST", f"{one}/update", self.update_credential, response_model=shape)
        paths.legacy("PUT", one, self.update_credential)
        paths.current("POST", f"{one}/delete", self.delete_credential, status_code=204, response_model=None)
        paths.legacy("DELETE", one, self.delete_credential_200)
        paths.current("PATCH", one, self.patch_credential, response_model=shape)
        paths.current(
            "GET", f"{one}/totp-code", self.get_credential_totp_code, response_model=shown.CredentialTotpCodeResponse
        )
        paths.both("PUT", f"{one}/folder", self.set_credential_folder, response_model=shape)

    async def create_credential(self, request: Request, sent: wire.CreateCredentialRequest) -> Response:
        """Store a credential."""
        made = await self._logins.create(caller(request), translate.new(sent))
        return reply(show.credential(made), status=201)

    async def create_credential_200(self, request: Request, sent: wire.CreateCredentialRequest) -> Response:
        """Store a credential, for older clients."""
        return reply(show.credential(await self._logins.create(caller(request), translate.new(sent))))

    async def get_credentials(  # noqa: PLR0913 - one argument per thing that can be asked
        self,
        request: Request,
        page: Page = 1,
        page_size: Page = 10,
        vault_type: wire.VaultType | None = None,
        credential_type: wire.CredentialType | None = None,
        search: Search = None,
        folder_id: Asked = None,
    ) -> Response:
        """List credentials, newest first."""
        size = min(page_size, MAX_PAGE_SIZE)
        query = LoginQuery(
            limit=size,
            skipped=min((page - 1) * size, MAX_SKIPPED),
            kind=credential_type,
            custodian=None if vault_type is None else show.custodian(vault_type),
            folder=folder_id,
            search=folded(search.strip()) if search and search.strip() else None,
        )
        return reply([show.credential(found) for found in await self._logins.page(caller(request), query)])

    async def get_credential(self, request: Request, credential_id: str) -> Response:
        """Return a credential's description."""
        with told_missing("Credential not found"):
            found = await self._logins.get(caller(request), CredentialId(credential_id))
        return reply(show.credential(found))

    async def update_credential(
        self, request: Request, credential_id: str, sent: wire.CreateCredentialRequest
    ) -> Response:
        """Put another credential in the place of this one, under its id."""
        return await self._changed(request, credential_id, translate.replacement(sent))

    async def patch_credential(
        self, request: Request, credential_id: str, sent: wire.UpdateCredentialRequest
    ) -> Response:
        """Rename a credential, and change what is kept beside it."""
        return await self._changed(request, credential_id, translate.change(sent))

    async def delete_credential(self, request: Request, credential_id: str) -> Response:
        """Remove a credential."""
        await self._deleted(request, credential_id)
        return Response(status_code=204)

    async def delete_credential_200(self, request: Request, credential_id: str) -> Response:
        """Remove a credential, for older clients."""
        await self._deleted(request, credential_id)
        return reply(None)

    async def get_credential_totp_code(self, request: Request, credential_id: str) -> Response:
        """Return the current one-time code of a login. Needs a key with the scope `totp:read`."""
        with told_missing("Credential not found"):
            found = await self._logins.code(caller(request), CredentialId(credential_id))
        answer = reply(show_codes.current_code(found))
        answer.headers["cache-control"] = "no-store"
        answer.headers["pragma"] = "no-cache"
        return answer

    async def set_credential_folder(self, request: Request, credential_id: str, sent: SetFolderRequest) -> Response:
        """Put a credential into a folder, or into none."""
        folder = FolderId(sent.folder_id) if sent.folder_id else None
        with (
            told_missing(f"Credential folder {folder} not found", noun="folder", status=400),
            told_missing(f"Credential {credential_id} not found"),
        ):
            moved = await self._logins.move(caller(request), CredentialId(credential_id), folder)
        return reply(show.credential(moved))

    async def _changed(self, request: Request, credential_id: str, change: Replacement) -> Response:
        with told_missing(f"Credential not found, credential_id={credential_id}"):
            after = await self._logins.change(caller(request), CredentialId(credential_id), change)
        return reply(show.credential(after))

    async def _deleted(self, request: Request, credential_id: str) -> None:
        with told_missing(f"Credential not found, credential_id={credential_id}"):
            await self._logins.delete(caller(request), CredentialId(credential_id))


@contextmanager
def told_missing(sentence: str, *, noun: str = "credential", status: int = 404) -> Iterator[None]:
    """Say that something is not there in the words that clients know for it."""
    try:
        yield
    except NotFound as missing:
        if missing.noun != noun:
            raise
        raise Told(status, sentence) from None
