"""Logins, cards and secrets on this wire, and the vaults with what they are for."""

import re
from typing import Any

import pytest

from strongroom.core.actions import ALL_SCOPES
from strongroom.core.grants import Principal
from strongroom.core.ids import OrganizationId, PrincipalId, WorkspaceId
from strongroom.core.vaults import Purpose, Vault
from strongroom.wiring import House
from tests.dialects.native.api import VENDOR, Api

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
LOGIN = {
    "type": "password",
    "username": "me@example.com",
    "password": "planted-password",
    "totp": KEY,
    "totp_type": "authenticator",
    "metadata": {"Security Answer": "planted-answer"},
}
CARD = {
    "type": "credit_card",
    "card_holder_name": "Planted Name",
    "card_number": "4111111111111111",
    "card_exp_month": "12",
    "card_exp_year": "2030",
    "card_cvv": "987",
    "card_brand": "visa",
    "billing_address": {"city": "Plantedtown"},
}
SECRET = {"type": "secret", "secret_value": "planted-value", "secret_label": "door"}
PLANTED = ("planted", KEY, "4111111111111111", "987", "Planted")


async def made(api: Api, credential: dict[str, Any], **more: object) -> tuple[str, dict[str, Any]]:
    vault = await api.vault("v")
    body = {"credential": credential, "display_name": "n", **more}
    return vault, await api.made(f"/vaults/{vault}/logins", body)


async def home_of(api: Api, house: House) -> Vault:
    me = await api.got("/me")
    principal = Principal(
        id=PrincipalId(me["id"]),
        organization=OrganizationId(me["organization_id"]),
        workspace=WorkspaceId(me["workspace_id"]),
        scopes=ALL_SCOPES,
    )
    return await house.services.vaults.home(principal, Purpose.LOGINS, name="logins")


@pytest.mark.parametrize(
    ("credential", "described"),
    [
        (
            LOGIN,
            {
                "kind": "password",
                "username": "me@example.com",
                "totp_type": "authenticator",
                "totp_identifier": None,
                "has_totp": True,
                "fields": ["username", "password", "totp", "metadata_security_answer"],
                "surfaces": ["header", "body"],
                "last_four": None,
            },
        ),
        (
            CARD,
            {
                "kind": "credit_card",
                "last_four": "1111",
                "brand": "visa",
                "surfaces": ["body"],
                "username": None,
                "has_totp": None,
            },
        ),
        (SECRET, {"kind": "secret", "label": "door", "fields": ["secret_value"], "surfaces": ["header", "body"]}),
    ],
)
async def test_each_kind_is_described_and_never_shown(
    api: Api, credential: dict[str, Any], described: dict[str, Any]
) -> None:
    vault, login = await made(api, credential, site="https://Bank.example/login")
    assert described.items() <= login.items()
    assert (login["site"], login["hosts"], login["custodian"]) == (
        "https://bank.example",
        ["bank.example"],
        "strongroom",
    )
    assert re.fullmatch("cred_[0-9]{39}", login["id"])
    assert await api.got(f"/vaults/{vault}/logins/{login['id']}") == login
    listed = await api.got(f"/vaults/{vault}/logins")
    assert (listed["data"], listed["next_page"]) == ([login], None)
    random = re.compile("[0-9]{39}|[0-9-]+T[0-9:.]+Z")  # an id, a moment: either may hold three digits by chance
    shown = random.sub("", str(listed)).replace("Security Answer", "")
    assert not any(value in shown for value in PLANTED)


async def test_without_a_site_and_hosts_it_goes_nowhere_and_with_hosts_there(api: Api) -> None:
    _, nowhere = await made(api, SECRET)
    assert (nowhere["site"], nowhere["hosts"]) == (None, [])
    _, there = await made(api, SECRET, hosts=["*.bank.example"], surfaces=["body"])
    assert (there["site"], there["hosts"], there["surfaces"]) == (None, ["*.bank.example"], ["body"])


async def test_fields_are_replaced_and_what_is_not_named_stays(api: Api) -> None:
    vault, login = await made(api, LOGIN, site="https://bank.example")
    one = f"/vaults/{vault}/logins/{login['id']}"
    changed = await api.made(one, {"credential": {"password": "planted-other", "totp_identifier": "+49"}})
    assert changed == login | {"totp_identifier": "+49", "updated_at": changed["updated_at"]}
    changed = await api.made(one, {"credential": {"totp": None, "totp_type": "none", "metadata": None}})
    assert (changed["has_totp"], changed["fields"]) == (False, ["username", "password"])
    changed = await api.made(one, {"hosts": ["other.example"], "display_name": "renamed"})
    assert (changed["site"], changed["hosts"], changed["display_name"]) == (None, ["other.example"], "renamed")
    assert (await api.made(one, {}))["updated_at"] == changed["updated_at"]


