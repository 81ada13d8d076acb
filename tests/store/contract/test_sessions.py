"""Sessions."""

import asyncio
from dataclasses import replace

import pytest

from strongroom.core.failures import Invalid, NotFound
from strongroom.core.pages import PageQuery, Position
from strongroom.core.sessions import Agent, McpServer
from strongroom.services.ports import SessionFilter, Store
from tests.store.things import Home, at, digest, ids

EVERYTHING = PageQuery(limit=99, newest_first=False, include_archived=True)


async def test_a_session_comes_back_as_it_was(store: Store, home: Home) -> None:
    servers = (McpServer(name="b", url="https://b.example/"), McpServer(name="a", url="https://a.example/"))
    first, second = await home.stored_vault(store), await home.stored_vault(store)
    session = await home.stored_session(
        store,
        agent=Agent(id="agent_2", version=3, model="some-model", system="Be kind.", mcp_servers=servers),
        vaults=(second.id, first.id),
        title="a run",
        metadata={"a": "b"},
        mcp_tools={"https://b.example:443": ("read", "write"), "https://a.example:443": ()},
    )
    assert await store.sessions.get(home.workspace, session.id) == session


async def test_a_token_leads_to_its_session_and_seed_also_when_it_is_archived(store: Store, home: Home) -> None:
    session = await home.stored_session(store)
    assert await store.sessions.by_token(digest(session.id)) == (session, b"sealed seed")
    archived = replace(session, archived_at=at(1), updated_at=at(1))
    assert await store.sessions.replace(archived, expected=session.updated_at)
    assert await store.sessions.by_token(digest(session.id)) == (archived, b"sealed seed")
    assert await store.sessions.by_token(digest("another")) is None


async def test_another_workspace_finds_nothing(store: Store, home: Home, elsewhere: Home) -> None:
    session = await home.stored_session(store)
    with pytest.raises(NotFound, match="session"):
        await store.sessions.get(elsewhere.workspace, session.id)
    with pytest.raises(NotFound):
        await store.sessions.delete(elsewhere.workspace, session.id)
    stolen = replace(session, workspace=elsewhere.workspace)
    assert not await store.sessions.replace(stolen, expected=session.updated_at)
    assert (await store.sessions.page(elsewhere.workspace, EVERYTHING, SessionFilter())).rows == ()


async def test_a_change_is_written_if_nobody_was_faster(store: Store, home: Home) -> None:
    session = await home.stored_session(store)
    changed = replace(
        session,
        title="new",
        metadata={"c": "d"},
        agent=replace(session.agent, mcp_servers=(McpServer(name="a", url="https://a.example/"),)),
        updated_at=at(1),
    )
    assert await store.sessions.replace(changed, expected=session.updated_at)
    assert not await store.sessions.replace(session, expected=session.updated_at)
    assert await store.sessions.get(home.workspace, session.id) == changed


async def test_a_change_at_the_moment_of_archiving_does_not_undo_it(store: Store, home: Home) -> None:
    session = await home.stored_session(store)
    assert await store.sessions.replace(replace(session, archived_at=at()), expected=at())
    assert not await store.sessions.replace(replace(session, title="late"), expected=at())
    assert (await store.sessions.get(home.workspace, session.id)).archived_at == at()


async def test_a_deleted_session_is_gone(store: Store, home: Home) -> None:
    session = await home.stored_session(store)
    await store.sessions.delete(home.workspace, session.id)
    assert await store.sessions.by_token(digest(session.id)) is None
    with pytest.raises(NotFound):
        await store.sessions.delete(home.workspace, session.id)


