"""Transport: keys, headers, paths, bodies (contract section 1, cases 1 to 17)."""

from pathlib import Path

import anthropic
import httpx
import pytest

from tests.dialects.anthropic.behaviours import covers
from tests.dialects.anthropic.sdk import Sent, connected, told
from tests.dialects.stage import SENTINEL, VERSION, Raw, Stage, Tenant, refusal, running
from tests.plain_http import UNUSED_TLS


@covers("A001", "A010")
def test_the_sdk_lists_vaults_with_its_key_as_a_bearer_token(tenant: Tenant) -> None:
    sent: Sent = []
    with connected(tenant, sent) as client:
        page = client.beta.vaults.list()
        made = client.beta.vaults.create(display_name="v")
    assert page.data == []
    assert sent[0][2]["authorization"] == f"Bearer {tenant.key}"
    assert "x-api-key" not in sent[0][2]
    assert made._request_id is not None
    assert made._request_id.startswith("req_")


@covers("A002")
def test_the_headers_of_older_clients_are_understood(tenant: Tenant) -> None:
    older = Raw(url=tenant.url, headers={"x-api-key": tenant.key, "anthropic-version": "2023-06-01"})
    assert older.get("/v1/vaults?beta=true").status_code == 200


@covers("A003")
def test_a_request_without_a_key_is_told_so(stage: Stage) -> None:
    error = Raw(url=stage.url, headers=VERSION).refused("GET", "/v1/vaults", status=401)
    assert error == {"type": "authentication_error", "message": "x-api-key header is required"}


@covers("A004")
def test_a_wrong_key_learns_nothing_of_any_workspace(stage: Stage) -> None:
    for wrong in ({"x-api-key": SENTINEL}, {"authorization": f"Bearer {SENTINEL}"}):
        answer = Raw(url=stage.url, headers=VERSION | wrong).get("/v1/vaults")
        assert refusal(answer, 401)["message"] == "invalid x-api-key"
        assert "anthropic-workspace-id" not in answer.headers
        assert "anthropic-organization-id" not in answer.headers


def test_answers_say_whose_they_are(tenant: Tenant, raw: Raw) -> None:
    for answer in (raw.get("/v1/vaults"), raw.get("/v1/vaults/unknown")):
        assert answer.headers["anthropic-workspace-id"] == tenant.workspace
        assert answer.headers["anthropic-organization-id"] == tenant.organization


@covers("A005")
def test_the_version_header_is_required(tenant: Tenant) -> None:
    error = Raw(url=tenant.url, headers={"x-api-key": tenant.key}).refused("GET", "/v1/vaults")
    assert error["message"] == "anthropic-version: header is required"


@covers("A006")
def test_any_date_is_a_version_and_nothing_else_is(raw: Raw) -> None:
    assert raw.call("GET", "/v1/vaults", headers={"anthropic-version": "2027-05-01"}).status_code == 200
    for other in ("latest", "2027-5-1", "2027-05-01x", "20270501", ""):
        refusal(raw.call("GET", "/v1/vaults", headers={"anthropic-version": other}), 400)


@covers("A007")
def test_the_beta_header_is_asked_for_in_strict_mode_alone(raw: Raw, tmp_path: Path) -> None:
    assert raw.get("/v1/vaults").status_code == 200
    with running(tmp_path, strict_beta=True) as strict:
        there = strict.tenant()
        assert "managed-agents-2026-04-01" in there.raw().refused("GET", "/v1/vaults")["message"]
        named = there.raw(**{"anthropic-beta": "foo-2026-01-01 , managed-agents-2026-04-01"})
        assert named.get("/v1/vaults").status_code == 200
        with connected(there) as client:
            assert client.beta.vaults.list().data == []


@covers("A008")
def test_betas_that_nobody_knows_are_let_through(tenant: Tenant) -> None:
    sent: Sent = []
    with connected(tenant, sent) as client:
        client.beta.vaults.list(betas=["foo-2026-01-01"])
    assert sent[0][2]["anthropic-beta"] == "foo-2026-01-01,managed-agents-2026-04-01"


@covers("A009")
def test_a_workspace_that_is_named_must_be_the_keys_own(tenant: Tenant, sdk: anthropic.Anthropic) -> None:
    assert sdk.beta.vaults.list(workspace_id=tenant.workspace).data == []
    error = told(lambda: sdk.beta.vaults.list(workspace_id="wrkspc_other"), anthropic.PermissionDeniedError)
    assert error["type"] == "permission_error"


@covers("A011")
def test_unknown_paths_and_methods_are_answered_in_json(raw: Raw) -> None:
    raw.refused("GET", "/v1/nope", status=404)
    answer = raw.call("PUT", "/v1/vaults", {})
    refusal(answer, 405)
    assert answer.headers["allow"] == "GET, POST"


@covers("A012")
def test_broken_and_huge_bodies_are_refused(raw: Raw) -> None:
    as_json = {"content-type": "application/json"}
    refusal(raw.call("POST", "/v1/vaults", content=b"{", headers=as_json), 400)
    refusal(raw.call("POST", "/v1/vaults", content=b" " * (2 << 20), headers=as_json), 413)


@covers("A013")
def test_every_base_url_with_a_path_prefix_works(tenant: Tenant, tmp_path: Path) -> None:
    with connected(tenant, base="/anthropic") as client:
        made = client.beta.vaults.create(display_name="v")
        assert client.beta.vaults.retrieve(made.id).id == made.id
    with running(tmp_path, path_prefix="/some/where") as other:
        there = other.tenant()
        for base in ("/some/where", "/some/where/anthropic", ""):
            with connected(there, base=base) as client:
                made = client.beta.vaults.create(display_name="v")
                client.beta.vaults.archive(made.id)
                assert client.beta.vaults.delete(made.id).type == "vault_deleted"


