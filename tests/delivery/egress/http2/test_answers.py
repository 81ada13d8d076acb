"""An upstream's reply in HTTP/2, written in HTTP/1.1: its lengths are held against what comes."""

import pytest

from strongroom.delivery.egress.http2.answers import Answer
from strongroom.delivery.egress.http2.fields import Malformed

OK = (b":status", b"200")


def told(length: bytes) -> list[tuple[bytes, bytes]]:
    return [OK, (b"content-length", length)]


def test_a_reply_that_tells_its_length_is_written_with_it() -> None:
    answer = Answer(b"GET")
    assert answer.head(told(b"5"), last=False) == b"HTTP/1.1 200 \r\ncontent-length: 5\r\n\r\n"
    assert answer.body(b"hel", last=False) == b"hel"
    assert answer.body(b"lo", last=True) == b"lo"


def test_one_that_does_not_is_chunked_and_keeps_its_trailers() -> None:
    answer = Answer(b"GET")
    assert b"transfer-encoding: chunked" in answer.head([OK], last=False)
    assert answer.body(b"hello", last=False) == b"5\r\nhello\r\n"
    assert answer.trailers([(b"x-sum", b"1")]) == b"0\r\nx-sum: 1\r\n\r\n"


def test_one_that_ends_with_its_head_has_an_empty_body() -> None:
    assert Answer(b"GET").head([OK], last=True) == b"HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n"


def test_a_reply_to_head_tells_the_length_that_another_would_have() -> None:
    answer = Answer(b"HEAD")
    assert b"content-length: 5" in answer.head(told(b"5"), last=True)


def test_a_body_of_another_length_is_refused() -> None:
    with pytest.raises(Malformed):
        Answer(b"GET").head(told(b"5"), last=True)
    longer = Answer(b"GET")
    longer.head(told(b"5"), last=False)
    with pytest.raises(Malformed):
        longer.body(b"hello!", last=False)
    shorter = Answer(b"GET")
    shorter.head(told(b"5"), last=False)
    shorter.body(b"hell", last=False)
    with pytest.raises(Malformed):
        shorter.body(b"", last=True)
    with_trailers = Answer(b"GET")
    with_trailers.head(told(b"5"), last=False)
    with_trailers.body(b"hell", last=False)
    with pytest.raises(Malformed):
        with_trailers.trailers([])


def test_a_body_where_there_can_be_none_is_refused() -> None:
    for answer in (Answer(b"HEAD"), Answer(b"GET")):
        answer.head([(b":status", b"304"), (b"content-length", b"5")], last=False)
        with pytest.raises(Malformed):
            answer.body(b"hello", last=True)


@pytest.mark.parametrize("length", [b"+5", b"5 ", b"0x5", b"-1", b"", b"5,5", b"9" * 19])
def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    with pytest.raises(Malformed):
        Answer(b"GET").head(told(length), last=False)


def test_two_lengths_are_refused() -> None:
    with pytest.raises(Malformed):
        Answer(b"GET").head([*told(b"5"), (b"content-length", b"5")], last=False)


@pytest.mark.parametrize("status", [b"101", b"20", b"2000", b"600", b"", b"2x0"])
def test_a_status_that_http_2_does_not_know_is_refused(status: bytes) -> None:
    with pytest.raises(Malformed):
        Answer(b"GET").head([(b":status", status)], last=False)
