"""What tests of others' vaults share: something to keep, and our own calls to servers on loopback."""

import asyncio
import os
import queue
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web

from strongroom.core.credentials.flat import from_flat
from strongroom.core.ids import CredentialId, ItemId, OrganizationId
from strongroom.custody.elsewhere import ExternalVault, Kept, Parcel
from strongroom.outbound import AddressGuard, Dialer
from strongroom.outbound.control import ControlClient
from strongroom.outbound.trust import upstream_context
from strongroom.services.custody_ports import Item
from tests.closing import cut

ORGANIZATION = OrganizationId("org_01Example")
LOGIN: dict[str, Any] = {
    "type": "password",
    "username": "ada@example.com",
    "password": 'p"ä\\ss 🔑',
    "totp": "JBSWY3DPEHPK3PXP",
    "metadata": {"pin": "1234", "Näme": "x"},
}
PLAIN_LOGIN: dict[str, Any] = {"type": "password", "username": "ada", "password": "p"}
CARD: dict[str, Any] = {
    "type": "credit_card",
    "card_holder_name": "Ada Lovelace",
    "card_number": "4111111111111111",
    "card_exp_month": "01",
    "card_exp_year": "2031",
    "card_cvv": "007",
    "card_brand": "visa",
    "billing_address": {"line1": "1 Main St", "city": "London", "country_code": "GB"},
    "billing_email": "ada@example.com",
    "billing_phone": "+44 1",
    "metadata": {"note": "n"},
}
SECRET: dict[str, Any] = {"type": "secret", "secret_value": "sk-üñí\n", "secret_label": "lab"}
BARE_SECRET: dict[str, Any] = {"type": "secret", "secret_value": "sk"}
EACH = (LOGIN, PLAIN_LOGIN, CARD, SECRET, BARE_SECRET)
VALUES = ('p"ä', "JBSWY3DPEHPK3PXP", "4111111111111111", "sk-üñí")
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks servers of ours, whatever this machine's proxies are."""
_NUMBERS = count(1)


def parcel(fields: Mapping[str, Any] = LOGIN, *, title: str = "GitHub") -> Parcel:
    number = f"item_01{next(_NUMBERS):08d}{time.time_ns():019d}"
    return Parcel(id=ItemId(number), organization=ORGANIZATION, title=title, fields=fields)


async def kept(vault: ExternalVault, sent: Parcel) -> Item:
    """Keep something, and return it as the journal would have it."""
    outcome = await vault.keep(sent)
    assert isinstance(outcome, Kept), outcome
    return item(vault, sent, outcome.reference)


def item(vault: ExternalVault, sent: Parcel, reference: str | None) -> Item:
    return Item(
        id=sent.id,
        organization=sent.organization,
        credential=CredentialId("cred_1"),
        custodian=vault.name,
        reference=reference,
    )


def same(found: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    """Tell whether both are the same material: descriptions stay with us."""
    return from_flat(found)[1] == from_flat(sent)[1]


def control(
    authority: trustme.CA | None = None,
    *,
    listed: bool = True,
    names: Mapping[str, str] | None = None,
    timeout: float = 20.0,
) -> ControlClient:
    """What the product sends with; loopback is listed unless told otherwise."""
    guard = AddressGuard(allowed=(ip_network("127.0.0.1/32"),) if listed else ())
    context = upstream_context((authority or trustme.CA()).cert_pem.bytes().decode())
    dialer = Dialer(guard=guard, ssl_contexts={("http/1.1",): context}, resolve_pins=names)
    return ControlClient(dialer=dialer, guard=guard, ssl_context=context, insecure=True, timeout=timeout)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


@asynccontextmanager
async def serving(app: web.Application, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve an application on a free port of loopback."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    assert site._server is not None
    try:
        yield site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    finally:
        await cut(runner)


@contextmanager
def served(app: web.Application, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The same in a thread, for a server that outlives a test."""
    ports: queue.Queue[int] = queue.Queue()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def run() -> None:
        async with serving(app, tls=tls) as port:
            ports.put(port)
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        yield ports.get(timeout=20)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(20)
        loop.close()


def tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Return what a server of these names speaks TLS with."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


@contextmanager
def program(argv: Sequence[str], folder: Path, *, ready: str, **env: str) -> Iterator[None]:
    """Run a server in an environment made from scratch until its URL answers, whatever it says; and end it."""
    bare = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8", **env}
    log = folder / f"{Path(argv[0]).name}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*argv], cwd=folder, env=bare, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
    try:
        _await(ready, process, log)
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with DIRECT.open(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"{url} did not answer: {log.read_text(errors='replace')[-2000:]}")
