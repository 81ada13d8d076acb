"""Our own issuer with the vendor's own client: machines, a person's browser, and what nobody may get."""

import base64
import re
import time
from html import unescape
from typing import Any

import httpx
import jwt
import pytest
from barndoor import ClientCredentialsOptions, Environment, RetryOptions, create_client
from barndoor.lib.auth import complete_authorization_code, refresh_token, start_authorization_code

from strongroom.core.actions import Scope
from tests.dialects.barndoor.api import OPENAI, Api
from tests.dialects.barndoor.behaviours import covers
from tests.dialects.stage import ADMIN_KEY, VERSION, Raw, Stage, Tenant
from tests.plain_http import UNUSED_TLS

REDIRECT = "http://127.0.0.1:8765/callback"
CLIENT = "barndoor-cli"
TOKEN = "/realms/strongroom/protocol/openid-connect/token"
AUTHORIZE = "/realms/strongroom/protocol/openid-connect/auth"


@pytest.fixture
def issuer(stage: Stage) -> str:
    return f"{stage.url}/realms/strongroom"


@pytest.fixture
def key_id(tenant: Tenant) -> str:
    """The id of the tenant's first key."""
    (key,) = tenant.raw().get("/strongroom/v1/keys").json()["data"]
    return str(key["id"])


def http(stage: Stage) -> httpx.Client:
    return httpx.Client(base_url=stage.url, trust_env=False, verify=UNUSED_TLS, timeout=20)


def posted(stage: Stage, form: dict[str, str], auth: tuple[str, str] | None = None) -> httpx.Response:
    with http(stage) as client:
        answer = client.post(TOKEN, data=form, auth=httpx.Auth() if auth is None else httpx.BasicAuth(*auth))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    return answer


def refused(answer: httpx.Response, error: str, status: int = 400) -> str:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    return str(answer.json()["error_description"])


def api(stage: Stage, token: str) -> Api:
    return Api(url=stage.url, headers={"authorization": f"Bearer {token}"})


