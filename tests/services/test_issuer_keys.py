"""The keys of an issuer: fetched when they are needed, seldom, by one at a time, and kept while it is down."""

import asyncio
import json
from datetime import timedelta
from typing import Any, final

import pytest

from strongroom.core.calls import Call, Reply
from strongroom.core.failures import NotAuthenticated, NotTaken, Unavailable, Unreachable
from strongroom.core.secret import Secret
from strongroom.crypto.signed_tokens import SignedToken
from strongroom.services.issuer_keys import FRESH, IN_VAIN, MAX_SET_BYTES, PAUSE, SERVES, IssuerKeys
from strongroom.testing.clock import FrozenClock
from tests.oauth.token_issuer import METADATA, TokenIssuer

SECOND = timedelta(seconds=1)
URL = "https://login.test/realms/main"


@final
class Network:
    """An issuer's server as our client meets it."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self.issuer = issuer
        self.asked: list[Call] = []
        self.down = False
        self.gate: asyncio.Event | None = None
        self.answers: dict[str, Reply] = {}

    async def send(self, call: Call, *, within: float | None = None) -> Reply:
        assert within is not None
        self.asked.append(call)
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise Unreachable("nobody is there")
        if call.url.target in self.answers:
            return self.answers[call.url.target]
        document = self.issuer.metadata if call.url.target.endswith(METADATA) else {"keys": self.issuer.shown}
        return Reply(status=200, body=json.dumps(document).encode())

    @property
    def paths(self) -> list[str]:
        return [call.url.target for call in self.asked]


@final
class House:
    """Keys of an issuer, and its server."""

    def __init__(self, key_set_url: str | None = None) -> None:
        self.issuer = TokenIssuer(URL)
        self.network = Network(self.issuer)
        self.clock = FrozenClock()
        self.keys = IssuerKeys(control=self.network, issuer=URL, key_set_url=key_set_url, clock=self.clock)

    async def says(self, **more: Any) -> str:  # noqa: ANN401 - what a token says
        """Return the subject of a fresh token, once it is verified."""
        claims = await self.keys.verified(SignedToken.read(Secret(self.issuer.token(**more))))
        return str(claims["sub"])

    async def why(self, **more: Any) -> NotTaken | None:  # noqa: ANN401 - as above
        with pytest.raises(NotAuthenticated) as refused:
            await self.says(**more)
        return refused.value.why


@pytest.fixture
def house() -> House:
    return House()


async def test_keys_are_found_by_the_issuers_metadata_and_fetched_once(house: House) -> None:
    assert await house.says() == "somebody"
    assert await house.says(sub="another") == "another"
    assert house.network.paths == ["/realms/main/.well-known/openid-configuration", "/realms/main/keys"]
    assert all(call.limit_bytes <= MAX_SET_BYTES for call in house.network.asked)


async def test_a_url_of_the_keys_asks_for_nothing_else() -> None:
    house = House("https://keys.test/set?v=1")
    assert await house.says() == "somebody"
    assert [call.url.text for call in house.network.asked] == ["https://keys.test/set?v=1"]


async def test_plain_http_is_for_addresses_that_are_listed() -> None:
    for url, ordinary_only in (("http://keys.test/set", True), ("https://keys.test:8443/set", False)):
        house = House(url)
        await house.says()
        assert house.network.asked[0].ordinary_only is ordinary_only


async def test_a_key_that_is_new_has_the_set_fetched_anew(house: House) -> None:
    await house.says()
    for number, kid in enumerate(("second", "third"), start=2):
        house.issuer.rotate(kid, "RS256", keeps=True)  # at once: who found a key is not made to wait for the next
        assert await house.says(kid=kid) == "somebody"
        assert await house.says(kid="first") == "somebody"
        assert len(house.network.asked) == 2 * number


async def test_a_key_that_was_taken_out_is_not_used_any_more(house: House) -> None:
    await house.says()
    house.issuer.rotate("second")
    house.clock.advance(FRESH)
    assert await house.why(kid="first") is NotTaken.KEY_UNKNOWN
    assert await house.says(kid="second") == "somebody"


async def test_strangers_cannot_make_us_ask(house: House) -> None:
    await house.says()
    shown = house.issuer.shown
    house.issuer.rotate("unknown")
    house.issuer.shown = shown
    for _ in range(20):
        assert await house.why(kid="unknown") is NotTaken.KEY_UNKNOWN
    asked = 2 + 2 * IN_VAIN
    assert len(house.network.asked) == asked
    house.clock.advance(PAUSE - SECOND)
    assert await house.why(kid="unknown") is NotTaken.KEY_UNKNOWN
    assert len(house.network.asked) == asked
    house.clock.advance(SECOND)
    for _ in range(2):
        assert await house.why(kid="unknown") is NotTaken.KEY_UNKNOWN
        assert len(house.network.asked) == asked + 2


async def test_a_stranger_does_not_keep_a_new_key_from_being_found(house: House) -> None:
    await house.says()
    shown = house.issuer.shown
    house.issuer.rotate("unknown")
    house.issuer.shown = shown
    assert await house.why(kid="unknown") is NotTaken.KEY_UNKNOWN
    house.issuer.rotate("second", keeps=True)
    assert await house.says(kid="second") == "somebody"


async def test_an_issuer_that_fails_is_left_alone_for_a_while(house: House) -> None:
    await house.says()
    house.issuer.rotate("second", keeps=True)
    house.network.down = True
    for _ in range(5):
        assert await house.why(kid="second") is NotTaken.KEY_UNKNOWN
    assert len(house.network.asked) == 3
    house.network.down = False
    house.clock.advance(PAUSE)
    assert await house.says(kid="second") == "somebody"


async def test_many_at_once_ask_once(house: House) -> None:
    house.network.gate = asyncio.Event()
    waiting = [asyncio.get_running_loop().create_task(house.says(sub=f"s{number}")) for number in range(20)]
    for _ in range(5):
        await asyncio.sleep(0)
    house.network.gate.set()
    assert await asyncio.gather(*waiting) == [f"s{number}" for number in range(20)]
    assert len(house.network.asked) == 2


async def test_the_old_set_serves_for_hours_while_fetching_fails(house: House) -> None:
    await house.says()
    house.network.down = True
    house.clock.advance(FRESH)
    assert await house.says() == "somebody"
    asked = len(house.network.asked)
    assert await house.says() == "somebody"
    assert len(house.network.asked) == asked  # it is not asked again at once
    house.clock.advance(SERVES - FRESH - SECOND)
    assert await house.says() == "somebody"
    house.clock.advance(SECOND)
    with pytest.raises(Unavailable):
        await house.says()
    house.network.down = False
    house.clock.advance(PAUSE)
    assert await house.says() == "somebody"


async def test_without_any_keys_nobody_is_let_in_and_nobody_is_blamed(house: House) -> None:
    house.network.down = True
    with pytest.raises(Unavailable):
        await house.says()


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": URL + "/", "jwks_uri": URL + "/keys"},
        {"issuer": "https://login.test/realms/other", "jwks_uri": URL + "/keys"},
        {"jwks_uri": URL + "/keys"},
        {"issuer": URL},
        {"issuer": URL, "jwks_uri": "file:///etc/passwd"},
        {"issuer": URL, "jwks_uri": 7},
    ],
)
async def test_metadata_counts_if_it_is_of_the_issuer_that_was_asked_for(
    house: House, metadata: dict[str, object]
) -> None:
    house.issuer.metadata = metadata
    with pytest.raises(Unavailable):
        await house.says()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=302, headers={"location": "https://evil.test"}),
        Reply(status=500),
        Reply(status=200, body=b"<html>"),
        Reply(status=200, body=b'{"keys": []}'),
        Reply(status=200, body=b'{"keys": []', truncated=True),
    ],
)
async def test_an_answer_that_is_no_key_set_is_not_taken(house: House, reply: Reply) -> None:
    house.network.answers["/realms/main/keys"] = reply
    with pytest.raises(Unavailable):
        await house.says()
