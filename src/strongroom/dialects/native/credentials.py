"""Environment variables, with what the vendor's shape has no words for: every surface, imitating placeholders."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from strongroom.core.credentials import Credential, NewCredential
from strongroom.core.credentials.credential import MAX_HOSTS
from strongroom.core.credentials.environment_variable import (
    EnvironmentVariable,
    EnvironmentVariableDetails,
    checked_secret_name,
)
from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostPattern, HostSet
from strongroom.core.networking import Limited, Networking, Site, Unrestricted, hosts_of
from strongroom.core.placeholders import OPAQUE
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface
from strongroom.core.vaults import MAX_NAME
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.reference import vault_id
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Metadata, Moment, Text
from strongroom.dialects.secret_fields import SecretText
from strongroom.services.catalogue import Services

_MAX_VALUE = 4096
_OURS = {"auth.networking.allowed_hosts": "hosts", "auth.secret_value": "value"}
"""Rules that span fields name the vendor's fields; these are the same ones here."""


class NewCredentialBody(Asked):
    """A secret that agents hold as a variable."""

    name: Annotated[Text, Field(min_length=1, max_length=MAX_NAME, description="The variable's name.")]
    value: Annotated[Secret, SecretText(most=_MAX_VALUE)]
    hosts: Annotated[list[Text], Field(max_length=MAX_HOSTS)] | None = Field(
        description="Where it may go. null: to every host that a session's environment allows."
    )
    surfaces: Annotated[
        list[Annotated[Surface, Field(strict=False)]],
        Field(min_length=1, description="Where in a request its placeholder is replaced."),
    ] = Field(default_factory=lambda: [Surface.HEADER, Surface.BODY])
    placeholder: Literal["opaque", "imitate"] = Field(
        "opaque", description="`imitate` keeps the secret's public prefix and length, for clients that check formats."
    )
    display_name: Annotated[Text, Field(max_length=MAX_NAME)] | None = None
    metadata: Metadata | None = None


class CredentialAnswer(Answer):
    """What a credential is; nothing of its value."""

    id: str
    type: Literal["credential"] = "credential"
    vault_id: str
    kind: str
    name: str | None = Field(description="The variable's name, where there is only one.")
    variables: list[str]
    hosts: list[str] | None
    site: str | None = Field(description="The one origin, scheme and port included, that it belongs to, if it does.")
    surfaces: list[Surface]
    placeholder: Literal["opaque", "imitate"]
    display_name: str | None
    metadata: dict[str, str]
    created_at: Moment
    updated_at: Moment
    archived_at: Moment | None


def add_credentials(router: APIRouter, services: Services) -> None:
    """Add the route."""

    async def create_credential(request: Request, vault: str, body: NewCredentialBody) -> CredentialAnswer:
        """Store a secret in a vault, named by id or name."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        new = NewCredential(
            details=EnvironmentVariableDetails(secret_name=checked_secret_name(body.name, field="name")),
            material=EnvironmentVariable(value=body.value),
            display_name=body.display_name,
            metadata=body.metadata or {},
            networking=networking_of(body.hosts),
            surfaces=frozenset(body.surfaces),
            imitate=body.placeholder == "imitate",
        )
        _require_shape(new)
        try:
            return shown(await services.credentials.create(principal, place, new))
        except Invalid as refused:
            field = _OURS.get(refused.field, refused.field)
            raise Invalid(refused.rule, field=field, code=refused.code) from None

    router.add_api_route(
        f"{PREFIX}/vaults/{{vault}}/credentials", create_credential, methods=["POST"], route_class_override=CreateRoute
    )


def networking_of(hosts: list[str] | None) -> Networking:
    """Return where a secret may go. Raises `Invalid`, naming the host."""
    if hosts is None:
        return Unrestricted()
    for place, text in enumerate(hosts):
        try:
            HostPattern.parse(text)
        except Invalid as refused:
            raise Invalid(refused.rule, field=f"hosts.{place}") from None
    return Limited(HostSet.parse(hosts))


def _require_shape(new: NewCredential) -> None:
    try:
        new.shape()
    except Invalid as refused:
        raise Invalid(refused.rule, field="placeholder") from None


def shown(credential: Credential) -> CredentialAnswer:
    """Return a credential as it is shown."""
    networking, variables = credential.networking, list(credential.variables())
    return CredentialAnswer(
        id=credential.id,
        vault_id=credential.vault,
        kind=credential.kind,
        name=variables[0] if len(variables) == 1 else None,
        variables=variables,
        hosts=hosts_of(networking),
        site=networking.text if isinstance(networking, Site) else None,
        surfaces=[surface for surface in Surface if surface in credential.surfaces],
        placeholder="opaque" if credential.placeholder == OPAQUE else "imitate",
        display_name=credential.display_name,
        metadata=dict(credential.metadata),
        created_at=credential.created_at,
        updated_at=credential.updated_at,
        archived_at=credential.archived_at,
    )
