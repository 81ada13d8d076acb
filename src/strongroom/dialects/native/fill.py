"""Logins that are filled in a browser: placeholders for a model, and values for whoever types them.

The helper for Playwright speaks this (docs/browser-agents.md).
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from strongroom.core.ids import CredentialId, SessionId
from strongroom.core.websites import MAX_URL
from strongroom.dialects.door import DoorRoute, FillRoute, caller
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Moment, Text
from strongroom.services.catalogue import Services
from strongroom.services.fill import Filled

CONTEXT = (
    "These are placeholders for the values of a login. Type them as they are: each is replaced where it is typed, "
    "on the page that this was asked for, once. The values are shown to nobody."
)
"""What a model is told along with placeholders."""

_MOST_SECONDS = 300
_MAX_PLACEHOLDER = 1024

PageUrl = Annotated[
    Text, Field(max_length=MAX_URL, description="Of the document that the field is in, as the browser writes it.")
]


class FillTokenAnswer(Answer):
    """A token for the program that drives the browser of this session. Shown this once."""

    type: Literal["fill_token"] = "fill_token"
    session_id: str
    token: str
    expires_at: Moment = Field(description="When the session ends by itself.")


class OfferBody(Asked):
    """A credential, and the page into which it would be typed."""

    credential_id: Text
    url: PageUrl


class OfferAnswer(Answer):
    """What a model may see."""

    type: Literal["fill_offer"] = "fill_offer"
    credential_id: str
    kind: str
    site: str = Field(description="Scheme, registrable domain and port of the page; nowhere else are they redeemed.")
    context: str
    placeholders: dict[str, str] = Field(description="By field. Each is good once, until `expires_at`.")
    expires_at: Moment


class RedeemBody(Asked):
    """A placeholder that is typed now."""

    placeholder: Annotated[Text, Field(min_length=1, max_length=_MAX_PLACEHOLDER)]
    url: PageUrl
    lasting: Annotated[int, Field(ge=0, le=_MOST_SECONDS)] = Field(
        0, description="Seconds for which a one-time code must be good, for fields that take a while to type into."
    )


class RedeemAnswer(Answer):
    """The value to type, or how long to wait for it: then the placeholder is still good."""

    type: Literal["fill"] = "fill"
    field: str | None
    value: str | None
    seconds_remaining: int | None = Field(description="For a one-time code: how long it is the one.")
    wait_seconds: int | None = Field(
        description="Without a value: ask again then; the one-time code to take begins, or may have come."
    )


def add_fill(router: APIRouter, services: Services) -> None:
    """Add the routes."""

    async def create_fill_token(request: Request, session_id: str) -> FillTokenAnswer:
        """Mint a token for the program that drives the session's browser; it ends with the session."""
        session, token = await services.filling.tokens.create(caller(request), SessionId(session_id))
        return FillTokenAnswer(session_id=session.id, token=token.reveal(), expires_at=session.expires_at)

    async def offer_fill(request: Request, session_id: str, body: OfferBody) -> OfferAnswer:
        """Give out placeholders for a credential's fields on a page."""
        offer = await services.filling.fill.offer(
            caller(request), SessionId(session_id), CredentialId(body.credential_id), body.url
        )
        return OfferAnswer(
            credential_id=offer.credential,
            kind=offer.kind,
            site=offer.site,
            context=CONTEXT,
            placeholders=dict(offer.placeholders),
            expires_at=offer.expires_at,
        )

    async def redeem_fill(request: Request, session_id: str, body: RedeemBody) -> RedeemAnswer:
        """Exchange a placeholder for its value, once, for the page that it was offered for."""
        answer = await services.filling.fill.redeem(
            caller(request), SessionId(session_id), body.placeholder, body.url, lasting=body.lasting
        )
        if isinstance(answer, Filled):
            return RedeemAnswer(
                field=answer.field,
                value=answer.value.reveal(),
                seconds_remaining=answer.seconds_remaining,
                wait_seconds=None,
            )
        return RedeemAnswer(field=None, value=None, seconds_remaining=None, wait_seconds=answer.seconds)

    below = f"{PREFIX}/sessions/{{session_id}}/fill"
    router.add_api_route(f"{below}/tokens", create_fill_token, methods=["POST"], route_class_override=DoorRoute)
    router.add_api_route(f"{below}/offers", offer_fill, methods=["POST"], route_class_override=FillRoute)
    router.add_api_route(f"{below}/redeem", redeem_fill, methods=["POST"], route_class_override=FillRoute)
