"""Contract anthropic-vaults 3.2 and 3.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Invalid
from strongroom.core.metadata import checked, patched

keys = st.text("abc", min_size=1, max_size=3)
maps = st.dictionaries(keys, st.text(max_size=5), max_size=8)
patches = st.dictionaries(keys, st.none() | st.text(max_size=5), max_size=8)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"k": ""},
        {"k" * 64: "v" * 512},
        {"🗝" * 64: "🗝" * 512},
        {str(number): "v" for number in range(16)},
        {"a key": "with\nlines"},
    ],
)
def test_what_keeps_the_caps_is_kept(metadata: dict[str, str]) -> None:
    assert checked(metadata) == metadata


@pytest.mark.parametrize(
    "metadata",
    [
        {"": "v"},
        {"k" * 65: "v"},
        {"k": "v" * 513},
        {str(number): "v" for number in range(17)},
        {"a\nb": "v"},
        {"a\x00": "v"},
        {"\x7f": "v"},
        {"\x85": "v"},
        {"\x9f": "v"},
    ],
)
def test_what_breaks_a_cap_is_refused_by_field(metadata: dict[str, str]) -> None:
    with pytest.raises(Invalid) as raised:
        checked(metadata)
    assert raised.value.field == "metadata"
    with pytest.raises(Invalid) as raised:
        checked(metadata, field="auth.metadata")
    assert raised.value.field == "auth.metadata"


@given(maps, patches)
def test_a_patch_sets_deletes_and_leaves_the_rest(stored: dict[str, str], patch: dict[str, str | None]) -> None:
    after = patched(stored, patch)
    assert after == {
        key: value
        for key, value in ((key, patch.get(key, stored.get(key))) for key in {*stored, *patch})
        if value is not None
    }


def test_an_empty_text_is_a_value() -> None:
    assert patched({"k": "v"}, {"k": ""}) == {"k": ""}


def test_deleting_what_is_not_there_is_harmless() -> None:
    assert patched({"k": "v"}, {"absent": None}) == {"k": "v"}


def test_the_caps_are_checked_on_the_merged_map() -> None:
    full = {str(number): "v" for number in range(16)}
    assert len(patched(full, {"0": None, "new": "v"})) == 16
    with pytest.raises(Invalid):
        patched(full, {"new": "v"})


def test_the_stored_map_is_not_changed() -> None:
    stored = {"k": "v"}
    patched(stored, {"k": None})
    assert stored == {"k": "v"}
