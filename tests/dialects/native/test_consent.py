"""The page on which a browser ends up, whatever the use case says."""

from datetime import UTC, datetime
from typing import cast

import httpx
import pytest

from strongroom.core.authorization import Authorization, Flow, Standing
from strongroom.core.failures import Conflict
from strongroom.core.ids import AuthorizationId, CredentialId, OrganizationId, PrincipalId, VaultId, WorkspaceId
from strongroom.core.secret import Secret
from strongroom.dialects.native.consent import CallbackPage
from strongroom.services.connecting import Connecting

NOW = datetime(2026, 11, 27, tzinfo=UTC)


class Says:
    """In the place of the use cases: says what it was told to."""

    def __init__(self, outcome: Authorization | Exception) -> None:
        self._outcome = outcome
        self.asked: list[Secret] = []

    async def callback(self, query: Secret) -> Authorization:
        self.asked.append(query)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def ended(standing: Standing, *, problem: str | None = None, url: str = "https://mcp.test/mcp") -> Authorization:
    return Authorization(
        id=AuthorizationId("auth_1"),
        organization=OrganizationId("org_1"),
        workspace=WorkspaceId("wrkspc_1"),
        vault=VaultId("vlt_1"),
        opened_by=PrincipalId("key_1"),
        flow=Flow.SERVER,
        mcp_server_url=url,
        standing=standing,
        credential=CredentialId("vcrd_1") if standing is Standing.CONNECTED else None,
        problem=problem,
        created_at=NOW,
        expires_at=NOW,
    )


async def page(outcome: Authorization | Exception, query: str = "?state=s&code=the-code") -> httpx.Response:
    app = CallbackPage(cast("Connecting", Says(outcome)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        return await client.get("/" + query)


async def test_a_success_names_the_server_and_the_vault() -> None:
    shown = await page(ended(Standing.CONNECTED))
    assert shown.status_code == 200
    assert "The tokens for https://mcp.test/mcp are in vault vlt_1." in shown.text


async def test_a_failure_says_why() -> None:
    shown = await page(ended(Standing.FAILED, problem="the authorization server did not agree: begin again"))
    assert (shown.status_code, "The authorization server did not agree" in shown.text) == (400, True)
    shown = await page(Conflict("this answer was used already"))
    assert (shown.status_code, "This answer was used already" in shown.text) == (400, True)


async def test_what_came_from_elsewhere_is_only_ever_text() -> None:
    for outcome in (
        ended(Standing.CONNECTED, url="https://mcp.test/<script>alert(1)</script>&'\""),
        ended(Standing.FAILED, problem="<script>alert(1)</script>"),
        Conflict("<script>alert(1)</script>"),
    ):
        shown = await page(outcome)
        assert "<script" not in shown.text
        assert "&lt;script&gt;" in shown.text


async def test_a_mistake_of_ours_shows_and_logs_nothing_of_what_it_worked_on(caplog: pytest.LogCaptureFixture) -> None:
    shown = await page(RuntimeError("the-code of somebody"))
    assert shown.status_code == 500
    assert "the-code" not in shown.text + caplog.text
    assert "RuntimeError" in caplog.text
