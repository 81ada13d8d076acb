"""Logins that are filled, on this wire: tokens, offers, values, and refusals with a code."""

import pytest
from httpx import Response

from strongroom.core.credentials import NewCredential
from strongroom.core.credentials.password import Password, PasswordDetails
from strongroom.core.ids import VaultId
from strongroom.core.networking import Site
from strongroom.core.secret import Secret
from strongroom.wiring import House
from tests.dialects.native.api import VALUE, Api

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = "https://login.example.com/signin"


async def stored(house: House, api: Api) -> tuple[str, str]:
    """A session with a login in its vault, and the login."""
    vault = await api.vault("v")
    principal = await house.services.authentication.principal(Secret(api.key))
    material = Password(password=Secret(VALUE))
    details = PasswordDetails.of(material, username="ada")
    new = NewCredential(details=details, material=material, metadata={}, networking=Site.parse(PAGE))
    credential = await house.services.credentials.create(principal, VaultId(vault), new)
    return (await api.made("/sessions", {"vaults": [vault]}))["id"], credential.id


@pytest.fixture
def first(operator: Api) -> Api:
    """A key with every scope."""
    return operator


def offer_of(credential: str, url: str = PAGE) -> dict[str, str]:
    return {"credential_id": credential, "url": url}


async def test_placeholders_are_offered_and_exchanged_for_values_once(house: House, first: Api) -> None:
    session, credential = await stored(house, first)
    offer = await first.made(f"/sessions/{session}/fill/offers", offer_of(credential))
    assert (offer["type"], offer["site"], offer["kind"]) == ("fill_offer", "https://example.com", "password")
    assert VALUE not in str(offer)
    asked = {"placeholder": offer["placeholders"]["password"], "url": "https://www.example.com/x"}
    assert await first.made(f"/sessions/{session}/fill/redeem", asked) == {
        "type": "fill",
        "field": "password",
        "value": VALUE,
        "seconds_remaining": None,
        "wait_seconds": None,
    }
    again = await first.ask("POST", f"/sessions/{session}/fill/redeem", asked)
    assert refusal(again) == (409, "fill_used")
    elsewhere = {"placeholder": offer["placeholders"]["username"], "url": "https://evil.test/"}
    assert refusal(await first.ask("POST", f"/sessions/{session}/fill/redeem", elsewhere)) == (403, "fill_other_site")
    unknown = {"placeholder": "placeholder_x", "url": PAGE}
    assert refusal(await first.ask("POST", f"/sessions/{session}/fill/redeem", unknown)) == (404, "fill_unknown")
    counted = (await first.http.get("/metrics")).text
    assert 'strongroom_fill_refused_total{code="fill_other_site"}' in counted
    assert "strongroom_fill_redeemed_total" in counted


async def test_a_fill_token_fills_for_its_session_and_does_nothing_else(house: House, first: Api) -> None:
    session, credential = await stored(house, first)
    made = await first.made(f"/sessions/{session}/fill/tokens")
    assert (made["type"], made["session_id"]) == ("fill_token", session)
    browser = first.as_key(made["token"])
    offer = await browser.made(f"/sessions/{session}/fill/offers", offer_of(credential))
    asked = {"placeholder": offer["placeholders"]["password"], "url": PAGE}
    assert (await browser.made(f"/sessions/{session}/fill/redeem", asked))["value"] == VALUE
    for method, path in (
        ("GET", "/sessions"),
        ("GET", f"/sessions/{session}"),
        ("GET", "/me"),
        ("POST", f"/sessions/{session}/fill/tokens"),
        ("POST", f"/sessions/{session}/end"),
    ):
        assert (await browser.ask(method, path)).status_code == 401
    other, _ = await stored(house, first)
    refused = await browser.ask("POST", f"/sessions/{other}/fill/offers", offer_of(credential))
    assert refused.status_code == 404
    await first.made(f"/sessions/{session}/end")
    refused = await browser.ask("POST", f"/sessions/{session}/fill/offers", offer_of(credential))
    assert refused.status_code == 401


async def test_neither_the_agents_own_token_nor_an_ordinary_key_gets_a_value(house: House, first: Api) -> None:
    vault = await first.vault("v")
    opened = await first.made("/sessions", {"vaults": [vault]})
    ordinary = first.as_key((await first.made("/keys", {}))["key"])
    for path, body in (("offers", offer_of("cred_1")), ("redeem", {"placeholder": "placeholder_x", "url": PAGE})):
        where = f"/sessions/{opened['id']}/fill/{path}"
        agent = first.as_key(opened["egress"]["token"])
        assert (await agent.ask("POST", where, body)).status_code == 401
        assert (await ordinary.ask("POST", where, body)).status_code == 403
    assert (await ordinary.ask("POST", f"/sessions/{opened['id']}/fill/tokens")).status_code == 403
    narrow = first.as_key((await first.made("/keys", {"scopes": ["totp:read"]}))["key"])
    assert (await narrow.ask("POST", f"/sessions/{opened['id']}/fill/tokens")).status_code == 200


async def test_a_key_that_may_do_all_else_may_give_the_scope_and_a_lesser_one_may_not(api: Api) -> None:
    assert (await api.made("/keys", {"scopes": ["totp:read"]}))["scopes"] == ["totp:read"]
    lesser = api.as_key((await api.made("/keys", {"scopes": ["keys:write", "keys:read"]}))["key"])
    await lesser.refused("POST", "/keys", {"scopes": ["totp:read"]}, status=400)


async def test_bad_input_is_refused_without_repeating_it(house: House, first: Api) -> None:
    session, credential = await stored(house, first)
    for url in ("about:blank", "file:///etc/passwd", "https://user@example.com/"):
        refused = await first.refused("POST", f"/sessions/{session}/fill/offers", offer_of(credential, url), status=400)
        assert refused["field"] == "url"
        assert url not in str(refused)
    body = {"placeholder": VALUE, "url": PAGE, "more": 1}
    refused = await first.refused("POST", f"/sessions/{session}/fill/redeem", body, status=400)
    assert VALUE not in str(refused)


def refusal(answer: Response) -> tuple[int, str]:
    """Status and code, which the header says as well."""
    code: str = answer.json()["error"]["code"]
    assert answer.headers["strongroom-refused"] == code
    return answer.status_code, code
