"""Logins that are filled: who gets placeholders and who values, when, and how often (contract skyvern-credentials)."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from strongroom.core.actions import ALL_SCOPES, Scope
from strongroom.core.credentials.password import Password, PasswordDetails
from strongroom.core.environments import CloudConfig, LimitedNetwork
from strongroom.core.failures import (
    FillRefused,
    Invalid,
    NotAuthenticated,
    NotFilled,
    NotFound,
    NotPermitted,
    Unavailable,
)
from strongroom.core.hosts import HostSet
from strongroom.core.ids import CredentialId, SessionId, VaultId
from strongroom.core.networking import NOWHERE, Limited, Networking, Unrestricted
from strongroom.core.secret import Secret
from strongroom.core.sessions import Agent
from strongroom.crypto.tokens import is_fill_token
from strongroom.services.environments import NewEnvironment
from strongroom.services.fill import LIFETIME, Filled, NotYet
from strongroom.services.sessions import NewSession
from tests.services.filling import PAGE, PASSWORD, Filling
from tests.services.rooms import variable


@pytest.fixture
async def credential(filling: Filling, vault: VaultId) -> CredentialId:
    return await filling.login(vault)


async def test_every_field_has_a_placeholder_that_becomes_its_value(
    filling: Filling, session: SessionId, credential: CredentialId
) -> None:
    offer = await filling.service.offer(filling.rooms.admin, session, credential, PAGE)
    assert list(offer.placeholders) == ["username", "password", "totp", "metadata_pin"]
    assert (offer.site, offer.kind) == ("https://example.com", "password")
    assert offer.expires_at == filling.rooms.clock() + LIFETIME
    values = {}
    for field, placeholder in offer.placeholders.items():
        filled = await filling.redeem(session, placeholder, "https://www.example.com/other?page")
        assert isinstance(filled, Filled)
        assert filled.field == field
        values[field] = filled.value
    assert values["username"] == Secret("ada")
    assert values["password"] == Secret(PASSWORD)
    assert values["metadata_pin"] == Secret("4711")
    assert values["totp"].reveal().isdigit()


async def test_a_placeholder_is_redeemed_once(filling: Filling, session: SessionId, credential: CredentialId) -> None:
    shown = await filling.offered(session, credential)
    await filling.redeem(session, shown["password"])
    assert await filling.refused(session, shown["password"]) is NotFilled.USED
    again = await filling.offered(session, credential)
    assert again["password"] != shown["password"]
    await filling.redeem(session, again["password"])


async def test_a_placeholder_runs_out(filling: Filling, session: SessionId, credential: CredentialId) -> None:
    shown = await filling.offered(session, credential)
    filling.rooms.clock.advance(LIFETIME - timedelta(seconds=1))
    await filling.redeem(session, shown["username"])
    filling.rooms.clock.advance(timedelta(seconds=1))
    assert await filling.refused(session, shown["password"]) is NotFilled.EXPIRED


async def test_another_site_gets_nothing_and_is_a_security_event(
    filling: Filling, session: SessionId, vault: VaultId, credential: CredentialId
) -> None:
    shown = await filling.offered(session, credential)
    assert await filling.refused(session, shown["password"], "https://evil.test/") is NotFilled.OTHER_SITE
    refused, observed = [entry.record for entry in (await filling.rooms.entries())[-2:]]
    assert (refused.action, refused.target, refused.outcome, refused.reason) == (
        "fill.redeem",
        credential,
        "denied",
        "fill_other_site",
    )
    assert (observed.action, observed.target) == ("placeholder.strayed", credential)
    assert observed.facts == {
        "session": session,
        "host": "evil.test",
        "surface": "page",
        "count": 1,
        "answer": "refused",
        "vault": vault,
    }
    await filling.redeem(session, shown["password"])  # the owner's page is not to suffer for it


async def test_a_placeholder_is_bound_to_the_site_that_it_was_offered_for(
    filling: Filling, session: SessionId, vault: VaultId
) -> None:
    credential = await filling.login(vault, Limited(HostSet.parse(["a.example.com", "b.example.org"])))
    shown = await filling.offered(session, credential, "https://a.example.com/")
    assert await filling.refused(session, shown["password"], "https://b.example.org/") is NotFilled.OTHER_SITE
    await filling.redeem(session, shown["password"], "https://a.example.com/x")


async def test_an_offer_for_the_wrong_page_is_refused(
    filling: Filling, session: SessionId, credential: CredentialId
) -> None:
    for url in ("https://evil.test/", "http://login.example.com/", "https://login.example.com:444/"):
        with pytest.raises(FillRefused) as refused:
            await filling.offered(session, credential, url)
        assert refused.value.why is NotFilled.OTHER_SITE
        assert str(refused.value).endswith(f" does not belong to {url.rstrip('/')}")
    with pytest.raises(Invalid):
        await filling.offered(session, credential, "about:blank")
    records = [entry.record for entry in await filling.rooms.entries()]
    assert not [record for record in records if record.action == "placeholder.strayed"]
    assert [record.reason for record in records if record.action == "fill.offer"] == ["fill_other_site"] * 3


@pytest.mark.parametrize("networking", [NOWHERE, Unrestricted()])
async def test_a_login_without_a_place_is_filled_nowhere_and_says_what_to_set(
    filling: Filling, session: SessionId, vault: VaultId, networking: Networking
) -> None:
    credential = await filling.login(vault, networking)
    with pytest.raises(FillRefused, match="tested_url or hosts") as refused:
        await filling.offered(session, credential)
    assert refused.value.why is NotFilled.NO_SITE


async def test_an_environment_that_does_not_let_the_host_through_lets_nothing_be_filled(
    filling: Filling, vault: VaultId, credential: CredentialId
) -> None:
    rooms = filling.rooms
    limited = CloudConfig(network=LimitedNetwork(hosts=HostSet.parse(["other.example.com"])), packages={})
    environment = await rooms.environments.create(rooms.admin, NewEnvironment(name="e", config=limited, metadata={}))
    opened = await rooms.sessions.open(
        rooms.admin, NewSession(agent=Agent(id="a"), environment=environment.id, vaults=(vault,), metadata={})
    )
    with pytest.raises(FillRefused, match="limited") as refused:
        await filling.offered(opened.session.id, credential)
    assert refused.value.why is NotFilled.HOST


async def test_what_was_changed_ended_or_taken_back_counts_at_once(
    filling: Filling, session: SessionId, vault: VaultId, credential: CredentialId
) -> None:
    rooms = filling.rooms
    shown = await filling.offered(session, credential)
    other = (await rooms.session(vault)).session.id
    assert await filling.refused(other, shown["password"]) is NotFilled.UNKNOWN
    assert await filling.refused(session, "placeholder_of_nobody") is NotFilled.UNKNOWN
    await rooms.credentials.archive(rooms.admin, vault, credential)
    assert await filling.refused(session, shown["password"]) is NotFilled.UNKNOWN
    await rooms.sessions.archive(rooms.admin, session)
    assert await filling.refused(session, shown["username"]) is NotFilled.SESSION_OVER
    with pytest.raises(FillRefused):
        await filling.offered(session, credential)


async def test_a_new_password_is_what_an_earlier_placeholder_becomes(
    filling: Filling, session: SessionId, vault: VaultId, credential: CredentialId
) -> None:
    rooms = filling.rooms
    shown = await filling.offered(session, credential)
    material = Password(password=Secret("renewed"))
    details = PasswordDetails.of(material, username="ada")
    await rooms.credentials.update(
        rooms.admin,
        vault,
        credential,
        lambda before, _: (replace(before, details=details), material),
        needs_material=False,
    )
    filled = await filling.redeem(session, shown["password"])
    assert isinstance(filled, Filled)
    assert filled.value == Secret("renewed")
    assert await filling.refused(session, shown["totp"]) is NotFilled.UNKNOWN


async def test_a_login_of_a_vault_that_the_session_does_not_hold_is_not_found(
    filling: Filling, session: SessionId
) -> None:
    elsewhere = await filling.login(await filling.rooms.vault())
    with pytest.raises(NotFound):
        await filling.offered(session, elsewhere)
    with pytest.raises(NotFound):
        await filling.offered(session, CredentialId("cred_0"))


async def test_what_is_no_login_has_nothing_to_type(filling: Filling, session: SessionId, vault: VaultId) -> None:
    token = await filling.rooms.credentials.create(filling.rooms.admin, vault, variable())
    with pytest.raises(Invalid, match="nothing to type"):
        await filling.offered(session, token.id, "https://api.example.com/")


async def test_a_code_comes_once_and_lasts_as_long_as_was_asked(
    filling: Filling, session: SessionId, credential: CredentialId
) -> None:
    clock = filling.rooms.clock
    clock.advance(timedelta(seconds=30 - clock().timestamp() % 30 + 15))  # half of a period is left
    first, second = await filling.offered(session, credential), await filling.offered(session, credential)
    assert await filling.redeem(session, first["totp"], lasting=20) == NotYet(15)
    filled = await filling.redeem(session, first["totp"], lasting=15)
    assert isinstance(filled, Filled)
    assert filled.seconds_remaining == 15
    assert await filling.refused(session, first["totp"]) is NotFilled.USED
    assert await filling.redeem(session, second["totp"]) == NotYet(15)
    clock.advance(timedelta(seconds=15))
    following = await filling.redeem(session, second["totp"], lasting=60)  # capped: a whole period is all there is
    assert isinstance(following, Filled) or following == NotYet(30)


async def test_nothing_leaves_while_the_audit_log_cannot_be_written(
    filling: Filling, session: SessionId, credential: CredentialId
) -> None:
    shown = await filling.offered(session, credential)
    filling.rooms.log.off = True
    with pytest.raises(Unavailable):
        await filling.redeem(session, shown["password"])
    filling.rooms.log.off = False
    await filling.redeem(session, shown["password"])


async def test_a_fill_token_acts_for_its_session_and_for_no_other(
    filling: Filling, session: SessionId, vault: VaultId, credential: CredentialId
) -> None:
    rooms = filling.rooms
    _, token = await filling.tokens.create(rooms.admin, session)
    assert is_fill_token(token)
    holder = await filling.entrance.principal(token)
    assert [holder.id, *holder.scopes] == [session, Scope.TOTP_READ]
    offer = await filling.service.offer(holder, session, credential, PAGE)
    assert isinstance(await filling.service.redeem(holder, session, offer.placeholders["password"], PAGE), Filled)
    other = (await rooms.session(vault)).session.id
    with pytest.raises(NotFound):
        await filling.service.offer(holder, other, credential, PAGE)
    with pytest.raises(NotPermitted):
        await rooms.sessions.get(holder, session)
    await rooms.sessions.archive(rooms.admin, session)
    with pytest.raises(NotAuthenticated):
        await filling.entrance.principal(token)
    with pytest.raises(Invalid, match="ended"):
        await filling.tokens.create(rooms.admin, session)
    with pytest.raises(NotAuthenticated):
        await filling.entrance.principal(Secret("srf_unknown"))
    with pytest.raises(NotAuthenticated):
        await filling.entrance.principal(None)


async def test_a_fill_token_ends_with_the_sessions_time(filling: Filling, session: SessionId) -> None:
    _, token = await filling.tokens.create(filling.rooms.admin, session)
    filling.rooms.clock.advance(timedelta(hours=1))
    with pytest.raises(NotAuthenticated):
        await filling.entrance.principal(token)


async def test_a_key_needs_the_scope_for_it(filling: Filling, session: SessionId, credential: CredentialId) -> None:
    shown = await filling.offered(session, credential)
    weak = replace(filling.rooms.admin, scopes=ALL_SCOPES - {Scope.TOTP_READ})
    with pytest.raises(NotPermitted, match="totp:read"):
        await filling.service.redeem(weak, session, shown["password"], PAGE)
    with pytest.raises(NotPermitted):
        await filling.service.offer(weak, session, credential, PAGE)
    with pytest.raises(NotPermitted):  # before anything is said of pages and placeholders
        await filling.service.offer(weak, session, credential, "https://evil.test/")
    with pytest.raises(NotPermitted):
        await filling.service.redeem(weak, session, "placeholder_of_nobody", PAGE)
    with pytest.raises(NotPermitted):
        await filling.tokens.create(weak, session)
    last = (await filling.rooms.entries())[-1].record
    assert (last.action, last.outcome, last.reason) == ("fill.token_create", "denied", "scope")


async def test_no_value_is_written_down(filling: Filling, session: SessionId, credential: CredentialId) -> None:
    shown = await filling.offered(session, credential)
    for placeholder in shown.values():
        filled = await filling.redeem(session, placeholder)
        assert PASSWORD not in repr(filled)
    written = json.dumps([dict(entry.record.facts) for entry in await filling.rooms.entries()])
    assert PASSWORD not in written
    assert not any(placeholder in written for placeholder in shown.values())
    uses = await filling.rooms.store.uses.of_session(filling.rooms.admin.workspace, session)
    assert [(use.credential, use.host, use.count) for use in uses] == [(credential, "login.example.com", 4)]
    assert filling.service.redeemed == 4
    await filling.refused(session, shown["password"])
    assert filling.service.refused == {NotFilled.USED: 1}
    last = (await filling.rooms.entries())[-1].record
    assert (last.action, last.target, last.reason) == ("fill.redeem", credential, "fill_used")
