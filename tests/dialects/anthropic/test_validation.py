"""A live look at credentials (contract anthropic-vaults 5): cases A094 to A103 and what is near them."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.dialects.anthropic.behaviours import covers
from tests.dialects.anthropic.credential_bodies import bearer, oauth
from tests.dialects.anthropic.mcp_double import JSON, Double, Reply, accepting, double
from tests.dialects.anthropic.sdk import connected
from tests.dialects.stage import SENTINEL, Raw, Stage, Tenant, running

Body = dict[str, Any]


@pytest.fixture(scope="module")
def reaching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(tmp_path_factory.mktemp("reaching"), reaches_loopback=True) as started:
        yield started


@pytest.fixture
def raw(reaching: Stage) -> Raw:
    return reaching.tenant().raw()


@pytest.fixture
def there() -> Iterator[Double]:
    with double() as told:
        yield told


def stored(raw: Raw, body: Body) -> str:
    """Store a credential; return its path."""
    vault = raw.made("/v1/vaults", {"display_name": "v"})["id"]
    return f"/v1/vaults/{vault}/credentials/{raw.made(f'/v1/vaults/{vault}/credentials', body)['id']}"


def validated(raw: Raw, there: Double, *, refresh: bool = True, **auth: object) -> Body:
    """Store a credential for the server and look at it."""
    more = {"refresh": there.refresh(SENTINEL + "-refresh")} if refresh else {}
    return raw.made(stored(raw, oauth(there.server, **more, **auth)) + "/mcp_oauth_validate")


def seen(found: Body) -> tuple[object, object, object]:
    return found["status"], found["mcp_probe"], found["refresh"]


@covers("A094")
def test_a_credential_of_another_kind_is_refused(raw: Raw, there: Double) -> None:
    error = raw.refused("POST", stored(raw, bearer(there.server)) + "/mcp_oauth_validate")
    assert "only mcp_oauth credentials can be validated" in error["message"]


def test_an_archived_one_is_refused_and_another_vaults_is_not_found(raw: Raw, there: Double) -> None:
    path = stored(raw, oauth(there.server))
    other = stored(raw, oauth(there.server)).split("/")[3]
    raw.refused("POST", f"/v1/vaults/{other}/credentials/{path.split('/')[5]}/mcp_oauth_validate", status=404)
    raw.made(path + "/archive")
    raw.refused("POST", path + "/mcp_oauth_validate")
    assert there.bearers == []


@covers("A095")
def test_a_server_that_answers_makes_it_valid(reaching: Stage, there: Double) -> None:
    tenant: Tenant = reaching.tenant()
    path = stored(tenant.raw(), oauth(there.server)).split("/")
    with connected(tenant) as client:
        found = client.beta.vaults.credentials.mcp_oauth_validate(path[5], vault_id=path[3])
    assert (found.type, found.credential_id, found.vault_id) == ("vault_credential_validation", path[5], path[3])
    assert (found.status, found.mcp_probe, found.refresh) == ("valid", None, None)
    assert not found.has_refresh_token
    assert there.bearers == [SENTINEL]


@covers("A096")
def test_a_rejected_token_without_a_refresh_block_is_invalid(raw: Raw, there: Double) -> None:
    there.mcp = lambda _: (401, "text/plain", b"no")
    found = validated(raw, there, refresh=False)
    probe = {
        "method": "initialize",
        "http_response": {"status_code": 401, "content_type": "text/plain", "body": "no", "body_truncated": False},
    }
    assert seen(found) == ("invalid", probe, {"status": "no_refresh_token", "http_response": None})
    assert found["has_refresh_token"] is False


@covers("A097")
def test_a_token_that_was_renewed_is_valid_and_stored(raw: Raw, there: Double) -> None:
    there.mcp = accepting("new-token")
    answer = {"access_token": "new-token", "refresh_token": "rotated", "expires_in": 3600, "token_type": "Bearer"}
    there.token = lambda _: (200, JSON, json.dumps(answer).encode())
    path = stored(raw, oauth(there.server, refresh=there.refresh(SENTINEL + "-refresh")))
    found = raw.made(path + "/mcp_oauth_validate")
    assert seen(found) == ("valid", None, {"status": "succeeded", "http_response": None})
    assert found["has_refresh_token"] is True
    assert raw.get(path).json()["auth"]["expires_at"] is not None
    assert seen(raw.made(path + "/mcp_oauth_validate")) == ("valid", None, None)
    assert there.bearers == [SENTINEL, "new-token", "new-token"]
    assert len(there.forms) == 1


@covers("A098")
def test_a_grant_that_is_gone_is_invalid_and_told_to_nobody(raw: Raw, there: Double) -> None:
    raw.made("/strongroom/v1/webhooks", {"url": "https://hooks.example.com/"})
    there.mcp = accepting("another")
    there.token = lambda form: (400, JSON, json.dumps({"error": "invalid_grant", "error_description": form}).encode())
    found = validated(raw, there)
    assert found["status"] == "invalid"
    assert found["refresh"]["status"] == "failed"
    assert found["refresh"]["http_response"]["status_code"] == 400
    shown = json.loads(found["refresh"]["http_response"]["body"])
    assert shown["error"] == "invalid_grant"
    assert "refresh_token=[secret]" in shown["error_description"]
    hooks = raw.get("/strongroom/v1/webhooks").json()["data"]
    told = raw.get(f"/strongroom/v1/webhooks/{hooks[0]['id']}/deliveries").json()["data"]
    assert "vault_credential.created" in json.dumps(told)
    assert "refresh_failed" not in json.dumps(told)


@pytest.mark.parametrize(
    ("status", "verdict"), [(403, "invalid"), (429, "unknown"), (503, "unknown"), (302, "unknown")]
)
def test_what_a_token_endpoint_answers_decides_the_verdict(raw: Raw, there: Double, status: int, verdict: str) -> None:
    there.mcp = accepting("another")
    there.token = lambda _: (status, JSON, b"{}")
    found = validated(raw, there)
    assert (found["status"], found["refresh"]["status"]) == (verdict, "failed")
    assert found["refresh"]["http_response"]["status_code"] == status
    assert len(there.forms) == 1


def test_a_success_without_a_usable_token_is_unknown_and_its_tokens_are_not_shown(raw: Raw, there: Double) -> None:
    there.mcp = accepting("another")
    answer = {"access_token": "issued-for-a-mac", "token_type": "mac", "id_token": "issued-too"}
    there.token = lambda _: (200, JSON, json.dumps(answer).encode())
    found = validated(raw, there)
    assert (found["status"], found["refresh"]["status"]) == ("unknown", "failed")
    assert "issued" not in found["refresh"]["http_response"]["body"]


@covers("A099")
def test_a_token_endpoint_that_is_not_there_is_a_connect_error(raw: Raw, there: Double) -> None:
    there.mcp = accepting("another")
    refresh = there.refresh(SENTINEL) | {"token_endpoint": "http://127.0.0.1:1/token"}
    found = raw.made(stored(raw, oauth(there.server, refresh=refresh)) + "/mcp_oauth_validate")
    assert found["status"] == "unknown"
    assert found["refresh"] == {"status": "connect_error", "http_response": None}
    assert found["mcp_probe"]["http_response"]["status_code"] == 401


def test_an_address_that_may_not_be_reached_reads_as_one_that_is_not_there(raw: Raw) -> None:
    found = raw.made(stored(raw, oauth("https://169.254.169.254/mcp")) + "/mcp_oauth_validate")
    assert seen(found) == ("unknown", {"method": "initialize", "http_response": None}, None)


@pytest.mark.slow
@covers("A100")
def test_a_server_that_does_not_answer_is_unknown(raw: Raw, there: Double) -> None:
    def hang(_: str) -> Reply:
        there.silence.wait(30)
        return 200, JSON, b""

    there.mcp = hang
    assert seen(validated(raw, there)) == ("unknown", {"method": "initialize", "http_response": None}, None)


@covers("A101")
def test_a_server_in_trouble_is_unknown(raw: Raw, there: Double) -> None:
    there.mcp = lambda _: (503, "text/html", b"<html>")
    found = validated(raw, there)
    assert (found["status"], found["mcp_probe"]["http_response"]["status_code"]) == ("unknown", 503)
    assert there.forms == []


@pytest.mark.parametrize(
    ("status", "verdict"), [(403, "invalid"), (404, "unknown"), (405, "unknown"), (429, "unknown")]
)
def test_what_a_server_answers_decides_the_verdict(raw: Raw, there: Double, status: int, verdict: str) -> None:
    there.mcp = lambda _: (status, "text/plain", b"no")
    found = validated(raw, there)
    assert (found["status"], found["refresh"]) == (verdict, None)


@covers("A102")
def test_what_a_server_quotes_is_scrubbed_and_cut(raw: Raw, there: Double) -> None:
    there.mcp = lambda bearer: (401, JSON, (json.dumps({"sent": bearer}) + bearer * 400 + "x" * 10_000).encode())
    response = validated(raw, there, refresh=False)["mcp_probe"]["http_response"]
    assert response["body"].startswith('{"sent": "[secret]"}[secret][secret]')
    assert (len(response["body"]), response["body_truncated"]) == (4096, True)


@covers("A103")
def test_a_redirect_is_not_followed_and_not_valid(raw: Raw, there: Double) -> None:
    there.mcp = lambda _: (302, "text/plain", b"")
    found = validated(raw, there)
    assert (found["status"], found["mcp_probe"]["http_response"]["status_code"]) == ("unknown", 302)
    assert there.bearers == [SENTINEL]


def test_a_key_that_may_only_read_may_not_look(reaching: Stage, there: Double) -> None:
    tenant = reaching.tenant()
    path = stored(tenant.raw(), oauth(there.server))
    key = tenant.raw().made("/strongroom/v1/keys", {"scopes": ["credentials:read"]})["key"]
    reader = Raw(url=tenant.url, headers={**tenant.raw().headers, "x-api-key": key})
    reader.refused("POST", path + "/mcp_oauth_validate", status=403)
    assert there.bearers == []


def test_the_clients_own_error_is_raised_for_a_kind_that_cannot_be_validated(reaching: Stage, there: Double) -> None:
    tenant = reaching.tenant()
    path = stored(tenant.raw(), bearer(there.server)).split("/")
    with connected(tenant) as client, pytest.raises(anthropic.BadRequestError):
        client.beta.vaults.credentials.mcp_oauth_validate(path[5], vault_id=path[3])
