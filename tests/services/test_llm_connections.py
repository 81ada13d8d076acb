"""Connections: what the dialect's tests cannot see."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.core.failures import Invalid, NotFound
from strongroom.core.llm.checks import GoogleCheck, RoleCheck
from strongroom.core.llm.connections import ConnectionChange, NewConnection
from strongroom.core.llm.sent import Sent
from strongroom.core.secret import Secret
from tests.services.models import ARN, KEY, NEW_KEY, Models, assembled, stranger
from tests.services.rooms import Rooms


@pytest.fixture
def models(rooms: Rooms, tmp_path: Path) -> Models:
    return assembled(rooms, tmp_path)


async def test_what_a_role_has_to_trust_is_told(models: Models) -> None:
    settings = {"region": "us-east-1", "iam_role_arn": "arn:aws:iam::123456789012:role/r"}
    role = await models.connections.create(
        models.admin, NewConnection(name="r", model_provider="bedrock", settings=settings)
    )
    assert await models.connections.trust(models.admin, role.id) == (ARN, role.upstream.settings["external_id"])
    assert await models.connections.aws_principal(models.admin) == ARN
    with pytest.raises(Invalid):
        await models.connections.trust(models.admin, (await models.connection()).id)


async def test_what_is_tried_is_not_stored(models: Models) -> None:
    role = RoleCheck(region="us-east-1", iam_role_arn="arn:aws:iam::123456789012:role/r", external_id="trusted")
    await models.connections.try_role(models.admin, role)
    for wrong in (replace(role, external_id="other"), replace(role, region="moon"), replace(role, iam_role_arn="x")):
        with pytest.raises(Invalid):
            await models.connections.try_role(models.admin, wrong)
    google = GoogleCheck(settings={"project_id": "p", "location": "us"})
    await models.connections.try_google(models.admin, google)
    for beyond in (replace(google, settings={}), replace(google, auth_type="google_service_account")):
        with pytest.raises(Invalid):
            await models.connections.try_google(models.admin, beyond)
    assert await models.connections.all(models.admin) == []


async def test_changes_at_the_same_time_are_none_lost(models: Models) -> None:
    connection = await models.connection()
    changes = [ConnectionChange(name="n"), ConnectionChange(settings={"a": 1}), ConnectionChange(settings={"b": 2})]
    await asyncio.gather(*(models.connections.update(models.admin, connection.id, change) for change in changes))
    after = await models.connections.get(models.admin, connection.id)
    assert (after.name, after.upstream.settings) == ("n", {"a": 1, "b": 2})
    await models.provider(after)
    assert await models.uses(await models.gateway_key(), KEY)


async def test_of_two_with_one_name_one_is_made(models: Models) -> None:
    made = await asyncio.gather(*(models.connection() for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["Conflict", "Conflict", "Conflict", "Connection"]
    assert len(await models.connections.all(models.admin)) == 1


async def test_a_secret_that_cannot_be_read_any_more_can_be_replaced(models: Models) -> None:
    connection = await models.connection()
    await models.provider(connection)
    models.tamper("UPDATE credentials SET receipt = x'00'")
    await models.rotate(connection)
    assert await models.uses(await models.gateway_key(), NEW_KEY)


async def test_another_workspace_knows_nothing_of_it(models: Models) -> None:
    connection = await models.connection()
    with pytest.raises(NotFound):
        await models.connections.get(stranger(models), connection.id)
    assert await models.connections.all(stranger(models)) == []


async def test_keys_of_bedrock_are_nothing_that_an_agent_holds(models: Models) -> None:
    keys = {"access_key_id": Secret("AKIAIOSFODNN7EXAMPLE"), "secret_access_key": Secret("secret")}
    made = await models.connections.create(
        models.admin,
        NewConnection(
            name="b",
            model_provider="bedrock",
            auth_type="aws_keys",
            settings={"region": "us-east-1"},
            sent=Sent(credentials=keys),
        ),
    )
    opened = await models.rooms.session(made.credential.vault)
    assert opened.placeholders == {}
    assert made.key_last4 == "MPLE"
