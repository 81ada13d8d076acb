"""The journal of what lies in others' vaults: what a row points to stays, what none points to goes."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from strongroom.core.credentials import Credential
from strongroom.core.custodians import Provider
from strongroom.core.failures import CustodianFailed, NotFound
from strongroom.core.ids import ItemId, SettingsId
from strongroom.services.custody_ports import Item, SealedSettings, Standing
from strongroom.services.ports import Custody, Store
from tests.store.things import Home, at, fresh


async def begun(store: Store, credential: Credential, *, arrived: bool = True) -> Custody:
    """Return the receipt of an item that was written for a credential."""
    item = Item(
        id=ItemId(fresh("item_")),
        organization=credential.organization,
        credential=credential.id,
        custodian=credential.custodian,
    )
    await store.custody_items.begin(item, at=at(), abandoned=at(600))
    if arrived:
        assert await store.custody_items.arrived(item.id, f"theirs-{item.id}")
    return Custody(credential.custodian, b"sealed reference", credential.revision, item.id)


async def kept(store: Store, home: Home) -> tuple[Credential, Custody]:
    vault = await home.stored_vault(store)
    credential = home.credential(vault.id, custodian="custom")
    custody = await begun(store, credential)
    await store.credentials.add(credential, custody)
    return credential, custody


async def dropping(store: Store, now: float = 0) -> list[str]:
    return [item.id for item in await store.custody_items.claim(at(now), until=at(now + 60), most=10)]


async def test_an_item_becomes_the_credentials_in_the_transaction_that_writes_it(store: Store, home: Home) -> None:
    credential, custody = await kept(store, home)
    assert await store.custody_items.counts() == {Standing.KEPT: 1}
    assert not await store.custody_items.is_due(at(1e6))
    found = await store.credentials.custody(credential.id)
    assert found == replace(custody, item=None)


async def test_a_credential_that_is_not_written_leaves_its_item_unclaimed(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    credential = home.credential(vault.id, custodian="custom")
    custody = await begun(store, credential)
    await store.vaults.delete(home.workspace, vault.id)
    with pytest.raises(NotFound):
        await store.credentials.add(credential, custody)
    assert await dropping(store, 599) == []
    assert await dropping(store, 600) == [custody.item]


@pytest.mark.parametrize("how", ["given up", "swept", "gone", "another's", "never arrived"])
async def test_what_may_be_gone_already_becomes_nobodys(store: Store, home: Home, how: str) -> None:
    vault = await home.stored_vault(store)
    credential = home.credential(vault.id, custodian="custom")
    other = home.credential(vault.id) if how == "another's" else credential
    custody = await begun(store, other, arrived=how != "never arrived")
    assert custody.item is not None
    match how:
        case "given up":
            await store.custody_items.give_up(custody.item, due=at())
        case "swept":
            assert await dropping(store, 600) == [custody.item]
        case "gone":
            await store.custody_items.gone(custody.item)
        case _:
            pass
    with pytest.raises(CustodianFailed, match="try again"):
        await store.credentials.add(credential, custody)
    with pytest.raises(NotFound):
        await store.credentials.get(home.workspace, vault.id, credential.id)


async def test_a_replaced_item_goes_and_its_successor_stays(store: Store, home: Home) -> None:
    credential, first = await kept(store, home)
    after = replace(credential, revision=2, updated_at=at(5))
    second = await begun(store, after)
    assert await store.credentials.replace(after, second, expected=1)
    assert await dropping(store, 5) == [first.item]
    assert await store.custody_items.counts() == {Standing.KEPT: 1, Standing.DROPPING: 1}


async def test_the_loser_of_a_race_drops_nothing_but_its_own(store: Store, home: Home) -> None:
    credential, _ = await kept(store, home)
    loser = await begun(store, credential)
    late = replace(credential, revision=3, updated_at=at(5))
    assert not await store.credentials.replace(late, loser, expected=2)
    assert await store.custody_items.counts() == {Standing.KEPT: 1, Standing.WRITING: 1}


async def test_a_change_of_the_description_alone_touches_no_item(store: Store, home: Home) -> None:
    credential, _ = await kept(store, home)
    after = replace(credential, revision=2, updated_at=at(5), display_name="other")
    assert await store.credentials.replace(after, None, expected=1)
    assert await store.custody_items.counts() == {Standing.KEPT: 1}


Ending = Callable[[Store, Credential], Awaitable[object]]
ENDINGS: dict[str, Ending] = {
    "archived": lambda store, one: store.credentials.archive(one.workspace, one.vault, one.id, at(9)),
    "deleted": lambda store, one: store.credentials.delete(one.workspace, one.vault, one.id),
    "vault archived": lambda store, one: store.vaults.archive(one.workspace, one.vault, at(9)),
    "vault deleted": lambda store, one: store.vaults.delete(one.workspace, one.vault),
}


@pytest.mark.parametrize("how", sorted(ENDINGS))
async def test_an_item_goes_when_its_credential_does(store: Store, home: Home, how: str) -> None:
    credential, custody = await kept(store, home)
    other, _ = await kept(store, home)
    await ENDINGS[how](store, credential)
    (item,) = await store.custody_items.claim(at(10), until=at(70), most=10)
    assert (item.id, item.credential, item.custodian) == (custody.item, credential.id, "custom")
    assert item.reference == f"theirs-{custody.item}"
    assert (await store.credentials.get(home.workspace, other.vault, other.id)) == other


async def test_a_claimed_item_is_nobody_elses_until_the_claim_runs_out(store: Store, home: Home) -> None:
    credential, custody = await kept(store, home)
    assert custody.item is not None
    await store.credentials.delete(home.workspace, credential.vault, credential.id)
    assert await dropping(store) == [custody.item]
    assert not await store.custody_items.is_due(at(59))
    assert await dropping(store, 59) == []
    (again,) = await store.custody_items.claim(at(60), until=at(120), most=10)
    assert again.attempts == 2
    await store.custody_items.postpone(custody.item, due=at(500), problem="down")
    assert await dropping(store, 499) == []
    await store.custody_items.gone(custody.item)
    assert await store.custody_items.counts() == {}


async def test_what_is_kept_is_not_forgotten_given_up_or_lost(store: Store, home: Home) -> None:
    _, custody = await kept(store, home)
    assert custody.item is not None
    await store.custody_items.gone(custody.item)
    await store.custody_items.give_up(custody.item, due=at())
    await store.custody_items.lose(custody.item, problem="x")
    assert await store.custody_items.counts() == {Standing.KEPT: 1}


async def test_an_item_whose_name_arrives_after_it_was_lost_is_dropped(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    custody = await begun(store, home.credential(vault.id, custodian="custom"), arrived=False)
    assert custody.item is not None
    assert await dropping(store, 600) == [custody.item]
    await store.custody_items.lose(custody.item, problem="nobody knows")
    assert await dropping(store, 1e6) == []
    assert not await store.custody_items.arrived(custody.item, "theirs")
    (item,) = await store.custody_items.claim(at(1e6), until=at(2e6), most=10)
    assert item.reference == "theirs"
    await store.custody_items.lose(custody.item, problem="too late for that")
    assert await store.custody_items.counts() == {Standing.DROPPING: 1}


async def test_settings_are_replaced_whole_and_forgotten(store: Store, home: Home, elsewhere: Home) -> None:
    first = SealedSettings(
        id=SettingsId("oat_1"),
        organization=home.organization,
        provider=Provider.CUSTOM,
        envelope=b"first",
        created_at=at(),
        modified_at=at(),
    )
    rows = store.provider_settings
    await rows.put(first)
    assert await rows.get(home.organization, Provider.CUSTOM) == first
    assert await rows.get(home.organization, Provider.AZURE) is None
    assert await rows.get(elsewhere.organization, Provider.CUSTOM) is None
    second = replace(first, id=SettingsId("oat_2"), envelope=b"second", created_at=at(1), modified_at=at(1))
    await rows.put(second)
    assert await rows.get(home.organization, Provider.CUSTOM) == second
    await rows.remove(home.organization, Provider.CUSTOM)
    await rows.remove(home.organization, Provider.CUSTOM)
    assert await rows.get(home.organization, Provider.CUSTOM) is None
