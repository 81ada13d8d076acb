"""Clouds' models through the gateway: clients' own libraries in front, clouds under their own names behind."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from barndoor import BarndoorClient
from botocore.credentials import Credentials
from openai.types.chat import ChatCompletion

from tests.custody.outside import served, tls
from tests.delivery.llm.behaviours import covers
from tests.delivery.llm.rig import HI, MESSAGES, Rig, rig_of, told
from tests.dialects.barndoor.api import client
from tests.dialects.stage import Stage, running
from tests.outbound.cloud.peers import (
    ACCOUNT,
    BEDROCK,
    CLIENT,
    CLIENT_SECRET,
    GOOGLE,
    HOSTS,
    IAM,
    LOGIN,
    PRINCIPAL,
    ROBOT,
    STS,
    TARGET,
    TENANT,
    Clouds,
    form_of,
    private_key,
    signs,
)

ARN = "arn:aws:iam::123456789012:role/gateway"
KEYS = Credentials("AKIAEXAMPLEEXAMPLE00", "wJalrXUtnFEMI/K7MDENG")
OTHERS = Credentials("ASIAEXAMPLEEXAMPLE11", "another/K7MDENG", "the-session-token")
VERTEX, AZURE = "us-central1-aiplatform.googleapis.com", "r.openai.azure.com"
PLACE = {"project_id": "project", "location": "us-central1"}


@dataclass(frozen=True, kw_only=True)
class World:
    """A server that may be somebody, and clouds."""

    stage: Stage
    clouds: Clouds


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("clouds")
    clouds, account = Clouds(key=private_key()), folder / "account.json"
    ca: Path = folder / "ca.pem"
    clouds.authority.cert_pem.write_to_path(ca)
    parts = {"type": "service_account", "client_email": ROBOT, "private_key": clouds.key}
    account.write_text(json.dumps({**parts, "token_uri": f"https://{GOOGLE}/token", "project_id": "project"}))
    with pytest.MonkeyPatch.context() as machine, served(clouds.app(), tls(clouds.authority, *HOSTS)) as port:
        machine.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
        machine.setenv("AWS_ACCESS_KEY_ID", PRINCIPAL.access_key)
        machine.setenv("AWS_SECRET_ACCESS_KEY", PRINCIPAL.secret_key)
        machine.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with running(
            folder / "server",
            reaches_loopback=True,
            resolve=dict.fromkeys(HOSTS, f"127.0.0.1:{port}"),
            upstream_ca_file=ca,
            ambient_cloud_identity=True,
        ) as stage:
            yield World(stage=stage, clouds=clouds)


@pytest.fixture
def clouds(world: World) -> Clouds:
    world.clouds.asked.clear()
    world.clouds.instead.clear()
    return world.clouds


@pytest.fixture
def rig(world: World) -> Rig:
    return rig_of(world.stage)


def connected(rig: Rig, model_provider: str, auth_type: str, *, alias: str = "gpt", **fields: object) -> str:
    """Make a connection with a provider, a model and an alias of it; return its id."""
    named = {"name": "c", "model_provider": model_provider, "auth_type": auth_type}
    made = str(rig.api.made("/connections", named, fields)["id"])
    rig.route("", alias=alias, model="m", model_provider=model_provider, connection=made)
    return made


async def chat(rig: Rig) -> ChatCompletion:
    """Ask with OpenAI's own client."""
    async with rig.openai() as openai:
        return await openai.chat.completions.create(model="gpt", messages=HI)


def keys(pair: Credentials) -> dict[str, str]:
    parts = {"access_key_id": pair.access_key, "secret_access_key": pair.secret_key, "session_token": pair.token}
    return {name: value for name, value in parts.items() if value is not None}


def role(rig: Rig, arn: str = ARN, **settings: object) -> str:
    """No two organizations can have a role under the same external id."""
    return connected(rig, "bedrock", "aws_role", settings={"region": "us-east-1", "iam_role_arn": arn, **settings})


