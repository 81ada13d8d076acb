"""Strongroom, started as users start it and told through its API what it must know."""

import base64
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, final
from urllib.parse import unquote, urlsplit

from benchmarks.contestants.api import Api
from benchmarks.contestants.contestant import Contestant, Session
from benchmarks.load.job import Route
from benchmarks.place import HOST, Place
from benchmarks.processes import Child, running

NAME = "strongroom"
PER_VAULT = 20
"""Credentials that a vault holds, as the API documents."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server with an environment and one vault, whose first credential is the upstream's."""

    api: Api
    child: Child
    place: Place
    scratch: Path
    environment: str
    vault: str

    def fill(self, total: int) -> list[str]:
        """Store credentials for other hosts until there are `total`; return all vaults, the first one first."""
        vaults = [self.vault]
        for number in range(1, total):
            if number % PER_VAULT == 0:
                vaults.append(self.api.post("/v1/vaults", {"display_name": f"vault {number}"})["id"])
            self.api.store(vaults[-1], f"TOKEN_{number}", f"bench_other_{number:032}", f"host-{number}.test")
        return vaults

    def contestant(self, name: str = NAME, vaults: list[str] | None = None) -> Contestant:
        """Open a session on the vaults, on the first one unless told otherwise, and return the way through it."""
        egress = self._session(vaults or [self.vault])
        proxy = urlsplit(egress["proxy_url"])
        ca_file = self.scratch / "egress-ca.pem"
        ca_file.write_text(egress["ca_certificate"])
        return Contestant(
            name=name,
            version=version("strongroom"),
            route=Route(
                host=str(proxy.hostname),
                port=int(proxy.port or 0),
                tunnel=self.place.authority,
                tunnel_authorization=_basic(egress),
                tls_name=HOST,
                ca_file=str(ca_file),
            ),
            authorization=_bearer(egress),
            child=self.child,
        )

    def many(self, name: str, sessions: int) -> Contestant:
        """Open many sessions on the first vault, which take turns."""
        opened = [self._session([self.vault]) for _ in range(sessions)]
        return replace(
            self.contestant(name),
            sessions=tuple(Session(tunnel_authorization=_basic(each), authorization=_bearer(each)) for each in opened),
        )

    def _session(self, vaults: list[str]) -> Any:  # noqa: ANN401 - JSON
        asked = {"agent": "bench", "environment_id": self.environment, "vault_ids": vaults}
        return self.api.post("/v1/sessions", asked)["egress"]


def _basic(egress: Any) -> str:  # noqa: ANN401 - JSON
    proxy = urlsplit(egress["proxy_url"])
    userinfo = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    return f"Basic {base64.b64encode(userinfo.encode()).decode()}"


def _bearer(egress: Any) -> str:  # noqa: ANN401 - JSON
    return f"Bearer {egress['env']['TOKEN']}"


@contextmanager
def strongroom(place: Place, name: str = NAME, *, workers: int = 1, pinned: bool = True) -> Iterator[Server]:
    """Start a server on a fresh data directory and store the upstream's secret in it."""
    scratch = place.directory(name)
    command = [sys.executable, "-m", "strongroom", "serve", "--data-dir", str(scratch / "data")]
    command += ["--port", "0", "--proxy-port", "0", "--workers", str(workers), "--json"]
    variables = {
        "STRONGROOM_RESOLVE": f"{HOST}=127.0.0.1",
        "STRONGROOM_EGRESS_ALLOW_PRIVATE": "127.0.0.1/32",
        "STRONGROOM_UPSTREAM_CA_FILE": str(place.certificates.authority),
    }
    cores = place.cores.measured if pinned else None
    with running(command, scratch=scratch, cores=cores, variables=variables, directory=scratch) as child:
        ready = child.hear()
        api = Api(url=ready["api"], key=ready["admin_key"])
        vault = api.post("/v1/vaults", {"display_name": "bench"})["id"]
        api.store(vault, "TOKEN", place.secret, HOST)
        yield Server(
            api=api,
            child=child,
            place=place,
            scratch=scratch,
            environment=api.post("/v1/environments", {"name": "bench"})["id"],
            vault=vault,
        )
