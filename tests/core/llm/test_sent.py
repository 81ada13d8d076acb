import json

import pytest

from strongroom.core.credentials.api_key import ApiKey
from strongroom.core.credentials.bedrock_keys import BedrockKeys
from strongroom.core.credentials.google_service_account import GoogleServiceAccount
from strongroom.core.failures import Invalid
from strongroom.core.llm.schemes import Scheme
from strongroom.core.llm.sent import Sent, require_material, take
from strongroom.core.secret import Secret

KEY = "sk-test-0123456789wxyz"
PEM = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n"
ACCOUNT = {"type": "service_account", "client_email": "a@p.iam", "private_key": PEM, "project_id": "p"}


def sent(api_key: str | None = None, **credentials: str) -> Sent:
    return Sent(
        api_key=None if api_key is None else Secret(api_key),
        credentials={name: Secret(value) for name, value in credentials.items()},
    )


def test_a_key_comes_as_api_key_or_among_the_credentials() -> None:
    for each in (sent(f" \r\n {KEY}\t\n"), sent(key=KEY), sent(key=f"{KEY}\n")):
        taken = take(Scheme.API_KEY, each)
        assert taken.material == ApiKey(key=Secret(KEY))
        assert taken.key_last4 == "wxyz"


def test_of_a_short_key_nothing_is_shown() -> None:
    assert take(Scheme.API_KEY, sent("sk-45678901")).key_last4 is None
    assert take(Scheme.API_KEY, sent("sk-456789012")).key_last4 == "9012"


@pytest.mark.parametrize(
    "wrong",
    [
        sent(KEY, key=KEY),
        sent(""),
        sent("   "),
        sent("k\r\nX-Evil: 1"),
        sent("k\0"),
        sent(f"{KEY}\0"),
        sent("k\x7fk"),
        sent("k\x85k"),
        sent("k\ud800k"),
        sent(" \r\n"),
        sent("k" * 16_385),
        sent(other="x"),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(wrong: Sent) -> None:
    with pytest.raises(Invalid) as refused:
        take(Scheme.API_KEY, wrong)
    assert "Evil" not in str(refused.value)
    assert KEY not in str(refused.value)


def test_what_is_needed_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        require_material(Scheme.API_KEY, take(Scheme.API_KEY, Sent()))
    assert refused.value.field == "api_key"
    for scheme, given, field in [
        (Scheme.BEDROCK_KEYS, sent(access_key_id="AKIA"), "credentials.secret_access_key"),
        (Scheme.AZURE_ENTRA, sent(tenant_id="t", client_id="c"), "credentials.client_secret"),
        *(
            (Scheme.AZURE_ENTRA, sent(tenant_id=tenant, client_id="c", client_secret="s"), "credentials.tenant_id")
            for tenant in ("../other", "a/b", "a?b", "..", "a b", "t\u00e9")
        ),
        (Scheme.GOOGLE_SERVICE_ACCOUNT, sent(private_key=PEM), "credentials.client_email"),
        (Scheme.BEDROCK_KEYS, sent(KEY), "api_key"),
    ]:
        with pytest.raises(Invalid) as refused:
            take(scheme, given)
        assert refused.value.field == field


def test_keys_of_aws_are_told_apart_by_their_id() -> None:
    taken = take(
        Scheme.BEDROCK_KEYS, sent(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key="s", session_token="t")
    )
    assert taken.key_last4 == "MPLE"
    assert isinstance(taken.material, BedrockKeys)
    assert taken.material.session_token == Secret("t")


def test_a_role_may_be_named_among_the_credentials_and_nothing_else() -> None:
    taken = take(Scheme.AWS_ROLE, sent(iam_role_arn="arn", external_id="e"))
    assert taken.settings == {"iam_role_arn": "arn", "external_id": "e"}
    assert taken.key_last4 is None
    with pytest.raises(Invalid):
        take(Scheme.AWS_ROLE, sent(iam_role_arn="arn", secret_access_key="s"))


@pytest.mark.parametrize("scheme", [Scheme.GOOGLE_ADC, Scheme.GOOGLE_IMPERSONATION, Scheme.OAUTH_PASSTHROUGH])
def test_a_secret_for_a_scheme_that_keeps_none_is_refused(scheme: Scheme) -> None:
    for each in (sent(KEY), sent(key=KEY)):
        with pytest.raises(Invalid):
            take(scheme, each)
    assert require_material(scheme, take(scheme, Sent())).tag == scheme.value


def test_a_service_account_comes_field_by_field_or_as_one_text() -> None:
    for each in (sent(**ACCOUNT), sent(service_account_json=json.dumps(ACCOUNT))):
        taken = take(Scheme.GOOGLE_SERVICE_ACCOUNT, each)
        assert taken.settings == {"project_id": "p"}
        assert taken.material == GoogleServiceAccount(client_email=Secret("a@p.iam"), private_key=Secret(PEM))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "external_account"},
        {"type": "authorized_user"},
        {"token_uri": "https://evil.example/token"},
        {"universe_domain": "evil.example"},
        {"private_key": "no key"},
    ],
)
def test_a_google_json_that_leads_elsewhere_is_refused(change: dict[str, str]) -> None:
    account = ACCOUNT | change
    for each in (sent(**account), sent(service_account_json=json.dumps(account))):
        with pytest.raises(Invalid) as refused:
            take(Scheme.GOOGLE_SERVICE_ACCOUNT, each)
        assert "evil" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"type": "service_account", "private_key": 1}'])
def test_a_text_that_is_no_service_account_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        take(Scheme.GOOGLE_SERVICE_ACCOUNT, sent(service_account_json=text))
