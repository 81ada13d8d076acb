"""A grant that is gone, and a person who consents anew: from then on tokens are renewed again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from strongroom.core.actions import SESSION_SCOPES, Action
from strongroom.core.authorization import Standing
from strongroom.core.credentials.mcp_oauth import McpOAuth
from strongroom.core.failures import BadReply
from strongroom.core.grants import Target
from strongroom.core.ids import CredentialId
from strongroom.core.secret import Secret
from strongroom.services.refresh import Refresher
from strongroom.services.registering import Given
from strongroom.testing.token_endpoint import reply
from tests.core.oauth_documents import ISSUER, issuer_fields
from tests.services.lookalike import OAUTH, TOKENS, Stage, answer, comes_back, staged
from tests.services.rooms import Rooms

HOUR = timedelta(hours=1)


async def connects(stage: Stage, client: Given | None = None) -> CredentialId:
    begun = await stage.begins(client=client)
    ended = await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    assert ended.standing is Standing.CONNECTED
    assert ended.credential is not None
    return ended.credential


async def used(stage: Stage, credential: CredentialId, refresher: Refresher) -> Secret:
    rooms = stage.rooms
    held = await rooms.store.credentials.held(rooms.admin.workspace, stage.vault, credential)
    assert held is not None
    target = Target(name=credential, workspace=rooms.admin.workspace, vault=stage.vault)
    agent = replace(rooms.admin, scopes=SESSION_SCOPES)
    granted = await rooms.gate.admit(agent, Action.CREDENTIAL_USE, target)
    _, material = await refresher.fresh(granted, *held)
    assert isinstance(material, McpOAuth)
    return material.access_token


async def test_consent_given_anew_ends_the_failure_of_the_grant_before_it(rooms: Rooms) -> None:
    stage, refresher = await staged(rooms), rooms.refresher()
    credential = await connects(stage)
    rooms.clock.advance(HOUR)
    rooms.endpoint.script.append(reply({"error": "invalid_grant"}, 400))
    for _ in range(3):
        assert await used(stage, credential, refresher) == Secret("access-1")
    assert rooms.endpoint.exchanges == 1, "a grant that is gone is not asked for again"

    stage.web.pages[f"{ISSUER}/token"] = answer(TOKENS | {"access_token": "access-2", "refresh_token": "refresh-2"})
    assert await connects(stage) == credential
    assert await used(stage, credential, refresher) == Secret("access-2")
    rooms.clock.advance(HOUR)
    rooms.endpoint.script.append(reply({"access_token": "access-3", "token_type": "bearer", "expires_in": 3600}))
    assert await used(stage, credential, refresher) == Secret("access-3")
    assert rooms.endpoint.requests[-1].fields["refresh_token"] == Secret("refresh-2")
    assert rooms.endpoint.requests[-1].fields["resource"] == "https://mcp.test/mcp"
    assert "scope" not in rooms.endpoint.requests[-1].fields


async def test_a_client_that_was_registered_by_hand_need_not_be_given_again(rooms: Rooms) -> None:
    stage = await staged(rooms)
    stage.web.pages[OAUTH] = answer(issuer_fields(registration_endpoint=None))
    credential = await connects(stage, Given(id="by-hand", secret=Secret("its-secret")))
    first = stage.web.last(f"{ISSUER}/token").headers["authorization"]
    assert await connects(stage) == credential
    assert stage.web.last(f"{ISSUER}/token").headers["authorization"] == first


async def test_a_client_is_shown_to_no_other_server_than_its_own(rooms: Rooms) -> None:
    stage = await staged(rooms)
    stage.web.pages[OAUTH] = answer(issuer_fields(registration_endpoint=None))
    await connects(stage, Given(id="by-hand", secret=Secret("its-secret")))
    stage.web.pages[OAUTH] = answer(
        issuer_fields(registration_endpoint=None, token_endpoint="https://other.test/token")
    )
    with pytest.raises(BadReply, match="registers nobody by itself"):
        await stage.begins()
