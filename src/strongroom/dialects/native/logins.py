"""Logins, cards and secrets: stored, described, changed, archived, deleted. Their fields come in here and stay."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Query, Request

from strongroom.core.credentials import Material, NewCredential
from strongroom.core.credentials.credit_card import CreditCard
from strongroom.core.credentials.login_changes import LoginChange, given_login
from strongroom.core.credentials.password import Password
from strongroom.core.credentials.secret import SecretValue
from strongroom.core.custodians import NOT_CONFIGURED
from strongroom.core.failures import Invalid
from strongroom.core.fields import read_time, write_time
from strongroom.core.ids import CredentialId
from strongroom.core.networking import Networking, Site
from strongroom.core.pages import PageQuery, Position
from strongroom.core.surfaces import Surface
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.credentials import networking_of
from strongroom.dialects.native.login_shapes import LoginAnswer, LoginChangeBody, LoginPage, NewLoginBody, shown_login
from strongroom.dialects.native.reference import vault_id
from strongroom.dialects.native.shapes import PREFIX, DeletedCredential
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services

COLLECTION = "native/logins"
KINDS = frozenset({Password.tag, CreditCard.tag, SecretValue.tag})


def add_logins(router: APIRouter, services: Services, options: Options) -> None:
    """Add the routes."""
    credentials = services.credentials

    async def create_login(request: Request, vault: str, body: NewLoginBody) -> LoginAnswer:
        """Store a login, a card or a secret in a vault, named by id or name."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        with _our_words():
            return shown_login(await credentials.create(principal, place, _new(body)))

    async def list_logins(
        request: Request,
        vault: str,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        page: str | None = None,
        include_archived: Annotated[bool, Query(description="Archived ones too.")] = False,  # noqa: FBT002 - a query
    ) -> LoginPage:
        """List a vault's logins, cards and secrets, newest first."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        scope, after = [principal.workspace, place], None
        if page is not None:
            created_at, id_ = options.pages.read(page, collection=COLLECTION, scope=scope)
            after = Position(read_time(created_at), id_)
        query = PageQuery(limit=limit, after=after, include_archived=include_archived)
        found = await credentials.page(principal, place, query, kinds=KINDS)
        following = None
        if found.more:
            position = [write_time(found.rows[-1].created_at), found.rows[-1].id]
            following = options.pages.write(position, collection=COLLECTION, scope=scope)
        return LoginPage(data=[shown_login(row) for row in found.rows], next_page=following)

    async def get_login(request: Request, vault: str, credential_id: str) -> LoginAnswer:
        """Describe a login, a card or a secret."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        return shown_login(await credentials.get(principal, place, CredentialId(credential_id), kinds=KINDS))

    async def change_login(request: Request, vault: str, credential_id: str, body: LoginChangeBody) -> LoginAnswer:
        """Replace fields, the site or the name. Placeholders stay; running sessions send the new values in a second."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        change = LoginChange(
            fields=body.credential,
            at="credential",
            networking=_reach(body.site, body.hosts),
            display_name=body.display_name,
        )
        id_, opens = CredentialId(credential_id), change.needs_material
        changed = await credentials.update(principal, place, id_, change.applied, needs_material=opens, kinds=KINDS)
        return shown_login(changed)

    async def archive_login(request: Request, vault: str, credential_id: str) -> LoginAnswer:
        """Take a login, a card or a secret out of use and destroy it."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        return shown_login(await credentials.archive(principal, place, CredentialId(credential_id), kinds=KINDS))

    async def delete_login(request: Request, vault: str, credential_id: str) -> DeletedCredential:
        """Remove a login, a card or a secret, for good."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        await credentials.delete(principal, place, CredentialId(credential_id), kinds=KINDS)
        return DeletedCredential(id=credential_id)

    here = f"{PREFIX}/vaults/{{vault}}/logins"
    one = f"{here}/{{credential_id}}"
    router.add_api_route(here, create_login, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(here, list_logins, methods=["GET"])
    router.add_api_route(one, get_login, methods=["GET"])
    router.add_api_route(one, change_login, methods=["POST"])
    router.add_api_route(f"{one}/archive", archive_login, methods=["POST"])
    router.add_api_route(one, delete_login, methods=["DELETE"])


def _new(body: NewLoginBody) -> NewCredential:
    details, material = given_login(body.credential, at="credential")
    return NewCredential(
        details=details,
        material=material,
        display_name=body.display_name,
        metadata=body.metadata or {},
        networking=_reach(body.site, body.hosts),
        surfaces=_usual(material) if body.surfaces is None else frozenset(body.surfaces),
        custodian=body.custodian,
    )


@contextmanager
def _our_words() -> Iterator[None]:
    """Name the field for a custodian as it is called here: the vendor's word is another."""
    try:
        yield
    except Invalid as refused:
        if refused.code == NOT_CONFIGURED:
            raise Invalid(refused.rule, field="custodian", code=NOT_CONFIGURED) from None
        raise


def _reach(site: str | None, hosts: list[str] | None) -> Networking | None:
    """Return where it may go, as far as that is said. Raises `Invalid`."""
    if site is None:
        return None if hosts is None else networking_of(hosts)
    if hosts is not None:
        raise Invalid("must not be given beside a site", field="hosts")
    try:
        return Site.parse(site)
    except Invalid as refused:
        raise Invalid(refused.rule, field="site") from None


def _usual(material: Material) -> frozenset[Surface]:
    """Return where placeholders are replaced unless somebody chooses: nobody pays by a header."""
    return frozenset({Surface.BODY} if isinstance(material, CreditCard) else {Surface.HEADER, Surface.BODY})
