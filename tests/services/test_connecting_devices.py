"""Connecting without a browser: a code to enter elsewhere, and asking until it was."""

from datetime import timedelta

import pytest

from strongroom.core.authorization import Flow, Standing
from strongroom.core.failures import BadReply, Invalid
from strongroom.services.opening import Begun
from strongroom.services.registering import Given
from tests.core.oauth_documents import ISSUER, SERVER, issuer_fields
from tests.services.lookalike import OAUTH, TOKENS, Stage, answer, form, staged, unreachable
from tests.services.rooms import Rooms

TOKEN, DEVICE = f"{ISSUER}/token", f"{ISSUER}/device"


@pytest.fixture
async def stage(rooms: Rooms) -> Stage:
    return await staged(rooms)


async def polled(stage: Stage, begun: Begun, *, after: int = 0) -> Standing:
    stage.rooms.clock.advance(timedelta(seconds=after))
    return (await stage.connecting.poll(stage.rooms.admin, begun.authorization.id)).standing


def questions(stage: Stage) -> int:
    return stage.web.asked.count(f"POST {TOKEN}")


async def test_the_person_gets_a_code_and_the_device_keeps_its_own(stage: Stage) -> None:
    begun = await stage.begins(Flow.DEVICE)
    assert begun.device is not None
    assert (begun.device.user_code, begun.url) == ("ABCD", None)
    assert form(stage.web.last(DEVICE)) == {
        "client_id": "the-client",
        "resource": SERVER,
        "scope": "mcp:tools offline_access",
    }
    assert begun.authorization.expires_at == stage.rooms.clock() + timedelta(seconds=300)


async def test_consent_given_elsewhere_connects(stage: Stage) -> None:
    begun = await stage.begins(Flow.DEVICE)
    stage.web.pages[TOKEN] = answer({"error": "authorization_pending"}, 400)
    assert await polled(stage, begun, after=5) is Standing.PENDING
    stage.web.pages[TOKEN] = answer(TOKENS)
    assert await polled(stage, begun, after=5) is Standing.CONNECTED
    assert form(stage.web.last(TOKEN)) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": "the-device-code",
        "resource": SERVER,
        "client_id": "the-client",
    }
    assert await polled(stage, begun, after=5) is Standing.CONNECTED
    assert questions(stage) == 2


async def test_the_server_is_not_asked_more_often_than_it_wants(stage: Stage) -> None:
    begun = await stage.begins(Flow.DEVICE)
    stage.web.pages[TOKEN] = answer({"error": "authorization_pending"}, 400)
    for _ in range(3):
        assert await polled(stage, begun) is Standing.PENDING
    assert questions(stage) == 0, "not even once before the first interval is over"
    await polled(stage, begun, after=5)
    await polled(stage, begun, after=4)
    assert questions(stage) == 1


async def test_a_server_that_asks_for_patience_gets_five_seconds_more(stage: Stage) -> None:
    """RFC 8628 section 3.5."""
    begun = await stage.begins(Flow.DEVICE)
    stage.web.pages[TOKEN] = answer({"error": "slow_down"}, 400)
    await polled(stage, begun, after=5)
    await polled(stage, begun, after=9)
    assert questions(stage) == 1
    await polled(stage, begun, after=1)
    assert questions(stage) == 2
    await polled(stage, begun, after=14)
    assert questions(stage) == 2


@pytest.mark.parametrize("trouble", [unreachable, answer({}, 503), answer({}, 429)])
async def test_trouble_on_the_way_is_not_the_end(stage: Stage, trouble: object) -> None:
    begun = await stage.begins(Flow.DEVICE)
    stage.web.pages[TOKEN] = trouble  # type: ignore[assignment]  # a page or what makes one
    assert await polled(stage, begun, after=5) is Standing.PENDING
    stage.web.pages[TOKEN] = answer(TOKENS)
    assert await polled(stage, begun, after=10) is Standing.CONNECTED


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("access_denied", "the answer was no (access_denied)"),
        ("expired_token", "nobody entered the code in time"),
        ("invalid_client", "does not accept the client"),
    ],
)
async def test_no_is_the_end(stage: Stage, error: str, words: str) -> None:
    begun = await stage.begins(Flow.DEVICE)
    stage.web.pages[TOKEN] = answer({"error": error}, 400)
    assert await polled(stage, begun, after=5) is Standing.FAILED
    seen = await stage.connecting.status(stage.rooms.admin, begun.authorization.id)
    assert words in str(seen.problem)
    assert await polled(stage, begun, after=60) is Standing.FAILED
    assert questions(stage) == 1


async def test_after_its_time_nobody_is_asked_any_more(stage: Stage) -> None:
    begun = await stage.begins(Flow.DEVICE)
    assert await polled(stage, begun, after=300) is Standing.FAILED
    assert questions(stage) == 0


async def test_only_devices_are_asked_for(stage: Stage) -> None:
    begun = await stage.begins()
    with pytest.raises(Invalid, match="only authorizations of the device flow"):
        await polled(stage, begun)


async def test_a_server_without_the_flow_is_named_before_a_client_is_registered(stage: Stage) -> None:
    stage.web.pages[OAUTH] = answer(issuer_fields(device_authorization_endpoint=None))
    with pytest.raises(BadReply, match="offers no device flow: connect in a browser instead"):
        await stage.begins(Flow.DEVICE)
    assert f"POST {ISSUER}/reg" not in stage.web.asked


async def test_a_refused_device_is_said_with_its_step_and_not_with_its_body(stage: Stage) -> None:
    stage.web.pages[DEVICE] = answer({"error": "a-body-of-theirs"}, 400)
    with pytest.raises(BadReply, match=f"asking for a device code: {ISSUER} answered 400") as refused:
        await stage.begins(Flow.DEVICE, client=Given(id="by-hand"))
    assert "a-body" not in str(refused.value)
