"""Several processes, one database, and a certified authorization server that ends a grant whose token is used twice."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from strongroom.core.networking import Unrestricted
from strongroom.core.oauth import due
from tests.needs import ROOT
from tests.oauth.granting import Grant, granted
from tests.oauth.stage import authorization_server
from tests.refresh.counting import Counting, counting
from tests.refresh.house import LEASE, ORGANIZATION, STEPS, VAULT, WORKSPACE, Node, node
from tests.store.things import Home

RESOURCE = "https://mcp.example.com/mcp"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with authorization_server(lifetime=600) as running:
        yield running


@dataclass(frozen=True)
class Stage:
    database: Path
    endpoint: Counting
    node: Node


@asynccontextmanager
async def stage(folder: Path, grant: Grant) -> AsyncIterator[Stage]:
    """Store a grant whose token has expired, and count what the token endpoint is asked."""
    database = folder / "strongroom.db"
    with counting(grant.token_endpoint) as endpoint:
        async with node(database) as here:
            home = Home(organization=ORGANIZATION, workspace=WORKSPACE)
            await home.settle(here.store)
            await here.store.vaults.add(home.vault(id=VAULT))
            await here.keep(grant, endpoint.url, home.credential(VAULT, networking=Unrestricted()))
            yield Stage(database, endpoint, here)


def fresh_grant(issuer: str, method: str = "none") -> Grant:
    return granted(issuer, resource=RESOURCE, method=method)


async def user(at: Stage, *, uses: int = 1, skew: float = 0, dies_at: str = "", seconds: float = 0) -> Process:
    """Start a process that uses the token, up to where it waits for the word."""
    told = {"database": str(at.database), "uses": uses, "skew": skew, "dies_at": dies_at, "seconds": seconds}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.refresh.user", json.dumps(told | {"lease": LEASE})),
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def got(process: Process) -> list[str]:
    out, _ = await process.communicate(b"\n")
    assert process.returncode == 0
    tokens: list[str] = json.loads(out)
    return tokens


async def renewable_still(at: Stage) -> bool:
    """Tell whether the grant lives: what is stored now can be renewed once more."""
    proof = await at.node.granted()
    credential, custody = await at.node.held()
    token = (await at.node.custodian.open(proof, credential, custody)).bearer()
    assert token is not None
    before = len(at.endpoint.statuses)
    async with asyncio.timeout(10):
        while not await at.node.refresher.renew(proof, credential, rejected=token):  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.2)  # a token that is all too new is not renewed again
    return at.endpoint.statuses[before:] == [200]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_post"])
async def test_a_real_server_takes_each_way_in_which_a_client_shows_itself(
    tmp_path: Path, issuer: str, method: str
) -> None:
    grant = await asyncio.to_thread(fresh_grant, issuer, method)
    async with stage(tmp_path, grant) as at:
        await at.node.use()
        assert at.endpoint.statuses == [200]
        assert await renewable_still(at)


@pytest.mark.slow
async def test_two_hundred_uses_at_once_are_exactly_one_exchange(tmp_path: Path, issuer: str) -> None:
    """Also where clocks differ: two are half a minute off, one each way."""
    grant = await asyncio.to_thread(fresh_grant, issuer, "client_secret_basic")
    async with stage(tmp_path, grant) as at:
        users = await asyncio.gather(*(user(at, uses=50, skew=skew) for skew in (30, -30, 5)))
        here = asyncio.gather(*(at.node.use() for _ in range(50)))
        tokens = await asyncio.gather(*map(got, users))
        assert at.endpoint.statuses == [200]
        assert len({token for each in [*tokens, await here] for token in each}) == 1
        assert not due((await at.node.held())[0].details, at.node.now)  # type: ignore[arg-type]  # what was stored
        assert await renewable_still(at)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
async def test_whoever_dies_by_kill_9_is_succeeded(tmp_path: Path, issuer: str, step: str) -> None:
    grant = await asyncio.to_thread(fresh_grant, issuer)
    async with stage(tmp_path, grant) as at:
        victim = await user(at, uses=5, dies_at=step)
        await victim.communicate(b"\n")
        assert victim.returncode == -signal.SIGKILL
        assert len(set(await asyncio.gather(*(at.node.use() for _ in range(5))))) == 1
        standing = await at.node.store.refreshes.standing((await at.node.held())[0].id)
        assert standing.holder is None
        if step == "answered":  # the new tokens went down with it, and the old one is used up: asked once, and told
            assert at.endpoint.statuses == [200, 400]
            assert standing.failed == 1
        else:
            assert at.endpoint.statuses == [200]
            assert standing.failed is None
            assert await renewable_still(at)


@pytest.mark.slow
async def test_tokens_of_two_seconds_are_renewed_in_time_by_processes_together(tmp_path: Path) -> None:
    with authorization_server(lifetime=2) as issuer:
        grant = await asyncio.to_thread(fresh_grant, issuer)
        async with stage(tmp_path, grant) as at:
            users = await asyncio.gather(*(user(at, uses=5, seconds=6) for _ in range(2)))
            await asyncio.gather(*map(got, users))
            assert set(at.endpoint.statuses) == {200}
            assert 4 <= len(at.endpoint.statuses) <= 9  # one in each second
