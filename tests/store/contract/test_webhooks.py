"""Webhooks: kept with their sealed secrets, rotated, enabled, removed."""

from dataclasses import replace

import pytest

from strongroom.core.events import EventType
from strongroom.core.failures import Invalid, NotFound
from strongroom.core.ids import EventId
from strongroom.core.webhooks import MAX_WEBHOOKS
from strongroom.services.ports import Store
from tests.store.things import Home, at
from tests.store.waiting import claimed, settled


async def test_a_webhook_comes_back_as_it_was_newest_first(store: Store, home: Home) -> None:
    chosen = (EventType.VAULT_CREATED, EventType.PLACEHOLDER_STRAYED)
    first, second = home.webhook(events=chosen), home.webhook(created_at=at(1), updated_at=at(1))
    for webhook in (first, second):
        await store.webhooks.add(webhook, b"sealed")
    assert await store.webhooks.get(home.workspace, first.id) == first
    assert await store.webhooks.all(home.workspace) == [second, first]


async def test_another_workspace_finds_nothing(store: Store, home: Home, elsewhere: Home) -> None:
    webhook = await home.stored_webhook(store)
    for asked in (
        store.webhooks.get(elsewhere.workspace, webhook.id),
        store.webhooks.delete(elsewhere.workspace, webhook.id),
        store.webhooks.enable(elsewhere.workspace, webhook.id, at(1)),
        store.webhooks.deliveries(elsewhere.workspace, webhook.id, limit=9),
    ):
        with pytest.raises(NotFound):
            await asked
    stolen = replace(webhook, workspace=elsewhere.workspace, revision=2)
    assert not await store.webhooks.rotate(stolen, b"theirs", expected=1)
    assert await store.webhooks.all(elsewhere.workspace) == []
    assert await store.webhooks.get(home.workspace, webhook.id) == webhook


async def test_a_workspace_has_so_many_and_no_more(store: Store, home: Home, elsewhere: Home) -> None:
    webhooks = [await home.stored_webhook(store) for _ in range(MAX_WEBHOOKS)]
    with pytest.raises(Invalid, match=str(MAX_WEBHOOKS)):
        await home.stored_webhook(store)
    await elsewhere.stored_webhook(store)
    await store.webhooks.delete(home.workspace, webhooks[0].id)
    await home.stored_webhook(store)


async def test_a_rotation_keeps_the_secret_before_it_and_only_one_of_two_wins(store: Store, home: Home) -> None:
    webhook = await home.stored_webhook(store)
    rotated = replace(webhook, revision=2, previous_until=at(9), updated_at=at(1))
    assert await store.webhooks.rotate(rotated, b"new", expected=1)
    assert not await store.webhooks.rotate(replace(rotated, revision=2), b"late", expected=1)
    assert await store.webhooks.get(home.workspace, webhook.id) == rotated
    await home.stored_vault(store)
    (claim,) = await claimed(store, at(1))
    assert (claim.secrets.current, claim.secrets.previous) == (b"new", b"sealed")


async def test_removing_one_removes_what_waits_for_it(store: Store, home: Home) -> None:
    webhook = await home.stored_webhook(store)
    await home.stored_vault(store)
    await store.webhooks.delete(home.workspace, webhook.id)
    assert await claimed(store, at(1)) == []
    with pytest.raises(NotFound):
        await store.webhooks.deliveries(home.workspace, webhook.id, limit=9)
    with pytest.raises(NotFound):
        await store.webhooks.delete(home.workspace, webhook.id)


async def test_an_enabled_again_one_hears_of_nothing_that_was_before(store: Store, home: Home) -> None:
    webhook = await home.stored_webhook(store)
    for _ in range(2):
        await home.stored_vault(store)
    await settled(store, at(1), disables=True)
    await home.stored_vault(store)
    (delivery,) = await store.webhooks.deliveries(home.workspace, webhook.id, limit=1)
    late = replace(delivery.event, id=EventId("whe_late"))  # another node wrote it as this one disabled the webhook
    await store.webhooks.enqueue(webhook.id, late)
    disabled = await store.webhooks.get(home.workspace, webhook.id)
    assert disabled.disabled_at == at(1)
    enabled = await store.webhooks.enable(home.workspace, webhook.id, at(2))
    assert enabled == replace(webhook, updated_at=at(2))
    assert await store.webhooks.enable(home.workspace, webhook.id, at(3)) == enabled
    assert await claimed(store, at(3)) == []
    vault = await home.stored_vault(store)
    assert [claim.delivery.event.subject for claim in await claimed(store, at(3))] == [vault.id]