def said(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


class Browser:
    """A person's browser on the page of our issuer."""

    def __init__(self, stage: Stage) -> None:
        self.http = http(stage)
        self.shown: httpx.Response | None = None

    def opens(self, url: str) -> httpx.Response:
        self.shown = self.http.get(url)
        return self.shown

    def enters(self, key: str, **more: str) -> httpx.Response:
        assert self.shown is not None
        found = re.search(r'name="request" value="([^"]*)"', self.shown.text)
        assert found is not None, self.shown.text
        form = {"request": unescape(found[1]), "api_key": key}
        return self.http.post(AUTHORIZE, data=form, headers={"sec-fetch-site": "same-origin", **more})


def signed_in(
    stage: Stage, issuer: str, key: str, scope: str = "openid profile email offline_access"
) -> dict[str, str]:
    """Return what a browser brings back, with the verifier that belongs to it."""
    asked = start_authorization_code(client_id=CLIENT, redirect_uri=REDIRECT, issuer=issuer, scope=scope)
    browser = Browser(stage)
    browser.opens(asked.url)
    answer = browser.enters(key)
    browser.http.close()
    assert answer.status_code == 303, answer.text
    back = httpx.URL(answer.headers["location"])
    assert str(back).startswith(REDIRECT + "?")
    assert (back.params["state"], back.params["iss"]) == (asked.state, issuer)
    return {"code": back.params["code"], "code_verifier": asked.code_verifier}


def exchange(stage: Stage, brought: dict[str, str], **more: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "client_id": CLIENT, "redirect_uri": REDIRECT, **brought, **more}
    return posted(stage, form)


@covers("B064")
async def test_064_the_sdk_signs_in_by_itself_and_uses_one_token_twice(
    stage: Stage, tenant: Tenant, issuer: str, key_id: str
) -> None:
    before = len(_issued(tenant))
    options = ClientCredentialsOptions(client_id=key_id, client_secret=tenant.key)
    environment = Environment(issuer=issuer, base_url=stage.url)
    async with create_client(auth=options, env=environment, retry=RetryOptions(retries=0)) as connected:
        assert await connected.llm_gateway.list_connections() == []
        assert await connected.llm_gateway.list_connections() == []
    assert len(_issued(tenant)) == before + 1


@covers("B065")
def test_065_a_secret_may_come_in_the_form(stage: Stage, tenant: Tenant, key_id: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": key_id, "client_secret": tenant.key}
    answer = posted(stage, form)
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 300
    made = api(stage, answer.json()["access_token"]).made("/connections", OPENAI)
    assert re.fullmatch(r"[0-9a-f-]{36}", made["created_by_user_id"])


async def test_the_sdk_signs_a_person_in_and_stays_signed_in(stage: Stage, tenant: Tenant, issuer: str) -> None:
    asked = start_authorization_code(client_id=CLIENT, redirect_uri=REDIRECT, issuer=issuer)
    browser = Browser(stage)
    assert browser.opens(asked.url).status_code == 200
    back = httpx.URL(browser.enters(tenant.key).headers["location"])
    browser.http.close()
    got = await complete_authorization_code(
        back.params["code"], asked, client_id=CLIENT, redirect_uri=REDIRECT, issuer=issuer
    )
    assert api(stage, got["access_token"]).got("/connections") == []
    fresh = refresh_token(got["refresh_token"], client_id=CLIENT, issuer=issuer)
    environment = Environment(issuer=issuer, base_url=stage.url)
    async with create_client(auth=fresh, env=environment, retry=RetryOptions(retries=0)) as connected:
        assert await connected.llm_gateway.list_connections() == []


def test_another_library_reads_our_metadata_and_verifies_our_tokens(stage: Stage, tenant: Tenant, issuer: str) -> None:
    with http(stage) as client:
        metadata = client.get("/realms/strongroom/.well-known/openid-configuration").json()
        assert metadata["issuer"] == issuer
        assert metadata["authorization_endpoint"] == f"{issuer}/protocol/openid-connect/auth"
        keys = jwt.PyJWKSet.from_dict(client.get(metadata["jwks_uri"]).json())
        own = client.get("/.well-known/jwks.json").json()["keys"]
    got = exchange(stage, signed_in(stage, issuer, tenant.key)).json()
    for token, audience in ((got["access_token"], stage.url), (got["id_token"], CLIENT)):
        name = jwt.get_unverified_header(token)["kid"]
        assert name not in {key["kid"] for key in own}  # the keys of agent identities are others
        claims = jwt.decode(token, keys[name], algorithms=["ES256"], issuer=issuer, audience=audience)
        assert 0 < claims["exp"] - time.time() <= 300
    assert said(got["access_token"])["org_id"] == api(stage, tenant.key).made("/connections", OPENAI)["org_id"]
    assert said(got["access_token"])["roles"] == ["admin"]
    refused_id = api(stage, got["id_token"]).call("GET", "/connections")
    assert refused_id.headers["strongroom-refused"] == "token_audience"


def test_a_token_may_no_more_than_its_key(stage: Stage, tenant: Tenant) -> None:
    made = tenant.raw().made("/strongroom/v1/keys", {"scopes": ["vaults:read", "llm:use"]})
    asked = {"grant_type": "client_credentials"}
    token = posted(stage, asked, (made["id"], made["key"])).json()["access_token"]
    assert said(token)["scope"] == "llm:use vaults:read"
    assert said(token)["roles"] == []
    raw = Raw(url=stage.url, headers={**VERSION, "authorization": f"Bearer {token}"})
    assert raw.get("/v1/vaults").status_code == 200
    raw.refused("POST", "/v1/vaults", {"display_name": "v"}, status=403)
    narrow = posted(stage, {**asked, "scope": "openid llm:use"}, (made["id"], made["key"])).json()
    assert narrow["scope"] == "llm:use"
    refused(posted(stage, {**asked, "scope": "keys:write"}, (made["id"], made["key"])), "invalid_scope")


def test_one_time_codes_are_for_tokens_that_name_them(stage: Stage) -> None:
    keys = Raw(url=stage.url, headers={**VERSION, "x-api-key": ADMIN_KEY}).get("/strongroom/v1/keys").json()["data"]
    admin = next(key["id"] for key in keys if key["name"] == "admin")
    asked = {"grant_type": "client_credentials"}
    plain = posted(stage, asked, (admin, ADMIN_KEY)).json()["scope"].split()
    assert Scope.TOTP_READ.value not in plain
    assert posted(stage, {**asked, "scope": "totp:read"}, (admin, ADMIN_KEY)).json()["scope"] == "totp:read"


def test_a_revoked_key_ends_its_tokens_soon(stage: Stage, tenant: Tenant, issuer: str) -> None:
    made = tenant.raw().made("/strongroom/v1/keys", {})
    machine = posted(stage, {"grant_type": "client_credentials"}, (made["id"], made["key"])).json()["access_token"]
    got = exchange(stage, signed_in(stage, issuer, made["key"])).json()
    for token in (machine, got["access_token"]):
        assert api(stage, token).got("/connections") == []
    assert tenant.raw().call("DELETE", f"/strongroom/v1/keys/{made['id']}").status_code == 200
    deadline = time.monotonic() + 20
    while api(stage, machine).call("GET", "/connections").status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.02)
    for token in (machine, got["access_token"]):
        answer = api(stage, token).call("GET", "/connections")
        assert (answer.status_code, answer.headers["strongroom-refused"]) == (401, "token_revoked")
    again = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": got["refresh_token"]}
    refused(posted(stage, again), "invalid_grant")
    refused(posted(stage, {"grant_type": "client_credentials"}, (made["id"], made["key"])), "invalid_client", 401)


def test_a_refresh_token_that_comes_again_ends_the_sign_in_and_is_on_record(
    stage: Stage, tenant: Tenant, issuer: str
) -> None:
    form = {"grant_type": "refresh_token", "client_id": CLIENT}
    first = exchange(stage, signed_in(stage, issuer, tenant.key)).json()["refresh_token"]
    second = posted(stage, {**form, "refresh_token": first}).json()["refresh_token"]
    assert second != first
    refused(posted(stage, {**form, "refresh_token": first}), "invalid_grant")
    refused(posted(stage, {**form, "refresh_token": second}), "invalid_grant")
    actions = [entry["action"] for entry in tenant.raw().get("/strongroom/v1/audit").json()["data"]]
    assert actions.count("sign_in.reused") == 1


def test_a_code_is_good_once_for_its_program_and_its_verifier(stage: Stage, tenant: Tenant, issuer: str) -> None:
    brought = signed_in(stage, issuer, tenant.key)
    got = exchange(stage, brought)
    assert got.status_code == 200, got.text
    refused(exchange(stage, brought), "invalid_grant")
    form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": got.json()["refresh_token"]}
    refused(posted(stage, form), "invalid_grant")  # what came of the code has ended too
    for wrong in ({"code_verifier": "v" * 64}, {"redirect_uri": "http://127.0.0.1:9/callback"}):
        refused(exchange(stage, signed_in(stage, issuer, tenant.key), **wrong), "invalid_grant")
    short = exchange(stage, signed_in(stage, issuer, tenant.key), code_verifier="v")
    refused(short, "invalid_grant")
    refused(exchange(stage, signed_in(stage, issuer, tenant.key), client_id="another"), "invalid_client", 401)
    refused(exchange(stage, {"code": "x" * 43, "code_verifier": "v" * 43}), "invalid_grant")


def test_nobody_stays_signed_in_who_did_not_ask_for_it(stage: Stage, tenant: Tenant, issuer: str) -> None:
    got = exchange(stage, signed_in(stage, issuer, tenant.key, scope="profile")).json()
    assert "refresh_token" not in got
    assert "id_token" not in got


def test_an_id_and_a_secret_belong_together(stage: Stage, tenant: Tenant, key_id: str) -> None:
    asked = {"grant_type": "client_credentials"}
    other = tenant.raw().made("/strongroom/v1/keys", {})
    for auth in ((other["id"], tenant.key), (key_id, other["key"]), (key_id, ""), ("", tenant.key), (key_id, "x" * 47)):
        answer = posted(stage, asked, auth)
        refused(answer, "invalid_client", 401)
        assert answer.headers["www-authenticate"] == 'Basic realm="strongroom"'
        assert tenant.key not in answer.text
    refused(posted(stage, {**asked, "client_id": key_id}), "invalid_client", 401)
    refused(posted(stage, {**asked, "client_id": CLIENT}), "invalid_client", 401)


def test_a_token_is_no_secret_for_another_token(stage: Stage, tenant: Tenant, key_id: str) -> None:
    asked = {"grant_type": "client_credentials"}
    token = posted(stage, asked, (key_id, tenant.key)).json()["access_token"]
    refused(posted(stage, asked, (key_id, token)), "invalid_client", 401)


def test_basic_is_read_encoded_and_as_it_is(stage: Stage, key_id: str, tenant: Tenant) -> None:
    encoded = base64.b64encode(f"{key_id.replace('_', '%5F')}:{tenant.key.replace('_', '%5F')}".encode()).decode()
    with http(stage) as client:
        form = {"grant_type": "client_credentials"}
        assert client.post(TOKEN, data=form, headers={"authorization": f"Basic {encoded}"}).status_code == 200
        for bad in ("Basic", "Basic !!!", "Basic eA==", f"Bearer {tenant.key}"):
            refused(client.post(TOKEN, data=form, headers={"authorization": bad}), "invalid_client", 401)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"client_id": "x"}, "unsupported_grant_type"),
        ({"client_id": "x", "grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": CLIENT, "grant_type": "authorization_code"}, "invalid_request"),
        ({"client_id": CLIENT, "grant_type": "refresh_token"}, "invalid_request"),
        ({"client_id": CLIENT, "grant_type": "refresh_token", "refresh_token": "srr_x"}, "invalid_grant"),
    ],
)
def test_what_the_token_endpoint_does_not_take(stage: Stage, form: dict[str, str], error: str) -> None:
    refused(posted(stage, form), error)


