"""Requests to Bedrock, verified as their receiver does, and roles that are taken on (cases 26, 28, 93 to 96)."""

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.credentials import Credentials

from strongroom.core.failures import Invalid
from strongroom.core.llm.checks import RoleCheck
from strongroom.core.secret import Secret
from strongroom.services.llm_cloud import Authorization, CredentialUnavailable, ExchangeRefused, Unsigned
from tests.outbound.cloud.bench import ID, Bench, Case, benched, case
from tests.outbound.cloud.peers import ACCOUNT, KEYS, STS, Clouds, form_of, signs

ARN = "arn:aws:iam::123456789012:role/gateway"
TEMPORARY = Credentials("ASIAEXAMPLEEXAMPLE00", "wJalrXUtnFEMI/K7MDENG", "the-session-token")


def keys(pair: Credentials = KEYS, region: str = "us-east-1", **how: Any) -> Case:  # noqa: ANN401
    parts = {"access_key_id": pair.access_key, "secret_access_key": pair.secret_key}
    if pair.token is not None:
        parts["session_token"] = pair.token
    return case("bedrock", "aws_keys", {"region": region}, **how, **parts)


def role(**settings: object) -> Case:
    return case("bedrock", "aws_role", {"region": "us-east-1", "iam_role_arn": ARN, **settings})


def arrived(request: Unsigned, given: Authorization) -> dict[str, Any]:
    """Return a request as its receiver sees it: the fields set in the place of any of their name."""
    fields = {name.lower(): value for name, value in request.fields}
    fields |= {name.lower(): value.reveal() for name, value in given.fields}
    fields["host"] = urlsplit(request.url).netloc
    return {"method": request.method, "url": request.url, "headers": fields, "body": request.body}


async def test_a_request_is_signed_as_its_receiver_computes_it(bench: Bench) -> None:
    one = keys()
    request = one.request()
    seen = arrived(request, await bench.authorize(one, request))
    assert signs(seen, KEYS, "bedrock")
    assert "SignedHeaders=content-type;host;x-amz-date," in seen["headers"]["authorization"]
    assert "x-amz-security-token" not in seen["headers"]
    assert bench.clouds.asked == {}


@pytest.mark.parametrize(
    "change",
    [
        {"body": b'{"model":"m","messages":[0]}'},
        {"url": "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/responses"},
        {"url": "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/chat/completions?a=b"},
        {"method": "PUT"},
    ],
)
async def test_whatever_is_changed_of_a_request_breaks_its_signature(bench: Bench, change: dict[str, Any]) -> None:
    one = keys()
    request = one.request()
    seen = arrived(request, await bench.authorize(one, request))
    assert signs(seen, KEYS, "bedrock")
    assert not signs(seen | change, KEYS, "bedrock")
    for name, value in (("host", "bedrock-runtime.us-west-2.amazonaws.com"), ("content-type", "text/plain")):
        headers = seen["headers"] | {name: value}
        url = seen["url"].replace("us-east-1", "us-west-2") if name == "host" else seen["url"]
        assert not signs(seen | {"headers": headers, "url": url}, KEYS, "bedrock")


async def test_another_secret_key_breaks_it_as_well(bench: Bench) -> None:
    one = keys()
    request = one.request()
    seen = arrived(request, await bench.authorize(one, request))
    assert not signs(seen, Credentials(KEYS.access_key, "another"), "bedrock")


async def test_what_is_not_aws_own_goes_unsigned(bench: Bench) -> None:
    one = keys()
    request = one.request(fields={"anthropic-beta": "x", "user-agent": "Strongroom"})
    seen = arrived(request, await bench.authorize(one, request))
    assert signs(seen | {"headers": seen["headers"] | {"anthropic-beta": "y"}}, KEYS, "bedrock")


async def test_a_session_token_is_sent_and_signed(bench: Bench) -> None:
    one = keys(TEMPORARY)
    request = one.request()
    given = await bench.authorize(one, request)
    seen = arrived(request, given)
    assert seen["headers"]["x-amz-security-token"] == "the-session-token"
    assert "x-amz-security-token," in seen["headers"]["authorization"]
    assert signs(seen, TEMPORARY, "bedrock")
    assert not signs(
        seen | {"headers": seen["headers"] | {"x-amz-security-token": "x"}},
        Credentials(TEMPORARY.access_key, TEMPORARY.secret_key, "x"),
        "bedrock",
    )
    assert Secret("the-session-token") in given.secrets
    assert Secret(seen["headers"]["authorization"].rpartition("Signature=")[2]) in given.secrets


