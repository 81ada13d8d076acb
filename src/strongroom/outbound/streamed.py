"""What the gateways' clients have in common: how connections are kept, and errors of the client's library as ours."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from yarl import URL

from strongroom.core.failures import BadReply, Unreachable
from strongroom.core.plans import Destination
from strongroom.outbound.judged import Judging

AS_THEY_ARE = ("accept", "accept-encoding", "content-type", "user-agent")
"""Fields that the library would add by itself."""


_KEPT_SECONDS = 4.0  # common servers close after 5


def kept_session(
    judging: Judging,
    *,
    ssl_context: ssl.SSLContext,
    timeout: aiohttp.ClientTimeout,
    buffer_bytes: int,
    head_bytes: int,
) -> aiohttp.ClientSession:
    """Return connections that are kept for a while, to addresses that are judged at each look-up.

    No cookies, no proxy variables, nothing decoded; heads are bounded. How many there may be is counted elsewhere.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=judging, ssl=ssl_context, use_dns_cache=False, limit=0, keepalive_timeout=_KEPT_SECONDS
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=timeout,
        read_bufsize=buffer_bytes,
        max_line_size=head_bytes,
        max_field_size=head_bytes,
    )


@contextmanager
def failing(where: str) -> Iterator[None]:
    """Turn the client's errors into ours; silence stays a `TimeoutError`."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError:
        raise Unreachable(f"{where} did not take a connection in time") from None
    except aiohttp.ServerTimeoutError:
        raise TimeoutError from None
    except aiohttp.ClientConnectorCertificateError as error:
        cause = error.certificate_error
        words = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else "it cannot be checked"
        raise Unreachable(f"the certificate of {where} is not valid: {words}") from None
    except aiohttp.ClientConnectorSSLError:
        raise Unreachable(f"no TLS with {where}") from None
    except aiohttp.ClientConnectorError:
        raise Unreachable(f"{where} refused the connection") from None
    except aiohttp.ClientPayloadError:
        raise BadReply(f"the answer of {where} is cut short") from None
    except (aiohttp.ClientError, OSError):
        raise BadReply(f"{where} did not answer in HTTP") from None


def url_of(destination: Destination, target: str) -> URL:
    """Write the URL without normalising its path and query: what is asked for is what was stored."""
    path, _, query = target.partition("?")
    return URL.build(
        scheme=destination.scheme, authority=destination.authority, path=path, query_string=query, encoded=True
    )
