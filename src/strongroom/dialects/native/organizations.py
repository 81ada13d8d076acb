"""Organizations: separate tenants, for the operator to make."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from strongroom.core.vaults import MAX_NAME
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Moment, Text
from strongroom.services.catalogue import Services


class NewOrganizationBody(Asked):
    """An organization to make."""

    name: Annotated[Text, Field(min_length=1, max_length=MAX_NAME)]


class NewOrganizationAnswer(Answer):
    """A fresh organization. `api_key`, its first, is shown this once."""

    organization_id: str
    workspace_id: str
    api_key: str
    name: str
    created_at: Moment


class OrganizationAnswer(Answer):
    """An organization."""

    id: str
    name: str
    created_at: Moment


class OrganizationList(Answer):
    """All organizations, oldest first."""

    data: list[OrganizationAnswer]


def add_organizations(router: APIRouter, services: Services) -> None:
    """Add the routes."""

    async def create_organization(request: Request, body: NewOrganizationBody) -> NewOrganizationAnswer:
        """Make an organization with a first workspace and a first key."""
        made = await services.organizations.create(caller(request), name=body.name)
        return NewOrganizationAnswer(
            organization_id=made.organization.id,
            workspace_id=made.workspace.id,
            api_key=made.secret.reveal(),
            name=made.organization.name,
            created_at=made.organization.created_at,
        )

    async def list_organizations(request: Request) -> OrganizationList:
        """List all organizations."""
        found = await services.organizations.page(caller(request))
        return OrganizationList(
            data=[OrganizationAnswer(id=each.id, name=each.name, created_at=each.created_at) for each in found]
        )

    router.add_api_route(
        f"{PREFIX}/organizations", create_organization, methods=["POST"], route_class_override=CreateRoute
    )
    router.add_api_route(f"{PREFIX}/organizations", list_organizations, methods=["GET"])
