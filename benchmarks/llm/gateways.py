"""Who is compared: the vendor asked directly, Strongroom, and LiteLLM's proxy, each started as users start it."""

import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from benchmarks.llm.upstream import OLD
from benchmarks.processes import ROOT, BenchmarkFailed, Child, Cores, running

DIRECT, STRONGROOM, LITELLM = "direct", "strongroom", "litellm"
LITELLM_BIN = ROOT / ".venv-bench-llm" / "bin" / "litellm"
PATIENCE = 180.0
"""Seconds that LiteLLM has to start: it imports a good part of a gigabyte."""
MODEL = "gpt"
ASKED = {"model": MODEL, "messages": [{"role": "user", "content": "say a few words " * 50}]}
"""Some 800 bytes: a short prompt."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A way to the vendor: where requests go, with which key, and whose CPU time is counted."""

    name: str
    version: str
    host: str
    port: int
    prefix: str
    key: str
    child: Child | None = None

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child else None

    def request(self, *, streams: bool = False) -> bytes:
        """Return the bytes of a request."""
        body = json.dumps(ASKED | ({"stream": True} if streams else {})).encode()
        lines = [
            f"POST {self.prefix}/chat/completions HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Authorization: Bearer {self.key}",
            "Content-Type: application/json",
            "Accept: */*",
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def once(self) -> bytes:
        """Send one request, and return the body of its answer. Raises `BenchmarkFailed`."""
        url = f"http://{self.host}:{self.port}{self.prefix}/chat/completions"
        headers = {"authorization": f"Bearer {self.key}"}
        return _asked(url, "POST", ASKED, headers)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running Strongroom with one connection behind one model."""

    gateway: Gateway
    url: str
    admin_key: str
    connection: str

    def rotate(self, key: str) -> None:
        """Replace the vendor's key."""
        _admin(self.url, self.admin_key, "PUT", f"/connections/{self.connection}", {"api_key": key})


def direct(port: int) -> Gateway:
    """Return the way without anything in between, by a client that holds the vendor's key."""
    return Gateway(name=DIRECT, version="", host="127.0.0.1", port=port, prefix="/v1", key=OLD)


@contextmanager
def strongroom(scratch: Path, cores: Cores, upstream: int) -> Iterator[Server]:
    """Start a server on a fresh data directory, and tell it through its API of the vendor."""
    scratch.mkdir()
    command = [sys.executable, "-m", "strongroom", "serve", "--data-dir", str(scratch / "data")]
    command += ["--port", "0", "--proxy-port", "0", "--json"]
    variables = {"STRONGROOM_EGRESS_ALLOW_PRIVATE": "127.0.0.1/32"}
    with running(command, scratch=scratch, cores=cores.measured, variables=variables, directory=scratch) as child:
        ready = child.hear()
        url, admin = ready["api"], ready["admin_key"]
        base = f"http://127.0.0.1:{upstream}"
        new = {"name": "bench", "model_provider": "openai", "base_url": base, "api_key": OLD}
        connection = _admin(url, admin, "POST", "/connections", new)["id"]
        new = {"name": "bench", "model_provider": "openai", "base_url": "", "connection_id": connection}
        provider = _admin(url, admin, "POST", "/providers", {**new, "models": ["gpt-up"]})["id"]
        route = {"provider_id": provider, "model_alias": MODEL, "upstream_model": "gpt-up", "kind": "route"}
        _admin(url, admin, "POST", "/model-mappings", route)
        key = _admin(url, admin, "POST", "/api-keys", {"name": "bench"})["key"]
        where = urlsplit(url)
        yield Server(
            gateway=Gateway(
                name=STRONGROOM,
                version=version("strongroom"),
                host=str(where.hostname),
                port=int(where.port or 0),
                prefix="/api/llm-gateway/v1",
                key=key,
                child=child,
            ),
            url=url,
            admin_key=admin,
            connection=connection,
        )


@contextmanager
def litellm(scratch: Path, cores: Cores, upstream: int, binary: Path = LITELLM_BIN) -> Iterator[Gateway]:
    """Start LiteLLM's proxy with one worker, no database, and as quiet as its pages say."""
    scratch.mkdir()
    port, key = _free_port(), "sk-bench-litellm-master"
    base = f"http://127.0.0.1:{upstream}/v1"
    config = {
        "model_list": [
            {"model_name": MODEL, "litellm_params": {"model": "openai/gpt-up", "api_base": base, "api_key": OLD}}
        ],
        "litellm_settings": {"set_verbose": False, "num_retries": 0},
        "general_settings": {"master_key": key},
    }
    (scratch / "config.yaml").write_text(json.dumps(config))  # every JSON is YAML
    command = [str(binary), "--config", str(scratch / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--num_workers", "1", "--telemetry", "False"]
    variables = {"LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with running(command, scratch=scratch, cores=cores.measured, variables=variables, directory=scratch) as child:
        gateway = Gateway(
            name=LITELLM,
            version=_version(binary),
            host="127.0.0.1",
            port=port,
            prefix="/v1",
            key=key,
            child=child,
        )
        _wait(gateway, child)
        yield gateway


def _wait(gateway: Gateway, child: Child) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and child.process.poll() is None:
        try:
            gateway.once()
        except (BenchmarkFailed, OSError):
            time.sleep(0.5)  # it says nothing when it is ready
        else:
            return
    raise BenchmarkFailed(f"LiteLLM does not answer:\n{child.last_words()}")


def _version(binary: Path) -> str:
    (found,) = binary.parent.parent.glob("lib/python*/site-packages/litellm-*.dist-info")
    return found.name.removeprefix("litellm-").removesuffix(".dist-info")


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def _admin(url: str, key: str, method: str, path: str, body: object) -> Any:  # noqa: ANN401 - whatever JSON it is
    return json.loads(_asked(f"{url}/api/llm-gateway/admin{path}", method, body, {"x-api-key": key}))


def _asked(url: str, method: str, body: object, headers: dict[str, str]) -> bytes:
    request = Request(url, json.dumps(body).encode(), {"content-type": "application/json", **headers}, method=method)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=30) as reply:
            answered: bytes = reply.read()
            return answered
    except URLError as failed:
        said = failed.read().decode(errors="replace")[:500] if hasattr(failed, "read") else str(failed)
        raise BenchmarkFailed(f"{method} {urlsplit(url).path}: {said}") from None
