"""The one HTTP client for our own short calls: a request, its reply, and nothing that was not judged is dialled.

Rules kept here (contract anthropic-vaults 6.7, DESIGN section 5 line 8):
- the name is resolved once, by the dialer, and only the addresses that it passed are connected to;
- plain http is for deployments that enable it;
- redirects are answers like any other: nothing follows them, so no secret is posted a second time elsewhere;
- no cookies, no proxy variables, no connection that outlives its request; all of it within one time limit;
- heads are bounded, of a body no more is read than the call says, and neither is written to any log.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from strongroom.core.calls import Call, ControlUrl, Reply
from strongroom.core.failures import BadReply, NotPermitted, Unreachable
from strongroom.core.overriding import override
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.dialer import Dialer
from strongroom.outbound.judged import resolved

TIMEOUT = 10.0
HEADERS = {"user-agent": "Strongroom", "accept": "*/*"}
_HEAD_BYTES = 8 * 1024
_PIECE_BYTES = 64 * 1024


@final
class Answer:
    """A reply whose body is still arriving."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._content = response.content
        self.status = response.status
        self.headers = {
            name.lower(): ", ".join(response.headers.getall(name)) for name in dict.fromkeys(response.headers)
        }

    async def more(self) -> bytes:
        """Return the next piece of the body as soon as there is one; empty at its end."""
        return await self._content.read(_PIECE_BYTES)


@final
class ControlClient:
    """Sends on the one dialer. `ssl_context` offers HTTP/1.1 alone; `insecure` admits plain http."""

    def __init__(
        self,
        *,
        dialer: Dialer,
        guard: AddressGuard,
        ssl_context: ssl.SSLContext,
        insecure: bool = False,
        timeout: float = TIMEOUT,
    ) -> None:
        self._dialer = dialer
        self._guard = guard
        self._ssl_context = ssl_context
        self._insecure = insecure
        self._timeout = timeout

    async def send(self, call: Call, *, within: float | None = None) -> Reply:
        """Return the reply to a call. Raises `NotPermitted`, `Unreachable` and `BadReply`.

        `within` shortens the seconds that the client takes for a call.
        """
        async with self.opened(call, within=within) as answer:
            body = bytearray()
            while len(body) <= call.limit_bytes and call.limit_bytes:
                piece = await answer.more()
                if not piece:
                    break
                body += piece
            limit = call.limit_bytes
            return Reply(
                status=answer.status, headers=answer.headers, body=bytes(body[:limit]), truncated=len(body) > limit
            )

    @asynccontextmanager
    async def opened(self, call: Call, *, within: float | None = None) -> AsyncIterator[Answer]:
        """Send a call and hand out its reply once the head is there. The time limit is around all of the context."""
        where = call.url.destination.authority
        seconds = self._timeout if within is None else min(within, self._timeout)
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._addresses(call)
                async with self._session(call, addresses) as session, self._request(session, call) as response:
                    yield Answer(response)
        except TimeoutError:
            raise Unreachable(f"{where} did not answer in {seconds:.3g} seconds") from None
        except aiohttp.ClientConnectorCertificateError as error:
            cause = error.certificate_error
            words = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else "it cannot be checked"
            raise Unreachable(f"the certificate of {where} is not valid: {words}") from None
        except aiohttp.ClientConnectorSSLError:
            raise Unreachable(f"no TLS with {where}") from None
        except aiohttp.ClientConnectorError:
            raise Unreachable(f"{where} refused the connection") from None
        except (aiohttp.ClientError, OSError):
            raise BadReply(f"{where} did not answer in HTTP") from None

    async def _addresses(self, call: Call) -> Sequence[str]:
        destination = call.url.destination
        if destination.scheme != "https" and not self._insecure:
            raise NotPermitted(f"{destination.authority} is asked for in plain http, which this deployment does not do")
        addresses = await self._dialer.addresses(destination.host, destination.port)
        if not call.ordinary_only or call.url.is_ordinary:
            return addresses
        listed = [address for address in addresses if self._guard.is_listed(address)]
        if not listed:
            raise NotPermitted(
                f"{destination.authority} is not https on port 443: that is for addresses in a range of "
                "STRONGROOM_EGRESS_ALLOW_PRIVATE"
            )
        return listed

    def _session(self, call: Call, addresses: Sequence[str]) -> aiohttp.ClientSession:
        destination = call.url.destination
        judged = _Judged(addresses, self._dialer.port(destination.host, destination.port))
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=judged, ssl=self._ssl_context, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),  # one limit is enough, and it is around all of this
            max_line_size=_HEAD_BYTES,
            max_field_size=_HEAD_BYTES,
        )

    def _request(
        self, session: aiohttp.ClientSession, call: Call
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        plain = {"accept-encoding": "identity"} if call.limit_bytes else {}  # what is read is read as it comes
        return session.request(
            call.method,
            _url(call.url),
            data=call.body,
            headers=HEADERS | plain | dict(call.headers),
            skip_auto_headers=("accept-encoding", "content-type"),
            allow_redirects=False,
        )


_Responding = AbstractAsyncContextManager[aiohttp.ClientResponse]


@final
class _Judged(AbstractResolver):
    """Answers with addresses that were judged already, whatever is asked."""

    def __init__(self, addresses: Sequence[str], port: int) -> None:
        self._addresses = addresses
        self._port = port

    @override
    async def resolve(
        self,
        host: str,
        port: int = 0,  # noqa: ARG002 - the dialer has said which
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - the answers are what they are
    ) -> list[ResolveResult]:
        return resolved(host, self._port, self._addresses)

    @override
    async def close(self) -> None:
        """Nothing is held."""


def _url(url: ControlUrl) -> URL:
    """Write the URL without normalising its path and query: what was given is what is asked for."""
    path, _, query = url.target.partition("?")
    return URL.build(
        scheme=url.destination.scheme,
        authority=url.destination.authority,
        path=path,
        query_string=query,
        encoded=True,
    )
