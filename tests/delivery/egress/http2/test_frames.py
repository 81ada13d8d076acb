"""Frames are judged one by one, before the library gathers them."""

import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    ExtensionFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from strongroom.delivery.egress.http2.frames import PREFACE, Broken, Calm, Frames


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def frames(time: Time | None = None) -> Frames:
    return Frames(Calm(time or Time()), preface=PREFACE, largest_block=65536)


def code_of(at: Frames, data: bytes) -> ErrorCodes:
    with pytest.raises(Broken) as caught:
        at.feed(data)
    return caught.value.code


PING = PingFrame(0, opaque_data=b"12345678").serialize()


def test_frames_come_out_whole_wherever_they_were_cut() -> None:
    stream = PREFACE + SettingsFrame(0).serialize() + PING + DataFrame(1, b"abc").serialize()
    for size in (1, 2, 7, 30):
        at = frames()
        assert b"".join(at.feed(stream[i : i + size]) for i in range(0, len(stream), size)) == stream


def test_another_preface_is_noticed_at_once() -> None:
    assert code_of(frames(), b"GET / HTTP/1.1\r\n") is ErrorCodes.PROTOCOL_ERROR


def test_a_frame_that_will_be_too_long_is_refused_by_its_header() -> None:
    assert code_of(frames(), PREFACE + (16385).to_bytes(3, "big") + b"\0\0\0\0\0\1") is ErrorCodes.FRAME_SIZE_ERROR


def test_a_block_of_fields_is_bounded_over_all_its_frames() -> None:
    at = frames()
    at.feed(PREFACE + HeadersFrame(1, b"x" * 16384).serialize())
    for _ in range(3):
        at.feed(ContinuationFrame(1, b"x" * 16384).serialize())
    assert code_of(at, ContinuationFrame(1, b"x").serialize()) is ErrorCodes.ENHANCE_YOUR_CALM


def test_blocks_that_end_are_counted_apart() -> None:
    at = frames()
    at.feed(PREFACE)
    for number in range(1, 41, 2):
        at.feed(HeadersFrame(number, b"x" * 16384, flags=["END_HEADERS"]).serialize())


@pytest.mark.parametrize(
    ("frame", "most"),
    [
        (PingFrame(0, opaque_data=b"12345678"), 1000),
        (SettingsFrame(0), 1000),
        (PriorityFrame(1, depends_on=3), 1000),
        (WindowUpdateFrame(0, window_increment=1), 1000),
        (DataFrame(1, b""), 1000),
        (ExtensionFrame(0xFA, 0), 1000),
        (RstStreamFrame(1), 200),
    ],
)
def test_a_flood_ends_the_connection(frame: Frame, most: int) -> None:
    at = frames()
    at.feed(PREFACE + frame.serialize() * most)
    assert code_of(at, frame.serialize()) is ErrorCodes.ENHANCE_YOUR_CALM


def test_empty_continuations_are_a_flood_too() -> None:
    at = frames()
    at.feed(PREFACE + HeadersFrame(1, b"").serialize())
    assert code_of(at, ContinuationFrame(1, b"").serialize() * 1001) is ErrorCodes.ENHANCE_YOUR_CALM


def test_the_allowance_comes_back_with_time_and_with_work() -> None:
    time = Time()
    calm = Calm(time)
    at = Frames(calm, preface=PREFACE, largest_block=65536)
    at.feed(PREFACE + PING * 1000)
    time.now = 1.0
    at.feed(PING * 100)
    assert code_of(at, PING) is ErrorCodes.ENHANCE_YOUR_CALM
    calm.earn(10)
    at.feed(PING * 9)
    calm.owe(5)
    assert code_of(at, PING) is ErrorCodes.ENHANCE_YOUR_CALM


def test_data_is_no_flood() -> None:
    at = frames()
    at.feed(PREFACE + DataFrame(1, b"x").serialize() * 5000)
    at.feed(DataFrame(1, b"", flags=["END_STREAM"]).serialize() * 5000)


def test_a_goaway_is_taken_out_and_read() -> None:
    at = frames()
    goaway = GoAwayFrame(0, last_stream_id=7, error_code=0).serialize()
    for cut in range(len(goaway)):
        at = frames()
        assert at.feed(PREFACE + PING + goaway[:cut]) + at.feed(goaway[cut:] + PING) == PREFACE + PING + PING
        assert at.goaway is not None
        assert at.goaway.last == 7
    assert code_of(frames(), PREFACE + b"\0\0\4\7\0\0\0\0\0abcd") is ErrorCodes.FRAME_SIZE_ERROR
