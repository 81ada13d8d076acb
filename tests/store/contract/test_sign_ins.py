"""Who is signed in: a code and a refresh token are good for once, and what comes again ends it."""

import asyncio
from datetime import timedelta

import pytest

from strongroom.core.actions import Scope
from strongroom.core.ids import PrincipalId
from strongroom.services.ports import Store
from strongroom.services.sign_in_ports import SignIn, Step
from strongroom.store.sign_ins import KEPT
from tests.store.things import START, Home, at, digest, fresh

CODE = digest("code")


@pytest.fixture
async def begun(store: Store, home: Home) -> SignIn:
    key = home.key()
    await store.tenants.add_key(key, digest("text"))
    sign_in = SignIn(
        id=fresh("sign_"),
        workspace=home.workspace,
        key=PrincipalId(key.id),
        client="a-program",
        scopes=frozenset({Scope.LLM_USE, Scope.VAULTS_READ}),
        words="openid offline_access",
        redirect_uri="http://127.0.0.1:1/",
        challenge="c",
        nonce="n",
        created_at=START,
        expires_at=START + timedelta(days=1),
    )
    await store.sign_ins.add(sign_in, code=CODE)
    return sign_in


async def test_a_code_is_taken_once_and_comes_back_as_it_was(store: Store, begun: SignIn) -> None:
    assert await store.sign_ins.take(digest("another"), at=at()) is None
    assert await store.sign_ins.take(CODE, at=at()) == Step(begun, done=True)


async def test_of_many_at_once_one_takes_it(store: Store, begun: SignIn) -> None:
    steps = await asyncio.gather(*(store.sign_ins.take(CODE, at=at()) for _ in range(5)))
    assert [step.done for step in steps if step is not None].count(True) == 1


async def test_a_code_that_comes_again_ends_what_came_of_it(store: Store, begun: SignIn) -> None:
    await store.sign_ins.take(CODE, at=at())
    await store.sign_ins.begin(begun.id, refresh=digest("1"))
    assert await store.sign_ins.take(CODE, at=at()) == Step(begun, done=False)
    assert await store.sign_ins.take(CODE, at=at()) is None
    assert await store.sign_ins.rotate(begun.id, expected=digest("1"), fresh=digest("2"), at=at()) is None


async def test_a_refresh_token_that_comes_again_ends_it(store: Store, begun: SignIn) -> None:
    await store.sign_ins.take(CODE, at=at())
    await store.sign_ins.begin(begun.id, refresh=digest("1"))
    rotate = store.sign_ins.rotate
    assert await rotate(begun.id, expected=digest("1"), fresh=digest("2"), at=at()) == Step(begun, done=True)
    assert await rotate(begun.id, expected=digest("1"), fresh=digest("3"), at=at()) == Step(begun, done=False)
    assert await rotate(begun.id, expected=digest("2"), fresh=digest("4"), at=at()) is None


async def test_it_ends_by_itself_and_by_being_told(store: Store, begun: SignIn) -> None:
    await store.sign_ins.take(CODE, at=at())
    await store.sign_ins.begin(begun.id, refresh=digest("1"))
    late = begun.expires_at
    found = await store.sign_ins.rotate(begun.id, expected=digest("1"), fresh=digest("2"), at=late)
    assert found == Step(begun, done=False)


async def test_what_was_ended_gives_nothing(store: Store, begun: SignIn) -> None:
    await store.sign_ins.end(begun.id, at=at())
    assert await store.sign_ins.take(CODE, at=at()) is None


async def test_what_is_over_is_forgotten(store: Store, begun: SignIn) -> None:
    later = begun.expires_at + KEPT + timedelta(seconds=1)
    after = SignIn(
        **{**{name: getattr(begun, name) for name in begun.__slots__}, "id": fresh("sign_"), "created_at": later}
    )
    await store.sign_ins.add(after, code=digest("second"))
    assert await store.sign_ins.take(CODE, at=later) is None
