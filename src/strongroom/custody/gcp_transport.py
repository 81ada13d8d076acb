"""What Google's client sends with: the port `Control`, so that its traffic keeps the rules of every other.

Its sessions get one adapter for all URLs, those that fetch tokens as well. They run in a thread; the adapter hands each
request to the loop and waits. Loaded with the extra `strongroom[gcp]` alone.
"""
# ruff: noqa: ARG002 - the signatures are those of requests

import asyncio
from collections.abc import Mapping
from io import BytesIO
from typing import Any, final

import requests
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
from google.oauth2.service_account import Credentials
from requests.adapters import BaseAdapter

from strongroom.core.overriding import override
from strongroom.custody.elsewhere import call
from strongroom.services.oauth_ports import Control

HOST = "secretmanager.googleapis.com"
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_OURS = frozenset({"content-length", "host", "accept-encoding", "connection"})
"""Headers that whoever sends writes."""


def made(key: Mapping[str, Any], *, control: Control, endpoint: str | None) -> SecretManagerServiceClient:
    """Return a client that is signed in with a service account's key. Called on the loop that will send."""
    credentials = Credentials.from_service_account_info(key, scopes=_SCOPES)  # type: ignore[no-untyped-call]
    adapter = _ControlAdapter(control, asyncio.get_running_loop())
    return SecretManagerServiceClient(transport=_Transport(credentials, endpoint or HOST, adapter))


@final
class _ControlAdapter(BaseAdapter):
    """Sends a request whole and reads its answer whole. Our own failures go through the client as they are."""

    def __init__(self, control: Control, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._control = control
        self._loop = loop

    @override
    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() not in _OURS}
        body = request.body.encode() if isinstance(request.body, str) else request.body
        if body is not None and not isinstance(body, bytes):
            raise TypeError("this client sends no streams")
        asked = call(request.method or "GET", request.url or "", headers=headers, body=body)
        reply = asyncio.run_coroutine_threadsafe(self._control.send(asked), self._loop).result()
        response = requests.Response()
        response.status_code = reply.status
        response.headers.update(reply.headers)
        response.raw = BytesIO(reply.body)
        response.url = request.url or ""
        response.request = request
        response.encoding = "utf-8"
        return response

    @override
    def close(self) -> None:
        """Nothing is held."""


@final
class _Transport(SecretManagerServiceRestTransport):
    """Google's, but for what its sessions send with."""

    def __init__(self, credentials: Credentials, host: str, adapter: _ControlAdapter) -> None:
        super().__init__(credentials=credentials, host=host, always_use_jwt_access=True)
        asking = self._session._auth_request.session  # noqa: SLF001 - there is no other way to what fetches tokens
        for session in (self._session, asking):
            session.trust_env = False
            session.adapters.clear()
            session.mount("https://", adapter)
            session.mount("http://", adapter)
