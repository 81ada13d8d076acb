"""An issuer of tokens on loopback: its metadata, its key set, and tokens that say whatever a test wants.

Signed by another library than the one that verifies.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from strongroom.core.overriding import override

AUDIENCE = "https://strongroom.test/"
ORGANIZATION = "0b9b5f2e-6a86-4f3f-9a93-3f1a5b7c9d10"
METADATA = "/.well-known/openid-configuration"


def new_key(algorithm: str) -> Any:  # noqa: ANN401 - one of three types
    """Return a fresh private key."""
    match algorithm:
        case "RS256":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def public_jwk(key: PrivateKeyTypes, algorithm: str, name: str | None) -> dict[str, Any]:
    """Return the public part of a key as its issuer shows it."""
    jwk = dict(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True))
    jwk.pop("key_ops", None)
    return {**jwk, "use": "sig", "alg": algorithm} | ({} if name is None else {"kid": name})


@final
class TokenIssuer:
    """One issuer. `shown` is what its key set holds, and `asked` counts who asked for what."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.metadata: dict[str, Any] = {"issuer": url, "jwks_uri": f"{url}/keys"}
        self.keys: dict[str, tuple[Any, str]] = {}
        self.shown: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.broken = False
        self.rotate("first")

    def rotate(self, name: str, algorithm: str = "ES256", *, keeps: bool = False) -> None:
        """Sign with another key, and show it alone unless it `keeps` the others."""
        key = new_key(algorithm)
        self.keys[name] = key, algorithm
        self.shown = [*(self.shown if keeps else []), public_jwk(key, algorithm, name)]

    def token(self, *, kid: str | None = None, head: dict[str, Any] | None = None, **claims: Any) -> str:  # noqa: ANN401
        """Return a token of an administrator, but for what is said otherwise; a claim that is None is left out."""
        kid = kid or next(reversed(self.keys))
        key, algorithm = self.keys[kid]
        now = int(time.time())
        said = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "somebody",
            "iat": now,
            "exp": now + 300,
            "org_id": ORGANIZATION,
            "roles": ["admin"],
            **claims,
        }
        kept = {claim: value for claim, value in said.items() if value is not None}
        return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid, **(head or {})})


@contextmanager
def token_issuer() -> Iterator[TokenIssuer]:
    """Run one."""
    issuers: list[TokenIssuer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer = issuers[0]
            issuer.asked.append(self.path)
            document = issuer.metadata if self.path == METADATA else {"keys": issuer.shown}
            body = json.dumps(document).encode()
            self.send_response(503 if issuer.broken else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        issuers.append(TokenIssuer(f"http://127.0.0.1:{server.server_address[1]}"))
        yield issuers[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
