"""Connections made and shown (contract 6, cases 1 to 28)."""

import json
from datetime import datetime
from uuid import UUID

import pytest
from barndoor import BarndoorClient, CreateConnectionRequest
from barndoor.exceptions import BadRequestException, ConflictException

from tests.dialects.barndoor.api import ARN, KEY, OPENAI, ROLE, Api, refusal
from tests.dialects.barndoor.behaviours import covers
from tests.dialects.stage import Tenant

NEVER_NULL = {
    "id",
    "org_id",
    "name",
    "model_provider",
    "auth_type",
    "base_url",
    "secret_path",
    "stores_key_material",
    "created_at",
    "updated_at",
}
FIELDS = NEVER_NULL | {
    "settings",
    "key_last4",
    "created_by_user_id",
    "created_by_email",
    "created_by_name",
    "last_modified_at",
    "last_modified_by_user_id",
    "last_modified_by_email",
    "last_modified_by_name",
    "last_change_note",
}


@covers("B001", "B002", "B005")
async def test_the_client_makes_and_finds_a_connection(sdk: BarndoorClient) -> None:
    api = sdk.llm_gateway
    assert await api.list_connections() == []
    made = await api.create_connection(CreateConnectionRequest.model_validate(OPENAI))
    assert (made.name, made.model_provider, made.auth_type) == ("OpenAI Production", "openai", "api_key")
    assert (made.base_url, made.key_last4, made.settings) == ("https://api.openai.com/v1", "wxyz", {})
    assert made.stores_key_material
    assert await api.get_connection(made.id) == made
    assert await api.get_connection(str(made.id)) == made  # type: ignore[arg-type]  # a string is what people pass
    assert await api.list_connections() == [made]


@covers("B003", "B004", "B006", "B063")
def test_every_answer_is_whole_and_shows_nothing_of_the_secret(api: Api, tenant: Tenant) -> None:
    made = api.call("POST", "/connections", OPENAI)
    assert made.status_code == 200
    assert KEY[:8] not in made.text
    for shown in (made.json(), api.got(f"/connections/{made.json()['id']}"), api.got("/connections")[0]):
        assert set(shown) == FIELDS
        assert all(shown[name] is not None for name in NEVER_NULL)
        for name in ("id", "org_id", "created_by_user_id"):
            assert str(UUID(shown[name])) == shown[name]
        for name in ("created_at", "updated_at"):
            assert shown[name].endswith("Z")
            assert datetime.fromisoformat(shown[name]).utcoffset() is not None
    assert made.json()["secret_path"] == f"orgs/{made.json()['org_id']}/connections/{made.json()['id']}"


@covers("B007")
def test_empty_objects_are_none(api: Api) -> None:
    assert api.made("/connections", OPENAI, credentials={}, settings={}, auth_type="api_key")["key_last4"] == "wxyz"


@covers("B008")
@pytest.mark.parametrize(
    ("body", "auth_type"),
    [
        (OPENAI, "api_key"),
        (ROLE, "aws_role"),
        ({"name": "v", "model_provider": "vertex", "settings": {"project_id": "p", "location": "us"}}, "google_adc"),
    ],
)
def test_each_vendor_has_a_way_that_is_meant_where_none_is_named(
    api: Api, body: dict[str, object], auth_type: str
) -> None:
    assert api.made("/connections", body)["auth_type"] == auth_type


@covers("B009")
@pytest.mark.parametrize(
    ("vendor", "auth_type"),
    [("openai", "bearer_api_key"), ("anthropic", "x_api_key"), ("azure_openai", "azure_api_key")],
)
def test_the_way_is_shown_as_it_was_spelled(api: Api, vendor: str, auth_type: str) -> None:
    made = api.made("/connections", OPENAI, model_provider=vendor, auth_type=auth_type, base_url="https://r.example")
    assert made["auth_type"] == auth_type
    assert made["base_url"] == "https://r.example"


@covers("B010", "B011")
def test_a_vendor_with_one_place_needs_no_url_and_the_others_do(api: Api) -> None:
    for missing in ({}, {"base_url": None}, {"base_url": ""}):
        body = {name: value for name, value in OPENAI.items() if name != "base_url"} | missing
        made = api.made("/connections", body, name=f"n{len(api.got('/connections'))}")
        assert made["base_url"] == "https://api.openai.com/v1"
        for vendor in ("custom", "azure_openai", "azure_foundry"):
            assert "base_url" in api.refused("POST", "/connections", {**body, "model_provider": vendor})["message"]


