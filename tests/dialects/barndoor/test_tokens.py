"""Tokens of an issuer at this dialect's door: with the vendor's own client, and as an attacker would make them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest
from barndoor import BarndoorClient, CreateConnectionRequest
from barndoor.exceptions import ForbiddenException, UnauthorizedException

from tests.dialects.barndoor.api import OPENAI, Api, client, refusal
from tests.dialects.barndoor.behaviours import covers
from tests.dialects.stage import Stage, Tenant, running
from tests.oauth.stage import SCOPE, authorization_server
from tests.oauth.token_issuer import AUDIENCE, ORGANIZATION, TokenIssuer, token_issuer
from tests.plain_http import UNUSED_TLS

OTHER = "7d2c1d7e-3a4b-4c5d-8e9f-0a1b2c3d4e5f"


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    with token_issuer() as started:
        yield started


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory, issuer: TokenIssuer) -> Iterator[Stage]:
    """A server that trusts the issuer."""
    folder = tmp_path_factory.mktemp("trusting")
    with running(folder, reaches_loopback=True, jwt_issuer=issuer.url, jwt_audience=AUDIENCE) as stage:
        yield stage


def api(stage: Stage, token: str) -> Api:
    return Api(url=stage.url, headers={"authorization": f"Bearer {token}"})


def sdk(stage: Stage, token: str) -> BarndoorClient:
    return client(Tenant(url=stage.url, key=token, organization="", workspace=""))


@covers("B059")
async def test_059_what_is_no_good_token_is_refused(trusting: Stage, issuer: TokenIssuer) -> None:
    unsigned = jwt.encode({"iss": issuer.url, "aud": AUDIENCE, "sub": "x"}, "", algorithm="none")
    bad = {
        "token_expired": issuer.token(exp=1_000_000_000),
        "token_audience": issuer.token(aud="https://another.test/"),
        "token_issuer": issuer.token(iss="https://evil.test"),
        "token_not_yet": issuer.token(nbf=4_000_000_000),
        "token_subject": issuer.token(sub=None),
        "token_algorithm": unsigned,
        "token_malformed": "eyJhbGciOiJFUzI1NiJ9.e30.x",
        "token_signature": issuer.token()[:-8] + "AAAAAAAA",
    }
    for code, token in bad.items():
        answer = api(trusting, token).call("GET", "/connections")
        refusal(answer, 401)
        assert answer.headers["strongroom-refused"] == code
        assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token", error_description="')
        assert token not in answer.text + str(answer.headers)
        async with sdk(trusting, token) as connected:
            with pytest.raises(UnauthorizedException):
                await connected.llm_gateway.list_connections()
    for headers in ({}, {"authorization": "Bearer garbage"}, {"authorization": "Basic Og=="}):
        answer = Api(url=trusting.url, headers=headers).call("GET", "/connections")
        assert refusal(answer, 401)["code"] == "invalid_token"
        assert answer.headers["www-authenticate"] == "Bearer"


@covers("B060")
async def test_060_who_administers_nothing_may_do_nothing_here(trusting: Stage, issuer: TokenIssuer) -> None:
    viewer = issuer.token(sub="viewer", roles=["viewer"])
    for method, path in (
        ("GET", "/connections"),
        ("POST", "/connections"),
        ("GET", "/providers"),
        ("GET", "/api-keys"),
    ):
        answer = api(trusting, viewer).call(method, path, OPENAI if method == "POST" else None)
        refusal(answer, 403)
    async with sdk(trusting, viewer) as connected:
        with pytest.raises(ForbiddenException):
            await connected.llm_gateway.list_connections()


@covers("B061")
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"org_id": None}, "organization_missing"),
        ({"org_id": [ORGANIZATION, OTHER]}, "organization_ambiguous"),
        ({"org_id": None, "organization": ["acme"]}, "organization_missing"),
        (
            {"org_id": None, "organization": {"a": {"id": ORGANIZATION}, "b": {"id": OTHER}}},
            "organization_ambiguous",
        ),
    ],
)
def test_061_a_token_of_no_organization_or_of_two_acts_in_none(
    trusting: Stage, issuer: TokenIssuer, claims: dict[str, Any], code: str
) -> None:
    answer = api(trusting, issuer.token(**claims)).call("GET", "/connections")
    refusal(answer, 403)
    assert answer.headers["strongroom-refused"] == code


@covers("B063")
async def test_063_a_subject_that_is_no_uuid_is_shown_as_one(trusting: Stage, issuer: TokenIssuer) -> None:
    token = issuer.token(sub="auth0|5f7c", org_id=OTHER, email="a@b.c", name="A B")
    async with sdk(trusting, token) as connected:
        made = await connected.llm_gateway.create_connection(CreateConnectionRequest.model_validate(OPENAI))
        assert isinstance(made.created_by_user_id, UUID)
        assert (made.created_by_email, made.created_by_name) == ("a@b.c", "A B")
        assert str(made.org_id) == OTHER
        (listed,) = await connected.llm_gateway.list_connections()
        assert listed.id == made.id


def test_organizations_of_an_issuer_see_nothing_of_each_other(trusting: Stage, issuer: TokenIssuer) -> None:
    one, two = (api(trusting, issuer.token(org_id=f"0b9b5f2e-6a86-4f3f-9a93-00000000000{n}")) for n in (1, 2))
    made = one.made("/connections", OPENAI)
    assert [each["id"] for each in one.got("/connections")] == [made["id"]]
    assert two.got("/connections") == []
    two.refused("GET", f"/connections/{made['id']}", status=404)


def test_an_organization_that_is_here_already_is_found_by_our_own_id(trusting: Stage, issuer: TokenIssuer) -> None:
    tenant = trusting.tenant()
    made = Api(url=trusting.url, headers={"authorization": f"Bearer {tenant.key}"}).made("/connections", OPENAI)
    for named in (tenant.organization, made["org_id"]):
        assert [each["id"] for each in api(trusting, issuer.token(org_id=named)).got("/connections")] == [made["id"]]


def test_shapes_of_other_issuers_are_read(trusting: Stage, issuer: TokenIssuer) -> None:
    keycloak = issuer.token(
        head={"typ": "JWT"},
        aud=["account", AUDIENCE],
        typ="Bearer",
        azp="console",
        org_id=None,
        roles=None,
        organization={"acme": {"id": "0b9b5f2e-6a86-4f3f-9a93-000000000009"}},
        realm_access={"roles": ["offline_access", "owner"]},
    )
    auth0 = issuer.token(aud=[AUDIENCE, f"{issuer.url}/userinfo"], org_id="org_AbCdEf123", org_name="acme")
    entra = issuer.token(
        oid="1", tid="2", ver="2.0", organization_id="0b9b5f2e-6a86-4f3f-9a93-000000000009", org_id=None
    )
    made = api(trusting, keycloak).made("/connections", OPENAI)
    assert made["org_id"] == "0b9b5f2e-6a86-4f3f-9a93-000000000009"
    assert [each["id"] for each in api(trusting, entra).got("/connections")] == [made["id"]]
    assert api(trusting, auth0).got("/connections") == []


def test_a_certified_provider_is_trusted_with_what_it_signs(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Machine to machine, with an organization among the claims; a token for another audience is refused."""
    machine = {
        "client_id": "machine",
        "client_secret": "m" * 43,
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        "scope": SCOPE,
    }
    folder = tmp_path_factory.mktemp("certified")
    claims = {"org_id": ORGANIZATION, "roles": ["admin"]}
    with (
        authorization_server(clients=[machine], claims=claims) as url,
        running(folder, reaches_loopback=True, jwt_issuer=url, jwt_audience=AUDIENCE) as stage,
    ):
        good, other = (_machine_token(url, audience) for audience in (AUDIENCE, "https://another.test/"))
        made = api(stage, good).made("/connections", OPENAI)
        assert made["org_id"] == ORGANIZATION
        refusal(api(stage, other).call("GET", "/connections"), 401)


def _machine_token(issuer: str, audience: str) -> str:
    asked = {"grant_type": "client_credentials", "resource": audience, "scope": SCOPE}
    with httpx.Client(trust_env=False, verify=UNUSED_TLS, timeout=20) as http:
        answer = http.post(f"{issuer}/token", data=asked, auth=("machine", "m" * 43))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])
