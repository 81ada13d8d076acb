"""Sessions that are sent out as themselves: signed for one session, and verified by another library."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest

from strongroom.core.audit import Outcome
from strongroom.core.credentials import Credential, NewCredential
from strongroom.core.credentials.agent_identity import AgentIdentity, AgentIdentityDetails
from strongroom.core.failures import NotPermitted, Unavailable, Unreadable
from strongroom.core.identity import LIFETIME, RENEWED_BEFORE
from strongroom.core.ids import VaultId
from strongroom.core.scrubbing import LET_GO_AFTER
from strongroom.crypto.identity_keys import LEAD
from strongroom.services.identities import IdentityRing
from strongroom.services.installation import IDENTITY_KEYS, binding
from strongroom.services.live import LivePlan
from strongroom.services.sessions import Opened
from tests.services.rooms import API, ISSUER, OTHER, Rooms

URL = "https://api.example.com/mcp"


async def stored(rooms: Rooms, audience: str | None = None) -> tuple[VaultId, Credential]:
    vault = await rooms.vault()
    new = NewCredential(
        details=AgentIdentityDetails(mcp_server_url=URL, audience=audience), material=AgentIdentity(), metadata={}
    )
    return vault, await rooms.credentials.create(rooms.admin, vault, new)


async def planned(rooms: Rooms, opened: Opened) -> LivePlan:
    return await rooms.delivery.plan(await rooms.delivery.enter(opened.token), API)


def bearer(plan: LivePlan) -> str:
    placed = plan.substituter.placed("/mcp")
    assert placed is not None
    assert placed[0] == "authorization"
    scheme, _, token = placed[1].decode().partition(" ")
    assert scheme == "Bearer"
    return token


async def verified(rooms: Rooms, token: str, audience: str = URL) -> dict[str, Any]:
    """Verify as a server does, with what is public; only its clock is ours."""
    keys = jwt.PyJWKSet.from_dict(dict(await rooms.identity_keys.key_set()))
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return dict(
        jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            issuer=ISSUER,
            audience=audience,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    )


async def test_a_session_is_sent_out_with_a_token_of_its_own(rooms: Rooms) -> None:
    vault, credential = await stored(rooms)
    first, second = await rooms.session(vault), await rooms.session(vault)
    said = [await verified(rooms, bearer(await planned(rooms, opened))) for opened in (first, second)]
    assert [each["sub"] for each in said] == [first.session.id, second.session.id]
    assert {each["credential_id"] for each in said} == {credential.id}
    assert {each["workspace_id"] for each in said} == {rooms.admin.workspace}
    assert said[0]["jti"] != said[1]["jti"]
    assert said[0]["exp"] == int((rooms.clock() + LIFETIME).timestamp())


async def test_a_token_is_for_the_audience_of_its_credential_and_for_no_other(rooms: Rooms) -> None:
    vault, _ = await stored(rooms, audience="urn:tools")
    token = bearer(await planned(rooms, await rooms.session(vault)))
    assert (await verified(rooms, token, "urn:tools"))["aud"] == "urn:tools"
    with pytest.raises(jwt.InvalidAudienceError):
        await verified(rooms, token, URL)


async def test_another_host_gets_no_token(rooms: Rooms) -> None:
    vault, _ = await stored(rooms)
    plan = await rooms.delivery.plan(await rooms.delivery.enter((await rooms.session(vault)).token), OTHER)
    assert plan.substituter.placed("/mcp") is None
    assert plan.plan.renew_at is None


async def test_a_plan_is_renewed_before_its_token_ends_and_then_has_another(rooms: Rooms) -> None:
    vault, _ = await stored(rooms)
    opened = await rooms.session(vault)
    plan = await planned(rooms, opened)
    assert plan.plan.renew_at == rooms.clock() + LIFETIME - RENEWED_BEFORE
    before = bearer(plan)
    live = await rooms.delivery.enter(opened.token)
    live.outdate(plan)  # what the timer does
    assert bearer(await planned(rooms, opened)) != before


async def test_replies_show_no_token_not_even_one_of_before(rooms: Rooms) -> None:
    vault, _ = await stored(rooms)
    opened = await rooms.session(vault)
    plan = await planned(rooms, opened)
    old = bearer(plan)
    (await rooms.delivery.enter(opened.token)).outdate(plan)
    plan = await planned(rooms, opened)
    new = bearer(plan)
    marker = plan.plan.placements[0].marker
    assert plan.scrubber.clean(f"{old} {new}".encode()) == f"{marker} {marker}".encode()


async def test_tokens_that_have_long_ended_are_let_go_so_that_a_session_does_not_grow(rooms: Rooms) -> None:
    vault, _ = await stored(rooms)
    opened = await rooms.session(vault)
    live = await rooms.delivery.enter(opened.token)
    plan = await planned(rooms, opened)
    old = bearer(plan)
    for step in (LIFETIME + LET_GO_AFTER - timedelta(seconds=1), timedelta(seconds=1)):
        assert plan.scrubber.clean(old.encode()) != old.encode()
        rooms.clock.advance(step)
        live.outdate(plan)
        plan = await planned(rooms, opened)
        bearer(plan)
    assert plan.scrubber.clean(old.encode()) == old.encode()


async def test_a_rotated_key_signs_after_it_was_shown_and_earlier_tokens_still_hold(rooms: Rooms) -> None:
    vault, _ = await stored(rooms)
    opened = await rooms.session(vault)
    shown = await rooms.identity_keys.rotate(rooms.admin)
    tokens = []
    for step in (LEAD - timedelta(seconds=1), timedelta(seconds=1)):
        rooms.clock.advance(step)
        plan = await planned(rooms, opened)
        tokens.append(bearer(plan))
        (await rooms.delivery.enter(opened.token)).outdate(plan)
    assert [jwt.get_unverified_header(token)["kid"] for token in tokens] == [shown.keys[1].name, shown.keys[0].name]
    assert {(await verified(rooms, token))["sub"] for token in tokens} == {opened.session.id}
    entry = next(each.record for each in await rooms.entries() if each.record.action == "identity_key.rotate")
    assert (entry.outcome, entry.target, entry.facts) == (Outcome.ALLOWED, "identity_keys", {"at_once": 0})


async def test_a_key_that_became_known_is_ended_at_once_in_every_process(rooms: Rooms) -> None:
    vault, _ = await stored(rooms)
    opened = await rooms.session(vault)
    plan = await planned(rooms, opened)
    before = bearer(plan)
    await rooms.identity_keys.rotate(rooms.admin, at_once=True)
    assert len((await rooms.identity_keys.all(rooms.admin)).keys) == 1
    (await rooms.delivery.enter(opened.token)).outdate(plan)
    assert (await verified(rooms, bearer(await planned(rooms, opened))))["sub"] == opened.session.id
    with pytest.raises(KeyError):
        await verified(rooms, before)


async def test_of_two_rotations_at_once_none_is_lost(rooms: Rooms) -> None:
    other = IdentityRing(sealed=rooms.store.sealed, seal=rooms.keyring)
    envelope, keys = await other.now()
    await rooms.identity_keys.rotate(rooms.admin)
    assert not await other.replace(keys.rotated(rooms.clock()), expected=envelope)
    await rooms.identity_keys.rotate(rooms.admin)
    assert len((await other.now())[1].keys) == 3


async def test_who_may_not_rotate_is_refused_and_nothing_changes(rooms: Rooms) -> None:
    before = await rooms.identity_keys.key_set()
    with pytest.raises(NotPermitted):
        await rooms.identity_keys.rotate(replace(rooms.admin, scopes=frozenset()))
    with pytest.raises(NotPermitted):
        await rooms.identity_keys.all(replace(rooms.admin, scopes=frozenset()))
    assert await rooms.identity_keys.key_set() == before


async def test_an_identity_whose_terms_somebody_changed_in_the_database_is_not_signed(rooms: Rooms) -> None:
    vault, credential = await stored(rooms)
    opened = await rooms.session(vault)
    custody = await rooms.store.credentials.custody(credential.id)
    assert custody is not None
    forged = replace(credential, details=AgentIdentityDetails(mcp_server_url=URL, audience="urn:else"), revision=2)
    assert await rooms.store.credentials.replace(forged, custody, expected=1)
    with pytest.raises(Unreadable):
        await planned(rooms, opened)


async def test_without_keys_nothing_is_signed(rooms: Rooms) -> None:
    class Empty:
        async def get(self, name: str) -> bytes | None:
            return None

        async def put_if_absent(self, name: str, envelope: bytes) -> bytes:
            return envelope

        async def replace(self, name: str, envelope: bytes, *, expected: bytes) -> bool:
            return False

    with pytest.raises(Unavailable):
        await IdentityRing(sealed=Empty(), seal=rooms.keyring).now()


async def test_the_keys_lie_sealed(rooms: Rooms) -> None:
    envelope = await rooms.store.sealed.get(IDENTITY_KEYS)
    assert envelope is not None
    written = await rooms.keyring.open(binding(IDENTITY_KEYS), envelope)
    assert b'"d":' in written
    assert b'"d":' not in envelope
