"""git's own HTTP server program, called the way a web server calls it (RFC 3875)."""

import asyncio
import os
from pathlib import Path

from aiohttp import web


async def git_http_backend(request: web.Request, body: bytes, repositories: Path) -> web.Response:
    """Answer one request of git's smart protocol from the repositories in a folder."""
    variables = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(repositories),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "PATH_INFO": request.path.removeprefix("/git"),
        "QUERY_STRING": request.query_string,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "REMOTE_USER": "agent",  # whoever got here has presented the secret; without a user no push is taken
    }
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec("git", "http-backend", env=variables, stdin=pipe, stdout=pipe)
    answered, _ = await running.communicate(body)
    head, _, content = answered.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    status = int(fields.pop("Status", "200").split()[0])
    return web.Response(status=status, headers=fields, body=content)