@covers("L093", "L094")
async def test_bedrock_gets_what_it_can_verify_and_the_new_keys_after_a_rotation(rig: Rig, clouds: Clouds) -> None:
    made = connected(rig, "bedrock", "aws_keys", settings={"region": "us-east-1"}, credentials=keys(KEYS))
    said = await chat(rig)
    assert said.choices[0].message.content == "hello"
    rig.api.put(f"/connections/{made}", credentials=keys(OTHERS))
    await chat(rig)
    first, second = clouds.asked[BEDROCK]
    assert first["url"] == f"https://{BEDROCK}/openai/v1/chat/completions"
    assert json.loads(first["body"])["model"] == "m"
    assert signs(first, KEYS, "bedrock")
    assert not signs(first | {"body": first["body"] + b" "}, KEYS, "bedrock")
    assert "x-amz-security-token" not in first["headers"]
    assert second["headers"]["x-amz-security-token"] == OTHERS.token
    assert signs(second, OTHERS, "bedrock")
    assert rig.key not in str(clouds.asked)


@covers("L095", "L026")
async def test_a_role_is_taken_on_once_for_two_requests(rig: Rig, clouds: Clouds) -> None:
    made = role(rig, external_id="the-external-id")
    for _ in range(2):
        await chat(rig)
    (asked,) = clouds.asked[STS]
    form = form_of(asked)
    assert (form["RoleArn"], form["ExternalId"]) == (ARN, "the-external-id")
    assert form["RoleSessionName"] == f"vault-{made}"
    session = Credentials("ASIASESSION1", "session-secret-1", "session-token-1")
    assert all(signs(seen, session, "bedrock") for seen in clouds.asked[BEDROCK])
    trust = rig.api.got(f"/connections/{made}/aws-trust-info")
    principal = f"arn:aws:iam::{ACCOUNT}:role/gateway"
    assert trust == {"principal_arn": principal, "external_id": "the-external-id"}
    assert rig.api.got("/connections/aws-role-config") == {"configured": True, "principal_arn": principal}
    async with client(rig.tenant) as sdk:
        await _sdk_agrees(sdk, made, principal)


async def _sdk_agrees(sdk: BarndoorClient, connection: str, principal: str) -> None:
    config = await sdk.llm_gateway.aws_role_config()
    assert (config.configured, config.principal_arn) == (True, principal)
    info = await sdk.llm_gateway.aws_trust_info(connection)  # type: ignore[arg-type]  # a string is what people pass
    assert info.principal_arn == principal


@covers("L096")
async def test_a_role_that_does_not_trust_us_is_told_without_anybodys_account(rig: Rig, clouds: Clouds) -> None:
    role(rig)
    said = await rig.post()
    told(said, 502, "upstream_auth_failed")
    assert said.headers["x-should-retry"] == "false"
    assert ACCOUNT not in said.text
    assert "123456789012" not in said.text
    assert BEDROCK not in clouds.asked


async def test_a_token_that_the_upstream_rejects_is_renewed_once(rig: Rig, clouds: Clouds) -> None:
    role(rig, f"{ARN}-2", external_id="the-external-id")
    clouds.instead[BEDROCK] = (401, b"{}")
    told(await rig.post(), 502, "upstream_auth_failed")
    assert (clouds.count(STS), clouds.count(BEDROCK)) == (2, 2)
    first, second = (seen["headers"]["x-amz-security-token"] for seen in clouds.asked[BEDROCK])
    assert first != second


async def test_keys_that_the_upstream_rejects_are_not_sent_again(rig: Rig, clouds: Clouds) -> None:
    connected(rig, "bedrock", "aws_keys", settings={"region": "us-east-1"}, credentials=keys(KEYS))
    clouds.instead[BEDROCK] = (401, b"{}")
    told(await rig.post(), 502, "upstream_auth_failed")
    assert clouds.count(BEDROCK) == 1


