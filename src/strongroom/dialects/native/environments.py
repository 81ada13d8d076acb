"""Environments, with what the vendor's shape has no words for: what becomes of stray placeholders.

The vendor's API refuses fields that it does not know, so it neither shows nor takes this one; a change made there
leaves it as it is.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from strongroom.core.environment_changes import CloudChange, EnvironmentChange, Keep, LimitedChange
from strongroom.core.environments import NO_PACKAGES, CloudConfig, Environment, EnvironmentConfig, LimitedNetwork
from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostPattern, HostSet
from strongroom.core.networking import Unrestricted
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.environment_shapes import (
    ConfigShown,
    EnvironmentAnswer,
    EnvironmentChangeBody,
    EnvironmentPage,
    LimitedNetworking,
    LimitedShown,
    NetworkConfig,
    NewEnvironmentBody,
    SelfHostedShown,
    UnrestrictedShown,
)
from strongroom.dialects.native.listing import DEFAULT_LIMIT, Limit, Listing
from strongroom.dialects.native.reference import environment_id
from strongroom.dialects.native.shapes import PREFIX
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services
from strongroom.services.environments import NewEnvironment

COLLECTION = "native/environments"


def add_environments(router: APIRouter, services: Services, options: Options) -> None:
    """Add the routes."""

    async def create_environment(request: Request, body: NewEnvironmentBody) -> EnvironmentAnswer:
        """Make an environment."""
        config: EnvironmentConfig = CloudConfig(packages=NO_PACKAGES)
        if body.config is not None:
            config = _change(body.config).applied(config)
        new = NewEnvironment(
            name=body.name,
            description=body.description,
            config=config,
            metadata=body.metadata or {},
            stray_placeholders=body.stray_placeholders,
        )
        return _shown(await services.environments.create(caller(request), new))

    async def list_environments(
        request: Request,
        limit: Limit = DEFAULT_LIMIT,
        page: str | None = None,
        include_archived: Annotated[bool, Query(description="Archived ones too.")] = False,  # noqa: FBT002 - a query
    ) -> EnvironmentPage:
        """List environments, newest first."""
        principal = caller(request)
        listing = Listing(tokens=options.pages, collection=COLLECTION, scope=(principal.workspace,))
        query = listing.query(limit=limit, page=page, include_archived=include_archived)
        found = await services.environments.page(principal, query)
        return EnvironmentPage(data=[*map(_shown, found.rows)], next_page=listing.next_page(found))

    async def get_environment(request: Request, environment: str) -> EnvironmentAnswer:
        """Show an environment, by id or by name."""
        principal = caller(request)
        wanted = await environment_id(services.environments, principal, environment, field="environment")
        return _shown(await services.environments.get(principal, wanted))

    async def update_environment(request: Request, environment: str, body: EnvironmentChangeBody) -> EnvironmentAnswer:
        """Change an environment, named by id or name; running sessions feel it within a second."""
        principal = caller(request)
        wanted = await environment_id(services.environments, principal, environment, field="environment")
        description: str | Literal[Keep.KEEP] | None = Keep.KEEP
        if "description" in body.model_fields_set:
            description = body.description
        change = EnvironmentChange(
            name=body.name,
            description=description,
            config=None if body.config is None else _change(body.config),
            metadata=body.metadata,
            stray_placeholders=body.stray_placeholders,
        )
        return _shown(await services.environments.update(principal, wanted, change.applied))

    here, one = f"{PREFIX}/environments", f"{PREFIX}/environments/{{environment}}"
    router.add_api_route(here, create_environment, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(here, list_environments, methods=["GET"])
    router.add_api_route(one, get_environment, methods=["GET"])
    router.add_api_route(one, update_environment, methods=["POST"])


def _change(config: NetworkConfig) -> CloudChange:
    network = config.networking
    if network is None:
        return CloudChange(packages={})
    if not isinstance(network, LimitedNetworking):
        return CloudChange(network=Unrestricted(), packages={})
    return CloudChange(
        network=LimitedChange(
            hosts=None if network.allowed_hosts is None else _hosts(network.allowed_hosts),
            allow_mcp_servers=network.allow_mcp_servers,
            allow_package_managers=network.allow_package_managers,
        ),
        packages={},
    )


def _hosts(texts: list[str]) -> HostSet:
    for place, text in enumerate(texts):
        try:
            HostPattern.parse(text)
        except Invalid as refused:
            raise Invalid(refused.rule, field=f"config.networking.allowed_hosts.{place}") from None
    return HostSet.parse(texts)


def _shown(environment: Environment) -> EnvironmentAnswer:
    return EnvironmentAnswer(
        id=environment.id,
        name=environment.name,
        description=environment.description,
        config=_config_shown(environment.config),
        stray_placeholders=environment.stray_placeholders,
        metadata=dict(environment.metadata),
        created_at=environment.created_at,
        updated_at=environment.updated_at,
        archived_at=environment.archived_at,
    )


def _config_shown(config: EnvironmentConfig) -> ConfigShown | SelfHostedShown:
    if not isinstance(config, CloudConfig):
        return SelfHostedShown()
    network = config.network
    if not isinstance(network, LimitedNetwork):
        return ConfigShown(networking=UnrestrictedShown())
    return ConfigShown(
        networking=LimitedShown(
            allowed_hosts=list(network.hosts.texts()),
            allow_mcp_servers=network.allow_mcp_servers,
            allow_package_managers=network.allow_package_managers,
        )
    )
