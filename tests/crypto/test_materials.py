import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.credentials import KINDS, Kind, Material
from strongroom.core.credentials.agent_identity import AgentIdentity
from strongroom.core.credentials.api_key import ApiKey
from strongroom.core.credentials.aws_keys import AwsKeys
from strongroom.core.credentials.aws_role import AwsRole
from strongroom.core.credentials.azure_entra import AzureEntra
from strongroom.core.credentials.bedrock_api_key import BedrockApiKey
from strongroom.core.credentials.bedrock_keys import BedrockKeys
from strongroom.core.credentials.credit_card import CREDIT_CARD, CreditCard
from strongroom.core.credentials.environment_variable import EnvironmentVariable
from strongroom.core.credentials.google_adc import GoogleAdc
from strongroom.core.credentials.google_impersonation import GoogleImpersonation
from strongroom.core.credentials.google_service_account import GoogleServiceAccount
from strongroom.core.credentials.mcp_oauth import MCP_OAUTH, McpOAuth
from strongroom.core.credentials.oauth_passthrough import OAuthPassthrough
from strongroom.core.credentials.password import PASSWORD, Password
from strongroom.core.credentials.secret import SecretValue
from strongroom.core.credentials.static_bearer import STATIC_BEARER, StaticBearer
from strongroom.core.failures import Unreadable
from strongroom.core.llm.schemes import Scheme
from strongroom.core.secret import Secret
from strongroom.crypto.materials import read_material, write_material

secrets = st.builds(Secret, st.text())
named = st.dictionaries(st.text(), secrets, max_size=3)
materials = st.one_of(
    st.builds(StaticBearer, token=secrets),
    st.builds(EnvironmentVariable, value=secrets),
    st.builds(McpOAuth, access_token=secrets, refresh_token=st.none() | secrets, client_secret=st.none() | secrets),
    st.builds(AwsKeys, access_key_id=secrets, secret_access_key=secrets, session_token=st.none() | secrets),
    st.builds(AgentIdentity),
    st.builds(Password, password=secrets, totp=st.none() | secrets, metadata=named),
    st.builds(
        CreditCard,
        **dict.fromkeys(("number", "cvv", "exp_month", "exp_year", "holder_name"), secrets),
        billing_address=named,
        billing_email=st.none() | secrets,
        billing_phone=st.none() | secrets,
        metadata=named,
    ),
    st.builds(SecretValue, value=secrets),
    st.builds(ApiKey, key=secrets),
    st.builds(BedrockApiKey, key=secrets),
    st.builds(BedrockKeys, access_key_id=secrets, secret_access_key=secrets, session_token=st.none() | secrets),
    st.builds(AzureEntra, tenant_id=secrets, client_id=secrets, client_secret=secrets),
    st.builds(GoogleServiceAccount, client_email=secrets, private_key=secrets, private_key_id=st.none() | secrets),
    *map(st.just, (AwsRole(), GoogleAdc(), GoogleImpersonation(), OAuthPassthrough())),
)


@given(materials)
def test_material_of_every_kind_reads_back(material: Material) -> None:
    assert read_material(KINDS[material.tag], write_material(material)) == material


def test_every_kind_is_among_those_tested() -> None:
    assert set(KINDS) == {
        "static_bearer",
        "environment_variable",
        "mcp_oauth",
        "aws_keys",
        "agent_identity",
        "password",
        "credit_card",
        "secret",
        *(scheme.value for scheme in Scheme),
    }


def test_absent_secrets_are_left_out() -> None:
    assert json.loads(write_material(McpOAuth(access_token=Secret("a")))) == {"access_token": "a"}


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\xff",
        b"[]",
        b'"sentinel"',
        b"null",
        b"{}",
        b'{"token": 7}',
        b'{"token": null}',
        b'{"token": "sentinel", "other": "sentinel"}',
        b'{"token": ["sentinel"]}',
    ],
)
def test_what_is_not_material_is_unreadable_and_not_quoted(written: bytes) -> None:
    with pytest.raises(Unreadable) as raised:
        read_material(STATIC_BEARER, written)
    assert "sentinel" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (PASSWORD, b'{"password": "p", "metadata": ["sentinel"]}'),
        (PASSWORD, b'{"password": "p", "metadata": "sentinel"}'),
        (PASSWORD, b'{"password": "p", "metadata": {"pin": null}}'),
        (PASSWORD, b'{"password": "p", "metadata": {"pin": {"sentinel": "x"}}}'),
        (CREDIT_CARD, b'{"number": {"sentinel": "x"}}'),
    ],
)
def test_named_secrets_of_another_shape_are_unreadable(kind: Kind, written: bytes) -> None:
    with pytest.raises(Unreadable) as raised:
        read_material(kind, written)
    assert "sentinel" not in str(raised.value)


def test_named_secrets_are_written_under_their_names() -> None:
    material = Password(password=Secret("p"), metadata={"pin": Secret("1")})
    assert json.loads(write_material(material)) == {"password": "p", "metadata": {"pin": "1"}}


def test_material_of_another_kind_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="mcp_oauth"):
        read_material(MCP_OAUTH, write_material(StaticBearer(token=Secret("t"))))
