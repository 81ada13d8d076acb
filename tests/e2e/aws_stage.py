"""A small AWS on loopback: it verifies every signature with botocore and the real keys, then serves S3 and others.

What it is sent and does not verify it answers with 403, as AWS would, and keeps in `refused`.
"""

import base64
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPMessage
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit
from xml.sax.saxutils import escape

from aiohttp import web
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "eu-central-1"
HOST = "aws.example.test"
BUCKET_HOST = f"bucket.{HOST}"
ELSEWHERE = "elsewhere.example.test"
KEYS = Credentials("AKIAREALREALREAL0000", "real/secret+key/0000000000000000000000")
TEMPORARY = Credentials("ASIAREALREALREAL0000", "real/other+key/11111111111111111111111", "real//token+of/some==length")


@dataclass
class Aws:
    """The service. `keys` are those whose signatures it takes."""

    keys: Credentials = KEYS
    port: int = 0
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    parts: dict[int, bytes] = field(default_factory=dict)
    served: list[str] = field(default_factory=list)
    """What was verified: method, service, and the words for the body."""
    seen: list[tuple[Mapping[str, str], str, bytes]] = field(default_factory=list)
    """Everything that came: fields, target and body."""
    refused: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        body = await request.read()
        self.seen.append((dict(request.headers), request.raw_path, body))
        try:
            service = self._verify(request, body)
        except _Wrong as wrong:
            self.refused.append(str(wrong))
            code, key = "SignatureDoesNotMatch", self.keys.access_key
            text = f"<Error><Code>{code}</Code><AWSAccessKeyId>{key}</AWSAccessKeyId></Error>"
            return web.Response(status=403, text=text, content_type="application/xml")
        word = request.headers.get("x-amz-content-sha256", "none")
        self.served.append(f"{request.method} {service} {'hash' if len(word) == 64 else word}")
        if service == "s3":
            return self._s3(
                request, _unframed(body) if "aws-chunked" in request.headers.get("content-encoding", "") else body
            )
        if service == "sts":
            return self._sts(body)
        return web.json_response(
            {"TableNames": [], "MessageId": "1", "MD5OfMessageBody": "5d41402abc4b2a76b9719d911017c592"}
        )

    def _verify(self, request: web.Request, body: bytes) -> str:
        """Return the service that a request is signed for; the work is botocore's."""
        url = f"https://{request.headers['Host']}{request.raw_path}"
        query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        presigned = "X-Amz-Signature" in query
        if presigned:
            credential, names, given = (query[f"X-Amz-{each}"] for each in ("Credential", "SignedHeaders", "Signature"))
            moment, token = query["X-Amz-Date"], query.get("X-Amz-Security-Token")
            url = "&".join(part for part in url.split("&") if not part.startswith("X-Amz-Signature="))
        else:
            said = request.headers.get("Authorization", "")
            if not said.startswith("AWS4-HMAC-SHA256 "):
                raise _Wrong("not signed")
            credential, names, given = (part.split("=", 1)[1] for part in said.split(" ", 1)[1].split(", "))
            moment, token = request.headers["X-Amz-Date"], request.headers.get("X-Amz-Security-Token")
        key, _, region, service, _ = credential.split("/")
        if (key, token) != (self.keys.access_key, self.keys.token):
            raise _Wrong("other keys")
        headers = {name: ",".join(request.headers.getall(name)) for name in names.split(";")}
        word = request.headers.get(
            "x-amz-content-sha256", "UNSIGNED-PAYLOAD" if presigned and service == "s3" else None
        )
        rebuilt = AWSRequest(method=request.method, url=url, headers=headers, data=body)
        rebuilt.context["timestamp"] = moment
        if word is not None:
            del rebuilt.headers["X-Amz-Content-SHA256"]
            rebuilt.headers["X-Amz-Content-SHA256"] = word
        signer = (_Exactly if service == "s3" else _ExactlyOther)(self.keys, service, region)
        signer.names = frozenset(names.split(";"))
        written = signer.string_to_sign(rebuilt, signer.canonical_request(rebuilt))
        if signer.signature(written, rebuilt) != given:
            raise _Wrong(f"{request.method} {request.raw_path} {names}")
        if word is not None and len(word) == 64 and hashlib.sha256(body).hexdigest() != word:
            raise _Wrong("other body")
        return str(service)

    def _s3(self, request: web.Request, body: bytes) -> web.StreamResponse:
        name, query = unquote_to_bytes(request.raw_path.partition("?")[0]).decode(), request.query
        match request.method:
            case "POST" if "uploads" in query:
                return _xml("<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
            case "POST":
                self.objects[name] = b"".join(self.parts[number] for number in sorted(self.parts)), {}
                return _xml('<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>')
            case "PUT":
                if "partNumber" in query:
                    self.parts[int(query["partNumber"])] = body
                else:
                    self.objects[name] = body, dict(request.headers)
                return web.Response(headers={"ETag": '"e"'})
            case "DELETE":
                del self.objects[name]
                return web.Response(status=204)
            case _ if "list-type" in query:
                keys = [escape(key.removeprefix("/bucket/")) for key in sorted(self.objects)]
                listed = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
                return _xml(f"<ListBucketResult>{listed}</ListBucketResult>")
            case _:
                return self._object(request, *self.objects[name])

    @staticmethod
    def _object(request: web.Request, content: bytes, stored: Mapping[str, str]) -> web.Response:
        headers = {"ETag": '"e"', "Accept-Ranges": "bytes", "Content-Type": "binary/octet-stream"}
        encoding = stored.get("Content-Encoding", "").removeprefix("aws-chunked").strip(", ")
        if encoding:
            headers["Content-Encoding"] = encoding
        if "Range" not in request.headers:
            return web.Response(body=content, headers=headers)
        first, _, last = request.headers["Range"].removeprefix("bytes=").partition("-")
        part = content[int(first) : int(last) + 1 if last else None]
        headers["Content-Range"] = f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}"
        return web.Response(status=206, body=part, headers=headers)

    @staticmethod
    def _sts(body: bytes) -> web.Response:
        assert dict(parse_qsl(body.decode()))["Action"] == "GetCallerIdentity"
        identity = "<GetCallerIdentityResult><Account>000000000000</Account></GetCallerIdentityResult>"
        return _xml(f"<GetCallerIdentityResponse>{identity}</GetCallerIdentityResponse>")


class _Wrong(Exception):
    pass


class _OnlySigned:
    """Takes the fields that the signer named, whichever botocore itself would choose."""

    names: frozenset[str] = frozenset()

    def headers_to_sign(self, request: AWSRequest) -> object:
        chosen = HTTPMessage()
        for name, value in request.headers.items():
            if name.lower() in self.names:
                chosen[name.lower()] = value
        return chosen


class _Exactly(_OnlySigned, S3SigV4Auth): ...  # type: ignore[misc]  # botocore is untyped


class _ExactlyOther(_OnlySigned, SigV4Auth): ...  # type: ignore[misc]


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/xml")


def _unframed(body: bytes) -> bytes:
    """Return what is in an `aws-chunked` body, after checking the checksum behind it."""
    payload = b""
    while True:
        line, _, body = body.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            break
        payload, body = payload + body[:size], body[size + 2 :]
    name, _, value = body.partition(b"\r\n")[0].partition(b":")
    assert name == b"x-amz-checksum-crc32"
    assert base64.b64decode(value) == zlib.crc32(payload).to_bytes(4)
    return payload
