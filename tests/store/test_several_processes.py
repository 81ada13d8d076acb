"""One database file, several processes: what each holds in memory must not part from what the others wrote."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

from strongroom.core.audit import Intact, verify
from strongroom.services.ports import Change, Subject
from strongroom.store import open_store
from tests.needs import ROOT
from tests.store.appender import APPENDS
from tests.store.things import Home, at

PROCESSES = 3


async def test_three_processes_that_append_at_once_make_one_chain(tmp_path: Path) -> None:
    async with open_store(tmp_path / "strongroom.db", clock=at) as store:
        home = await Home().settle(store)
        words = (str(tmp_path / "strongroom.db"), home.organization, home.workspace)
        appenders = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.store.appender", *words), cwd=ROOT, stdin=PIPE, stdout=PIPE
            )
            for _ in range(PROCESSES)
        ]
        for appender in appenders:
            assert appender.stdout is not None
            assert await appender.stdout.readline() == b"ready\n"
        await asyncio.gather(*(appender.communicate(b"\n") for appender in appenders))
        assert [appender.returncode for appender in appenders] == [0] * PROCESSES
        entries = await store.audit.entries(home.organization, limit=10_000)
        assert verify(entries, await store.audit.head(home.organization)) == Intact(PROCESSES * APPENDS)


async def test_another_process_hears_of_a_change_well_within_a_second(tmp_path: Path) -> None:
    """Two stores on one file share nothing in memory, as two processes do not.

    Each change is made when the one before has just been heard, so none is met by luck: the quickest took as long as
    any, but for what else the machine did meanwhile.
    """
    async with (
        open_store(tmp_path / "strongroom.db", clock=at) as here,
        open_store(tmp_path / "strongroom.db", clock=at) as there,
    ):
        home = await Home().settle(here)
        vaults = [home.vault() for _ in range(4)]
        for vault in vaults:
            await here.vaults.add(vault)
        feed = there.changes.follow()
        assert await anext(feed) is not None
        took = []
        for vault in vaults:
            await here.vaults.delete(home.workspace, vault.id)
            began = time.monotonic()
            heard: list[Change] = []
            while not any(change.subject is Subject.VAULT for change in heard):
                heard += await anext(feed)
            took.append(time.monotonic() - began)
        await feed.aclose()  # type: ignore[attr-defined]
    assert min(took[1:]) < 0.8, took
