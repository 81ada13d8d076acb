"""Consent for machines without a browser: a code to type in elsewhere, and asking until it was (RFC 8628)."""

import re
from dataclasses import dataclass
from typing import final

from strongroom.core.authorization import LIFETIME
from strongroom.core.documents import Document
from strongroom.core.failures import BadReply
from strongroom.core.secret import Secret

INTERVAL = 5
"""Seconds between two questions where the server says nothing (RFC 8628 section 3.2)."""
SLOWER = 5
"""By how many seconds more once it says `slow_down` (section 3.5)."""
MAX_INTERVAL = 60
MAX_DEVICE_CODE = 4096
_USER_CODE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?\Z")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGrant:
    """What the person types in, and where; the device's own code redeems it."""

    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_in: int
    interval: int


def read_device_grant(document: Document, *, insecure: bool) -> DeviceGrant:
    """Read the server's answer. Raises `BadReply`."""
    device_code = document.secret("device_code", most=MAX_DEVICE_CODE)
    user_code = document.required("user_code")
    if device_code is None or not _USER_CODE.match(user_code):
        raise BadReply(f"{document.what} has no device_code, or a user_code that nobody could type in")
    complete = document.url("verification_uri_complete", insecure=insecure)
    expires_in, interval = document.seconds("expires_in"), document.seconds("interval")
    lifetime = int(LIFETIME.total_seconds())
    return DeviceGrant(
        device_code=device_code,
        user_code=user_code,
        verification_uri=document.required_url("verification_uri", insecure=insecure).text,
        verification_uri_complete=None if complete is None else complete.text,
        expires_in=lifetime if expires_in is None else max(1, min(expires_in, lifetime)),
        interval=min(INTERVAL if interval is None else max(1, interval), MAX_INTERVAL),
    )
