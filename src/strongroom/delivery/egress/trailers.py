"""The fields behind a reply's body (RFC 9110 6.5): which of them a client gets, and how reply fields are cleaned.

Rules kept here:
- what frames, routes, authenticates or describes a message is left out: it would come too late to be obeyed by all who
  read it, and whoever merges trailers into the head would be told something else than we judged by;
- values are scrubbed; a name cannot be replaced, so one with a secret goes.
"""

from collections.abc import Iterable, Iterator

from strongroom.core.scrubbing import Scrubber
from strongroom.delivery.egress.hops import HOP_BY_HOP

_ONLY_IN_HEADS = HOP_BY_HOP | {  # RFC 9110 6.5.1
    b"accept-ranges",
    b"age",
    b"alt-svc",
    b"authorization",
    b"cache-control",
    b"clear-site-data",
    b"content-disposition",
    b"content-encoding",
    b"content-language",
    b"content-location",
    b"content-range",
    b"content-security-policy",
    b"content-type",
    b"cookie",
    b"date",
    b"expect",
    b"expires",
    b"host",
    b"location",
    b"max-forwards",
    b"pragma",
    b"range",
    b"retry-after",
    b"set-cookie",
    b"strict-transport-security",
    b"vary",
    b"warning",
    b"www-authenticate",
}
_PROXY = b"proxy-"


def forwarded(lines: Iterable[bytes], scrubber: Scrubber) -> list[bytes]:
    """Return the field lines to pass on."""
    kept = [line for line in lines if _may_follow(line.partition(b":")[0].lower())]
    return list(clean_fields(kept, scrubber)) if scrubber else kept


def clean_fields(lines: Iterable[bytes], scrubber: Scrubber) -> Iterator[bytes]:
    """Yield the fields with clean values. Names cannot be replaced and stay names: those with a secret go.

    So does a field that is a secret as a whole, such as `user:password`: neither name nor value holds it.
    """
    for line in lines:
        name, colon, value = line.partition(b":")
        cleaned = name + colon + scrubber.clean(value)
        if scrubber.clean(name) == name and (cleaned != line or scrubber.clean(line) == line):
            yield cleaned


def _may_follow(name: bytes) -> bool:
    return name not in _ONLY_IN_HEADS and not name.startswith(_PROXY)
