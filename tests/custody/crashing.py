"""A process that dies while it writes a secret to another's vault; at which step, and which vault, its words say.

    python crashing.py FOLDER VAULT URL STEP

It prints the vault's id and the credential's before it begins. Its keys come from a counter, so that the test can open
what it left behind.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from strongroom.custody.elsewhere import Declined, ExternalVault, Kept, Parcel
from tests.custody.house import Interposed, custodians, new, service
from tests.custody.stages import custom_vault, openbao_vault
from tests.services.rooms import built


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingVault:
    """The vault, with death around its write."""

    def __init__(self, vault: ExternalVault, step: str) -> None:
        self._vault = vault
        self._step = step
        self.name = vault.name

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the vault has
        return getattr(self._vault, name)

    async def keep(self, parcel: Parcel) -> Kept | Declined:
        if self._step == "before the vault is asked":
            die()
        kept = await self._vault.keep(parcel)
        if self._step == "before the journal hears of it":
            die()
        return kept


async def main(folder: Path, vault: str, url: str, step: str) -> None:
    async def before_the_row() -> None:
        if step == "before the row is written":
            die()

    real: ExternalVault = openbao_vault(url, prefix=folder.name) if vault == "openbao" else custom_vault(url)
    async with built(folder) as rooms:
        place = await rooms.vault()
        print(rooms.admin.workspace, place, flush=True)
        dying: Any = DyingVault(real, step)
        store = Interposed(rooms.store.credentials, before_add=before_the_row)
        use_cases = service(rooms, custodians(rooms, dying), credentials=store)
        await use_cases.create(rooms.admin, place, new(custodian=vault))
        die()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
