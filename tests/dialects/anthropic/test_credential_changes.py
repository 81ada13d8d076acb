"""Credentials: updated, archived, deleted (contract 4.6 and 4.7, cases 73 to 92)."""

import anthropic
import pytest
from anthropic.types.beta.vaults import BetaManagedAgentsStaticBearerUpdateParams

from strongroom.core.secret import Secret
from tests.dialects.anthropic.behaviours import covers
from tests.dialects.anthropic.credential_bodies import Body, bearer, limited, oauth, refresh, shown, variable
from tests.dialects.stage import SENTINEL, Raw, Stage

FUTURE = "2099-01-01T00:00:00.000000Z"


@pytest.fixture
def held(raw: Raw, credentials: str) -> str:
    """The path of a variable."""
    return (
        f"{credentials}/{raw.made(credentials, variable(networking=limited('a.example.com', 'b.example.com')))['id']}"
    )


def made(raw: Raw, credentials: str, body: Body) -> str:
    return f"{credentials}/{raw.made(credentials, body)['id']}"


@covers("A073")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"auth": None, "display_name": None, "metadata": None},
        {"metadata": {"none": None}},
        {"auth": {"type": "environment_variable"}},
        {"auth": {"type": "environment_variable", "secret_value": None, "networking": None}},
        {"auth": {"type": "environment_variable", "injection_location": {}}},
        {"auth": {"type": "environment_variable", "injection_location": {"header": True}}},
        {"auth": {"type": "environment_variable", "networking": limited("A.example.com", "b.example.com.")}},
    ],
)
def test_an_update_that_changes_nothing_changes_nothing(raw: Raw, held: str, body: Body) -> None:
    before = raw.get(held).json()
    assert raw.made(held, body) == before


@covers("A074")
def test_a_new_token_is_the_one_that_is_used(
    stage: Stage, raw: Raw, sdk: anthropic.Anthropic, credentials: str
) -> None:
    path = made(raw, credentials, bearer("https://mcp.example.com"))
    environment = raw.made("/v1/environments", {"name": "n"})["id"]
    vault = credentials.split("/")[3]

    def used() -> list[Secret]:
        opened = raw.made("/v1/sessions", {"agent": "a", "environment_id": environment, "vault_ids": [vault]})
        plan = stage.plan(opened["egress"]["proxy_url"], "mcp.example.com")
        return [placed.secret for placed in plan.placements]

    assert used() == [Secret(SENTINEL)]
    new: BetaManagedAgentsStaticBearerUpdateParams = {"type": "static_bearer", "token": f"{SENTINEL}-new"}
    sdk.beta.vaults.credentials.update(path.rpartition("/")[2], vault_id=vault, auth=new)
    assert used() == [Secret(f"{SENTINEL}-new")]


@covers("A075", "A076", "A088")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"auth": {"type": "static_bearer", "token": SENTINEL}}, "auth.type"),
        ({"auth": {"type": "mcp_oauth"}}, "auth.type"),
        ({"auth": {"type": SENTINEL}}, "auth"),
        ({"auth": {"secret_value": SENTINEL}}, "auth"),
        ({"auth": {"type": "environment_variable", "secret_name": "TOKEN"}}, "auth.secret_name"),
        ({"auth": {"type": "environment_variable", "secret_value": ""}}, "auth.secret_value"),
        ({"auth": {"type": "environment_variable", "secret_value": f"{SENTINEL}\n"}}, "auth.secret_value"),
        ({"auth": {"type": "environment_variable", "injection_location": None}}, "auth.injection_location"),
        ({"auth": {"type": "environment_variable", "injection_location": {"body": None}}}, "auth.injection_location"),
        ({"auth": {"type": "environment_variable", "networking": limited("*")}}, "auth.networking.allowed_hosts.0"),
        ({"display_name": ""}, "display_name"),
        ({"display_name": "x" * 256}, "display_name"),
        ({"metadata": {"k": "x" * 513}}, "metadata.k"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
        ({"vault_id": "vlt_other"}, "vault_id"),
    ],
)
def test_an_update_that_breaks_a_rule_is_refused(raw: Raw, held: str, body: Body, field: str) -> None:
    before = raw.get(held).json()
    assert raw.refused("POST", held, body)["message"].startswith(field)
    assert raw.get(held).json() == before


