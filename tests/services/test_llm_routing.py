"""What gateway keys reach, and with which secret: from memory, until something changes."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from strongroom.core.audit import Outcome
from strongroom.core.credentials.oauth_passthrough import OAuthPassthrough
from strongroom.core.failures import Conflict, Unavailable, Unreadable
from strongroom.core.llm.gateway_keys import NewGatewayKey
from strongroom.core.llm.mappings import MappingChange
from strongroom.core.llm.providers import Health, HealthStatus, ProviderChange
from strongroom.crypto.tokens import digest
from strongroom.services.llm_routing import INVALID_KEY, Outdated
from tests.services.models import KEY, NEW_KEY, Models, assembled
from tests.services.rooms import Rooms


@pytest.fixture
def models(rooms: Rooms, tmp_path: Path) -> Models:
    return assembled(rooms, tmp_path)


async def told(models: Models, name: str) -> int:
    """How often the audit log says so."""
    return len([entry for entry in await models.rooms.entries() if entry.record.action == name])


async def test_a_warm_request_asks_nobody(models: Models) -> None:
    await models.provider(await models.connection())
    key = await models.gateway_key()
    assert await models.uses(key, KEY)
    models.rooms.log.off = True  # nothing can be recorded, so nothing may be opened
    models.tamper("UPDATE credentials SET receipt = x'00'")
    assert await models.uses(key, KEY)
    assert models.table.reads == 1


async def test_the_first_use_by_each_key_is_recorded_before_it_happens(models: Models) -> None:
    await models.provider(await models.connection())
    one, other = await models.gateway_key(), await models.gateway_key()
    for _ in range(2):
        await models.material(one)
    assert await told(models, "connection.used") == 1
    await models.material(other)
    assert await told(models, "connection.used") == 2
    models.rooms.log.off = True
    fresh = assembled(models.rooms, models.folder)
    with pytest.raises(Unavailable):
        await fresh.material(one)


async def test_a_rotation_holds_from_the_next_request_on(models: Models) -> None:
    connection = await models.connection()
    await models.provider(connection)
    key = await models.gateway_key()
    under_way = await models.resolved(key)
    assert await models.uses(key, KEY)
    assert (await models.rotate(connection)).secret_version == 2
    assert await models.uses(key, NEW_KEY)
    with pytest.raises(Outdated):
        await models.secrets.of(under_way, under_way.candidates[0])


async def test_another_node_hears_of_it(models: Models) -> None:
    connection = await models.connection()
    await models.provider(connection)
    key = await models.gateway_key()
    other = assembled(models.rooms, models.folder)
    following = asyncio.get_running_loop().create_task(other.routes.follow(models.rooms.store.changes))
    await asyncio.sleep(0)
    assert await other.uses(key, KEY)
    await models.rotate(connection)
    async with asyncio.timeout(20):
        while not await _uses(other, key, NEW_KEY):  # noqa: ASYNC110 - news comes when it comes
            await asyncio.sleep(0.01)
        (listed,) = await models.keys.all(models.admin)
        await models.keys.disable(models.admin, listed.id, disabled=True)
        while await other.routes.key(key) != await models.routes.key(key):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    following.cancel()


async def _uses(models: Models, key: bytes, secret: str) -> bool:
    with suppress(Outdated):
        return await models.uses(key, secret)
    return False


async def test_what_changes_while_it_is_read_is_read_again(models: Models) -> None:
    connection = await models.connection()
    await models.provider(connection)
    key = await models.gateway_key()
    models.table.meanwhile = lambda: models.rotate(connection)
    assert await models.uses(key, NEW_KEY)
    assert models.table.reads == 2


async def test_a_feed_that_falls_silent_leaves_nothing_warm(models: Models) -> None:
    await models.provider(await models.connection())
    key = await models.gateway_key()
    before = await models.resolved(key)
    models.routes.forget_all()
    with pytest.raises(Outdated):
        await models.secrets.of(before, before.candidates[0])
    await models.resolved(key)
    assert models.table.reads == 2


async def test_a_provider_that_was_tampered_with_gets_no_secret(models: Models) -> None:
    connection = await models.connection()
    await models.provider(connection)
    key = await models.gateway_key()
    models.tamper("UPDATE providers SET base_url = 'https://evil.example/v1'")
    with pytest.raises(Unreadable):
        await models.material(key)
    models.routes.forget_all()
    models.tamper("UPDATE providers SET base_url = NULL")
    assert await models.uses(key, KEY)


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE credentials SET details = replace(details, 'api.openai.com', 'evil.example')""",
        """UPDATE credentials SET details = replace(details, '{}', '{\\"organization\\":\\"o\\"}')""",
        """UPDATE credentials SET details = replace(details, 'api_key', 'bearer_api_key')""",
    ],
)
async def test_a_connection_that_was_tampered_with_cannot_be_read(models: Models, change: str) -> None:
    await models.provider(await models.connection())
    key = await models.gateway_key()
    models.tamper(change)
    with pytest.raises(Unreadable):
        await models.material(key)


