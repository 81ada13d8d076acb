"""Environments (contract section 7, cases 104 to 117)."""

from typing import Any

import anthropic
import pytest

from tests.dialects.anthropic.behaviours import covers
from tests.dialects.anthropic.sdk import told
from tests.dialects.stage import SENTINEL, Raw

HERE = "/v1/environments"
NO_PACKAGES = {"type": "packages", "apt": [], "cargo": [], "gem": [], "go": [], "npm": [], "pip": []}


def cloud(**config: object) -> dict[str, Any]:
    return {"type": "cloud", **config}


def limited(**network: object) -> dict[str, Any]:
    return {"type": "limited", **network}


def made(raw: Raw, **body: object) -> str:
    return f"{HERE}/{raw.made(HERE, {'name': 'n', **body})['id']}"


@covers("A104")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"config": None, "description": None, "scope": None, "metadata": None},
        {"config": {"type": "cloud"}},
        {"config": {"type": "cloud", "networking": None, "packages": None}},
        {"config": {"type": "cloud", "networking": {"type": "unrestricted"}, "packages": {"pip": None}}},
        {"scope": "organization"},
    ],
)
def test_an_environment_without_a_configuration_is_open(raw: Raw, body: dict[str, object]) -> None:
    environment = raw.made(HERE, {"name": "n", **body})
    assert environment["id"].startswith("env_01")
    assert environment["config"] == {
        "type": "cloud",
        "networking": {"type": "unrestricted"},
        "packages": NO_PACKAGES,
    }
    assert (environment["description"], environment["scope"], environment["metadata"]) == (None, "organization", {})


@covers("A105")
def test_a_limited_network_denies_by_default(raw: Raw) -> None:
    closed = limited(allowed_hosts=[], allow_mcp_servers=False, allow_package_managers=False)
    for network in (limited(), limited(allowed_hosts=None, allow_mcp_servers=None, allow_package_managers=None)):
        environment = raw.made(HERE, {"name": "n", "config": cloud(networking=network)})
        assert environment["config"]["networking"] == closed


def test_the_strict_client_reads_all_of_an_environment(sdk: anthropic.Anthropic) -> None:
    environment = sdk.beta.environments.create(
        name="n",
        description="d",
        config={
            "type": "cloud",
            "networking": {"type": "limited", "allowed_hosts": ["A.example.com"], "allow_package_managers": True},
            "packages": {"type": "packages", "pip": ["ruff==1"], "npm": ["left-pad"]},
        },
        metadata={"k": ""},
    )
    assert environment.config.type == "cloud"
    assert environment.config.packages.pip == ["ruff==1"]
    assert environment.config.networking.type == "limited"
    assert environment.config.networking.allowed_hosts == ["a.example.com"]
    assert sdk.beta.environments.retrieve(environment.id) == environment
    assert list(sdk.beta.environments.list()) == [environment]


@covers("A106", "A107", "A108", "A113")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 257}, "name"),
        ({"scope": "account"}, "scope"),
        ({"scope": SENTINEL}, "scope"),
        ({"secret": SENTINEL}, "secret"),
        ({"config": {}}, "config"),
        ({"config": {"type": "vm"}}, "config"),
        ({"config": {"type": "self_hosted", "networking": None}}, "config.networking"),
        ({"config": cloud(networking=limited(), packages={"pip": ["x"]})}, "config.packages"),
        ({"config": cloud(networking=limited(allowed_hosts=["pypi.org"]), packages={"apt": ["x"]})}, "config.packages"),
        ({"config": cloud(packages={"pip": "x"})}, "config.packages.pip"),
        ({"config": cloud(packages={"brew": []})}, "config.packages.brew"),
        ({"config": cloud(networking=limited(allowed_hosts=["https://a.com"]))}, "config.networking.allowed_hosts.0"),
        ({"config": cloud(networking=limited(allowed_hosts=["a.com:443"]))}, "config.networking.allowed_hosts.0"),
        ({"config": cloud(networking=limited(allowed_hosts=["a.com/x"]))}, "config.networking.allowed_hosts.0"),
        ({"config": cloud(networking=limited(allowed_hosts=["a.com", "[::1]"]))}, "config.networking.allowed_hosts.1"),
        ({"config": cloud(networking=limited(allowed_hosts=["a.com"] * 257))}, "config.networking.allowed_hosts"),
        ({"config": cloud(networking=limited(allow_mcp_servers="yes"))}, "config.networking.allow_mcp_servers"),
        ({"config": cloud(networking={"type": "unrestricted", "allowed_hosts": []})}, "config.networking"),
        ({"config": cloud(networking={"type": "unrestricted", "allow_mcp_servers": True})}, "config.networking"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
    ],
)
def test_an_environment_that_breaks_a_rule_is_refused(raw: Raw, body: dict[str, object], field: str) -> None:
    assert raw.refused("POST", HERE, {"name": "n", **body})["message"].startswith(field)
    assert raw.get(HERE).json()["data"] == []


@covers("A109")
def test_networking_is_merged_and_a_new_type_starts_from_its_defaults(raw: Raw) -> None:
    path = made(raw, config=cloud(networking=limited(allowed_hosts=["a.com"])))

    def after(network: dict[str, Any] | None) -> dict[str, Any]:
        shown: dict[str, Any] = raw.made(path, {"config": cloud(networking=network)})["config"]["networking"]
        return shown

    with_flag = limited(allowed_hosts=["a.com"], allow_mcp_servers=True, allow_package_managers=False)
    assert after(limited(allow_mcp_servers=True)) == with_flag
    assert after(limited(allowed_hosts=None, allow_mcp_servers=None)) == with_flag
    assert after(None) == with_flag
    assert after(limited(allowed_hosts=["b.com"])) == with_flag | {"allowed_hosts": ["b.com"]}
    assert after({"type": "unrestricted"}) == {"type": "unrestricted"}
    assert after(limited()) == limited(allowed_hosts=[], allow_mcp_servers=False, allow_package_managers=False)