async def test_they_are_archived_and_deleted_and_pages_follow_each_other(api: Api) -> None:
    vault, first = await made(api, SECRET)
    one = f"/vaults/{vault}/logins/{first['id']}"
    assert (await api.made(f"{one}/archive"))["archived_at"] is not None
    second = await api.made(f"/vaults/{vault}/logins", {"credential": SECRET, "display_name": "n"})
    page = await api.got(f"/vaults/{vault}/logins?limit=1&include_archived=true")
    assert [row["id"] for row in page["data"]] == [second["id"]]
    page = await api.got(f"/vaults/{vault}/logins?limit=1&include_archived=true&page={page['next_page']}")
    assert ([row["id"] for row in page["data"]], page["next_page"]) == ([first["id"]], None)
    assert (await api.ask("DELETE", one)).json() == {"id": first["id"], "type": "credential_deleted"}
    assert (await api.refused("GET", one, status=404))["code"] == "not_found"


WITHOUT_PASSWORD = {name: value for name, value in LOGIN.items() if name != "password"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"credential": WITHOUT_PASSWORD}, "credential.password"),
        ({"credential": LOGIN | {"totp": "planted!"}}, "credential.totp"),
        ({"credential": LOGIN | {"totp": None}}, "credential.totp"),
        ({"credential": LOGIN | {"username": 7}}, "credential.username"),
        ({"credential": LOGIN | {"type": "planted"}}, "credential.type"),
        ({"credential": "planted"}, "credential"),
        ({"site": "https://planted@bank.example"}, "site"),
        ({"site": "https://bank.example", "hosts": ["bank.example"]}, "hosts"),
        ({"hosts": ["https://planted"]}, "hosts.0"),
        ({"surfaces": []}, "surfaces"),
        ({"display_name": ""}, "display_name"),
        ({"unknown": "planted"}, "unknown"),
    ],
)
async def test_what_breaks_a_rule_is_named_and_its_value_is_not(api: Api, body: dict[str, Any], field: str) -> None:
    vault = await api.vault("v")
    asked = {"credential": LOGIN, "display_name": "n"} | body
    answer = await api.ask("POST", f"/vaults/{vault}/logins", asked)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert "planted" not in answer.text
    assert (await api.got(f"/vaults/{vault}/logins"))["data"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"totp": "planted!"}, "credential.totp"),
        ({"password": None}, "credential.password"),
        ({"card_number": "planted"}, "credential.card_number"),
        ({"type": "secret", "secret_value": "planted"}, "credential.type"),
    ],
)
async def test_a_change_that_breaks_a_rule_changes_nothing(api: Api, change: dict[str, Any], field: str) -> None:
    vault, login = await made(api, LOGIN)
    one = f"/vaults/{vault}/logins/{login['id']}"
    answer = await api.ask("POST", one, {"credential": change})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert "planted" not in answer.text
    assert await api.got(one) == login


async def test_the_vendors_dialect_knows_nothing_of_them(api: Api) -> None:
    vault, login = await made(api, LOGIN)
    headers = {"x-api-key": api.key, **VENDOR}
    where = f"/v1/vaults/{vault}/credentials"
    assert (await api.http.get(where, headers=headers)).json()["data"] == []
    assert (await api.http.get(f"{where}/{login['id']}", headers=headers)).status_code == 404
    other = await api.variable(vault, "TOKEN")
    assert (await api.refused("GET", f"/vaults/{vault}/logins/{other['id']}", status=404))["code"] == "not_found"


async def test_vaults_are_shown_with_what_they_are_for_and_the_vendor_sees_the_general_ones(
    api: Api, house: House
) -> None:
    vault, login = await made(api, LOGIN)
    home = await home_of(api, house)
    general = await api.got(f"/vaults/{vault}")
    assert (general["purpose"], general["display_name"]) == ("general", "v")
    assert login["vault_id"] == vault
    logins = await api.got("/vaults/logins")
    assert (logins["id"], logins["purpose"]) == (home.id, "logins")
    assert (await api.got("/vaults"))["data"] == [logins, general]
    first = await api.got("/vaults?limit=1")
    assert first["data"] == [logins]
    assert (await api.got(f"/vaults?limit=1&page={first['next_page']}"))["data"] == [general]
    vendors = (await api.http.get("/v1/vaults", headers={"x-api-key": api.key, **VENDOR})).json()
    assert [row["id"] for row in vendors["data"]] == [vault]


async def test_the_vault_that_is_meant_when_none_is_named_is_never_a_home(api: Api, house: House) -> None:
    vault = await api.vault("the only one")
    home = await home_of(api, house)
    assert (await api.made("/sessions", {}))["vault_ids"] == [vault]
    assert (await api.made("/sessions", {"vaults": ["logins"]}))["vault_ids"] == [home.id]
