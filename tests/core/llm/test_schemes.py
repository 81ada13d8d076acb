import pytest

from strongroom.core.credentials import KINDS
from strongroom.core.failures import Invalid
from strongroom.core.llm.families import FAMILIES
from strongroom.core.llm.schemes import WAYS, Placing, Scheme, named, way_of

# Contract barndoor-credentials 3.1, row by row: vendor, names of one way (the first is the default), scheme, placing.
TABLE = [
    ("openai", ("api_key", "bearer_api_key"), Scheme.API_KEY, Placing.BEARER),
    ("openai", ("oauth_passthrough", "codex_oauth"), Scheme.OAUTH_PASSTHROUGH, Placing.OF_CLIENT),
    ("anthropic", ("api_key", "x_api_key"), Scheme.API_KEY, Placing.X_API_KEY),
    ("anthropic", ("bearer_api_key",), Scheme.API_KEY, Placing.BEARER),
    ("anthropic", ("oauth_passthrough", "claude_oauth"), Scheme.OAUTH_PASSTHROUGH, Placing.OF_CLIENT),
    ("azure_openai", ("api_key", "azure_api_key"), Scheme.API_KEY, Placing.AZURE_API_KEY),
    ("azure_openai", ("azure_entra_client_secret",), Scheme.AZURE_ENTRA, Placing.BEARER),
    ("azure_foundry", ("azure_foundry_api_key", "api_key"), Scheme.API_KEY, Placing.AZURE_API_KEY),
    ("azure_foundry", ("azure_entra_client_secret",), Scheme.AZURE_ENTRA, Placing.BEARER),
    ("google_ai", ("api_key", "bearer_api_key"), Scheme.API_KEY, Placing.BEARER),
    ("bedrock", ("aws_role",), Scheme.AWS_ROLE, Placing.SIGNATURE),
    ("bedrock", ("aws_keys", "aws_static_credentials"), Scheme.BEDROCK_KEYS, Placing.SIGNATURE),
    ("bedrock", ("bedrock_api_key", "api_key"), Scheme.BEDROCK_API_KEY, Placing.BEARER),
    ("vertex", ("google_adc",), Scheme.GOOGLE_ADC, Placing.BEARER),
    ("vertex", ("google_service_account",), Scheme.GOOGLE_SERVICE_ACCOUNT, Placing.BEARER),
    (
        "vertex",
        ("google_impersonation", "google_service_account_impersonation"),
        Scheme.GOOGLE_IMPERSONATION,
        Placing.BEARER,
    ),
    ("custom", ("api_key", "bearer_api_key"), Scheme.API_KEY, Placing.BEARER),
    ("custom", ("x_api_key",), Scheme.API_KEY, Placing.X_API_KEY),
    ("custom", ("azure_api_key",), Scheme.API_KEY, Placing.AZURE_API_KEY),
    *(
        (vendor, ("api_key", "bearer_api_key"), Scheme.API_KEY, Placing.BEARER)
        for vendor in (
            "groq",
            "together",
            "mistral",
            "cohere",
            "xai",
            "fireworks",
            "perplexity",
            "openrouter",
            "deepseek",
        )
    ),
]


@pytest.mark.parametrize(("vendor", "names", "scheme", "placing"), TABLE)
def test_each_name_of_a_way_means_it(vendor: str, names: tuple[str, ...], scheme: Scheme, placing: Placing) -> None:
    for name in names:
        way = way_of(vendor, name)
        assert (way.scheme, way.placing) == (scheme, placing)


def test_the_table_has_no_other_ways() -> None:
    told = {(vendor, name) for vendor, names, _, _ in TABLE for name in names}
    assert told == {(vendor, name) for vendor, ways in WAYS.items() for name in ways}


def test_the_first_way_of_a_vendor_is_meant_where_none_is_named() -> None:
    firsts: dict[str, str] = {}
    for vendor, names, _, _ in TABLE:
        firsts.setdefault(vendor, names[0])
    assert {vendor: named(vendor, None) for vendor in WAYS} == firsts


def test_each_vendor_has_a_place_and_each_scheme_a_kind() -> None:
    assert set(FAMILIES) == set(WAYS)
    assert {scheme.value for scheme in Scheme} <= set(KINDS)


@pytest.mark.parametrize(("vendor", "name"), [("openai", "aws_role"), ("vertex", "api_key"), ("openia", None)])
def test_other_pairs_are_refused_with_what_there_is(vendor: str, name: str | None) -> None:
    with pytest.raises(Invalid, match="must be one of"):
        named(vendor, name)


def test_what_stores_nothing_says_so() -> None:
    stored = {scheme for scheme in Scheme if scheme.keeps_material}
    assert stored == {
        Scheme.API_KEY,
        Scheme.BEDROCK_KEYS,
        Scheme.BEDROCK_API_KEY,
        Scheme.GOOGLE_SERVICE_ACCOUNT,
        Scheme.AZURE_ENTRA,
    }
