"""Credentials and their receipts."""

import asyncio
from dataclasses import replace

import pytest

from strongroom.core.credentials import KINDS, Details
from strongroom.core.credentials.credit_card import CreditCardDetails
from strongroom.core.credentials.environment_variable import EnvironmentVariableDetails
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuthDetails, Refresh
from strongroom.core.credentials.password import PasswordDetails, TotpType
from strongroom.core.credentials.secret import SecretValueDetails
from strongroom.core.credentials.static_bearer import StaticBearerDetails
from strongroom.core.failures import Conflict, Invalid, NotFound, Unreadable
from strongroom.core.hosts import HostSet
from strongroom.core.ids import CredentialId, VaultId
from strongroom.core.networking import Limited, Site
from strongroom.core.pages import PageQuery
from strongroom.core.placeholders import Shape
from strongroom.core.surfaces import Surface
from strongroom.core.vaults import MAX_CREDENTIALS, MAX_HELD, Purpose
from strongroom.services.ports import Custody, Store
from tests.store.backends import Backend
from tests.store.things import Home, at, ids, receipt

TOKEN = EnvironmentVariableDetails(secret_name="TOKEN")
SERVER = StaticBearerDetails(mcp_server_url="https://mcp.example.com/sse")


@pytest.mark.parametrize(
    "details",
    [
        TOKEN,
        SERVER,
        McpOAuthDetails(mcp_server_url="https://mcp.example.com/", expires_at=None, refresh=None),
        McpOAuthDetails(
            mcp_server_url="https://mcp.example.com/",
            expires_at=at(60),
            refresh=Refresh(
                client_id="client",
                token_endpoint="https://login.example.com/token",
                token_endpoint_auth=ClientAuth.BASIC,
                scope="a b",
            ),
        ),
        PasswordDetails(
            username="ünï@example.com",
            totp_type=TotpType.AUTHENTICATOR,
            totp_identifier="+49",
            has_totp=True,
            fields=("username", "password", "totp"),
        ),
        CreditCardDetails(last_four="1111", brand="visa", fields=("card_number",)),
        SecretValueDetails(label="l"),
    ],
    ids=lambda details: str(details.tag),
)
async def test_each_kind_comes_back_as_it_was(store: Store, home: Home, details: Details) -> None:
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id, details=details, display_name="Ünïcode ✓")
    assert await store.credentials.get(home.workspace, vault.id, credential.id) == credential


@pytest.mark.parametrize("hosts", [(), ("api.example.com", "*.example.org", "192.0.2.1")])
async def test_its_reach_and_its_shape_come_back_as_they_were(store: Store, home: Home, hosts: tuple[str, ...]) -> None:
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(
        store,
        vault.id,
        networking=Limited(HostSet.parse(hosts)),
        surfaces=frozenset({Surface.QUERY}),
        placeholder=Shape(prefix="ghp_", digits=36),
        metadata={"a": "b"},
    )
    assert await store.credentials.get(home.workspace, vault.id, credential.id) == credential


