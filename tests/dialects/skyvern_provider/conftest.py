"""A real server, and a Skyvern with a token for a namespace of its own for each test."""

from collections.abc import Callable
from itertools import count

import pytest

from tests.dialects.skyvern_provider.skyvern import PREFIX, Skyvern
from tests.dialects.stage import ADMIN_KEY, Raw, Stage, Tenant

Opened = Callable[..., Skyvern]
_numbers = count(1)


@pytest.fixture
def operator(stage: Stage) -> Raw:
    """Whoever runs the server: has every scope."""
    return Raw(url=stage.url, headers={"x-api-key": ADMIN_KEY})


@pytest.fixture
def opened(tenant: Tenant) -> Opened:
    """Make a token for a namespace, and a Skyvern that has it."""

    def make(namespace: str = "", by: Raw | None = None) -> Skyvern:
        asked = {"namespace": namespace or f"namespace {next(_numbers)}"}
        made = (by or tenant.raw()).made("/strongroom/v1/provider-tokens", asked)
        return Skyvern(tenant.url + PREFIX, made["token"])

    return make


@pytest.fixture
def skyvern(opened: Opened) -> Skyvern:
    return opened()
