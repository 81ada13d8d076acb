"""Connecting a server: what is asked, what counts as an answer, and where the tokens land."""
# ruff: noqa: ASYNC240 - a test may wait for its disk

import asyncio
import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from strongroom.core.actions import Scope
from strongroom.core.authorization import MAX_PENDING, Flow, Standing
from strongroom.core.calls import Call, Reply
from strongroom.core.credentials import NewCredential
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails
from strongroom.core.credentials.static_bearer import StaticBearer, StaticBearerDetails
from strongroom.core.failures import Conflict, Invalid, NotFound, NotPermitted, TooMany, Unreachable, Unreadable
from strongroom.core.ids import AuthorizationId, CredentialId, OrganizationId, VaultId, WorkspaceId
from strongroom.core.overriding import override
from strongroom.core.pkce import ProofKey
from strongroom.core.secret import Secret
from strongroom.core.vaults import MAX_CREDENTIALS
from strongroom.services.registering import Given
from strongroom.testing.entropy import CountingEntropy
from tests.core.oauth_documents import ISSUER, SERVER, issuer_fields
from tests.services.lookalike import (
    CALLBACK,
    DOCUMENT,
    OAUTH,
    REDIRECT,
    TOKENS,
    Stage,
    Web,
    answer,
    comes_back,
    form,
    staged,
    state_of,
    unreachable,
)
from tests.services.rooms import Rooms, variable

TOKEN = f"{ISSUER}/token"


@pytest.fixture
async def stage(rooms: Rooms) -> Stage:
    return await staged(rooms)


async def details(stage: Stage, credential: CredentialId | None) -> McpOAuthDetails:
    assert credential is not None
    found = await stage.rooms.credentials.get(stage.rooms.admin, stage.vault, credential)
    assert isinstance(found.details, McpOAuthDetails)
    return found.details


async def count(stage: Stage) -> int:
    return len(await stage.rooms.store.credentials.active_in(stage.rooms.admin.workspace, [stage.vault]))


async def test_consent_puts_tokens_with_what_renews_them_into_the_vault(stage: Stage) -> None:
    begun = await stage.begins(display_name="mine")
    ended = await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    assert ended.standing is Standing.CONNECTED
    stored = await details(stage, ended.credential)
    assert stored.mcp_server_url == SERVER
    assert stored.expires_at == stage.rooms.clock() + timedelta(hours=1)
    assert stored.lifetime == 3600
    assert stored.refresh is not None
    assert (stored.refresh.client_id, stored.refresh.token_endpoint) == ("the-client", TOKEN)
    assert (stored.refresh.token_endpoint_auth, stored.refresh.resource) == (ClientAuth.NONE, SERVER)
    assert await stage.connecting.status(stage.rooms.admin, ended.id) == ended


async def test_the_code_is_redeemed_with_what_only_we_have(stage: Stage) -> None:
    begun = await stage.begins()
    await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    sent = form(stage.web.last(TOKEN))
    verifier = sent.pop("code_verifier")
    assert sent == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": REDIRECT,
        "resource": SERVER,
        "client_id": "the-client",
    }
    assert begun.url is not None
    assert verifier not in begun.url
    made = CountingEntropy()
    made_of = [ProofKey.of(made(32)) for _ in range(40)]
    assert any(proof.verifier == Secret(verifier) and proof.challenge in begun.url for proof in made_of)


async def test_an_answer_is_redeemed_once(stage: Stage) -> None:
    begun = await stage.begins()
    back = comes_back(begun)
    await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, back)
    with pytest.raises(Conflict, match="used already"):
        await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, back)
    assert stage.web.asked.count(f"POST {TOKEN}") == 1
    assert await count(stage) == 1


async def test_of_many_that_bring_the_same_answer_at_once_one_redeems_it(stage: Stage) -> None:
    begun = await stage.begins()
    tries = [stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun)) for _ in range(20)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in ended) == 19
    assert stage.web.asked.count(f"POST {TOKEN}") == 1


async def test_a_strangers_answer_ends_nothing(stage: Stage) -> None:
    begun = await stage.begins()
    for back in (comes_back(begun, state="another"), comes_back(begun, state=None), comes_back(begun, code=None)):
        with pytest.raises(Invalid):
            await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, back)
    ended = await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    assert ended.standing is Standing.CONNECTED


