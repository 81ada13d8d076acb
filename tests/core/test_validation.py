"""What is shown of servers' answers, and what they mean."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.secret import Secret
from strongroom.core.validation import MAX_BODY, Answered, FailedStep, Verdict, of_probe, of_refusal, shown

TOKEN = "token/with+signs"


@pytest.mark.parametrize(
    "quoted", [TOKEN, json.dumps(TOKEN), "token%2Fwith%2Bsigns", "dG9rZW4vd2l0aCtzaWducw", "token\\/with+signs"]
)
def test_a_secret_is_taken_out_in_every_form(quoted: str) -> None:
    answer = shown(401, f"text/{quoted}", f"you sent {quoted}.".encode(), secrets=[Secret(TOKEN)], truncated=False)
    assert "[secret]" in answer.body
    assert "[secret]" in answer.content_type
    assert quoted.strip('"') not in answer.body + answer.content_type


def test_tokens_that_were_issued_are_secrets_wherever_they_stand() -> None:
    body = json.dumps(
        {"a": [{"refresh_token": "r-new"}], "access_token": "a-new", "id_token": "i-new", "note": "a-new"}
    )
    answer = shown(200, "application/json", body.encode(), secrets=[], truncated=False)
    assert "-new" not in answer.body


def test_what_is_shown_is_cut_after_it_was_scrubbed() -> None:
    body = b"x" * (MAX_BODY - 3) + TOKEN.encode()
    answer = shown(401, "", body, secrets=[Secret(TOKEN)], truncated=False)
    assert answer.body == "x" * (MAX_BODY - 3) + "[se"
    assert answer.truncated
    assert shown(401, "", b"x", secrets=[], truncated=True).truncated


@given(st.binary(max_size=300))
def test_any_bytes_can_be_shown(body: bytes) -> None:
    assert isinstance(shown(500, "x", body, secrets=[Secret(TOKEN)], truncated=False), Answered)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(401, "invalid"), (403, "invalid"), (404, "unknown"), (429, "unknown"), (500, "unknown"), (302, "unknown")],
)
def test_a_server_is_judged_by_its_status(status: int, verdict: str) -> None:
    answer = Answered(status=status, content_type="", body="", truncated=False)
    assert of_probe(FailedStep(method="initialize", answer=answer)) == verdict


def test_no_failure_is_valid_and_no_answer_is_unknown() -> None:
    assert of_probe(None) is Verdict.VALID
    assert of_probe(FailedStep(method="initialize", answer=None)) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("status", "verdict"), [(400, "invalid"), (401, "invalid"), (429, "unknown"), (503, "unknown"), (200, "unknown")]
)
def test_a_token_endpoint_is_judged_by_its_status(status: int, verdict: str) -> None:
    assert of_refusal(status) == verdict
