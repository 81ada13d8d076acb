"""Authorizations: kept sealed, taken once, forgotten after a day."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from strongroom.core.authorization import MAX_PENDING, Authorization, Flow, Standing
from strongroom.core.failures import NotFound, TooMany
from strongroom.core.ids import AuthorizationId, CredentialId, PrincipalId, VaultId
from strongroom.services.authorization_ports import Asking, Waiting
from strongroom.services.ports import Store
from tests.store.things import Home, at

MINUTE = timedelta(minutes=1)


def waiting(
    home: Home, name: str = "one", *, minutes: int = 10, created: int = 0, asking: Asking | None = None
) -> Waiting:
    authorization = Authorization(
        id=AuthorizationId(f"auth_{home.workspace}_{name}"),
        organization=home.organization,
        workspace=home.workspace,
        vault=VaultId("vlt_1"),
        opened_by=PrincipalId("key_1"),
        flow=Flow.DEVICE if asking else Flow.LOOPBACK,
        mcp_server_url="https://mcp.test/mcp",
        created_at=at(created),
        expires_at=at(created) + minutes * MINUTE,
    )
    state = None if asking else f"{home.workspace} {name}".encode()
    return Waiting(authorization=authorization, state=state, sealed=b"sealed", asking=asking)


async def test_one_comes_back_as_it_was_by_its_id_and_by_its_state(store: Store, home: Home) -> None:
    one = waiting(home)
    await store.authorizations.add(one)
    assert await store.authorizations.get(home.workspace, one.authorization.id) == one
    assert one.state is not None
    assert await store.authorizations.by_state(one.state) == one
    assert await store.authorizations.by_state(b"another") is None


async def test_another_workspace_finds_nothing(store: Store, home: Home, elsewhere: Home) -> None:
    one = waiting(home)
    await store.authorizations.add(one)
    with pytest.raises(NotFound):
        await store.authorizations.get(elsewhere.workspace, one.authorization.id)


async def test_of_many_one_takes_it_and_nobody_after_that(store: Store, home: Home) -> None:
    one = waiting(home)
    await store.authorizations.add(one)
    id_ = one.authorization.id
    taken = await asyncio.gather(*(store.authorizations.take(id_, now=at(1)) for _ in range(10)))
    assert sorted(taken) == [False] * 9 + [True]
    assert (await store.authorizations.get(home.workspace, id_)).authorization.standing is Standing.TAKEN
    await store.authorizations.settle(id_, problem="no")
    assert not await store.authorizations.take(id_, now=at(1))


async def test_one_that_ran_out_is_not_taken(store: Store, home: Home) -> None:
    one = waiting(home)
    await store.authorizations.add(one)
    assert not await store.authorizations.take(one.authorization.id, now=one.authorization.expires_at)
    assert not await store.authorizations.take(AuthorizationId("auth_none"), now=at(0))


async def test_an_outcome_is_written_once_and_takes_what_was_sealed_with_it(store: Store, home: Home) -> None:
    one = waiting(home)
    await store.authorizations.add(one)
    id_ = one.authorization.id
    await store.authorizations.settle(id_, credential=CredentialId("vcrd_1"))
    await store.authorizations.settle(id_, problem="too late")
    found = await store.authorizations.get(home.workspace, id_)
    assert found.authorization == replace(
        one.authorization, standing=Standing.CONNECTED, credential=CredentialId("vcrd_1")
    )
    assert found.sealed is None


async def test_a_question_has_its_time_and_one_who_asks_it(store: Store, home: Home) -> None:
    one = waiting(home, asking=Asking(at=at(5), interval=5))
    await store.authorizations.add(one)
    id_ = one.authorization.id
    assert not await store.authorizations.ask(id_, now=at(4), next_at=at(20))
    asked = await asyncio.gather(*(store.authorizations.ask(id_, now=at(5), next_at=at(20)) for _ in range(5)))
    assert sorted(asked) == [False] * 4 + [True]
    await store.authorizations.slow_down(id_, Asking(at=at(15), interval=10))
    assert (await store.authorizations.get(home.workspace, id_)).asking == Asking(at=at(15), interval=10)
    await store.authorizations.settle(id_, problem="no")
    assert not await store.authorizations.ask(id_, now=at(15), next_at=at(20))


async def test_a_workspace_has_so_many_under_way(store: Store, home: Home, elsewhere: Home) -> None:
    for number in range(MAX_PENDING):
        await store.authorizations.add(waiting(home, str(number)))
    with pytest.raises(TooMany):
        await store.authorizations.add(waiting(home, "more"))
    await store.authorizations.add(waiting(elsewhere, "theirs"))
    await store.authorizations.settle(waiting(home, "0").authorization.id, problem="no")
    await store.authorizations.add(waiting(home, "more"))


async def test_after_a_day_it_is_forgotten(store: Store, home: Home) -> None:
    old = waiting(home, "old")
    await store.authorizations.add(old)
    day = 24 * 3600
    await store.authorizations.add(waiting(home, "next", created=day))
    assert (await store.authorizations.get(home.workspace, old.authorization.id)).sealed == b"sealed"
    await store.authorizations.add(waiting(home, "later", created=day + 601))
    with pytest.raises(NotFound):
        await store.authorizations.get(home.workspace, old.authorization.id)
