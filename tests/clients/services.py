"""Upstreams that clients know: each demands a secret, and quotes what it was sent.

What quotes matters: a secret that the proxy put in comes back in every reply, and must not reach the client.
"""

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from strongroom.core.overriding import override
from tests.clients.smart_git import git_http_backend
from tests.e2e.stage import Seen, Upstream

ARCHIVE_NAME = "parcel-1.0-py3-none-any.whl"
LARGE = 24 << 20
_LARGE_PIECE = bytes(range(256)) * 256


@dataclass
class Services(Upstream):
    """All of them behind one port, told apart by path; `secrets` are the values of which one must be presented."""

    secrets: dict[str, str] = field(default_factory=dict)
    repositories: Path = Path()

    @override
    async def answer(self, request: web.Request) -> web.StreamResponse:
        first = request.path.split("/")[1]
        if first == "large":
            return await self._large(request)
        seen = Seen(request.host, request.method, request.raw_path, dict(request.headers), await request.read())
        self.seen.append(seen)
        sent = presented(seen.headers)
        if not any(secret in sent for secret in self.secrets.values()):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="services"'}, text=sent)
        reply = await self._served(first, request, seen, sent)
        reply.headers["X-Sent"] = request.headers.get("Authorization", "")
        return reply

    async def _served(self, first: str, request: web.Request, seen: Seen, sent: str) -> web.Response:
        if first == "git":
            return await git_http_backend(request, seen.body, self.repositories)
        if first == "npm":
            return npm_registry(request)
        if first == "v1":
            return web.json_response(model_reply(seen.target, sent))
        if seen.body.startswith(b"Action=GetCallerIdentity"):
            return web.Response(text=caller_identity(sent), content_type="text/xml")
        pages = {"simple": (python_index, "text/html"), "files": (python_archive, "application/octet-stream")}
        if first in pages:
            made, kind = pages[first]
            return web.Response(body=made(), content_type=kind)
        return web.json_response({"headers": dict(seen.headers), "sent": sent, "size": len(seen.body)})

    async def _large(self, request: web.Request) -> web.StreamResponse:
        """Take a body of any size, or send one."""
        if request.method == "GET":
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(LARGE // len(_LARGE_PIECE)):
                await response.write(_LARGE_PIECE)
            return response
        digest = hashlib.sha256()
        async for piece in request.content.iter_any():
            digest.update(piece)
        headers = dict(request.headers)
        self.seen.append(Seen(request.host, request.method, request.raw_path, headers, b""))
        return web.json_response({"headers": headers, "sha256": digest.hexdigest()})


def presented(headers: Mapping[str, str]) -> str:
    """Return what a request proves itself with, the decoded form of Basic authorization included."""
    fields = {name.lower(): value for name, value in headers.items()}
    authorization = fields.get("authorization", "")
    scheme, _, rest = authorization.partition(" ")
    basic = base64.b64decode(rest).decode() if scheme.lower() == "basic" else ""
    return " ".join([authorization, basic, fields.get("x-api-key", "")])


def python_index() -> bytes:
    """A page of PEP 503's simple repository."""
    digest = hashlib.sha256(python_archive()).hexdigest()
    return f'<!DOCTYPE html><a href="/files/{ARCHIVE_NAME}#sha256={digest}">{ARCHIVE_NAME}</a>'.encode()


def python_archive() -> bytes:
    """A wheel, the same bytes each time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in (
            ("parcel.py", "CONTENT = 'what was ordered'\n"),
            ("parcel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: parcel\nVersion: 1.0\n"),
            (
                "parcel-1.0.dist-info/WHEEL",
                "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            ),
            ("parcel-1.0.dist-info/RECORD", "parcel.py,,\n"),
        ):
            archive.writestr(zipfile.ZipInfo(name), text)
    return made.getvalue()


def npm_registry(request: web.Request) -> web.Response:
    """A registry with one package."""
    if request.path.endswith(".tgz"):
        return web.Response(body=npm_archive(), content_type="application/octet-stream")
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(npm_archive()).digest()).decode()
    tarball = f"https://{request.host}/npm/parcel/-/parcel-1.0.0.tgz"
    version = {"name": "parcel", "version": "1.0.0", "dist": {"tarball": tarball, "integrity": integrity}}
    return web.json_response({"name": "parcel", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}})


def npm_archive() -> bytes:
    """A package, the same bytes each time."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=0) as archive:
        for name, text in (("package.json", json.dumps({"name": "parcel", "version": "1.0.0"})), ("index.js", "")):
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()[:4] + bytes(4) + made.getvalue()[8:]  # RFC 1952 2.3.1: no time of making


def model_reply(target: str, sent: str) -> dict[str, object]:
    """Reply in the shape of whichever API the path is of, saying what was sent."""
    if target.startswith("/v1/messages"):
        content = [{"type": "text", "text": sent}]
        usage = {"input_tokens": 1, "output_tokens": 1}
        said = {"id": "msg_1", "type": "message", "role": "assistant", "model": "any", "content": content}
        return {**said, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": sent}}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "any", "choices": [choice]}


def caller_identity(sent: str) -> str:
    """Reply of AWS STS, naming what was sent where the name of the caller would be."""
    return (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{sent}</Arn><UserId>u</UserId><Account>1</Account></GetCallerIdentityResult>"
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
