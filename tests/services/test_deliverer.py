"""Delivery with a clock that stands still and a receiver that answers what the test says."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from strongroom.core.events import EventType
from strongroom.core.failures import Invalid, NotPermitted, Unreachable
from strongroom.core.secret import Secret
from strongroom.core.webhooks import PATIENCE, Delivery, Ended, Receiver, Webhook
from strongroom.edge import Background
from strongroom.services.deliverer import Deliverer
from strongroom.services.webhook_ports import WebhookSender
from strongroom.services.webhooks import WithSecret, secret_binding
from strongroom.testing.receiver import SimulatedReceiver
from tests.services.rooms import Rooms

URL = "https://hooks.example.com/strongroom"


@dataclass
class Post:
    """A deliverer on the rooms' store, and what its receiver saw."""

    rooms: Rooms
    receiver: SimulatedReceiver
    deliverer: Deliverer

    async def webhook(self, *events: EventType) -> WithSecret:
        return await self.rooms.webhooks.create(self.rooms.admin, url=URL, events=events or None)

    async def deliver(self, after: timedelta = timedelta()) -> None:
        self.rooms.clock.advance(after)
        await self.deliverer.step()
        await self.deliverer.idle()

    async def shown(self, webhook: Webhook) -> Webhook:
        return await self.rooms.webhooks.get(self.rooms.admin, webhook.id)

    async def deliveries(self, webhook: Webhook) -> list[Delivery]:
        return await self.rooms.webhooks.deliveries(self.rooms.admin, webhook.id, limit=100)


def deliverer(rooms: Rooms, sender: WebhookSender) -> Deliverer:
    return Deliverer(
        outbox=rooms.store.outbox,
        sender=sender,
        seal=rooms.keyring,
        gate=rooms.gate,
        clock=rooms.clock,
        entropy=rooms.entropy,
        spawn=Background().spawn,
    )


@pytest.fixture
def post(rooms: Rooms) -> Post:
    receiver = SimulatedReceiver()
    return Post(rooms, receiver, deliverer(rooms, receiver))


def accepts(secret: Secret, headers: Mapping[str, str], body: bytes, at: datetime) -> bool:
    """Tell whether a signature is right; the verifier's own clock is not the test's, so it signs anew."""
    verifier = Verifier(secret.reveal())
    assert headers["webhook-timestamp"] == str(int(at.timestamp()))
    return verifier.sign(headers["webhook-id"], at, body.decode()) in headers["webhook-signature"].split(" ")


async def test_what_happens_arrives_once_and_signed(post: Post, rooms: Rooms) -> None:
    made = await post.webhook()
    vault = await rooms.vault()
    for _ in range(3):
        await post.deliver(timedelta(seconds=200))
    (sent,) = post.receiver.posts
    told = json.loads(sent.body)
    assert told["id"] == sent.headers["webhook-id"]
    assert told["data"] == {
        "type": "vault.created",
        "id": vault,
        "organization_id": rooms.admin.organization,
        "workspace_id": rooms.admin.workspace,
    }
    assert sent.receiver == Receiver.parse(URL)
    assert accepts(made.secret, sent.headers, sent.body, rooms.clock().replace(tzinfo=UTC) - timedelta(seconds=400))
    (delivery,) = await post.deliveries(made.webhook)
    assert (delivery.state.value, delivery.attempts, delivery.status, delivery.error) == ("delivered", 1, 204, None)


async def test_154_three_tries_with_one_id_and_fresh_signatures_then_it_is_dropped(post: Post, rooms: Rooms) -> None:
    post.receiver.otherwise = 500
    made = await post.webhook()
    await rooms.vault()
    await post.deliver()
    await post.deliver(timedelta(seconds=4))
    assert len(post.receiver.posts) == 1, "not before 5 seconds have passed"
    await post.deliver(timedelta(seconds=26))
    await post.deliver(timedelta(seconds=120))
    await post.deliver(timedelta(hours=1))
    posts = post.receiver.posts
    assert len(posts) == 3
    assert len({sent.headers["webhook-id"] for sent in posts}) == 1
    assert len({sent.headers["webhook-timestamp"] for sent in posts}) == 3
    assert len({sent.headers["webhook-signature"] for sent in posts}) == 3
    (delivery,) = await post.deliveries(made.webhook)
    assert (delivery.state.value, delivery.attempts, delivery.status) == ("dropped", 3, 500)
    assert delivery.error == "answered 500"
    assert (await post.shown(made.webhook)).disabled_at is None


async def test_a_receiver_that_was_down_gets_it_later(post: Post, rooms: Rooms) -> None:
    post.receiver.answers = [Unreachable("hooks.example.com refused the connection")]
    made = await post.webhook()
    await rooms.vault()
    await post.deliver()
    (delivery,) = await post.deliveries(made.webhook)
    assert (delivery.state.value, delivery.error) == ("pending", "hooks.example.com refused the connection")
    assert (await post.shown(made.webhook)).failing_since == rooms.clock()
    await post.deliver(timedelta(seconds=30))
    (delivery,) = await post.deliveries(made.webhook)
    assert (delivery.state.value, delivery.attempts, delivery.error) == ("delivered", 2, None)
    assert (await post.shown(made.webhook)).failing_since is None


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        (302, Ended.REDIRECTED),
        (NotPermitted("hooks.example.com leads to a private address"), Ended.NOT_ALLOWED),
    ],
)
async def test_155_a_redirect_or_a_private_address_disables_at_once(
    post: Post, rooms: Rooms, answer: int | NotPermitted, because: Ended
) -> None:
    post.receiver.otherwise = answer
    made = await post.webhook()
    for _ in range(6):
        await rooms.vault()
    await post.deliver()
    shown = await post.shown(made.webhook)
    assert (shown.disabled_at, shown.disabled_because) == (rooms.clock(), because)
    before = len(post.receiver.posts)
    assert before <= 4, "those that were under way"
    for _ in range(3):
        await post.deliver(timedelta(seconds=200))
    assert len(post.receiver.posts) == before
    assert {delivery.state.value for delivery in await post.deliveries(made.webhook)} == {"dropped"}
    with pytest.raises(Invalid, match="enable it first"):
        await rooms.webhooks.test(rooms.admin, made.webhook.id)
    recorded = [entry.record for entry in await rooms.entries() if entry.record.action == "webhook.disabled"]
    assert recorded
    assert {(record.target, record.facts["because"]) for record in recorded} == {(made.webhook.id, because.value)}
    post.receiver.otherwise = 200
    await rooms.webhooks.enable(rooms.admin, made.webhook.id)
    await post.deliver()
    assert len(post.receiver.posts) == before, "nothing is replayed"
    await rooms.webhooks.test(rooms.admin, made.webhook.id)
    await post.deliver()
    assert json.loads(post.receiver.posts[-1].body)["data"]["type"] == "strongroom.webhook.test"


