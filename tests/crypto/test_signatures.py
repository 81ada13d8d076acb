"""Signatures, checked by the specification's own verifier."""

import pickle
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from strongroom.core.ids import EventId
from strongroom.crypto.signatures import SigningKey, signed_headers
from strongroom.testing.entropy import CountingEntropy

ENTROPY = CountingEntropy()
EVENT = EventId("whe_1")
BODY = b'{"a":1}'


def verifier(key: SigningKey) -> Webhook:
    return Webhook(key.text().reveal())


def test_what_is_signed_is_accepted_by_the_verifier_of_the_specification() -> None:
    key = SigningKey.mint(ENTROPY)
    headers = signed_headers([key], EVENT, datetime.now(UTC), BODY)
    assert verifier(key).verify(BODY, headers) == {"a": 1}


def test_during_a_rotation_either_key_is_accepted_and_no_other() -> None:
    old, new, other = (SigningKey.mint(ENTROPY) for _ in range(3))
    headers = signed_headers([new, old], EVENT, datetime.now(UTC), BODY)
    for key in (old, new):
        verifier(key).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        verifier(other).verify(BODY, headers)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_try_is_good_for_five_minutes(seconds: int) -> None:
    key = SigningKey.mint(ENTROPY)
    headers = signed_headers([key], EVENT, datetime.now(UTC) + timedelta(seconds=seconds), BODY)
    with pytest.raises(WebhookVerificationError):
        verifier(key).verify(BODY, headers)


def test_id_and_body_are_signed() -> None:
    key = SigningKey.mint(ENTROPY)
    headers = signed_headers([key], EVENT, datetime.now(UTC), BODY)
    with pytest.raises(WebhookVerificationError):
        verifier(key).verify(BODY.replace(b"1", b"2"), headers)
    with pytest.raises(WebhookVerificationError):
        verifier(key).verify(BODY, headers | {"webhook-id": "whe_2"})


def test_a_key_shows_nothing_of_itself() -> None:
    key = SigningKey(b"k" * 32)
    assert repr(key) == "SigningKey(…)"
    assert "kkk" not in str(key.text())
    with pytest.raises(TypeError):
        pickle.dumps(key)