@covers("B012", "B013", "B014")
def test_a_key_comes_in_one_of_two_places_and_not_in_both(api: Api) -> None:
    body = {name: value for name, value in OPENAI.items() if name != "api_key"}
    assert "api_key" in api.refused("POST", "/connections", body)["message"]
    api.refused("POST", "/connections", {**OPENAI, "credentials": {"key": KEY}})
    api.refused("POST", "/connections", {**body, "credentials": {"key": 5}})
    api.refused("POST", "/connections", {**body, "credentials": [KEY]})
    assert api.got("/connections") == []
    assert api.made("/connections", body, credentials={"key": KEY})["key_last4"] == "wxyz"


@covers("B015", "B016", "B017", "B018", "B019")
@pytest.mark.parametrize(
    "wrong",
    [
        {"model_provider": "openia"},
        {"auth_type": "aws_role"},
        {"settings": [1]},
        {"settings": "x"},
        {"settings": {"api_key": "x"}},
        {"settings": {"nested": [{"Client_Secret": "x"}]}},
        {"api_key": "sk\r\nX-Evil: 1"},
        {"api_key": 5},
        {"name": ""},
        {"name": " \t"},
        {"name": "a\nb"},
        {"name": "a\x9bb"},
        {"change_note": "a\x7fb"},
        {"name": "n" * 256},
        {"name": None},
        {"base_url": "ftp://h"},
        {"base_url": "https://u:p@h"},
        {"base_url": "https://h?key=1"},
        {"change_note": "x" * 501},
    ],
)
def test_what_breaks_a_rule_is_refused_without_being_repeated(api: Api, wrong: dict[str, object]) -> None:
    told = api.refused("POST", "/connections", {**OPENAI, **wrong})
    assert "Evil" not in told["message"]
    assert api.got("/connections") == []


@covers("B020", "B021")
async def test_a_name_is_used_once_in_an_organization(sdk: BarndoorClient, other: Api) -> None:
    request = CreateConnectionRequest.model_validate({**OPENAI, "name": "Ünï"})
    await sdk.llm_gateway.create_connection(request)
    for same in ("Ünï", " Ünï ", "U\u0308ni\u0308"):
        with pytest.raises(ConflictException) as raised:
            await sdk.llm_gateway.create_connection(CreateConnectionRequest.model_validate({**OPENAI, "name": same}))
        assert json.loads(str(raised.value.body))["error"]["type"] == "conflict_error"
    assert other.made("/connections", OPENAI, name="Ünï")["name"] == "Ünï"
    assert len(await sdk.llm_gateway.list_connections()) == 1


@covers("B022", "B023", "B024")
def test_a_role_needs_a_place_and_a_name_and_gets_an_external_id_for_ever(api: Api) -> None:
    for settings in ({"iam_role_arn": ARN}, {"region": "us-east-1"}, {}):
        api.refused("POST", "/connections", {**ROLE, "settings": settings})
    made = api.made("/connections", ROLE)
    assert made["settings"]["model_api_family"] == "bedrock_converse"
    assert UUID(made["settings"]["external_id"]).version == 4
    assert (made["stores_key_material"], made["key_last4"]) == (False, None)
    assert made["base_url"] == "https://bedrock-runtime.us-east-1.amazonaws.com"
    moved = api.put(f"/connections/{made['id']}", settings={"region": "eu-west-1", "external_id": None})
    assert moved["settings"] == made["settings"] | {"region": "eu-west-1"}
    assert moved["base_url"] == "https://bedrock-runtime.eu-west-1.amazonaws.com"


@covers("B025")
def test_a_role_may_be_named_among_the_credentials(api: Api) -> None:
    named = {"iam_role_arn": ARN, "external_id": "given-by-us"}
    made = api.made("/connections", ROLE, settings={"region": "us-east-1"}, credentials=named)
    assert {name: made["settings"][name] for name in named} == named
    assert not made["stores_key_material"]
    api.refused("POST", "/connections", {**ROLE, "credentials": {"iam_role_arn": f"{ARN}-other"}})


def test_an_external_id_of_another_organization_cannot_be_taken_over(api: Api, other: Api) -> None:
    settings = {"region": "us-east-1", "iam_role_arn": f"{ARN}-shared", "external_id": "known-to-others"}
    api.made("/connections", ROLE, settings=settings)
    api.made("/connections", ROLE, settings=settings, name="again")
    assert "external_id" in other.refused("POST", "/connections", {**ROLE, "settings": settings})["message"]
    mine = other.made("/connections", ROLE, settings=settings | {"external_id": "another"})
    other.refused("PUT", f"/connections/{mine['id']}", {"settings": {"external_id": "known-to-others"}})


@covers("B027", "B028")
async def test_a_server_that_is_nobody_in_aws_says_so(sdk: BarndoorClient, api: Api, connection: str) -> None:
    told = await sdk.llm_gateway.aws_role_config()
    assert (told.configured, told.principal_arn) == (False, None)
    with pytest.raises(BadRequestException):
        await sdk.llm_gateway.aws_trust_info(UUID(connection))
    role = api.made("/connections", ROLE)
    assert api.refused("GET", f"/connections/{role['id']}/aws-trust-info")["code"] == "credential_unavailable"


