"""A refusal in the shape that the client asked for."""

import html
import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.delivery.egress.answers import Shape, answer, grpc_status, shape_for
from strongroom.delivery.egress.head import RequestHead, parse_request
from strongroom.delivery.egress.refusals import STATUS, Code, Refusal

SENTENCE = "a <b>bold</b> claim & 100 % 'true'"


def head(*fields: str, method: str = "GET") -> RequestHead:
    lines = [f"{method} / HTTP/1.1", "Host: a.example", *fields, "", ""]
    return parse_request("\r\n".join(lines).encode("latin-1"))


def told(refusal: Refusal, request: RequestHead | None) -> tuple[str, dict[str, str], str]:
    """Return status line, fields and body, whose length is true."""
    raw, _, body = answer(refusal, close=False, head=request).partition(b"\r\n\r\n")
    status, *lines = raw.decode().split("\r\n")
    fields = {name: value for name, _, value in (line.partition(": ") for line in lines)}
    if request is None or request.method != b"HEAD":
        assert int(fields["content-length"]) == len(body)
    return status, fields, body.decode()


@pytest.mark.parametrize(
    ("accept", "shape"),
    [
        (None, Shape.JSON),
        ("*/*", Shape.JSON),
        ("", Shape.JSON),
        ("application/json", Shape.JSON),
        ("text/plain", Shape.TEXT),
        ("TEXT/PLAIN; charset=utf-8", Shape.TEXT),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Shape.HTML),
        ("text/html;q=0.2, text/plain;q=0.3", Shape.TEXT),
        ("text/html;q=0.2, */*;q=0.1", Shape.HTML),
        ("text/*", Shape.TEXT),
        ("text/*;q=0.5, text/plain;q=0", Shape.HTML),
        ("application/json;q=0, text/html;q=0", Shape.JSON),
        ("image/png", Shape.JSON),
        ("text/html;q=banana", Shape.HTML),
        (";;;,,,q=1", Shape.JSON),
    ],
)
def test_the_accepted_type_decides(accept: str | None, shape: Shape) -> None:
    assert shape_for(head(*([] if accept is None else [f"Accept: {accept}"]))) is shape


def test_several_accept_fields_are_one_list() -> None:
    assert shape_for(head("Accept: image/png", "Accept: text/plain")) is Shape.TEXT


@given(st.binary(max_size=60).map(lambda data: data.translate(None, b"\0\r\n").decode("latin-1")))
def test_no_accept_field_is_too_odd(accept: str) -> None:
    odd = "".join(char for char in accept if char == "\t" or 0x20 <= ord(char) < 0x7F or ord(char) >= 0x80)
    assert shape_for(head(f"Accept: {odd}")) in Shape


def test_json_says_code_and_sentence() -> None:
    status, fields, body = told(Refusal(Code.HOST_NOT_ALLOWED, SENTENCE), None)
    assert status == "HTTP/1.1 403 Forbidden"
    assert fields["content-type"] == "application/json"
    assert fields["strongroom-refused"] == "host_not_allowed"
    assert json.loads(body) == {"error": {"code": "host_not_allowed", "message": SENTENCE}}


def test_plain_text_is_one_line() -> None:
    _, fields, body = told(Refusal(Code.TOO_LARGE, SENTENCE), head("Accept: text/plain"))
    assert (fields["content-type"], body) == ("text/plain", f"too_large: {SENTENCE}\n")


def test_html_is_escaped() -> None:
    _, fields, body = told(Refusal(Code.TOO_LARGE, SENTENCE), head("Accept: text/html"))
    assert fields["content-type"] == "text/html"
    assert html.escape(SENTENCE) in body
    assert "<b>" not in body


def test_an_answer_to_head_says_its_length_and_sends_no_body() -> None:
    refusal = Refusal(Code.HOST_NOT_ALLOWED, SENTENCE)
    _, fields, body = told(refusal, head(method="HEAD"))
    assert body == ""
    assert fields["content-length"] == told(refusal, head())[1]["content-length"]


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc+proto", "Application/gRPC; x=y"])
def test_a_grpc_call_gets_trailers_only(kind: str) -> None:
    refusal = Refusal(Code.TOO_MANY, f"zu groß: {SENTENCE}", retry_after=7)
    status, fields, body = told(refusal, head(f"Content-Type: {kind}", "TE: trailers", method="POST"))
    assert (status, body) == ("HTTP/1.1 200 OK", "")
    assert fields["content-type"] == "application/grpc"
    assert (fields["grpc-status"], fields["retry-after"]) == ("8", "7")
    assert fields["grpc-message"].isascii()
    assert unquote(fields["grpc-message"]) == refusal.sentence
    assert fields["strongroom-refused"] == "too_many"


def test_grpc_web_is_answered_as_http() -> None:
    assert shape_for(head("Content-Type: application/grpc-web+proto", method="POST")) is Shape.JSON


def test_every_code_has_a_status_for_both() -> None:
    assert STATUS.keys() == set(Code)
    assert {code: grpc_status(STATUS[code]) for code in Code} == {
        Code.AUTHENTICATION_REQUIRED: 16,
        Code.HOST_NOT_ALLOWED: 7,
        Code.ADDRESS_NOT_ALLOWED: 7,
        Code.PLACEHOLDER_NOT_ALLOWED: 7,
        Code.SIGNATURE_MISMATCH: 7,
        Code.SIGNATURE_NOT_SUPPORTED: 7,
        Code.AUTHORITY_MISMATCH: 14,
        Code.BAD_REQUEST: 13,
        Code.REQUEST_TIMEOUT: 4,
        Code.TOO_LARGE: 8,
        Code.TOO_MANY: 8,
        Code.UPGRADE_NOT_SUPPORTED: 12,
        Code.UPSTREAM_UNREACHABLE: 14,
        Code.UPSTREAM_TIMEOUT: 4,
        Code.UPSTREAM_BAD_REPLY: 14,
        Code.ENCODING_NOT_SUPPORTED: 14,
        Code.UNAVAILABLE: 14,
        Code.CUSTODIAN_FAILED: 14,
    }
