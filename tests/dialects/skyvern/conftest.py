import pytest

from tests.dialects.skyvern.api import Api
from tests.dialects.stage import Tenant


@pytest.fixture
def api(tenant: Tenant) -> Api:
    return Api.of(tenant)


@pytest.fixture
def codes(tenant: Tenant) -> Api:
    """The same tenant with a key that may read codes, and may do the rest as well."""
    scopes = ["credentials:read", "credentials:write", "totp:read"]
    return Api.of(tenant, tenant.raw().made("/strongroom/v1/keys", {"scopes": scopes})["key"])
