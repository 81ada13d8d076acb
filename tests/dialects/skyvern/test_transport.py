import base64

import pytest

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
    for method, path in (("GET", STATUS), ("DELETE", f"{HERE}/bitwarden")):
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
