"""Credentials: what is stored and listed, and what is refused (contract 4.1 to 4.5 and 4.8, cases 43 to 72)."""

import anthropic
import pytest

from tests.dialects.anthropic.behaviours import covers
from tests.dialects.anthropic.credential_bodies import Body, bearer, limited, oauth, refresh, shown, variable
from tests.dialects.stage import SENTINEL, Raw


@covers("A043", "A044", "A045")
def test_an_answer_shows_all_of_a_credential_but_its_secrets(raw: Raw, credentials: str) -> None:
    made = raw.made(credentials, bearer())
    assert shown(made) == {"type": "static_bearer", "mcp_server_url": "https://mcp.example.com/mcp"}
    assert made["id"].startswith("vcrd_01")
    assert (made["type"], made["vault_id"]) == ("vault_credential", credentials.split("/")[3])
    plain = shown(raw.made(credentials, oauth("https://one.example.com")))
    assert plain == {
        "type": "mcp_oauth",
        "mcp_server_url": "https://one.example.com",
        "expires_at": None,
        "refresh": None,
    }
    renewable = shown(raw.made(credentials, oauth("https://two.example.com", refresh=refresh())))
    assert renewable["refresh"] == {
        "client_id": "client",
        "token_endpoint": "https://auth.example.com/token",
        "token_endpoint_auth": {"type": "client_secret_post"},
        "resource": None,
        "scope": None,
    }


def test_the_strict_client_reads_every_kind(sdk: anthropic.Anthropic, raw: Raw, credentials: str) -> None:
    full = refresh("client_secret_basic", resource="https://api.example.com", scope="read write")
    bodies = (
        bearer("https://a.example.com"),
        oauth("https://b.example.com", expires_at="2099-01-01T00:00:00Z", refresh=full),
        oauth("https://c.example.com", refresh=refresh("none")),
        variable("A", networking=limited("a.example.com")),
        variable("B"),
    )
    made = [raw.made(credentials, body | {"display_name": "n", "metadata": {"k": "v"}})["id"] for body in bodies]
    vault = credentials.split("/")[3]
    rows = list(sdk.beta.vaults.credentials.list(vault))
    assert [row.id for row in rows] == made[::-1]
    for row in rows:
        assert sdk.beta.vaults.credentials.retrieve(row.id, vault_id=vault) == row
        assert SENTINEL not in row.to_json()


