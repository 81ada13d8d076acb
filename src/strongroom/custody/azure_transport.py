"""What Microsoft's clients send with: the port `Control`, so that their traffic keeps the rules of every other.

Loaded with the extra `strongroom[azure]` alone.
"""
# ruff: noqa: ANN401, ARG002 - the signatures are Microsoft's

import json
from collections.abc import AsyncIterator, MutableMapping
from types import TracebackType
from typing import Any, Self, final

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.core.utils import case_insensitive_dict

from strongroom.core.calls import Reply
from strongroom.core.overriding import override
from strongroom.custody.elsewhere import call
from strongroom.services.oauth_ports import Control

_OURS = frozenset({"content-length", "host", "accept-encoding", "connection"})
"""Headers that whoever sends writes."""


@final
class ControlTransport(AsyncHttpTransport[HttpRequest, AsyncHttpResponse]):
    """Sends a request whole and reads its answer whole. Our own failures go through the client as they are."""

    def __init__(self, control: Control) -> None:
        self._control = control

    @override
    async def send(self, request: HttpRequest, **kwargs: Any) -> AsyncHttpResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OURS}
        reply = await self._control.send(call(request.method, request.url, headers=headers, body=_body(request)))
        return _Response(request, reply)

    @override
    async def open(self) -> None:
        """Nothing is held."""

    @override
    async def close(self) -> None:
        """Nothing is held."""

    @override
    async def __aenter__(self) -> Self:
        return self

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Nothing is held."""


def _body(request: Any) -> bytes | None:
    given = getattr(request, "content", None) if isinstance(request, HttpRequest) else request.body
    return given.encode() if isinstance(given, str) else given


@final
class _Response(AsyncHttpResponse):
    """An answer that has been read."""

    def __init__(self, request: HttpRequest, reply: Reply) -> None:
        self._request = request
        self._reply = reply
        self._headers = case_insensitive_dict(reply.headers)
        self._encoding: str | None = None

    @property
    @override
    def request(self) -> HttpRequest:
        return self._request

    @property
    @override
    def status_code(self) -> int:
        return self._reply.status

    @property
    @override
    def headers(self) -> MutableMapping[str, str]:
        return self._headers

    @property
    @override
    def reason(self) -> str:
        return ""

    @property
    @override
    def content_type(self) -> str | None:
        return self._headers.get("content-type")

    @property
    @override
    def is_closed(self) -> bool:
        return True

    @property
    @override
    def is_stream_consumed(self) -> bool:
        return True

    @property  # type: ignore[explicit-override]  # mypy looks for it at the setter as well, where it may not stand
    @override
    def encoding(self) -> str | None:
        return self._encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    @property
    @override
    def url(self) -> str:
        return self._request.url

    @property
    @override
    def content(self) -> bytes:
        return self._reply.body

    @override
    def text(self, encoding: str | None = None) -> str:
        return self.content.decode(encoding or self._encoding or "utf-8", errors="replace")

    def body(self) -> bytes:
        """What older policies call the content."""
        return self.content

    @override
    def json(self) -> Any:
        return json.loads(self.content)

    @override
    def raise_for_status(self) -> None:
        if self.status_code >= 400:  # noqa: PLR2004 - RFC 9110 section 15.5
            raise HttpResponseError(response=self)

    @override
    async def read(self) -> bytes:
        return self.content

    @override
    async def iter_bytes(self, **kwargs: Any) -> AsyncIterator[bytes]:
        yield self.content

    @override
    async def iter_raw(self, **kwargs: Any) -> AsyncIterator[bytes]:
        yield self.content

    @override
    async def close(self) -> None:
        """It is."""

    @override
    async def __aexit__(self, *args: object) -> None:
        """Nothing is held."""
