"""A whole server in a thread of its own, whose use cases a test may call besides its API."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests
import uvicorn

from strongroom.assembly.doors import Doors
from strongroom.core.credentials import NewCredential
from strongroom.core.credentials.password import Password, PasswordDetails, TotpType
from strongroom.core.grants import Principal
from strongroom.core.networking import Networking, Site
from strongroom.core.overriding import override
from strongroom.core.secret import Secret
from strongroom.edge import Edge
from strongroom.settings import Settings
from strongroom.wiring import House, build
from tests.playwright.site import KEY, PASSWORD, USER

T = TypeVar("T")
Json = Mapping[str, Any]


class _Server(uvicorn.Server):
    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Vault:
    """A running server, with one vault in it, seen as its operator sees it."""

    loop: asyncio.AbstractEventLoop
    house: House
    url: str
    principal: Principal
    vault: str = ""

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    @property
    def key(self) -> str:
        assert self.house.first_key is not None
        return self.house.first_key.reveal()

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> requests.Response:
        with requests.Session() as client:
            client.trust_env = False
            headers = {"authorization": f"Bearer {key or self.key}"}
            return client.request(method, f"{self.url}/strongroom/v1{path}", json=body, headers=headers, timeout=30)

    def made(self, path: str, body: Json | None = None) -> dict[str, Any]:
        answer = self.call("POST", path, body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def login(self, origin: str, *, totp: bool = True, networking: Networking | None = None) -> str:
        """Store the login of a site."""
        material = Password(password=Secret(PASSWORD), totp=Secret(KEY) if totp else None)
        kind = TotpType.AUTHENTICATOR if totp else TotpType.NONE
        new = NewCredential(
            details=PasswordDetails.of(material, username=USER, totp_type=kind),
            material=material,
            metadata={},
            networking=networking or Site.parse(origin),
        )
        return self.wait(self.house.services.credentials.create(self.principal, self.vault, new)).id  # type: ignore[arg-type]

    def login_with_sent_codes(self, origin: str, sent_to: str) -> str:
        """Store the login of a site that sends its codes by mail."""
        material = Password(password=Secret(PASSWORD))
        details = PasswordDetails.of(material, username=USER, totp_type=TotpType.EMAIL, totp_identifier=sent_to)
        new = NewCredential(details=details, material=material, metadata={}, networking=Site.parse(origin))
        return self.wait(self.house.services.credentials.create(self.principal, self.vault, new)).id  # type: ignore[arg-type]

    def push(self, sent_to: str, content: str) -> None:
        """Forward a message, as a mail rule does."""
        with requests.Session() as client:
            client.trust_env = False
            sent = {"totp_identifier": sent_to, "content": content}
            client.post(
                f"{self.url}/v1/credentials/totp", json=sent, headers={"x-api-key": self.key}, timeout=30
            ).raise_for_status()

    def session(self) -> tuple[str, str]:
        """Open a session; return its id and a fill token."""
        session = str(self.made("/sessions", {"vaults": [self.vault]})["id"])
        return session, str(self.made(f"/sessions/{session}/fill/tokens")["token"])

    def events(self, session: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.call("GET", f"/sessions/{session}/events").json()["data"]
        return events


@contextmanager
def running_vault(folder: Path) -> Iterator[Vault]:
    """Run a server on a free port."""
    loop = asyncio.new_event_loop()
    ready: list[Vault] = []
    started, stop = threading.Event(), asyncio.Event()

    async def main(bound: socket.socket) -> None:
        doors = Doors(api=bound.getsockname()[:2], proxy=("127.0.0.1", 9))
        async with build(Settings.load({}, {"data_dir": folder / "data"}), Edge(), doors=doors) as house:
            server = _Server(uvicorn.Config(house.api, lifespan="off", log_config=None, access_log=False))
            serving = loop.create_task(server.serve(sockets=[bound]))
            assert house.first_key is not None
            principal = await house.services.authentication.principal(house.first_key)
            vault = await house.services.vaults.create(principal, display_name="default", metadata={})
            ready.append(Vault(loop, house, house.api_url, principal, vault.id))
            started.set()
            await stop.wait()
            server.should_exit = True
            await serving

    with socket.create_server(("127.0.0.1", 0)) as bound:
        bound.setblocking(False)
        thread = threading.Thread(target=lambda: loop.run_until_complete(main(bound)), daemon=True)
        thread.start()
        assert started.wait(30)
        try:
            yield ready[0]
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(30)
            loop.close()
