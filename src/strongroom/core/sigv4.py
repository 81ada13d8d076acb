"""AWS Signature Version 4: from a request to its signature, in the forms that clients differ in.

The specification leaves a signer choices that its verifier must share: whether a path is escaped once or twice, whether
dot segments are resolved first, how a query is escaped. Services and clients choose in pairs, so a signature that is to
be made anew has to be made in the very form that the first one was made in. That form is found by trying: `verified`
returns the one in which the client's own signature is right.

Everything is bytes as they stand on the wire; nothing is parsed that is not signed.
"""

import hashlib
import hmac
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, final
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = b"AWS4-HMAC-SHA256"
NOTHING_HASHED = hashlib.sha256(b"").hexdigest().encode()
SIGNATURE_PARAMETER = b"X-Amz-Signature"

Fields = Sequence[tuple[bytes, bytes]]
"""Header fields as they are sent: names in lower case, values without the blanks around them."""

Rewrite = Callable[[bytes], bytes]


@final
@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is good for: `date/region/service/aws4_request`."""

    date: bytes
    region: bytes
    service: bytes

    def __bytes__(self) -> bytes:
        return b"/".join((self.date, self.region, self.service, b"aws4_request"))

    def key(self, secret: str) -> bytes:
        """Return the signing key, derived from a secret access key."""
        key = b"AWS4" + secret.encode()
        for part in (self.date, self.region, self.service, b"aws4_request"):
            key = hmac.digest(key, part, "sha256")
        return key


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The signed parts of a request, except for its payload."""

    method: bytes
    target: bytes
    fields: Fields


class Form(NamedTuple):
    """One way to write a request before it is signed."""

    path: Rewrite
    query: Rewrite
    value: Rewrite


def _as_sent(text: bytes) -> bytes:
    return text


def _escaped(path: bytes) -> bytes:
    return quote(path, safe="/~").encode()


def _escaped_anew(path: bytes) -> bytes:
    return _escaped(unquote_to_bytes(path))


def _resolved(path: bytes) -> bytes:
    """Return the path without dot segments (RFC 3986 5.2.4) and, as AWS adds, without empty ones."""
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            del kept[-1:]
        elif segment not in {b"", b"."}:
            kept.append(segment)
    return b"/" + b"/".join(kept) + (b"/" if kept and path.endswith(b"/") else b"")


def _resolved_escaped(path: bytes) -> bytes:
    return _escaped(_resolved(path))


def _sorted(query: bytes, rewrite: Rewrite = _as_sent) -> bytes:
    pairs = [pair.partition(b"=") for pair in query.split(b"&")] if query else []
    written = sorted((rewrite(name), rewrite(value)) for name, _, value in pairs if name != SIGNATURE_PARAMETER)
    return b"&".join(name + b"=" + value for name, value in written)


def _sorted_escaped(query: bytes) -> bytes:
    return _sorted(query, lambda text: quote(unquote_to_bytes(text), safe="").encode())


def _sorted_form(query: bytes) -> bytes:
    return _sorted_escaped(query.replace(b"+", b"%20"))


def _trimmed(value: bytes) -> bytes:
    return b" ".join(value.split())


PATHS: tuple[Rewrite, ...] = (_as_sent, _resolved_escaped, _escaped, _escaped_anew, _resolved)
"""S3 as most clients write it; the other services, with dots resolved and without; S3 strictly; the rest."""
QUERIES: tuple[Rewrite, ...] = (_sorted, _sorted_escaped, _sorted_form)
VALUES: tuple[Rewrite, ...] = (_trimmed, _as_sent)
_PLAIN = Form(_as_sent, _sorted, _trimmed)
_LONGEST_REWRITTEN = 8 * 1024
"""Bytes of a target that is tried in other forms than as it was sent: longer ones would cost too much."""


def canonical(request: Request, form: Form, *, signed: Sequence[bytes], payload: bytes) -> bytes:
    """Return the canonical request: what is hashed. `signed` is sorted, `payload` the word or hash for the body."""
    path, _, query = request.target.partition(b"?")
    fields = _written(request.fields, signed, form.value)
    return _joined(request.method, (form.path(path) or b"/", form.query(query), fields), signed, payload)


def _written(fields: Fields, names: Sequence[bytes], value_form: Rewrite) -> bytes:
    """Return the canonical fields; one that is signed and not there is empty."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value_form(value))
    return b"".join(name + b":" + b",".join(values.get(name, ())) + b"\n" for name in names)


def _joined(method: bytes, parts: tuple[bytes, ...], names: Sequence[bytes], payload: bytes) -> bytes:
    return b"\n".join((method, *parts, b";".join(names), payload))


def signature(key: bytes, scope: Scope, moment: bytes, canonical_request: bytes) -> bytes:
    """Return the signature of a canonical request, in hex."""
    hashed = hashlib.sha256(canonical_request).hexdigest().encode()
    return sign(key, (ALGORITHM, moment, bytes(scope), hashed))


def sign(key: bytes, lines: Iterable[bytes]) -> bytes:
    """Return the signature of these lines, in hex."""
    return hmac.digest(key, b"\n".join(lines), "sha256").hex().encode()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a request says of its own signature. `signed` is in the order in which it was written."""

    access_key: bytes
    scope: Scope
    moment: bytes
    signed: tuple[bytes, ...]
    signature: bytes
    presigned: bool

    def form(self, key: bytes, request: Request, *, payload: bytes) -> Form | None:
        """Return the form in which the signature is right for this key and payload, or None if there is none."""
        for form, written in _distinct(request, self.signed, payload):
            if hmac.compare_digest(signature(key, self.scope, self.moment, written), self.signature):
                return form
        return None


def _distinct(request: Request, signed: tuple[bytes, ...], payload: bytes) -> Iterator[tuple[Form, bytes]]:
    """Yield the forms in which the request may have been written: the plainest, then all that write it differently.

    Each part is written once in each form, so that a request made to be costly is not.
    """
    yield _PLAIN, canonical(request, _PLAIN, signed=signed, payload=payload)
    path, _, query = request.target.partition(b"?")
    short = len(request.target) <= _LONGEST_REWRITTEN
    paths = _different(PATHS if short else PATHS[:1], lambda form: form(path))
    queries = _different(QUERIES if short else QUERIES[:1], lambda form: form(query))
    fields = _different(VALUES, lambda form: _written(request.fields, signed, form))
    for value_form, query_form, path_form in itertools.product(fields, queries, paths):
        parts = (paths[path_form] or b"/", queries[query_form], fields[value_form])
        yield Form(path_form, query_form, value_form), _joined(request.method, parts, signed, payload)


def _different(forms: Iterable[Rewrite], write: Callable[[Rewrite], bytes]) -> dict[Rewrite, bytes]:
    """Return what each form writes, without forms that write what an earlier one does."""
    found: dict[bytes, Rewrite] = {}
    for form in forms:
        found.setdefault(write(form), form)
    return {form: text for text, form in found.items()}
