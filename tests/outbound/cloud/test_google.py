"""Google's tokens: for a key, for this server itself, and for an account in its name (cases 98 to 101, 107)."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from strongroom.core.failures import Invalid
from strongroom.core.llm.checks import GoogleCheck
from strongroom.core.llm.sent import Sent
from strongroom.core.secret import Secret
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused
from tests.custody.outside import serving
from tests.outbound.cloud.bench import Bench, Case, benched, case
from tests.outbound.cloud.peers import CLOUD_PLATFORM, GOOGLE, IAM, IAM_SCOPE, ROBOT, TARGET, Clouds, private_key

PLACE = {"project_id": "project", "location": "us-central1"}
BETWEEN = "between@project.iam.gserviceaccount.com"


def account(key: str, **how: Any) -> Case:  # noqa: ANN401
    return case(
        "vertex", "google_service_account", PLACE, client_email=ROBOT, private_key=key, private_key_id="key-1", **how
    )


def own() -> Case:
    return case("vertex", "google_adc", PLACE)


def acting(**settings: object) -> Case:
    return case("vertex", "google_impersonation", {**PLACE, "target_service_account": TARGET, **settings})


@pytest.fixture
def robot(machine: pytest.MonkeyPatch, tmp_path: Path, key: str) -> None:
    """A machine whose operator has put a service account's key on it."""
    found = {
        "type": "service_account",
        "client_email": ROBOT,
        "private_key": key,
        "private_key_id": "key-2",
        "project_id": "project",
        "token_uri": f"https://{GOOGLE}/token",
    }
    path = tmp_path / "adc.json"
    path.write_text(json.dumps(found))
    machine.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))


async def test_a_key_signs_an_assertion_and_its_token_is_kept(bench: Bench) -> None:
    one = account(bench.clouds.key)
    assert [await bench.bearer(one) for _ in range(2)] == ["ya29.cloud-platform-1"] * 2
    (asked,) = bench.clouds.asked[GOOGLE]
    assert asked["url"] == f"https://{GOOGLE}/token"
    assertion = json.loads(asked["headers"]["assertion"])  # its signature has been verified with the key's public half
    assert assertion["header"]["alg"] == "RS256"
    assert assertion["header"]["kid"] == "key-1"
    assert assertion["claims"]["iss"] == ROBOT
    assert assertion["claims"]["aud"] == "https://oauth2.googleapis.com/token"
    assert assertion["claims"]["scope"] == CLOUD_PLATFORM


async def test_twenty_requests_at_once_exchange_once(bench: Bench) -> None:
    one = account(bench.clouds.key)
    assert set(await asyncio.gather(*(bench.bearer(one) for _ in range(20)))) == {"ya29.cloud-platform-1"}
    assert await bench.bearer(one.rotated()) == "ya29.cloud-platform-2"
    assert await bench.bearer(one.rotated(), rejected=True) == "ya29.cloud-platform-3"
    assert bench.clouds.count(GOOGLE) == 3


async def test_a_key_needs_no_leave_of_the_operators(served: tuple[Clouds, int]) -> None:
    async with benched(*served, ambient=False) as bench:
        assert await bench.bearer(account(bench.clouds.key)) == "ya29.cloud-platform-1"


async def test_a_key_that_signs_for_nobody_is_refused_with_googles_code(bench: Bench) -> None:
    said = {"error": "invalid_grant", "error_description": f"Invalid JWT Signature for {ROBOT}."}
    bench.clouds.instead[GOOGLE] = (400, json.dumps(said).encode())
    for _ in range(2):
        with pytest.raises(ExchangeRefused) as told:
            await bench.bearer(account(private_key()))
        assert str(told.value) == "invalid_grant"
    assert bench.clouds.count(GOOGLE) == 2


async def test_a_key_that_is_none_is_told_without_a_word_of_it(bench: Bench) -> None:
    broken = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    with pytest.raises(CredentialUnavailable, match=r"private key .* cannot be read") as told:
        await bench.bearer(account(broken))
    assert told.value.__cause__ is None
    assert bench.clouds.asked == {}


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b'{"access_token":"","expires_in":3600}', "without a token"),
        (200, b'{"expires_in":3600}', "No access token|refused"),
        (200, b"<html>", "refused|does not understand"),
        (200, b"[]", "refused|does not understand"),
    ],
)
async def test_an_answer_without_a_token_is_never_an_empty_bearer(
    bench: Bench, status: int, body: bytes, words: str
) -> None:
    bench.clouds.instead[GOOGLE] = (status, body)
    with pytest.raises((CredentialUnavailable, ExchangeRefused), match=words):
        await bench.bearer(account(bench.clouds.key))


async def test_what_google_is_asked_is_judged_like_any_other_address(served: tuple[Clouds, int]) -> None:
    async with benched(*served, listed=False) as bench:
        with pytest.raises(CredentialUnavailable, match="STRONGROOM_EGRESS_ALLOW_PRIVATE"):
            await bench.bearer(account(bench.clouds.key))
        assert bench.clouds.asked == {}


@pytest.mark.usefixtures("robot")
async def test_this_servers_own_token_is_sent_where_the_operator_lets_it(served: tuple[Clouds, int]) -> None:
    async with benched(*served) as bench:
        assert [await bench.bearer(own()) for _ in range(2)] == ["ya29.cloud-platform-1"] * 2
    async with benched(*served, ambient=False) as bench:
        for one in (own(), acting()):
            with pytest.raises(CredentialUnavailable, match="--ambient-cloud-identity"):
                await bench.bearer(one)
        assert bench.clouds.count(GOOGLE) == 1


