"""Plain HTTP against this dialect, for what the client does not send. Each answer is checked for what all have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.dialects.stage import SENTINEL, Tenant
from tests.plain_http import UNUSED_TLS

Told = Any
"""A JSON value: what it must be is what the tests say."""

HERE = "/v1/credentials"
STAMPED = {
    "x-frame-options": "DENY",
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, kw_only=True)
class Api:
    """A caller with its key."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tenant: Tenant, key: str | None = None) -> "Api":
        return cls(url=tenant.url, headers={"x-api-key": key or tenant.key})

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send a request and expect a status; `body` is sent as JSON, `content` as it is."""
        with httpx.Client(base_url=self.url, trust_env=False, verify=UNUSED_TLS, timeout=20) as client:
            sent = {"json": body} if body is not None else {"content": content}
            answer = client.request(method, path, headers={**self.headers, **(headers or {})}, **sent)
        assert answer.status_code == status, answer.text
        assert SENTINEL not in answer.text
        assert answer.headers["x-request-id"].startswith("req_")
        assert STAMPED.items() <= dict(answer.headers).items()
        if status == 204:
            assert answer.content == b""
        else:
            assert answer.headers["content-type"] == "application/json"
        if status == 422:
            assert_only_places_and_rules(answer)
        return answer

    def get(self, path: str, status: int = 200) -> Told:
        return self.call("GET", path, status=status).json()

    def post(self, path: str, body: object = None, status: int = 200) -> Told:
        return self.call("POST", path, body, status=status).json()

    def put(self, path: str, body: object, status: int = 200) -> Told:
        return self.call("PUT", path, body, status=status).json()

    def patch(self, path: str, body: object, status: int = 200) -> Told:
        return self.call("PATCH", path, body, status=status).json()

    def delete(self, path: str, status: int = 200) -> Told:
        return self.call("DELETE", path, status=status).json()

    def made(self, body: object) -> dict[str, Any]:
        """Create a credential."""
        made: dict[str, Any] = self.post(HERE, body, 201)
        return made

    def problems(self, method: str, path: str, body: object = None) -> list[tuple[list[str | int], str]]:
        """Return where and which of a request whose fields are refused."""
        told = self.call(method, path, body, status=422).json()["detail"]
        return [(each["loc"], each["type"]) for each in told]


def assert_only_places_and_rules(answer: httpx.Response) -> None:
    """No item of a 422 holds what was sent."""
    told = answer.json()
    assert set(told) == {"detail"}
    assert told["detail"]
    for each in told["detail"]:
        assert set(each) == {"loc", "msg", "type"}
