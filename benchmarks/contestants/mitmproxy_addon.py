"""The addon that mitmproxy runs with: the least that does what is compared, and where the upstream's name leads."""

import os
import socket
from typing import Any

PLACEHOLDER, SECRET = os.environ["BENCH_PLACEHOLDER"], os.environ["BENCH_SECRET"]

# In place of a line in /etc/hosts. Changing the address in `server_connect` would do as well, but then mitmproxy finds
# no open connection to the name and dials anew for every request.
look_up = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **options: look_up(
    "127.0.0.1" if host == os.environ["BENCH_HOST"] else host, *rest, **options
)


def requestheaders(flow: Any) -> None:  # noqa: ANN401 - mitmproxy is not installed where types are checked
    # Not `request`: that comes when a long body has been sent on already, and the head with it.
    value = flow.request.headers.get("Authorization", "")
    if PLACEHOLDER in value:
        flow.request.headers["Authorization"] = value.replace(PLACEHOLDER, SECRET)
