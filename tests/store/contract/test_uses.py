"""Counts of uses."""

from dataclasses import replace

from strongroom.core.ids import CredentialId, SessionId
from strongroom.services.ports import Store
from strongroom.services.usage_ports import Use
from tests.store.things import Home, at


def use(home: Home, *, session: str = "sesn_1", credential: str = "vcrd_1", host: str = "a.example", count: int) -> Use:
    return Use(
        organization=home.organization,
        workspace=home.workspace,
        session=SessionId(session),
        credential=CredentialId(credential),
        host=host,
        second=at(),
        count=count,
    )


async def test_counts_of_one_second_add_up(store: Store, home: Home) -> None:
    first = use(home, count=3)
    await store.uses.add([first, replace(first, host="b.example", count=1)])
    await store.uses.add([replace(first, count=4), replace(first, count=2), replace(first, second=at(1), count=9)])
    assert await store.uses.of_session(home.workspace, first.session) == [
        replace(first, count=9),
        replace(first, host="b.example", count=1),
        replace(first, second=at(1), count=9),
    ]


async def test_a_session_sees_its_own_counts_only(store: Store, home: Home, elsewhere: Home) -> None:
    mine = use(home, count=1)
    await store.uses.add([mine, use(home, session="sesn_2", count=5)])
    await store.uses.add([])
    assert await store.uses.of_session(home.workspace, mine.session) == [mine]
    assert await store.uses.of_session(elsewhere.workspace, mine.session) == []