@covers("A076")
@pytest.mark.parametrize(
    "auth",
    [
        {"mcp_server_url": "https://mcp.example.com/mcp"},
        {"refresh": {"client_id": "client"}},
        {"refresh": {"token_endpoint": "https://auth.example.com/token"}},
        {"refresh": {"resource": "https://api.example.com"}},
    ],
)
def test_what_a_server_credential_is_found_by_cannot_be_sent_at_all(raw: Raw, credentials: str, auth: Body) -> None:
    path = made(raw, credentials, oauth(refresh=refresh()))
    assert "is not a field" in raw.refused("POST", path, {"auth": {"type": "mcp_oauth", **auth}})["message"]


@covers("A077")
def test_an_expiry_stays_with_a_new_token_unless_another_is_sent(raw: Raw, credentials: str) -> None:
    path = made(raw, credentials, oauth(expires_at=FUTURE))
    token = {"type": "mcp_oauth", "access_token": f"{SENTINEL}-2"}
    assert shown(raw.made(path, {"auth": token}))["expires_at"] == FUTURE
    assert shown(raw.made(path, {"auth": token | {"expires_at": None}}))["expires_at"] == FUTURE
    later = "2100-01-01T00:00:00+00:00"
    assert shown(raw.made(path, {"auth": token | {"expires_at": later}}))["expires_at"].startswith("2100-01-01T00:")
    for bad in ("2001-01-01T00:00:00Z", "2100-01-01T00:00:00"):
        raw.refused("POST", path, {"auth": token | {"expires_at": bad}})


@covers("A078")
def test_an_empty_scope_clears_it_and_null_keeps_it(raw: Raw, credentials: str) -> None:
    path = made(raw, credentials, oauth(refresh=refresh(scope="read")))

    def scope_after(sent: str | None) -> str | None:
        update = {"auth": {"type": "mcp_oauth", "refresh": {"scope": sent}}}
        scope: str | None = shown(raw.made(path, update))["refresh"]["scope"]
        return scope

    assert [scope_after(sent) for sent in (None, "write", "", None)] == ["read", "write", None, None]


@covers("A079")
def test_a_refresh_block_cannot_be_added(raw: Raw, credentials: str) -> None:
    path = made(raw, credentials, oauth())
    for block in ({}, {"scope": "read"}, {"refresh_token": SENTINEL}):
        error = raw.refused("POST", path, {"auth": {"type": "mcp_oauth", "refresh": block}})
        assert error["message"].startswith("auth.refresh: ")
    raw.made(path, {"auth": {"type": "mcp_oauth", "refresh": None}})


@covers("A080", "A081", "A082")
def test_the_way_a_client_proves_itself_never_changes(raw: Raw, credentials: str) -> None:
    def update(**client: object) -> Body:
        return {"auth": {"type": "mcp_oauth", "refresh": {"token_endpoint_auth": client}}}

    path = made(raw, credentials, oauth(refresh=refresh("client_secret_post")))
    for kind in ("client_secret_basic", "client_secret_post"):
        for secret in ({"client_secret": f"{SENTINEL}-2"}, {"client_secret": None}, {}):
            changed = shown(raw.made(path, update(type=kind, **secret)))
            assert changed["refresh"]["token_endpoint_auth"] == {"type": "client_secret_post"}
    raw.refused("POST", path, update(type="none"))
    raw.refused("POST", path, update(type="client_secret_post", client_secret=""))
    public = made(raw, credentials, oauth("https://public.example.com", refresh=refresh("none")))
    for kind in ("client_secret_basic", "client_secret_post"):
        error = raw.refused("POST", public, update(type=kind, client_secret=SENTINEL))
        assert error["message"].startswith("auth.refresh.token_endpoint_auth: ")


