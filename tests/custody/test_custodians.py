"""Choosing a custodian, and losing neither a secret nor track of one, whatever becomes of a write."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.flat import from_flat
from strongroom.core.credentials.password import Password
from strongroom.core.custodians import AZURE, CUSTOM, OPENBAO, not_configured
from strongroom.core.failures import (
    Conflict,
    CustodianFailed,
    Invalid,
    NotFound,
    NotPermitted,
    Unreachable,
    Unreadable,
)
from strongroom.core.hosts import HostSet
from strongroom.core.networking import Limited
from strongroom.core.secret import Secret
from strongroom.custody.custodians import ABANDONED, SETTLED
from strongroom.services.custody_ports import Standing
from strongroom.services.sweeper import Sweeper
from tests.custody.house import Interposed, MemoryVault, custodians, granted, new, opened, service
from tests.custody.outside import CARD, LOGIN, PLAIN_LOGIN
from tests.services.rooms import Rooms, built, variable


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    async with built(tmp_path) as rooms:
        yield rooms


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


async def swept(rooms: Rooms, vault: MemoryVault, after: timedelta = timedelta(0)) -> dict[Standing, int]:
    """Sweep once after a while; return how the journal stands then."""
    rooms.clock.advance(after)
    sweeper = Sweeper(items=rooms.store.custody_items, remover=custodians(rooms, vault), clock=rooms.clock)
    await sweeper.step()
    return await rooms.store.custody_items.counts()


async def stored(rooms: Rooms, vault: MemoryVault, fields: Mapping[str, Any] = LOGIN) -> Credential:
    place = await rooms.vault()
    return await service(rooms, custodians(rooms, vault)).create(rooms.admin, place, new(fields))


def other_password(credential: Credential, _material: Material | None) -> tuple[Credential, Material]:
    return credential, Password(password=Secret("another"))


async def test_a_secret_lies_where_its_credential_says_and_nowhere_in_the_database(
    rooms: Rooms, vault: MemoryVault, tmp_path: Path
) -> None:
    credential = await stored(rooms, vault)
    assert credential.custodian == CUSTOM
    assert list(vault.items.values()) == [LOGIN | {"totp_type": "none"}]
    assert await opened(rooms, custodians(rooms, vault), credential) == from_flat(LOGIN)[1]
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240
    assert b"JBSWY3DPEHPK3PXP" not in files
    assert await rooms.store.custody_items.counts() == {Standing.KEPT: 1}


async def test_what_names_no_custodian_stays_with_us(rooms: Rooms, vault: MemoryVault) -> None:
    place = await rooms.vault()
    ours = await service(rooms, custodians(rooms, vault)).create(rooms.admin, place, new(custodian="strongroom"))
    assert vault.items == {}
    assert await opened(rooms, custodians(rooms, vault), ours) == from_flat(LOGIN)[1]
    assert await rooms.store.custody_items.counts() == {}


@pytest.mark.parametrize("name", [AZURE, "nobody"])
async def test_a_custodian_that_is_not_set_up_is_refused_and_none_takes_its_place(
    rooms: Rooms, vault: MemoryVault, name: str
) -> None:
    place = await rooms.vault()
    with pytest.raises(Invalid) as refused:
        await service(rooms, custodians(rooms, vault)).create(rooms.admin, place, new(custodian=name))
    assert refused.value.code == "custodian_not_configured"
    assert vault.items == {}
    assert await rooms.store.credentials.active_in(rooms.admin.workspace, [place]) == []
    assert await rooms.store.custody_items.counts() == {}


async def test_one_that_an_organization_has_not_configured_is_refused_before_anything_is_written(
    rooms: Rooms, vault: MemoryVault
) -> None:
    vault.missing = not_configured(CUSTOM)
    with pytest.raises(Invalid, match="not configured"):
        await stored(rooms, vault)
    assert vault.items == {}
    assert await rooms.store.custody_items.counts() == {}


async def test_kinds_without_a_flat_form_are_kept_by_us_alone(rooms: Rooms, vault: MemoryVault) -> None:
    place = await rooms.vault()
    with pytest.raises(Invalid, match="no flat form"):
        await service(rooms, custodians(rooms, vault)).create(rooms.admin, place, replace(variable(), custodian=CUSTOM))
    assert await rooms.store.custody_items.counts() == {}


async def test_a_vault_that_declines_has_nothing_and_owes_nothing(rooms: Rooms, vault: MemoryVault) -> None:
    vault.declines = True
    with pytest.raises(CustodianFailed, match="it said no"):
        await stored(rooms, vault)
    assert await rooms.store.custody_items.counts() == {}


async def test_a_vault_that_may_not_be_asked_owes_nothing(rooms: Rooms, vault: MemoryVault) -> None:
    vault.fails = NotPermitted("its address is not listed")
    with pytest.raises(CustodianFailed):
        await stored(rooms, vault)
    assert await rooms.store.custody_items.counts() == {}


async def test_what_was_accepted_before_the_connection_dropped_is_dropped_later(
    rooms: Rooms, vault: MemoryVault
) -> None:
    vault.fails = Unreachable("it did not answer in 30 seconds")
    with pytest.raises(CustodianFailed):
        await stored(rooms, vault)
    vault.fails = None
    assert len(vault.items) == 1
    assert await swept(rooms, vault, SETTLED - timedelta(seconds=1)) == {Standing.DROPPING: 1}
    assert await swept(rooms, vault, timedelta(seconds=1)) == {}
    assert vault.items == {}


async def test_what_nobody_can_find_is_lost_and_stays_in_sight(
    rooms: Rooms, vault: MemoryVault, caplog: pytest.LogCaptureFixture
) -> None:
    vault.nameless, vault.fails = True, Unreachable("it did not answer in 30 seconds")
    with pytest.raises(CustodianFailed):
        await stored(rooms, vault)
    vault.fails = None
    assert await swept(rooms, vault, SETTLED) == {Standing.LOST: 1}
    assert "something may have been left in custom" in caplog.text
    assert await swept(rooms, vault, ABANDONED * 100) == {Standing.LOST: 1}


async def test_a_credential_that_the_store_refuses_leaves_nothing_behind(rooms: Rooms, vault: MemoryVault) -> None:
    place = await rooms.vault()

    async def refused() -> None:
        raise Conflict("there is one already")

    refusing = Interposed(rooms.store.credentials, before_add=refused)
    with pytest.raises(Conflict):
        await service(rooms, custodians(rooms, vault), credentials=refusing).create(rooms.admin, place, new())
    assert len(vault.items) == 1
    assert await swept(rooms, vault) == {}
    assert vault.items == {}


async def test_a_change_is_a_new_item_and_the_old_one_goes(rooms: Rooms, vault: MemoryVault) -> None:
    credential = await stored(rooms, vault)
    (old,) = vault.items
    use_cases = service(rooms, custodians(rooms, vault))
    await use_cases.update(rooms.admin, credential.vault, credential.id, other_password, needs_material=False)
    assert len(vault.items) == 2
    assert await opened(rooms, custodians(rooms, vault), credential) == Password(password=Secret("another"))
    assert await swept(rooms, vault) == {Standing.KEPT: 1}
    assert old not in vault.items
    assert await opened(rooms, custodians(rooms, vault), credential) == Password(password=Secret("another"))


async def test_a_change_that_its_vault_does_not_take_changes_nothing(rooms: Rooms, vault: MemoryVault) -> None:
    credential = await stored(rooms, vault)
    use_cases = service(rooms, custodians(rooms, vault))
    vault.fails = Unreachable("it is down")
    with pytest.raises(CustodianFailed):
        await use_cases.update(rooms.admin, credential.vault, credential.id, other_password, needs_material=False)
    vault.fails = None
    assert await opened(rooms, custodians(rooms, vault), credential) == from_flat(LOGIN)[1]
    assert await swept(rooms, vault, SETTLED) == {Standing.KEPT: 1}
    assert await opened(rooms, custodians(rooms, vault), credential) == from_flat(LOGIN)[1]


async def test_changes_that_race_leave_one_item_and_it_is_that_of_the_last(rooms: Rooms, vault: MemoryVault) -> None:
    credential = await stored(rooms, vault)
    use_cases = service(rooms, custodians(rooms, vault))
    rivals = iter(("in between",))

    def change(before: Credential, _material: Material | None) -> tuple[Credential, Material]:
        return before, Password(password=Secret("last"))

    async def overtaken() -> None:
        if next(rivals, None) is not None:
            await use_cases.update(rooms.admin, credential.vault, credential.id, other_password, needs_material=False)

    racing = Interposed(rooms.store.credentials, before_replace=overtaken)
    slow = service(rooms, custodians(rooms, vault), credentials=racing)
    await slow.update(rooms.admin, credential.vault, credential.id, change, needs_material=False)
    assert await swept(rooms, vault) == {Standing.KEPT: 1}
    assert len(vault.items) == 1
    assert await opened(rooms, custodians(rooms, vault), credential) == Password(password=Secret("last"))


async def test_other_terms_are_sealed_anew_so_that_the_receipt_fits_them(rooms: Rooms, vault: MemoryVault) -> None:
    credential = await stored(rooms, vault)

    def moved(before: Credential, _material: Material | None) -> tuple[Credential, None]:
        return replace(before, networking=Limited(HostSet.parse(("other.example.com",)))), None

    use_cases = service(rooms, custodians(rooms, vault))
    await use_cases.update(rooms.admin, credential.vault, credential.id, moved, needs_material=False)
    assert await opened(rooms, custodians(rooms, vault), credential) == from_flat(LOGIN)[1]
    assert await swept(rooms, vault) == {Standing.KEPT: 1}


async def test_a_deleted_credential_is_gone_at_once_and_its_item_soon_even_if_its_vault_is_down(
    rooms: Rooms, vault: MemoryVault
) -> None:
    credential = await stored(rooms, vault)
    vault.fails = Unreachable("it is down")
    await service(rooms, custodians(rooms, vault)).delete(rooms.admin, credential.vault, credential.id)
    with pytest.raises(NotFound):
        await rooms.store.credentials.get(credential.workspace, credential.vault, credential.id)
    assert await swept(rooms, vault) == {Standing.DROPPING: 1}
    vault.fails = None
    assert await swept(rooms, vault) == {Standing.DROPPING: 1}, "it is not asked again at once"
    assert await swept(rooms, vault, timedelta(seconds=10)) == {}
    assert vault.items == {}


async def test_a_vault_that_stays_down_is_asked_less_and_less_but_never_given_up(
    rooms: Rooms, vault: MemoryVault
) -> None:
    credential = await stored(rooms, vault)
    await service(rooms, custodians(rooms, vault)).delete(rooms.admin, credential.vault, credential.id)
    vault.fails = Unreachable("it is down")
    for _ in range(30):
        assert await swept(rooms, vault, timedelta(hours=1)) == {Standing.DROPPING: 1}
    vault.fails = None
    assert await swept(rooms, vault, timedelta(hours=1)) == {}


async def test_a_row_that_was_moved_to_another_credential_opens_nothing(rooms: Rooms, vault: MemoryVault) -> None:
    first, second = await stored(rooms, vault), await stored(rooms, vault, PLAIN_LOGIN)
    receipt = await rooms.store.credentials.custody(first.id)
    assert receipt is not None
    for described in (second, replace(first, networking=Limited(HostSet.parse(("evil.example.com",))))):
        with pytest.raises(Unreadable):
            await custodians(rooms, vault).open(granted(described), described, receipt)
    with pytest.raises(Unreadable):
        await custodians(rooms, vault).open(granted(second), first, receipt)
    for another in ("strongroom", OPENBAO):
        with pytest.raises(Unreadable):
            await custodians(rooms, vault).open(granted(first), first, replace(receipt, custodian=another))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (CARD, "returned a credit_card for a password"),
        ({"type": "password", "username": "u"}, "password is required"),
        ({"type": "password", "username": "u", "password": ["the value"]}, "password must be a text"),
        ({"type": "spaceship"}, "type must be one of"),
        ({}, "type must be one of"),
    ],
)
async def test_what_a_vault_returns_is_checked_and_never_quoted(
    rooms: Rooms, vault: MemoryVault, found: Mapping[str, Any], words: str
) -> None:
    credential = await stored(rooms, vault)
    vault.items = dict.fromkeys(vault.items, found)
    with pytest.raises(CustodianFailed, match=words) as refused:
        await opened(rooms, custodians(rooms, vault), credential)
    assert not any(value in str(refused.value) for value in ("the value", "4111", "spaceship"))
    assert refused.value.__cause__ is None


async def test_the_description_stays_ours_whatever_the_vault_says(rooms: Rooms, vault: MemoryVault) -> None:
    credential = await stored(rooms, vault)
    vault.items = dict.fromkeys(vault.items, LOGIN | {"username": "mallory"})
    found = await rooms.store.credentials.get(credential.workspace, credential.vault, credential.id)
    assert found.details == credential.details
    assert await opened(rooms, custodians(rooms, vault), credential) == from_flat(LOGIN)[1]


async def test_a_write_that_took_so_long_that_it_was_swept_is_not_a_credential(
    rooms: Rooms, vault: MemoryVault
) -> None:
    place = await rooms.vault()

    async def swept_meanwhile() -> None:
        assert await swept(rooms, vault, ABANDONED) == {}

    slow = Interposed(rooms.store.credentials, before_add=swept_meanwhile)
    with pytest.raises(CustodianFailed, match="try again"):
        await service(rooms, custodians(rooms, vault), credentials=slow).create(rooms.admin, place, new())
    assert vault.items == {}
    assert await rooms.store.credentials.active_in(rooms.admin.workspace, [place]) == []
