"""Placeholders that are filled once, and the tokens of the programs that fill them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from strongroom.core.failures import NotFound, TooMany
from strongroom.core.ids import CredentialId, SessionId, VaultId
from strongroom.core.sessions import Session
from strongroom.services.fill_ports import MAX_OFFERED, Claim, Offered
from strongroom.services.ports import Store
from strongroom.store.fills import KEPT
from tests.store.things import Home, at, digest, fresh


async def running(store: Store, home: Home) -> Session:
    vault = await home.stored_vault(store)
    return await home.stored_session(store, vaults=(vault.id,))


def offered(session: Session, field: str = "password", **more: object) -> Offered:
    known = {
        "digest": digest(fresh("placeholder_")),
        "session": session.id,
        "workspace": session.workspace,
        "vault": VaultId("vlt_1"),
        "credential": CredentialId("cred_1"),
        "field": field,
        "site": "https://example.com",
        "created_at": at(),
        "expires_at": at(300),
    }
    return Offered(**known | more)  # type: ignore[arg-type]  # the fields above, or others of theirs


async def test_what_was_offered_is_found_by_its_own_session_only(store: Store, home: Home) -> None:
    session, other = await running(store, home), await running(store, home)
    one, two = offered(session), offered(session, "username")
    await store.fills.add([one, two])
    assert await store.fills.find(session.id, one.digest) == one
    assert await store.fills.find(session.id, two.digest) == two
    assert await store.fills.find(other.id, one.digest) is None
    assert await store.fills.find(session.id, digest("another")) is None


async def test_a_placeholder_is_redeemed_once(store: Store, home: Home) -> None:
    session = await running(store, home)
    one = offered(session)
    await store.fills.add([one])
    assert await store.fills.claim(one.digest, at=at(1)) is Claim.MINE
    assert await store.fills.claim(one.digest, at=at(2)) is Claim.USED
    assert await store.fills.find(session.id, one.digest) == replace(one, redeemed_at=at(1))
    assert await store.fills.claim(digest("another"), at=at(2)) is Claim.USED


async def test_a_code_of_a_credential_comes_once_whichever_session_asks(store: Store, home: Home) -> None:
    session, other = await running(store, home), await running(store, home)
    first, second = offered(session, "totp"), offered(other, "totp")
    elsewhere = offered(other, "totp", credential=CredentialId("cred_2"))
    await store.fills.add([first])
    await store.fills.add([second, elsewhere])
    assert await store.fills.claim(first.digest, at=at(1), step=7) is Claim.MINE
    assert await store.fills.claim(first.digest, at=at(1), step=8) is Claim.USED
    assert await store.fills.claim(second.digest, at=at(1), step=7) is Claim.CODE_USED
    assert await store.fills.claim(elsewhere.digest, at=at(1), step=7) is Claim.MINE
    assert await store.fills.claim(second.digest, at=at(1), step=8) is Claim.MINE


async def test_a_session_has_only_so_many_on_offer_at_a_time(store: Store, home: Home) -> None:
    session, other = await running(store, home), await running(store, home)
    many = [offered(session, str(number)) for number in range(MAX_OFFERED)]
    await store.fills.add(many)
    with pytest.raises(TooMany):
        await store.fills.add([offered(session)])
    await store.fills.add([offered(other)])
    await store.fills.claim(many[0].digest, at=at(1))
    await store.fills.add([offered(session)])
    await store.fills.add([offered(session, created_at=at(300), expires_at=at(600))])


async def test_old_ones_are_forgotten(store: Store, home: Home) -> None:
    session = await running(store, home)
    old = offered(session)
    await store.fills.add([old])
    after = old.expires_at + KEPT
    await store.fills.add([offered(session, created_at=after)])
    assert await store.fills.find(session.id, old.digest) == old
    await store.fills.add([offered(session, created_at=after + timedelta(seconds=1))])
    assert await store.fills.find(session.id, old.digest) is None
    await store.fills.add([])


async def test_a_token_is_one_sessions_and_goes_with_it(store: Store, home: Home) -> None:
    session = await running(store, home)
    one = offered(session)
    await store.fills.add([one])
    await store.fill_tokens.add(home.workspace, session.id, digest("token"), at())
    assert await store.fill_tokens.session(digest("token")) == (home.workspace, session.id)
    assert await store.fill_tokens.session(digest("another")) is None
    await store.sessions.delete(home.workspace, session.id)
    assert await store.fill_tokens.session(digest("token")) is None
    assert await store.fills.find(session.id, one.digest) is None


async def test_nobody_makes_a_token_for_a_session_of_others(store: Store, home: Home, elsewhere: Home) -> None:
    session = await running(store, home)
    with pytest.raises(NotFound):
        await store.fill_tokens.add(elsewhere.workspace, session.id, digest("token"), at())
    with pytest.raises(NotFound):
        await store.fill_tokens.add(home.workspace, SessionId("sesn_none"), digest("token"), at())
