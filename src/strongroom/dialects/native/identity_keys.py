"""The keys that agent identities are signed with: listed and rotated by the operator."""

from fastapi import APIRouter, Request
from pydantic import Field

from strongroom.crypto.identity_keys import ALGORITHM, IdentityKey, IdentityKeys
from strongroom.dialects.door import caller
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Moment
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services


class IdentityKeyAnswer(Answer):
    """A key, by the name that tokens and the key set have for it."""

    id: str = Field(description="The `kid` of its tokens.")
    type: str = "identity_key"
    algorithm: str = ALGORITHM
    signs: bool = Field(description="Whether it is the one that signs now.")
    created_at: Moment
    signs_from: Moment
    shown_until: Moment | None = Field(description="When it leaves the key set; null as long as no other follows it.")


class IdentityKeyList(Answer):
    """The keys that the key set shows, the newest first."""

    data: list[IdentityKeyAnswer]
    issuer: str


class RotateBody(Asked):
    """How soon the new key signs."""

    at_once: bool = Field(
        False,  # noqa: FBT003 - a default
        description="After a key became known: the new one signs at once, and those before it leave the key set.",
    )


def add_identity_keys(router: APIRouter, services: Services, options: Options) -> None:
    """Add the routes."""
    keys = services.identity_keys

    def shown(found: IdentityKeys) -> IdentityKeyList:
        now = options.clock()
        signer = found.signer(now)
        return IdentityKeyList(data=[_shown(key, signs=key is signer) for key in found.shown(now)], issuer=keys.issuer)

    async def list_identity_keys(request: Request) -> IdentityKeyList:
        """List the keys."""
        return shown(await keys.all(caller(request)))

    async def rotate_identity_keys(request: Request, body: RotateBody) -> IdentityKeyList:
        """Make a new key. It is shown for ten minutes before it signs; the one before it, until its last token ends."""
        return shown(await keys.rotate(caller(request), at_once=body.at_once))

    router.add_api_route(f"{PREFIX}/identity-keys", list_identity_keys, methods=["GET"])
    router.add_api_route(f"{PREFIX}/identity-keys/rotate", rotate_identity_keys, methods=["POST"])


def _shown(key: IdentityKey, *, signs: bool) -> IdentityKeyAnswer:
    return IdentityKeyAnswer(
        id=key.name,
        signs=signs,
        created_at=key.made_at,
        signs_from=key.signs_from,
        shown_until=key.shown_until,
    )
