"""All the doors: binds, builds, serves until told to stop, and stops gracefully. Workers, if any, are its own."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import final

import uvicorn
from rich.console import Console

from strongroom import event_loop, logs
from strongroom.assembly.doors import Doors
from strongroom.core.failures import NotReady
from strongroom.core.overriding import override
from strongroom.dialects.port import bounded
from strongroom.edge import Edge
from strongroom.settings import Settings
from strongroom.wiring import House, build
from strongroom.workers.fleet import Fleet

BACKLOG = 2048
GRACE = 5.0
"""Seconds that running requests have to finish once the server was told to stop."""


def serve(settings: Settings, *, as_json: bool = False) -> None:
    """Serve until SIGINT or SIGTERM. Raises `NotReady` if the server cannot start."""
    logs.configure(settings.log_level)
    with ExitStack() as sockets:
        api = sockets.enter_context(_bound(settings.host, settings.port, "--port"))
        proxy = sockets.enter_context(_bound(settings.host, settings.proxy_port, "--proxy-port"))
        announce = _announce_json if as_json else _announce
        event_loop.run(_serve(settings, api, proxy, announce))


async def _serve(
    settings: Settings, api: socket.socket, proxy: socket.socket, announce: Callable[[Settings, House], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    doors = Doors(api=_address(api), proxy=_address(proxy))
    edge = Edge()
    fleet = Fleet(settings=settings, doors=doors, spawn=edge.spawn) if settings.workers > 1 else None
    async with build(settings, edge, doors=doors, fleet=fleet) as house:
        await house.egress.start(proxy)
        event_loop.settled()
        server = _ApiServer(
            uvicorn.Config(
                house.api,
                http=bounded(edge.new_id),
                log_config=None,
                access_log=False,
                lifespan="off",
                proxy_headers=False,  # whom a request says it is from decides nothing here
                server_header=False,
                timeout_graceful_shutdown=int(GRACE),
            )
        )
        serving = loop.create_task(server.serve(sockets=[api]))
        ends = {serving, loop.create_task(stop.wait()), loop.create_task(house.broken.wait())}
        announce(settings, house)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await asyncio.gather(
            house.egress.stop(GRACE), house.mcp.stop(GRACE - 1), house.llm.stop(GRACE - 1)
        )  # before the port gives up
        await serving
        for end in ends:
            end.cancel()
        if house.broken.is_set():
            raise NotReady(house.egress.failure)


@final
class _ApiServer(uvicorn.Server):
    """Uvicorn without signal handlers of its own: one place decides when to stop."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def _bound(host: str, port: int, option: str) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
            bound.listen(BACKLOG)
        except OSError as error:
            raise NotReady(
                f"{host}:{port} cannot be used ({error.strerror}): stop what listens there or choose another {option}"
            ) from None
        bound.setblocking(False)  # noqa: FBT003 - the standard library names no keyword
        yield bound


def _address(bound: socket.socket) -> tuple[str, int]:
    host, port = bound.getsockname()[:2]
    return host, port


def _announce_json(settings: Settings, house: House) -> None:
    where = {"api": house.api_url, "proxy": house.proxy_authority, "data_dir": str(settings.data_dir)}
    first = house.first_key.reveal() if house.first_key else None
    print(json.dumps(where | {"admin_key": first}), flush=True)  # noqa: T201 - the command's answer


def _announce(settings: Settings, house: House) -> None:
    out = Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True)
    out.print("Strongroom is open.", style="bold")
    out.print(f"  API           {house.api_url}")
    out.print(f"  egress proxy  {house.proxy_authority}")
    out.print(f"  data          {settings.data_dir}")
    if house.first_key is not None:
        out.print(f"  admin key     {house.first_key.reveal()}")
        out.print(f"                shown this once, kept in {settings.data_dir / 'admin-key'}")
    out.print("Store a secret:  strongroom credential add GITHUB_TOKEN --host api.github.com")
    out.print("Use it:          strongroom run -- sh -c 'curl -H \"Authorization: Bearer $GITHUB_TOKEN\" …'")
    sys.stdout.flush()
