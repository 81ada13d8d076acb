"""One token of an issuer, at the doors of all dialects."""

from collections.abc import Iterator

import httpx
import pytest

from tests.dialects.stage import VERSION, Raw, Stage, running
from tests.oauth.token_issuer import AUDIENCE, TokenIssuer, token_issuer
from tests.plain_http import UNUSED_TLS

PATHS = (
    "/strongroom/v1/keys",
    "/v1/vaults",
    "/v1/credentials",
    "/api/llm-gateway/admin/connections",
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    with token_issuer() as started:
        yield started


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory, issuer: TokenIssuer) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("trusting")
    with running(folder, reaches_loopback=True, jwt_issuer=issuer.url, jwt_audience=AUDIENCE) as stage:
        yield stage


def asked(stage: Stage, path: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(base_url=stage.url, trust_env=False, verify=UNUSED_TLS, timeout=20) as http:
        return http.get(path, headers={**VERSION, **named})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", ["authorization", "x_api_key"])
def test_it_opens_every_door(trusting: Stage, issuer: TokenIssuer, path: str, header: str) -> None:
    presented = issuer.token() if header == "x_api_key" else f"Bearer {issuer.token()}"
    answer = asked(trusting, path, **{header: presented})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", ["authorization", "x_api_key"])
def test_every_door_says_what_ails_it(trusting: Stage, issuer: TokenIssuer, path: str, header: str) -> None:
    token = issuer.token(aud="another")
    answer = asked(trusting, path, **{header: token if header == "x_api_key" else f"Bearer {token}"})
    assert answer.status_code in {401, 403}
    assert answer.headers["strongroom-refused"] == "token_audience"
    assert answer.headers["www-authenticate"] == (
        'Bearer error="invalid_token", error_description="the token is meant for another audience"'
    )
    assert token not in answer.text


def test_what_it_does_is_on_record_under_a_name_that_tells_nobody_who_it_is(
    trusting: Stage, issuer: TokenIssuer
) -> None:
    somebody = issuer.token(sub="someone-in-particular", org_id="0b9b5f2e-6a86-4f3f-9a93-000000000042")
    raw = Raw(url=trusting.url, headers={**VERSION, "authorization": f"Bearer {somebody}"})
    raw.made("/v1/vaults", {"display_name": "v"})
    entries = raw.get("/strongroom/v1/audit").json()["data"]
    assert [entry["action"] for entry in entries][:2] == ["organization.first_seen", "vault.create"]
    assert len({entry["principal"] for entry in entries}) == 1
    assert entries[0]["principal"].startswith("user_01")
    assert "someone-in-particular" not in str(entries)
    assert somebody not in str(entries)


def test_refusals_are_counted(trusting: Stage, issuer: TokenIssuer) -> None:
    asked(trusting, "/v1/vaults", authorization=f"Bearer {issuer.token(exp=1_000_000_000)}")
    counts = asked(trusting, "/metrics").text
    line = next(line for line in counts.splitlines() if 'tokens_refused_total{code="token_expired"}' in line)
    assert float(line.split()[-1]) >= 1


def test_a_server_without_an_issuer_takes_no_tokens(stage: Stage, issuer: TokenIssuer) -> None:
    answer = asked(stage, "/v1/vaults", authorization=f"Bearer {issuer.token()}")
    assert answer.status_code == 401
    assert answer.headers["strongroom-refused"] == "token_issuer"