async def test_its_site_and_its_custodian_come_back_as_they_were(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    site = Site.parse("https://bank.example:8443/login")
    credential = await home.stored_credential(store, vault.id, networking=site, custodian="bitwarden")
    assert await store.credentials.get(home.workspace, vault.id, credential.id) == credential
    archived = await store.credentials.archive(home.workspace, vault.id, credential.id, at(1))
    assert archived.custodian == "bitwarden"


async def test_a_row_that_was_changed_by_hand_is_unreadable_rather_than_guessed_at(
    store: Store, home: Home, backend: Backend
) -> None:
    vault = await home.stored_vault(store)
    for column, value in (
        ("networking", '{"type":"anything"}'),
        ("networking", "{"),
        ("kind", "unknown"),
        ("surfaces", '["everywhere"]'),
        ("networking", '{"type":"limited","hosts":["*"]}'),
        ("networking", '{"type":"site","origin":"bank.example"}'),
    ):
        credential = await home.stored_credential(store, vault.id)
        backend.tamper(f"UPDATE credentials SET {column} = ? WHERE id = ?", value, credential.id)  # noqa: S608 - as above
        with pytest.raises(Unreadable):
            await store.credentials.get(home.workspace, vault.id, credential.id)


async def test_the_receipt_is_kept_beside_the_description(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    credential = home.credential(vault.id)
    await store.credentials.add(credential, Custody("envelope", b"\x00\xff", 1))
    assert await store.credentials.custody(credential.id) == Custody("envelope", b"\x00\xff", 1)
    assert await store.credentials.custody(CredentialId("vcrd_x")) is None


# --- adding: what is checked, in which order ------------------------------------------------------


async def test_an_unknown_vault_takes_nothing(store: Store, home: Home, elsewhere: Home) -> None:
    vault = await home.stored_vault(store)
    with pytest.raises(NotFound, match="vault vlt_x"):
        await home.stored_credential(store, VaultId("vlt_x"))
    with pytest.raises(NotFound, match=f"vault {vault.id}"):
        await elsewhere.stored_credential(store, vault.id)


async def test_an_archived_vault_takes_nothing(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    await store.vaults.archive(home.workspace, vault.id, at())
    with pytest.raises(Invalid, match="archived"):
        await home.stored_credential(store, vault.id)


async def test_a_full_vault_takes_nothing_and_says_so_before_it_looks_at_the_key(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    held = [await home.stored_credential(store, vault.id) for _ in range(MAX_CREDENTIALS)]
    with pytest.raises(Invalid, match="20 active credentials"):
        await home.stored_credential(store, vault.id, details=held[0].details)
    await store.credentials.archive(home.workspace, vault.id, held[0].id, at())
    await home.stored_credential(store, vault.id, details=held[0].details)


async def test_kinds_that_the_vendor_does_not_count_fill_no_vault(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    for _ in range(MAX_CREDENTIALS):
        await home.stored_credential(store, vault.id)
    for _ in range(2):
        await home.stored_credential(store, vault.id, details=SecretValueDetails())
    with pytest.raises(Invalid, match="20 active credentials"):
        await home.stored_credential(store, vault.id)
    other = await home.stored_vault(store)
    for _ in range(MAX_CREDENTIALS):
        await home.stored_credential(store, other.id, details=SecretValueDetails())
    await home.stored_credential(store, other.id)


async def test_a_vault_that_is_not_general_holds_more_but_not_without_end(
    store: Store, home: Home, backend: Backend
) -> None:
    vault = await store.vaults.settle(home.vault(purpose=Purpose.LOGINS, home="logins"))
    for _ in range(MAX_CREDENTIALS):
        await home.stored_credential(store, vault.id)
    first = await home.stored_credential(store, vault.id)
    columns = "organization_id, workspace_id, vault_id, kind, details, metadata, networking, surfaces, placeholder, "
    columns += "revision, created_at, updated_at, kept_with"
    backend.tamper(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "  # noqa: S608 - of this file
        f"INSERT INTO credentials (id, unique_key, {columns}) SELECT 'x' || i, 'x' || i, {columns} "
        "FROM n, credentials WHERE id = ?",
        MAX_HELD - MAX_CREDENTIALS - 1,
        first.id,
    )
    with pytest.raises(Invalid, match="10000 active credentials, which is as many as fit"):
        await home.stored_credential(store, vault.id, details=SecretValueDetails())
    await store.credentials.archive(home.workspace, vault.id, first.id, at())
    await home.stored_credential(store, vault.id, details=SecretValueDetails())


async def test_of_kinds_that_share_nothing_any_number_may_look_the_same(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    details = PasswordDetails(username="same")
    held = [await home.stored_credential(store, vault.id, details=details) for _ in range(3)]
    page = await store.credentials.page(home.workspace, vault.id, PageQuery(limit=9), kinds=KINDS)
    assert ids(page.rows) == ids(held[::-1])


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        (TOKEN, "A credential already exists for this secret name."),
        (SERVER, "A credential already exists for this MCP server URL."),
        (
            McpOAuthDetails(mcp_server_url=SERVER.mcp_server_url),
            "A credential already exists for this MCP server URL.",
        ),
    ],
)
async def test_a_key_that_is_taken_is_a_conflict(store: Store, home: Home, details: Details, sentence: str) -> None:
    vault, other = await home.stored_vault(store), await home.stored_vault(store)
    for held in (TOKEN, SERVER):
        await home.stored_credential(store, vault.id, details=held)
    with pytest.raises(Conflict) as caught:
        await home.stored_credential(store, vault.id, details=details)
    assert str(caught.value) == sentence
    await home.stored_credential(store, other.id, details=details)


async def test_archiving_frees_the_key(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    first = await home.stored_credential(store, vault.id, details=TOKEN)
    await store.credentials.archive(home.workspace, vault.id, first.id, at())
    second = await home.stored_credential(store, vault.id, details=TOKEN)
    assert await store.credentials.get(home.workspace, vault.id, second.id) == second


async def test_of_many_adds_of_one_key_one_wins(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    tried = [home.stored_credential(store, vault.id, details=TOKEN) for _ in range(8)]
    outcomes = await asyncio.gather(*tried, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 7
    page = await store.credentials.page(home.workspace, vault.id, PageQuery(limit=9), kinds=KINDS)
    assert list(page.rows) == [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


async def test_of_many_adds_at_once_no_more_than_the_cap_win(store: Store, home: Home, backend: Backend) -> None:
    vault = await home.stored_vault(store)
    async with backend.open(at) as second:
        tried = [home.stored_credential((store, second)[turn % 2], vault.id) for turn in range(MAX_CREDENTIALS + 5)]
        outcomes = await asyncio.gather(*tried, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(Invalid) == 5
    page = await store.credentials.page(home.workspace, vault.id, PageQuery(limit=99), kinds=KINDS)
    assert len(page.rows) == MAX_CREDENTIALS


# --- looking up -----------------------------------------------------------------------------------


async def test_what_is_missing_is_named(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    for asked in (
        store.credentials.get(home.workspace, VaultId("vlt_x"), CredentialId("vcrd_x")),
        store.credentials.page(home.workspace, VaultId("vlt_x"), PageQuery(limit=9), kinds=KINDS),
        store.credentials.archive(home.workspace, VaultId("vlt_x"), CredentialId("vcrd_x"), at()),
        store.credentials.delete(home.workspace, VaultId("vlt_x"), CredentialId("vcrd_x")),
    ):
        with pytest.raises(NotFound, match="vault vlt_x"):
            await asked
    for asked_credential in (
        store.credentials.get(home.workspace, vault.id, CredentialId("vcrd_x")),
        store.credentials.archive(home.workspace, vault.id, CredentialId("vcrd_x"), at()),
        store.credentials.delete(home.workspace, vault.id, CredentialId("vcrd_x")),
    ):
        with pytest.raises(NotFound, match="credential vcrd_x"):
            await asked_credential
    assert (await store.credentials.page(home.workspace, vault.id, PageQuery(limit=9), kinds=KINDS)).rows == ()


async def test_a_credential_is_found_in_its_own_vault_and_workspace_only(
    store: Store, home: Home, elsewhere: Home
) -> None:
    vault, other = await home.stored_vault(store), await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)
    for workspace, place in ((home.workspace, other.id), (elsewhere.workspace, vault.id)):
        for asked in (
            store.credentials.get(workspace, place, credential.id),
            store.credentials.archive(workspace, place, credential.id, at()),
            store.credentials.delete(workspace, place, credential.id),
        ):
            with pytest.raises(NotFound):
                await asked
        moved = replace(credential, workspace=workspace, vault=place, revision=2)
        assert not await store.credentials.replace(moved, None, expected=1)
    with pytest.raises(NotFound):
        await store.credentials.page(elsewhere.workspace, vault.id, PageQuery(limit=9), kinds=KINDS)
    assert await store.credentials.active_in(elsewhere.workspace, [vault.id]) == []
    assert await store.credentials.get(home.workspace, vault.id, credential.id) == credential


# --- changing -------------------------------------------------------------------------------------


async def test_a_change_keeps_or_replaces_the_receipt(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)
    described = replace(
        credential,
        display_name="new",
        metadata={"a": "b"},
        networking=Limited(HostSet.parse(["a.example"])),
        surfaces=frozenset({Surface.BODY}),
        placeholder=Shape(prefix="ghp_", digits=36),
        revision=2,
        updated_at=at(1),
    )
    assert await store.credentials.replace(described, None, expected=1)
    assert await store.credentials.get(home.workspace, vault.id, credential.id) == described
    assert await store.credentials.custody(credential.id) == receipt()
    rotated = replace(described, revision=3, updated_at=at(2))
    assert await store.credentials.replace(rotated, Custody("elsewhere", b"new", 3), expected=2)
    assert await store.credentials.custody(credential.id) == Custody("elsewhere", b"new", 3)


async def test_a_change_may_be_to_another_kind_and_another_custodian(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    login = await home.stored_credential(store, vault.id, details=PasswordDetails(username="u"))
    changed = replace(login, details=SecretValueDetails(label="l"), custodian="gcp", revision=2)
    assert await store.credentials.replace(changed, receipt("new"), expected=1)
    assert await store.credentials.get(home.workspace, vault.id, login.id) == changed
    page = await store.credentials.page(home.workspace, vault.id, PageQuery(limit=9), kinds=["secret"])
    assert ids(page.rows) == [login.id]


async def test_a_change_of_an_old_revision_is_not_written(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)
    changes = [replace(credential, display_name=name, revision=2) for name in "abc"]
    won = await asyncio.gather(
        *(store.credentials.replace(change, receipt(change.display_name or ""), expected=1) for change in changes)
    )
    assert sorted(won) == [False, False, True]
    winner = changes[won.index(True)]
    assert await store.credentials.get(home.workspace, vault.id, credential.id) == winner
    assert await store.credentials.custody(credential.id) == receipt(winner.display_name or "")


async def test_an_archived_credential_is_not_changed(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)
    archived = await store.credentials.archive(home.workspace, vault.id, credential.id, at(1))
    assert not await store.credentials.replace(
        replace(archived, archived_at=None, revision=3), receipt(), expected=archived.revision
    )
    assert await store.credentials.get(home.workspace, vault.id, credential.id) == archived
    assert await store.credentials.custody(credential.id) is None


async def test_a_change_onto_a_taken_key_is_a_conflict(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    await home.stored_credential(store, vault.id, details=TOKEN)
    credential = await home.stored_credential(store, vault.id)
    with pytest.raises(Conflict, match="secret name"):
        await store.credentials.replace(replace(credential, details=TOKEN, revision=2), None, expected=1)


async def test_archiving_destroys_the_receipt_once(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)
    archived = await store.credentials.archive(home.workspace, vault.id, credential.id, at(1))
    assert archived == replace(credential, archived_at=at(1), updated_at=at(1), revision=2)
    assert await store.credentials.get(home.workspace, vault.id, credential.id) == archived
    assert await store.credentials.custody(credential.id) is None
    assert await store.credentials.archive(home.workspace, vault.id, credential.id, at(9)) == archived


async def test_a_deleted_credential_is_gone(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)
    await store.credentials.delete(home.workspace, vault.id, credential.id)
    assert await store.credentials.custody(credential.id) is None
    with pytest.raises(NotFound):
        await store.credentials.delete(home.workspace, vault.id, credential.id)


# --- what a session can use -----------------------------------------------------------------------


async def test_active_credentials_of_active_vaults_come_with_their_receipts_oldest_first(
    store: Store, home: Home, backend: Backend
) -> None:
    vaults = [await home.stored_vault(store) for _ in range(4)]
    late = await home.stored_credential(store, vaults[0].id, created_at=at(2))
    early = await home.stored_credential(store, vaults[1].id, created_at=at(1))
    gone = await home.stored_credential(store, vaults[0].id)
    await store.credentials.archive(home.workspace, vaults[0].id, gone.id, at(3))
    await home.stored_credential(store, vaults[2].id)
    await store.vaults.archive(home.workspace, vaults[2].id, at(3))
    await home.stored_credential(store, vaults[3].id)
    asked = [vaults[0].id, vaults[1].id, vaults[2].id, VaultId("vlt_x")]
    found = await store.credentials.active_in(home.workspace, asked)
    assert found == [(early, receipt()), (late, receipt())]
    assert await store.credentials.active_in(home.workspace, []) == []
    backend.tamper("UPDATE vaults SET archived_at = 1 WHERE id = ?", vaults[0].id)
    assert await store.credentials.active_in(home.workspace, asked) == [(early, receipt())]
    assert ids([each for each, _ in found]) == [early.id, late.id]
