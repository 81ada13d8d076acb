"""The few calls on Strongroom's API that a run is prepared with, made as any client makes them."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, final
from urllib.parse import urlsplit

from benchmarks.processes import BenchmarkFailed

VERSION = "2026-10-21"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Where the API is, and a key for it."""

    url: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """What each request says besides its body."""
        return {"Host": "{}:{}".format(*self.authority), "x-api-key": self.key, "anthropic-version": VERSION}

    @property
    def authority(self) -> tuple[str, int]:
        """Where it listens."""
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 80)

    def post(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON; the caller knows its shape
        """Create something. Raises `BenchmarkFailed` with the server's words if it says no."""
        headers = {**self.headers, "content-type": "application/json"}
        return self._read(urllib.request.Request(self.url + path, json.dumps(body).encode(), headers))

    def get(self, path: str) -> bytes:
        """Return a reply's body as it is."""
        return self._open(urllib.request.Request(self.url + path, headers=self.headers))

    def store(self, vault: str, name: str, value: str, host: str) -> None:
        """Store a secret that may go to one host."""
        networking = {"type": "limited", "allowed_hosts": [host]}
        auth = {"type": "environment_variable", "secret_name": name, "secret_value": value, "networking": networking}
        self.post(f"/v1/vaults/{vault}/credentials", {"auth": auth})

    def _read(self, request: urllib.request.Request) -> Any:  # noqa: ANN401 - as above
        return json.loads(self._open(request))

    def _open(self, request: urllib.request.Request) -> bytes:
        directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with directly.open(request, timeout=30) as reply:
                body: bytes = reply.read()
                return body
        except urllib.error.HTTPError as refused:
            words = refused.read().decode(errors="replace")[:500]
            raise BenchmarkFailed(f"{request.get_method()} {request.selector}: {refused.code} {words}") from None
