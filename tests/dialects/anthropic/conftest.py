from collections.abc import Iterator

import anthropic
import pytest

from tests.dialects.anthropic.sdk import connected
from tests.dialects.stage import Raw, Tenant


@pytest.fixture
def sdk(tenant: Tenant) -> Iterator[anthropic.Anthropic]:
    with connected(tenant) as client:
        yield client


@pytest.fixture
def vault(raw: Raw) -> str:
    """The path of an active vault."""
    return f"/v1/vaults/{raw.made('/v1/vaults', {'display_name': 'v'})['id']}"


@pytest.fixture
def credentials(vault: str) -> str:
    """The path of an active vault's credentials."""
    return f"{vault}/credentials"
