"""What is peculiar to one vault."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import trustme
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from strongroom.core.calls import Call, Reply
from strongroom.core.custodians import BitwardenAccount, CustomService
from strongroom.core.failures import BadReply, UpstreamFailure
from strongroom.core.secret import Secret
from strongroom.custody.aws import AwsAccount, AwsVault
from strongroom.custody.bitwarden import RENEWALS, BitwardenVault
from strongroom.custody.bitwarden_items import MARK, read_item, written_item
from strongroom.custody.custom import CustomVault
from strongroom.custody.elsewhere import ExternalVault
from strongroom.custody.openbao import OpenBaoVault
from tests.custody.outside import (
    BARE_SECRET,
    CARD,
    EACH,
    LOGIN,
    ORGANIZATION,
    item,
    kept,
    parcel,
    same,
    serving,
    tls,
)
from tests.custody.peers import azure as azure_peer
from tests.custody.peers import gcp as gcp_peer
from tests.custody.peers.azure import KeyVault
from tests.custody.peers.bitwarden import EMAIL
from tests.custody.peers.gcp import SecretManager
from tests.custody.stages import BITWARDENS, Servers, always, azure_vault, bitwarden, bitwarden_vault, gcp_vault

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Noting:
    """Notes a call and answers it as AWS would."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def send(self, call: Call, *, within: float | None = None) -> Reply:
        self.calls.append(call)
        return Reply(status=200, body=json.dumps({"Name": json.loads(call.body or b"{}").get("Name")}).encode())


@pytest.mark.parametrize("token", [None, "a session token"])
async def test_what_is_asked_of_aws_is_signed_as_its_own_client_signs(token: str | None) -> None:
    noting = Noting()
    account = AwsAccount(
        region="eu-central-1",
        access_key_id="AKIAEXAMPLE",
        secret_access_key=Secret("wJalrXUtnFEMI/K7MDENG"),
        session_token=None if token is None else Secret(token),
    )
    vault = AwsVault(control=noting, account=account, clock=lambda: NOW)
    await vault.keep(parcel())
    (call,) = noting.calls
    ours = dict(call.headers)
    sent = {name: value for name, value in ours.items() if name not in {"authorization", "x-amz-security-token"}}
    theirs = AWSRequest(method="POST", url=call.url.text, data=call.body, headers=sent)
    theirs.context["timestamp"] = ours["x-amz-date"]
    signer = SigV4Auth(Credentials("AKIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG", token), "secretsmanager", "eu-central-1")
    if token is not None:
        theirs.headers["x-amz-security-token"] = token
    theirs.headers["host"] = call.url.destination.authority
    canonical = signer.canonical_request(theirs)
    signature = signer.signature(signer.string_to_sign(theirs, canonical), theirs)
    assert ours["authorization"].endswith(f"Signature={signature}")
    assert call.url.text == "https://secretsmanager.eu-central-1.amazonaws.com/"


@pytest.mark.parametrize("name", ["custom", "bitwarden", "openbao"])
async def test_whatever_is_not_https_on_its_port_goes_to_listed_addresses_alone(name: str) -> None:
    noting, url = Noting(), "http://vault.example.com"
    vaults: dict[str, ExternalVault] = {
        "custom": CustomVault(
            control=noting, configured=always(CustomService(api_base_url=url, api_token=Secret("t")))
        ),
        "bitwarden": BitwardenVault(
            control=noting,
            url=url,
            collections_of=None,
            configured=always(BitwardenAccount(email="", master_password=Secret("p"))),
        ),
        "openbao": OpenBaoVault(control=noting, url=url, token=Secret("t"), mount="secret", prefix="p", namespace=None),
    }
    with pytest.raises(BadReply):
        await vaults[name].keep(parcel())
    assert [call.ordinary_only for call in noting.calls] == [True]


