"""Who issues tokens for a server: where that is written, and when it is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.challenges import Challenge
from strongroom.core.discovery import (
    bare_resource,
    choose_scope,
    is_scope,
    issuer_places,
    read_issuer,
    read_resource,
    resource_places,
)
from strongroom.core.failures import BadReply
from tests.core.oauth_documents import ISSUER, SERVER, document, issuer, issuer_fields, url

PLACE = "/.well-known/oauth-protected-resource"


def texts(server: str, challenge: Challenge | None = None) -> list[str]:
    return [place.text for place in resource_places(url(server), challenge, insecure=False)]


def test_the_place_that_the_challenge_names_is_the_only_one() -> None:
    assert texts(SERVER, Challenge("https://elsewhere.test/about?x=1")) == ["https://elsewhere.test/about?x=1"]


def test_without_one_the_well_known_places_are_tried_with_the_path_first() -> None:
    assert texts(SERVER, Challenge(scope="a")) == [f"https://mcp.test{PLACE}/mcp", f"https://mcp.test{PLACE}"]
    assert texts("https://mcp.test:8443/a/b?tenant=1") == [
        f"https://mcp.test:8443{PLACE}/a/b?tenant=1",
        f"https://mcp.test:8443{PLACE}",
    ]
    assert texts("https://mcp.test") == texts("https://mcp.test/") == [f"https://mcp.test{PLACE}"]


@pytest.mark.parametrize("place", ["http://mcp.test/x", "file:///etc/passwd", "/relative", "https://u:p@mcp.test/"])
def test_a_challenge_that_misleads_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(BadReply, match="names a place for its metadata that cannot be used") as it:
        texts(SERVER, Challenge(place))
    assert place not in str(it.value)


@pytest.mark.parametrize(
    ("resource", "server"),
    [
        ("https://mcp.test/mcp", SERVER),
        ("https://mcp.test/mcp/", SERVER),
        ("HTTPS://MCP.test:443/mcp", SERVER),
        ("https://mcp.test", SERVER),
        ("https://mcp.test/", SERVER),
        ("https://mcp.test/a", "https://mcp.test/a/b/mcp"),
    ],
)
def test_metadata_of_the_server_or_of_what_it_lies_in_is_believed(resource: str, server: str) -> None:
    fields = {"resource": resource, "authorization_servers": [ISSUER], "scopes_supported": ["a"]}
    read = read_resource(document(fields), url(server), insecure=False)
    assert (read.identifier, read.issuers, read.scopes) == (resource, (ISSUER,), ("a",))


@pytest.mark.parametrize(
    "resource",
    [
        "https://evil.test/mcp",
        "https://mcp.test.evil.test/mcp",
        "https://mcp.test:8443/mcp",
        "https://mcp.test/mc",
        "https://mcp.test/mcp/deeper",
        "https://mcp.test/other",
        "https://mcp.test/?mcp",
        "https://mcp.test/mcp?tenant=2",
    ],
)
def test_metadata_of_another_resource_is_refused(resource: str) -> None:
    fields = {"resource": resource, "authorization_servers": [ISSUER]}
    with pytest.raises(BadReply, match="is about another resource than this server"):
        read_resource(document(fields), url(SERVER), insecure=False)


@pytest.mark.parametrize("issuers", [None, []])
def test_metadata_must_name_an_authorization_server(issuers: object) -> None:
    with pytest.raises(BadReply, match="names no authorization server"):
        read_resource(document({"resource": SERVER, "authorization_servers": issuers}), url(SERVER), insecure=False)


def test_of_many_authorization_servers_only_so_many_are_tried() -> None:
    fields = {"resource": SERVER, "authorization_servers": [f"https://as{n}.test" for n in range(50)]}
    assert len(read_resource(document(fields), url(SERVER), insecure=False).issuers) == 3


def test_a_server_without_metadata_is_its_own_issuer() -> None:
    bare = bare_resource(url("https://Mcp.test:8443/a/mcp"))
    assert (bare.identifier, bare.issuers) == ("https://mcp.test:8443/a/mcp", ("https://mcp.test:8443",))
    assert bare_resource(url("https://mcp.test/")).identifier == "https://mcp.test"


def test_an_issuer_is_looked_up_in_the_order_that_the_protocol_prescribes() -> None:
    def places(issuer: str) -> list[str]:
        return [place.text for place in issuer_places(issuer, insecure=False)]

    assert (
        places("https://as.test/tenant")
        == places("https://as.test/tenant/")
        == [
            "https://as.test/.well-known/oauth-authorization-server/tenant",
            "https://as.test/.well-known/openid-configuration/tenant",
            "https://as.test/tenant/.well-known/openid-configuration",
        ]
    )
    assert (
        places("https://as.test")
        == places("https://as.test/")
        == [
            "https://as.test/.well-known/oauth-authorization-server",
            "https://as.test/.well-known/openid-configuration",
        ]
    )


@pytest.mark.parametrize("name", ["http://as.test", "as.test", "https://as.test?x=1", "https://as.test#x", ""])
def test_an_issuer_that_is_no_https_url_is_refused(name: str) -> None:
    with pytest.raises(BadReply, match="the authorization server that is named cannot be used"):
        issuer_places(name, insecure=False)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://evil.test", ISSUER),
        ("https://as.test/tenant", ISSUER),
        ("https://AS.test", ISSUER),
        ("https://as.test:443", ISSUER),
        ("https://as.test/tenant/", "https://as.test/tenant"),
        ("https://as.test//", ISSUER),
    ],
)
def test_metadata_of_another_issuer_is_refused(written: str, asked: str) -> None:
    with pytest.raises(BadReply, match="is that of another issuer"):
        read_issuer(document(issuer_fields(issuer=written)), asked, insecure=False)


@pytest.mark.parametrize(("written", "asked"), [(ISSUER, ISSUER), (ISSUER + "/", ISSUER), (ISSUER, ISSUER + "/")])
def test_a_bare_origin_may_have_a_slash_behind_it(written: str, asked: str) -> None:
    read = read_issuer(document(issuer_fields(issuer=written)), asked, insecure=False)
    assert read.name == written, "what answers are compared with is what the metadata says"


@pytest.mark.parametrize(
    "endpoint", ["authorization_endpoint", "token_endpoint", "registration_endpoint", "device_authorization_endpoint"]
)
def test_an_endpoint_that_is_not_https_is_refused(endpoint: str) -> None:
    for bad in ("http://as.test/x", "javascript:alert(1)", "https://as.test/x#y"):
        with pytest.raises(BadReply, match=f"{endpoint} in the document cannot be used"):
            issuer(**{endpoint: bad})


def test_metadata_without_a_token_endpoint_is_refused() -> None:
    with pytest.raises(BadReply, match="has no token_endpoint"):
        issuer(token_endpoint=None)


@pytest.mark.parametrize("methods", [None, [], ["plain"], ["s256"]])
def test_a_server_that_does_not_say_that_it_takes_s256_is_not_asked(methods: object) -> None:
    with pytest.raises(BadReply, match="PKCE with S256"):
        issuer(code_challenge_methods_supported=methods).require_codes()


def test_a_server_without_codes_or_without_a_device_flow_is_named() -> None:
    for without in (issuer(authorization_endpoint=None), issuer(grant_types_supported=["client_credentials"])):
        with pytest.raises(BadReply, match="offers no authorization in a browser"):
            without.require_codes()
    with pytest.raises(BadReply, match="offers no device flow"):
        issuer(device_authorization_endpoint=None).require_devices()
    assert issuer(grant_types_supported=None).require_codes().text == f"{ISSUER}/auth"
    assert issuer().require_devices().text == f"{ISSUER}/device"


def test_the_scope_is_the_callers_else_the_challenges_else_what_the_server_lists() -> None:
    def resource(*scopes: str) -> dict[str, object]:
        return {"resource": SERVER, "authorization_servers": [ISSUER], "scopes_supported": [*scopes] or None}

    lists = read_resource(document(resource("a", "b")), url(SERVER), insecure=False)
    silent = read_resource(document(resource()), url(SERVER), insecure=False)
    challenge = Challenge(scope="c  d")
    offline, plain = issuer(), issuer(scopes_supported=["openid"])
    assert choose_scope("mine", challenge, lists, offline) == "mine"
    assert choose_scope(None, challenge, lists, plain) == "c d"
    assert choose_scope(None, None, lists, plain) == "a b"
    assert choose_scope(None, Challenge(), lists, offline) == "a b offline_access"
    assert choose_scope(None, Challenge(scope="offline_access a"), lists, offline) == "offline_access a"
    assert choose_scope(None, None, silent, offline) is None, "nobody named one: the server chooses"


def test_a_scope_that_is_none_is_refused() -> None:
    bad = read_resource(
        document({"resource": SERVER, "authorization_servers": [ISSUER], "scopes_supported": ['a"b']}),
        url(SERVER),
        insecure=False,
    )
    with pytest.raises(BadReply, match="a scope that is none"):
        choose_scope(None, None, bad, issuer())
    assert is_scope("a:b c/d")
    assert not any(map(is_scope, ["", " ", "a  b", 'a"', "a\\b", "a\n", "ä", "a" * 9000]))


@given(st.text(max_size=100))
def test_any_issuer_gives_places_or_the_one_failure(name: str) -> None:
    try:
        for place in issuer_places(name, insecure=True):
            assert "/.well-known/" in place.target
    except BadReply:
        pass
