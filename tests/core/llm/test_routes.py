# ruff: noqa: ANN401 - fields and settings of whatever type

from dataclasses import replace
from typing import Any

import pytest

from strongroom.core.llm.families import Operation
from strongroom.core.llm.mappings import ModelMapping
from strongroom.core.llm.providers import Health, HealthStatus, Provider
from strongroom.core.llm.routes import Catalogue, Unresolved, catalogue
from tests.core.llm.things import connection, mapping, provider, upstream

CHAT = Operation.CHAT


def made(*mappings: ModelMapping, providers: tuple[Provider, ...] = (provider(),), **more: Any) -> Catalogue:
    return catalogue(
        mappings,
        {each.id: each for each in providers},
        {"c1": connection(), "c2": connection(upstream("anthropic", base_url="https://api.anthropic.com"))},
        intact=more.get("intact", frozenset(each.id for each in providers)),
    )


def names(found: object) -> list[str]:
    assert isinstance(found, tuple), found
    return [f"{route.provider.name}:{route.mapping.model_alias}" for route in found]


def test_an_enablement_is_reached_with_its_provider_in_front_only() -> None:
    one = made(mapping())
    assert names(one.resolve("OpenAI/gpt-4o", CHAT)) == ["OpenAI:gpt-4o"]
    assert names(one.resolve("openai/gpt-4o", CHAT)) == ["OpenAI:gpt-4o"]
    assert one.resolve("gpt-4o", CHAT) is Unresolved.MODEL_NOT_FOUND
    assert one.resolve("OpenAI/gpt-4O", CHAT) is Unresolved.MODEL_NOT_FOUND


def test_an_alias_leads_to_its_routes_by_priority_and_then_by_age() -> None:
    others = (provider("B"), provider("C"), provider())
    found = made(
        *(mapping(of=each.name) for each in others),
        mapping("fast", of="B", seconds=2),
        mapping("fast", of="C", seconds=1),
        mapping("fast", seconds=3, priority=-1),
        providers=others,
    )
    assert names(found.resolve("fast", CHAT)) == ["OpenAI:fast", "C:fast", "B:fast"]


def test_an_alias_wins_over_a_provider_and_a_longer_provider_over_a_shorter_one() -> None:
    others = (provider("a"), provider("a/b"))
    models = (mapping("b/m", "b/m", of="a"), mapping("m", "m", of="a/b"))
    assert names(made(*models, providers=others).resolve("a/b/m", CHAT)) == ["a/b:m"]
    aliased = made(*models, mapping("a/b/m", "b/m", of="a"), providers=others)
    assert names(aliased.resolve("a/b/m", CHAT)) == ["a:a/b/m"]


def test_a_model_that_is_not_enabled_darkens_every_alias() -> None:
    for enablement in ((mapping(enabled=False),), ()):
        found = made(*enablement, mapping("fast"))
        assert found.resolve("fast", CHAT) is Unresolved.NO_ROUTE
    assert made(mapping(), mapping("fast", enabled=False)).resolve("fast", CHAT) is Unresolved.NO_ROUTE


@pytest.mark.parametrize(
    ("change", "serves"),
    [
        ({"enabled": False}, False),
        ({"health": Health(status=HealthStatus.UNHEALTHY)}, False),
        ({"health": Health(status=HealthStatus.UNHEALTHY), "enforce_health_check": False}, True),
        ({"health": Health(status=HealthStatus.HEALTHY)}, True),
    ],
)
def test_a_provider_serves_if_it_is_on_and_well_or_nobody_minds(change: dict[str, Any], serves: bool) -> None:
    found = made(mapping(), providers=(provider(**change),)).resolve("OpenAI/gpt-4o", CHAT)
    assert (found is Unresolved.NO_ROUTE) is not serves


def test_routes_that_do_not_speak_the_format_are_left_out() -> None:
    claude = provider("A", connection="c2", model_provider="anthropic")
    found = made(mapping(), mapping(of="A"), mapping("any"), mapping("any", of="A"), providers=(provider(), claude))
    assert names(found.resolve("any", CHAT)) == ["OpenAI:any"]
    assert names(found.resolve("any", Operation.MESSAGES)) == ["A:any"]
    assert found.resolve("A/gpt-4o", CHAT) is Unresolved.UNSUPPORTED_DIALECT


def test_timeouts_are_the_routes_then_the_models_then_the_providers() -> None:
    def timeouts(route: int | None, model: int | None, of_provider: int | None) -> int:
        found = made(
            mapping(request_timeout_secs=model),
            mapping("fast", request_timeout_secs=route),
            providers=(provider(request_timeout_secs=of_provider),),
        ).resolve("fast", CHAT)
        assert isinstance(found, tuple)
        return found[0].request_timeout

    assert [timeouts(1, 2, 3), timeouts(None, 2, 3), timeouts(None, None, 3), timeouts(None, None, None)] == [
        1,
        2,
        3,
        120,
    ]


def test_what_is_reachable_is_listed_by_name() -> None:
    found = made(mapping(), mapping("fast"), mapping("dark", enabled=False)).reachable()
    assert [each.name for each in found] == ["OpenAI/gpt-4o", "fast"]


def test_a_row_that_was_tampered_with_is_known_as_such() -> None:
    found = made(mapping(), intact=frozenset()).resolve("OpenAI/gpt-4o", CHAT)
    assert isinstance(found, tuple)
    assert not found[0].intact


def test_a_providers_own_settings_lie_over_its_connections() -> None:
    of = connection(upstream(a=0, b=2))
    assert provider(settings_json='{"a":1}').upstream(of).settings == {"a": 1, "b": 2}
    own = replace(provider(), base_url="https://other.example/v1")
    assert own.upstream(of).base_url == "https://other.example/v1"