@covers("L098")
async def test_vertex_gets_a_service_accounts_token_and_anthropics_body(rig: Rig, clouds: Clouds) -> None:
    parts = {"client_email": ROBOT, "private_key": clouds.key}
    connected(rig, "vertex", "google_service_account", alias="claude", settings=PLACE, credentials=parts)
    async with rig.anthropic() as anthropic:
        messages: Any = anthropic.messages
        said = await messages.create(**MESSAGES)
    assert said.content[0].text == "hello"
    assert (await rig.post("/messages", {**MESSAGES, "stream": True})).status_code == 200
    (exchange,) = clouds.asked[GOOGLE]
    assertion = json.loads(exchange["headers"]["assertion"])  # its signature has been verified
    assert (assertion["header"]["alg"], assertion["claims"]["aud"]) == ("RS256", f"https://{GOOGLE}/token")
    whole, streamed = clouds.asked[VERTEX]
    assert whole["headers"]["authorization"] == streamed["headers"]["authorization"] == "Bearer ya29.cloud-platform-1"
    below = f"https://{VERTEX}/v1/projects/project/locations/us-central1/publishers/anthropic/models/m"
    assert (whole["url"], streamed["url"]) == (f"{below}:rawPredict", f"{below}:streamRawPredict")
    body = json.loads(whole["body"])
    assert "model" not in body
    assert body["anthropic_version"]


@covers("L099")
async def test_vertex_gets_another_accounts_token(rig: Rig, clouds: Clouds) -> None:
    connected(rig, "vertex", "google_impersonation", settings={**PLACE, "target_service_account": TARGET})
    await chat(rig)
    assert f"/serviceAccounts/{TARGET}:generateAccessToken" in clouds.asked[IAM][0]["url"]
    assert clouds.asked[VERTEX][0]["headers"]["authorization"] == "Bearer ya29.target-1"


async def test_vertex_gets_this_servers_own_token(rig: Rig, clouds: Clouds) -> None:
    connected(rig, "vertex", "google_adc", settings=PLACE)
    await chat(rig)
    assert clouds.asked[VERTEX][0]["headers"]["authorization"] == "Bearer ya29.cloud-platform-1"


@covers("L091")
async def test_azure_gets_an_applications_token(rig: Rig, clouds: Clouds) -> None:
    parts = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": CLIENT_SECRET}
    connected(rig, "azure_openai", "azure_entra_client_secret", base_url=f"https://{AZURE}", credentials=parts)
    for _ in range(2):
        await chat(rig)
    (exchange,) = clouds.asked[LOGIN]
    assert form_of(exchange)["scope"] == "https://cognitiveservices.azure.com/.default"
    for seen in clouds.asked[AZURE]:
        assert seen["headers"]["authorization"] == "Bearer entra-cognitiveservices.azure.com-1"
        assert "api-key" not in seen["headers"]


async def test_an_upstream_that_quotes_a_token_does_not_show_it_to_clients(rig: Rig, clouds: Clouds) -> None:
    connected(rig, "vertex", "google_adc", settings=PLACE)
    clouds.instead[VERTEX] = (400, b'{"error":"you sent Bearer ya29.cloud-platform-1"}')
    said = await rig.post()
    assert said.status_code == 400
    assert "ya29" not in said.text


@covers("L107")
def test_what_is_to_be_stored_can_be_tried_before(rig: Rig, clouds: Clouds) -> None:
    trial = {"region": "us-east-1", "iam_role_arn": ARN, "external_id": "the-external-id"}
    assert rig.api.made("/connections/aws-role-validate", trial) == {"ok": True}
    refused = rig.api.refused("POST", "/connections/aws-role-validate", {**trial, "external_id": "another"})
    assert refused["code"] == "aws_role_not_assumable"
    assert ACCOUNT not in refused["message"]
    assert rig.api.made("/connections/google-vertex-validate", PLACE) == {"ok": True}
    clouds.instead[GOOGLE] = (400, b'{"error":"invalid_grant","error_description":"robot@project"}')
    refused = rig.api.refused("POST", "/connections/google-vertex-validate", PLACE)
    assert refused["code"] == "google_identity_not_usable"
    assert "robot" not in refused["message"]
    assert rig.api.got("/connections") == []


@covers("L101")
async def test_without_the_operators_leave_nothing_is_sent_as_this_server(stage: Stage) -> None:
    nobody = rig_of(stage)
    connected(nobody, "vertex", "google_adc", settings=PLACE)
    said = await nobody.post()
    told(said, 503, "credential_unavailable")
    assert said.headers["x-should-retry"] == "false"
