"""What the gateways' clients have in common: an answer as it arrives, and errors of the client's library as ours."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from yarl import URL

from strongroom.core.failures import BadReply, Unreachable
from strongroom.core.plans import Destination

AS_THEY_ARE = ("accept", "accept-encoding", "content-type", "user-agent")
"""Fields that the library would add by itself."""


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
