"""Environment variables with what the vendor's shape cannot say."""

import pytest

from tests.dialects.native.api import VALUE, VENDOR, Api

pytestmark = pytest.mark.asyncio(loop_scope="module")

GITHUB = "ghp_" + "a1B2" * 9


async def test_a_credential_is_described_without_its_value(api: Api) -> None:
    vault = await api.vault("v")
    made = await api.variable(vault, "TOKEN", surfaces=["query", "header"], display_name="d", metadata={"a": "b"})
    assert (made["vault_id"], made["kind"], made["name"]) == (vault, "environment_variable", "TOKEN")
    assert (made["hosts"], made["surfaces"], made["placeholder"]) == (
        ["api.example.test"],
        ["header", "query"],
        "opaque",
    )
    assert (made["display_name"], made["metadata"]) == ("d", {"a": "b"})
    assert VALUE not in str(made)


async def test_the_vault_may_be_named(api: Api) -> None:
    vault = await api.vault("customer 4711")
    assert (await api.variable("customer%204711", "TOKEN"))["vault_id"] == vault


async def test_no_hosts_means_everywhere_only_when_it_is_said(api: Api) -> None:
    vault = await api.vault("v")
    assert (await api.variable(vault, "TOKEN", hosts=None))["hosts"] is None
    body = {"name": "OTHER", "value": VALUE}
    assert (await api.refused("POST", f"/vaults/{vault}/credentials", body, status=400))["field"] == "hosts"


async def test_an_imitating_placeholder_keeps_prefix_and_length(api: Api) -> None:
    vault = await api.vault("v")
    made = await api.variable(vault, "GH", value=GITHUB, placeholder="imitate")
    assert made["placeholder"] == "imitate"
    placeholder = (await api.made("/sessions", {"vaults": [vault]}))["egress"]["env"]["GH"]
    assert placeholder.startswith("ghp_")
    assert len(placeholder) == len(GITHUB)
    assert placeholder != GITHUB


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "PATH"}, "name"),
        ({"name": "1BAD"}, "name"),
        ({"value": ""}, "value"),
        ({"value": "x" * 4097}, "value"),
        ({"value": "line\r\nbreak"}, "value"),
        ({"hosts": ["good.test", "https://bad.test"]}, "hosts.1"),
        ({"hosts": ["a.test"] * 17}, "hosts"),
        ({"surfaces": []}, "surfaces"),
        ({"surfaces": ["cookie"]}, "surfaces.0"),
        ({"placeholder": "imitate"}, "placeholder"),
        ({"metadata": {"k": 1}}, "metadata.k"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_what_breaks_a_rule_is_named_and_its_value_is_not(api: Api, wrong: dict[str, object], field: str) -> None:
    vault = await api.vault("v")
    body = {"name": "TOKEN", "value": VALUE, "hosts": ["api.example.test"], **wrong}
    answer = await api.ask("POST", f"/vaults/{vault}/credentials", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field
    assert VALUE not in answer.text
    assert "break" not in answer.json()["error"]["message"]
    listed = await api.http.get(f"/v1/vaults/{vault}/credentials", headers={"x-api-key": api.key, **VENDOR})
    assert listed.json()["data"] == []


async def test_a_line_break_is_taken_where_no_header_can_get_it(api: Api) -> None:
    vault = await api.vault("v")
    assert (await api.variable(vault, "PEM", value="a\nb", surfaces=["body"]))["surfaces"] == ["body"]


async def test_a_name_that_is_taken_is_a_conflict(api: Api) -> None:
    vault = await api.vault("v")
    await api.variable(vault, "TOKEN")
    body = {"name": "TOKEN", "value": VALUE, "hosts": []}
    assert (await api.refused("POST", f"/vaults/{vault}/credentials", body, status=409))["code"] == "conflict"
