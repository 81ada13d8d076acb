"""Messages that tell their lengths keep them, whatever is put in or taken out, and each is settled by its own end."""

from hypothesis import given
from hypothesis import strategies as some

from strongroom.core.length_prefixed import LengthPrefixed
from strongroom.core.scrubbing import Sent
from strongroom.core.secret import Secret

SECRET = b"hush-hush/0123456789"
NAME = "srp_0123456789ABCDEFGHIJKLMNOPQRSTUV"


def framed(messages: list[bytes]) -> bytes:
    return b"".join(b"\0" + len(each).to_bytes(4) + each for each in messages)


def unframed(wire: bytes) -> list[bytes]:
    messages = []
    while wire:
        size = int.from_bytes(wire[1:5])
        messages.append(wire[5 : 5 + size])
        wire = wire[5 + size :]
    return messages


def cleaner() -> LengthPrefixed:
    sent = Sent()
    sent.note(Secret(SECRET.decode()), NAME)
    return LengthPrefixed(sent.fitting_stream())


@given(
    some.lists(some.lists(some.sampled_from([SECRET, SECRET[:7], b"\0\0", b"text"]), max_size=4), max_size=5),
    some.lists(some.integers(0, 400), max_size=6),
)
def test_every_message_keeps_its_length_and_loses_the_secret(parts: list[list[bytes]], cuts: list[int]) -> None:
    messages = [b"".join(each) for each in parts]
    wire = framed(messages)
    places = [0, *sorted(cut % (len(wire) + 1) for cut in cuts), len(wire)]
    stream = cleaner()
    heard = b"".join(stream.feed(wire[a:b]) for a, b in zip(places, places[1:], strict=False))  # noqa: RUF007
    heard += stream.finish()
    got = unframed(heard)
    assert [len(each) for each in got] == [len(each) for each in messages]
    assert SECRET not in b"".join(got) or any(SECRET in b"".join(messages[i : i + 2]) for i in range(len(messages)))
    assert all(SECRET not in each for each in got)


def test_a_message_that_ends_like_a_secret_begins_does_not_wait_for_the_next() -> None:
    message = framed([b"abc" + SECRET[:9]])
    assert cleaner().feed(message) == message


def test_a_message_cut_short_is_given_out_at_the_end() -> None:
    stream = cleaner()
    wire = framed([b"abc" + SECRET])
    heard = stream.feed(wire[:-3]) + stream.finish()
    assert heard == wire[:-3]


def test_the_flag_of_each_message_is_shown_before_anything_of_it_is_given_out() -> None:
    seen: list[int] = []
    stream = LengthPrefixed(Sent().fitting_stream(), seen.append)
    for byte in b"\0\0\0\0\2ab\x80\0\0\0\1c" + b"k":
        stream.feed(bytes((byte,)))
    assert seen == [0, 0x80, ord("k")]


def test_what_is_sent_while_the_stream_is_open_is_taken_out_too() -> None:
    sent = Sent()
    stream = LengthPrefixed(sent.fitting_stream())
    wire = framed([SECRET])
    assert stream.feed(wire) == wire
    sent.note(Secret(SECRET.decode()), NAME)
    assert SECRET not in stream.feed(wire)
