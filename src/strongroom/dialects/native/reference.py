"""From what a caller writes to the vault or environment it means: an id, or a name if only one has it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from strongroom.core.environments import Environment
from strongroom.core.failures import Invalid
from strongroom.core.grants import Principal
from strongroom.core.ids import ENVIRONMENT, VAULT, EnvironmentId, VaultId
from strongroom.core.pages import Page, PageQuery, Position
from strongroom.core.vaults import MAX_NAME, Purpose, Vault
from strongroom.services.environments import EnvironmentService
from strongroom.services.vaults import VaultService

DEFAULT_VAULT = "default"
_PAGE = 100
_MOST_SHOWN = 20


class _Row(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


Row = TypeVar("Row", bound=_Row)


async def vault_id(vaults: VaultService, principal: Principal, wanted: str, *, field: str) -> VaultId:
    """Return the vault's id. Raises `Invalid` for a name that no active vault has, or several."""
    if wanted.startswith(VAULT):
        return VaultId(wanted)
    named = [vault.id async for vault in _vaults(vaults, principal) if vault.display_name == wanted]
    return VaultId(_only(named, "vault", wanted, field))


async def environment_id(
    environments: EnvironmentService, principal: Principal, wanted: str, *, field: str
) -> EnvironmentId:
    """Return the environment's id, likewise."""
    if wanted.startswith(ENVIRONMENT):
        return EnvironmentId(wanted)
    named = [row.id async for row in _environments(environments, principal) if row.name == wanted]
    return EnvironmentId(_only(named, "environment", wanted, field))


async def default_vault(vaults: VaultService, principal: Principal, *, field: str) -> VaultId:
    """Return the vault that is meant when none is named: the one named `default`, or else the only one."""
    active = [vault async for vault in _vaults(vaults, principal) if vault.purpose is Purpose.GENERAL]
    named = [vault for vault in active if vault.display_name == DEFAULT_VAULT]
    if len(named) == 1 or len(active) == 1:
        return (named or active)[0].id
    if not active:
        raise Invalid("there is no vault yet: `strongroom credential add` makes one for the first secret", field=field)
    shown = ", ".join(f"{vault.display_name} ({vault.id})" for vault in (named or active)[:_MOST_SHOWN])
    raise Invalid(f"must name one, since there are several: {shown}", field=field)


def _only(ids: Sequence[str], noun: str, wanted: str, field: str) -> str:
    """Return the one id. A refusal repeats the name: names of vaults and environments are no secrets."""
    name = wanted if len(wanted) <= MAX_NAME else f"{wanted[:MAX_NAME]}…"
    if not ids:
        raise Invalid(f"no active {noun} is named {name}", field=field)
    if len(ids) > 1:
        shown = ", ".join(ids[:_MOST_SHOWN])
        raise Invalid(f"several {noun}s are named {name}, name one by its id: {shown}", field=field)
    return ids[0]


def _vaults(vaults: VaultService, principal: Principal) -> AsyncIterator[Vault]:
    return _every(lambda query: vaults.page(principal, query))


def _environments(environments: EnvironmentService, principal: Principal) -> AsyncIterator[Environment]:
    return _every(lambda query: environments.page(principal, query))


async def _every(page: Callable[[PageQuery], Awaitable[Page[Row]]]) -> AsyncIterator[Row]:
    after: Position | None = None
    while True:
        found = await page(PageQuery(limit=_PAGE, after=after))
        for row in found.rows:
            yield row
        if not found.more:
            return
        after = Position(found.rows[-1].created_at, found.rows[-1].id)
