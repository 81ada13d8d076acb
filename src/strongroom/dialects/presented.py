"""The key that a request presents."""

from starlette.datastructures import Headers

from strongroom.core.secret import Secret


def presented_key(headers: Headers) -> Secret | None:
    """Return the API key: `x-api-key`, else the bearer token (contract anthropic-vaults 1.2)."""
    key = headers.get("x-api-key", "").strip()
    if not key:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        key = key.strip() if scheme.lower() == "bearer" else ""
    return Secret(key) if key else None
