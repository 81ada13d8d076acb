# ruff: noqa: ANN401 - fields and settings of whatever type

from typing import Any

import pytest

from strongroom.core.failures import Invalid
from strongroom.core.llm.schemes import Scheme
from strongroom.core.llm.settings import SECRET_NAMES, checked, merged, normalised

ARN = "arn:aws:iam::123456789012:role/gateway"


def normal(vendor: str, scheme: Scheme, **settings: Any) -> dict[str, Any]:
    return normalised(settings, model_provider=vendor, scheme=scheme, external_id=lambda: "made")


@pytest.mark.parametrize("settings", [[1], "x", 1, True])
def test_settings_are_an_object(settings: object) -> None:
    with pytest.raises(Invalid, match="must be an object"):
        checked(settings)


@pytest.mark.parametrize("name", sorted(SECRET_NAMES))
def test_a_name_that_says_secret_is_refused_at_any_depth_and_in_any_case(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked({"a": [{"b": {name.upper(): "the-value"}}]})
    assert "the-value" not in str(refused.value)


def test_settings_are_bounded() -> None:
    with pytest.raises(Invalid, match="deep"):
        checked({"a": {"b": {"c": {"d": {"e": {}}}}}})
    with pytest.raises(Invalid, match="bytes"):
        checked({"a": "x" * 16_400})
    assert checked({"a": {"b": {"c": {"d": 1}}}})
    for text in ("x\r\ny", "x\x7f", "x\x9b", "\ud800"):
        with pytest.raises(Invalid, match="control"):
            checked({"a": text})
        with pytest.raises(Invalid, match="control"):
            checked({text: "a"})
    for settings, field in (
        ({"region": "us-east-1\n"}, "settings.region"),
        ({"delegates": ["\0"]}, "settings.delegates"),
    ):
        with pytest.raises(Invalid) as refused:
            checked(settings)
        assert refused.value.field == field


def test_what_was_sent_lies_over_what_is_stored_and_null_takes_away() -> None:
    stored = {"a": 1, "b": 2, "external_id": "kept"}
    assert merged(stored, {"a": 3, "b": None, "external_id": None}) == {"a": 3, "external_id": "kept"}


def test_bedrock_needs_a_region_and_a_role_an_arn() -> None:
    for settings in ({}, {"region": "moon"}, {"region": "us-east-1"}, {"region": "us-east-1", "iam_role_arn": "arn:x"}):
        with pytest.raises(Invalid):
            normal("bedrock", Scheme.AWS_ROLE, **settings)
    filled = normal("bedrock", Scheme.AWS_ROLE, region="us-east-1", iam_role_arn=ARN)
    assert filled == {
        "region": "us-east-1",
        "iam_role_arn": ARN,
        "external_id": "made",
        "model_api_family": "bedrock_converse",
    }
    assert normal("bedrock", Scheme.AWS_ROLE, **(filled | {"external_id": "own"}))["external_id"] == "own"


def test_vertex_needs_a_project_and_a_place() -> None:
    for settings in ({}, {"project_id": "p"}, {"location": "l"}, {"project_id": "p", "location": "a.evil/"}):
        with pytest.raises(Invalid):
            normal("vertex", Scheme.GOOGLE_ADC, **settings)
    assert normal("vertex", Scheme.GOOGLE_ADC, project_id="p", region="us") == {"project_id": "p", "location": "us"}
    with pytest.raises(Invalid, match="target_service_account"):
        normal("vertex", Scheme.GOOGLE_IMPERSONATION, project_id="p", location="us")


@pytest.mark.parametrize("name", ["deployment", "project_name"])
@pytest.mark.parametrize("value", ["..", ".", "", 5])
def test_what_becomes_a_segment_of_a_path_must_be_able_to(name: str, value: object) -> None:
    with pytest.raises(Invalid):
        normal("azure_openai", Scheme.API_KEY, **{name: value})
