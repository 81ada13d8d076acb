"""Webhooks: registered with a secret that is shown once, rotated with an overlap, tried out, looked into, removed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import final

from strongroom.core.actions import Action
from strongroom.core.binding import Binding
from strongroom.core.events import CHOOSABLE, Event, EventType, happened
from strongroom.core.failures import Invalid
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import WEBHOOK, NewId, WebhookId
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock, Entropy
from strongroom.core.webhooks import Delivery, Receiver, Webhook
from strongroom.crypto.signatures import SigningKey
from strongroom.services.contention import changed, later
from strongroom.services.gate import Gate
from strongroom.services.ports import Seal
from strongroom.services.webhook_ports import Webhooks

DEFAULT_OVERLAP = timedelta(hours=24)
MAX_OVERLAP = timedelta(days=7)


@final
@dataclass(frozen=True, slots=True)
class WithSecret:
    """A webhook with its fresh secret, which is shown this once."""

    webhook: Webhook
    secret: Secret


@final
class WebhookService:
    """Use cases on webhooks.

    `other_ports` and `insecure` say whether the operator has opened ways that the public internet does not get.
    """

    def __init__(  # noqa: PLR0913 - one argument per port, and the operator's two choices
        self,
        *,
        webhooks: Webhooks,
        seal: Seal,
        gate: Gate,
        clock: Clock,
        new_id: NewId,
        entropy: Entropy,
        other_ports: bool = False,
        insecure: bool = False,
    ) -> None:
        self._webhooks = webhooks
        self._seal = seal
        self._gate = gate
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy
        self._other_ports = other_ports
        self._insecure = insecure

    async def create(self, principal: Principal, *, url: str, events: Iterable[EventType] | None) -> WithSecret:
        """Register a receiver for all types, or for some. Nothing is sent to it yet, and nothing that was before.

        Raises `Invalid` for a URL or types that cannot be, and beyond `MAX_WEBHOOKS` of the workspace.
        """
        Receiver.parse(url, other_ports=self._other_ports, insecure=self._insecure)
        chosen = None if events is None else tuple(dict.fromkeys(events))
        if chosen is not None and (not chosen or not set(chosen) <= set(CHOOSABLE)):
            raise Invalid(f"must be some of {', '.join(CHOOSABLE)}", field="events")
        now = self._clock()
        webhook = Webhook(
            id=WebhookId(self._new_id(WEBHOOK)),
            organization=principal.organization,
            workspace=principal.workspace,
            url=url,
            events=chosen,
            created_at=now,
            updated_at=now,
        )
        await self._gate.admit(principal, Action.WEBHOOK_CREATE, _target(principal, webhook.id))
        key = SigningKey.mint(self._entropy)
        await self._webhooks.add(webhook, await self._seal.seal(secret_binding(webhook), key.expose()))
        return WithSecret(webhook, key.text())

    async def get(self, principal: Principal, webhook: WebhookId) -> Webhook:
        """Return a webhook."""
        await self._gate.admit(principal, Action.WEBHOOK_READ, _target(principal, webhook))
        return await self._webhooks.get(principal.workspace, webhook)

    async def all(self, principal: Principal) -> list[Webhook]:
        """Return the workspace's webhooks, newest first."""
        await self._gate.admit(principal, Action.WEBHOOK_LIST, _target(principal, "webhooks"))
        return await self._webhooks.all(principal.workspace)

    async def delete(self, principal: Principal, webhook: WebhookId) -> None:
        """Remove a webhook; what waits for it is not sent."""
        await self._gate.admit(principal, Action.WEBHOOK_DELETE, _target(principal, webhook))
        await self._webhooks.delete(principal.workspace, webhook)

    async def rotate(
        self, principal: Principal, webhook: WebhookId, *, overlap: timedelta = DEFAULT_OVERLAP
    ) -> WithSecret:
        """Give a webhook a new secret; the one before it signs as well for as long as `overlap`."""
        if not timedelta() <= overlap <= MAX_OVERLAP:
            raise Invalid(f"must be 0 to {int(MAX_OVERLAP.total_seconds())} seconds", field="overlap_seconds")
        await self._gate.admit(principal, Action.WEBHOOK_ROTATE, _target(principal, webhook))
        key = SigningKey.mint(self._entropy)

        async def attempt() -> Webhook | None:
            before = await self._webhooks.get(principal.workspace, webhook)
            now = self._clock()
            after = replace(
                before,
                revision=before.revision + 1,
                previous_until=now + overlap,
                updated_at=later(now, than=before.updated_at),
            )
            sealed = await self._seal.seal(secret_binding(after), key.expose())
            return after if await self._webhooks.rotate(after, sealed, expected=before.revision) else None

        return WithSecret(await changed(attempt, what=f"webhook {webhook}"), key.text())

    async def enable(self, principal: Principal, webhook: WebhookId) -> Webhook:
        """Let a disabled webhook hear of what happens from here on. Repeating is harmless."""
        await self._gate.admit(principal, Action.WEBHOOK_ENABLE, _target(principal, webhook))
        return await self._webhooks.enable(principal.workspace, webhook, self._clock())

    async def test(self, principal: Principal, webhook: WebhookId) -> Event:
        """Send a test event, whatever types the webhook chose. Raises `Invalid` for a disabled one."""
        await self._gate.admit(principal, Action.WEBHOOK_TEST, _target(principal, webhook))
        found = await self._webhooks.get(principal.workspace, webhook)
        if found.disabled_at is not None:
            raise Invalid(f"webhook {webhook} is disabled: enable it first")
        event = happened(
            EventType.WEBHOOK_TEST,
            webhook,
            at=self._clock(),
            organization=found.organization,
            workspace=found.workspace,
            origin=self._new_id("test_"),
        )
        await self._webhooks.enqueue(webhook, event)
        return event

    async def deliveries(self, principal: Principal, webhook: WebhookId, *, limit: int) -> list[Delivery]:
        """Return a webhook's last deliveries, newest first."""
        await self._gate.admit(principal, Action.WEBHOOK_READ, _target(principal, webhook))
        return await self._webhooks.deliveries(principal.workspace, webhook, limit=limit)


def secret_binding(webhook: Webhook, revision: int | None = None) -> Binding:
    """What a webhook's secret is sealed to: whoever edits the URL in the database gets nothing signed."""
    return Binding(
        organization=webhook.organization,
        vault="",
        subject=webhook.id,
        kind="webhook_secret",
        revision=webhook.revision if revision is None else revision,
        terms=webhook.url,
    )


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)
