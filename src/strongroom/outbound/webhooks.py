"""Sends webhooks: one POST, one status read; of an answer's body nothing (contract anthropic-vaults 9.4).

What is not https on port 443 goes to addresses that the operator has listed and to no other.
"""

from collections.abc import Mapping
from typing import final

from strongroom.core.calls import Call
from strongroom.core.webhooks import Receiver
from strongroom.outbound.control import ControlClient

HEADERS = {"content-type": "application/json"}


@final
class HttpWebhookSender:
    """Implements `WebhookSender` on the control client."""

    def __init__(self, *, client: ControlClient) -> None:
        self._client = client

    async def post(self, receiver: Receiver, headers: Mapping[str, str], body: bytes) -> int:
        """Return the answer's status. Raises `NotPermitted`, `Unreachable` and `BadReply`."""
        call = Call(
            method="POST",
            url=receiver.url,
            headers=HEADERS | dict(headers),
            body=body,
            limit_bytes=0,
            ordinary_only=True,
        )
        return (await self._client.send(call)).status
