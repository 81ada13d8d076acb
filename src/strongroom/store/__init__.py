"""The store: keeps descriptions, and sealed bytes that it cannot open.

`open_store` is the way in. To add a backend, write a driver and one line in `DRIVERS`; the
statements are shared, and the contract tests run on it unchanged.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from strongroom.core.failures import NotReady
from strongroom.core.sources import Clock
from strongroom.services.ports import Store
from strongroom.store.audit import AuditStore
from strongroom.store.authorizations import AuthorizationStore
from strongroom.store.changes import ChangeFeed, last_sequence
from strongroom.store.credentials import CredentialStore
from strongroom.store.custody_items import CustodyItemStore
from strongroom.store.database import Database
from strongroom.store.deliveries import DeliveryStore
from strongroom.store.environments import EnvironmentStore
from strongroom.store.fills import FillStore, FillTokenStore
from strongroom.store.folders import FolderStore
from strongroom.store.gateway_keys import GatewayKeyStore
from strongroom.store.llm_connections import ConnectionStore
from strongroom.store.llm_mappings import MappingStore
from strongroom.store.llm_providers import ProviderStore
from strongroom.store.llm_uses import LlmUseStore
from strongroom.store.logins import LoginStore
from strongroom.store.provider_items import ProviderItemStore
from strongroom.store.provider_settings import ProviderSettingsStore
from strongroom.store.provider_tokens import ProviderTokenStore
from strongroom.store.pushed_codes import PushedCodeStore
from strongroom.store.refreshes import RefreshStore
from strongroom.store.refusals import RefusalStore
from strongroom.store.replies import ReplyStore
from strongroom.store.schema import CURRENT, INSTALLATION, Inspection, State
from strongroom.store.sealed import SealedStore
from strongroom.store.sessions import SessionStore
from strongroom.store.sign_ins import SignInStore
from strongroom.store.sqlite import SqliteDriver
from strongroom.store.tenants import TenantStore
from strongroom.store.uses import UseStore
from strongroom.store.vaults import VaultStore
from strongroom.store.webhooks import WebhookStore

__all__ = ["CURRENT", "DRIVERS", "INSTALLATION", "Inspection", "State", "assembled", "inspect", "open_store"]


class Driver(Protocol):
    """Knows one kind of database."""

    async def inspect(self) -> Inspection:
        """Look at the database without changing anything. Raises `NotReady`."""

    def open(self) -> AbstractAsyncContextManager[Database]:
        """Open the database and bring its schema forward under a lock. Raises `NotReady`."""


DRIVERS: Mapping[str, Callable[[URL], Driver]] = {
    "sqlite": SqliteDriver.from_url,
}


async def inspect(where: Path | str) -> Inspection:
    """Tell which schema a database has, and its `installation` envelope, without touching it.

    `where` is a file, or a URL whose scheme is in `DRIVERS`. Raises `NotReady`.
    """
    return await _driver(where).inspect()


@asynccontextmanager
async def open_store(where: Path | str, *, clock: Clock) -> AsyncIterator[Store]:
    """Open a database, made or brought forward if need be, for as long as the context lasts.

    Raises `NotReady` with a sentence that says what to do; a database of a newer release is not touched.
    """
    async with _driver(where).open() as database:
        yield await assembled(database, clock=clock)


async def assembled(database: Database, *, clock: Clock) -> Store:
    """Return all nouns on one open database."""
    feed = ChangeFeed(database=database, clock=clock, seen=await database.read(last_sequence))
    gateway_keys = GatewayKeyStore(database=database, feed=feed)
    return Store(
        tenants=TenantStore(database=database, feed=feed),
        vaults=VaultStore(database=database, feed=feed),
        credentials=CredentialStore(database=database, feed=feed),
        environments=EnvironmentStore(database=database, feed=feed),
        sessions=SessionStore(database=database, feed=feed),
        audit=AuditStore(database=database),
        uses=UseStore(database=database),
        refusals=RefusalStore(database=database),
        replies=ReplyStore(database=database),
        sealed=SealedStore(database=database),
        changes=feed,
        webhooks=WebhookStore(database=database),
        outbox=DeliveryStore(database=database),
        refreshes=RefreshStore(database=database, feed=feed),
        authorizations=AuthorizationStore(database=database),
        logins=LoginStore(database=database),
        folders=FolderStore(database=database),
        pushed_codes=PushedCodeStore(database=database),
        provider_tokens=ProviderTokenStore(database=database, feed=feed),
        provider_items=ProviderItemStore(database=database),
        custody_items=CustodyItemStore(database=database),
        provider_settings=ProviderSettingsStore(database=database),
        connections=ConnectionStore(database=database, feed=feed),
        providers=ProviderStore(database=database, feed=feed),
        mappings=MappingStore(database=database, feed=feed),
        gateway_keys=gateway_keys,
        routing=gateway_keys,
        llm_uses=LlmUseStore(database=database),
        fill_tokens=FillTokenStore(database=database),
        fills=FillStore(database=database),
        sign_ins=SignInStore(database=database),
    )


def _driver(where: Path | str) -> Driver:
    try:
        url = make_url(where) if isinstance(where, str) and "://" in where else None
    except ArgumentError:
        raise NotReady("the database URL cannot be read: write sqlite:////path/to/file") from None
    if url is None:
        return SqliteDriver(path=Path(where))
    if url.get_backend_name() not in DRIVERS:
        raise NotReady(f"no driver for {url.get_backend_name()} databases: use one of {', '.join(DRIVERS)}")
    return DRIVERS[url.get_backend_name()](url)
