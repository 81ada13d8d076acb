"""Who is let in: tokens are believed for a while and never beyond their end, keys until they are revoked."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, final

import pytest

from strongroom.core.actions import ALL_SCOPES, OPERATOR_SCOPES, Scope
from strongroom.core.calls import Call, Reply
from strongroom.core.failures import NotAuthenticated, NotPermitted, NotTaken, Unavailable
from strongroom.core.grants import Principal
from strongroom.core.ids import PrincipalId
from strongroom.core.secret import Secret
from strongroom.services.authentication import Authentication
from strongroom.services.entrance import BELIEVED, Entrance
from strongroom.services.first_sight import MADE, FirstSight
from strongroom.services.foreign_tokens import ForeignTokens
from strongroom.services.issuer_keys import IssuerKeys
from strongroom.services.known_callers import MAX_REMEMBERED, Caller, KnownCallers
from strongroom.services.ports import Change, Subject
from tests.oauth.token_issuer import AUDIENCE, ORGANIZATION, TokenIssuer
from tests.services.rooms import Rooms

URL = "https://login.test"
SECOND = timedelta(seconds=1)
OTHER = "7d2c1d7e-3a4b-4c5d-8e9f-0a1b2c3d4e5f"


@final
class KeySetServer:
    """Answers with the issuer's keys."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self.issuer = issuer
        self.asked = 0

    async def send(self, call: Call, *, within: float | None = None) -> Reply:
        self.asked += 1
        return Reply(status=200, body=json.dumps({"keys": self.issuer.shown}).encode())


@final
class Gatehouse:
    """An entrance, and an issuer whose tokens it takes."""

    def __init__(self, rooms: Rooms, *, makes: bool = True, otherwise: str | None = None) -> None:
        self.rooms = rooms
        self.issuer = TokenIssuer(URL)
        self.known = KnownCallers()
        server = KeySetServer(self.issuer)
        self.homes = FirstSight(
            tenants=rooms.store.tenants,
            gate=rooms.gate,
            clock=rooms.clock,
            new_id=rooms.entropy.new_id,
            makes=makes,
            otherwise=otherwise,
        )
        foreign = ForeignTokens(
            keys=IssuerKeys(control=server, issuer=URL, key_set_url=f"{URL}/keys", clock=rooms.clock),
            issuer=URL,
            audience=AUDIENCE,
            homes=self.homes,
            clock=rooms.clock,
        )
        keys = Authentication(tenants=rooms.store.tenants, known=self.known)
        self.entrance = Entrance(keys=keys, issued=[foreign], known=self.known, clock=rooms.clock)

    def token(self, *, lives: timedelta = timedelta(hours=1), **more: Any) -> Secret:  # noqa: ANN401 - what it says
        now = self.rooms.clock()
        times = {"iat": int(now.timestamp()), "exp": int((now + lives).timestamp())}
        return Secret(self.issuer.token(**{**times, **more}))

    async def principal(self, **more: Any) -> Principal:  # noqa: ANN401 - as above
        return await self.entrance.principal(self.token(**more))


@pytest.fixture
def house(rooms: Rooms) -> Gatehouse:
    return Gatehouse(rooms)


async def test_an_administrator_may_what_an_organizations_first_key_may(house: Gatehouse) -> None:
    admin = await house.principal()
    assert admin.scopes == ALL_SCOPES - OPERATOR_SCOPES - {Scope.TOTP_READ}
    assert admin.person is not None


async def test_everybody_else_may_use_models(house: Gatehouse) -> None:
    assert (await house.principal(roles=["viewer"])).scopes == {Scope.LLM_USE}


async def test_an_organization_is_made_as_soon_as_it_is_named_once_and_on_record(house: Gatehouse) -> None:
    admin = await house.principal(org_name="acme")
    store = house.rooms.store
    made = await store.tenants.organization_by_uuid(ORGANIZATION)
    assert made is not None
    assert (made.id, made.name, made.uuid) == (admin.organization, "acme", ORGANIZATION)
    assert [each.id for each in await store.tenants.workspaces(made.id)] == [admin.workspace]
    (entry,) = await store.audit.entries(made.id)
    assert (entry.record.action, entry.record.target, entry.record.principal) == (MADE, made.id, admin.id)
    again = await Gatehouse(house.rooms).principal(sub="another")
    assert again.organization == made.id


async def test_nothing_is_made_that_cannot_be_recorded(house: Gatehouse) -> None:
    house.rooms.log.off = True
    with pytest.raises(Unavailable):
        await house.principal()
    assert await house.rooms.store.tenants.organization_by_uuid(ORGANIZATION) is None


async def test_of_two_that_see_it_first_one_makes_it(rooms: Rooms) -> None:
    houses = [Gatehouse(rooms) for _ in range(4)]
    for each in houses:
        each.issuer.keys = houses[0].issuer.keys
        each.issuer.shown = houses[0].issuer.shown
    token = houses[0].token()
    callers = await asyncio.gather(*(each.entrance.principal(token) for each in houses))
    assert len({caller.organization for caller in callers}) == 1
    assert len({caller.workspace for caller in callers}) == 1
    assert len(await rooms.store.tenants.organizations()) == 2