async def fail_once(post: Post) -> None:
    await post.rooms.vault()
    for _ in range(3):
        await post.deliver(timedelta(seconds=121))


async def test_a_long_time_without_success_disables_and_one_success_begins_it_anew(post: Post) -> None:
    made = await post.webhook()
    post.receiver.otherwise = 503
    await fail_once(post)
    post.rooms.clock.advance(PATIENCE - timedelta(hours=1))
    await fail_once(post)
    assert (await post.shown(made.webhook)).disabled_at is None
    post.receiver.otherwise = 200
    await fail_once(post)
    post.receiver.otherwise = 503
    post.rooms.clock.advance(timedelta(hours=2))
    await fail_once(post)
    assert (await post.shown(made.webhook)).disabled_at is None
    post.rooms.clock.advance(PATIENCE)
    await fail_once(post)
    assert (await post.shown(made.webhook)).disabled_because is Ended.FAILING


async def test_156_while_a_rotation_lasts_both_secrets_sign_and_then_only_the_new_one(post: Post, rooms: Rooms) -> None:
    made = await post.webhook()
    rotated = await rooms.webhooks.rotate(rooms.admin, made.webhook.id, overlap=timedelta(hours=1))
    for hours, olds in ((0, True), (1, False)):
        rooms.clock.advance(timedelta(hours=hours))
        await rooms.vault()
        await post.deliver()
        sent = post.receiver.posts[-1]
        assert accepts(rotated.secret, sent.headers, sent.body, rooms.clock())
        assert accepts(made.secret, sent.headers, sent.body, rooms.clock()) is olds
    again = await rooms.webhooks.rotate(rooms.admin, made.webhook.id, overlap=timedelta())
    await rooms.vault()
    await post.deliver()
    sent = post.receiver.posts[-1]
    assert accepts(again.secret, sent.headers, sent.body, rooms.clock())
    assert not accepts(rotated.secret, sent.headers, sent.body, rooms.clock())


async def test_a_secret_that_does_not_open_disables_and_nothing_is_sent_unsigned(post: Post, rooms: Rooms) -> None:
    made = await post.webhook()
    other = await post.webhook()
    sealed = await rooms.keyring.seal(secret_binding(other.webhook), b"k" * 32)
    await rooms.store.webhooks.rotate(made.webhook, sealed, expected=1)
    await rooms.vault()
    await post.deliver()
    assert (await post.shown(made.webhook)).disabled_because is Ended.UNREADABLE
    assert len(post.receiver.posts) == 1, "the other one's"


class Stalled:
    """A sender to which one receiver never answers."""

    def __init__(self, dead: str) -> None:
        self.dead = dead
        self.posts: list[str] = []
        self.released = asyncio.Event()

    async def post(self, receiver: Receiver, headers: Mapping[str, str], body: bytes) -> int:
        self.posts.append(receiver.url.destination.host)
        if receiver.url.destination.host == self.dead:
            await self.released.wait()
        return 200


async def test_a_dead_receiver_hurts_nobody_else(rooms: Rooms) -> None:
    sender = Stalled("dead.example.com")
    mail = deliverer(rooms, sender)
    for host in ("dead.example.com", "well.example.com"):
        await rooms.webhooks.create(rooms.admin, url=f"https://{host}/", events=None)
    vaults = 40
    for _ in range(vaults):
        await rooms.vault()
    async with asyncio.timeout(10):
        while sender.posts.count("well.example.com") < vaults:
            await mail.step()
            await asyncio.sleep(0)
    assert sender.posts.count("dead.example.com") == 4, "so many at a time and no more"
    sender.released.set()
    await mail.idle()


async def test_it_runs_by_itself_for_as_long_as_it_is_let(post: Post, rooms: Rooms) -> None:
    await post.webhook()
    background = Background()
    running = background.spawn(post.deliverer.run(), "deliver")
    for count in (1, 2):
        await rooms.vault()
        async with asyncio.timeout(10):
            while len(post.receiver.posts) < count:  # noqa: ASYNC110 - a receiver rings no bell
                await asyncio.sleep(0.01)
    running.cancel()
    await post.deliverer.close()
    await background.close()
    assert len(post.receiver.posts) == 2


async def test_what_cannot_be_recorded_is_not_done(post: Post, rooms: Rooms) -> None:
    made = await post.webhook()
    await rooms.vault()
    post.receiver.answers = [302]
    rooms.log.off = True
    await post.deliver()
    rooms.log.off = False
    assert (await post.shown(made.webhook)).disabled_at is None
    await post.deliver(timedelta(seconds=60))
    assert len(post.receiver.posts) == 2, "the claim ran out"
