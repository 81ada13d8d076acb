"""Vaults with what they are for, which the vendor's shape has no word for. They are made and changed there."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from strongroom.core.fields import read_time, write_time
from strongroom.core.pages import PageQuery, Position
from strongroom.core.vaults import Purpose, Vault
from strongroom.dialects.door import caller
from strongroom.dialects.native.reference import vault_id
from strongroom.dialects.native.shapes import PREFIX, Answer, Moment
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services

COLLECTION = "native/vaults"


class VaultAnswer(Answer):
    """A vault."""

    id: str
    type: str = "vault"
    display_name: str
    purpose: Purpose
    metadata: dict[str, str]
    created_at: Moment
    updated_at: Moment
    archived_at: Moment | None


class VaultPage(Answer):
    """A page, newest first."""

    data: list[VaultAnswer]
    next_page: str | None


def add_vaults(router: APIRouter, services: Services, options: Options) -> None:
    """Add the routes."""
    vaults = services.vaults

    async def list_vaults(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        page: str | None = None,
        include_archived: Annotated[bool, Query(description="Archived ones too.")] = False,  # noqa: FBT002 - a query
    ) -> VaultPage:
        """List vaults of every purpose, newest first."""
        principal = caller(request)
        scope, after = [principal.workspace], None
        if page is not None:
            created_at, id_ = options.pages.read(page, collection=COLLECTION, scope=scope)
            after = Position(read_time(created_at), id_)
        found = await vaults.page(principal, PageQuery(limit=limit, after=after, include_archived=include_archived))
        following = None
        if found.more:
            position = [write_time(found.rows[-1].created_at), found.rows[-1].id]
            following = options.pages.write(position, collection=COLLECTION, scope=scope)
        return VaultPage(data=[_shown(row) for row in found.rows], next_page=following)

    async def get_vault(request: Request, vault: str) -> VaultAnswer:
        """Describe a vault, named by id or name."""
        principal = caller(request)
        return _shown(await vaults.get(principal, await vault_id(vaults, principal, vault, field="vault")))

    router.add_api_route(f"{PREFIX}/vaults", list_vaults, methods=["GET"])
    router.add_api_route(f"{PREFIX}/vaults/{{vault}}", get_vault, methods=["GET"])


def _shown(vault: Vault) -> VaultAnswer:
    return VaultAnswer(
        id=vault.id,
        display_name=vault.display_name,
        purpose=vault.purpose,
        metadata=dict(vault.metadata),
        created_at=vault.created_at,
        updated_at=vault.updated_at,
        archived_at=vault.archived_at,
    )
