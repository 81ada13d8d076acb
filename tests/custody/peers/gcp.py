"""Google Secret Manager's REST API, as its reference describes it, with tokens verified as Google does."""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

HOST = "secretmanager.googleapis.com"
PROJECT = "example-project"
EMAIL = "vault@example-project.iam.gserviceaccount.com"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_PAIR = rsa.generate_private_key(65537, 2048)


def key(token_uri: str = "https://oauth2.googleapis.com/token") -> Mapping[str, str]:
    """The JSON key of a service account."""
    private = _PAIR.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "1",
        "private_key": private.decode(),
        "client_email": EMAIL,
        "client_id": "1",
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }


@dataclass
class SecretManager:
    """Secrets, each with its versions."""

    secrets: dict[str, list[bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    loses_versions: bool = False
    """Whether it closes the connection where a version is added."""

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guarded])
        base = f"/v1/projects/{PROJECT}/secrets"
        app.router.add_get(base, self._list)
        app.router.add_post(base, self._create)
        app.router.add_post(base + "/{name:[A-Za-z0-9_-]{1,255}}:addVersion", self._add)
        app.router.add_get(base + "/{name}/versions/latest:access", self._access)
        app.router.add_delete(base + "/{name}", self._delete)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims: dict[str, Any] = jwt.decode(
                token, _PAIR.public_key(), algorithms=["RS256"], options={"verify_aud": False}
            )
        except jwt.InvalidTokenError:
            return _error(401, "UNAUTHENTICATED")
        assert claims["iss"] == claims["sub"] == EMAIL
        assert claims.get("aud") == f"https://{HOST}/" or "cloud-platform" in claims.get("scope", "")
        return await handler(request)

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response({"secrets": [{"name": _name(name)} for name in self.secrets]})

    async def _create(self, request: web.Request) -> web.Response:
        name = request.query["secretId"]
        if name in self.secrets:
            return _error(409, "ALREADY_EXISTS")
        assert "automatic" in (await request.json())["replication"]
        self.secrets[name] = []
        return web.json_response({"name": _name(name)})

    async def _add(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.secrets:
            return _error(404, "NOT_FOUND")
        if self.loses_versions:
            assert request.transport is not None
            request.transport.abort()
        versions = self.secrets[name]
        versions.append(base64.b64decode((await request.json())["payload"]["data"]))
        return web.json_response({"name": f"{_name(name)}/versions/{len(versions)}", "state": "ENABLED"})

    async def _access(self, request: web.Request) -> web.Response:
        versions = self.secrets.get(request.match_info["name"])
        if not versions:
            return _error(404, "NOT_FOUND")
        data = base64.b64encode(versions[-1]).decode()
        name = f"{_name(request.match_info['name'])}/versions/{len(versions)}"
        return web.json_response({"name": name, "payload": {"data": data}})

    async def _delete(self, request: web.Request) -> web.Response:
        if self.secrets.pop(request.match_info["name"], None) is None:
            return _error(404, "NOT_FOUND")
        return web.json_response({})


def _name(name: str) -> str:
    return f"projects/{PROJECT}/secrets/{name}"


def _error(status: int, reason: str) -> web.Response:
    said = {"code": status, "message": "what the service says of it", "status": reason}
    return web.Response(status=status, body=json.dumps({"error": said}), content_type="application/json")
