"""`GET /v1/models`: what a gateway key can ask for (contract 4.2). One shape that both vendors' clients read."""

import json
from collections.abc import Sequence
from datetime import UTC

from strongroom.core.llm.routes import Reachable


def listed(reachable: Sequence[Reachable], *, anthropic: bool) -> bytes:
    """Return the list; what Anthropic's clients want beside OpenAI's members is there for them alone."""
    models = [_model(each, anthropic=anthropic) for each in reachable]
    page: dict[str, object] = {"object": "list", "data": models}
    if anthropic:
        page |= {
            "has_more": False,
            "first_id": reachable[0].name if reachable else None,
            "last_id": reachable[-1].name if reachable else None,
        }
    return json.dumps(page).encode()


def _model(reachable: Reachable, *, anthropic: bool) -> dict[str, object]:
    first = reachable.routes[0]
    made = first.mapping.created_at.astimezone(UTC)
    model: dict[str, object] = {
        "id": reachable.name,
        "object": "model",
        "created": int(made.timestamp()),
        "owned_by": first.provider.model_provider,
    }
    if anthropic:
        model |= {"type": "model", "display_name": reachable.name, "created_at": f"{made:%Y-%m-%dT%H:%M:%S}Z"}
    return model