async def test_the_answer_of_one_authorization_is_none_of_another(stage: Stage) -> None:
    one, other = await stage.begins(), await stage.begins()
    with pytest.raises(Invalid, match="belongs to another authorization"):
        await stage.connecting.complete(stage.rooms.admin, one.authorization.id, comes_back(other))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"iss": "https://evil.test"}, "from another authorization server"),
        ({"iss": None}, "does not say which authorization server"),
        ({"code": None, "error": "access_denied"}, "you, or the server, said no"),
        ({"code": None, "error": "access_denied", "iss": "https://evil.test"}, "from another authorization server"),
    ],
)
async def test_an_answer_without_consent_is_the_end_and_no_code_is_sent_anywhere(
    stage: Stage, changed: dict[str, str | None], words: str
) -> None:
    begun = await stage.begins()
    ended = await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun, **changed))
    assert ended.standing is Standing.FAILED
    assert words in str(ended.problem)
    assert f"POST {TOKEN}" not in stage.web.asked
    assert await stage.connecting.status(stage.rooms.admin, ended.id) == ended
    assert await count(stage) == 0


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answer({"error": "invalid_grant", "error_description": "a-body-of-theirs"}, 400), "has expired, or was redee"),
        (answer({"error": "a-body-of-theirs"}, 400), "the token endpoint answered 400"),
        (answer({"token_type": "bearer"}), "answered 200 without a token that could be used"),
        (answer(TOKENS | {"token_type": "mac"}), "answered 200 without a token that could be used"),
        (answer({}, 503), "the token endpoint answered 503"),
        (unreachable, "as.test did not answer"),
    ],
)
async def test_no_tokens_is_the_end_in_our_own_words(stage: Stage, reply: object, words: str) -> None:
    stage.web.pages[TOKEN] = reply  # type: ignore[assignment]  # a page or what makes one
    begun = await stage.begins()
    ended = await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    assert ended.standing is Standing.FAILED
    assert words in str(ended.problem)
    assert str(ended.problem).startswith("redeeming the consent: ")
    assert "a-body-of-theirs" not in str(ended.problem)
    assert await count(stage) == 0


async def test_too_late_is_too_late(stage: Stage) -> None:
    begun = await stage.begins()
    stage.rooms.clock.advance(timedelta(minutes=10))
    with pytest.raises(Conflict, match="came too late"):
        await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    seen = await stage.connecting.status(stage.rooms.admin, begun.authorization.id)
    assert (seen.standing, seen.problem) == (Standing.FAILED, "nobody consented in time: begin again")


async def test_one_whose_process_died_has_failed_once_its_time_is_over(stage: Stage) -> None:
    begun = await stage.begins()
    assert await stage.rooms.store.authorizations.take(begun.authorization.id, now=stage.rooms.clock())
    seen = await stage.connecting.status(stage.rooms.admin, begun.authorization.id)
    assert seen.standing is Standing.TAKEN
    stage.rooms.clock.advance(timedelta(minutes=10))
    seen = await stage.connecting.status(stage.rooms.admin, begun.authorization.id)
    assert (seen.standing, seen.problem) == (
        Standing.FAILED,
        "it was interrupted while the tokens were fetched: begin again",
    )


async def test_connecting_again_repairs_the_credential_that_is_there(stage: Stage) -> None:
    rooms, url = stage.rooms, "HTTPS://MCP.test:443/mcp/"
    material = McpOAuth(access_token=Secret("old"), refresh_token=Secret("burnt"), client_secret=Secret("gone"))
    old = await rooms.credentials.create(
        rooms.admin,
        stage.vault,
        NewCredential(
            details=McpOAuthDetails(mcp_server_url=url), material=material, display_name="kept", metadata={"k": "v"}
        ),
    )
    begun = await stage.begins(display_name="not used")
    ended = await stage.connecting.complete(rooms.admin, begun.authorization.id, comes_back(begun))
    assert ended.credential == old.id
    found = await rooms.credentials.get(rooms.admin, stage.vault, old.id)
    assert (found.display_name, dict(found.metadata), found.revision) == ("kept", {"k": "v"}, 2)
    repaired = await details(stage, old.id)
    assert (repaired.mcp_server_url, repaired.refresh is not None) == (url, True)
    assert await count(stage) == 1


async def test_without_a_refresh_token_there_is_no_refresh_block(stage: Stage) -> None:
    stage.web.pages[TOKEN] = answer({"access_token": "only", "token_type": "bearer"})
    begun = await stage.begins()
    ended = await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    stored = await details(stage, ended.credential)
    assert (stored.expires_at, stored.refresh) == (None, None)


async def test_what_cannot_be_is_refused_before_anybody_is_asked(stage: Stage) -> None:
    for wrong, field in (
        ({"mcp_server_url": "http://mcp.test/mcp"}, "mcp_server_url"),
        ({"mcp_server_url": "https://u:p@mcp.test/mcp"}, "mcp_server_url"),
        ({"mcp_server_url": "https://mcp.test/" + "a" * 2048}, "mcp_server_url"),
        ({"redirect": None}, "redirect_uri"),
        ({"redirect": "https://evil.test/"}, "redirect_uri"),
        ({"scope": 'a"b'}, "scope"),
        ({"display_name": "x" * 256}, "display_name"),
        ({"client": Given(id="a\nb")}, "client_id"),
        ({"flow": Flow.DEVICE, "redirect": REDIRECT}, "redirect_uri"),
        ({"flow": Flow.SERVER, "redirect": REDIRECT}, "redirect_uri"),
    ):
        with pytest.raises(Invalid) as refused:
            await stage.begins(**wrong)
        assert refused.value.field == field
    assert stage.web.calls == []


