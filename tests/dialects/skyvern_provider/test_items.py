"""Items: stored, read back exactly, deleted; cases 123 to 132 of the contract."""

import asyncio
import json
import re
from typing import Any

import pytest

from tests.dialects.skyvern_provider.behaviours import covers
from tests.dialects.skyvern_provider.conftest import Opened
from tests.dialects.skyvern_provider.skyvern import Failed, Item, Skyvern
from tests.dialects.stage import SENTINEL, Raw, Stage, Tenant

S32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
PASSWORD: Item = {
    "type": "password",
    "username": "u@e.co",
    "password": SENTINEL,
    "totp": S32,
    "totp_type": "authenticator",
    "metadata": {"Security question": "a cat", "2": ""},
}
CARD: Item = {
    "type": "credit_card",
    "card_holder_name": "Ada L.",
    "card_number": "4111111111111111",
    "card_exp_month": "01",
    "card_exp_year": "2031",
    "card_cvv": "000",
    "card_brand": "visa",
    "billing_address": {"line1": "1 Way", "city": "Zürich", "country_code": "CH"},
    "billing_email": "a@e.co",
    "billing_phone": "+41 1",
    "metadata": {"pin": "1234"},
}
SECRET: Item = {"type": "secret", "secret_value": f'{SENTINEL}\n"\u2603\u0000'}
LABELLED: Item = {**SECRET, "secret_label": "lab"}


@covers("S123")
async def test_the_connection_test_asks_for_a_good_token_and_lists_nothing(skyvern: Skyvern) -> None:
    await skyvern.store("n", PASSWORD)
    assert await skyvern.test_connection()
    answer = await skyvern.ask("GET", skyvern.base)
    assert answer.body == {"status": "ok"}
    assert not await Skyvern(skyvern.base, skyvern.token[:-1] + "?").test_connection()


@covers("S124")
async def test_a_stored_item_has_an_id_that_fits_into_a_path(skyvern: Skyvern) -> None:
    answer = await skyvern.ask("POST", skyvern.base, {"name": "n", **PASSWORD})
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.body) == ["id"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{20,64}", answer.body["id"])


@covers("S125", "S126")
@pytest.mark.parametrize(
    "item",
    [
        PASSWORD,
        {**PASSWORD, "totp_type": "text"},
        {"type": "password", "username": "", "password": "", "totp_type": "none"},
        CARD,
        {name: value for name, value in CARD.items() if not name.startswith(("billing", "metadata"))},
        SECRET,
        LABELLED,
    ],
    ids=["login", "login with another second factor", "empty login", "card", "bare card", "secret", "labelled secret"],
)
async def test_an_item_comes_back_exactly(skyvern: Skyvern, item: Item) -> None:
    id_ = await skyvern.store("My login", item)
    assert await skyvern.read(id_) == item
    answer = await skyvern.ask("GET", f"{skyvern.base}/{id_}")
    assert answer.headers["cache-control"] == "no-store"
    assert b"null" not in answer.raw


async def test_what_skyvern_sends_as_null_is_left_out(skyvern: Skyvern) -> None:
    asked = {**PASSWORD, "totp": None, "totp_type": "none", "metadata": None}
    id_ = await skyvern.store("n", asked)
    assert await skyvern.read(id_) == {
        "type": "password",
        "username": "u@e.co",
        "password": SENTINEL,
        "totp_type": "none",
    }


@covers("S127")
async def test_a_deleted_item_is_gone_and_deleting_it_again_is_no_error(skyvern: Skyvern, stage: Stage) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    for _ in range(2):
        answer = await skyvern.ask("DELETE", f"{skyvern.base}/{id_}")
        assert (answer.status, answer.raw) == (204, b"")
    answer = await skyvern.ask("GET", f"{skyvern.base}/{id_}")
    assert (answer.status, answer.body) == (404, {"message": "not found"})


async def test_two_that_delete_the_same_item_at_once_both_succeed(skyvern: Skyvern) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    answers = await asyncio.gather(*(skyvern.ask("DELETE", f"{skyvern.base}/{id_}") for _ in range(8)))
    assert {answer.status for answer in answers} == {204}


@pytest.mark.parametrize("id_", ["x", "a" * 300, "..%2f..", "%00", "cred_1%0d%0a", "snowman-%E2%98%83"])
async def test_an_id_that_nothing_has_is_not_found_and_deletes_nothing(skyvern: Skyvern, id_: str) -> None:
    assert (await skyvern.ask("GET", f"{skyvern.base}/{id_}")).status == 404
    assert (await skyvern.ask("DELETE", f"{skyvern.base}/{id_}")).status == 204


@covers("S128")
async def test_another_namespace_cannot_tell_that_an_item_is_there(opened: Opened) -> None:
    one, other = opened(), opened()
    id_ = await one.store("n", PASSWORD)
    answer = await other.ask("GET", f"{one.base}/{id_}")
    assert (answer.status, answer.body) == (404, {"message": "not found"})
    await other.delete(id_)
    assert await one.read(id_) == PASSWORD


async def test_the_same_name_in_another_organization_is_another_namespace(stage: Stage, opened: Opened) -> None:
    one, other = opened("shared name"), opened("shared name", stage.tenant().raw())
    id_ = await one.store("n", PASSWORD)
    with pytest.raises(Failed, match="not found"):
        await other.read(id_)


@covers("S130")
@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"type": "password", "username": SENTINEL}, "password"),
        ({"type": "password", "password": SENTINEL}, "username"),
        ({**PASSWORD, "password": None}, "password"),
        ({**PASSWORD, "username": 5}, "username"),
        ({**PASSWORD, "totp_type": SENTINEL}, "totp_type"),
        ({**PASSWORD, "metadata": {SENTINEL: 1}}, "metadata"),
        ({**PASSWORD, "metadata": {str(place): "x" for place in range(51)}}, "metadata"),
        ({**PASSWORD, "password": "x" * (64 * 1024 + 1)}, "password"),
        ({**PASSWORD, "name": ["n"]}, "name"),
        ({**PASSWORD, "name": "n" * 513}, "name"),
        ({**PASSWORD, "name": "\0"}, "name"),
        ({**CARD, "card_cvv": None}, "card_cvv"),
        ({**CARD, "card_exp_month": 12}, "card_exp_month"),
        ({**CARD, "billing_address": {"line1": 5}}, "billing_address"),
        ({**CARD, "billing_address": SENTINEL}, "billing_address"),
        ({"type": "secret", "secret_value": ""}, "secret_value"),
        ({"type": "secret"}, "secret_value"),
        ({"type": SENTINEL, "secret_value": SENTINEL}, "type"),
        ({"type": ["secret"], "secret_value": SENTINEL}, "type"),
        ({"secret_value": SENTINEL}, "type"),
    ],
)
async def test_an_item_that_breaks_a_rule_is_refused_by_field_without_its_values(
    skyvern: Skyvern, item: Item, field: str
) -> None:
    answer = await skyvern.ask("POST", skyvern.base, {"name": "n", **item})
    assert answer.status == 422
    assert list(answer.body) == ["message"]
    assert answer.body["message"].startswith(f"{field}: ")
    assert SENTINEL.encode() not in answer.raw


