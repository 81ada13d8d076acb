"""Every behaviour of every surface has a test, and every mark on a test a behaviour."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.behaviours import Behaviour, covered
from tests.delivery.llm.behaviours import BEHAVIOURS as LLM
from tests.dialects.anthropic.behaviours import BEHAVIOURS as ANTHROPIC
from tests.dialects.barndoor.behaviours import BEHAVIOURS as BARNDOOR
from tests.dialects.skyvern.behaviours import BEHAVIOURS as SKYVERN
from tests.dialects.skyvern_provider.behaviours import BEHAVIOURS as SKYVERN_PROVIDER

HERE = Path(__file__).parent
SURFACES = [
    pytest.param(ANTHROPIC, ("dialects/anthropic",), id="anthropic"),
    pytest.param(SKYVERN, ("dialects/skyvern",), id="skyvern"),
    pytest.param(SKYVERN_PROVIDER, ("dialects/skyvern_provider",), id="skyvern_provider"),
    pytest.param(BARNDOOR, ("dialects/barndoor",), id="barndoor"),
    pytest.param(LLM, ("delivery/llm", "leaks"), id="llm"),
]


@pytest.mark.parametrize(("behaviours", "folders"), SURFACES)
def test_every_behaviour_has_a_test_and_every_test_a_behaviour(
    behaviours: Sequence[Behaviour], folders: Sequence[str]
) -> None:
    assert covered(HERE / folder for folder in folders) == {behaviour.id for behaviour in behaviours}


@pytest.mark.parametrize(("behaviours", "folders"), SURFACES)
def test_behaviours_have_ids_of_their_own(behaviours: Sequence[Behaviour], folders: Sequence[str]) -> None:
    ids = [behaviour.id for behaviour in behaviours]
    assert folders
    assert ids == sorted(set(ids))


def test_the_cases_of_the_llm_contract_are_all_there() -> None:
    numbers = {int(behaviour.id[1:]) for behaviour in (*BARNDOOR, *LLM)}
    assert numbers == set(range(1, 109))
