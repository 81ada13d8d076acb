import pytest

from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostSet
from strongroom.core.llm.base_urls import BaseUrl
from strongroom.core.llm.hosts import region_of, require_inference_host

NONE = HostSet()


@pytest.mark.parametrize(
    ("vendor", "host"),
    [
        ("bedrock", "bedrock-runtime.us-east-1.amazonaws.com"),
        ("bedrock", "bedrock-runtime-fips.us-gov-west-1.amazonaws.com"),
        ("bedrock", "bedrock-runtime.cn-north-1.amazonaws.com.cn"),
        ("bedrock", "bedrock-mantle.eu-west-1.api.aws"),
        ("vertex", "aiplatform.googleapis.com"),
        ("vertex", "us-east5-aiplatform.googleapis.com"),
        ("vertex", "aiplatform.eu.rep.googleapis.com"),
        ("azure_openai", "r.openai.azure.com"),
        ("azure_foundry", "r.services.ai.azure.com"),
        ("azure_openai", "r.cognitiveservices.azure.com"),
    ],
)
def test_clouds_own_hosts_take_cloud_tokens(vendor: str, host: str) -> None:
    require_inference_host(vendor, BaseUrl.parse(f"https://{host}/"), others=NONE)


@pytest.mark.parametrize(
    ("vendor", "url"),
    [
        ("bedrock", "https://evil.example"),
        ("bedrock", "https://x.execute-api.us-east-1.amazonaws.com"),
        ("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com.evil.example"),
        ("bedrock", "https://evil-bedrock-runtime.us-east-1.amazonaws.com"),
        ("bedrock", "https://x.bedrock-runtime.us-east-1.amazonaws.com"),
        ("bedrock", "http://bedrock-runtime.us-east-1.amazonaws.com"),
        ("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com:8443"),
        ("bedrock", "https://aiplatform.googleapis.com"),
        ("vertex", "https://evil.googleapis.com"),
        ("vertex", "https://x.aiplatform.googleapis.com"),
        ("azure_openai", "https://a.b.openai.azure.com"),
        ("azure_openai", "https://openai.azure.com"),
    ],
)
def test_no_other_host_does(vendor: str, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_inference_host(vendor, BaseUrl.parse(url), others=NONE)
    assert refused.value.field == "base_url"


def test_the_operator_can_name_more() -> None:
    others = HostSet.parse(["vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com"])
    base = BaseUrl.parse("http://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com:8080")
    require_inference_host("bedrock", base, others=others)


def test_a_canonical_host_says_its_region() -> None:
    assert region_of(BaseUrl.parse("https://bedrock-runtime.eu-west-1.amazonaws.com")) == "eu-west-1"
    assert region_of(BaseUrl.parse("https://bedrock-mantle.us-west-2.api.aws")) == "us-west-2"
    assert region_of(BaseUrl.parse("https://private.example")) is None
