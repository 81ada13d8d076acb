"""Webhooks as use cases: registered, rotated, tried out, and who may."""

from dataclasses import replace
from datetime import timedelta

import pytest

from strongroom.core.actions import Scope
from strongroom.core.events import EventType
from strongroom.core.failures import Invalid, NotPermitted, Unreadable
from strongroom.core.ids import WebhookId
from strongroom.services.webhooks import MAX_OVERLAP, secret_binding
from tests.services.rooms import Rooms

URL = "https://hooks.example.com/strongroom"


async def test_a_webhook_is_made_with_a_secret_that_is_kept_sealed(rooms: Rooms) -> None:
    made = await rooms.webhooks.create(rooms.admin, url=URL, events=[EventType.VAULT_CREATED] * 2)
    assert made.webhook.events == (EventType.VAULT_CREATED,)
    assert made.secret.reveal().startswith("whsec_")
    assert await rooms.webhooks.get(rooms.admin, made.webhook.id) == made.webhook
    assert await rooms.webhooks.all(rooms.admin) == [made.webhook]


@pytest.mark.parametrize("events", [[], [EventType.WEBHOOK_TEST]])
async def test_types_that_cannot_be_chosen_are_refused(rooms: Rooms, events: list[EventType]) -> None:
    with pytest.raises(Invalid, match=r"events: must be some of vault\.created"):
        await rooms.webhooks.create(rooms.admin, url=URL, events=events)


async def test_a_secret_opens_only_for_the_url_that_it_was_made_for(rooms: Rooms) -> None:
    made = await rooms.webhooks.create(rooms.admin, url=URL, events=None)
    sealed = await rooms.keyring.seal(secret_binding(made.webhook), b"key")
    for other in (
        replace(made.webhook, url="https://evil.example.com/"),
        replace(made.webhook, id=WebhookId("whk_other")),
        replace(made.webhook, revision=2),
    ):
        with pytest.raises(Unreadable):
            await rooms.keyring.open(secret_binding(other), sealed)


async def test_every_use_case_needs_its_scope_and_leaves_its_entry(rooms: Rooms) -> None:
    reader = replace(rooms.admin, scopes=frozenset({Scope.WEBHOOKS_READ}))
    nobody = replace(rooms.admin, scopes=frozenset({Scope.VAULTS_READ}))
    made = (await rooms.webhooks.create(rooms.admin, url=URL, events=None)).webhook
    for principal, denied in (
        (reader, lambda who: rooms.webhooks.create(who, url=URL, events=None)),
        (reader, lambda who: rooms.webhooks.delete(who, made.id)),
        (reader, lambda who: rooms.webhooks.rotate(who, made.id)),
        (reader, lambda who: rooms.webhooks.enable(who, made.id)),
        (reader, lambda who: rooms.webhooks.test(who, made.id)),
        (nobody, lambda who: rooms.webhooks.get(who, made.id)),
        (nobody, rooms.webhooks.all),
        (nobody, lambda who: rooms.webhooks.deliveries(who, made.id, limit=9)),
    ):
        with pytest.raises(NotPermitted):
            await denied(principal)
    await rooms.webhooks.rotate(rooms.admin, made.id)
    await rooms.webhooks.enable(rooms.admin, made.id)
    await rooms.webhooks.test(rooms.admin, made.id)
    await rooms.webhooks.deliveries(rooms.admin, made.id, limit=9)
    await rooms.webhooks.delete(rooms.admin, made.id)
    recorded = [(entry.record.action, entry.record.outcome.value) for entry in await rooms.entries()]
    assert [action for action, outcome in recorded if outcome == "allowed"][-6:] == [
        "webhook.create",
        "webhook.rotate",
        "webhook.enable",
        "webhook.test",
        "webhook.read",
        "webhook.delete",
    ]
    assert len([action for action, outcome in recorded if outcome == "denied"]) == 8


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), MAX_OVERLAP + timedelta(seconds=1)])
async def test_an_overlap_has_bounds(rooms: Rooms, overlap: timedelta) -> None:
    made = await rooms.webhooks.create(rooms.admin, url=URL, events=None)
    with pytest.raises(Invalid, match="overlap_seconds"):
        await rooms.webhooks.rotate(rooms.admin, made.webhook.id, overlap=overlap)
