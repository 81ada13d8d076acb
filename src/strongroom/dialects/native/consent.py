"""What the public sees of connecting: the page on which a browser ends up, and the document about us as a client.

No key is asked for. Rules kept here:
- the only proof is the state in the query, which was minted for one authorization and is good for one answer;
- the page has no script, loads nothing, cannot be framed, is not kept, and sends no referrer: its URL has a code in it;
- whatever happens, the page says so in a sentence of ours, and everything that came from elsewhere is escaped.
"""

import base64
import hashlib
import html
import json
import logging
import traceback
from collections.abc import Mapping, Sequence
from typing import final

from starlette.types import ASGIApp, Receive, Scope, Send

from strongroom.core.authorization import MAX_CALLBACK, Authorization, Standing
from strongroom.core.failures import Refused
from strongroom.core.registration import document_of
from strongroom.core.secret import Secret
from strongroom.dialects.mounting import Document
from strongroom.dialects.native.authorizations import CALLBACK, CLIENT
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services
from strongroom.services.connecting import Connecting

STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}h1{font-size:1.3rem}"
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE_HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (
        b"content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'".encode(),
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
LOOPBACKS = ("http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback")
"""Where the command line listens: a server lets any port stand there (RFC 8252 section 7.3)."""
_NO_QUERY = "this page is where servers send a browser after consent; there is nothing to see by itself"
_CRASHED = "something went wrong on our side: begin again"

_log = logging.getLogger(__name__)


@final
class CallbackPage:
    """Finishes an authorization of the server flow."""

    def __init__(self, connecting: Connecting) -> None:
        self._connecting = connecting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        if scope["method"] != "GET":  # HEAD too: looking must not redeem anything
            await _answer(send, 405, _page("Not this way", "this page is opened by a browser"), PAGE_HEADERS)
            return
        query: bytes = scope["query_string"]
        if not query or len(query) > MAX_CALLBACK:
            await _answer(send, 400, _page("Nothing to do", _NO_QUERY), PAGE_HEADERS)
            return
        status, page = await self._finished(Secret(query.decode("ascii", "replace")))
        await _answer(send, status, page, PAGE_HEADERS)

    async def _finished(self, query: Secret) -> tuple[int, str]:
        try:
            found = await self._connecting.callback(query)
        except Refused as refused:
            return 400, _page("Not connected", str(refused))
        except Exception as error:  # noqa: BLE001 - the last place that can word an answer
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("the callback of an authorization failed with %s\n%s", type(error).__name__, where)
            return 500, _page("Not connected", _CRASHED)
        if found.standing is Standing.CONNECTED:
            return 200, _page("Connected", _connected(found))
        return 400, _page("Not connected", found.problem or _CRASHED)


def public(services: Services, options: Options) -> Mapping[str, ASGIApp]:
    """Return what is reachable without a key, by path."""
    pages: dict[str, ASGIApp] = {CALLBACK: CallbackPage(services.connecting)}
    if options.client_url is not None and options.callback_url is not None:
        document = document_of(options.client_url, redirects=[options.callback_url, *LOOPBACKS])
        pages[CLIENT] = Document(json.dumps(document).encode)
    return pages


def _connected(found: Authorization) -> str:
    return f"the tokens for {found.mcp_server_url} are in vault {found.vault}. You can close this window."


def _page(title: str, sentence: str) -> str:
    words = html.escape(sentence[:1].upper() + sentence[1:])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Strongroom: {title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1><p>{words}</p></body></html>\n"
    )


async def _answer(send: Send, status: int, page: str, headers: Sequence[tuple[bytes, bytes]]) -> None:
    body = page.encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