@covers("A014")
def test_a_slash_at_the_end_is_no_redirect(raw: Raw) -> None:
    raw.refused("GET", "/v1/vaults/", status=404)


@covers("A015")
def test_an_encoded_slash_makes_an_unknown_id(raw: Raw, vault: str) -> None:
    assert raw.refused("GET", "/v1/vaults/a%2Fb", status=404)["message"] == "vault a/b not found"
    raw.refused("POST", f"{vault}%2Farchive", {}, status=404)
    assert raw.get(vault).json()["archived_at"] is None


@covers("A016")
def test_a_secret_over_its_limit_is_refused_without_a_word_of_it(raw: Raw, credentials: str) -> None:
    auth = {
        "type": "environment_variable",
        "secret_name": "TOKEN",
        "secret_value": (SENTINEL * 200)[:4097],
        "networking": {"type": "unrestricted"},
    }
    error = raw.refused("POST", credentials, {"auth": auth})
    assert error["message"] == "auth.secret_value: must have 1 to 4096 characters"
    raw.made(credentials, {"auth": auth | {"secret_value": "x" * 4096}})


@covers("A017")
def test_the_sdk_does_not_repeat_a_conflict(tenant: Tenant) -> None:
    sent: Sent = []
    auth: anthropic.types.beta.vaults.BetaManagedAgentsStaticBearerCreateParams = {
        "type": "static_bearer",
        "mcp_server_url": "https://mcp.example.com",
        "token": "t",
    }
    with connected(tenant, sent) as client:
        vault = client.beta.vaults.create(display_name="v")
        client.beta.vaults.credentials.create(vault.id, auth=auth)
        sent.clear()
        error = told(lambda: client.beta.vaults.credentials.create(vault.id, auth=auth), anthropic.ConflictError)
    assert error["message"] == "A credential already exists for this MCP server URL."
    assert len(sent) == 1


def test_checks_come_in_the_contracts_order(raw: Raw, stage: Stage, tenant: Tenant) -> None:
    """Each request fails every check from its own on; the first one answers."""
    nobody = Raw(url=stage.url)
    broken, as_json = b"{", {"content-type": "application/json"}
    elsewhere = {"anthropic-workspace-id": "wrkspc_other"}
    assert nobody.call("POST", "/v1/nope", content=broken).status_code == 404
    assert nobody.call("PUT", "/v1/vaults", content=broken).status_code == 405
    assert nobody.call("POST", "/v1/vaults", content=broken).status_code == 401
    unversioned = Raw(url=stage.url, headers={"x-api-key": tenant.key, **elsewhere})
    assert "anthropic-version" in refusal(unversioned.call("POST", "/v1/vaults", content=broken), 400)["message"]
    huge = broken.ljust(2 << 20)
    assert raw.call("POST", "/v1/vaults", content=huge, headers=elsewhere | as_json).status_code == 403
    assert raw.call("POST", "/v1/vaults/none/credentials", content=huge, headers=as_json).status_code == 413
    unknown = "/v1/vaults/none/credentials"
    assert refusal(raw.call("POST", unknown, content=broken, headers=as_json), 400)["message"].startswith("body")
    assert raw.refused("POST", unknown, {"auth": {}})["message"].startswith("auth")
    bearer = {"type": "static_bearer", "mcp_server_url": "https://m.example.com", "token": SENTINEL}
    assert raw.refused("POST", unknown, {"auth": bearer}, status=404)["message"] == "vault none not found"


@pytest.mark.parametrize("path", ["/v1/vaults", "/v1/environments", "/v1/sessions"])
def test_a_create_repeated_with_its_key_is_answered_with_the_same_bytes(raw: Raw, path: str) -> None:
    environment = raw.made("/v1/environments", {"name": "n"})["id"]
    body = {
        "/v1/vaults": {"display_name": "v"},
        "/v1/environments": {"name": "n"},
        "/v1/sessions": {"agent": "a", "environment_id": environment},
    }[path]
    key = {"idempotency-key": "once"}
    first, again = (raw.call("POST", path, body, headers=key) for _ in range(2))
    assert first.status_code == 200
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["request-id"] != first.headers["request-id"]
    assert raw.post(path, body).json()["id"] != first.json()["id"]


def test_a_rate_that_the_operator_set_is_kept_for_each_organization(tmp_path: Path) -> None:
    with running(tmp_path, creates_per_minute=2) as limited:
        one, other = (limited.tenant().raw() for _ in range(2))
        for _ in range(2):
            one.made("/v1/vaults", {"display_name": "v"})
        answer = one.post("/v1/vaults", {"display_name": "v"})
        refusal(answer, 429)
        assert 1 <= int(answer.headers["retry-after"]) <= 30
        assert one.get("/v1/vaults").status_code == 200
        other.made("/v1/vaults", {"display_name": "v"})


def test_what_belongs_to_the_server_needs_no_key(stage: Stage) -> None:
    with httpx.Client(base_url=stage.url, trust_env=False, verify=UNUSED_TLS) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json() == {"status": "ok"}
        assert client.get("/metrics").status_code == 200
        assert client.get("/openapi.json").json() == client.get("/anthropic/openapi.json").json()
