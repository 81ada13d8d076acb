"""Appends to the audit log: `python -m tests.store.appender DATABASE ORGANIZATION WORKSPACE`, then a line to begin."""

import asyncio
import os
import sys
from pathlib import Path

from strongroom.core.ids import EntryId, OrganizationId, WorkspaceId
from strongroom.store import open_store
from tests.store.things import Home, at

APPENDS = 300
AT_ONCE = 5


async def main(database: str, organization: str, workspace: str) -> None:
    home = Home(organization=OrganizationId(organization), workspace=WorkspaceId(workspace))
    async with open_store(Path(database), clock=at) as store:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for first in range(0, APPENDS, AT_ONCE):
            ids = [EntryId(f"entry_{os.getpid()}_{number}") for number in range(first, first + AT_ONCE)]
            await asyncio.gather(*(store.audit.append([home.record(id=id_)]) for id_ in ids))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
