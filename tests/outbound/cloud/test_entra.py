"""Tokens of Microsoft Entra for an application (case 91)."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from strongroom.core.credentials.azure_entra import AzureEntra
from strongroom.core.failures import Invalid
from strongroom.core.secret import Secret
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused
from tests.outbound.cloud.bench import Bench, Case, benched, case
from tests.outbound.cloud.peers import CLIENT, CLIENT_SECRET, LOGIN, LOGIN_US, TENANT, Clouds, form_of

AZURE = "https://r.openai.azure.com"


def application(model_provider: str = "azure_openai", secret: str = CLIENT_SECRET, **settings: Any) -> Case:  # noqa: ANN401
    return case(
        model_provider,
        "azure_entra_client_secret",
        settings,
        base_url=AZURE,
        tenant_id=settings.pop("tenant", TENANT),
        client_id=CLIENT,
        client_secret=secret,
    )


@pytest.mark.parametrize(
    ("model_provider", "host"), [("azure_openai", "cognitiveservices.azure.com"), ("azure_foundry", "ai.azure.com")]
)
async def test_a_secret_is_exchanged_once_for_the_vendors_scope(bench: Bench, model_provider: str, host: str) -> None:
    one = application(model_provider)
    assert [await bench.bearer(one) for _ in range(2)] == [f"entra-{host}-1"] * 2
    (asked,) = bench.clouds.asked[LOGIN]
    assert form_of(asked)["scope"] == f"https://{host}/.default"


async def test_twenty_requests_at_once_exchange_once(bench: Bench) -> None:
    one = application()
    await asyncio.gather(*(bench.bearer(one) for _ in range(20)))
    assert bench.clouds.count(LOGIN) == 1
    assert (await bench.bearer(one.rotated())).endswith("-2")
    assert (await bench.bearer(one.rotated(), rejected=True)).endswith("-3")


async def test_another_authority_of_microsofts_is_asked_where_the_settings_say_so(bench: Bench) -> None:
    await bench.bearer(application(authority_host=LOGIN_US))
    assert (bench.clouds.count(LOGIN), bench.clouds.count(LOGIN_US)) == (0, 1)


@pytest.mark.parametrize("host", ["login.evil.example", "login.microsoftonline.com.evil.example", "", 7, None])
def test_no_other_host_is_shown_the_secret(host: object) -> None:
    if host is None:
        application(authority_host=None)
        return
    with pytest.raises(Invalid, match=r"settings\.authority_host"):
        application(authority_host=host)


async def test_an_authority_that_is_no_longer_taken_is_not_asked(bench: Bench) -> None:
    """It was in the database before the rule was, or somebody put it there."""
    one = application()
    moved = one.with_settings('{"authority_host":"login.evil.example"}')
    with pytest.raises(CredentialUnavailable, match="authority_host"):
        await bench.bearer(moved)
    assert bench.clouds.asked == {}


async def test_a_wrong_secret_is_refused_with_the_code_alone(bench: Bench) -> None:
    for _ in range(2):
        with pytest.raises(ExchangeRefused) as told:
            await bench.bearer(application(secret="wrong-secret"))
        assert str(told.value) == "invalid_client"
        assert told.value.__cause__ is None
    assert bench.clouds.count(LOGIN) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b"{}"), (200, b"{}"), (200, b"<html>"), (200, b'{"access_token":"","expires_in":3600}'), (429, b"{}")],
)
async def test_an_answer_without_a_token_is_never_an_empty_bearer(bench: Bench, status: int, body: bytes) -> None:
    bench.clouds.instead[LOGIN] = (status, body)
    with pytest.raises(CredentialUnavailable):
        await bench.bearer(application())
    assert bench.clouds.count(LOGIN) == 1


async def test_a_tenant_that_is_none_is_not_asked_about(bench: Bench) -> None:
    stored = application()  # before there was a rule for tenants
    assert isinstance(stored.material, AzureEntra)
    material = replace(stored.material, tenant_id=Secret("a/../b"))
    for asking in (bench.bearer, bench.prove):
        with pytest.raises(CredentialUnavailable, match="tenant"):
            await asking(replace(stored, material=material))
    assert bench.clouds.asked == {}


async def test_an_application_is_proved_by_a_token_of_its_own(bench: Bench) -> None:
    await bench.prove(application())
    with pytest.raises(ExchangeRefused, match="invalid_client"):
        await bench.prove(application(secret="another"))
    assert bench.clouds.count(LOGIN) == 2
    await bench.bearer(application())
    assert bench.clouds.count(LOGIN) == 3  # what proves is kept by nobody


async def test_what_entra_is_asked_is_judged_like_any_other_address(served: tuple[Clouds, int]) -> None:
    async with benched(*served, listed=False) as bench:
        with pytest.raises(CredentialUnavailable, match="STRONGROOM_EGRESS_ALLOW_PRIVATE"):
            await bench.bearer(application())
        assert bench.clouds.asked == {}
