"""The vendor's own client, unmodified and strict, and what it sent and got."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import pytest

from tests.dialects.stage import Tenant
from tests.plain_http import UNUSED_TLS

Sent = list[tuple[str, str, dict[str, str]]]
"""Method, path and headers of each request."""


@contextmanager
def connected(tenant: Tenant, sent: Sent | None = None, base: str = "") -> Iterator[anthropic.Anthropic]:
    """Return a client; each attempt is noted in `sent`."""

    def note(request: Any) -> None:  # noqa: ANN401 - of the client's own HTTP library
        if sent is not None:
            sent.append((request.method, request.url.path, dict(request.headers)))

    http = anthropic.DefaultHttpxClient(trust_env=False, verify=UNUSED_TLS, event_hooks={"request": [note]})
    with anthropic.Anthropic(
        api_key=tenant.key, base_url=tenant.url + base, http_client=http, _strict_response_validation=True
    ) as client:
        yield client


def told(call: Callable[[], object], kind: type[anthropic.APIStatusError]) -> dict[str, Any]:
    """Return the error that a refused call raises, which must be of exactly that class."""
    with pytest.raises(anthropic.APIStatusError) as raised:
        call()
    assert type(raised.value) is kind
    assert isinstance(raised.value.body, dict)
    return dict(raised.value.body["error"])