async def test_sessions_keep_the_ids_of_dead_vaults(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    session = await home.stored_session(store, vaults=(vault.id,))
    await store.vaults.delete(home.workspace, vault.id)
    assert (await store.sessions.get(home.workspace, session.id)).vaults == (vault.id,)


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        (SessionFilter(), [0, 1, 2, 3]),
        (SessionFilter(agent_id="two"), [1, 3]),
        (SessionFilter(agent_id="two", agent_version=2), [3]),
        (SessionFilter(agent_version=1), [0, 1, 2]),
        (SessionFilter(created_gt=at(1)), [2, 3]),
        (SessionFilter(created_gte=at(1)), [1, 2, 3]),
        (SessionFilter(created_lt=at(1)), [0]),
        (SessionFilter(created_lte=at(1)), [0, 1]),
        (SessionFilter(created_gte=at(1), created_lt=at(3)), [1, 2]),
        (SessionFilter(live=True, now=at(50)), [0, 3]),
        (SessionFilter(live=False, now=at(50)), [1, 2]),
        (SessionFilter(live=True, now=at(49)), [0, 1, 3]),
        (SessionFilter(live=False, now=at(50), agent_id="one"), [2]),
    ],
)
async def test_a_list_is_narrowed(store: Store, home: Home, narrowed: SessionFilter, expected: list[int]) -> None:
    one, two = Agent(id="one"), Agent(id="two")
    sessions = [
        await home.stored_session(store, created_at=at(0), agent=one),
        await home.stored_session(store, created_at=at(1), agent=two, expires_at=at(50)),
        await home.stored_session(store, created_at=at(2), agent=one, archived_at=at(3)),
        await home.stored_session(store, created_at=at(3), agent=replace(two, version=2)),
    ]
    page = await store.sessions.page(home.workspace, EVERYTHING, narrowed)
    assert ids(page.rows) == [sessions[place].id for place in expected]


async def test_a_narrowed_list_is_paged(store: Store, home: Home) -> None:
    agents = [Agent(id="one"), Agent(id="two")]
    sessions = [await home.stored_session(store, created_at=at(1), agent=agents[n % 2]) for n in range(6)]
    narrowed = SessionFilter(agent_id="two")
    first = await store.sessions.page(home.workspace, PageQuery(limit=2), narrowed)
    assert (list(first.rows), first.more) == ([sessions[5], sessions[3]], True)
    after = Position(first.rows[-1].created_at, first.rows[-1].id)
    second = await store.sessions.page(home.workspace, PageQuery(limit=2, after=after), narrowed)
    assert (list(second.rows), second.more) == ([sessions[1]], False)
    after = Position(second.rows[0].created_at, second.rows[0].id)
    back = await store.sessions.page(home.workspace, PageQuery(limit=2, after=after, backwards=True), narrowed)
    assert (list(back.rows), back.more) == (list(first.rows), False)


async def test_archived_sessions_are_hidden_unless_asked_for(store: Store, home: Home) -> None:
    session = await home.stored_session(store)
    await home.stored_session(store, archived_at=at(1))
    page = await store.sessions.page(home.workspace, PageQuery(limit=9), SessionFilter())
    assert ids(page.rows) == [session.id]


@pytest.mark.parametrize("what", ["environment", "vault"])
@pytest.mark.parametrize("fate", ["missing", "archived", "elsewhere"])
async def test_a_session_is_opened_only_on_what_is_there_at_that_moment(
    store: Store, home: Home, elsewhere: Home, what: str, fate: str
) -> None:
    owner = elsewhere if fate == "elsewhere" else home
    changes = {"archived_at": at()} if fate == "archived" else {}
    environment, vault = owner.environment(**changes), owner.vault(**changes)
    if fate != "missing":
        await store.environments.add(environment)
        await store.vaults.add(vault)
    opened = {"environment": environment.id} if what == "environment" else {"vaults": (vault.id,)}
    with pytest.raises(Invalid if fate == "archived" else NotFound):
        await home.stored_session(store, **opened)


async def test_an_environment_is_not_deleted_under_a_session_that_is_being_opened(store: Store, home: Home) -> None:
    for _ in range(10):
        environment = home.environment()
        await store.environments.add(environment)
        await asyncio.gather(
            home.stored_session(store, environment=environment.id),
            home.stored_session(store, environment=environment.id),
            store.environments.delete(home.workspace, environment.id),
            return_exceptions=True,
        )
        there = await store.environments.page(home.workspace, PageQuery(limit=100))
        used = await store.sessions.page(home.workspace, PageQuery(limit=100), SessionFilter(now=at()))
        mine = [session for session in used.rows if session.environment == environment.id]
        assert bool(mine) == (environment.id in {each.id for each in there.rows})