async def test_escaped_characters_of_a_path_are_signed_as_they_are_sent(bench: Bench) -> None:
    one = keys()
    request = one.request("/model/anthropic.claude%3A0%2Fx~y/invoke")
    seen = arrived(request, await bench.authorize(one, request))
    assert signs(seen, KEYS, "bedrock")
    assert not signs(seen | {"url": seen["url"].replace("%3A", ":")}, KEYS, "bedrock")


@pytest.mark.parametrize(
    ("base_url", "service", "region"),
    [
        ("https://bedrock-runtime.eu-west-1.amazonaws.com", "bedrock", "eu-west-1"),
        ("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "bedrock", "us-gov-west-1"),
        ("https://bedrock-mantle.eu-north-1.api.aws", "bedrock-mantle", "eu-north-1"),
        ("https://vpce.example.com", "bedrock", "us-east-1"),
    ],
)
async def test_the_host_says_service_and_region_and_the_settings_where_it_does_not(
    served: tuple[Clouds, int], base_url: str, service: str, region: str
) -> None:
    one = keys(base_url=base_url)
    async with benched(*served, hosts=("vpce.example.com",)) as bench:
        request = one.request()
        assert signs(arrived(request, await bench.authorize(one, request)), KEYS, service, region)


@pytest.mark.usefixtures("somebody")
async def test_a_role_is_taken_on_once_and_its_session_signs(bench: Bench) -> None:
    one = role()
    request = one.request()
    for given in [await bench.authorize(one, request), await bench.authorize(one, request)]:
        seen = arrived(request, given)
        assert signs(seen, Credentials("ASIASESSION1", "session-secret-1", "session-token-1"), "bedrock")
        assert Secret("session-token-1") in given.secrets
    (asked,) = bench.clouds.asked[STS]
    form = form_of(asked)
    assert form["RoleArn"] == ARN
    assert form["ExternalId"] == one.connection.upstream.settings["external_id"] == "the-external-id"
    assert form["RoleSessionName"] == f"vault-{ID}"
    assert len(form["RoleSessionName"]) <= 64


async def test_aws_is_asked_whose_keys_these_are_and_this_server_need_be_nobody(served: tuple[Clouds, int]) -> None:
    async with benched(*served, ambient=False) as bench:
        await bench.prove(keys())
        (asked,) = bench.clouds.asked[STS]
        assert form_of(asked)["Action"] == "GetCallerIdentity"
        with pytest.raises(ExchangeRefused) as told:
            await bench.prove(keys(Credentials(KEYS.access_key, "another")))
        assert str(told.value) == "SignatureDoesNotMatch"
        with pytest.raises(CredentialUnavailable, match="ambient"):
            await bench.prove(role())
        assert bench.clouds.count(STS) == 2


@pytest.mark.usefixtures("somebody")
async def test_a_role_is_proved_anew_each_time(bench: Bench) -> None:
    for _ in range(2):
        await bench.prove(role())
    assert bench.clouds.count(STS) == 2
    with pytest.raises(ExchangeRefused, match="AccessDenied"):
        await bench.prove(role(external_id="another"))


@pytest.mark.usefixtures("somebody")
async def test_twenty_requests_at_once_take_a_role_on_once(bench: Bench) -> None:
    one = role()
    await asyncio.gather(*(bench.authorize(one) for _ in range(20)))
    assert bench.clouds.count(STS) == 1
    await asyncio.gather(*(bench.authorize(one.rotated()) for _ in range(20)))
    assert bench.clouds.count(STS) == 2
    await bench.authorize(one.rotated(), rejected=True)
    assert bench.clouds.count(STS) == 3


@pytest.mark.usefixtures("somebody")
async def test_a_role_that_does_not_trust_us_is_a_refusal_of_which_the_code_is_told(bench: Bench) -> None:
    with pytest.raises(ExchangeRefused) as told:
        await bench.authorize(role(external_id="another"))
    assert str(told.value) == "AccessDenied"
    with pytest.raises(ExchangeRefused):
        await bench.authorize(role(external_id="another"))
    assert bench.clouds.count(STS) == 2  # neither kept nor repeated by the client itself


@pytest.mark.usefixtures("somebody")
@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (503, b"<html>", "does not serve"),
        (500, b"", "does not serve"),
        (200, b"<html>", "does not understand"),
        (
            400,
            b"<ErrorResponse><Error><Code>Throttling</Code><Message>m</Message></Error></ErrorResponse>",
            "does not serve",
        ),
    ],
)
async def test_an_sts_that_does_not_serve_is_no_refusal(bench: Bench, status: int, body: bytes, words: str) -> None:
    bench.clouds.instead[STS] = (status, body)
    with pytest.raises(CredentialUnavailable, match=words):
        await bench.authorize(role())
    assert bench.clouds.count(STS) == 1


