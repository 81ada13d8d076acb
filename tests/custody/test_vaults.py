"""What every vault that is not ours does: one suite, against the most real server of each that there is here."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from strongroom.core.failures import BadReply
from tests.custody.outside import CARD, EACH, LOGIN, ORGANIZATION, VALUES, item, kept, parcel, same
from tests.custody.stages import Stage


@pytest.mark.parametrize("fields", EACH, ids=("login", "plain login", "card", "secret", "bare secret"))
async def test_what_is_kept_comes_back_as_it_was(stage: Stage, fields: Mapping[str, Any]) -> None:
    lies = await kept(stage.vault, parcel(fields))
    assert lies.reference is not None
    assert same(await stage.vault.open(ORGANIZATION, lies.reference), fields)
    assert await stage.vault.drop(lies)


async def test_what_is_dropped_is_gone_and_can_be_dropped_again(stage: Stage) -> None:
    before = stage.left()
    lies = await kept(stage.vault, parcel())
    assert lies.reference is not None
    assert stage.left() == before + 1
    assert await stage.vault.drop(lies)
    assert stage.left() == before
    with pytest.raises(BadReply, match="does not have this item any more"):
        await stage.vault.open(ORGANIZATION, lies.reference)
    assert await stage.vault.drop(lies)


async def test_what_was_kept_without_our_hearing_of_it_is_found_and_dropped(stage: Stage) -> None:
    before = stage.left()
    sent = parcel()
    await kept(stage.vault, sent)
    nameless = item(stage.vault, sent, None)
    found = await stage.vault.drop(nameless)
    assert found is (stage.vault.name != "custom"), "its four calls are no way to find anything"
    assert stage.left() == before + (not found)
    assert await stage.vault.drop(nameless) is found


async def test_dropping_what_never_arrived_is_done_at_once(stage: Stage) -> None:
    before = stage.left()
    assert await stage.vault.drop(item(stage.vault, parcel(), None)) is (stage.vault.name != "custom")
    assert stage.left() == before


async def test_two_items_with_one_title_are_two(stage: Stage) -> None:
    first, second = [await kept(stage.vault, parcel(each, title="same")) for each in (LOGIN, CARD)]
    assert first.reference is not None
    assert second.reference is not None
    assert await stage.vault.drop(first)
    assert same(await stage.vault.open(ORGANIZATION, second.reference), CARD)
    assert await stage.vault.drop(second)


async def test_it_says_that_it_would_serve_us(stage: Stage) -> None:
    await stage.vault.ready(ORGANIZATION)
    await stage.vault.check(ORGANIZATION)


async def test_nothing_that_is_kept_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for fields in EACH:
        sent = parcel(fields)
        lies = await kept(stage.vault, sent)
        assert lies.reference is not None
        await stage.vault.open(ORGANIZATION, lies.reference)
        await stage.vault.drop(lies)
        assert repr(sent).count("secret") <= 1
        assert not any(value in repr(sent) for value in VALUES)
    assert not any(value in caplog.text for value in VALUES)
