"""Renewal of tokens: one exchange whoever asks, stored before it is used, and nothing lost on the way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from strongroom.core.actions import SESSION_SCOPES, Action
from strongroom.core.audit import Outcome
from strongroom.core.credentials import Credential, NewCredential
from strongroom.core.credentials.changes import CredentialChange, McpOAuthChange, RefreshChange
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails, Refresh
from strongroom.core.events import EventType
from strongroom.core.failures import BadReply, Failure, NotPermitted, Unavailable, Unreachable
from strongroom.core.grants import Granted, Target
from strongroom.core.ids import CredentialId
from strongroom.core.oauth import TokenReply
from strongroom.core.secret import Secret
from strongroom.services.oauth_ports import Refreshes, Renewal
from strongroom.services.ports import Custody
from strongroom.services.refresh import Refresher
from strongroom.services.webhook_ports import Room
from strongroom.testing.token_endpoint import reply
from tests.services.rooms import Rooms

HOUR = timedelta(hours=1)


PUBLIC = Refresh(client_id="c", token_endpoint="https://as.example.com/token", token_endpoint_auth=ClientAuth.NONE)


async def stored(
    rooms: Rooms,
    *,
    left: timedelta | None = timedelta(seconds=30),
    refresh: Refresh = PUBLIC,
    client_secret: Secret | None = None,
) -> tuple[Credential, Custody]:
    """Store a credential whose token ends in this time from now."""
    vault = await rooms.vault()
    details = McpOAuthDetails(
        mcp_server_url="https://mcp.example.com/mcp",
        expires_at=None if left is None else rooms.clock() + left,
        refresh=refresh,
    )
    new = NewCredential(
        details=details,
        material=McpOAuth(access_token=Secret("a1"), refresh_token=Secret("r1"), client_secret=client_secret),
        metadata={},
    )
    return await held(rooms, await rooms.credentials.create(rooms.admin, vault, new))


async def held(rooms: Rooms, credential: Credential) -> tuple[Credential, Custody]:
    found = await rooms.store.credentials.held(credential.workspace, credential.vault, credential.id)
    assert found is not None
    return found


async def granted(rooms: Rooms, credential: Credential) -> Granted:
    user = replace(rooms.admin, scopes=SESSION_SCOPES)
    target = Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
    return await rooms.gate.admit(user, Action.CREDENTIAL_USE, target)


async def fresh(rooms: Rooms, credential: Credential, refresher: Refresher | None = None) -> McpOAuth:
    proof = await granted(rooms, credential)
    _, material = await (refresher or rooms.refresher()).fresh(proof, *await held(rooms, credential))
    assert isinstance(material, McpOAuth)
    return material


async def now_stored(rooms: Rooms, credential: Credential) -> tuple[McpOAuthDetails, McpOAuth]:
    found, custody = await held(rooms, credential)
    material = await rooms.custodian.open(await granted(rooms, credential), found, custody)
    assert isinstance(found.details, McpOAuthDetails)
    assert isinstance(material, McpOAuth)
    return found.details, material


async def failures(rooms: Rooms) -> list[str]:
    """Return what was told of failed renewals."""
    room = Room(busy={}, each=99, most=99, most_failing=99)
    told = await rooms.store.outbox.claim(rooms.clock() + timedelta(days=30), until=rooms.clock(), room=room)
    wanted = EventType.CREDENTIAL_REFRESH_FAILED
    return [each.delivery.event.subject for each in told if each.delivery.event.type is wanted]


async def update(rooms: Rooms, credential: Credential, change: CredentialChange) -> None:
    await rooms.credentials.update(
        rooms.admin, credential.vault, credential.id, change.applied, needs_material=change.needs_material
    )


def tokens(number: int) -> McpOAuth:
    return McpOAuth(access_token=Secret(f"a{number}"), refresh_token=Secret(f"r{number}"))


# --- when, and how often ---------------------------------------------------------------------------


async def test_a_token_that_is_good_is_handed_out_as_it_is(rooms: Rooms) -> None:
    for left in (timedelta(seconds=61), None):
        credential, _ = await stored(rooms, left=left)
        assert await fresh(rooms, credential) == tokens(1)
    assert rooms.endpoint.exchanges == 0


async def test_147_one_that_is_due_is_renewed_and_stored_before_it_is_handed_out(rooms: Rooms) -> None:
    credential, _ = await stored(rooms)
    assert await fresh(rooms, credential) == tokens(2)
    details, material = await now_stored(rooms, credential)
    assert material == tokens(2)
    assert (details.expires_at, details.lifetime) == (rooms.clock() + HOUR, 3600)
    assert (await held(rooms, credential))[0].revision == credential.revision + 1
    rooms.clock.advance(HOUR)
    assert await fresh(rooms, credential) == tokens(3)
    assert rooms.endpoint.exchanges == 2


async def test_146_two_hundred_that_ask_at_once_are_one_exchange(rooms: Rooms) -> None:
    credential, _ = await stored(rooms)
    here, there = rooms.refresher(), rooms.refresher()
    found = await asyncio.gather(*(fresh(rooms, credential, each) for each in (here, there) for _ in range(100)))
    assert found == [tokens(2)] * 200
    assert rooms.endpoint.exchanges == 1


async def test_the_decision_is_in_the_audit_log_before_anything_is_asked(rooms: Rooms) -> None:
    credential, custody = await stored(rooms)
    proof = await granted(rooms, credential)
    rooms.log.off = True
    with pytest.raises(Unavailable):
        await rooms.refresher().fresh(proof, credential, custody)
    assert rooms.endpoint.exchanges == 0
    rooms.log.off = False
    await fresh(rooms, credential)  # the lease was given back
    record = (await rooms.entries())[-1].record
    assert (record.action, record.target, record.outcome) == ("credential.refresh", credential.id, Outcome.ALLOWED)
    assert record.facts == {"vault": credential.vault, "host": "as.example.com", "because": "due"}


async def test_who_may_not_use_it_may_not_renew_it(rooms: Rooms) -> None:
    credential, custody = await stored(rooms)
    target = Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
    proof = await rooms.gate.admit(rooms.admin, Action.CREDENTIAL_VALIDATE, target)
    narrowed = replace(proof, principal=replace(rooms.admin, scopes=frozenset()))
    with pytest.raises(NotPermitted):
        await rooms.refresher().fresh(narrowed, credential, custody)
    assert rooms.endpoint.exchanges == 0


# --- what others do meanwhile ----------------------------------------------------------------------


async def test_a_users_new_tokens_win_over_those_that_were_asked_for(rooms: Rooms) -> None:
    credential, _ = await stored(rooms)
    rooms.endpoint.open.clear()
    asking = asyncio.create_task(fresh(rooms, credential))
    await rooms.endpoint.arrived.wait()
    theirs = McpOAuthChange(access_token=Secret("t"), refresh=RefreshChange(refresh_token=Secret("u")))
    await update(rooms, credential, CredentialChange(auth=theirs))
    rooms.endpoint.open.set()
    assert await asking == McpOAuth(access_token=Secret("t"), refresh_token=Secret("u"))


async def test_78_80_a_cleared_scope_is_not_asked_for_and_another_client_secret_goes_where_the_old_one_went(
    rooms: Rooms,
) -> None:
    confidential = replace(
        PUBLIC, token_endpoint_auth=ClientAuth.POST, scope="wide", resource="https://mcp.example.com"
    )
    credential, _ = await stored(rooms, refresh=confidential, client_secret=Secret("old"))
    change = RefreshChange(scope="", client_auth=ClientAuth.BASIC, client_secret=Secret("new"))
    await update(rooms, credential, CredentialChange(auth=McpOAuthChange(refresh=change)))
    await fresh(rooms, credential)
    (request,) = rooms.endpoint.requests
    assert (request.auth, request.client_secret) == (ClientAuth.POST, Secret("new"))
    assert request.fields.keys() == {"grant_type", "refresh_token", "resource"}


async def test_a_change_of_anything_else_loses_no_rotated_token(rooms: Rooms) -> None:
    credential, _ = await stored(rooms)
    rooms.endpoint.open.clear()
    asking = asyncio.create_task(fresh(rooms, credential))
    await rooms.endpoint.arrived.wait()
    wider = McpOAuthChange(refresh=RefreshChange(scope="wider"))
    await update(rooms, credential, CredentialChange(display_name="named", auth=wider))
    rooms.endpoint.open.set()
    assert await asking == tokens(2)
    details, material = await now_stored(rooms, credential)
    assert material == tokens(2)
    assert details.refresh is not None
    assert details.refresh.scope == "wider"
    assert (await held(rooms, credential))[0].display_name == "named"


async def test_one_that_is_archived_meanwhile_stays_archived(rooms: Rooms) -> None:
    credential, custody = await stored(rooms)
    proof = await granted(rooms, credential)
    rooms.endpoint.open.clear()
    asking = asyncio.create_task(rooms.refresher().fresh(proof, credential, custody))
    await rooms.endpoint.arrived.wait()
    await rooms.credentials.archive(rooms.admin, credential.vault, credential.id)
    rooms.endpoint.open.set()
    assert (await asking)[1] == tokens(1)
    assert await rooms.store.credentials.custody(credential.id) is None


async def test_an_exchange_is_not_cut_off_when_nobody_waits_any_more(rooms: Rooms) -> None:
    credential, _ = await stored(rooms)
    refresher = rooms.refresher()
    rooms.endpoint.open.clear()
    asking = asyncio.create_task(fresh(rooms, credential, refresher))
    await rooms.endpoint.arrived.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    rooms.endpoint.open.set()
    await refresher.close()
    assert (await now_stored(rooms, credential))[1] == tokens(2)


class Ailing:
    """A store that does not answer the first times that new tokens are to be written."""

    def __init__(self, store: Refreshes, failures: int) -> None:
        self._store = store
        self._failures = failures

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def renewed(self, renewal: Renewal, *, holder: str) -> bool:
        self._failures -= 1
        if self._failures >= 0:
            raise Unavailable("the database does not answer")
        return await self._store.renewed(renewal, holder=holder)


async def test_new_tokens_are_written_again_and_again_while_the_database_does_not_answer(rooms: Rooms) -> None:
    credential, _ = await stored(rooms)
    ailing = rooms.refresher(Ailing(rooms.store.refreshes, failures=2))
    assert await fresh(rooms, credential, ailing) == tokens(2)
    assert rooms.endpoint.exchanges == 1


class Beaten:
    """A store in which another node renews between the look at the lease and the taking of it."""

    def __init__(self, store: Refreshes, other: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._other = other

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def take(self, credential: CredentialId, *, holder: str, instead_of: str | None) -> bool:
        await self._other()
        return await self._store.take(credential, holder=holder, instead_of=instead_of)


async def test_what_another_has_renewed_before_the_lease_was_taken_is_not_renewed_again(rooms: Rooms) -> None:
    credential, _ = await stored(rooms)
    beaten = rooms.refresher(Beaten(rooms.store.refreshes, lambda: fresh(rooms, credential)))
    assert await fresh(rooms, credential, beaten) == tokens(2)
    assert rooms.endpoint.exchanges == 1
    assert (await rooms.store.refreshes.standing(credential.id)).holder is None


# --- holders that died, and such that are slow ---------------------------------------------------------


async def test_a_holder_that_died_is_succeeded_after_its_time(rooms: Rooms) -> None:
    credential, _ = await stored(rooms, left=timedelta(seconds=-1))
    await rooms.store.refreshes.take(credential.id, holder="dead", instead_of=None)
    now = asyncio.get_running_loop().time
    began = now()
    assert await fresh(rooms, credential, rooms.refresher(lease=0.5)) == tokens(2)
    assert now() - began > 0.5


async def test_a_holder_that_lives_is_waited_for_even_if_its_clock_differs(rooms: Rooms) -> None:
    credential, _ = await stored(rooms, left=timedelta(seconds=-1))
    rooms.endpoint.open.clear()
    slow = asyncio.create_task(fresh(rooms, credential))
    await rooms.endpoint.arrived.wait()
    rooms.clock.advance(timedelta(days=1))  # as for a node whose clock is wrong: no lease ends by that
    other = asyncio.create_task(fresh(rooms, credential))
    await asyncio.sleep(0.1)
    assert rooms.endpoint.exchanges == 1
    rooms.clock.advance(timedelta(days=-1))
    rooms.endpoint.open.set()
    assert [await slow, await other] == [tokens(2)] * 2
    assert rooms.endpoint.exchanges == 1


@pytest.mark.slow
async def test_a_token_that_has_not_ended_is_used_instead_of_waiting_long(rooms: Rooms) -> None:
    credential, _ = await stored(rooms, left=timedelta(seconds=30))
    await rooms.store.refreshes.take(credential.id, holder="slow", instead_of=None)
    async with asyncio.timeout(10):
        assert await fresh(rooms, credential) == tokens(1)
    assert rooms.endpoint.exchanges == 0


async def test_a_holder_that_comes_back_too_late_asks_for_nothing(rooms: Rooms) -> None:
    """Held up between its look and its question, as by a pause of the machine, it lets the next one ask."""
    credential, _ = await stored(rooms, left=timedelta(seconds=-1))
    never = rooms.refresher(lease=0.0)
    assert await fresh(rooms, credential, never) == tokens(1)
    assert rooms.endpoint.exchanges == 0


# --- grants that are gone, and troubles that pass ---------------------------------------------------------


async def test_a_grant_that_is_gone_is_told_once_and_nothing_is_asked_again(rooms: Rooms) -> None:
    await rooms.webhooks.create(rooms.admin, url="https://hooks.example.com/", events=None)
    credential, _ = await stored(rooms)
    rooms.endpoint.script.append(reply({"error": "invalid_grant", "error_description": "r1 was used"}, 400))
    for _ in range(3):
        assert await fresh(rooms, credential) == tokens(1)  # expired or not, it is what there is
        rooms.clock.advance(HOUR)
    await update(rooms, credential, CredentialChange(display_name="another name"))
    assert await fresh(rooms, credential) == tokens(1)
    assert rooms.endpoint.exchanges == 1
    assert await failures(rooms) == [credential.id]
    seen = [entry.record for entry in await rooms.entries() if entry.record.action == "credential.refresh_failed"]
    assert [(each.target, each.outcome, dict(each.facts)) for each in seen] == [
        (credential.id, Outcome.OBSERVED, {"vault": credential.vault, "status": 400, "error": "invalid_grant"})
    ]


async def test_other_tokens_make_a_failed_grant_good_again(rooms: Rooms) -> None:
    credential, _ = await stored(rooms)
    rooms.endpoint.script.append(reply({"error": "invalid_grant"}, 400))
    await fresh(rooms, credential)
    theirs = McpOAuthChange(refresh=RefreshChange(refresh_token=Secret("r1")))
    await update(rooms, credential, CredentialChange(auth=theirs))
    assert await fresh(rooms, credential) == tokens(2)


async def test_a_grant_that_was_replaced_while_it_was_refused_is_not_called_failed(rooms: Rooms) -> None:
    await rooms.webhooks.create(rooms.admin, url="https://hooks.example.com/", events=None)
    credential, _ = await stored(rooms)
    rooms.endpoint.script.append(reply({"error": "invalid_grant"}, 400))
    rooms.endpoint.open.clear()
    asking = asyncio.create_task(fresh(rooms, credential))
    await rooms.endpoint.arrived.wait()
    await update(rooms, credential, CredentialChange(auth=McpOAuthChange(access_token=Secret("t"))))
    rooms.endpoint.open.set()
    assert (await asking).access_token == Secret("t")
    assert await failures(rooms) == []


@pytest.mark.parametrize(
    "trouble",
    [
        reply({"error": "server_error"}, 503),
        reply({}, 429),
        TokenReply(status=200, body=b"<html>be right back</html>", content_type="text/html"),
        TokenReply(status=302, body=b""),
        Unreachable("as.example.com refused the connection"),
        BadReply("as.example.com did not answer in HTTP"),
        NotPermitted("as.example.com leads to a loopback address"),
    ],
    ids=["503", "429", "a page", "a redirect", "refused", "no HTTP", "not allowed"],
)
async def test_151_a_trouble_is_told_nobody_and_waited_out_longer_each_time(
    rooms: Rooms, trouble: TokenReply | Failure
) -> None:
    await rooms.webhooks.create(rooms.admin, url="https://hooks.example.com/", events=None)
    credential, _ = await stored(rooms)
    rooms.endpoint.script.extend([trouble] * 9)
    asked: list[int] = []
    for _ in range(12):
        assert await fresh(rooms, credential) == tokens(1)
        asked.append(rooms.endpoint.exchanges)
        rooms.clock.advance(timedelta(seconds=5))
    assert asked == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4]
    rooms.endpoint.script.clear()
    rooms.clock.advance(timedelta(minutes=5))
    assert await fresh(rooms, credential, rooms.refresher()) == tokens(2)
    assert await failures(rooms) == []


# --- after a 401 ------------------------------------------------------------------------------------


async def renew(rooms: Rooms, credential: Credential, rejected: str, refresher: Refresher | None = None) -> McpOAuth:
    proof = await granted(rooms, credential)
    await (refresher or rooms.refresher()).renew(proof, credential, rejected=Secret(rejected))
    return (await now_stored(rooms, credential))[1]


async def test_a_rejected_token_is_renewed_though_it_is_not_due(rooms: Rooms) -> None:
    credential, _ = await stored(rooms, left=None)
    assert await renew(rooms, credential, "a1") == tokens(2)
    facts = (await rooms.entries())[-2].record.facts
    assert facts["because"] == "rejected"


async def test_many_that_were_rejected_at_once_are_one_exchange(rooms: Rooms) -> None:
    credential, _ = await stored(rooms, left=None)
    here, there = rooms.refresher(), rooms.refresher()
    asked = [renew(rooms, credential, "a1", each) for each in (here, there) for _ in range(20)]
    assert await asyncio.gather(*asked) == [tokens(2)] * 40
    assert rooms.endpoint.exchanges == 1


async def test_nothing_is_asked_if_another_token_is_stored_already(rooms: Rooms) -> None:
    credential, _ = await stored(rooms)
    await fresh(rooms, credential)
    assert await renew(rooms, credential, "a1") == tokens(2)
    assert rooms.endpoint.exchanges == 1


async def test_a_server_that_rejects_every_token_is_not_asked_for_ever_more(rooms: Rooms) -> None:
    credential, _ = await stored(rooms, left=None)
    number = 1
    for _ in range(70):
        number = int((await renew(rooms, credential, f"a{number}")).access_token == Secret(f"a{number + 1}")) + number
        rooms.clock.advance(timedelta(seconds=1))
    assert number == 7  # after 2, 4, 8, … seconds
    rooms.clock.advance(timedelta(hours=1))
    assert await renew(rooms, credential, "a7") == tokens(8)
    rooms.clock.advance(timedelta(seconds=2))
    assert await renew(rooms, credential, "a8") == tokens(9)


async def test_a_rejected_token_that_cannot_be_renewed_stays(rooms: Rooms) -> None:
    credential, _ = await stored(rooms, left=None)
    rooms.endpoint.script.append(reply({"error": "invalid_grant"}, 400))
    for _ in range(2):
        assert await renew(rooms, credential, "a1") == tokens(1)
    assert rooms.endpoint.exchanges == 1


# --- and in no log ------------------------------------------------------------------------------------


async def test_no_token_and_no_answer_is_in_a_log_or_in_the_audit_log(
    rooms: Rooms, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    credential, _ = await stored(rooms)
    answers: Sequence[TokenReply | Failure] = (
        reply({"error": "sentinel_code", "error_description": "sentinel"}, 400),
        TokenReply(status=200, body=b"<html>sentinel</html>"),
    )
    for answer in reversed(answers):
        rooms.endpoint.script.append(answer)
        await fresh(rooms, credential)
        rooms.clock.advance(HOUR)
    assert rooms.endpoint.exchanges == 2
    assert "sentinel" not in caplog.text
    assert "sentinel" not in str(await rooms.entries())