def test_forms_are_read_strictly(stage: Stage, key_id: str, tenant: Tenant) -> None:
    with http(stage) as client:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        secret = f"grant_type=client_credentials&client_id={key_id}&client_secret={tenant.key}"
        for body in (f"{secret}&client_id=x", "a=1&" * 60, "x" * 40_000, "client_id=%ff", b"\xff=1"):
            refused(client.post(TOKEN, content=body, headers=kind), "invalid_request")
        refused(client.post(TOKEN, json={"grant_type": "client_credentials"}), "invalid_request")
        both = client.post(TOKEN, content=secret, headers=kind, auth=(key_id, tenant.key))
        refused(both, "invalid_request")
        assert client.get(TOKEN).status_code == 405


def asked_url(issuer: str, **changed: str | None) -> str:
    query = {
        "client_id": CLIENT,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "openid",
        "state": "st",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
        **changed,
    }
    return str(
        httpx.URL(f"{issuer}/protocol/openid-connect/auth", params={k: v for k, v in query.items() if v is not None})
    )


@pytest.mark.parametrize(
    "redirect",
    [
        None,
        "https://evil.test/callback",
        "http://127.0.0.1.evil.test/callback",
        "http://127.0.0.1@evil.test/callback",
        "http://127.0.0.1:80@evil.test/",
        "http://localhost.evil.test/",
        "https://127.0.0.1:8765/callback",
        "http://127.0.0.1:8765\\@evil.test/",
        "http://127.0.0.1:8765/callback#x",
        "http://127.0.0.1:8765/callback;script-src *",
        "http://127.0.0.1:8765\r\nx: y",
        "http://127.0.0.1:0/",
        "javascript:alert(1)",
        "//evil.test",
    ],
)
def test_nobody_is_sent_anywhere_but_to_this_machine(stage: Stage, issuer: str, redirect: str | None) -> None:
    browser = Browser(stage)
    answer = browser.opens(asked_url(issuer, redirect_uri=redirect))
    browser.http.close()
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
    ],
)
def test_a_program_is_told_what_it_asked_wrongly(
    stage: Stage, issuer: str, changed: dict[str, str | None], error: str
) -> None:
    browser = Browser(stage)
    answer = browser.opens(asked_url(issuer, **changed))
    browser.http.close()
    back = httpx.URL(answer.headers["location"])
    assert (answer.status_code, back.port, back.params["error"], back.params["state"]) == (303, 8765, error, "st")


