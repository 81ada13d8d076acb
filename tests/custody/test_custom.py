"""A custom credential service, asked exactly as Skyvern asks it (contract skyvern-credentials section 7)."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from strongroom.core.custodians import CustomService as Service
from strongroom.core.failures import BadReply, Invalid
from strongroom.core.secret import Secret
from strongroom.custody.custom import HttpServiceCheck
from strongroom.custody.elsewhere import Declined
from tests.custody.outside import (
    BARE_SECRET,
    CARD,
    LOGIN,
    ORGANIZATION,
    PLAIN_LOGIN,
    control,
    item,
    kept,
    parcel,
    same,
    serving,
)
from tests.custody.peers.custom import TOKEN, CustomService
from tests.custody.stages import custom_vault


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        (LOGIN | {"totp_type": "authenticator", "totp_identifier": "x"}, LOGIN | {"totp_type": "authenticator"}),
        (PLAIN_LOGIN | {"totp_type": "none"}, PLAIN_LOGIN | {"totp_type": "none", "totp": None}),
        (CARD, CARD),
        (BARE_SECRET, BARE_SECRET),
    ],
    ids=("login", "login without a key", "card", "secret"),
)
async def test_p1_is_sent_as_skyvern_sends_it(fields: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    peer = CustomService()
    async with serving(peer.app()) as port:
        await kept(custom_vault(f"http://127.0.0.1:{port}/creds"), parcel(fields, title="GitHub"))
    assert list(peer.items.values()) == [{"name": "GitHub", **sent}]
    assert peer.asked == ["POST /creds"]


async def test_a_slash_at_the_end_and_numbers_for_ids_are_fine() -> None:
    peer = CustomService(numbers=True)
    async with serving(peer.app()) as port:
        vault = custom_vault(f"http://127.0.0.1:{port}/creds//")
        lies = await kept(vault, parcel())
        assert lies.reference is not None
        assert lies.reference.isdigit()
        assert same(await vault.open(ORGANIZATION, lies.reference), LOGIN)
        assert await vault.drop(lies)
    assert peer.items == {}


async def test_a_redirect_is_not_followed_and_nothing_is_posted_a_second_time() -> None:
    peer = CustomService(redirects=True)
    async with serving(peer.app()) as port:
        outcome = await custom_vault(f"http://127.0.0.1:{port}/creds").keep(parcel())
    assert outcome == Declined("the custom credential service answered HTTP 307")
    assert peer.asked == ["POST /creds"]


@pytest.mark.parametrize(("status", "open_"), [(401, False), (422, False), (503, False), (500, True), (504, True)])
async def test_a_refusal_says_that_nothing_was_kept_and_a_mistake_does_not(status: int, open_: bool) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"message": "p"}, status=status)

    app = web.Application()
    app.router.add_post("/creds", answer)
    async with serving(app) as port:
        vault = custom_vault(f"http://127.0.0.1:{port}/creds")
        if open_:
            with pytest.raises(BadReply, match=f"HTTP {status}"):
                await vault.keep(parcel())
        else:
            assert await vault.keep(parcel()) == Declined(f"the custom credential service answered HTTP {status}")


@pytest.mark.parametrize("said", [{}, {"id": ""}, {"id": None}, {"id": True}, {"id": {}}, {"id": "x" * 513}])
async def test_an_answer_without_a_usable_id_is_no_success(said: Mapping[str, Any]) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(said, status=201)

    app = web.Application()
    app.router.add_post("/creds", answer)
    async with serving(app) as port:
        with pytest.raises(BadReply, match="did not say what it calls the item"):
            await custom_vault(f"http://127.0.0.1:{port}/creds").keep(parcel())


async def test_an_id_is_one_segment_of_the_path_whatever_is_in_it() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.Response(status=204)

    app = web.Application()
    app.router.add_delete("/creds/{id:.*}", answer)
    async with serving(app) as port:
        vault = custom_vault(f"http://127.0.0.1:{port}/creds")
        assert await vault.drop(item(vault, parcel(), "../admin?x#y"))
    assert asked == ["/creds/..%2Fadmin%3Fx%23y"]


async def test_the_connection_test_asks_once_and_believes_2xx_alone() -> None:
    peer = CustomService()
    check = HttpServiceCheck(control=control())
    async with serving(peer.app()) as port:
        url = f"http://127.0.0.1:{port}/creds"
        await check.check_service(Service(api_base_url=url, api_token=Secret(TOKEN)))
        with pytest.raises(BadReply, match="HTTP 401"):
            await check.check_service(Service(api_base_url=url, api_token=Secret("wrong")))
    assert peer.asked == ["GET /creds", "GET /creds"]


@pytest.mark.parametrize("url", ["", "ftp://x", "https://", "https://x/?a=b", "https://x/#a", "https://u:p@x/"])
async def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        await HttpServiceCheck(control=control()).check_service(Service(api_base_url=url, api_token=Secret("t")))
