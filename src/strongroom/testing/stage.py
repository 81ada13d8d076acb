"""A server process and HTTPS upstreams on loopback, for the demo: everything real, nothing left behind."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from strongroom import edge
from strongroom.core.hosts import canonical_host
from strongroom.core.overriding import override
from strongroom.core.secret import Secret
from strongroom.delivery.egress import CertificateAuthority
from strongroom.testing.upstream import Upstream, running

START_SECONDS = 20.0
STEP_SECONDS = 20.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A program that has run."""

    code: int
    out: str
    err: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A running server, seen from outside, and the upstreams by host name."""

    folder: Path
    api: str
    proxy: str
    upstreams: Mapping[str, Upstream]

    @override
    def __repr__(self) -> str:
        return f"Stage({self.api})"

    def url(self, host: str, path: str) -> str:
        """Return an upstream's address; a host without one gets the port of another."""
        upstream = self.upstreams.get(host) or next(iter(self.upstreams.values()))
        return f"https://{host}:{upstream.port}{path}"

    async def command(self, *words: str, stdin: str = "") -> Any:  # noqa: ANN401 - what the command answers
        """Run one of our own commands with `--json` and return its answer. Raises `RuntimeError` with its words."""
        own = {"STRONGROOM_URL": self.api, "STRONGROOM_DATA_DIR": str(self.folder / "data")}
        argv = [sys.executable, "-m", "strongroom", *words, "--json"]
        ended = await execute(argv, _bare(self.folder) | own, stdin=stdin)
        if ended.code:
            raise RuntimeError(f"strongroom {' '.join(words)}: {ended.err.strip()}")
        return json.loads(ended.out)

    async def agent(self, argv: Sequence[str], env: Mapping[str, str]) -> Ended:
        """Run a program with nothing but a bare environment and a session's variables."""
        return await execute(argv, _bare(self.folder) | dict(env))


@asynccontextmanager
async def staged(folder: Path, hosts: Sequence[str], *, names: Sequence[str], token: Secret) -> AsyncIterator[Stage]:
    """Run a server whose data lies in `folder`, and an upstream for each host that takes the token.

    `names` are all names that the server resolves to this machine, upstream or not.
    """
    async with AsyncExitStack() as stack:
        authority = CertificateAuthority.load(CertificateAuthority.mint(now=edge.now()), clock=edge.now)
        roots = folder / "upstream-roots.pem"
        roots.write_text(authority.certificate)
        upstreams = {
            host: await stack.enter_async_context(running(token, authority.context(canonical_host(host))))
            for host in hosts
        }
        settings = {
            "STRONGROOM_DATA_DIR": str(folder / "data"),
            "STRONGROOM_RESOLVE": ",".join(f"{name}=127.0.0.1" for name in names),
            "STRONGROOM_EGRESS_ALLOW_PRIVATE": "127.0.0.1/32",
            "STRONGROOM_UPSTREAM_CA_FILE": str(roots),
            "STRONGROOM_LOG_LEVEL": "warning",
        }
        ready = await stack.enter_async_context(_server(folder, settings))
        yield Stage(folder=folder, api=ready["api"], proxy=ready["proxy"], upstreams=upstreams)


@asynccontextmanager
async def _server(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[dict[str, str]]:
    log = folder / "server.log"
    with log.open("w") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "strongroom", "serve", "--port", "0", "--proxy-port", "0", "--json"),
            env=_bare(folder) | dict(settings),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=errors,
        )
    try:
        yield await _ready(process, log)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(process: Process, log: Path) -> dict[str, str]:
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    if not line:
        raise RuntimeError(f"the server did not start: {log.read_text().strip()}")  # noqa: ASYNC240 - it is over anyway
    ready: dict[str, str] = json.loads(line)
    return ready


async def execute(argv: Sequence[str], env: Mapping[str, str], *, stdin: str = "") -> Ended:
    """Run a program to its end, within a bound."""
    process = await asyncio.create_subprocess_exec(*argv, env=dict(env), stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), STEP_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    return Ended(code=process.returncode or 0, out=out.decode(), err=err.decode())


def _bare(folder: Path) -> dict[str, str]:
    """An environment made from scratch: this machine's proxies and certificates would change what is shown."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8"}
