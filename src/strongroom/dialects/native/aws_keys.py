"""AWS access keys: stored, described, replaced, archived, deleted. The vendor's shape has no words for them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from strongroom.core.credentials import NewCredential
from strongroom.core.credentials.aws_keys import AwsKeys, details_of
from strongroom.core.credentials.changes import AwsKeysChange, CredentialChange
from strongroom.core.credentials.credential import MAX_HOSTS
from strongroom.core.ids import CredentialId
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface
from strongroom.core.vaults import MAX_NAME
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.credentials import CredentialAnswer, networking_of, shown
from strongroom.dialects.native.listing import DEFAULT_LIMIT, Limit, Listing
from strongroom.dialects.native.reference import vault_id
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, DeletedCredential, Metadata, Text
from strongroom.dialects.options import Options
from strongroom.dialects.secret_fields import SecretText
from strongroom.services.catalogue import Services

COLLECTION = "native/aws_keys"
_KINDS = frozenset({AwsKeys.tag})
_MAX_ID = 128  # IAM's own limit
_MAX_SECRET = 4096


class KeysBody(Asked):
    """The keys, as AWS hands them out together."""

    access_key_id: Annotated[Secret, SecretText(most=_MAX_ID, in_header=True)]
    secret_access_key: Annotated[Secret, SecretText(most=_MAX_SECRET, in_header=True)]
    session_token: Annotated[Secret, SecretText(most=_MAX_SECRET, in_header=True)] | None = None

    def keys(self) -> AwsKeys:
        """Return them."""
        return AwsKeys(
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            session_token=self.session_token,
        )


class NewAwsKeysBody(KeysBody):
    """Keys that agents sign requests with, by placeholder."""

    hosts: Annotated[list[Text], Field(max_length=MAX_HOSTS)] | None = Field(
        description="Where requests signed with them may go. null: to every host that a session's environment allows."
    )
    display_name: Annotated[Text, Field(max_length=MAX_NAME)] | None = None
    metadata: Metadata | None = None


class CredentialPage(Answer):
    """A page, newest first."""

    data: list[CredentialAnswer]
    next_page: str | None


def add_aws_keys(router: APIRouter, services: Services, options: Options) -> None:
    """Add the routes."""
    credentials = services.credentials

    async def create_aws_keys(request: Request, vault: str, body: NewAwsKeysBody) -> CredentialAnswer:
        """Store keys in a vault, named by id or name. A vault has one set of them."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        keys = body.keys()
        new = NewCredential(
            details=details_of(keys),
            material=keys,
            display_name=body.display_name,
            metadata=body.metadata or {},
            networking=networking_of(body.hosts),
            surfaces=frozenset({Surface.HEADER}),
        )
        return shown(await credentials.create(principal, place, new))

    async def list_aws_keys(
        request: Request,
        vault: str,
        limit: Limit = DEFAULT_LIMIT,
        page: str | None = None,
        include_archived: Annotated[bool, Query(description="Archived ones too.")] = False,  # noqa: FBT002 - a query
    ) -> CredentialPage:
        """List a vault's AWS keys, newest first."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        listing = Listing(tokens=options.pages, collection=COLLECTION, scope=(principal.workspace, place))
        query = listing.query(limit=limit, page=page, include_archived=include_archived)
        found = await credentials.page(principal, place, query, kinds=_KINDS)
        return CredentialPage(data=[shown(row) for row in found.rows], next_page=listing.next_page(found))

    async def get_aws_keys(request: Request, vault: str, credential_id: str) -> CredentialAnswer:
        """Describe keys."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        return shown(await credentials.get(principal, place, CredentialId(credential_id), kinds=_KINDS))

    async def rotate_aws_keys(request: Request, vault: str, credential_id: str, body: KeysBody) -> CredentialAnswer:
        """Replace the keys by others. Placeholders stay; running sessions sign with the new ones within a second."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        change = CredentialChange(auth=AwsKeysChange(keys=body.keys()))
        id_ = CredentialId(credential_id)
        return shown(
            await credentials.update(principal, place, id_, change.applied, needs_material=False, kinds=_KINDS)
        )

    async def archive_aws_keys(request: Request, vault: str, credential_id: str) -> CredentialAnswer:
        """Take keys out of use and destroy them."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        return shown(await credentials.archive(principal, place, CredentialId(credential_id), kinds=_KINDS))

    async def delete_aws_keys(request: Request, vault: str, credential_id: str) -> DeletedCredential:
        """Remove keys, for good."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        await credentials.delete(principal, place, CredentialId(credential_id), kinds=_KINDS)
        return DeletedCredential(id=credential_id)

    here = f"{PREFIX}/vaults/{{vault}}/aws-keys"
    one = f"{here}/{{credential_id}}"
    router.add_api_route(here, create_aws_keys, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(here, list_aws_keys, methods=["GET"])
    router.add_api_route(one, get_aws_keys, methods=["GET"])
    router.add_api_route(f"{one}/rotate", rotate_aws_keys, methods=["POST"])
    router.add_api_route(f"{one}/archive", archive_aws_keys, methods=["POST"])
    router.add_api_route(one, delete_aws_keys, methods=["DELETE"])
