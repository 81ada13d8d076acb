"""Webhooks through the native API."""

from typing import Any

import pytest

from strongroom.core.events import CHOOSABLE
from tests.dialects.native.api import Api

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "https://hooks.example.com/strongroom"


async def test_a_secret_is_shown_once(api: Api) -> None:
    made = await api.made("/webhooks", {"url": URL})
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made == await api.got(f"/webhooks/{made['id']}")
    assert made["id"].startswith("whk_")
    assert (made["type"], made["url"], made["events"], made["status"]) == ("webhook", URL, None, "enabled")
    chosen = await api.made("/webhooks", {"url": URL, "events": ["vault.created", "strongroom.placeholder.strayed"]})
    assert chosen["events"] == ["vault.created", "strongroom.placeholder.strayed"]
    listed = await api.got("/webhooks")
    assert [row["id"] for row in listed["data"]] == [chosen["id"], made["id"]]
    assert "whsec_" not in str(listed)


async def test_a_rotation_shows_the_new_secret_once(api: Api) -> None:
    made = await api.made("/webhooks", {"url": URL})
    for body in ({}, None, {"overlap_seconds": 60}):
        rotated = await api.made(f"/webhooks/{made['id']}/rotate", body)
        assert rotated["secret"] != made["secret"]
        assert rotated["previous_secret_until"] is not None
    assert "secret" not in await api.got(f"/webhooks/{made['id']}")


async def test_a_repeated_create_answers_the_first_result(api: Api) -> None:
    answers = [await api.ask("POST", "/webhooks", {"url": URL}, idempotency_key="k") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await api.got("/webhooks"))["data"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://hooks.example.com:8443/"}, "url"),
        ({"url": "https://user:pass@hooks.example.com/"}, "url"),
        ({"url": ""}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["vault.updated"]}, "events.0"),
        ({"url": URL, "events": ["strongroom.webhook.test"]}, "events.0"),
        ({"url": URL, "secret": "mine"}, "secret"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_field(api: Api, body: object, field: str) -> None:
    refused = await api.refused("POST", "/webhooks", body, status=400)
    assert refused["field"] == field
    assert "pass@" not in refused["message"]


async def test_a_refusal_of_a_type_names_those_there_are(api: Api) -> None:
    refused = await api.refused("POST", "/webhooks", {"url": URL, "events": ["x"]}, status=400)
    assert all(type_.value in refused["message"] for type_ in CHOOSABLE)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/rotate"),
        ("POST", "/enable"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
    ],
)
async def test_anothers_webhook_is_not_found(api: Api, operator: Api, method: str, path: str) -> None:
    made = await operator.made("/webhooks", {"url": URL})
    refused = await api.refused(method, f"/webhooks/{made['id']}{path}", status=404)
    assert refused["message"] == f"webhook {made['id']} not found"
    assert (await operator.ask("DELETE", f"/webhooks/{made['id']}")).status_code == 200


async def test_a_removed_one_is_gone(api: Api) -> None:
    made = await api.made("/webhooks", {"url": URL})
    answer = await api.ask("DELETE", f"/webhooks/{made['id']}")
    assert answer.json() == {"id": made["id"], "type": "webhook_deleted"}
    await api.refused("DELETE", f"/webhooks/{made['id']}", status=404)


async def test_a_key_needs_the_scope(api: Api) -> None:
    weak = api.as_key((await api.made("/keys", {"scopes": ["webhooks:read"]}))["key"])
    assert (await weak.got("/webhooks"))["data"] == []
    assert "webhooks:write" in (await weak.refused("POST", "/webhooks", {"url": URL}, status=403))["message"]


async def test_a_test_event_waits_for_its_webhook_whatever_it_chose(api: Api) -> None:
    # An address that is not public disables it at once; what was tried stays to be seen.
    made = await api.made("/webhooks", {"url": "https://127.0.0.1/", "events": ["vault.deleted"]})
    sent = await api.made(f"/webhooks/{made['id']}/test")
    assert sent["event_type"] == "strongroom.webhook.test"
    shown: list[dict[str, Any]] = (await api.got(f"/webhooks/{made['id']}/deliveries"))["data"]
    assert [(row["event_id"], row["event_type"]) for row in shown] == [(sent["event_id"], "strongroom.webhook.test")]
