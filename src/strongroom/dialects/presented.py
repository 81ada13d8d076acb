"""The key that a request presents."""

from collections.abc import Callable

from starlette.datastructures import Headers

from strongroom.core.secret import Secret

Presented = Callable[[Headers], Secret | None]
"""Finds the key that a request brings, if it brings one."""


def presented_key(headers: Headers) -> Secret | None:
    """Return the API key: `x-api-key`, else the bearer token (contract anthropic-vaults 1.2)."""
    return api_key(headers) or bearer(headers)


def api_key(headers: Headers) -> Secret | None:
    """Return `x-api-key`."""
    key = headers.get("x-api-key", "").strip()
    return Secret(key) if key else None


def bearer(headers: Headers) -> Secret | None:
    """Return the bearer token."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    key = key.strip() if scheme.lower() == "bearer" else ""
    return Secret(key) if key else None