@covers("B107")
def test_a_server_that_is_nobody_in_clouds_tries_nothing(api: Api) -> None:
    role = {"region": "us-east-1", "iam_role_arn": ARN, "external_id": "given"}
    google = {"project_id": "p", "location": "us-east5"}
    for path, body in (("aws-role-validate", role), ("google-vertex-validate", google)):
        assert api.refused("POST", f"/connections/{path}", body)["code"] == "credential_unavailable"
        for name in body:
            less = {each: value for each, value in body.items() if each != name}
            assert api.refused("POST", f"/connections/{path}", less)["code"] == "invalid_request"
    assert api.got("/connections") == []
    while (answer := api.call("POST", "/connections/aws-role-validate", role)).status_code == 400:
        pass
    refusal(answer, 429)


@covers("B100")
@pytest.mark.parametrize(
    "change", [{"type": "external_account"}, {"token_uri": "https://evil.example/token"}, {"private_key": "no key"}]
)
def test_a_google_json_that_leads_elsewhere_is_refused(api: Api, change: dict[str, str]) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n"
    account = {"type": "service_account", "client_email": "a@p", "private_key": pem, "project_id": "p"}
    body = {
        "name": "v",
        "model_provider": "vertex",
        "auth_type": "google_service_account",
        "settings": {"location": "us-east5"},
    }
    for credentials in (account | change, {"service_account_json": json.dumps(account | change)}):
        told = api.refused("POST", "/connections", {**body, "credentials": credentials})
        assert "evil" not in told["message"]
    assert api.made("/connections", body, credentials=account)["settings"]["project_id"] == "p"


@covers("B101")
def test_a_machines_identity_can_be_named_where_it_may_not_be_used(api: Api) -> None:
    body: dict[str, object] = {
        "name": "v",
        "model_provider": "vertex",
        "settings": {"project_id": "p", "location": "us"},
    }
    made = api.made("/connections", body)
    assert (made["auth_type"], made["stores_key_material"], made["key_last4"]) == ("google_adc", False, None)


@covers("B102")
@pytest.mark.parametrize(
    "url", ["https://evil.example", "https://x.execute-api.us-east-1.amazonaws.com", "http://127.0.0.1:1"]
)
def test_tokens_of_clouds_go_to_their_own_hosts_only(api: Api, url: str) -> None:
    assert "base_url" in api.refused("POST", "/connections", {**ROLE, "base_url": url})["message"]
    made = api.made("/connections", ROLE)
    api.refused("PUT", f"/connections/{made['id']}", {"base_url": url})
    api.refused(
        "POST", "/providers", {"name": "p", "model_provider": "bedrock", "connection_id": made["id"], "base_url": url}
    )


@covers("B103")
@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "https://169.254.169.254/",
        "https://[fd00:ec2::254]/",
        "http://metadata.google.internal/",
        "https://10.0.0.1",
        "http://api.example.com",
        "https://[::ffff:127.0.0.1]",
        "https://localhost:8443/v1",
        "https://LocalHost./v1",
        "https://models.localhost",
    ],
)
def test_what_would_never_be_dialled_is_not_taken(api: Api, connection: str, url: str) -> None:
    assert "base_url" in api.refused("POST", "/connections", {**OPENAI, "name": "m", "base_url": url})["message"]
    api.refused("PUT", f"/connections/{connection}", {"base_url": url})


def test_a_create_that_is_repeated_with_its_key_answers_the_first_result(api: Api) -> None:
    first = api.call("POST", "/connections", OPENAI, idempotency_key="once")
    again = api.call("POST", "/connections", OPENAI, idempotency_key="once")
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"Infinity"])
def test_a_number_that_could_not_be_shown_again_is_refused(api: Api, number: bytes) -> None:
    body = json.dumps(OPENAI | {"settings": {"a": 7}}).encode()
    assert api.call("POST", "/connections", content=body.replace(b"7", number, 1)).status_code == 400
    assert api.got("/connections") == []


def test_a_name_that_stands_twice_is_refused(api: Api) -> None:
    content = b'{"name": "a", "model_provider": "openai", "api_key": "one-key-0123456", "api_key": "other-0123456"}'
    refusal(api.call("POST", "/connections", content=content, content_type="application/json"), 400)


def test_large_bodies_are_refused(api: Api) -> None:
    answer = api.call("POST", "/connections", {**OPENAI, "settings": {"a": "x" * 300_000}})
    refusal(answer, 413)


def test_fields_that_nobody_knows_are_passed_over(api: Api) -> None:
    assert api.made("/connections", OPENAI, whatever={"a": 1})["name"] == OPENAI["name"]