def test_the_page_cannot_be_framed_runs_nothing_and_shows_nothing_as_it_came(stage: Stage, issuer: str) -> None:
    browser = Browser(stage)
    answer = browser.opens(asked_url(issuer, state='"><script>alert(1)</script>'))
    browser.http.close()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:8765" in policy
    assert "script" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_a_wrong_key_is_asked_for_again_and_not_written_back(stage: Stage, tenant: Tenant, issuer: str) -> None:
    browser = Browser(stage)
    browser.opens(asked_url(issuer))
    answer = browser.enters("srk_wrong-key-of-somebody")
    assert answer.status_code == 401
    assert "That key is not valid." in answer.text
    assert "wrong-key" not in answer.text
    browser.shown = answer
    assert browser.enters(f" {tenant.key}\n").status_code == 303
    browser.http.close()


def test_what_does_not_come_from_the_page_signs_nobody_in(stage: Stage, tenant: Tenant, issuer: str) -> None:
    victim, stranger = Browser(stage), Browser(stage)
    victim.opens(asked_url(issuer))
    stranger.opens(asked_url(issuer))
    assert victim.enters(tenant.key, **{"sec-fetch-site": "cross-site"}).status_code == 400
    victim.shown, shown = stranger.shown, victim.shown
    assert victim.enters(tenant.key).status_code == 400  # the request of another page
    victim.shown = shown
    cookies = dict(victim.http.cookies)
    victim.http.cookies.clear()
    assert victim.enters(tenant.key).status_code == 400  # no cookie: a form on another site
    victim.http.cookies.update(cookies)
    assert victim.enters(tenant.key).status_code == 303
    victim.http.close()
    stranger.http.close()


def _issued(tenant: Tenant) -> list[Any]:
    entries = tenant.raw().get("/strongroom/v1/audit").json()["data"]
    return [entry for entry in entries if entry["action"] == "token.issued"]