async def test_a_vault_that_cannot_take_it_is_said_before_anybody_is_asked(stage: Stage) -> None:
    rooms = stage.rooms
    with pytest.raises(NotFound):
        await stage.begins(vault=VaultId("vlt_none"))
    token = NewCredential(
        details=StaticBearerDetails(mcp_server_url=SERVER), material=StaticBearer(token=Secret("t")), metadata={}
    )
    fixed = await rooms.credentials.create(rooms.admin, stage.vault, token)
    with pytest.raises(Conflict, match="holds a fixed token for this server"):
        await stage.begins()
    await rooms.credentials.archive(rooms.admin, stage.vault, fixed.id)
    for number in range(MAX_CREDENTIALS):
        await rooms.credentials.create(rooms.admin, stage.vault, variable(f"V{number}"))
    with pytest.raises(Invalid, match="already holds 20"):
        await stage.begins()
    await rooms.vaults.archive(rooms.admin, stage.vault)
    with pytest.raises(Invalid, match="is archived"):
        await stage.begins()
    assert stage.web.calls == []


async def test_a_vault_that_filled_up_meanwhile_is_a_failure_with_its_reason(stage: Stage) -> None:
    begun = await stage.begins()
    for number in range(MAX_CREDENTIALS):
        await stage.rooms.credentials.create(stage.rooms.admin, stage.vault, variable(f"V{number}"))
    ended = await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    assert ended.standing is Standing.FAILED
    assert "already holds 20" in str(ended.problem)


async def test_who_may_not_write_credentials_cannot_begin_or_finish(stage: Stage) -> None:
    begun = await stage.begins()
    reader = replace(stage.rooms.admin, scopes=frozenset({Scope.CREDENTIALS_READ}))
    with pytest.raises(NotPermitted):
        await stage.connecting.complete(reader, begun.authorization.id, comes_back(begun))
    stage = replace(stage, rooms=replace(stage.rooms, admin=reader))
    with pytest.raises(NotPermitted):
        await stage.begins()
    assert (await stage.connecting.status(reader, begun.authorization.id)).standing is Standing.PENDING


async def test_another_workspace_sees_nothing(stage: Stage) -> None:
    begun = await stage.begins()
    stranger = replace(stage.rooms.admin, workspace=WorkspaceId("wrkspc_x"), organization=OrganizationId("org_x"))
    for asked in (
        stage.connecting.status(stranger, begun.authorization.id),
        stage.connecting.complete(stranger, begun.authorization.id, comes_back(begun)),
        stage.connecting.poll(stranger, begun.authorization.id),
        stage.connecting.status(stage.rooms.admin, AuthorizationId("auth_none")),
    ):
        with pytest.raises(NotFound):
            await asked


async def test_our_own_server_takes_the_answer_with_the_state_as_the_only_proof(stage: Stage) -> None:
    begun = await stage.begins(Flow.SERVER)
    query = Secret(comes_back(begun, at=CALLBACK).reveal().partition("?")[2])
    for stranger in (comes_back(begun, state="another"), comes_back(await stage.begins())):
        with pytest.raises(Invalid, match="belongs to no authorization that is under way"):
            await stage.connecting.callback(stranger)
    ended = await stage.connecting.callback(query)
    assert ended.standing is Standing.CONNECTED
    assert form(stage.web.last(TOKEN))["redirect_uri"] == CALLBACK
    with pytest.raises(Conflict):
        await stage.connecting.callback(query)


async def test_an_answer_to_our_server_is_not_completed_by_hand(stage: Stage) -> None:
    begun = await stage.begins(Flow.SERVER)
    with pytest.raises(Invalid, match="a port of your machine"):
        await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))


async def test_a_revoked_key_takes_its_authorizations_along(stage: Stage) -> None:
    begun = await stage.begins(Flow.SERVER)
    (key,) = await stage.rooms.store.tenants.keys(stage.rooms.admin.workspace)
    await stage.rooms.store.tenants.revoke_key(key.workspace, key.id, stage.rooms.clock())
    ended = await stage.connecting.callback(comes_back(begun, at=CALLBACK))
    assert ended.standing is Standing.FAILED
    assert "is not valid any more" in str(ended.problem)
    assert f"POST {TOKEN}" not in stage.web.asked


async def test_without_a_public_url_answers_cannot_come_to_our_server(rooms: Rooms) -> None:
    stage = await staged(rooms, callback=None)
    with pytest.raises(Invalid, match="STRONGROOM_PUBLIC_URL"):
        await stage.begins(Flow.SERVER)


