"""Webhooks: where the workspace's events are sent, and what became of them."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from strongroom.core.events import CHOOSABLE, EventType
from strongroom.core.ids import WebhookId
from strongroom.core.webhooks import MAX_URL, Delivery, Ended, State, Webhook
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Moment, Text
from strongroom.dialects.validation import OURS
from strongroom.services.catalogue import Services
from strongroom.services.webhooks import DEFAULT_OVERLAP, MAX_OVERLAP

MAX_LIMIT = 1000
_TYPES = [type_.value for type_ in CHOOSABLE]


def _type(text: object) -> EventType:
    if text not in _TYPES:
        raise PydanticCustomError(OURS, "{rule}", {"rule": f"must be one of {', '.join(_TYPES)}"})
    return EventType(str(text))


ChosenType = Annotated[EventType, BeforeValidator(_type), WithJsonSchema({"type": "string", "enum": _TYPES})]


class NewWebhookBody(Asked):
    """A webhook to register."""

    url: Annotated[Text, Field(min_length=1, max_length=MAX_URL)] = Field(description="An https URL on port 443.")
    events: Annotated[list[ChosenType], Field(min_length=1)] | None = Field(
        None, description="The types to send; without it, every type."
    )


class RotationBody(Asked):
    """How to rotate."""

    overlap_seconds: Annotated[int, Field(ge=0, le=int(MAX_OVERLAP.total_seconds()))] = Field(
        int(DEFAULT_OVERLAP.total_seconds()), description="How long the secret before it signs as well."
    )


class WebhookAnswer(Answer):
    """A webhook. `missed` counts events that found too many others waiting."""

    id: str
    type: Literal["webhook"] = "webhook"
    url: str
    events: list[str] | None = Field(description="null: every type.")
    status: Literal["enabled", "disabled"]
    disabled_at: Moment | None
    disabled_because: Ended | None
    failing_since: Moment | None = Field(description="Since when no delivery has succeeded.")
    missed: int
    previous_secret_until: Moment | None
    created_at: Moment
    updated_at: Moment


class WebhookWithSecret(WebhookAnswer):
    """A webhook with a fresh secret. `secret` is shown this once."""

    secret: str


class WebhookList(Answer):
    """The workspace's webhooks, newest first."""

    data: list[WebhookAnswer]


class DeletedWebhook(Answer):
    """A webhook that is gone."""

    id: str
    type: Literal["webhook_deleted"] = "webhook_deleted"


class TestAnswer(Answer):
    """A test event that is on its way."""

    event_id: str
    event_type: str
    webhook_id: str


class DeliveryAnswer(Answer):
    """An event on its way to a webhook. `response_status` and `error` are those of the last attempt."""

    event_id: str
    event_type: str
    created_at: Moment
    status: State
    attempts: int
    next_attempt_at: Moment | None
    response_status: int | None
    error: str | None
    finished_at: Moment | None


class DeliveryList(Answer):
    """Deliveries, newest first."""

    data: list[DeliveryAnswer]


def add_webhooks(router: APIRouter, services: Services) -> None:
    """Add the routes."""

    async def create_webhook(request: Request, body: NewWebhookBody) -> WebhookWithSecret:
        """Register a webhook."""
        made = await services.webhooks.create(caller(request), url=body.url, events=body.events)
        return WebhookWithSecret(**dict(_shown(made.webhook)), secret=made.secret.reveal())

    async def list_webhooks(request: Request) -> WebhookList:
        """List the workspace's webhooks."""
        return WebhookList(data=[*map(_shown, await services.webhooks.all(caller(request)))])

    async def get_webhook(request: Request, webhook_id: str) -> WebhookAnswer:
        """Show a webhook."""
        return _shown(await services.webhooks.get(caller(request), WebhookId(webhook_id)))

    async def delete_webhook(request: Request, webhook_id: str) -> DeletedWebhook:
        """Remove a webhook; what waits for it is not sent."""
        await services.webhooks.delete(caller(request), WebhookId(webhook_id))
        return DeletedWebhook(id=webhook_id)

    async def rotate_webhook(request: Request, webhook_id: str, body: RotationBody | None = None) -> WebhookWithSecret:
        """Give a webhook a new secret; for a while the one before it signs as well."""
        overlap = DEFAULT_OVERLAP if body is None else timedelta(seconds=body.overlap_seconds)
        made = await services.webhooks.rotate(caller(request), WebhookId(webhook_id), overlap=overlap)
        return WebhookWithSecret(**dict(_shown(made.webhook)), secret=made.secret.reveal())

    async def enable_webhook(request: Request, webhook_id: str) -> WebhookAnswer:
        """Let a disabled webhook hear of what happens from here on. Repeating is harmless."""
        return _shown(await services.webhooks.enable(caller(request), WebhookId(webhook_id)))

    async def test_webhook(request: Request, webhook_id: str) -> TestAnswer:
        """Send a test event."""
        event = await services.webhooks.test(caller(request), WebhookId(webhook_id))
        return TestAnswer(event_id=event.id, event_type=event.type.value, webhook_id=webhook_id)

    async def list_deliveries(
        request: Request, webhook_id: str, limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 100
    ) -> DeliveryList:
        """List a webhook's last deliveries."""
        found = await services.webhooks.deliveries(caller(request), WebhookId(webhook_id), limit=limit)
        return DeliveryList(data=[*map(_shown_delivery, found)])

    here = f"{PREFIX}/webhooks"
    one = f"{here}/{{webhook_id}}"
    router.add_api_route(here, create_webhook, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(here, list_webhooks, methods=["GET"])
    router.add_api_route(one, get_webhook, methods=["GET"])
    router.add_api_route(one, delete_webhook, methods=["DELETE"])
    router.add_api_route(f"{one}/rotate", rotate_webhook, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(f"{one}/enable", enable_webhook, methods=["POST"])
    router.add_api_route(f"{one}/test", test_webhook, methods=["POST"])
    router.add_api_route(f"{one}/deliveries", list_deliveries, methods=["GET"])


def _shown(webhook: Webhook) -> WebhookAnswer:
    return WebhookAnswer(
        id=webhook.id,
        url=webhook.url,
        events=None if webhook.events is None else [type_.value for type_ in webhook.events],
        status="enabled" if webhook.disabled_at is None else "disabled",
        disabled_at=webhook.disabled_at,
        disabled_because=webhook.disabled_because,
        failing_since=webhook.failing_since,
        missed=webhook.missed,
        previous_secret_until=webhook.previous_until,
        created_at=webhook.created_at,
        updated_at=webhook.updated_at,
    )


def _shown_delivery(delivery: Delivery) -> DeliveryAnswer:
    return DeliveryAnswer(
        event_id=delivery.event.id,
        event_type=delivery.event.type.value,
        created_at=delivery.event.at,
        status=delivery.state,
        attempts=delivery.attempts,
        next_attempt_at=delivery.due_at,
        response_status=delivery.status,
        error=delivery.error,
        finished_at=delivery.finished_at,
    )