@pytest.mark.usefixtures("somebody")
async def test_a_providers_own_settings_say_nothing_of_whose_role_it_is(bench: Bench) -> None:
    others = role().laid_over(iam_role_arn="arn:aws:iam::555555555555:role/others", external_id="others")
    await bench.authorize(others)
    form = form_of(bench.clouds.asked[STS][0])
    assert (form["RoleArn"], form["ExternalId"]) == (ARN, "the-external-id")


@pytest.mark.usefixtures("somebody")
async def test_without_the_operators_leave_this_server_is_nobody(served: tuple[Clouds, int]) -> None:
    async with benched(*served, ambient=False) as bench:
        with pytest.raises(CredentialUnavailable, match="--ambient-cloud-identity"):
            await bench.authorize(role())
        assert await bench.access.identity.aws_principal() is None
        with pytest.raises(Invalid) as told:
            await bench.access.identity.try_role(check())
        assert told.value.code == "credential_unavailable"
        await bench.authorize(keys())  # keys of one's own need no leave
        assert bench.clouds.asked == {}


async def test_a_machine_without_an_identity_is_nobody_either(bench: Bench) -> None:
    with pytest.raises(CredentialUnavailable, match="no AWS identity"):
        await bench.authorize(role())
    assert await bench.access.identity.aws_principal() is None


@pytest.mark.usefixtures("somebody")
async def test_what_sts_is_asked_is_judged_like_any_other_address(served: tuple[Clouds, int]) -> None:
    async with benched(*served, listed=False) as bench:
        with pytest.raises(CredentialUnavailable, match="STRONGROOM_EGRESS_ALLOW_PRIVATE"):
            await bench.authorize(role())
        assert bench.clouds.asked == {}


@pytest.mark.usefixtures("somebody")
async def test_others_are_told_the_role_and_not_its_session(bench: Bench) -> None:
    for _ in range(3):
        assert await bench.access.identity.aws_principal() == f"arn:aws:iam::{ACCOUNT}:role/gateway"
    assert bench.clouds.count(STS) == 1


def check(external_id: str = "the-external-id") -> RoleCheck:
    return RoleCheck(region="us-east-1", iam_role_arn=ARN, external_id=external_id)


@pytest.mark.usefixtures("somebody")
async def test_a_role_can_be_tried_before_it_is_stored(bench: Bench) -> None:
    await bench.access.identity.try_role(check())
    with pytest.raises(Invalid) as told:
        await bench.access.identity.try_role(check("another"))
    assert told.value.code == "aws_role_not_assumable"
    assert "AccessDenied" in str(told.value)
    assert ACCOUNT not in str(told.value)
    await bench.access.identity.try_role(check())
    assert bench.clouds.count(STS) == 3  # nothing is kept


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "https://evil.example/openai/v1/chat/completions"}, "does not name"),
        ({"url": "https://bedrock-runtime.us-east-1.amazonaws.com.evil.example/"}, "does not name"),
        ({"url": "http://bedrock-runtime.us-east-1.amazonaws.com/"}, "does not name"),
    ],
)
async def test_a_request_to_another_place_than_the_routes_is_not_signed(
    bench: Bench, change: dict[str, Any], words: str
) -> None:
    one = keys()
    with pytest.raises(CredentialUnavailable, match=words):
        await bench.authorize(one, replace(one.request(), **change))


@pytest.mark.parametrize(
    "base_url", ["https://evil.example", "https://x.execute-api.us-east-1.amazonaws.com", "https://gone.example.com"]
)
async def test_a_host_that_is_no_inference_host_any_more_gets_nothing(bench: Bench, base_url: str) -> None:
    """It was allowed when the connection was made: the operator's list has changed since."""
    one = keys(base_url=base_url)
    with pytest.raises(CredentialUnavailable, match="gets no token of a cloud"):
        await bench.authorize(one)
