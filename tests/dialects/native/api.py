"""Calling the native API as one key."""

from dataclasses import dataclass
from typing import Any

import httpx

VENDOR = {"anthropic-version": "2026-10-21", "anthropic-beta": "managed-agents-2026-04-01"}
VALUE = "a-real-value-that-nobody-may-see"


@dataclass
class Api:
    http: httpx.AsyncClient
    key: str

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        sent = {"x-api-key": self.key, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self.http.request(method, f"/strongroom/v1{path}", json=body, headers=sent)

    async def made(self, path: str, body: object = None) -> dict[str, Any]:
        answer = await self.ask("POST", path, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def got(self, path: str) -> dict[str, Any]:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refused(self, method: str, path: str, body: object = None, *, status: int) -> dict[str, Any]:
        answer = await self.ask(method, path, body)
        assert answer.status_code == status, answer.text
        assert answer.headers["request-id"] == answer.json()["request_id"]
        return dict(answer.json()["error"])

    async def vault(self, name: str) -> str:
        headers = {"x-api-key": self.key, **VENDOR}
        answer = await self.http.post("/v1/vaults", json={"display_name": name}, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def variable(self, vault: str, name: str, **more: object) -> dict[str, Any]:
        body = {"name": name, "value": VALUE, "hosts": ["api.example.test"], **more}
        return await self.made(f"/vaults/{vault}/credentials", body)

    def as_key(self, key: str) -> "Api":
        return Api(self.http, key)
