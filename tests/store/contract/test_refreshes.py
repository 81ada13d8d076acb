"""The lease under which tokens are renewed, and what is remembered of earlier tries."""

from dataclasses import replace

import pytest

from strongroom.core.credentials import Credential
from strongroom.core.credentials.mcp_oauth import McpOAuthDetails
from strongroom.core.failures import NotFound
from strongroom.core.ids import CredentialId
from strongroom.services.oauth_ports import Renewal, Standing
from strongroom.services.ports import Change, Custody, Store, Subject
from tests.store.things import Home, at, receipt
from tests.store.waiting import claimed


@pytest.fixture
async def credential(store: Store, home: Home) -> Credential:
    vault = await home.stored_vault(store)
    return await home.stored_credential(
        store, vault.id, details=McpOAuthDetails(mcp_server_url="https://mcp.example.com/")
    )


def renewal(credential: Credential, **changes: int) -> Renewal:
    after = replace(credential, revision=credential.revision + 1, updated_at=at(5))
    known = Renewal(
        credential=after, custody=Custody("envelope", b"new", after.revision), expected=credential.revision, at=at(5)
    )
    return replace(known, **changes)  # type: ignore[arg-type]  # of whatever field


async def test_only_one_holds_the_lease_until_it_is_given_back(store: Store, credential: Credential) -> None:
    assert await store.refreshes.standing(credential.id) == Standing()
    assert await store.refreshes.take(credential.id, holder="one", instead_of=None)
    assert not await store.refreshes.take(credential.id, holder="two", instead_of=None)
    assert (await store.refreshes.standing(credential.id)).holder == "one"
    await store.refreshes.release(credential.id, holder="two")
    assert (await store.refreshes.standing(credential.id)).holder == "one"
    await store.refreshes.release(credential.id, holder="one")
    assert await store.refreshes.take(credential.id, holder="two", instead_of=None)


async def test_a_lease_is_taken_over_only_from_the_holder_that_was_seen(store: Store, credential: Credential) -> None:
    assert await store.refreshes.take(credential.id, holder="dead", instead_of=None)
    assert not await store.refreshes.take(credential.id, holder="me", instead_of="another")
    assert await store.refreshes.take(credential.id, holder="me", instead_of="dead")
    assert not await store.refreshes.take(credential.id, holder="late", instead_of="dead")


async def test_what_is_gone_has_no_lease(store: Store, home: Home, credential: Credential) -> None:
    with pytest.raises(NotFound):
        await store.refreshes.take(CredentialId("vcrd_x"), holder="one", instead_of=None)
    await store.refreshes.take(credential.id, holder="one", instead_of=None)
    await store.credentials.delete(home.workspace, credential.vault, credential.id)
    assert await store.refreshes.standing(credential.id) == Standing()


async def test_new_tokens_the_news_of_them_and_the_end_of_the_lease_are_one_step(
    store: Store, home: Home, credential: Credential
) -> None:
    feed = store.changes.follow()
    await anext(feed)
    await store.refreshes.take(credential.id, holder="one", instead_of=None)
    await store.refreshes.troubled(credential.id, holder="x", not_before=at(9))
    assert await store.refreshes.renewed(renewal(credential, rejections=2), holder="one")
    held = await store.credentials.held(home.workspace, credential.vault, credential.id)
    assert held == (renewal(credential).credential, renewal(credential).custody)
    assert await store.refreshes.standing(credential.id) == Standing(renewed_at=at(5), rejections=2)
    news: list[Change] = []
    while not news:
        news += await anext(feed)
    assert news == [Change(subject=Subject.TOKENS, workspace=home.workspace, id=credential.id, vault=credential.vault)]
    await feed.aclose()  # type: ignore[attr-defined]


async def test_tokens_for_another_revision_are_not_written(store: Store, credential: Credential) -> None:
    await store.refreshes.take(credential.id, holder="one", instead_of=None)
    assert not await store.refreshes.renewed(renewal(credential, expected=7), holder="one")
    assert await store.credentials.custody(credential.id) == receipt()
    assert await store.refreshes.standing(credential.id) == Standing(holder="one")


async def test_new_tokens_are_written_even_by_one_whose_lease_was_taken_over(
    store: Store, credential: Credential
) -> None:
    await store.refreshes.take(credential.id, holder="slow", instead_of=None)
    await store.refreshes.take(credential.id, holder="other", instead_of="slow")
    assert await store.refreshes.renewed(renewal(credential), holder="slow")
    assert (await store.refreshes.standing(credential.id)).holder == "other"


async def test_the_end_of_a_grant_is_told_once_and_only_while_it_is_the_one_stored(
    store: Store, home: Home, credential: Credential
) -> None:
    await home.stored_webhook(store)
    here, held = receipt(), Custody("envelope", b"older", 0)
    await store.refreshes.take(credential.id, holder="one", instead_of=None)
    assert not await store.refreshes.rejected(credential, held, holder="one", at=at(5))
    assert await store.refreshes.standing(credential.id) == Standing()
    assert await store.refreshes.rejected(credential, here, holder="one", at=at(5))
    assert await store.refreshes.standing(credential.id) == Standing(failed=1)
    assert not await store.refreshes.rejected(credential, here, holder="one", at=at(6))
    (claim,) = await claimed(store, at(1000))
    event = claim.delivery.event
    assert (event.type.value, event.subject, event.vault, event.at, dict(event.facts)) == (
        "vault_credential.refresh_failed",
        credential.id,
        credential.vault,
        at(5),
        {},
    )
    assert await store.refreshes.renewed(renewal(credential), holder="one")
    assert (await store.refreshes.standing(credential.id)).failed is None


async def test_an_archived_credential_fails_in_silence(store: Store, home: Home, credential: Credential) -> None:
    await store.refreshes.take(credential.id, holder="one", instead_of=None)
    await store.credentials.archive(home.workspace, credential.vault, credential.id, at(1))
    assert not await store.refreshes.rejected(credential, receipt(), holder="one", at=at(5))
    assert not await store.refreshes.renewed(renewal(credential), holder="one")
    assert await store.credentials.held(home.workspace, credential.vault, credential.id) is None


async def test_troubles_are_counted_until_a_success(store: Store, credential: Credential) -> None:
    for times in (1, 2):
        await store.refreshes.take(credential.id, holder="one", instead_of=None)
        await store.refreshes.troubled(credential.id, holder="one", not_before=at(times))
        assert await store.refreshes.standing(credential.id) == Standing(attempts=times, not_before=at(times))