def test_packages_are_merged_by_manager_and_need_their_flag(raw: Raw) -> None:
    path = made(raw, config=cloud(packages={"pip": ["a"], "npm": ["b"]}))
    changed = raw.made(path, {"config": cloud(packages={"pip": ["c"]})})
    assert changed["config"]["packages"] == NO_PACKAGES | {"pip": ["c"], "npm": ["b"]}
    assert raw.refused("POST", path, {"config": cloud(networking=limited())})["message"].startswith("config.packages")
    assert raw.get(path).json() == changed
    raw.made(path, {"config": cloud(networking=limited(allow_package_managers=True))})


@covers("A110")
def test_the_type_of_a_configuration_cannot_change(raw: Raw, sdk: anthropic.Anthropic) -> None:
    path = made(raw)
    error = raw.refused("POST", path, {"config": {"type": "self_hosted"}})
    assert error["details"] == {"error_code": "invalid_config_type_change"}
    with pytest.raises(anthropic.BadRequestError) as raised:
        sdk.beta.environments.update(path.rpartition("/")[2], config={"type": "self_hosted"})
    assert type(raised.value) is not anthropic.BadRequestError
    back = made(raw, config={"type": "self_hosted"})
    error = raw.refused("POST", back, {"config": {"type": "cloud"}})
    assert error["details"] == {"error_code": "invalid_config_type_change"}
    assert raw.made(back, {"config": {"type": "self_hosted"}})["config"] == {"type": "self_hosted"}


@covers("A111")
def test_a_description_is_kept_or_cleared_or_empty(raw: Raw) -> None:
    path = made(raw, description="first")
    assert raw.made(path, {"name": "m"})["description"] == "first"
    assert raw.made(path, {"description": ""})["description"] == ""
    assert raw.made(path, {"description": None})["description"] is None


@covers("A112")
def test_an_empty_metadata_value_deletes_its_key_here(raw: Raw) -> None:
    path = made(raw, metadata={"k": "1", "l": "2", "m": "3"})
    assert raw.made(path, {"metadata": {"k": "", "l": None}})["metadata"] == {"m": "3"}


@pytest.mark.parametrize(
    "body",
    [{}, {"name": None, "config": None, "metadata": None, "scope": None}, {"config": {"type": "cloud"}}, {"name": "n"}],
)
def test_an_update_that_changes_nothing_leaves_the_date_alone(raw: Raw, body: dict[str, object]) -> None:
    path = made(raw)
    before = raw.get(path).json()
    assert raw.made(path, body) == before


@covers("A114")
def test_a_self_hosted_environment_has_no_network_of_its_own(sdk: anthropic.Anthropic, raw: Raw) -> None:
    environment = sdk.beta.environments.create(name="n", config={"type": "self_hosted"})
    assert raw.get(f"{HERE}/{environment.id}").json()["config"] == {"type": "self_hosted"}


@covers("A115", "A117")
def test_an_archived_environment_is_read_only(raw: Raw, sdk: anthropic.Anthropic) -> None:
    path = made(raw)
    id_ = path.rpartition("/")[2]
    archived = sdk.beta.environments.archive(id_)
    assert archived.archived_at is not None
    assert sdk.beta.environments.archive(id_) == archived
    for body in ({}, {"name": "m"}, {"config": {"type": "self_hosted"}}):
        assert raw.refused("POST", path, body)["details"] == {"error_code": "environment_archived"}
    with pytest.raises(anthropic.BadRequestError) as raised:
        sdk.beta.environments.update(id_, name="m")
    assert type(raised.value) is not anthropic.BadRequestError
    assert list(sdk.beta.environments.list()) == []
    assert list(sdk.beta.environments.list(include_archived=True)) == [archived]


@covers("A116")
def test_an_environment_that_a_session_uses_cannot_be_deleted(raw: Raw, sdk: anthropic.Anthropic) -> None:
    for end in ("delete", "archive"):
        environment = sdk.beta.environments.create(name="n").id
        session = sdk.beta.sessions.create(agent="a", environment_id=environment).id
        told(lambda id_=environment: sdk.beta.environments.delete(id_), anthropic.ConflictError)  # type: ignore[misc]
        getattr(sdk.beta.sessions, end)(session)
        deleted = sdk.beta.environments.delete(environment)
        assert deleted.to_dict() == {"id": environment, "type": "environment_deleted"}
        raw.refused("DELETE", f"{HERE}/{environment}", status=404)
        assert (
            raw.refused("GET", f"{HERE}/{environment}", status=404)["message"] == f"environment {environment} not found"
        )


def test_an_archived_environment_can_be_deleted(raw: Raw) -> None:
    path = made(raw)
    raw.made(f"{path}/archive")
    assert raw.call("DELETE", path).json()["type"] == "environment_deleted"


def test_environments_are_listed_newest_first(sdk: anthropic.Anthropic) -> None:
    ids = [sdk.beta.environments.create(name="same").id for _ in range(5)]
    assert [environment.id for environment in sdk.beta.environments.list(limit=2)] == ids[::-1]
