"""The audit log through the API: everything that is needed to verify it elsewhere."""

import pytest

from strongroom.cli.entries import check, read_head
from tests.dialects.native.api import Api

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_chain_read_page_by_page_verifies_on_the_readers_side(api: Api) -> None:
    for name in "abcdef":
        await api.vault(name)
    (chain,) = (await api.got("/audit/chains"))["data"]
    organization, head = read_head(chain)
    entries: list[object] = []
    after = 0
    while len(entries) < head.entries:
        page = await api.got(f"/audit?after={after}&limit={min(3, head.entries - len(entries))}")
        entries += page["data"]
        after = page["next_after"]
    verdict = check(organization, head, entries)
    assert (verdict.entries, verdict.first_bad) == (head.entries, None)


async def test_the_newest_entries_come_oldest_first(api: Api) -> None:
    await api.vault("a")
    entries = (await api.got("/audit?newest=true&limit=2"))["data"]
    assert [entry["action"] for entry in entries] == ["vault.create", "audit.read"]
    assert entries[0]["sequence"] + 1 == entries[1]["sequence"]


async def test_a_refusal_is_on_record(api: Api) -> None:
    weak = api.as_key((await api.made("/keys", {"scopes": ["audit:read"]}))["key"])
    await weak.refused("GET", "/keys", status=403)
    refused, _ = (await weak.got("/audit?newest=true&limit=2"))["data"]
    assert (refused["action"], refused["outcome"], refused["reason"]) == ("key.list", "denied", "scope")


async def test_a_tenant_reads_its_own_chain_and_the_operator_reads_all(api: Api, operator: Api) -> None:
    tenants, operators = [(await key.got("/me"))["organization_id"] for key in (api, operator)]
    assert [chain["organization_id"] for chain in (await api.got("/audit/chains"))["data"]] == [tenants]
    assert (await api.refused("GET", f"/audit?organization_id={operators}", status=403))["code"] == "not_permitted"
    assert {tenants, operators} <= {chain["organization_id"] for chain in (await operator.got("/audit/chains"))["data"]}
    theirs = (await operator.got(f"/audit?organization_id={tenants}"))["data"]
    assert {entry["organization_id"] for entry in theirs} == {tenants}


async def test_limits_are_kept(api: Api) -> None:
    for query, field in (("limit=0", "limit"), ("limit=1001", "limit"), ("after=-1", "after"), ("after=x", "after")):
        assert (await api.refused("GET", f"/audit?{query}", status=400))["field"] == field
