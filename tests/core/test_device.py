"""Consent for machines without a browser."""

import pytest

from strongroom.core.device import DeviceGrant, read_device_grant
from strongroom.core.failures import BadReply
from strongroom.core.secret import Secret
from tests.core.oauth_documents import document

ANSWER = {
    "device_code": "the-device-code",
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://as.test/device",
    "verification_uri_complete": "https://as.test/device?user_code=WDJB-MJHT",
    "expires_in": 300,
    "interval": 2,
}


def test_the_answer_is_read_whole() -> None:
    grant = read_device_grant(document(ANSWER), insecure=False)
    assert grant == DeviceGrant(
        device_code=Secret("the-device-code"),
        user_code="WDJB-MJHT",
        verification_uri="https://as.test/device",
        verification_uri_complete="https://as.test/device?user_code=WDJB-MJHT",
        expires_in=300,
        interval=2,
    )
    assert "the-device-code" not in repr(grant)


@pytest.mark.parametrize(
    ("said", "expires_in", "interval"),
    [({}, 600, 5), ({"expires_in": 86_400, "interval": 0}, 600, 1), ({"expires_in": 0, "interval": 900}, 1, 60)],
)
def test_times_have_bounds_and_defaults(said: dict[str, int], expires_in: int, interval: int) -> None:
    fields = {name: value for name, value in ANSWER.items() if name not in {"expires_in", "interval"}} | said
    grant = read_device_grant(document(fields), insecure=False)
    assert (grant.expires_in, grant.interval) == (expires_in, interval)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("device_code", None),
        ("user_code", None),
        ("user_code", "\x1b[2J"),
        ("user_code", "A" * 65),
        ("verification_uri", None),
        ("verification_uri", "http://as.test/device"),
        ("verification_uri", "javascript:alert(1)"),
        ("verification_uri_complete", "file:///etc/passwd"),
    ],
)
def test_an_answer_that_nobody_could_follow_is_refused(field: str, value: object) -> None:
    with pytest.raises(BadReply):
        read_device_grant(document(ANSWER | {field: value}), insecure=False)