@pytest.mark.usefixtures("robot")
async def test_another_account_is_acted_for(bench: Bench) -> None:
    one = acting(delegates=[BETWEEN])
    assert [await bench.bearer(one) for _ in range(2)] == ["ya29.target-1"] * 2
    (source,), (asked,) = bench.clouds.asked[GOOGLE], bench.clouds.asked[IAM]
    assert json.loads(source["headers"]["assertion"])["claims"]["scope"] == IAM_SCOPE
    assert asked["url"] == f"https://{IAM}/v1/projects/-/serviceAccounts/{TARGET}:generateAccessToken"
    assert json.loads(asked["body"])["delegates"] == [f"projects/-/serviceAccounts/{BETWEEN}"]


@pytest.mark.usefixtures("robot")
async def test_a_providers_own_settings_say_nothing_of_whom_it_acts_for(bench: Bench) -> None:
    await bench.bearer(acting().laid_over(target_service_account="other@project.iam.gserviceaccount.com"))
    assert f"/{TARGET}:" in bench.clouds.asked[IAM][0]["url"]


@pytest.mark.usefixtures("robot")
async def test_an_account_that_may_not_be_acted_for_is_refused_with_googles_code(bench: Bench) -> None:
    said = {"error": {"code": 403, "message": f"{ROBOT} may not", "status": "PERMISSION_DENIED"}}
    bench.clouds.instead[IAM] = (403, json.dumps(said).encode())
    with pytest.raises(ExchangeRefused) as told:
        await bench.bearer(acting())
    assert ROBOT not in str(told.value)
    assert str(told.value) == "PERMISSION_DENIED"


@pytest.mark.parametrize("name", ["target_service_account", "delegates"])
@pytest.mark.parametrize(
    "value", ["", "x", "a/../b@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com?x", "a@evil.example", "1" * 20]
)
def test_what_is_no_account_is_not_taken(name: str, value: str) -> None:
    """It becomes part of a path that is asked for with this server's own token."""
    with pytest.raises(Invalid, match=name):
        acting(**{name: [value] if name == "delegates" else value})


@pytest.mark.usefixtures("robot")
async def test_an_account_that_is_no_longer_taken_is_not_asked_for(bench: Bench) -> None:
    """It was in the database before the rule was, or somebody put it there."""
    with pytest.raises(CredentialUnavailable, match="target_service_account"):
        await bench.bearer(acting().with_settings('{"target_service_account":"a/../b"}'))
    assert bench.clouds.asked == {}


class Metadata:
    """The metadata service of a machine of Google's."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        assert request.headers["metadata-flavor"] == "Google"
        self.asked.append(request.path)
        flavor = {"Metadata-Flavor": "Google"}
        if request.path.endswith("/token"):
            said = {"access_token": "ya29.machine", "expires_in": 3599, "token_type": "Bearer"}
            return web.json_response(said, headers=flavor)
        if request.path.endswith("/universe-domain"):
            return web.Response(text="googleapis.com", headers=flavor)
        if request.path.endswith("/project-id"):
            return web.Response(text="project", headers=flavor)
        account = {"email": ROBOT, "scopes": [CLOUD_PLATFORM], "aliases": ["default"]}
        return web.json_response(account, headers=flavor)


async def on_a_machine(*hows: str, home: Path, **env: str) -> list[str]:
    """Ask for tokens in a process of its own: the client reads where metadata is when it is loaded."""
    bare = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LANG": "C.UTF-8", **env}
    argv = [sys.executable, "-m", "tests.outbound.cloud.machine", *hows]
    process = await asyncio.create_subprocess_exec(*argv, env=bare, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode().splitlines()


async def test_the_machines_own_token_comes_from_its_metadata_service_which_is_asked_directly(tmp_path: Path) -> None:
    metadata = Metadata()
    async with serving(metadata.app()) as port:
        at = {"GCE_METADATA_HOST": f"127.0.0.1:{port}", "GCE_METADATA_IP": f"127.0.0.1:{port}"}
        token, refused = await on_a_machine("own", "key", home=tmp_path, **at)
    assert token == "ya29.machine"
    assert "STRONGROOM_EGRESS_ALLOW_PRIVATE" in refused  # what is not for the machine goes to no address like that
    assert metadata.asked


async def test_a_machine_that_is_nobody_has_no_token(tmp_path: Path) -> None:
    (said,) = await on_a_machine("own", home=tmp_path, NO_GCE_CHECK="true")
    assert "no Google identity" in said


@pytest.mark.usefixtures("robot")
async def test_an_identity_can_be_tried_before_it_is_stored(served: tuple[Clouds, int]) -> None:
    parts = {"client_email": Secret(ROBOT), "private_key": Secret(served[0].key)}
    keyed = GoogleCheck(auth_type="google_service_account", settings=PLACE, sent=Sent(credentials=parts))
    others = (
        GoogleCheck(settings=PLACE),
        GoogleCheck(auth_type="google_impersonation", settings={**PLACE, "target_service_account": TARGET}),
    )
    async with benched(*served) as bench:
        for check in (keyed, *others):
            await bench.access.identity.try_google(check)
        bench.clouds.instead[GOOGLE] = (400, b'{"error":"invalid_grant"}')
        for check in (keyed, *others):
            with pytest.raises(Invalid, match="invalid_grant") as told:
                await bench.access.identity.try_google(check)
            assert told.value.code == "google_identity_not_usable"
        del bench.clouds.instead[GOOGLE]
    async with benched(*served, ambient=False) as bench:
        await bench.access.identity.try_google(keyed)
        for check in others:
            with pytest.raises(Invalid) as told:
                await bench.access.identity.try_google(check)
            assert told.value.code == "credential_unavailable"
