"""Clouds on loopback, under their own names and a test's certificates, that check what they are sent as theirs do."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from strongroom.core.sigv4 import Claim, Request, Scope

REGION = "us-east-1"
STS, BEDROCK = f"sts.{REGION}.amazonaws.com", f"bedrock-runtime.{REGION}.amazonaws.com"
GOOGLE, IAM = "oauth2.googleapis.com", "iamcredentials.googleapis.com"
LOGIN, LOGIN_US = "login.microsoftonline.com", "login.microsoftonline.us"
HOSTS = (STS, BEDROCK, GOOGLE, IAM, LOGIN, LOGIN_US, "us-central1-aiplatform.googleapis.com", "r.openai.azure.com")

PRINCIPAL = Credentials("AKIAGATEWAYGATEWAY00", "gateway-secret-key-0123456789")
KEYS = Credentials("AKIAEXAMPLEEXAMPLE00", "wJalrXUtnFEMI/K7MDENG")
"""Somebody's, who is not this server."""
ACCOUNT = "999988887777"
ROBOT = "robot@project.iam.gserviceaccount.com"
TARGET = "target@project.iam.gserviceaccount.com"
TENANT, CLIENT, CLIENT_SECRET = "11111111-2222-3333-4444-555555555555", "the-client", "the-client's secret"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
IAM_SCOPE = "https://www.googleapis.com/auth/iam"

_STS = "https://sts.amazonaws.com/doc/2011-06-15/"