@covers("A046", "A047", "A049", "A050")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "auth"),
        ({"auth": None}, "auth"),
        (bearer() | {"name": SENTINEL}, "name"),
        (bearer() | {"display_name": "x" * 256}, "display_name"),
        (bearer() | {"metadata": {"k": 1}}, "metadata.k"),
        (bearer(token="x" * 8193), "auth.token"),
        (bearer(token=""), "auth.token"),
        (bearer(token=None), "auth.token"),
        (bearer(token=f"{SENTINEL}\n"), "auth.token"),
        (bearer(token=f"{SENTINEL}\r"), "auth.token"),
        (bearer(token=f"{SENTINEL}\0"), "auth.token"),
        (bearer(token=[SENTINEL]), "auth.token"),
        (bearer(refresh=None), "auth.refresh"),
        (bearer("https://m.example.com/" + "x" * 2026), "auth.mcp_server_url"),
        (bearer(""), "auth.mcp_server_url"),
        (bearer("ftp://x"), "auth.mcp_server_url"),
        (bearer("http://m.example.com"), "auth.mcp_server_url"),
        (bearer("m.example.com"), "auth.mcp_server_url"),
        (bearer("https://"), "auth.mcp_server_url"),
        (bearer("https://user@m.example.com"), "auth.mcp_server_url"),
        (bearer(f"https://user:{SENTINEL}@m.example.com"), "auth.mcp_server_url"),
        (bearer("https://m.example.com/#part"), "auth.mcp_server_url"),
        (bearer("https://m.example.com/a b"), "auth.mcp_server_url"),
        (bearer("https://m.example.com:99999/"), "auth.mcp_server_url"),
        (oauth(access_token="x" * 8193), "auth.access_token"),
        (oauth(access_token=f"{SENTINEL}\n"), "auth.access_token"),
        (oauth(expires_at="2001-01-01T00:00:00Z"), "auth.expires_at"),
        (oauth(expires_at="2099-01-01T00:00:00"), "auth.expires_at"),
        (oauth(expires_at="2099-01-01"), "auth.expires_at"),
        (oauth(expires_at="2099-13-01T00:00:00Z"), "auth.expires_at"),
        (oauth(expires_at="0001-01-01T00:00:00+12:00"), "auth.expires_at"),
        (oauth(expires_at=4070908800), "auth.expires_at"),
        (oauth(refresh=refresh("none", token_endpoint_auth={"type": "none", "client_secret": SENTINEL})),
         "auth.refresh.token_endpoint_auth.client_secret"),
        (oauth(refresh=refresh(token_endpoint_auth={"type": "client_secret_post"})),
         "auth.refresh.token_endpoint_auth.client_secret"),
        (oauth(refresh=refresh(token_endpoint_auth={"type": "client_secret_jwt", "client_secret": SENTINEL})),
         "auth.refresh.token_endpoint_auth"),
        (oauth(refresh=refresh(token_endpoint_auth={"type": "client_secret_post", "client_secret": "x" * 513})),
         "auth.refresh.token_endpoint_auth.client_secret"),
        (oauth(refresh=refresh(client_id="")), "auth.refresh.client_id"),
        (oauth(refresh=refresh(client_id="x" * 1025)), "auth.refresh.client_id"),
        (oauth(refresh=refresh(refresh_token="x" * 8193)), "auth.refresh.refresh_token"),
        (oauth(refresh=refresh(token_endpoint="http://auth.example.com")), "auth.refresh.token_endpoint"),
        (oauth(refresh=refresh(resource="")), "auth.refresh.resource"),
        (oauth(refresh=refresh(scope="")), "auth.refresh.scope"),
        (oauth(refresh=refresh(scope="x" * 8193)), "auth.refresh.scope"),
        (oauth(refresh={}), "auth.refresh.client_id"),
    ],
)  # fmt: skip
def test_a_server_credential_that_breaks_a_rule_is_refused(raw: Raw, credentials: str, body: Body, field: str) -> None:
    assert raw.refused("POST", credentials, body)["message"].startswith(f"{field}: ")
    assert raw.get(credentials).json()["data"] == []


@covers("A048")
def test_an_expiry_is_the_same_instant_in_utc(raw: Raw, credentials: str) -> None:
    made = shown(raw.made(credentials, oauth(expires_at="2099-01-01T02:00:00+02:00")))
    assert made["expires_at"] == "2099-01-01T00:00:00.000000Z"
    assert shown(raw.made(credentials, oauth("https://x.example.com", expires_at=None)))["expires_at"] is None


@covers("A051", "A052")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({}, {"header": True, "body": True}),
        ({"injection_location": {"header": True}}, {"header": True, "body": False}),
        ({"injection_location": {"body": True}}, {"header": False, "body": True}),
        ({"injection_location": {"header": True, "body": True}}, {"header": True, "body": True}),
    ],
)
def test_a_location_that_is_not_named_is_off_and_without_any_both_are_on(
    raw: Raw, credentials: str, sent: Body, stored: Body
) -> None:
    assert shown(raw.made(credentials, variable(**sent)))["injection_location"] == stored


