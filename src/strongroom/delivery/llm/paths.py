"""The gateway's own paths (contract 1.3): what is asked for, and in whose dialect errors are told."""

from typing import final

from strongroom.core.llm.families import Operation
from strongroom.delivery.llm.refusals import Code, Turned

PREFIX = "/api/llm-gateway/v1"
MODELS = f"{PREFIX}/models"
OPERATIONS = {
    f"{PREFIX}/chat/completions": Operation.CHAT,
    f"{PREFIX}/embeddings": Operation.EMBEDDINGS,
    f"{PREFIX}/responses": Operation.RESPONSES,
    f"{PREFIX}/messages": Operation.MESSAGES,
    f"{PREFIX}/messages/count_tokens": Operation.COUNT_TOKENS,
}


@final
class Listing:
    """The list of models is asked for."""


LISTING = Listing()


def asked(method: str, path: str) -> Operation | Listing:
    """Return what is asked for. Raises `Turned`."""
    operation = OPERATIONS.get(path)
    if operation is not None and method == "POST":
        return operation
    if path == MODELS and method == "GET":
        return LISTING
    if operation is None and path != MODELS:
        raise Turned(Code.NO_ROUTE_THERE, "there is nothing at this path")
    allow = "GET" if path == MODELS else "POST"
    raise Turned(Code.METHOD_NOT_ALLOWED, f"this path takes {allow} only", allow=allow)
