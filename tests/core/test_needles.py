import cProfile
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from strongroom.core.needles import Needles, Replace, Stream

few = st.lists(st.text("ab", min_size=1, max_size=5).map(str.encode), min_size=1, max_size=6)
texts = st.text("abc", max_size=40).map(str.encode)
many = st.lists(st.binary(min_size=1, max_size=7), min_size=40, max_size=80)


def mark(found: bytes) -> bytes:
    return b"<" + found.upper() + b">"


def scanned(needles: Sequence[bytes], data: bytes, replace: Replace) -> bytes:
    """The rule in its plainest words: from left to right, the longest needle that begins here."""
    done, place = b"", 0
    while place < len(data):
        found = max((needle for needle in needles if data.startswith(needle, place)), key=len, default=b"")
        done += replace(found) if found else data[place : place + 1]
        place += len(found) or 1
    return done


def streamed(needles: Sequence[bytes], pieces: Sequence[bytes], replace: Replace) -> bytes:
    stream = Stream(Needles(needles), replace)
    return b"".join(map(stream.feed, pieces)) + stream.finish()


def pieces_of(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


@given(few, texts)
def test_the_leftmost_match_wins_and_of_several_the_longest(needles: list[bytes], data: bytes) -> None:
    assert Needles(needles).replace(data, mark) == scanned(needles, data, mark)


@given(few, texts, st.lists(st.integers(0, 100), max_size=8))
@example([b"aab", b"ab"], b"aaab", [1, 2, 3])
@example([b"aaa", b"ab"], b"aab", [2])
@example([b"abab", b"ba"], b"ababa", [3, 4])
def test_a_body_cut_anywhere_gives_the_same_bytes(needles: list[bytes], data: bytes, cuts: list[int]) -> None:
    assert streamed(needles, pieces_of(data, cuts), mark) == scanned(needles, data, mark)


@given(few, st.text("abc", max_size=14).map(str.encode))
def test_every_single_cut_and_every_byte_alone_give_the_same_bytes(needles: list[bytes], data: bytes) -> None:
    whole = scanned(needles, data, mark)
    for cut in range(len(data) + 1):
        assert streamed(needles, [data[:cut], data[cut:]], mark) == whole
    assert streamed(needles, [data[place : place + 1] for place in range(len(data))], mark) == whole


@given(many, st.data())
def test_many_needles_of_any_bytes_are_found_alike(needles: list[bytes], data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from(needles) | st.binary(max_size=6), max_size=10))
    cuts = data.draw(st.lists(st.integers(0, 100), max_size=4))
    body = b"".join(parts)
    whole = scanned(needles, body, lambda found: b"<" + found + b">")
    assert streamed(needles, pieces_of(body, cuts), lambda found: b"<" + found + b">") == whole
    if any(needle in body for needle in needles):
        assert Needles(needles).occur_in(body)


@given(few | many, texts | st.binary(max_size=60))
def test_occur_in_is_never_wrongly_no(needles: list[bytes], data: bytes) -> None:
    if any(needle in data for needle in needles):
        assert Needles(needles).occur_in(data)


@given(
    st.binary(min_size=4, max_size=4), st.lists(st.binary(max_size=300), min_size=2, max_size=5), st.binary(max_size=9)
)
@example(begin=b"abcd", rests=[b"1efghij", b"2efghij", b"1exghij"], before=b"")
def test_whatever_needles_that_begin_alike_have_in_common_each_of_them_is_seen(
    begin: bytes, rests: list[bytes], before: bytes
) -> None:
    needles = Needles([begin + rest for rest in rests])
    for rest in rests:
        assert needles.occur_in(before + begin + rest)


def test_forms_that_differ_in_the_case_of_an_escape_are_looked_for_by_the_longest_string_they_have_in_common() -> None:
    needles = Needles([b"%62%6e%30%31%32%33%6ftail", b"%62%6E%30%31%32%33%6Ftail"])
    assert needles._anchors == (b"%30%31%32%33%6",)
    assert needles.occur_in(b"(%62%6E%30%31%32%33%6Ftail)")
    assert not needles.occur_in(b"%62%6e%6E%6f%6Ftail")


@given(few, texts)
def test_a_replacement_is_never_searched_again(needles: list[bytes], data: bytes) -> None:
    def twice(found: bytes) -> bytes:
        return found + needles[0]

    assert Needles(needles).replace(data, twice) == scanned(needles, data, twice)
    assert streamed(needles, [data], twice) == scanned(needles, data, twice)


@given(few, st.lists(texts, max_size=4))
def test_only_what_may_be_the_beginning_of_a_match_is_held_back(needles: list[bytes], pieces: list[bytes]) -> None:
    prepared, held = Needles(needles), b""
    for piece in pieces:
        _, held = prepared.feed(held + piece, mark)
        assert held == b"" or any(len(needle) > len(held) and needle.startswith(held) for needle in needles)


def test_a_complete_match_that_cannot_grow_goes_out_at_once() -> None:
    stream = Stream(Needles([b"secret"]), lambda _: b"name")
    assert stream.feed(b"a secret") == b"a name"
    assert stream.feed(b" and s") == b" and "
    assert stream.feed(b"ome") == b"some"
    assert stream.finish() == b""


def test_a_match_that_may_grow_waits_for_its_end() -> None:
    stream = Stream(Needles([b"key", b"keyring"]), mark)
    assert stream.feed(b"a key") == b"a "
    assert stream.feed(b"rin") == b""
    assert stream.finish() == b"<KEY>rin"


def test_a_finished_stream_holds_nothing() -> None:
    stream = Stream(Needles([b"abc"]), mark)
    stream.feed(b"ab")
    assert (stream.finish(), stream.finish()) == (b"ab", b"")


@pytest.mark.parametrize("data", [b"", b"anything"])
def test_without_needles_everything_passes(data: bytes) -> None:
    none = Needles([])
    assert not none
    assert not none.occur_in(data)
    assert none.replace(data, mark) == data
    assert none.feed(data, mark) == (data, b"")


def test_needles_are_not_shown() -> None:
    assert repr(Needles([b"hunter2", b"other"])) == "Needles(2)"


def test_no_place_is_looked_at_twice_however_many_matches_stand_beside_a_long_needle() -> None:
    needles = Needles([b"ab12", b"pq" * 4096])
    profile = cProfile.Profile()
    profile.runcall(needles.feed, b"ab12" * 16384, lambda found: found)
    calls = {entry.code.co_name: entry.callcount for entry in profile.getstats() if not isinstance(entry.code, str)}
    assert calls["_open_end"] <= 2


@given(st.lists(st.text("abcX", min_size=1, max_size=6).map(str.encode), min_size=1, max_size=60), st.data())
def test_every_line_in_which_a_needle_stands_is_among_those_told(needles: list[bytes], data: st.DataObject) -> None:
    piece = st.sampled_from(needles) | st.text("abcdX: ", max_size=6).map(str.encode)
    lines = data.draw(st.lists(st.lists(piece, max_size=4).map(b"".join), min_size=1, max_size=12))
    found = Needles(needles).lines_in(b"\r\n".join([*lines, b"", b""]))
    assert all(line in found for line in lines if any(needle in line for needle in needles))
    assert all(line in lines for line in found)


def test_many_lines_with_needles_are_told_as_a_set() -> None:
    head = b"".join(b"x-%d: key\r\n" % number for number in range(1000))
    assert isinstance(Needles([b"key"]).lines_in(head), frozenset)
