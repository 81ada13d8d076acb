"""The page on which a person shows a key once, so that a program on this machine is signed in.

Rules kept here:
- the form goes to this page alone and to where the answer is sent; it has no script, loads nothing, cannot be framed;
- what is posted must come from the page that was shown: its request is under a MAC, with a cookie that other sites
  cannot send along, and for minutes;
- whatever happens, everything that came from elsewhere is escaped, and a key is not written back.
"""

import base64
import hashlib
import html
import logging
import traceback
from datetime import UTC, datetime
from typing import final

from fastapi import Response
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Receive, Scope, Send

from strongroom.core.failures import Failure, Invalid, NotAuthenticated, NotPermitted, Refused
from strongroom.core.secret import Secret
from strongroom.core.sign_in import ASKING_LIVES, CLIENT, Asked, GrantRefused, read_asked, refusal
from strongroom.dialects.options import Options
from strongroom.dialects.signing_in.forms import fields, read_form
from strongroom.services.issuing import Issuing

COOKIE = "strongroom_sign_in"
_COLLECTION = "sign-in"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:12vh auto;padding:0 1rem}h1{font-size:1.3rem}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.4rem;margin:.3rem 0 .8rem}"
    "button{font:inherit;padding:.4rem 1rem}.wrong{color:#a00}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_BEGIN_AGAIN = "this page is no longer good: begin again in the program that sent you here"
_log = logging.getLogger(__name__)


@final
class SignInPage:
    """Shows the form, and sends a browser on."""

    def __init__(self, issuing: Issuing, options: Options) -> None:
        self._issuing = issuing
        self._clock = options.clock
        self._new_id = options.new_id
        self._seals = options.pages
        self._secure = "; Secure" if issuing.issuer.startswith("https:") else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, receive)
        except Refused as refused:
            answer = _page(400, "Not signed in", _sentence(str(refused)))
        except Exception as error:  # noqa: BLE001 - the last place that can word an answer
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("signing in failed with %s\n%s", type(error).__name__, where)
            unable = isinstance(error, Failure)
            answer = _page(503 if unable else 500, "Not signed in", _sentence("something went wrong on our side"))
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        match scope["method"]:
            case "GET":
                return self._shown(scope["query_string"])
            case "POST":
                return await self._posted(Headers(scope=scope), receive)
            case _:
                return Response(status_code=405, headers={"allow": "GET, POST"})

    def _shown(self, query: bytes) -> Response:
        given = fields(query)
        asked = read_asked(given)
        refused = refusal(given)
        if refused is not None:
            return _sent(_refused(asked, refused, self._issuing.issuer))
        cookie = self._new_id("")
        position = (
            *(asked.redirect_uri, asked.state, asked.scope, asked.challenge, asked.nonce),
            str(self._clock().timestamp()),
        )
        request = self._seals.write(position, collection=_COLLECTION, scope=[cookie])
        answer = _form(200, asked, request)
        # Strict: no other site can have a browser post along with it (RFC 6265bis).
        answer.headers["set-cookie"] = f"{COOKIE}={cookie}; HttpOnly; SameSite=Strict; Max-Age=600{self._secure}"
        return answer

    async def _posted(self, headers: Headers, receive: Receive) -> Response:
        form = await read_form(headers, receive)
        asked = self._asked(headers, form.get("request", ""))
        key = Secret(form.get("api_key", "").strip())
        try:
            return _sent(await self._issuing.consented(asked, key))
        except NotAuthenticated:
            return _form(401, asked, form["request"], wrong="that key is not valid")
        except GrantRefused as refused:
            return _sent(_refused(asked, refused, self._issuing.issuer))

    def _asked(self, headers: Headers, request: str) -> Asked:
        """Return what the page was shown for. Raises `NotPermitted` for what does not come from it."""
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        if headers.get("sec-fetch-site", "same-origin") != "same-origin" or not cookie:
            raise NotPermitted(_BEGIN_AGAIN)
        try:
            *said, stamp = self._seals.read(request, collection=_COLLECTION, scope=[cookie])
        except Invalid:
            raise NotPermitted(_BEGIN_AGAIN) from None
        if self._clock() >= datetime.fromtimestamp(float(stamp), UTC) + ASKING_LIVES:
            raise NotPermitted(_BEGIN_AGAIN)
        redirect, state, scope, challenge, nonce = said
        return Asked(redirect_uri=redirect, state=state, scope=scope, challenge=challenge, nonce=nonce)


def _refused(asked: Asked, refused: GrantRefused, issuer: str) -> str:
    return asked.answer(issuer, error=refused.error.value, error_description=str(refused))


def _sent(url: str) -> Response:
    """Send the browser on with GET, without what it has posted (RFC 9110 section 15.4.4)."""
    return Response(status_code=303, headers={"location": url, "cache-control": "no-store", **_SHUT})


def _form(status: int, asked: Asked, request: str, *, wrong: str | None = None) -> Response:
    complaint = "" if wrong is None else f'<p class="wrong" role="alert">{html.escape(wrong.capitalize())}.</p>'
    words = html.escape(asked.origin)
    body = (
        f"<p>The program <b>{CLIENT}</b> at {words} asks to act with a key of yours. Show the key once; the program "
        f"gets tokens that end by themselves, and end when the key is revoked.</p>{complaint}"
        '<form method="post" action="auth">'
        f'<input type="hidden" name="request" value="{html.escape(request)}">'
        '<label>API key<input type="password" name="api_key" required autofocus autocomplete="off"></label>'
        "<button>Sign in</button></form>"
    )
    return _page(status, "Sign in", body, answers=asked.origin)


def _sentence(words: str) -> str:
    return f"<p>{html.escape(words[:1].upper() + words[1:])}.</p>"


_SHUT = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


def _page(status: int, title: str, body: str, *, answers: str | None = None) -> Response:
    """Return a page. A browser holds a form's redirect to `form-action` too, so where the answer goes is named."""
    action = "'none'" if answers is None else f"'self' {answers}"
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; "
        f"form-action {action}"
    )
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Strongroom: {title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>\n"
    )
    headers = {"content-security-policy": policy, "cache-control": "no-store", **_SHUT}
    return Response(page.encode(), status_code=status, media_type="text/html; charset=utf-8", headers=headers)
