"""The stage itself: what is said of whom, before anything of ours is asked."""

import httpx

from tests.oauth.stage import SCOPE, authorization_server, protected_server
from tests.plain_http import UNUSED_TLS


def test_the_mcp_server_names_the_authorization_server_and_both_say_what_they_are() -> None:
    with (
        authorization_server() as issuer,
        protected_server(issuer) as url,
        httpx.Client(trust_env=False, verify=UNUSED_TLS) as client,
    ):
        refused = client.post(url, json={})
        assert refused.status_code == 401
        place = refused.headers["www-authenticate"].partition('resource_metadata="')[2].partition('"')[0]
        resource = client.get(place).json()
        assert [server.rstrip("/") for server in resource["authorization_servers"]] == [issuer]
        assert resource["scopes_supported"] == [SCOPE]
        metadata = client.get(f"{issuer}/.well-known/openid-configuration").json()
        assert metadata["issuer"] == issuer
        assert metadata["authorization_response_iss_parameter_supported"]
        assert "S256" in metadata["code_challenge_methods_supported"]