@pytest.mark.parametrize("content", [b"{", b'{"name":"\\ud800', b"[]", b'"text"', b"null", b"", b"\xff\xfe"])
async def test_what_is_no_object_is_refused(skyvern: Skyvern, content: bytes) -> None:
    answer = await skyvern.send(content)
    assert (answer.status, list(answer.body)) == (422, ["message"])


async def test_half_a_surrogate_pair_is_no_text(skyvern: Skyvern) -> None:
    for field in ("name", "username", "password"):
        answer = await skyvern.ask("POST", skyvern.base, {"name": "n", **PASSWORD, field: "\ud800"})
        assert (answer.status, answer.body) == (422, {"message": "body: must be valid JSON"})


async def test_a_body_over_the_limit_is_refused_before_it_is_kept(skyvern: Skyvern) -> None:
    answer = await skyvern.send(json.dumps({"name": "n", **SECRET, "ignored": "x" * (1 << 20)}).encode())
    assert (answer.status, list(answer.body)) == (413, ["message"])


async def test_fields_that_nobody_knows_are_passed_over(skyvern: Skyvern) -> None:
    id_ = await skyvern.store("n", {**SECRET, "new_in_skyvern": {"a": [1]}, "username": "not of this type"})
    assert await skyvern.read(id_) == SECRET


@covers("S132")
async def test_the_base_url_is_served_with_a_slash_and_without(skyvern: Skyvern) -> None:
    for base in (skyvern.base, f"{skyvern.base}/"):
        for method, body, status in (("GET", None, 200), ("POST", {"name": "n", **SECRET}, 201)):
            answer = await skyvern.ask(method, base, body)
            assert (answer.status, answer.hops) == (status, 0)


@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("PATCH", "/x"), ("POST", "/x"), ("GET", "/x/y")])
async def test_what_skyvern_never_asks_is_answered_in_its_own_words(skyvern: Skyvern, method: str, path: str) -> None:
    answer = await skyvern.ask(method, skyvern.base + path)
    assert answer.status in {404, 405}
    assert list(answer.body) == ["message"]


async def test_a_create_repeated_with_the_same_key_makes_one_item(skyvern: Skyvern, operator: Raw) -> None:
    asked: dict[str, Any] = {"name": "n", **SECRET}
    first, again = [await skyvern.ask("POST", skyvern.base, asked, **{"Idempotency-Key": "once"}) for _ in range(2)]
    assert first.body == again.body
    assert (again.status, again.headers["idempotent-replayed"]) == (201, "true")


async def test_two_items_that_are_alike_are_two(skyvern: Skyvern) -> None:
    assert await skyvern.store("n", SECRET) != await skyvern.store("n", SECRET)


async def test_a_namespace_holds_more_than_a_vault_of_agents_does(skyvern: Skyvern) -> None:
    ids = [await skyvern.store(f"n{place}", SECRET) for place in range(21)]
    assert len(set(ids)) == 21


async def test_nothing_of_an_item_is_in_the_api_of_vaults(skyvern: Skyvern, tenant: Tenant) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    raw = tenant.raw()
    (token,) = raw.get("/strongroom/v1/provider-tokens").json()["data"]
    # `Raw` looks for the sentinel in every answer.
    assert raw.get(f"/strongroom/v1/provider-namespaces/{token['namespace']}/items").json()["data"][0]["id"] == id_
    assert raw.get(f"/v1/vaults/{token['vault_id']}/credentials").json().get("data", []) == []