async def test_the_vault_of_connections_stays(models: Models) -> None:
    connection = await models.connection()
    await models.provider(connection)
    vault = connection.credential.vault
    for remove in (models.rooms.vaults.archive, models.rooms.vaults.delete):
        with pytest.raises(Conflict):
            await remove(models.admin, vault)
    assert await models.uses(await models.gateway_key(), KEY)


async def test_a_provider_whose_connection_is_gone_leads_nowhere(models: Models) -> None:
    await models.provider(await models.connection())
    key = await models.gateway_key()
    models.tamper("UPDATE credentials SET archived_at = 1")
    assert await models.refused(key) == "model_not_found"


async def test_a_key_that_ends_or_is_unknown_reaches_nothing(models: Models) -> None:
    await models.provider(await models.connection())
    ends = models.rooms.clock() + timedelta(minutes=1)
    minted = await models.keys.create(models.admin, NewGatewayKey(name="k", expires_at=ends))
    key = digest(minted.secret)
    await models.material(key)
    models.rooms.clock.advance(timedelta(minutes=1))
    assert await models.refused(key) == INVALID_KEY
    assert await models.refused(b"unknown") == INVALID_KEY


async def test_why_there_is_no_route_is_told(models: Models) -> None:
    provider = await models.provider(await models.connection())
    key = await models.gateway_key()
    assert await models.refused(key, "nothing") == "model_not_found"
    await models.providers.update(models.admin, provider.id, ProviderChange(enabled=False))
    assert await models.refused(key) == "no_route_available"


async def test_a_sick_provider_is_left_out_until_it_is_well(models: Models) -> None:
    provider = await models.provider(await models.connection())
    key = await models.gateway_key()
    store = models.rooms.store.providers
    for status, seen in ((HealthStatus.UNHEALTHY, "no_route_available"), (HealthStatus.HEALTHY, None)):
        await store.note_health(models.admin.workspace, provider.id, Health(status=status))
        models.routes.forget(models.admin.workspace)
        assert seen is None or await models.refused(key) == seen
    await models.material(key)


async def test_clients_bring_their_own_token_where_there_is_no_connection(models: Models) -> None:
    new = ProviderChange(name="P", model_provider="openai", auth_type="codex_oauth")
    await models.providers.create(models.admin, new, ("m",))
    assert await models.material(await models.gateway_key()) == OAuthPassthrough()


async def test_aliases_lead_to_models_of_any_provider(models: Models) -> None:
    connection = await models.connection()
    for name in ("P", "Q"):
        provider = await models.provider(connection, name)
        route = MappingChange(model_alias="fast", upstream_model="m")
        await models.mappings.create(models.admin, provider.id, route)
    found = await models.resolved(await models.gateway_key(), "fast")
    assert [route.provider.name for route in found.candidates] == ["P", "Q"]


async def test_when_a_key_was_used_is_written_down_seldom(models: Models) -> None:
    minted = await models.keys.create(models.admin, NewGatewayKey(name="k"))
    first = models.rooms.clock()
    for _ in range(2):
        await models.routes.note_used(minted.key)
        models.rooms.clock.advance(timedelta(seconds=59))
    assert (await models.keys.get(models.admin, minted.key.id)).last_used_at == first
    await models.routes.note_used(minted.key)
    assert (await models.keys.get(models.admin, minted.key.id)).last_used_at == first + timedelta(seconds=118)


async def test_what_is_refused_is_recorded_too(models: Models) -> None:
    key = await models.gateway_key()
    await models.provider(await models.connection())
    await models.material(key)
    entries = [entry.record for entry in await models.rooms.entries() if entry.record.action == "connection.used"]
    assert [(entry.outcome, entry.facts["host"]) for entry in entries] == [(Outcome.ALLOWED, "api.openai.com")]
