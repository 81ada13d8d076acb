"""The list of an upstream's models, asked for with a connection's key: a request that costs nothing."""

import asyncio
import json
from typing import final

from strongroom.core.credentials import Material
from strongroom.core.failures import Failure
from strongroom.core.llm.families import FAMILIES
from strongroom.core.llm.schemes import Placing
from strongroom.core.llm.upstreams import Upstream as Place
from strongroom.core.llm.urls import root
from strongroom.delivery.llm.fields import OURS
from strongroom.delivery.llm.placing import placed, plain_key, revealed, said
from strongroom.delivery.llm.ports import Reply, Upstream
from strongroom.delivery.llm.shaping import ANTHROPIC_VERSION
from strongroom.services.llm_checking import Listed, Outcome
from strongroom.services.llm_cloud import CredentialUnavailable

SECONDS = 20.0
MAX_BYTES = 4 * 1024 * 1024
_CLOUD_ROOT = "/openai/v1"
_REJECTED = frozenset({401, 403})
_OK = 200


@final
class ModelLister:
    """Implements `Lister`."""

    def __init__(self, *, upstream: Upstream) -> None:
        self._upstream = upstream

    async def listed(self, whose: str, upstream: Place, material: Material) -> Listed:
        """Return what it answered, whatever that is."""
        way = upstream.way
        fields = [*OURS, *said(upstream.model_provider, upstream.settings), ("accept", "application/json")]
        if way.placing is Placing.X_API_KEY:
            fields.append(("anthropic-version", ANTHROPIC_VERSION))
        try:
            fields += revealed(placed(way.placing, plain_key(material)))
            async with asyncio.timeout(SECONDS):
                target = _target(upstream)
                reply = await self._upstream.send(whose, upstream.base.destination, "GET", target, fields, b"")
                try:
                    return await _read(reply)
                finally:
                    reply.close()
        except (TimeoutError, Failure, CredentialUnavailable):
            return Listed(outcome=Outcome.UNREACHABLE)


async def _read(reply: Reply) -> Listed:
    if reply.status in _REJECTED:
        return Listed(outcome=Outcome.REJECTED, status=reply.status)
    body = b""
    while piece := await reply.piece():
        body += piece
        if len(body) > MAX_BYTES:
            break
    models = _models(body) if reply.status == _OK else None
    outcome = Outcome.UNEXPECTED if models is None else Outcome.OK
    return Listed(outcome=outcome, status=reply.status, models=models)


def _target(upstream: Place) -> str:
    family, path = FAMILIES[upstream.model_provider], upstream.base.path
    if upstream.model_provider.startswith("azure_"):
        return f"{_CLOUD_ROOT}/models"
    return f"{root(path, upstream.model_provider, family)}/models"


def _models(body: bytes) -> frozenset[str] | None:
    """Return the names in a list of models, as OpenAI and Anthropic answer it; some answer the bare list."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    rows = told.get("data") if isinstance(told, dict) else told
    if not isinstance(rows, list):
        return None
    return frozenset(row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str))
