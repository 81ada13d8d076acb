import pytest

from tests.dialects.skyvern.api import Api
from tests.dialects.stage import Tenant


@pytest.fixture
def api(tenant: Tenant) -> Api:
    return Api.of(tenant)
