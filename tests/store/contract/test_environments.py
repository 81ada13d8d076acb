"""Environments."""

from dataclasses import replace

import pytest

from strongroom.core.environments import (
    NO_PACKAGES,
    CloudConfig,
    EnvironmentConfig,
    LimitedNetwork,
    SelfHostedConfig,
    StrayPlaceholders,
)
from strongroom.core.failures import Conflict, NotFound
from strongroom.core.hosts import HostSet
from strongroom.core.ids import EnvironmentId
from strongroom.core.pages import PageQuery
from strongroom.services.ports import Store
from tests.store.things import Home, at


@pytest.mark.parametrize(
    "config",
    [
        CloudConfig(packages=NO_PACKAGES),
        CloudConfig(packages={**NO_PACKAGES, "pip": ("httpx", "anyio")}),
        CloudConfig(network=LimitedNetwork(), packages=NO_PACKAGES),
        CloudConfig(
            network=LimitedNetwork(
                hosts=HostSet.parse(["a.example", "*.b.example"]),
                allow_mcp_servers=True,
                allow_package_managers=True,
            ),
            packages={**NO_PACKAGES, "npm": ("left-pad",)},
        ),
        SelfHostedConfig(),
    ],
)
async def test_an_environment_comes_back_as_it_was(store: Store, home: Home, config: EnvironmentConfig) -> None:
    environment = home.environment(config=config, description="for tests", metadata={"a": "b"})
    await store.environments.add(environment)
    assert await store.environments.get(home.workspace, environment.id) == environment


async def test_what_it_says_of_stray_placeholders_is_kept_and_can_change(store: Store, home: Home) -> None:
    environment = home.environment(stray_placeholders=StrayPlaceholders.REFUSE)
    await store.environments.add(environment)
    assert await store.environments.get(home.workspace, environment.id) == environment
    back = replace(environment, stray_placeholders=StrayPlaceholders.REPORT, updated_at=at(1))
    assert await store.environments.replace(back, expected=environment.updated_at)
    assert await store.environments.get(home.workspace, environment.id) == back


async def test_another_workspace_finds_nothing(store: Store, home: Home, elsewhere: Home) -> None:
    environment = home.environment()
    await store.environments.add(environment)
    with pytest.raises(NotFound, match="environment"):
        await store.environments.get(elsewhere.workspace, environment.id)
    with pytest.raises(NotFound):
        await store.environments.delete(elsewhere.workspace, environment.id)
    stolen = replace(environment, workspace=elsewhere.workspace)
    assert not await store.environments.replace(stolen, expected=environment.updated_at)
    assert (await store.environments.page(elsewhere.workspace, PageQuery(limit=9))).rows == ()


async def test_a_change_is_written_if_nobody_was_faster(store: Store, home: Home) -> None:
    environment = home.environment()
    await store.environments.add(environment)
    changed = replace(
        environment,
        name="new",
        description="text",
        config=CloudConfig(network=LimitedNetwork(), packages=NO_PACKAGES),
        metadata={"a": "b"},
        updated_at=at(1),
    )
    assert await store.environments.replace(changed, expected=environment.updated_at)
    assert not await store.environments.replace(environment, expected=environment.updated_at)
    assert await store.environments.get(home.workspace, environment.id) == changed


async def test_archiving_is_a_change_and_the_last_one(store: Store, home: Home) -> None:
    environment = home.environment()
    await store.environments.add(environment)
    archived = replace(environment, archived_at=at(), updated_at=at())
    assert await store.environments.replace(archived, expected=environment.updated_at)
    assert not await store.environments.replace(environment, expected=archived.updated_at)
    assert await store.environments.get(home.workspace, environment.id) == archived


async def test_it_can_be_deleted_once_no_session_that_is_not_archived_references_it(store: Store, home: Home) -> None:
    environment = home.environment()
    await store.environments.add(environment)
    session = await home.stored_session(store, environment=environment.id)
    with pytest.raises(Conflict, match=f"environment {environment.id} is in use by a session"):
        await store.environments.delete(home.workspace, environment.id)
    assert await store.environments.get(home.workspace, environment.id) == environment
    await store.sessions.replace(replace(session, archived_at=at(1), updated_at=at(1)), expected=at())
    await store.environments.delete(home.workspace, environment.id)
    with pytest.raises(NotFound):
        await store.environments.delete(home.workspace, environment.id)
    assert (await store.sessions.get(home.workspace, session.id)).environment == environment.id


async def test_an_unknown_one_is_not_found(store: Store, home: Home) -> None:
    with pytest.raises(NotFound, match="environment env_x not found"):
        await store.environments.get(home.workspace, EnvironmentId("env_x"))
