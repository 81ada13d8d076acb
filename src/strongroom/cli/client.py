"""A small HTTP client for the server's API.

Rules kept here:
- redirects are not followed: they would carry keys and secrets to another place;
- proxy variables are ignored for loopback, where a proxy could only be in the way;
- the key stands in a header and nowhere else; no failure repeats what was sent.
"""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from strongroom.cli.complaint import Complaint, NoServer, Refusal
from strongroom.cli.wording import Words, as_typed
from strongroom.core.overriding import override
from strongroom.core.secret import Secret

Json = dict[str, Any]
"""An object as the API documents it; what its fields are is the server's promise, not this program's."""

TIMEOUT = 30.0
PAGE = 100
"""The most that a list answers at once."""

HEADERS = {
    "accept": "application/json",
    "anthropic-version": "2026-10-21",
    "anthropic-beta": "managed-agents-2026-04-01",
}
NO_WORDS: Words = {}
_UNAUTHORIZED = 401
_SERVER_ERROR = 500


def path(*segments: str) -> str:
    """Write a path, each segment encoded."""
    return "/" + "/".join(quote(segment, safe="", errors="surrogateescape") for segment in segments)


@final
class Client:
    """The API of one server, with one key."""

    def __init__(self, *, server: str, key: Secret | None, timeout: float = TIMEOUT) -> None:
        self.server = server
        self._key = key
        self._timeout = timeout
        proxies = [ProxyHandler({})] if _is_loopback(server) else []
        self._opener = build_opener(_NoRedirects(), *proxies)

    @override
    def __repr__(self) -> str:
        return f"Client({self.server!r})"

    def get(self, where: str, **query: object) -> Any:  # noqa: ANN401 - as `Json`
        """Read something."""
        return self._ask("GET", where + _query(query))

    def asked(self, where: str, query: Sequence[tuple[str, object]], words: Words = NO_WORDS) -> Any:  # noqa: ANN401 - as `Json`
        """Read something; `query` may name something twice, and `words` is as for `post`."""
        given = [(name, _text(value)) for name, value in query if value is not None]
        try:
            return self._ask("GET", f"{where}?{urlencode(given, errors='surrogateescape')}")
        except Refusal as refusal:
            raise Refusal(as_typed(str(refusal), {}, words), status=refusal.status) from None

    def listed(self, where: str) -> list[Json]:
        """Read what is a list by itself."""
        answer = self._ask("GET", where, shape=list)
        if not all(isinstance(each, dict) for each in answer):
            raise self._stranger()
        return list(answer)

    def post(self, where: str, body: Mapping[str, object] | None = None, words: Words = NO_WORDS) -> Any:  # noqa: ANN401 - as `Json`
        """Make or change something; without a body, an empty one is sent.

        `words` says what the person calls the fields of the body, for a refusal that names them.
        """
        return self._sent("POST", where, body, words)

    def put(self, where: str, body: Mapping[str, object], words: Words = NO_WORDS) -> Any:  # noqa: ANN401 - as `Json`
        """Change something, as the API says; otherwise like `post`."""
        return self._sent("PUT", where, body, words)

    def patch(self, where: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401 - as `Json`
        """Change a part of something."""
        return self._sent("PATCH", where, body, NO_WORDS)

    def delete(self, where: str) -> Any:  # noqa: ANN401 - as `Json`
        """Remove something."""
        return self._ask("DELETE", where)

    def every(self, where: str, **query: object) -> Iterator[Json]:
        """Read a list to its end, page after page."""
        page: str | None = None
        while True:
            answer = self.get(where, limit=PAGE, page=page, **query)
            yield from answer["data"]
            page = answer.get("next_page")
            if page is None or not answer["data"]:
                return

    def clock_difference(self) -> float:
        """Return by how many seconds the server's clock, shown to the second, is ahead of this machine's."""
        from strongroom.edge import now  # noqa: PLC0415 - only `doctor` asks

        with self._open("GET", "/healthz", None) as reply:
            shown = reply.headers["date"]
        try:
            return (parsedate_to_datetime(shown) - now()).total_seconds() if shown else 0.0
        except (TypeError, ValueError):  # a moment without a zone, or no moment
            raise self._stranger() from None

    def _sent(self, method: str, where: str, body: Mapping[str, object] | None, words: Words) -> Any:  # noqa: ANN401 - as `Json`
        try:
            return self._ask(method, where, b"" if body is None else json.dumps(body).encode())
        except Refusal as refusal:
            raise Refusal(as_typed(str(refusal), body, words), status=refusal.status) from None

    def _ask(self, method: str, where: str, body: bytes | None = None, shape: type = dict) -> Any:  # noqa: ANN401 - as `Json`
        with self._open(method, where, body) as reply:
            try:
                text = reply.read()
            except (OSError, http.client.HTTPException) as error:
                raise self._unreachable(error) from None
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            raise self._stranger() from None
        if not isinstance(answer, shape):
            raise self._stranger()
        return answer

    def _open(self, method: str, where: str, body: bytes | None) -> http.client.HTTPResponse:
        headers = dict(HEADERS)
        if self._key is not None:
            headers["x-api-key"] = self._key.reveal()
        if body is not None:
            headers["content-type"] = "application/json"
        request = Request(self.server + where, data=body, method=method, headers=headers)  # noqa: S310 - checked: http(s)
        try:
            return self._opener.open(request, timeout=self._timeout)  # type: ignore[no-any-return]
        except HTTPError as refused:
            with refused:
                raise self._refusal(refused) from None
        except (URLError, OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None

    def _stranger(self) -> Complaint:
        return Complaint(f"{self.server} does not answer like a Strongroom server: check STRONGROOM_URL")

    def _refusal(self, refused: HTTPError) -> Refusal:
        status = refused.code
        sentence, request_id = _read_error(refused)
        if status == _UNAUTHORIZED:
            sentence = f"{self.server} does not accept this key: check STRONGROOM_API_KEY or the data directory"
        elif not sentence:
            sentence = f"{self.server} answered {status} and no reason: check STRONGROOM_URL"
        elif status >= _SERVER_ERROR and request_id:
            sentence = f"{sentence} (request {request_id})"
        return Refusal(sentence, status=status)

    def _unreachable(self, error: Exception) -> NoServer:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, ConnectionRefusedError):
            return NoServer(f"no server answers at {self.server}: start one with `strongroom serve`")
        if isinstance(reason, TimeoutError):
            return NoServer(f"the server at {self.server} did not answer within {self._timeout:g} seconds")
        said = getattr(reason, "strerror", None) or type(reason).__name__
        return NoServer(f"no server answers at {self.server} ({said}): check STRONGROOM_URL or start one")


@final
class _NoRedirects(HTTPRedirectHandler):
    @override
    def redirect_request(self, *_request: object) -> None:
        return None


def _query(query: Mapping[str, object]) -> str:
    given = {name: _text(value) for name, value in query.items() if value is not None}
    return f"?{urlencode(given, errors='surrogateescape')}" if given else ""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_error(refused: HTTPError) -> tuple[str, str]:
    """Read the sentence and the request's id from an error of any of our dialects."""
    try:
        body = json.loads(refused.read())
        return str(body["error"]["message"]), str(body.get("request_id") or "")
    except (ValueError, KeyError, TypeError, AttributeError, OSError, http.client.HTTPException):
        return "", ""


def _is_loopback(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
