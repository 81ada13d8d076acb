"""The session token that a client presents in `Proxy-Authorization`."""

import base64
import binascii

from strongroom.core.secret import Secret
from strongroom.delivery.egress.head import RequestHead


def presented_token(head: RequestHead) -> Secret | None:
    """Read `Basic base64(anything:TOKEN)` or `Bearer TOKEN`; None where there is nothing of the kind."""
    values = head.all(b"proxy-authorization")
    if len(values) != 1:
        return None
    scheme, _, rest = values[0].partition(b" ")
    match scheme.lower():
        case b"bearer":
            token = rest.strip(b" ")
        case b"basic":
            try:
                token = base64.b64decode(rest.strip(b" "), validate=True).partition(b":")[2]
            except binascii.Error:
                return None
        case _:
            return None
    return Secret(token.decode()) if token and token.isascii() else None
