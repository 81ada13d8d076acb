"""Counts of what the proxies refused."""

from dataclasses import replace

from strongroom.core.ids import SessionId
from strongroom.services.ports import Store
from strongroom.services.usage_ports import Refused
from tests.store.things import Home, at


def refused(home: Home, *, session: str = "sesn_1", code: str = "host_not_allowed", count: int = 1) -> Refused:
    return Refused(
        organization=home.organization,
        workspace=home.workspace,
        session=SessionId(session),
        code=code,
        host="a.example",
        count=count,
        first_at=at(),
        last_at=at(),
    )


async def test_counts_add_up_and_keep_the_first_and_the_last_time(store: Store, home: Home) -> None:
    first = refused(home, count=3)
    await store.refusals.add([first, replace(first, host="", count=1, last_at=at(9))])
    await store.refusals.add([replace(first, count=4, first_at=at(5), last_at=at(5))])
    await store.refusals.add([replace(first, count=2, first_at=at(1), last_at=at(1)), refused(home, code="too_many")])
    assert await store.refusals.of_session(home.workspace, first.session) == [
        replace(first, host="", count=1, last_at=at(9)),
        replace(first, count=9, last_at=at(5)),
        refused(home, code="too_many"),
    ]


async def test_a_session_sees_its_own_refusals_only(store: Store, home: Home, elsewhere: Home) -> None:
    mine = refused(home)
    await store.refusals.add([mine, refused(home, session="sesn_2", count=5)])
    await store.refusals.add([])
    assert await store.refusals.of_session(home.workspace, mine.session) == [mine]
    assert await store.refusals.of_session(elsewhere.workspace, mine.session) == []
