"""Asking the server for offers and values. One class of token, two questions, no redirects and no proxies."""

import http.client
import json
from collections.abc import Mapping
from typing import Any, final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from strongroom.core.overriding import override
from strongroom.core.secret import Secret
from strongroom.playwright.outcomes import FillFailed, Shown

TIMEOUT = 30.0


@final
class Value:
    """What stands for a placeholder now; or, without a secret, after how many seconds to ask again."""

    __slots__ = ("lasts", "secret", "wait")

    def __init__(self, answer: Mapping[str, Any]) -> None:
        value = answer["value"]
        self.secret = None if value is None else Secret(value)
        self.lasts: int | None = answer["seconds_remaining"]
        self.wait: int = answer["wait_seconds"] or 0


@final
class Asking:
    """The fill endpoints of one session. `token` is that session's fill token, or an API key with the scope for it."""

    def __init__(self, *, url: str, session: str, token: str) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("url must be that of the server's API: http://127.0.0.1:8700")
        self._below = f"{url.rstrip('/')}/strongroom/v1/sessions/{quote(session, safe='')}/fill"
        self._token = Secret(token)
        # Values come this way: whatever proxy the agent has in its environment must not read along.
        self._opener = build_opener(ProxyHandler({}), _NoRedirects())

    @override
    def __repr__(self) -> str:
        return f"Asking({self._below!r})"

    def offer(self, credential: str, page: str) -> Shown:
        """Return placeholders for a credential on a page. Raises `FillFailed`."""
        answer = self._post("offers", {"credential_id": credential, "url": page})
        return Shown(
            context=answer["context"],
            placeholders=answer["placeholders"],
            credential=answer["credential_id"],
            site=answer["site"],
        )

    def redeem(self, placeholder: str, page: str, lasting: int = 0) -> Value:
        """Return what to type into a page in a placeholder's place. Raises `FillFailed`."""
        return Value(self._post("redeem", {"placeholder": placeholder, "url": page, "lasting": lasting}))

    def _post(self, what: str, body: Mapping[str, object]) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._token.reveal()}", "content-type": "application/json"}
        request = Request(f"{self._below}/{what}", data=json.dumps(body).encode(), method="POST", headers=headers)  # noqa: S310 - checked
        try:
            with self._opener.open(request, timeout=TIMEOUT) as reply:
                answer: dict[str, Any] = json.loads(reply.read())
        except HTTPError as refused:
            with refused:
                raise _refusal(refused) from None
        except (URLError, OSError, http.client.HTTPException, ValueError):
            raise FillFailed("the Strongroom server does not answer: check the url") from None
        return answer


@final
class _NoRedirects(HTTPRedirectHandler):
    @override
    def redirect_request(self, *_request: object) -> None:
        return None


def _refusal(refused: HTTPError) -> FillFailed:
    try:
        error = json.loads(refused.read())["error"]
        return FillFailed(str(error["message"]), code=str(error["code"]))
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        return FillFailed(f"the Strongroom server answered {refused.code}")
