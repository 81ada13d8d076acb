"""Looking up who issues tokens, with servers that tell the truth, that are odd, and that lie."""

from dataclasses import replace

import pytest

from strongroom.core.calls import Call, Reply
from strongroom.core.failures import BadReply, NotPermitted, Unreachable, UpstreamFailure
from strongroom.core.overriding import override
from strongroom.services.discovering import Discovering, Found
from tests.core.oauth_documents import ISSUER, SERVER, issuer_fields, url
from tests.services.lookalike import METADATA, OAUTH, OPENID, PAGE, Web, answer, honest_web, unreachable

ROOT = "https://mcp.test/.well-known/oauth-protected-resource"
OWN = "https://mcp.test/.well-known/oauth-authorization-server"


async def found(web: Web, server: str = SERVER) -> Found:
    return await Discovering(control=web, insecure=False).of(url(server))


async def failed(web: Web) -> str:
    with pytest.raises(UpstreamFailure) as refused:
        await found(web)
    return str(refused.value)


async def test_the_server_is_asked_without_a_token_and_says_where_to_look() -> None:
    web = honest_web()
    known = await found(web)
    assert (known.resource.identifier, known.issuer.name) == (SERVER, ISSUER)
    assert web.asked == [f"POST {SERVER}", f"GET {METADATA}", f"GET {OAUTH}"]
    assert not any("authorization" in call.headers for call in web.calls)


async def test_without_a_hint_the_well_known_places_are_tried_in_turn() -> None:
    web = honest_web()
    web.pages[SERVER] = answer({}, 401)
    web.pages[ROOT] = web.pages.pop(METADATA)
    assert (await found(web)).resource.identifier == SERVER
    assert web.asked[1:3] == [f"GET {METADATA}", f"GET {ROOT}"]


async def test_a_site_with_a_page_for_every_path_has_no_metadata_there() -> None:
    web = honest_web()
    web.pages[SERVER] = answer({}, 401)
    web.pages[ROOT] = web.pages[METADATA]
    web.pages[METADATA] = web.pages[OAUTH] = PAGE
    web.pages[OPENID] = answer(issuer_fields())
    assert (await found(web)).issuer.name == ISSUER


async def test_a_server_of_the_first_days_is_its_own_issuer() -> None:
    """MCP specification 2025-03-26."""
    web = Web({SERVER: answer({}, 401), OWN: answer(issuer_fields(issuer="https://mcp.test"))})
    known = await found(web)
    assert (known.issuer.name, known.resource.identifier) == ("https://mcp.test", SERVER)


async def test_the_first_authorization_server_that_can_be_used_is_taken() -> None:
    web = honest_web()
    web.pages[METADATA] = answer({"resource": SERVER, "authorization_servers": ["https://dead.test", ISSUER]})
    assert (await found(web)).issuer.name == ISSUER


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"resource": "https://other.test/mcp"}, "is about another resource than this server"),
        ({"authorization_servers": []}, "names no authorization server"),
        ({"authorization_servers": ["http://as.test"]}, "must be an absolute https URL"),
        ({"authorization_servers": "https://as.test"}, "no list of texts"),
    ],
)
async def test_a_server_that_lies_about_itself_is_refused(changed: dict[str, object], words: str) -> None:
    web = honest_web()
    web.pages[METADATA] = answer({"resource": SERVER, "authorization_servers": [ISSUER]} | changed)
    assert words in await failed(web)
    assert not any("as.test" in line for line in web.asked), "nobody else is asked"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"issuer": "https://evil.test"}, "is that of another issuer"),
        (
            {"token_endpoint": "http://as.test/token"},
            "token_endpoint in the authorization server metadata at https://as.test cannot be used",
        ),
        ({"token_endpoint": None}, "has no token_endpoint"),
        (
            {"authorization_endpoint": "javascript:alert(1)"},
            "authorization_endpoint in the authorization server metadata at https://as.test cannot be used",
        ),
        (
            {"registration_endpoint": "https://u:p@as.test/"},
            "registration_endpoint in the authorization server metadata at https://as.test cannot be used",
        ),
    ],
)
async def test_an_authorization_server_that_lies_is_refused(changed: dict[str, object], words: str) -> None:
    web = honest_web()
    web.pages[OAUTH] = answer(issuer_fields(**changed))
    assert words in await failed(web)
    assert web.asked[-1] == f"GET {OAUTH}", "a lie ends the search: the next place is not tried"


async def test_a_hint_that_leads_nowhere_is_said_and_not_gone_round() -> None:
    web = honest_web()
    for reply, words in ((answer({}, 404), "it answered 404"), (PAGE, "is not JSON"), (answer([]), "no")):
        web.pages[METADATA] = reply
        assert words in await failed(web)
    web.pages[METADATA] = replace(answer({}), truncated=True)
    assert "larger than 64 KiB" in await failed(web)


async def test_a_redirect_is_no_metadata() -> None:
    web = honest_web()
    web.pages[METADATA] = answer({}, 307, location="https://evil.test/")
    assert "it answered 307" in await failed(web)
    assert not any("evil" in line for line in web.asked)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, "answers without a token, and names no authorization server: there is nothing to connect"),
        (302, "answers with a redirect: give the URL that it leads to"),
        (404, "answered 404 and names no authorization server: check the URL"),
        (401, "asks for a token and does not say who issues it"),
    ],
)
async def test_a_server_that_names_nobody_is_told_by_what_it_answered(status: int, words: str) -> None:
    assert words in await failed(Web({SERVER: answer({}, status)}))


async def test_every_failure_on_the_way_names_its_step() -> None:
    web = honest_web()
    for place, step in (
        (OAUTH, "reading the authorization server's metadata: "),
        (METADATA, "reading the MCP server's metadata: "),
        (SERVER, "asking the MCP server: "),
    ):
        web.pages[place] = unreachable
        with pytest.raises(Unreachable, match=f"^{step}as.test did not answer"):
            await found(web)

    class Forbids(Web):
        @override
        async def send(self, call: Call, *, within: float | None = None) -> Reply:
            raise NotPermitted("mcp.test is an address that may not be reached")

    with pytest.raises(NotPermitted, match=r"^asking the MCP server: mcp\.test is"):
        await found(Forbids())


async def test_an_odd_challenge_is_not_believed_blindly() -> None:
    web = honest_web()
    web.pages[SERVER] = answer({}, 401, www_authenticate='Bearer resource_metadata="http://mcp.test/x"')
    with pytest.raises(BadReply, match="names a place for its metadata that cannot be used"):
        await found(web)