async def test_who_we_are_is_given_or_a_document_or_registered_in_this_order(rooms: Rooms) -> None:
    def client_in(begun_url: str | None) -> str:
        assert begun_url is not None
        return begun_url.partition("client_id=")[2].partition("&")[0]

    documents = answer(issuer_fields(client_id_metadata_document_supported=True))
    stage = await staged(rooms, document=DOCUMENT)
    assert client_in((await stage.begins()).url) == "the-client", "a server that does not say so reads no documents"
    stage.web.pages[OAUTH] = documents
    assert "oauth-client" in client_in((await stage.begins()).url)
    assert client_in((await stage.begins(client=Given(id="by-hand"))).url) == "by-hand"
    assert stage.web.asked.count(f"POST {ISSUER}/reg") == 1


async def test_a_server_that_registers_nobody_asks_for_a_client_made_by_hand(stage: Stage) -> None:
    stage.web.pages[OAUTH] = answer(issuer_fields(registration_endpoint=None))
    with pytest.raises(Exception, match="registers nobody by itself: register a client there by hand"):
        await stage.begins()
    begun = await stage.begins(client=Given(id="by-hand", secret=Secret("its-secret")))
    ended = await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    assert stage.web.last(TOKEN).headers["authorization"].startswith("Basic ")
    stored = await details(stage, ended.credential)
    assert stored.refresh is not None
    assert stored.refresh.token_endpoint_auth is ClientAuth.BASIC


async def test_a_registration_that_does_not_come_about_leaves_nothing(stage: Stage) -> None:
    stage.web.pages[f"{ISSUER}/reg"] = unreachable
    with pytest.raises(Unreachable, match=r"^registering a client: as\.test did not answer"):
        await stage.begins()
    actions = [entry.record.action for entry in await stage.rooms.entries()]
    assert actions[-1] == "authorization.begin"


async def test_a_workspace_has_so_many_under_way_and_no_more(stage: Stage) -> None:
    for _ in range(MAX_PENDING):
        await stage.begins()
    with pytest.raises(TooMany):
        await stage.begins()
    stage.rooms.clock.advance(timedelta(minutes=10))
    await stage.begins()


async def test_every_step_is_recorded_and_nothing_secret_with_it(stage: Stage) -> None:
    begun = await stage.begins()
    await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    records = [entry.record for entry in await stage.rooms.entries()][-3:]
    assert [record.action for record in records] == [
        "authorization.begin",
        "authorization.complete",
        "credential.create",
    ]
    assert records[0].facts == {"vault": stage.vault, "server": "https://mcp.test", "flow": "loopback"}
    written = repr(records)
    assert not any(secret in written for secret in ("the-code", "access-1", "refresh-1", state_of(begun)))


async def test_servers_that_take_their_time_do_not_hold_the_caller(rooms: Rooms) -> None:
    class Stuck(Web):
        @override
        async def send(self, call: Call, *, within: float | None = None) -> Reply:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # nothing ever

    stage = await staged(rooms, Stuck(), patience=0.05)
    with pytest.raises(Unreachable, match=r"issues tokens for https://mcp\.test took longer than 0\.05 seconds"):
        await stage.begins()
    assert await rooms.store.authorizations.by_state(b"") is None


async def test_nothing_that_is_written_holds_a_secret_in_the_clear(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ["the-code", "access-1", "refresh-1", "the-device-code", "its-secret"]
    begun = await stage.begins(client=Given(id="by-hand", secret=Secret("its-secret")))
    secrets += [state_of(begun)]
    await stage.begins(Flow.DEVICE)
    await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    secrets += [form(stage.web.last(TOKEN))["code_verifier"]]
    stage.web.pages[TOKEN] = answer({"error": "the-code", "error_description": "refresh-1"}, 400)
    other = await stage.begins()
    await stage.connecting.complete(stage.rooms.admin, other.authorization.id, comes_back(other))
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"https://mcp.test/mcp" in written
    assert [secret for secret in secrets if secret.encode() in written] == []
    assert [secret for secret in secrets if secret in caplog.text] == []


@pytest.mark.parametrize("column", ["vault_id", "mcp_server_url", "opened_by"])
async def test_a_row_that_somebody_edits_opens_no_more(stage: Stage, tmp_path: Path, column: str) -> None:
    begun = await stage.begins()
    with closing(sqlite3.connect(tmp_path / "test.db")) as database, database:
        database.execute(f"UPDATE authorizations SET {column} = 'https://evil.test/'")  # noqa: S608 - names of ours
    with pytest.raises(Unreadable):
        await stage.connecting.complete(stage.rooms.admin, begun.authorization.id, comes_back(begun))
    assert f"POST {TOKEN}" not in stage.web.asked