@covers("A053", "A054", "A058", "A059", "A060")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (variable(injection_location={}), "auth.injection_location"),
        (variable(injection_location={"header": False, "body": False}), "auth.injection_location"),
        (variable(injection_location=None), "auth.injection_location"),
        (variable(injection_location={"header": None}), "auth.injection_location.header"),
        (variable(injection_location={"header": "true"}), "auth.injection_location.header"),
        (variable(injection_location={"header": 1}), "auth.injection_location.header"),
        (variable(injection_location={"query": True}), "auth.injection_location.query"),
        (variable(networking=None), "auth.networking"),
        ({"auth": {"type": "environment_variable", "secret_name": "A", "secret_value": SENTINEL}}, "auth.networking"),
        (variable(networking={"type": "open"}), "auth.networking"),
        (variable(networking={"type": "limited"}), "auth.networking.allowed_hosts"),
        (variable(networking={"type": "unrestricted", "allowed_hosts": []}), "auth.networking.allowed_hosts"),
        (variable("1BAD"), "auth.secret_name"),
        (variable("PATH"), "auth.secret_name"),
        (variable("LD_PRELOAD"), "auth.secret_name"),
        (variable("A-B"), "auth.secret_name"),
        (variable(""), "auth.secret_name"),
        (variable("A\n"), "auth.secret_name"),
        (variable("A" * 256), "auth.secret_name"),
        (variable(secret_value=""), "auth.secret_value"),
        (variable(secret_value=f"{SENTINEL}\r\nX: y"), "auth.secret_value"),
        (variable(secret_value=1), "auth.secret_value"),
        (variable(placeholder="x"), "auth.placeholder"),
        ({"auth": {"type": SENTINEL}}, "auth"),
        ({"auth": {}}, "auth"),
        ({"auth": SENTINEL}, "auth"),
    ],
)
def test_a_variable_that_breaks_a_rule_is_refused(raw: Raw, credentials: str, body: Body, field: str) -> None:
    assert raw.refused("POST", credentials, body)["message"].startswith(f"{field}: ")
    assert raw.get(credentials).json()["data"] == []


@covers("A055", "A057")
def test_hosts_are_kept_in_normal_form_once_each_and_up_to_sixteen(raw: Raw, credentials: str) -> None:
    sixteen = [f"h{n}.example.com" for n in range(16)]
    assert shown(raw.made(credentials, variable("A", networking=limited(*sixteen))))["networking"] == limited(*sixteen)
    one_more = raw.refused("POST", credentials, variable("B", networking=limited(*sixteen, "x.example.com")))
    assert one_more["message"] == "auth.networking.allowed_hosts: must have at most 16 entries"
    spelt = limited("API.Example.com.", "*.Example.COM", "192.0.2.1", "api.example.com")
    stored = limited("api.example.com", "*.example.com", "192.0.2.1")
    assert shown(raw.made(credentials, variable("C", networking=spelt)))["networking"] == stored
    assert shown(raw.made(credentials, variable("D", networking=limited())))["networking"] == limited()


@covers("A056")
@pytest.mark.parametrize(
    "host",
    [
        "https://a.com",
        "a.com:443",
        "a.com/x",
        "[::1]",
        "2001:db8::1",
        "*",
        "*.*.a.com",
        "a.*.com",
        "*a.com",
        "*.192.0.2.1",
        "127.1",
        "010.0.0.1",
        "3232235777",
        "",
        "a b.com",
        "user@a.com",
        "bücher.example",
        "a..com",
        "x" * 64 + ".com",
        f"{SENTINEL}/",
        None,
        1,
    ],
)
def test_what_is_no_host_is_refused_and_named_by_its_place(raw: Raw, credentials: str, host: object) -> None:
    error = raw.refused("POST", credentials, variable(networking=limited("ok.example.com", host)))
    assert error["message"].startswith("auth.networking.allowed_hosts.1: ")


@covers("A059")
def test_a_value_with_line_breaks_may_go_into_bodies_alone(raw: Raw, credentials: str) -> None:
    value = f"{SENTINEL}\r\nsecond line"
    raw.refused("POST", credentials, variable(secret_value=value, injection_location={"header": True, "body": True}))
    raw.made(credentials, variable(secret_value=value, injection_location={"body": True}))


