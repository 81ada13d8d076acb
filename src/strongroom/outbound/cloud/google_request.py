"""What google-auth sends with: the line to the loop, so that its traffic keeps the rules of every other.

Loaded with the extra `strongroom[gcp]` alone.
"""
# ruff: noqa: ARG002 - the signatures are Google's

import os
from collections.abc import Mapping
from typing import Any, final
from urllib.parse import urlsplit

import requests
from google.auth.exceptions import TransportError
from google.auth.transport import Request, Response
from google.auth.transport.requests import Request as Direct

from strongroom.core.calls import Reply
from strongroom.core.failures import Failure
from strongroom.core.overriding import override
from strongroom.outbound.cloud.asking import Line

METADATA = frozenset({"metadata.google.internal", "metadata", "169.254.169.254"})
"""Where the machine itself answers. The operator's environment may name another place (`GCE_METADATA_HOST`)."""
METADATA_SECONDS = 3.0
_METADATA_VARIABLES = ("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP")


def requests_over(line: Line, *, metadata: bool) -> Request:
    """Return what sends over a line; with `metadata`, what is for the machine's own service goes there directly."""
    if not metadata:
        return _OverLine(line)
    named = (os.environ.get(name, "").rpartition(":")[0] or os.environ.get(name, "") for name in _METADATA_VARIABLES)
    session = requests.Session()
    session.trust_env = False
    return _OrDirect(line, session, METADATA | set(filter(None, named)))


class _OverLine(Request):
    """Sends a request whole and reads its answer whole."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @override
    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,  # noqa: ANN401 - as above
    ) -> Response:
        sent = body.encode() if isinstance(body, str) else body
        try:
            return _Answer(self._line.send(method, url, headers or {}, sent))
        except Failure as failure:
            raise TransportError(str(failure)) from failure  # type: ignore[no-untyped-call]


@final
class _OrDirect(_OverLine):
    """Does so too, but for the machine's own service. Google's client may have to give its session a certificate."""

    def __init__(self, line: Line, session: requests.Session, metadata: frozenset[str]) -> None:
        super().__init__(line)
        self.session = session
        self._direct = Direct(session)
        self._metadata = metadata

    @override
    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,  # noqa: ANN401 - as above
    ) -> Response:
        if urlsplit(url).hostname not in self._metadata:
            return super().__call__(url, method, body, headers, timeout)
        answer: Response = self._direct(url, method, body, headers, timeout or METADATA_SECONDS)
        return answer


@final
class _Answer(Response):
    """An answer that has been read."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    @property
    @override
    def status(self) -> int:
        return self._reply.status

    @property
    @override
    def headers(self) -> Mapping[str, str]:
        return self._reply.headers

    @property
    @override
    def data(self) -> bytes:
        return self._reply.body
