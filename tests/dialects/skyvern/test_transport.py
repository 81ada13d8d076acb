import base64

import pytest

from strongroom.core.failures import TooMany, Unavailable, Unreachable
from strongroom.dialects.refusals import Crashed
from strongroom.dialects.skyvern.errors import refusal
from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.behaviours import covers
from tests.dialects.stage import Stage, Tenant

STATUS = f"{HERE}/onepassword/status"
UNKNOWN_KEY = {"detail": "Invalid credentials"}


@covers("V104", "V105")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": "wrong"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic dTpw"},
        {"authorization": "Bearer wrong", "x-api-key": "wrong"},
    ],
)
def test_without_a_good_key_the_answer_is_403_and_never_401(stage: Stage, headers: dict[str, str]) -> None:
    for method, path in (("GET", STATUS), ("GET", HERE), ("POST", HERE), ("DELETE", f"{HERE}/bitwarden")):
        assert Api(url=stage.url, headers=headers).call(method, path, status=403).json() == UNKNOWN_KEY


@covers("V109")
def test_either_header_may_bring_the_key_and_one_good_key_suffices(tenant: Tenant) -> None:
    basic = "Basic " + base64.b64encode(b"u:p").decode()
    for headers in (
        {"x-api-key": tenant.key},
        {"authorization": f"Bearer {tenant.key}"},
        {"authorization": basic, "x-api-key": tenant.key},
        {"authorization": "Bearer wrong", "x-api-key": tenant.key},
        {"authorization": f"Bearer {tenant.key}", "x-api-key": "wrong"},
    ):
        Api(url=tenant.url, headers=headers).get(STATUS)


def test_a_bearer_prefix_inside_the_key_header_is_part_of_the_key(tenant: Tenant) -> None:
    Api(url=tenant.url, headers={"x-api-key": f"Bearer {tenant.key}"}).get(STATUS, 403)


@pytest.mark.parametrize("base", ["", "/skyvern"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_route_is_served_with_and_without_a_slash_and_under_a_base_of_its_own(
    api: Api, base: str, slash: str
) -> None:
    assert api.get(f"{base}{STATUS}{slash}")["configured"] is False


def test_what_is_not_there_says_so(api: Api) -> None:
    assert api.get(f"{HERE}/a/b/c/d", 404) == {"detail": "Not Found"}
    assert api.get("/api/v1/credentials/custom_credential/get", 404) == {"detail": "Not Found"}
    for method in ("HEAD", "OPTIONS", "PATCH"):
        answer = api.call(method, STATUS, status=405)
        assert answer.headers["allow"] == "GET"
        assert method == "HEAD" or answer.json() == {"detail": "Method Not Allowed"}


@covers("V122")
def test_what_needs_a_browser_is_not_supported(api: Api) -> None:
    body = {"url": "https://example.com", "username": "u", "password": "s3ntinel-7f3a1c-must-never-come-back"}
    for method, path in (
        ("POST", f"{HERE}/test-login"),
        ("POST", f"{HERE}/test-login/"),
        ("POST", f"{HERE}/cred_1/test"),
        ("GET", f"{HERE}/cred_1/test/wr_1"),
        ("POST", f"{HERE}/cred_1/test/wr_1/cancel"),
    ):
        sent = None if method == "GET" else body
        assert api.call(method, path, sent, status=501).json() == {"detail": "Not supported by this server"}
    assert api.get(HERE) == []


@covers("V106", "V107")
def test_strangers_are_refused_before_anything_is_read(stage: Stage) -> None:
    stranger = Api(url=stage.url)
    headers = {"content-type": "application/json"}
    for content in (b"{}", b"{", b'{"name": 5}'):
        assert stranger.call("POST", HERE, content=content, headers=headers, status=403).json() == UNKNOWN_KEY


@covers("V108")
def test_what_is_no_json_is_refused(api: Api) -> None:
    headers = {"content-type": "application/json"}
    for content, kind in (
        (b"{", "json_invalid"),
        (b"\xff", "json_invalid"),
        (b"", "missing"),
        (b"[]", "model_attributes_type"),
    ):
        answer = api.call("POST", HERE, content=content, headers=headers, status=422)
        ((place, told),) = [(each["loc"], each["type"]) for each in answer.json()["detail"]]
        assert (place, told) == (["body"], kind)
    answer = api.call("POST", HERE, content=b"{}", headers={"content-type": "text/plain"}, status=422)
    assert answer.json()["detail"][0] | {"msg": ""} == {"loc": ["body"], "msg": "", "type": "model_attributes_type"}


def test_a_database_that_does_not_answer_is_503_and_reads_are_told_when_to_ask_again() -> None:
    answer = refusal(Unavailable("the reason is for the log"))
    assert (answer.status_code, answer.body) == (503, b'{"error":"Database temporarily unavailable"}')
    broken = refusal(Crashed())
    assert (broken.status_code, broken.body) == (500, b'{"error":"Unexpected error: Crashed"}')
    upstream = refusal(Unreachable("the vault does not answer"))
    assert (upstream.status_code, upstream.body) == (502, b'{"detail":"the vault does not answer"}')
    slow = refusal(TooMany("too many requests", retry_after=7))
    assert (slow.status_code, slow.headers["retry-after"]) == (429, "7")
