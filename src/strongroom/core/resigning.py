"""A request that an agent signed with stand-ins for AWS keys, signed anew with the real ones.

Rules kept here:
- nothing is signed before the agent's own signature was right, under the stand-in of the secret key: so the form in
  which it signed is known, and only the holder of the stand-ins is served;
- what is signed is what is really sent: the final head, after everything that the proxy changes in it;
- the secret key stays here. Of the keys only the id and the session token leave, in the places that the specification
  has for them; neither is worth anything without the secret key;
- the payload's word or hash stays what the agent said, so the body must go out as it came.
"""

import re
from collections.abc import Mapping
from typing import final
from urllib.parse import quote

from strongroom.core.plans import Signer
from strongroom.core.sigv4 import (
    ALGORITHM,
    SIGNATURE_PARAMETER,
    Claim,
    Fields,
    Form,
    Request,
    canonical,
    signature,
)
from strongroom.core.sigv4_chunks import SIGNED_CHUNKS, SIGNED_TRAILER, Chain, SignedChunks
from strongroom.core.sigv4_claims import (
    CREDENTIAL_PARAMETER,
    TOKEN_FIELD,
    TOKEN_PARAMETER,
    Unsupported,
    read_claim,
)

PAYLOAD_FIELD = b"x-amz-content-sha256"
UNSIGNED = b"UNSIGNED-PAYLOAD"
REPLACED_FIELDS = frozenset({b"authorization", TOKEN_FIELD})
"""Fields that `Resigning.anew` returns, to take the place of the agent's."""

_HASH = re.compile(rb"[0-9a-f]{64}")
_WORDS = frozenset({UNSIGNED, b"STREAMING-UNSIGNED-PAYLOAD-TRAILER", SIGNED_CHUNKS, SIGNED_TRAILER})
_REPLACED_PARAMETERS = (CREDENTIAL_PARAMETER + b"=", TOKEN_PARAMETER + b"=", SIGNATURE_PARAMETER + b"=")


def find_signer(signers: Mapping[bytes, Signer], request: Request) -> "Resigning | Unsupported | None":
    """Return how to sign a request anew; None if it is not signed with a stand-in of these."""
    claim = read_claim(request, signers)
    if not isinstance(claim, Claim):
        return claim
    signer = signers.get(claim.access_key)
    if signer is None:
        return Unsupported("names another access key beside the placeholder")
    payloads = [value for name, value in request.fields if name == PAYLOAD_FIELD]
    word = payloads[0] if payloads else None
    if len(payloads) > 1 or (word is not None and word not in _WORDS and _HASH.fullmatch(word) is None):
        return Unsupported("covers the body in a way that cannot be made anew")
    if claim.presigned and word in {SIGNED_CHUNKS, SIGNED_TRAILER}:
        return Unsupported("covers the body in a way that cannot be made anew")
    return Resigning(claim, signer, request, word)


@final
class Resigning:
    """One request: `verify`, then `anew`, and for a body in signed chunks `chunks`."""

    __slots__ = ("_claim", "_form", "_payload", "_request", "_seed", "signer", "word")

    def __init__(self, claim: Claim, signer: Signer, request: Request, word: bytes | None) -> None:
        self._claim = claim
        self._request = request
        self._form: Form | None = None
        self._payload = b""
        self._seed = b""
        self.signer = signer
        self.word = word
        """What the request says of its body: a word, or its hash; None if it says nothing."""

    @property
    def verified(self) -> bool:
        """Whether `verify` has succeeded."""
        return self._form is not None

    def verify(self, hashed: bytes | None = None) -> bool:
        """Tell whether the agent's signature is right; `hashed` is the body's hash, where that is known.

        Where the request says nothing of its body, a presigned one may leave it out, and any other needs the hash.
        """
        if self.word is not None:
            payloads = [self.word]
        else:
            payloads = ([UNSIGNED] if self._claim.presigned else []) + ([] if hashed is None else [hashed])
        key = self._claim.scope.key(self.signer.secret_access_key.placeholder)
        for payload in payloads:
            form = self._claim.form(key, self._request, payload=payload)
            if form is not None:
                self._form, self._payload = form, payload
                return True
        return False

    def bare(self, target: bytes) -> bytes:
        """Return a target without the parameters that `anew` puts in."""
        path, mark, query = target.partition(b"?")
        if not self._claim.presigned:
            return target
        return path + mark + b"&".join(each for each in query.split(b"&") if not each.startswith(_REPLACED_PARAMETERS))

    def anew(self, method: bytes, target: bytes, fields: Fields) -> tuple[bytes, list[bytes]]:
        """Return the target and the lines to add, for a request with this bare target and these fields."""
        form = self._form
        if form is None:
            raise ValueError("not verified")
        claim, signer = self._claim, self.signer
        key_id = signer.access_key_id.secret.reveal().encode()
        token = None if signer.session_token is None else signer.session_token.secret.reveal().encode()
        credential = key_id + b"/" + bytes(claim.scope)
        fields, lines = list(fields), []
        signed = {name for name, _ in fields}.intersection(claim.signed)
        if claim.presigned:
            target += b"&" + CREDENTIAL_PARAMETER + b"=" + _percent(credential)
            target += b"" if token is None else b"&" + TOKEN_PARAMETER + b"=" + _percent(token)
        elif token is not None:
            fields.append((TOKEN_FIELD, token))
            signed.add(TOKEN_FIELD)
            lines.append(b"X-Amz-Security-Token: " + token)
        names = sorted(signed)
        if claim.presigned and tuple(names) != claim.signed:
            target = _with_signed(target, b";".join(names))
        written = canonical(
            Request(method=method, target=target, fields=fields), form, signed=names, payload=self._payload
        )
        self._seed = signature(self._real_key(), claim.scope, claim.moment, written)
        if claim.presigned:
            return target + b"&" + SIGNATURE_PARAMETER + b"=" + self._seed, lines
        parts = (credential, b";".join(names), self._seed)
        lines.append(b"Authorization: " + ALGORITHM + b" Credential=%b, SignedHeaders=%b, Signature=%b" % parts)
        return target, lines

    def chunks(self) -> SignedChunks | None:
        """Return what signs the body's chunks, if they are signed. To be called behind `anew`."""
        if self.word not in {SIGNED_CHUNKS, SIGNED_TRAILER}:
            return None
        claim = self._claim
        their_key = claim.scope.key(self.signer.secret_access_key.placeholder)
        theirs = Chain(their_key, claim.scope, claim.moment, seed=claim.signature)
        ours = Chain(self._real_key(), claim.scope, claim.moment, seed=self._seed)
        return SignedChunks(theirs=theirs, ours=ours, trailer=self.word == SIGNED_TRAILER)

    def _real_key(self) -> bytes:
        return self._claim.scope.key(self.signer.secret_access_key.secret.reveal())


def _percent(value: bytes) -> bytes:
    return quote(value, safe="").encode()


def _with_signed(target: bytes, names: bytes) -> bytes:
    """Return a presigned target that says that these fields are signed."""
    path, _, query = target.partition(b"?")
    kept = [each for each in query.split(b"&") if not each.startswith(b"X-Amz-SignedHeaders=")]
    return path + b"?" + b"&".join([*kept, b"X-Amz-SignedHeaders=" + _percent(names)])
