"""The routes of connections (contract 1.1)."""

from typing import final

from fastapi import Request, Response

from strongroom.dialects.barndoor import wire_connections as wire
from strongroom.dialects.barndoor.paths import ADMIN, Paths, uuid_of
from strongroom.dialects.barndoor.show_connections import from_core
from strongroom.dialects.door import caller
from strongroom.dialects.replies import reply
from strongroom.services.llm_connections import ConnectionService
from strongroom.services.organizations import OrganizationService

_VALIDATED: wire.Validated = {"ok": True}


@final
class ConnectionRoutes:
    """Endpoints on connections."""

    def __init__(self, *, connections: ConnectionService, organizations: OrganizationService) -> None:
        self._connections = connections
        self._organizations = organizations

    def add_to(self, paths: Paths) -> None:
        """Add the table; what has a name of its own comes before what has an id in its place."""
        self._paths = paths
        here = f"{ADMIN}/connections"
        one = f"{here}/{{id}}"
        paths.get(here, self.list_connections, list[wire.Connection])
        paths.create(here, self.create_connection, wire.Connection)
        paths.get(f"{here}/aws-role-config", self.aws_role_config, wire.AwsRoleConfig)
        paths.post(f"{here}/aws-role-validate", self.validate_aws_role, wire.Validated)
        paths.post(f"{here}/google-vertex-validate", self.validate_google_vertex, wire.Validated)
        paths.get(one, self.get_connection, wire.Connection)
        paths.write("PUT", one, self.update_connection, wire.Connection)
        paths.write("PATCH", one, self.update_connection, wire.Connection, in_document=False)
        paths.write("DELETE", one, self.delete_connection, wire.Deleted)
        paths.get(f"{one}/aws-trust-info", self.aws_trust_info, wire.AwsTrustInfo)

    async def list_connections(self, request: Request) -> Response:
        """List all connections, oldest first."""
        principal = caller(request)
        org_id = await self._organizations.uuid_of(principal)
        return reply([from_core(each, org_id) for each in await self._connections.all(principal)])

    async def create_connection(self, request: Request, sent: wire.CreateConnectionRequest) -> Response:
        """Make a connection. Nobody is asked whether its secret is good."""
        principal = self._paths.writer(request)
        org_id = await self._organizations.uuid_of(principal)
        return reply(from_core(await self._connections.create(principal, sent.read()), org_id))

    async def get_connection(self, request: Request, id: str) -> Response:  # noqa: A002 - the path's name for it
        """Return a connection."""
        principal = caller(request)
        org_id = await self._organizations.uuid_of(principal)
        return reply(from_core(await self._connections.get(principal, uuid_of(id)), org_id))

    async def update_connection(self, request: Request, id: str, sent: wire.UpdateConnectionRequest) -> Response:  # noqa: A002 - as above
        """Change a connection, its secret among it. The new secret is used from the next request on."""
        principal = self._paths.writer(request)
        org_id = await self._organizations.uuid_of(principal)
        return reply(from_core(await self._connections.update(principal, uuid_of(id), sent.read()), org_id))

    async def delete_connection(self, request: Request, id: str) -> Response:  # noqa: A002 - as above
        """Remove a connection with its secret; not while providers use it."""
        await self._connections.delete(self._paths.writer(request), uuid_of(id))
        body: wire.Deleted = {"deleted": True}
        return reply(body)

    async def validate_aws_role(self, request: Request, sent: wire.AwsRoleValidateRequest) -> Response:
        """Take a role on, once, before it is stored."""
        await self._connections.try_role(self._paths.checker(request), sent.read())
        return reply(_VALIDATED)

    async def validate_google_vertex(self, request: Request, sent: wire.GoogleVertexValidateRequest) -> Response:
        """Have Google issue a token, once, before anything is stored."""
        await self._connections.try_google(self._paths.checker(request), sent.read())
        return reply(_VALIDATED)

    async def aws_role_config(self, request: Request) -> Response:
        """Tell whether this server is somebody in AWS."""
        arn = await self._connections.aws_principal(caller(request))
        body: wire.AwsRoleConfig = {"configured": arn is not None, "principal_arn": arn}
        return reply(body)

    async def aws_trust_info(self, request: Request, id: str) -> Response:  # noqa: A002 - as above
        """Return what a role's account has to trust."""
        arn, external_id = await self._connections.trust(caller(request), uuid_of(id))
        body: wire.AwsTrustInfo = {"principal_arn": arn, "external_id": external_id}
        return reply(body)
