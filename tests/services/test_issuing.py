"""Codes and tokens of our own issuer, over time."""

from datetime import timedelta
from typing import final

import pytest

from strongroom.core.actions import Scope
from strongroom.core.failures import NotAuthenticated, NotTaken, Unavailable
from strongroom.core.grants import Principal
from strongroom.core.identity import LIFETIME
from strongroom.core.secret import Secret
from strongroom.core.sign_in import CLIENT, CODE_LIVES, REFRESH_LIVES, Asked, GrantRefused, OAuthError
from strongroom.crypto.identity_keys import LEAD, IdentityKeys
from strongroom.services.authentication import Authentication
from strongroom.services.entrance import Entrance
from strongroom.services.identities import IdentityRing
from strongroom.services.installation import TOKEN_KEYS, binding
from strongroom.services.issuing import ISSUED, KEPT, Issuing, Presented, Tokens
from strongroom.services.known_callers import KnownCallers
from tests.services.rooms import Rooms

URL = "https://vault.test"
SECOND = timedelta(seconds=1)
VERIFIER = Secret("v" * 43)
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
REDIRECT = "http://127.0.0.1:8765/callback"
PUBLIC = Presented(id=CLIENT)


@final
class Bureau:
    """Our issuer, and the entrance that takes its tokens."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        known = KnownCallers()
        keys = Authentication(tenants=rooms.store.tenants, known=known)
        self.issuing = Issuing(
            url=URL,
            ring=IdentityRing(sealed=rooms.store.sealed, seal=rooms.keyring, name=TOKEN_KEYS),
            keys=keys,
            organizations=rooms.organizations,
            sign_ins=rooms.store.sign_ins,
            gate=rooms.gate,
            clock=rooms.clock,
            new_id=rooms.entropy.new_id,
            entropy=rooms.entropy,
        )
        self.entrance = Entrance(keys=keys, issued=[self.issuing], known=known, clock=rooms.clock)

    async def machine(self, scope: str = "") -> Tokens:
        client = Presented(id=self.rooms.admin.id, secrets=(Secret("first"),))
        return await self.issuing.for_machine(client, scope)

    async def code(self) -> Secret:
        asked = Asked(redirect_uri=REDIRECT, state="", scope="openid offline_access", challenge=CHALLENGE, nonce="n")
        url = await self.issuing.consented(asked, Secret("first"))
        return Secret(url.partition("code=")[2].partition("&")[0])

    async def redeemed(self, code: Secret) -> Tokens:
        return await self.issuing.redeem(PUBLIC, code, verifier=VERIFIER, redirect_uri=REDIRECT)

    async def who(self, tokens: Tokens) -> Principal:
        return await self.entrance.principal(tokens.access_token)


@pytest.fixture
async def bureau(rooms: Rooms) -> Bureau:
    fresh = IdentityKeys.fresh(rooms.clock()).to_bytes()
    await rooms.store.sealed.put_if_absent(TOKEN_KEYS, await rooms.keyring.seal(binding(TOKEN_KEYS), fresh))
    return Bureau(rooms)


async def why(bureau: Bureau, tokens: Tokens) -> NotTaken | None:
    with pytest.raises(NotAuthenticated) as refused:
        await bureau.who(tokens)
    return refused.value.why


async def test_a_token_acts_as_its_key(bureau: Bureau) -> None:
    who = await bureau.who(await bureau.machine())
    assert (who.id, who.workspace) == (bureau.rooms.admin.id, bureau.rooms.admin.workspace)
    assert who.scopes < bureau.rooms.admin.scopes
    assert who.person is not None


async def test_a_token_that_was_asked_for_less_may_do_less(bureau: Bureau) -> None:
    assert (await bureau.who(await bureau.machine("llm:use"))).scopes == {Scope.LLM_USE}


async def test_a_token_ends_after_minutes_however_often_it_was_used(bureau: Bureau) -> None:
    tokens = await bureau.machine()
    await bureau.who(tokens)
    bureau.rooms.clock.advance(LIFETIME + timedelta(seconds=60) - SECOND)
    await bureau.who(tokens)
    bureau.rooms.clock.advance(SECOND)
    assert await why(bureau, tokens) is NotTaken.EXPIRED


async def test_no_token_without_its_record(bureau: Bureau) -> None:
    bureau.rooms.log.off = True
    with pytest.raises(Unavailable):
        await bureau.machine()
    with pytest.raises(Unavailable):
        await bureau.code()
    bureau.rooms.log.off = False
    tokens = await bureau.machine()
    entry = (await bureau.rooms.entries())[-1]
    assert entry.record.action == ISSUED
    assert tokens.access_token.reveal() not in str(entry)


async def test_a_code_lives_for_a_minute(bureau: Bureau) -> None:
    first, second = await bureau.code(), await bureau.code()
    bureau.rooms.clock.advance(CODE_LIVES - SECOND)
    assert (await bureau.redeemed(first)).refresh_token is not None
    bureau.rooms.clock.advance(SECOND)
    with pytest.raises(GrantRefused) as refused:
        await bureau.redeemed(second)
    assert refused.value.error is OAuthError.INVALID_GRANT


async def test_somebody_stays_signed_in_for_a_month(bureau: Bureau) -> None:
    tokens = await bureau.redeemed(await bureau.code())
    for _ in range(3):
        assert tokens.refresh_token is not None
        bureau.rooms.clock.advance(REFRESH_LIVES / 4)
        tokens = await bureau.issuing.refresh(PUBLIC, tokens.refresh_token)
        await bureau.who(tokens)
    assert tokens.refresh_token is not None
    bureau.rooms.clock.advance(REFRESH_LIVES / 4)
    with pytest.raises(GrantRefused):
        await bureau.issuing.refresh(PUBLIC, tokens.refresh_token)
    actions = [entry.record.action for entry in await bureau.rooms.entries()]
    assert "sign_in.reused" not in actions  # it was over, and nobody has stolen anything


async def test_keys_follow_each_other_and_tokens_of_the_one_before_hold(bureau: Bureau) -> None:
    async def names() -> list[str]:
        return [key["kid"] for key in (await bureau.issuing.key_set())["keys"]]

    before = await names()
    bureau.rooms.clock.advance(KEPT)
    old = await bureau.machine()
    shown = await names()
    assert shown[1:] == before
    await bureau.who(old)
    bureau.rooms.clock.advance(LEAD)
    await bureau.who(await bureau.machine())
    bureau.rooms.clock.advance(timedelta(hours=1))
    assert await names() == shown[:1]


async def test_a_key_of_another_purpose_signs_nothing_that_is_taken(bureau: Bureau) -> None:
    _, others = await IdentityRing(sealed=bureau.rooms.store.sealed, seal=bureau.rooms.keyring).now()
    claims = {"iss": bureau.issuing.issuer, "aud": URL, "exp": 2_000_000_000, "sub": "x"}
    forged = Tokens(access_token=others.sign(claims, bureau.rooms.clock()), scope="")
    assert await why(bureau, forged) is NotTaken.KEY_UNKNOWN
