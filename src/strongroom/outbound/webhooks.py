"""Sends webhooks: one POST, one status read, and nothing that was not judged is dialled.

Rules kept here (contract anthropic-vaults 9.4, DESIGN section 5 line 8):
- the name is resolved once, by the dialer, and only the addresses that it passed are connected to;
- another port than 443, or plain http, goes to addresses that the operator has listed and to no other;
- redirects are answers like any other: nothing follows them; of an answer's body nothing is read;
- no cookies, no proxy variables, no connection that outlives its request; all of it within one time limit.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from strongroom.core.failures import BadReply, NotPermitted, Unreachable
from strongroom.core.overriding import override
from strongroom.core.webhooks import Receiver
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.dialer import Dialer

HEADERS = {"content-type": "application/json", "user-agent": "Strongroom", "accept": "*/*"}
_HEAD_BYTES = 8 * 1024


@final
class HttpWebhookSender:
    """Implements `WebhookSender` on the one dialer. `ssl_context` is its own: it offers HTTP/1.1 alone."""

    def __init__(
        self, *, dialer: Dialer, guard: AddressGuard, ssl_context: ssl.SSLContext, timeout: float = 10.0
    ) -> None:
        self._dialer = dialer
        self._guard = guard
        self._ssl_context = ssl_context
        self._timeout = timeout

    async def post(self, receiver: Receiver, headers: Mapping[str, str], body: bytes) -> int:
        """Return the answer's status. Raises `NotPermitted`, `Unreachable` and `BadReply`."""
        where = receiver.destination.authority
        try:
            async with asyncio.timeout(self._timeout):
                addresses = await self._dialer.addresses(receiver.destination.host, receiver.destination.port)
                return await self._send(receiver, self._fitting(receiver, addresses), headers, body)
        except TimeoutError:
            raise Unreachable(f"{where} did not answer in {self._timeout:g} seconds") from None
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

    def _fitting(self, receiver: Receiver, addresses: Sequence[str]) -> Sequence[str]:
        if receiver.is_ordinary:
            return addresses
        listed = [address for address in addresses if self._guard.is_listed(address)]
        if not listed:
            raise NotPermitted(
                f"{receiver.destination.authority} is not https on port 443: that is for addresses in a range of "
                "STRONGROOM_EGRESS_ALLOW_PRIVATE"
            )
        return listed

    async def _send(self, receiver: Receiver, addresses: Sequence[str], headers: Mapping[str, str], body: bytes) -> int:
        connector = aiohttp.TCPConnector(resolver=_Judged(addresses), ssl=self._ssl_context, force_close=True)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=None),  # one limit is enough, and it is around all of this
                max_line_size=_HEAD_BYTES,
                max_field_size=_HEAD_BYTES,
            ) as session,
            session.post(
                _url(receiver),
                data=body,
                headers=HEADERS | dict(headers),
                skip_auto_headers=("accept-encoding",),
                allow_redirects=False,
            ) as answer,
        ):
            return answer.status


@final
class _Judged(AbstractResolver):
    """Answers with addresses that were judged already, whatever is asked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    @override
    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - the answers are what they are
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    @override
    async def close(self) -> None:
        """Nothing is held."""


def _url(receiver: Receiver) -> URL:
    """Write the URL without normalising its path and query: what was registered is what is asked for."""
    destination = receiver.destination
    path, _, query = receiver.target.partition("?")
    return URL.build(
        scheme=destination.scheme,
        authority=destination.authority,
        path=path,
        query_string=query,
        encoded=True,
    )