@pytest.mark.parametrize("fields", EACH)
def test_an_item_of_bitwarden_is_read_as_it_was_written(fields: Mapping[str, Any]) -> None:
    written = written_item(fields, title="t", mark="item_1", organization="o", collection="c")
    written["fields"].append({"name": "their own", "value": "x", "type": 0})
    assert same(read_item(json.loads(json.dumps(written))), fields)
    assert written["collectionIds"] == ["c"]
    assert {"name": MARK, "value": "item_1", "type": 0, "linkedId": None} in written["fields"]


@pytest.mark.parametrize(
    "wrong", [{}, {"type": 4}, {"type": 1}, {"type": 2, "notes": "hello"}, {"type": 2, "notes": "[]"}, {"type": 3}]
)
def test_an_item_of_bitwarden_that_is_none_of_ours_is_refused(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(BadReply):
        read_item(wrong)


async def test_an_organizations_own_account_has_to_be_the_one_that_is_served(servers: Servers) -> None:
    url = servers.url("bitwarden", bitwarden)
    with pytest.raises(BadReply, match="not signed in as the account"):
        await bitwarden_vault(url, email="other@example.com").check(ORGANIZATION)
    mine = bitwarden_vault(url, email=EMAIL.upper())
    await mine.check(ORGANIZATION)
    lies = await kept(mine, parcel())
    with pytest.raises(BadReply, match="cannot be unlocked"):  # though it is unlocked, by us
        await bitwarden_vault(url, email=EMAIL, password="wrong").open(ORGANIZATION, lies.reference or "")
    assert await mine.drop(lies)


async def test_bitwarden_holds_nothing_in_clear(servers: Servers) -> None:
    vault = bitwarden_vault(url := servers.url("bitwarden", bitwarden))
    lies = await kept(vault, parcel(LOGIN))
    (cipher,) = BITWARDENS[url].ciphers.values()
    assert not any(value in json.dumps(cipher) for value in ("ada@example.com", "JBSWY3DPEHPK3PXP", "GitHub", "1234"))
    assert await vault.drop(lies)


async def test_a_locked_bitwarden_is_unlocked(servers: Servers) -> None:
    vault = bitwarden_vault(url := servers.url("bitwarden", bitwarden))
    await vault.check(ORGANIZATION)
    with requests.Session() as session:
        session.trust_env = False
        assert session.post(f"{url}/lock", timeout=20).ok
    await vault.check(ORGANIZATION)


class BwServe:
    """The part of `bw serve` that has to do with organizations, which our ciphertext-only server has none of."""

    def __init__(self) -> None:
        self.collections: dict[str, str] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.behind = 0
        """How many syncs its own copy needs before it has what it was given last."""

    async def answer(self, request: web.Request) -> web.Response:
        found: object = None
        match request.method, request.path:
            case "GET", "/status":
                found = {"template": {"status": "unlocked", "userEmail": EMAIL}}
            case "GET", "/list/object/org-collections":
                assert request.query["organizationId"] == "bw-org"
                listed = [{"id": id_, "name": name} for name, id_ in self.collections.items()]
                found = {"data": [{"id": "other", "name": "other"}, *listed]}
            case "POST", "/object/org-collection":
                wanted = await request.json()
                assert request.query["organizationId"] == wanted["organizationId"] == "bw-org"
                self.collections[wanted["name"]] = f"col-{len(self.collections)}"
                found = {"id": self.collections[wanted["name"]]}
            case "POST", "/object/item":
                made = await request.json() | {"id": f"id-{len(self.items)}"}
                self.items[made["id"]] = found = made
            case "POST", "/sync":
                assert request.query["force"] == "true", "clocks differ: its own age says nothing"
                self.behind, found = max(0, self.behind - 1), {}
            case _:
                found = self._of_the_copy(request)
        if found is None:
            return web.json_response({"success": False, "message": "Not found."}, status=400)
        return web.json_response({"success": True, "data": found})

    def _of_the_copy(self, request: web.Request) -> object:
        known = {} if self.behind else self.items
        if request.path == "/list/object/items":
            collection = request.query["collectionId"]
            return {"data": [each for each in known.values() if collection in each["collectionIds"]]}
        found = known.get(reference := request.path.rpartition("/")[2])
        if found is not None and request.method == "DELETE":
            assert request.query["permanent"] == "true"
            del self.items[reference]
        return found


async def test_in_an_organization_of_bitwarden_each_of_ours_has_its_collection() -> None:
    peer, app = BwServe(), web.Application()
    app.router.add_route("*", "/{anything:.*}", peer.answer)
    async with serving(app) as port:
        vault = bitwarden_vault(f"http://127.0.0.1:{port}", of="bw-org")
        assert await vault.items(ORGANIZATION) == ()
        first, second = parcel(), parcel(CARD)
        await kept(vault, first)
        await kept(vault, second)
        assert peer.collections == {ORGANIZATION: "col-0"}
        assert {each["organizationId"] for each in peer.items.values()} == {"bw-org"}
        assert [each["name"] for each in await vault.items(ORGANIZATION)] == ["GitHub", "GitHub"]
        assert await vault.listed(ORGANIZATION) == [
            {"item_id": f"id-{n}", "title": "GitHub", "collection_id": "col-0", "credential_type": kind, "url": None}
            for n, kind in enumerate(("password", "credit_card"))
        ]
        assert await vault.drop(item(vault, first, None))
        shared = bitwarden_vault(f"http://127.0.0.1:{port}")
        assert await shared.listed(ORGANIZATION) is None, "what lies there may be another organization's"
    assert list(peer.items) == ["id-1"]
    assert await bitwarden_vault(None).listed(ORGANIZATION) is None


@pytest.mark.parametrize("behind", range(1, RENEWALS + 1))
async def test_what_is_missing_in_the_copy_of_bitwardens_program_alone_is_not_missing(behind: int) -> None:
    peer, app = BwServe(), web.Application()
    app.router.add_route("*", "/{anything:.*}", peer.answer)
    async with serving(app) as port:
        vault = bitwarden_vault(f"http://127.0.0.1:{port}", of="bw-org")
        lies, sent = await kept(vault, parcel()), parcel()
        await kept(vault, sent)
        peer.behind = behind
        assert same(await vault.open(ORGANIZATION, lies.reference or ""), LOGIN)
        peer.behind = behind
        assert await vault.drop(lies)
        peer.behind = behind
        assert await vault.drop(item(vault, sent, None))
    assert peer.items == {}


async def test_azure_without_the_right_to_purge_keeps_what_was_deleted_recoverable() -> None:
    authority, peer = trustme.CA(), KeyVault(may_purge=False)
    async with serving(peer.app(), tls=tls(authority, azure_peer.VAULT_HOST, azure_peer.LOGIN_HOST)) as port:
        vault = azure_vault(port, authority)
        lies = await kept(vault, parcel())
        assert await vault.drop(lies)
        assert await vault.drop(lies)
    assert peer.secrets == {}
    assert list(peer.deleted) == [lies.reference]
    assert peer.tokens == 1, "the client keeps its token"


async def test_azure_that_does_not_know_the_application_says_so_and_not_its_secret() -> None:
    authority, peer = trustme.CA(), KeyVault()
    async with serving(peer.app(), tls=tls(authority, azure_peer.VAULT_HOST, azure_peer.LOGIN_HOST)) as port:
        vault = azure_vault(port, authority, secret="an-older-secret")
        with pytest.raises(BadReply, match="does not accept the identity") as refused:
            await vault.check(ORGANIZATION)
    assert "an-older-secret" not in str(refused.value)


async def test_a_secret_of_google_that_was_cut_off_before_its_version_is_dropped() -> None:
    authority, peer = trustme.CA(), SecretManager(loses_versions=True)
    async with serving(peer.app(), tls=tls(authority, gcp_peer.HOST)) as port:
        vault = gcp_vault(port, authority)
        sent = parcel(BARE_SECRET)
        with pytest.raises(UpstreamFailure):
            await vault.keep(sent)
        assert len(peer.secrets) == 1
        assert await vault.drop(item(vault, sent, None))
    assert peer.secrets == {}
