"""Answers as ready bytes."""

import msgspec
from fastapi import Response

JSON = "application/json"


def reply(body: object, *, status: int = 200) -> Response:
    """Return a JSON answer from plain values."""
    return Response(msgspec.json.encode(body), status_code=status, media_type=JSON)