@covers("A083", "A084", "A085")
def test_networking_is_replaced_whole_or_kept(raw: Raw, held: str) -> None:
    def update(**auth: object) -> Body:
        return shown(raw.made(held, {"auth": {"type": "environment_variable", **auth}}))

    assert update(networking=limited("c.example.com"))["networking"] == limited("c.example.com")
    assert update(secret_value=f"{SENTINEL}-2")["networking"] == limited("c.example.com")
    assert update(networking={"type": "unrestricted"})["networking"] == {"type": "unrestricted"}
    assert update(networking=limited())["networking"] == limited()


@covers("A086", "A087")
def test_locations_are_merged_and_never_all_off(raw: Raw, held: str) -> None:
    def update(**locations: bool) -> Body:
        return {"auth": {"type": "environment_variable", "injection_location": locations}}

    assert shown(raw.made(held, update(body=False)))["injection_location"] == {"header": True, "body": False}
    before = raw.get(held).json()
    raw.refused("POST", held, update(header=False))
    assert raw.get(held).json() == before
    swapped = shown(raw.made(held, update(header=False, body=True)))
    assert swapped["injection_location"] == {"header": False, "body": True}


def test_a_stored_value_that_no_header_can_hold_keeps_headers_off(raw: Raw, credentials: str) -> None:
    body = variable(secret_value=f"{SENTINEL}\nsecond", injection_location={"body": True})
    path = made(raw, credentials, body)
    on = {"auth": {"type": "environment_variable", "injection_location": {"header": True}}}
    assert raw.refused("POST", path, on)["message"].startswith("auth.secret_value: ")
    on["auth"]["secret_value"] = SENTINEL
    raw.made(path, on)


@covers("A089")
def test_metadata_is_patched_as_on_vaults(raw: Raw, credentials: str) -> None:
    path = made(raw, credentials, variable() | {"metadata": {"a": "1", "b": "x", "c": "y"}})
    changed = raw.made(path, {"metadata": {"a": "2", "b": None}, "display_name": "named"})
    assert (changed["metadata"], changed["display_name"]) == ({"a": "2", "c": "y"}, "named")
    assert raw.made(path, {"metadata": {"a": ""}})["metadata"] == {"a": "", "c": "y"}


@covers("A090")
def test_an_archived_credential_keeps_its_key_in_sight_and_loses_its_secret(
    stage: Stage, raw: Raw, held: str, sdk: anthropic.Anthropic
) -> None:
    before = raw.get(held).json()
    vault, id_ = before["vault_id"], before["id"]
    assert stage.kept(id_)
    archived = sdk.beta.vaults.credentials.archive(id_, vault_id=vault)
    assert archived.archived_at is not None
    assert not stage.kept(id_)
    after = raw.get(held).json()
    assert after["auth"] == before["auth"]
    assert raw.made(f"{held}/archive") == after


@covers("A091")
def test_an_archived_credential_cannot_be_changed(raw: Raw, held: str) -> None:
    raw.made(f"{held}/archive")
    for body in ({}, {"display_name": "x"}, {"auth": {"type": "environment_variable", "secret_value": SENTINEL}}):
        assert "archived" in raw.refused("POST", held, body)["message"]


@covers("A092")
def test_a_deleted_credential_is_gone(raw: Raw, credentials: str, sdk: anthropic.Anthropic) -> None:
    for archive_first in (False, True):
        path = made(raw, credentials, variable())
        if archive_first:
            raw.made(f"{path}/archive")
        _, _, _, vault, _, id_ = path.split("/")
        deleted = sdk.beta.vaults.credentials.delete(id_, vault_id=vault)
        assert deleted.to_dict() == {"id": id_, "type": "vault_credential_deleted"}
        raw.refused("DELETE", path, status=404)
        raw.refused("GET", path, status=404)
