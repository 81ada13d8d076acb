"""What the server and its workers stand on alike: the proved root key, the open database, the gate.

What must be proved at a start is proved here, before anything is written: that the database is one
we know, and that the root key opens it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

from strongroom import data_dir
from strongroom.assembly.custodians import Vaults, external_vaults
from strongroom.assembly.site import Site
from strongroom.core.failures import NotReady
from strongroom.core.secret import Secret
from strongroom.crypto.keyring import KeyRing
from strongroom.custody import Custodians, EnvelopeCustodian
from strongroom.custody.kek import open_kek
from strongroom.services.gate import Gate
from strongroom.services.installation import require_right_key
from strongroom.services.ports import Store
from strongroom.services.provider_settings import SettingsBook
from strongroom.store import State, inspect, open_store

FIRST_TERM = 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """An open database, and what opens and guards what is in it."""

    store: Store
    keyring: KeyRing
    custodian: Custodians
    settings_book: SettingsBook
    vaults: Vaults
    gate: Gate


@asynccontextmanager
async def opened(site: Site, *, founds: bool) -> AsyncIterator[Ground]:
    """Open the database for as long as the context lasts. Raises `NotReady` with what to do.

    Who `founds` makes a missing database and its root key, and brings an older one forward. Others
    take what is there as it is, or not at all.
    """
    settings, edge = site.settings, site.edge
    where = settings.database_url or settings.data_dir / "strongroom.db"
    keyring = await _opened_keyring(site, where, founds=founds)
    async with open_store(where, clock=edge.clock) as store:
        book = SettingsBook(rows=store.provider_settings, seal=keyring)
        vaults = external_vaults(settings, control=site.outside.custody, book=book, clock=edge.clock)
        custodian = Custodians(
            own=EnvelopeCustodian(keyring=keyring),
            vaults=vaults.all,
            items=store.custody_items,
            seal=keyring,
            clock=edge.clock,
            new_id=edge.new_id,
        )
        await custodian.check()
        gate = Gate(log=store.audit, clock=edge.clock, new_id=edge.new_id)
        yield Ground(
            store=store,
            keyring=keyring,
            custodian=custodian,
            settings_book=book,
            vaults=vaults,
            gate=gate,
        )


async def _opened_keyring(site: Site, where: Path | str, *, founds: bool) -> KeyRing:
    """Prove the root key against the database before either is written to."""
    settings, edge = site.settings, site.edge
    found = await inspect(where)
    found.require_usable()
    fresh = found.state is State.FRESH
    if not founds and found.state is not State.CURRENT:
        raise NotReady("the database is not the one that the server opened: start the server again")
    if fresh and settings.database_url is None and (settings.data_dir / data_dir.CERTIFICATE).exists():
        raise NotReady(
            f"{settings.data_dir} was used before but its database is missing: put strongroom.db back, "
            "or choose another --data-dir to begin anew"
        )
    holder = await open_kek(
        settings.root_key,
        data_dir=settings.data_dir,
        entropy=edge.entropy,
        passphrase=_asked_once(settings.root_passphrase),
        create=fresh,
    )
    keyring = KeyRing(holders={FIRST_TERM: holder}, entropy=edge.entropy)
    await require_right_key(keyring, found.installation)
    return keyring


def _asked_once(passphrase: Secret | None) -> Callable[[], Secret] | None:
    return None if passphrase is None else lambda: passphrase