def private_key() -> str:
    """Return a service account's key, as its JSON has it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class Clouds:
    """What each is asked for, and what it answers: by host, `(status, body)` in the place of what it would say."""

    key: str = field(default_factory=private_key)
    asked: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    instead: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    authority: trustme.CA = field(default_factory=trustme.CA)
    seconds: int = 3600

    def count(self, host: str) -> int:
        return len(self.asked.get(host, []))

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        host = request.host.partition(":")[0]
        body = await request.read()
        seen = {
            "method": request.method,
            "url": f"https://{request.host}{request.raw_path}",
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": body,
        }
        self.asked.setdefault(host, []).append(seen)
        if host in self.instead:
            status, said = self.instead[host]
            return web.Response(status=status, body=said, content_type="application/json")
        match host:
            case _ if host == STS:
                return self._sts(seen)
            case _ if host == GOOGLE:
                return self._google(seen)
            case _ if host == IAM:
                return self._iam(seen)
            case _ if host in {LOGIN, LOGIN_US}:
                return self._entra(seen)
            case _:
                return web.json_response(answer_of(seen))

    def _sts(self, seen: Mapping[str, Any]) -> web.Response:
        form = form_of(seen)
        if f"Credential={KEYS.access_key}/" in seen["headers"]["authorization"]:
            assert form["Action"] == "GetCallerIdentity"
            if not signs(seen, KEYS, "sts"):
                return _refused("SignatureDoesNotMatch")
        else:
            require_signature(seen, PRINCIPAL, "sts")
        if form["Action"] == "GetCallerIdentity":
            return _xml(
                f"<GetCallerIdentityResponse xmlns='{_STS}'><GetCallerIdentityResult>"
                f"<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/gateway/i-0123456789</Arn><UserId>AROA:i</UserId>"
                f"<Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            )
        assert form["Action"] == "AssumeRole"
        assert form["DurationSeconds"] == "3600"
        if form["ExternalId"] != "the-external-id":
            return _refused("AccessDenied")
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.seconds))
        number = self.count(STS)
        return _xml(
            f"<AssumeRoleResponse xmlns='{_STS}'><AssumeRoleResult><Credentials><AccessKeyId>ASIASESSION{number}"
            f"</AccessKeyId><SecretAccessKey>session-secret-{number}</SecretAccessKey><SessionToken>session-token-"
            f"{number}</SessionToken><Expiration>{ends}</Expiration></Credentials></AssumeRoleResult>"
            "</AssumeRoleResponse>"
        )

    def _google(self, seen: Mapping[str, Any]) -> web.Response:
        form = form_of(seen)
        assert form["grant_type"] == JWT_BEARER
        read = jwt.decode(form["assertion"], RSAKey.import_key(self.key), algorithms=["RS256"])
        seen["headers"]["assertion"] = json.dumps({"header": read.header, "claims": read.claims})
        assert read.claims["aud"] == f"https://{GOOGLE}/token"
        token = f"ya29.{read.claims['scope'].rpartition('/')[2]}-{self.count(GOOGLE)}"
        return web.json_response({"access_token": token, "expires_in": self.seconds, "token_type": "Bearer"})

    def _iam(self, seen: Mapping[str, Any]) -> web.Response:
        assert seen["headers"]["authorization"].startswith("Bearer ya29.iam-")
        assert json.loads(seen["body"])["scope"] == [CLOUD_PLATFORM]
        assert json.loads(seen["body"])["lifetime"] == "3600s"
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.seconds))
        return web.json_response({"accessToken": f"ya29.target-{self.count(IAM)}", "expireTime": ends})

    def _entra(self, seen: Mapping[str, Any]) -> web.Response:
        assert urlsplit(seen["url"]).path == f"/{TENANT}/oauth2/v2.0/token"
        form = form_of(seen)
        assert form["grant_type"] == "client_credentials"
        if (form["client_id"], form["client_secret"]) != (CLIENT, CLIENT_SECRET):
            said = {"error": "invalid_client", "error_description": f"AADSTS7000215: {form['client_secret']}"}
            return web.json_response(said, status=401)
        host = urlsplit(seen["url"]).hostname or ""
        token = f"entra-{form['scope'].split('/')[2]}-{self.count(host)}"
        return web.json_response({"access_token": token, "expires_in": self.seconds, "token_type": "Bearer"})


def _refused(code: str) -> web.Response:
    return _xml(
        f"<ErrorResponse xmlns='{_STS}'><Error><Type>Sender</Type><Code>{code}</Code><Message>User: "
        f"arn:aws:iam::{ACCOUNT}:user/gateway is not authorized to perform: sts:AssumeRole</Message></Error>"
        "<RequestId>r</RequestId></ErrorResponse>",
        status=403,
    )


def answer_of(seen: Mapping[str, Any]) -> dict[str, object]:
    """Say what a model says, in the format of what was asked."""
    if "chat/completions" in seen["url"]:
        message = {"role": "assistant", "content": "hello"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def form_of(seen: Mapping[str, Any]) -> dict[str, str]:
    """Read a form."""
    return {name: values[0] for name, values in parse_qs(seen["body"].decode(), strict_parsing=True).items()}


def signs(seen: Mapping[str, Any], credentials: Credentials, service: str, region: str = REGION) -> bool:
    """Tell whether a request is signed with these, as the receiving side finds out: twice, by two implementations."""
    verdicts = {_by_botocore(seen, credentials, service, region), _by_ours(seen, credentials, service, region)}
    assert len(verdicts) == 1, "the two implementations do not agree"
    return verdicts.pop()


def require_signature(seen: Mapping[str, Any], credentials: Credentials, service: str) -> None:
    assert signs(seen, credentials, service)


def _claimed(seen: Mapping[str, Any]) -> dict[str, str]:
    algorithm, _, rest = seen["headers"]["authorization"].partition(" ")
    assert algorithm == "AWS4-HMAC-SHA256"
    return dict(part.strip().split("=", 1) for part in rest.split(","))


def _by_botocore(seen: Mapping[str, Any], credentials: Credentials, service: str, region: str) -> bool:
    claimed, headers = _claimed(seen), seen["headers"]
    names = [name for name in claimed["SignedHeaders"].split(";") if name != "host"]
    request = AWSRequest(
        method=seen["method"], url=seen["url"], data=seen["body"], headers={name: headers[name] for name in names}
    )
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(credentials, service, region)
    proof = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return bool(proof == claimed["Signature"] and claimed["Credential"].startswith(f"{credentials.access_key}/"))


def _by_ours(seen: Mapping[str, Any], credentials: Credentials, service: str, region: str) -> bool:
    claimed, headers = _claimed(seen), seen["headers"]
    parts = urlsplit(seen["url"])
    moment = headers["x-amz-date"].encode()
    scope = Scope(moment[:8], region.encode(), service.encode())
    fields = tuple((name.encode(), value.encode()) for name, value in headers.items())
    target = (parts.path + (f"?{parts.query}" if parts.query else "")).encode()
    claim = Claim(
        access_key=credentials.access_key.encode(),
        scope=scope,
        moment=moment,
        signed=tuple(name.encode() for name in claimed["SignedHeaders"].split(";")),
        signature=claimed["Signature"].encode(),
        presigned=False,
    )
    if claimed["Credential"] != f"{credentials.access_key}/{bytes(scope).decode()}":
        return False
    payload = hashlib.sha256(seen["body"]).hexdigest().encode()
    request = Request(method=seen["method"].encode(), target=target, fields=fields)
    return claim.form(scope.key(credentials.secret_key), request, payload=payload) is not None


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/xml")
