from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom.core.environment_changes import CloudChange, EnvironmentChange, LimitedChange, SelfHostedChange
from strongroom.core.environments import (
    NO_PACKAGES,
    CloudConfig,
    Environment,
    LimitedNetwork,
    SelfHostedConfig,
)
from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostSet
from strongroom.core.ids import EnvironmentId, OrganizationId, WorkspaceId
from strongroom.core.networking import Unrestricted

THEN = datetime(2026, 1, 1, tzinfo=UTC)
HOSTS = HostSet.parse(["a.com"])
OPEN = Environment(
    id=EnvironmentId("env_1"),
    organization=OrganizationId("org_1"),
    workspace=WorkspaceId("wrkspc_1"),
    name="n",
    description="d",
    config=CloudConfig(packages=NO_PACKAGES),
    metadata={},
    created_at=THEN,
    updated_at=THEN,
)
CLOSED = replace(OPEN, config=CloudConfig(network=LimitedNetwork(hosts=HOSTS), packages=NO_PACKAGES))


def network(environment: Environment, change: LimitedChange | Unrestricted | None) -> object:
    after = EnvironmentChange(config=CloudChange(network=change, packages={})).applied(environment)
    assert isinstance(after.config, CloudConfig)
    return after.config.network


def test_a_limited_network_is_merged() -> None:
    assert network(CLOSED, None) == LimitedNetwork(hosts=HOSTS)
    assert network(CLOSED, LimitedChange(allow_mcp_servers=True)) == LimitedNetwork(hosts=HOSTS, allow_mcp_servers=True)
    assert network(CLOSED, LimitedChange(hosts=HostSet())) == LimitedNetwork()
    assert network(CLOSED, Unrestricted()) == Unrestricted()


def test_nothing_is_remembered_from_another_type_of_network() -> None:
    assert network(OPEN, LimitedChange(allow_package_managers=True)) == LimitedNetwork(allow_package_managers=True)


def test_packages_need_their_flag_after_the_merge() -> None:
    with pytest.raises(Invalid):
        EnvironmentChange(config=CloudChange(packages={"pip": ("x",)})).applied(CLOSED)


def test_a_configuration_keeps_its_type() -> None:
    hosted = replace(OPEN, config=SelfHostedConfig())
    assert EnvironmentChange(config=SelfHostedChange()).applied(hosted) == hosted
    for environment, change in ((OPEN, SelfHostedChange()), (hosted, CloudChange(packages={}))):
        with pytest.raises(Invalid) as refused:
            EnvironmentChange(config=change).applied(environment)
        assert refused.value.code == "invalid_config_type_change"


def test_a_description_is_kept_unless_it_is_sent() -> None:
    assert EnvironmentChange().applied(OPEN) == OPEN
    assert EnvironmentChange(description=None).applied(OPEN).description is None
    assert EnvironmentChange(description="").applied(OPEN).description == ""
