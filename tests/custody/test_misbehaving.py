"""Servers that are slow, down or wrong, before every vault: a clear failure, in time, that quotes nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
from aiohttp import web

from strongroom.core.credentials.flat import from_flat
from strongroom.core.custodians import NOT_CONFIGURED
from strongroom.core.failures import Invalid, NotPermitted, Unreachable, UpstreamFailure
from strongroom.custody.azure import AzureVault
from strongroom.custody.elsewhere import Declined, ExternalVault
from strongroom.custody.gcp import GcpVault
from tests.custody.outside import BARE_SECRET, ORGANIZATION, control, free_port, item, parcel, serving, tls
from tests.custody.peers import azure as azure_peer
from tests.custody.peers import gcp as gcp_peer
from tests.custody.stages import aws_vault, azure_vault, bitwarden_vault, custom_vault, gcp_vault, openbao_vault

Vault = Callable[[int, trustme.CA, dict[str, Any]], ExternalVault]
PLANTED = "the-secret-in-the-answer"
VAULTS: dict[str, Vault] = {
    "custom": lambda port, _ca, how: custom_vault(f"http://127.0.0.1:{port}/creds", **how),
    "openbao": lambda port, _ca, how: openbao_vault(f"http://127.0.0.1:{port}", **how),
    "aws_secrets_manager": lambda port, _ca, how: aws_vault(f"http://127.0.0.1:{port}", **how),
    "bitwarden": lambda port, _ca, how: bitwarden_vault(f"http://127.0.0.1:{port}", **how),
    "azure_vault": lambda port, ca, how: azure_vault(port, ca, **how),
    "gcp": lambda port, ca, how: gcp_vault(port, ca, **how),
}
OVER_TLS = {"azure_vault", "gcp"}
ANSWERS: dict[str, Callable[[], web.Response]] = {
    "no JSON": lambda: web.Response(text=f"<html>{PLANTED}</html>", content_type="application/json"),
    "a list": lambda: web.json_response([PLANTED]),
    "other types": lambda: web.json_response({"id": [PLANTED], "data": PLANTED, "value": 7, "SecretString": {"a": 1}}),
    "nothing": lambda: web.Response(status=200),
    "its own mistake": lambda: web.json_response({"message": PLANTED, "error": {"message": PLANTED}}, status=500),
    "no entry": lambda: web.json_response({"message": PLANTED, "errors": [PLANTED]}, status=403),
    "another place": lambda: web.Response(status=307, headers={"location": f"https://evil.example.com/{PLANTED}"}),
}


@pytest.fixture(params=sorted(VAULTS))
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@asynccontextmanager
async def before(
    name: str, answer: Callable[[web.Request], Awaitable[web.StreamResponse]], **how: bool | float
) -> AsyncIterator[ExternalVault]:
    """A vault whose server answers everything in one way."""
    authority = trustme.CA()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answer)
    names = (azure_peer.VAULT_HOST, azure_peer.LOGIN_HOST, gcp_peer.HOST)
    async with serving(app, tls=tls(authority, *names) if name in OVER_TLS else None) as port:
        yield VAULTS[name](port, authority, how)


async def failing(vault: ExternalVault) -> list[str]:
    """Ask for all that can be asked for; return what each failure says."""
    sent = parcel()
    said: list[str] = []
    asked: list[Callable[[], Awaitable[object]]] = [
        lambda: vault.keep(sent),
        lambda: vault.open(ORGANIZATION, "projects/p/secrets/reference" if vault.name == "gcp" else "reference"),
    ]
    for act in asked:
        try:
            outcome = await act()
        except UpstreamFailure as failure:
            said.append(str(failure))
        else:
            said.append(refused(outcome))
    return said


def refused(outcome: object) -> str:
    """Return why an outcome is no success: it was declined, or what came back is no credential."""
    if isinstance(outcome, Declined):
        return outcome.sentence
    assert isinstance(outcome, Mapping), outcome
    with pytest.raises(Invalid) as wrong:
        from_flat(outcome)
    return str(wrong.value)


@pytest.mark.parametrize("wrong", sorted(ANSWERS))
async def test_a_wrong_answer_is_a_failure_that_quotes_nothing_of_it(name: str, wrong: str) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return ANSWERS[wrong]()

    async with before(name, answer) as vault:
        said = await failing(vault)
    assert len(said) == 2
    assert not any(PLANTED in each or "JBSWY3DPEHPK3PXP" in each for each in said)


async def test_a_silent_server_is_waited_for_no_longer_than_is_said(name: str) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async with before(name, answer, timeout=0.3) as vault:
        with pytest.raises(Unreachable, match=r"did not answer in 0\.3 seconds"):
            await vault.keep(parcel())


async def test_a_connection_that_is_cut_leaves_it_open_whether_something_was_kept(name: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with before(name, answer) as vault:
        with pytest.raises(UpstreamFailure):
            await vault.keep(parcel())
        nameless = item(vault, parcel(), None)
        if name == "custom":
            assert await vault.drop(nameless) is False
        else:
            with pytest.raises(UpstreamFailure):
                await vault.drop(nameless)


async def test_a_server_that_is_down_is_a_clear_failure(name: str) -> None:
    vault = VAULTS[name](free_port(), trustme.CA(), {})
    with pytest.raises(Unreachable, match="refused the connection"):
        await vault.keep(parcel())
    with pytest.raises(Unreachable):
        await vault.check(ORGANIZATION)


async def test_an_address_that_nobody_has_listed_is_not_asked(name: str) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response()

    async with before(name, answer, listed=False) as vault:
        with pytest.raises(NotPermitted):
            await vault.keep(parcel())
        with pytest.raises(NotPermitted):
            await vault.check(ORGANIZATION)
    assert asked == []


@pytest.mark.parametrize("limited", ["aws_secrets_manager", "azure_vault", "gcp"])
async def test_what_is_too_long_for_it_is_declined_before_it_is_sent(limited: str) -> None:
    vault = VAULTS[limited](free_port(), trustme.CA(), {})
    outcome = await vault.keep(parcel(BARE_SECRET | {"secret_value": "x" * 64 * 1024}))
    assert isinstance(outcome, Declined)
    assert "at most" in outcome.sentence


@pytest.mark.parametrize(
    "vault",
    [
        openbao_vault(None),
        aws_vault(None),
        bitwarden_vault(None),
        AzureVault(control=control(), place=None, configured=lambda _: pytest.fail("not asked")),
        GcpVault(control=control(), project=None),
    ],
    ids=lambda vault: vault.name,
)
async def test_one_that_is_not_set_up_says_so(vault: ExternalVault) -> None:
    with pytest.raises(Invalid) as refused:
        await vault.ready(ORGANIZATION)
    assert refused.value.code == NOT_CONFIGURED