async def test_an_operator_can_forbid_new_organizations(rooms: Rooms) -> None:
    house = Gatehouse(rooms, makes=False)
    with pytest.raises(NotPermitted) as refused:
        await house.principal()
    assert refused.value.why is NotTaken.ORGANIZATION_UNKNOWN
    assert (await house.principal(org_id=rooms.admin.organization)).workspace == rooms.admin.workspace


async def test_tokens_that_name_no_organization_act_where_the_operator_says(rooms: Rooms) -> None:
    house = Gatehouse(rooms, otherwise=rooms.admin.organization)
    assert (await house.principal(org_id=None)).organization == rooms.admin.organization
    assert (await house.principal(org_id=OTHER)).organization != rooms.admin.organization
    elsewhere = Gatehouse(rooms, otherwise="org_unknown")
    with pytest.raises(NotPermitted):
        await elsewhere.principal(org_id=None)


async def test_a_token_is_verified_once_and_believed_for_a_while(house: Gatehouse) -> None:
    token = house.token()
    first = await house.entrance.principal(token)
    house.issuer.rotate("second")
    house.rooms.clock.advance(BELIEVED - SECOND)
    assert await house.entrance.principal(token) is first
    house.rooms.clock.advance(timedelta(minutes=10))
    with pytest.raises(NotAuthenticated) as refused:  # its key is gone
        await house.entrance.principal(token)
    assert refused.value.why is NotTaken.KEY_UNKNOWN


async def test_a_token_is_never_believed_beyond_its_end(house: Gatehouse) -> None:
    token = house.token(lives=timedelta(seconds=30))
    await house.entrance.principal(token)
    house.rooms.clock.advance(timedelta(seconds=90) - SECOND)
    await house.entrance.principal(token)  # the leeway
    house.rooms.clock.advance(SECOND)
    with pytest.raises(NotAuthenticated) as refused:
        await house.entrance.principal(token)
    assert refused.value.why is NotTaken.EXPIRED


async def test_refusals_are_counted_by_their_reason_and_not_remembered(house: Gatehouse) -> None:
    for _ in range(3):
        with pytest.raises(NotAuthenticated):
            await house.principal(aud="other")
    with pytest.raises(NotAuthenticated):
        await house.principal(iss="https://evil.test")
    with pytest.raises(NotPermitted):
        await house.principal(org_id=None)
    assert house.entrance.refused == {
        NotTaken.AUDIENCE: 3,
        NotTaken.ISSUER: 1,
        NotTaken.ORGANIZATION_MISSING: 1,
    }
    assert house.known.find(b"") is None


async def test_keys_are_keys_whatever_they_look_like(house: Gatehouse) -> None:
    assert (await house.entrance.principal(Secret("first"))).id == house.rooms.admin.id
    for nobody in (None, Secret("a.b.c"), Secret("eyJ")):
        with pytest.raises(NotAuthenticated) as refused:
            await house.entrance.principal(nobody)
        assert refused.value.why is None


async def test_whoever_began_something_is_found_as_long_as_the_token_is_believed(house: Gatehouse) -> None:
    admin = await house.principal()
    assert await house.entrance.holder(admin.workspace, admin.id) == admin
    with pytest.raises(NotAuthenticated):
        await house.entrance.holder(house.rooms.admin.workspace, admin.id)
    house.rooms.clock.advance(BELIEVED)
    with pytest.raises(NotAuthenticated):
        await house.entrance.holder(admin.workspace, admin.id)
    key = house.rooms.admin
    assert (await house.entrance.holder(key.workspace, key.id)).id == key.id


def caller(rooms: Rooms, id_: str) -> Caller:
    admin = rooms.admin
    return Caller(
        Principal(id=PrincipalId(id_), organization=admin.organization, workspace=admin.workspace, scopes=frozenset())
    )


@final
class News:
    """Tells changes one after the other, and then nothing."""

    def __init__(self, *batches: Sequence[Change]) -> None:
        self.batches = batches

    async def follow(self) -> Any:  # noqa: ANN401 - an asynchronous generator
        for batch in self.batches:
            yield batch
        await asyncio.Event().wait()


async def test_what_was_read_before_news_came_is_not_remembered_after_it(rooms: Rooms) -> None:
    known = KnownCallers()
    since = known.news
    revoked = Change(subject=Subject.KEY, workspace=rooms.admin.workspace, id="key_1")
    following = asyncio.get_running_loop().create_task(known.follow(News([revoked])))
    for _ in range(5):
        await asyncio.sleep(0)
    assert known.news == since + 1
    known.remember(b"1", caller(rooms, "key_1"), since=since)
    assert known.find(b"1") is None
    known.remember(b"1", caller(rooms, "key_1"), since=known.news)
    assert known.find(b"1") is not None
    following.cancel()


async def test_what_is_remembered_is_bounded(rooms: Rooms) -> None:
    known = KnownCallers()
    for number in range(MAX_REMEMBERED + 1):
        known.remember(str(number).encode(), caller(rooms, "key_1"), since=0)
    assert known.find(b"0") is None
    assert known.find(str(MAX_REMEMBERED).encode()) is not None
