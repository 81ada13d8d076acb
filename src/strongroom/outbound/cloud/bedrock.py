"""Requests to Amazon Bedrock, signed by botocore (Signature Version 4): the very bytes and the very URL that are sent.

Signed are the host, the content type and AWS's own fields. What a client sent of those was left out before, and
whatever else is sent can be changed on its way without harm.

The library comes with the extra `strongroom[aws]`, and is loaded with the first request.
"""

from dataclasses import dataclass
from typing import final

from strongroom.core.llm.base_urls import BaseUrl
from strongroom.core.llm.hosts import region_of
from strongroom.core.secret import Secret
from strongroom.outbound.cloud.asking import Threads
from strongroom.services.llm_cloud import Authorization, CredentialUnavailable, Unsigned

MISSING = "install strongroom[aws] to authenticate to AWS"
_SIGNED = "content-type"
_OWN = ("authorization", "x-amz-date", "x-amz-security-token")
_MANTLE = "bedrock-mantle"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeys:
    """What requests are signed with, lasting or for an hour."""

    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None = None


@final
@dataclass(frozen=True, slots=True)
class Place:
    """Which of AWS's services a host is, and in which region. A canonical host's region wins (contract 3.5)."""

    service: str
    region: str

    @classmethod
    def of(cls, base: BaseUrl, region: str) -> "Place":
        """Read it off a base URL; `region` is that of the settings."""
        service = _MANTLE if base.host.startswith(f"{_MANTLE}.") else "bedrock"
        return cls(service, region_of(base) or region)


async def signed(request: Unsigned, keys: AwsKeys, place: Place, *, threads: Threads) -> Authorization:
    """Return the fields that sign a request. Raises `CredentialUnavailable` without the library."""
    return await threads.run(lambda: _signed(request, keys, place))


def _signed(request: Unsigned, keys: AwsKeys, place: Place) -> Authorization:
    try:
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - an extra
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - likewise
        from botocore.credentials import Credentials  # noqa: PLC0415 - likewise
    except ImportError:
        raise CredentialUnavailable(MISSING) from None
    token = keys.session_token
    written = AWSRequest(
        method=request.method,
        url=request.url,
        data=request.body,
        headers={name: value for name, value in request.fields if name.lower() == _SIGNED},
    )
    credentials = Credentials(
        keys.access_key_id.reveal(), keys.secret_access_key.reveal(), None if token is None else token.reveal()
    )
    SigV4Auth(credentials, place.service, place.region).add_auth(written)
    fields = tuple((name, Secret(written.headers[name])) for name in _OWN if name in written.headers)
    _, _, proof = fields[0][1].reveal().rpartition("Signature=")
    return Authorization(fields, (Secret(proof), *(() if token is None else (token,))))
