"""A process is killed between the write to another's vault and our row: what no row points to goes, the rest stays."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from strongroom.core.credentials import Credential
from strongroom.core.credentials.flat import from_flat
from strongroom.core.ids import VaultId, WorkspaceId
from strongroom.crypto.keyring import KeyRing
from strongroom.custody import Custodians, EnvelopeCustodian, ExternalVault
from strongroom.custody.custodians import ABANDONED
from strongroom.custody.kek.local import LocalKek
from strongroom.services.custody_ports import Standing
from strongroom.services.ports import Custody, Store
from strongroom.services.sweeper import Sweeper
from strongroom.store import open_store
from strongroom.testing.clock import FrozenClock
from strongroom.testing.entropy import CountingEntropy
from tests.custody.house import granted
from tests.custody.outside import LOGIN, served
from tests.custody.peers.custom import CustomService
from tests.custody.stages import Servers, custom_vault, openbao, openbao_vault, paths
from tests.needs import ROOT

ASKED, HEARD, ROW, AFTER = (
    "before the vault is asked",
    "before the journal hears of it",
    "before the row is written",
    "after the row is written",
)


def crashed(folder: Path, vault: str, url: str, step: str) -> tuple[WorkspaceId, VaultId]:
    """Run the process until it dies; return where it was writing."""
    argv = [sys.executable, "-m", "tests.custody.crashing", str(folder), vault, url, step]
    env = {"PATH": os.defpath, "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == -9, done.stderr
    workspace, place = done.stdout.split()
    return WorkspaceId(workspace), VaultId(place)


@asynccontextmanager
async def restarted(folder: Path, vault: ExternalVault) -> AsyncIterator[tuple[Store, Custodians, FrozenClock]]:
    """What the process left behind, opened by the next one with the same key."""
    clock, entropy = FrozenClock(), CountingEntropy()
    key = entropy(32)
    keyring = KeyRing(holders={1: LocalKek(key=key, entropy=os.urandom)}, entropy=os.urandom)
    async with open_store(folder / "test.db", clock=clock) as store:
        custodians = Custodians(
            own=EnvelopeCustodian(keyring=keyring),
            vaults={vault.name: vault},
            items=store.custody_items,
            seal=keyring,
            clock=clock,
            new_id=CountingEntropy(label="later").new_id,
        )
        yield store, custodians, clock


async def swept(store: Store, custodians: Custodians, clock: FrozenClock) -> dict[Standing, int]:
    clock.advance(ABANDONED)
    await Sweeper(items=store.custody_items, remover=custodians, clock=clock).step()
    return await store.custody_items.counts()


async def rows(store: Store, place: tuple[WorkspaceId, VaultId]) -> list[tuple[Credential, Custody]]:
    return await store.credentials.active_in(place[0], [place[1]])


@pytest.mark.parametrize("step", [ASKED, HEARD, ROW])
async def test_what_no_row_points_to_is_found_in_openbao_and_dropped(
    tmp_path: Path, servers: Servers, step: str
) -> None:
    url, prefix = servers.url("openbao", openbao), tmp_path.name
    vault = openbao_vault(url, prefix=prefix)
    place = crashed(tmp_path, "openbao", url, step)
    assert len(paths(url, prefix)) == (step != ASKED)
    async with restarted(tmp_path, vault) as (store, custodians, clock):
        assert await rows(store, place) == []
        assert await store.custody_items.counts() == {Standing.WRITING: 1}
        assert await swept(store, custodians, clock) == {}
    assert paths(url, prefix) == []


async def test_what_a_row_points_to_is_there_after_a_crash_and_a_sweep(tmp_path: Path, servers: Servers) -> None:
    url, prefix = servers.url("openbao", openbao), tmp_path.name
    place = crashed(tmp_path, "openbao", url, AFTER)
    async with restarted(tmp_path, openbao_vault(url, prefix=prefix)) as (store, custodians, clock):
        assert await swept(store, custodians, clock) == {Standing.KEPT: 1}
        ((credential, custody),) = await rows(store, place)
        assert await custodians.open(granted(credential), credential, custody) == from_flat(LOGIN)[1]
        await store.credentials.delete(credential.workspace, credential.vault, credential.id)
        assert await swept(store, custodians, clock) == {}
    assert paths(url, prefix) == []


@pytest.mark.parametrize(("step", "left"), [(ASKED, {Standing.LOST: 1}), (HEARD, {Standing.LOST: 1}), (ROW, {})])
async def test_a_custom_service_is_cleaned_as_far_as_it_said_what_it_calls_things(
    tmp_path: Path, step: str, left: dict[Standing, int]
) -> None:
    peer = CustomService()
    with served(peer.app()) as port:
        url = f"http://127.0.0.1:{port}/creds"
        place = crashed(tmp_path, "custom", url, step)
        assert len(peer.items) == (step != ASKED)
        async with restarted(tmp_path, custom_vault(url)) as (store, custodians, clock):
            assert await rows(store, place) == []
            assert await swept(store, custodians, clock) == left
        assert len(peer.items) == (step == HEARD)
