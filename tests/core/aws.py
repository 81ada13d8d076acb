"""Requests as botocore signs them, at a moment that stands still, and the same ones signed anew by us."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from strongroom.core.ids import CredentialId, VaultId
from strongroom.core.plans import Signer, Swap
from strongroom.core.resigning import REPLACED_FIELDS, Resigning, find_signer
from strongroom.core.secret import Secret
from strongroom.core.sigv4 import Request
from strongroom.core.sigv4_claims import Unsupported

MOMENT = "20260102T030405Z"
STAND_INS = Credentials("srp_access0", "srp_secret0")
REAL = Credentials("AKIAREALREALREAL0000", "real/secret+key")
WITH_TOKEN = Credentials("srp_access0", "srp_secret0", "srp_token0")
REAL_WITH_TOKEN = Credentials("AKIAREALREALREAL0000", "real/secret+key", "real//token+==")


class Still:
    """An `add_auth` whose clock stands still."""

    def add_auth(self: Any, request: AWSRequest) -> None:
        request.context["timestamp"] = MOMENT
        self._modify_request_before_signing(request)
        written = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(written, request))


class StillS3(Still, S3SigV4Auth): ...  # type: ignore[misc]  # botocore is untyped


class StillOther(Still, SigV4Auth): ...  # type: ignore[misc]


class StillS3Query(Still, S3SigV4QueryAuth): ...  # type: ignore[misc]


class StillOtherQuery(Still, SigV4QueryAuth): ...  # type: ignore[misc]


def swap(placeholder: str, secret: str) -> Swap:
    return Swap(
        placeholder=placeholder,
        secret=Secret(secret),
        surfaces=frozenset(),
        credential=CredentialId("vcrd_keys"),
        vault=VaultId("vlt_1"),
    )


def signer(*, token: bool = False) -> Signer:
    return Signer(
        access_key_id=swap(STAND_INS.access_key, REAL.access_key),
        secret_access_key=swap(STAND_INS.secret_key, REAL.secret_key),
        session_token=swap("srp_token0", REAL_WITH_TOKEN.token) if token else None,
    )


def signed(
    auth: type[Still],
    keys: Credentials,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    service: str = "s3",
) -> Request:
    """Return a request, signed by botocore, as it stands on the wire."""
    request = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body)
    auth(keys, service, "eu-central-1").add_auth(request)  # type: ignore[call-arg]
    prepared = request.prepare()
    return wire(method, prepared.url, prepared.headers)


def wire(method: str, url: str, headers: Any) -> Request:  # noqa: ANN401 - HTTPHeaders of an untyped library
    parts = urlsplit(url)
    target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    fields = [(name.lower().encode(), _bytes(value)) for name, value in headers.items()]
    if not any(name == b"host" for name, _ in fields):
        fields.append((b"host", parts.netloc.encode()))
    return Request(method=method.encode(), target=target.encode(), fields=fields)


def _bytes(value: str | bytes) -> bytes:
    return (value if isinstance(value, bytes) else value.encode()).strip()


def found(request: Request, *, token: bool = False) -> Resigning:
    resigning = find_signer({b"srp_access0": signer(token=token)}, request)
    assert isinstance(resigning, Resigning), resigning
    return resigning


def refused(request: Request) -> Unsupported:
    answer = find_signer({b"srp_access0": signer()}, request)
    assert isinstance(answer, Unsupported), answer
    return answer


def anew(request: Request, resigning: Resigning, *, target: bytes | None = None) -> Request:
    """Return the request as it goes out."""
    bare = resigning.bare(request.target if target is None else target)
    fields = [field for field in request.fields if field[0] not in REPLACED_FIELDS]
    target, lines = resigning.anew(request.method, bare, fields)
    for line in lines:
        name, _, value = line.partition(b": ")
        fields.append((name.lower(), value))
    return Request(method=request.method, target=target, fields=fields)


def field(request: Request, name: str) -> bytes | None:
    return next((value for each, value in request.fields if each == name.encode()), None)
