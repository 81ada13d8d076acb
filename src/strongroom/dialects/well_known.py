"""What servers read to verify agent identities: who signs, and with which keys. Public, and nobody is asked for a key.

The metadata is what OpenID Connect Discovery 1.0 section 3 requires of an issuer that only signs: verifiers find the
key set by it. There is nothing to sign in at, so it names no endpoints.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, final

from fastapi import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from strongroom.core.failures import Failure
from strongroom.core.identity import CLAIMS
from strongroom.crypto.identity_keys import ALGORITHM
from strongroom.dialects.replies import JSON

KEY_SET = "/.well-known/jwks.json"
METADATA = "/.well-known/openid-configuration"
_FRESH_SECONDS = 300
"""For how long a copy may be kept; whoever meets a key that is not in it asks again (OpenID Connect Core 10.1.1)."""

Documents = Callable[[], Awaitable[Mapping[str, Any]]]


def well_known(issuer: str, key_set: Documents) -> dict[str, ASGIApp]:
    """Return the two documents by their paths."""

    async def metadata() -> Mapping[str, Any]:
        return {
            "issuer": issuer,
            "jwks_uri": issuer + KEY_SET,
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "claims_supported": list(CLAIMS),
        }

    return {KEY_SET: WellKnown(KEY_SET, key_set), METADATA: WellKnown(METADATA, metadata)}


@final
class WellKnown:
    """A JSON document at one path, made anew each time that it is asked for."""

    def __init__(self, path: str, document: Documents) -> None:
        self._path = path
        self._document = document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD."""
        await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if scope["path"] != self._path:
            return Response(status_code=404)
        if scope["method"] not in {"GET", "HEAD"}:
            return Response(status_code=405, headers={"allow": "GET, HEAD"})
        try:
            written = json.dumps(await self._document()).encode()
        except Failure:
            return Response(status_code=503, headers={"retry-after": "1"})
        kept = {"cache-control": f"public, max-age={_FRESH_SECONDS}"}
        return Response(written, media_type=JSON, headers=kept)
