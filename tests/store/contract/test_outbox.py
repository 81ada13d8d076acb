"""The outbox: what is told to whom, and how nodes share the telling."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from strongroom.core.audit import Outcome
from strongroom.core.events import EventType
from strongroom.core.failures import Conflict, Invalid, NotFound
from strongroom.core.ids import VaultId
from strongroom.core.webhooks import ATTEMPTS, MAX_WAITING, State
from strongroom.services.ports import Store
from strongroom.services.webhook_ports import Room, Settlement
from tests.store.backends import Backend
from tests.store.things import Home, at, digest, receipt
from tests.store.waiting import CLAIM, MUCH, claimed, settled

Told = list[tuple[str, str, str | None]]


async def told(store: Store) -> Told:
    """Return what waits, as type, subject and vault, and let it be delivered."""
    claims = await claimed(store, at(1000))
    for claim in claims:
        await store.outbox.settle(claim, Settlement(at=at(1000), state=State.DELIVERED, status=200))
    return sorted((c.delivery.event.type.value, c.delivery.event.subject, c.delivery.event.vault) for c in claims)


async def test_every_change_is_told_once_with_its_cascade(store: Store, home: Home) -> None:
    await home.stored_webhook(store)
    vault, other = home.vault(), home.vault()
    environment, key, session, second = home.environment(), home.key(), home.session(), home.session()
    session, second = (
        replace(each, environment=environment.id, opened_by=key.id, vaults=(vault.id,)) for each in (session, second)
    )
    a, b, c = (home.credential(where) for where in (vault.id, vault.id, other.id))
    await store.tenants.add_key(key, digest("text"))
    steps: list[tuple[Callable[[], Awaitable[object]], Told]] = [
        (lambda: store.vaults.add(vault), [("vault.created", vault.id, None)]),
        (lambda: store.vaults.add(other), [("vault.created", other.id, None)]),
        (lambda: store.credentials.add(a, receipt()), [("vault_credential.created", a.id, vault.id)]),
        (lambda: store.credentials.add(b, receipt()), [("vault_credential.created", b.id, vault.id)]),
        (lambda: store.credentials.add(c, receipt()), [("vault_credential.created", c.id, other.id)]),
        (lambda: store.vaults.replace(replace(vault, updated_at=at(1)), expected=at()), []),
        (lambda: store.credentials.replace(replace(a, revision=2, updated_at=at(1)), None, expected=1), []),
        (lambda: store.environments.add(environment), [("environment.created", environment.id, None)]),
        (
            lambda: store.environments.replace(replace(environment, name="x", updated_at=at(1)), expected=at()),
            [("environment.updated", environment.id, None)],
        ),
        (lambda: store.environments.replace(replace(environment, updated_at=at(9)), expected=at()), []),
        (
            lambda: store.sessions.add(session, token_digest=digest("1"), seed=b""),
            [("session.created", session.id, None)],
        ),
        (
            lambda: store.sessions.add(second, token_digest=digest("2"), seed=b""),
            [("session.created", second.id, None)],
        ),
        (
            lambda: store.sessions.replace(replace(session, title="t", updated_at=at(1)), expected=at()),
            [("session.updated", session.id, None)],
        ),
        (
            lambda: store.sessions.replace(replace(session, updated_at=at(2), archived_at=at(2)), expected=at(1)),
            [("session.archived", session.id, None), ("session.status_terminated", session.id, None)],
        ),
        (
            lambda: store.tenants.revoke_key(home.workspace, key.id, at(3)),
            [("session.archived", second.id, None), ("session.status_terminated", second.id, None)],
        ),
        (lambda: store.tenants.revoke_key(home.workspace, key.id, at(4)), []),
        (lambda: store.sessions.delete(home.workspace, session.id), [("session.deleted", session.id, None)]),
        (
            lambda: store.credentials.archive(home.workspace, vault.id, a.id, at(5)),
            [("vault_credential.archived", a.id, vault.id)],
        ),
        (lambda: store.credentials.archive(home.workspace, vault.id, a.id, at(6)), []),
        (
            lambda: store.vaults.archive(home.workspace, vault.id, at(7)),
            [("vault.archived", vault.id, None), ("vault_credential.archived", b.id, vault.id)],
        ),
        (lambda: store.vaults.archive(home.workspace, vault.id, at(8)), []),
        (
            lambda: store.credentials.delete(home.workspace, vault.id, a.id),
            [("vault_credential.deleted", a.id, vault.id)],
        ),
        (
            lambda: store.vaults.delete(home.workspace, other.id),
            [("vault.deleted", other.id, None), ("vault_credential.deleted", c.id, other.id)],
        ),
        (
            lambda: store.environments.replace(
                replace(environment, name="x", updated_at=at(9), archived_at=at(9)), expected=at(1)
            ),
            [("environment.archived", environment.id, None)],
        ),
        (
            lambda: store.environments.delete(home.workspace, environment.id),
            [("environment.deleted", environment.id, None)],
        ),
    ]
    for step, expected in steps:
        await step()
        assert await told(store) == sorted(expected)


async def test_what_is_refused_is_not_told(store: Store, home: Home, elsewhere: Home) -> None:
    await home.stored_webhook(store)
    environment = home.environment()
    await store.environments.add(environment)
    await home.stored_session(store, environment=environment.id)
    vault = await home.stored_vault(store)
    await told(store)
    credential = home.credential(vault.id)
    await store.credentials.add(credential, receipt())
    await told(store)
    for refused, why in (
        (store.credentials.add(replace(credential, id=home.credential(vault.id).id), receipt()), Conflict),
        (store.credentials.add(home.credential(VaultId("vlt_none")), receipt()), NotFound),
        (store.environments.delete(home.workspace, environment.id), Conflict),
        (store.vaults.delete(elsewhere.workspace, vault.id), NotFound),
        (store.vaults.add(home.vault(display_name="\ud800")), Invalid),
    ):
        with pytest.raises(why):
            await refused
    assert await told(store) == []


async def test_each_webhook_gets_what_it_chose_of_its_own_workspace(store: Store, home: Home, elsewhere: Home) -> None:
    every = await home.stored_webhook(store)
    some = await home.stored_webhook(store, events=(EventType.VAULT_DELETED,))
    await elsewhere.stored_webhook(store)
    vault = await home.stored_vault(store)
    await store.vaults.delete(home.workspace, vault.id)
    claims = await claimed(store, at(1))
    assert sorted((claim.webhook.id, claim.delivery.event.type.value) for claim in claims) == [
        (every.id, "vault.created"),
        (every.id, "vault.deleted"),
        (some.id, "vault.deleted"),
    ]


async def test_one_that_came_later_or_is_disabled_hears_nothing(store: Store, home: Home) -> None:
    await home.stored_vault(store)
    await home.stored_webhook(store)
    assert await claimed(store, at(1)) == []
    await home.stored_vault(store)
    await settled(store, at(1), disables=True)
    await home.stored_vault(store)
    assert await claimed(store, at(1000)) == []


async def test_a_security_event_is_told_in_the_transaction_that_records_it(store: Store, home: Home) -> None:
    await home.stored_webhook(store, events=(EventType.PLACEHOLDER_STRAYED,))
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)
    facts = {"session": "sesn_1", "host": "evil.test", "surface": "body", "count": 2, "vault": vault.id}
    stray = home.record(
        action="placeholder.strayed", outcome=Outcome.OBSERVED, target=credential.id, facts=facts, at=at(1)
    )
    again = replace(stray, id=home.record().id)
    await store.audit.append([home.record(), stray, again])
    claims = await claimed(store, at(1))
    assert len({claim.delivery.event.id for claim in claims}) == 2
    for claim in claims:
        event = claim.delivery.event
        assert (event.subject, event.vault, event.facts["credential_id"]) == ("sesn_1", vault.id, credential.id)
        assert (event.facts["host"], event.facts["count"], event.facts["refused"]) == ("evil.test", 2, False)


async def test_nodes_share_what_is_due_and_none_is_claimed_twice(backend: Backend) -> None:
    async with backend.open(at) as one, backend.open(at) as two:
        home = await Home().settle(one)
        await home.stored_webhook(one)
        vaults = {(await home.stored_vault(one)).id for _ in range(20)}
        small = Room(most=3, most_failing=3, each=3, busy={})
        batches = await asyncio.gather(*(claimed(store, at(1), small) for store in (one, two) * 5))
        subjects = [claim.delivery.event.subject for batch in batches for claim in batch]
        assert len(subjects) == 20
        assert set(subjects) == vaults


async def test_a_claim_that_ran_out_is_due_again_and_its_owner_is_not_heard_any_more(store: Store, home: Home) -> None:
    webhook = await home.stored_webhook(store)
    await home.stored_vault(store)
    (lost,) = await claimed(store, at(0))
    assert await claimed(store, at(59)) == []
    assert not await store.outbox.is_due(at(59))
    (taken,) = await claimed(store, at(0) + CLAIM)
    assert (lost.delivery.attempts, taken.delivery.attempts) == (1, 2)
    await store.outbox.settle(lost, Settlement(at=at(61), state=State.DROPPED, error="late"))
    (delivery,) = await store.webhooks.deliveries(home.workspace, webhook.id, limit=9)
    assert delivery.state is State.PENDING
    await store.outbox.settle(taken, Settlement(at=at(62), state=State.DELIVERED, status=200))
    (delivery,) = await store.webhooks.deliveries(home.workspace, webhook.id, limit=9)
    assert (delivery.state, delivery.status, delivery.finished_at) == (State.DELIVERED, 200, at(62))


async def test_tries_that_are_cut_off_count_and_the_last_one_ends_it(store: Store, home: Home) -> None:
    webhook = await home.stored_webhook(store)
    await home.stored_vault(store)
    for number in range(ATTEMPTS):
        assert len(await claimed(store, at(100 * number))) == 1
    assert await claimed(store, at(1000)) == []
    (delivery,) = await store.webhooks.deliveries(home.workspace, webhook.id, limit=9)
    assert (delivery.state, delivery.error) == (State.DROPPED, "the last attempt was cut off")


async def test_a_failing_webhook_leaves_room_for_the_others(store: Store, home: Home) -> None:
    dead, well = await home.stored_webhook(store), await home.stored_webhook(store)
    for _ in range(3):
        await home.stored_vault(store)
    (claim, *_) = await claimed(store, at(0), replace(MUCH, most=1, each=1))
    dead_id = claim.webhook.id
    await store.outbox.settle(claim, Settlement(at=at(0), state=State.PENDING, due_at=at(1), error="answered 500"))
    well_id = next(webhook.id for webhook in (dead, well) if webhook.id != dead_id)
    assert (await store.webhooks.get(home.workspace, dead_id)).failing_since == at(0)
    shared = await claimed(store, at(1), Room(most=3, most_failing=3, each=2, busy={}))
    assert [claim.webhook.id for claim in shared] == [well_id, well_id, dead_id]
    later = at(100)
    assert {c.webhook.id for c in await claimed(store, later, replace(MUCH, most_failing=0))} == {well_id}
    assert await claimed(store, later, replace(MUCH, busy={dead_id: 1})) == []
    (claim,) = await claimed(store, later)
    await store.outbox.settle(claim, Settlement(at=later, state=State.DELIVERED, status=200))
    assert (await store.webhooks.get(home.workspace, dead_id)).failing_since is None


async def test_a_webhook_that_somebody_edited_stops_nobody_else(store: Store, backend: Backend, home: Home) -> None:
    edited, other = await home.stored_webhook(store), await home.stored_webhook(store)
    await home.stored_vault(store)
    backend.tamper("UPDATE webhooks SET events = '[\"unheard.of\"]' WHERE id = ?", edited.id)
    assert [claim.webhook.id for claim in await claimed(store, at(1))] == [other.id]


async def test_what_waits_is_bounded_and_what_is_missed_is_counted(store: Store, home: Home) -> None:
    webhook = await home.stored_webhook(store, events=(EventType.PLACEHOLDER_STRAYED,))
    facts = {"session": "sesn_1", "host": "evil.test", "surface": "body", "count": 1}
    strays = [
        home.record(action="placeholder.strayed", outcome=Outcome.OBSERVED, target="vcrd_gone", facts=facts)
        for _ in range(MAX_WAITING + 2)
    ]
    await store.audit.append(strays)
    assert len(await claimed(store, at(1))) == MAX_WAITING
    assert (await store.webhooks.get(home.workspace, webhook.id)).missed == 2


async def test_finished_deliveries_are_forgotten_by_age_and_by_number(store: Store, home: Home) -> None:
    webhook = await home.stored_webhook(store)
    for number in range(5):
        await home.stored_vault(store)
        await settled(store, at(number), State.DELIVERED)
    await home.stored_vault(store)
    await store.outbox.prune(before=at(2), keep=2)
    left = await store.webhooks.deliveries(home.workspace, webhook.id, limit=9)
    assert sorted(delivery.finished_at for delivery in left if delivery.finished_at) == [at(3), at(4)]
    assert [delivery.state for delivery in left].count(State.PENDING) == 1
    assert len(await store.webhooks.deliveries(home.workspace, webhook.id, limit=1)) == 1
