"""Azure Key Vault's REST API for secrets and the token endpoint of Microsoft Entra, as their references have them."""

import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

VAULT_HOST = "example.vault.azure.net"
LOGIN_HOST = "login.example.test"
TENANT, CLIENT, SECRET = "11111111-1111-1111-1111-111111111111", "client", "the-application's-secret"
API_VERSIONS = {"2026-04-01", "2025-07-01", "7.6", "7.5"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class KeyVault:
    """Secrets with versions; what is deleted is recoverable until it is purged."""

    secrets: dict[str, list[str]] = field(default_factory=dict)
    deleted: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    may_purge: bool = True
    tokens: int = 0

    @property
    def left(self) -> int:
        return len(self.secrets) + (len(self.deleted) if self.may_purge else 0)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guarded])
        app.router.add_post(f"/{TENANT}/oauth2/v2.0/token", self._token)
        app.router.add_get("/secrets", self._list)
        app.router.add_put("/secrets/{name}", self._set)
        app.router.add_get("/secrets/{name}/{version:[^/]*}", self._get)
        app.router.add_delete("/secrets/{name}", self._delete)
        app.router.add_get("/deletedsecrets/{name}", self._deleted)
        app.router.add_delete("/deletedsecrets/{name}", self._purge)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.host.partition(':')[0]} {request.path}")
        port = request.url.port
        if request.path.endswith("/token"):
            assert request.host == f"{LOGIN_HOST}:{port}"
            return await handler(request)
        assert request.host == f"{VAULT_HOST}:{port}"
        assert request.query["api-version"] in API_VERSIONS
        if request.headers.get("authorization") != "Bearer the-access-token":
            challenge = f'Bearer authorization="https://{LOGIN_HOST}:{port}/{TENANT}", resource="https://vault.azure.net:{port}"'
            return _error(401, "Unauthorized", {"WWW-Authenticate": challenge})
        return await handler(request)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["grant_type"] == "client_credentials"
        assert form["client_id"] == CLIENT
        if form["client_secret"] != SECRET:
            return web.json_response({"error": "invalid_client", "error_description": "no"}, status=401)
        self.tokens += 1
        return web.json_response({"access_token": "the-access-token", "expires_in": 3600, "token_type": "Bearer"})

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response({"value": [{"id": _id(request, name)} for name in self.secrets], "nextLink": None})

    async def _set(self, request: web.Request) -> web.Response:
        name, sent = request.match_info["name"], await request.json()
        if name in self.deleted:
            return _error(409, "Conflict")
        versions = self.secrets.setdefault(name, [])
        versions.append(sent["value"])
        return web.json_response(self._bundle(request, name))

    async def _get(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.json_response(self._bundle(request, name)) if name in self.secrets else _error(404, "SecretNotFound")

    async def _delete(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.secrets:
            return _error(404, "SecretNotFound")
        self.deleted[name] = self.secrets.pop(name)
        return web.json_response(self._gone(request, name))

    async def _deleted(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.json_response(self._gone(request, name)) if name in self.deleted else _error(404, "SecretNotFound")

    async def _purge(self, request: web.Request) -> web.Response:
        if not self.may_purge:
            return _error(403, "Forbidden")
        found = self.deleted.pop(request.match_info["name"], None)
        return _error(404, "SecretNotFound") if found is None else web.Response(status=204)

    def _bundle(self, request: web.Request, name: str) -> dict[str, object]:
        now = int(time.time())
        attributes = {"enabled": True, "created": now, "updated": now, "recoveryLevel": "Recoverable+Purgeable"}
        version = f"{_id(request, name)}/{uuid.uuid4().hex}"
        return {"value": self.secrets[name][-1], "id": version, "attributes": attributes}

    def _gone(self, request: web.Request, name: str) -> dict[str, object]:
        now = int(time.time())
        recovery = f"https://{request.host}/deletedsecrets/{name}"
        return {
            "id": _id(request, name),
            "recoveryId": recovery,
            "deletedDate": now,
            "scheduledPurgeDate": now + 7 * 86400,
            "attributes": {"enabled": True},
        }


def _id(request: web.Request, name: str) -> str:
    return f"https://{request.host}/secrets/{name}"


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
    body = {"error": {"code": code, "message": "what the service says of it"}}
    return web.json_response(body, status=status, headers=headers)
