import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from tests.custody.outside import serving, tls
from tests.outbound.cloud.bench import Bench, benched
from tests.outbound.cloud.peers import HOSTS, PRINCIPAL, Clouds, private_key


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What is shown here does not depend on the loop, which is the product's."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def key() -> str:
    """A private key, made once: making one takes long."""
    return private_key()


@pytest.fixture
async def served(key: str) -> AsyncIterator[tuple[Clouds, int]]:
    """Clouds, and the port at which they all answer."""
    clouds = Clouds(key=key)
    async with serving(clouds.app(), tls=tls(clouds.authority, *HOSTS)) as port:
        yield clouds, port


@pytest.fixture
async def bench(served: tuple[Clouds, int]) -> AsyncIterator[Bench]:
    async with benched(*served) as made:
        yield made


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine that is nobody in any cloud, and on which nobody is to be asked."""
    for name in ("AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.fixture
def somebody(machine: pytest.MonkeyPatch) -> None:
    """A machine with an identity in AWS."""
    machine.setenv("AWS_ACCESS_KEY_ID", PRINCIPAL.access_key)
    machine.setenv("AWS_SECRET_ACCESS_KEY", PRINCIPAL.secret_key)
