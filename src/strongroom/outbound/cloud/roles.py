"""Roles of somebody's AWS account, taken on with this server's own identity (AWS STS, AssumeRole).

The identity is found by botocore, in the order in which all of AWS's tools look: environment, files, the machine's own
role. What it asks of STS goes over our own connections; only the metadata service of the machine is asked directly, and
only this file asks it. A session is for one connection, by the name under which AWS's logs then have it.

The library comes with the extra `strongroom[aws]`, and is loaded when the identity is first needed.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, final

from strongroom.core.failures import Failure
from strongroom.core.secret import Secret
from strongroom.outbound.cloud.asking import Line, Threads
from strongroom.outbound.cloud.bedrock import MISSING, AwsKeys
from strongroom.outbound.cloud.minting import Minted
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused

T = TypeVar("T")

SESSION_SECONDS = 3600
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")
_ASSUMED = re.compile(r"arn:(?P<partition>aws[-a-z]*):sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>[^/]+)/.+\Z")
_REGIONS = 16
_THEIR_FAULT = 500
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role, and under which external id its account trusts us."""

    arn: str
    external_id: str
    region: str
    session_name: str


@final
class AwsIdentity:
    """Who this server is in AWS. Nothing is looked up before it is needed."""

    def __init__(self, *, line: Callable[[], Line], threads: Threads) -> None:
        self._line = line
        self._threads = threads
        self._session: Any = None  # botocore has no types
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    async def assume(self, role: Role) -> Minted[AwsKeys]:
        """Take a role on. Raises `CredentialUnavailable` and `ExchangeRefused`."""
        asked = {
            "RoleArn": role.arn,
            "ExternalId": role.external_id,
            "RoleSessionName": role.session_name,
            "DurationSeconds": SESSION_SECONDS,
        }
        found = (await self._asked(role.region, lambda sts: sts.assume_role(**asked)))["Credentials"]
        keys = AwsKeys(
            access_key_id=Secret(found["AccessKeyId"]),
            secret_access_key=Secret(found["SecretAccessKey"]),
            session_token=Secret(found["SessionToken"]),
        )
        ends: datetime = found["Expiration"]
        return Minted(keys, ends.astimezone(UTC))

    async def know(self, keys: AwsKeys, region: str) -> None:
        """Ask AWS whose keys somebody's are; that needs no permission. Raises as above."""
        line = self._line()
        await self._threads.run(lambda: _answered(lambda: self._of(keys, region, line).get_caller_identity()))

    async def arn(self) -> str:
        """Return the ARN that others name in a role's trust policy. Raises as above.

        Of a role that is taken on, that is the role: its sessions come and go.
        """
        arn: str = (await self._asked(None, lambda sts: sts.get_caller_identity()))["Arn"]
        assumed = _ASSUMED.match(arn)
        return arn if assumed is None else "arn:{partition}:iam::{account}:role/{role}".format(**assumed.groupdict())

    async def _asked(self, region: str | None, ask: Callable[[Any], Mapping[str, Any]]) -> Mapping[str, Any]:
        line = self._line()
        return await self._threads.run(lambda: _answered(lambda: ask(self._client(region, line))))

    def _client(self, region: str | None, line: Line) -> Any:  # noqa: ANN401 - botocore has no types
        """Return a client of STS for a region; what it sends goes over a line for this thread."""
        _open.line = line
        from botocore.config import Config  # noqa: PLC0415 - an extra

        with self._making:
            if self._session is None:
                self._session = _session()
            region = region or self._session.get_config_variable("region") or "us-east-1"
            if self._session.get_credentials() is None:
                raise CredentialUnavailable("this server has no AWS identity: see docs/cloud-models.md")
            if region not in self._clients:
                if len(self._clients) >= _REGIONS:
                    self._clients.clear()
                once = Config(retries={"total_max_attempts": 1})
                self._clients[region] = self._session.create_client("sts", region_name=region, config=once)
            return self._clients[region]

    def _of(self, keys: AwsKeys, region: str, line: Line) -> Any:  # noqa: ANN401 - botocore has no types
        """Return a client of STS with somebody's keys; it is kept nowhere, as they are not."""
        _open.line = line
        from botocore.config import Config  # noqa: PLC0415 - an extra

        token = keys.session_token
        with self._making:
            return _session().create_client(
                "sts",
                region_name=region,
                config=Config(retries={"total_max_attempts": 1}),
                aws_access_key_id=keys.access_key_id.reveal(),
                aws_secret_access_key=keys.secret_access_key.reveal(),
                aws_session_token=None if token is None else token.reveal(),
            )


class _Open(threading.local):
    """The line of what a thread is at."""

    line: Line


_open = _Open()


def _session() -> Any:  # noqa: ANN401 - botocore has no types
    from botocore.session import Session  # noqa: PLC0415 - an extra

    session = Session()
    session.register("before-send", _sent)  # of every client of it, those included that find the identity
    return session


def _sent(request: Any, **_: object) -> Any:  # noqa: ANN401 - as above
    """Send a request in botocore's stead: what a handler returns is taken for the answer."""
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - an extra

    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
    }
    body = request.body.encode() if isinstance(request.body, str) else request.body
    reply = _open.line.send(request.method, request.url, headers, body)
    return AWSResponse(request.url, reply.status, reply.headers, _Read(reply.body))


@final
class _Read:
    """An answer that has been read, as botocore reads one."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


def _answered(ask: Callable[[], T]) -> T:
    """Run a call; its errors become ours, without AWS's words."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - likewise
    except ImportError:
        raise CredentialUnavailable(MISSING) from None
    try:
        return ask()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _THEIR_FAULT))
        said = code if _CODE.match(code) else f"HTTP {status}"
        if status >= _THEIR_FAULT or code in _THROTTLED:
            raise CredentialUnavailable(f"AWS STS does not serve now: {said}") from None
        raise ExchangeRefused(said) from None
    except Failure as failure:
        raise CredentialUnavailable(f"AWS STS cannot be asked: {failure}") from None
    except BotoCoreError as error:
        raise CredentialUnavailable(f"this server's AWS identity cannot be used: {type(error).__name__}") from None
    except (ResponseParserError, KeyError, ValueError, TypeError, AttributeError, OSError):
        raise CredentialUnavailable("AWS STS answered what its own client does not understand") from None