@covers("A061", "A062", "A063", "A064", "A065", "A066")
def test_a_key_is_taken_once_per_vault_and_key_space(raw: Raw, credentials: str) -> None:
    url = "https://mcp.example.com/mcp"
    raw.made(credentials, bearer(url))
    for same in (url, f"{url}/", "https://MCP.Example.com:443/mcp", "HTTPS://mcp.example.com/mcp"):
        for body in (bearer(same), oauth(same)):
            error = raw.refused("POST", credentials, body, status=409)
            assert error["message"] == "A credential already exists for this MCP server URL."
    for other in (f"{url}/other", "https://mcp.example.com:8443/mcp", "https://sub.mcp.example.com/mcp"):
        assert shown(raw.made(credentials, bearer(other)))["mcp_server_url"] == other
    raw.made(credentials, variable("TOKEN"))
    raw.refused("POST", credentials, variable("TOKEN"), status=409)
    raw.made(credentials, variable("token"))
    elsewhere = f"/v1/vaults/{raw.made('/v1/vaults', {'display_name': 'w'})['id']}/credentials"
    raw.made(elsewhere, bearer(url))
    raw.made(elsewhere, variable("TOKEN"))


@covers("A067")
def test_archiving_frees_a_key(raw: Raw, credentials: str) -> None:
    for body in (bearer(), variable()):
        first = raw.made(credentials, body)["id"]
        raw.made(f"{credentials}/{first}/archive")
        second = raw.made(credentials, body)["id"]
        raw.made(f"{credentials}/{second}/archive")
        assert raw.made(f"{credentials}/{first}/archive")["id"] == first


@covers("A068")
def test_a_vault_holds_twenty_active_credentials_and_the_cap_comes_before_the_key(raw: Raw, credentials: str) -> None:
    made = [raw.made(credentials, variable(f"V{n}"))["id"] for n in range(20)]
    assert "20" in raw.refused("POST", credentials, variable("V20"))["message"]
    raw.refused("POST", credentials, variable("V0"))
    raw.made(f"{credentials}/{made[0]}/archive")
    raw.made(credentials, variable("V20"))


@covers("A069")
def test_a_create_calls_nobody(raw: Raw, credentials: str) -> None:
    url = "https://127.0.0.1:1/nothing-listens-here"
    raw.made(credentials, oauth(url, refresh=refresh(token_endpoint="https://127.0.0.1:1/token")))


@covers("A070")
def test_a_credential_is_found_under_its_own_vault_alone(raw: Raw, credentials: str) -> None:
    made = raw.made(credentials, variable())["id"]
    other = f"/v1/vaults/{raw.made('/v1/vaults', {'display_name': 'w'})['id']}/credentials/{made}"
    for method, path, body in (
        ("GET", other, None),
        ("POST", other, {}),
        ("POST", f"{other}/archive", None),
        ("DELETE", other, None),
    ):
        assert raw.refused(method, path, body, status=404)["message"] == f"credential {made} not found"
    assert raw.get(f"{credentials}/{made}").json()["archived_at"] is None


@covers("A071")
def test_archived_credentials_are_listed_on_demand_newest_first(raw: Raw, credentials: str) -> None:
    made = [raw.made(credentials, variable(name))["id"] for name in ("A", "B", "C")]
    raw.made(f"{credentials}/{made[1]}/archive")

    def listed(query: str) -> list[str]:
        return [row["id"] for row in raw.get(f"{credentials}{query}").json()["data"]]

    assert listed("") == [made[2], made[0]]
    assert listed("?include_archived=false") == [made[2], made[0]]
    assert listed("?include_archived=true") == made[::-1]
    first = raw.get(f"{credentials}?include_archived=true&limit=2").json()
    rest = raw.get(f"{credentials}?include_archived=true&limit=2&page={first['next_page']}").json()
    assert [row["id"] for row in (*first["data"], *rest["data"])] == made[::-1]
    assert rest["next_page"] is None


@covers("A072")
@pytest.mark.parametrize("name", [None, ""])
def test_an_empty_name_is_no_name(raw: Raw, credentials: str, name: str | None) -> None:
    assert raw.made(credentials, variable() | {"display_name": name})["display_name"] is None
