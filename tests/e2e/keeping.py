"""A server whose logins lie with a custom credential service, and a curl that signs in with one."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from tests.custody.outside import served
from tests.custody.peers.custom import TOKEN, CustomService
from tests.e2e.stage import ECHO_HOST, House, Upstream, bare_environment, running_house
from tests.needs import need

V = "/v1/credentials"
PASSWORD = "sentinel of an external vault"
USER = "ada@example.test"


@dataclass
class Peer(CustomService):
    """The service, and where it is."""

    where: str = field(default="")

    @property
    def settings(self) -> dict[str, str]:
        """What a deployment sets to use it."""
        return {
            "STRONGROOM_CUSTOM_CREDENTIAL_API_BASE_URL": self.where,
            "STRONGROOM_CUSTOM_CREDENTIAL_API_TOKEN": TOKEN,
        }


@contextmanager
def running_peer() -> Iterator[Peer]:
    """Serve a custom credential service on loopback."""
    peer = Peer()
    with served(peer.app()) as port:
        peer.where = f"http://127.0.0.1:{port}/creds"
        yield peer


@contextmanager
def keeping(folder: Path, authority: trustme.CA, peer: Peer, **extra: str) -> Iterator[House]:
    """Run a server whose deployment has named the service."""
    with running_house(folder, authority, extra=peer.settings | extra) as house:
        yield house


def login(name: str, port: int, *, kept_by: str | None = "custom", password: str = PASSWORD) -> dict[str, Any]:
    """Return what surface V is sent for a login of the echo host."""
    told = {} if kept_by is None else {"vault_type": kept_by}
    return told | {
        "name": name,
        "credential_type": "password",
        "credential": {"username": USER, "password": password},
        "tested_url": f"https://{ECHO_HOST}:{port}/login",
    }


def added(house: House, body: Mapping[str, Any]) -> str:
    """Create a login on surface V; return its id."""
    answer = house.call("POST", V, body)
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["credential_id"])


def home(house: House) -> str:
    """Return the vault in which surface V keeps its logins."""
    vaults = house.call("GET", "/strongroom/v1/vaults").json()["data"]
    (found,) = (vault["id"] for vault in vaults if vault["purpose"] == "logins")
    return str(found)


def session_of_logins(house: House) -> dict[str, Any]:
    """Open a session with the vault in which surface V keeps its logins."""
    return house.session(house.environment_id(), home(house))


@dataclass(frozen=True)
class Curl:
    """An agent's curl: it knows nothing but its session."""

    session: Mapping[str, Any]
    upstream: Upstream
    folder: Path

    def sign_in(self, variable: str) -> tuple[int, str, str]:
        """Post a password's placeholder; return the status, the refusal's code, and all that was shown."""
        need("curl")
        held = self.session["egress"]["env"]
        site = f"https://{ECHO_HOST}:{self.upstream.port}/login"
        roots = self.folder / "roots.pem"
        roots.write_text(self.session["egress"]["ca_certificate"])
        done = subprocess.run(
            [
                "curl",
                "-s",
                "-i",
                "--suppress-connect-headers",
                "--max-time",
                "60",
                "-d",
                f"pass={held[variable]}",
                site,
            ],
            env=bare_environment(self.folder, held | {"CURL_CA_BUNDLE": str(roots)}),
            capture_output=True,
            text=True,
            check=True,
        )
        head = done.stdout.partition("\n\n")[0].splitlines()
        refused = [line.partition(":")[2].strip() for line in head if line.lower().startswith("strongroom-refused:")]
        return int(head[0].split(" ")[1]), "".join(refused), done.stdout
