import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.delivery.llm.documents import Document, with_member
from strongroom.delivery.llm.refusals import Turned

NAMES = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.just("model"), inner, max_size=3),
    max_leaves=8,
)
BLANKS = st.text("\t\n\r ", max_size=3)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, dict[str, Any]]:
    """A request, written with whatever blanks and escapes JSON allows, and what it means."""
    told = draw(st.dictionaries(NAMES.filter(lambda name: name != "model"), VALUES, max_size=5))
    items = [*told.items()]
    items.insert(draw(st.integers(0, len(items))), ("model", draw(st.text(min_size=1, max_size=20))))
    ascii_only = draw(st.booleans())

    def blank() -> str:
        return draw(BLANKS)

    members = [
        f"{blank()}{json.dumps(name, ensure_ascii=ascii_only)}{blank()}:{blank()}"
        f"{json.dumps(value, ensure_ascii=ascii_only)}{blank()}"
        for name, value in items
    ]
    text = f"{blank()}{{{','.join(members)}}}{blank()}"
    return text.encode(errors="surrogatepass"), dict(items)


@given(bodies(), st.text(min_size=1).filter(str.isprintable))
def test_the_model_changes_and_no_other_byte(made: tuple[bytes, dict[str, Any]], other: str) -> None:
    body, told = made
    document = Document.read(body)
    assert document.model == told["model"]
    assert document.streams == (told.get("stream") is True)
    changed = document.asking_for(other)
    assert json.loads(changed) == {**told, "model": other}
    place = document.members["model"]
    assert changed[: place.value] == body[: place.value]
    assert changed.endswith(body[place.end :])
    assert document.asking_for(document.model) is body


@given(bodies())
def test_the_model_can_be_taken_out_and_a_version_put_in(made: tuple[bytes, dict[str, Any]]) -> None:
    body, told = made
    without = Document.read(body).without_model()
    del told["model"]
    assert json.loads(without) == told
    assert json.loads(with_member(without, "a longer name", "1")) == {"a longer name": "1", **told}


@given(bodies(), st.data())
def test_a_name_that_stands_twice_is_refused(made: tuple[bytes, dict[str, Any]], data: st.DataObject) -> None:
    body, told = made
    name = data.draw(st.sampled_from(sorted(told)))
    again = f"{json.dumps(name)}:{json.dumps(data.draw(VALUES | st.just(told[name])))}".encode()
    opening = body.index(b"{") + 1
    closing = body.rindex(b"}")
    for twice in (body[:opening] + again + b"," + body[opening:], body[:closing] + b"," + again + body[closing:]):
        with pytest.raises(Turned):
            Document.read(twice)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_mistake(body: bytes) -> None:
    try:
        document = Document.read(body)
    except Turned:
        return
    assert json.loads(body)["model"] == document.model
