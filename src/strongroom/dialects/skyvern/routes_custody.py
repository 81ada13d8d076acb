"""Which outside vaults an organization has set up (contract skyvern-credentials 2.B, B10 to B15). None can be yet."""

from fastapi import Response

from strongroom.dialects.replies import reply
from strongroom.dialects.skyvern.errors import Told
from strongroom.dialects.skyvern.paths import CREDENTIALS, Paths
from strongroom.dialects.skyvern.routes_unsupported import Whatever, not_supported

PROVIDERS = frozenset({"onepassword", "bitwarden", "azure_credential", "custom_credential"})
_LISTED = ("onepassword", "bitwarden")


def add_custody(paths: Paths) -> None:
    """Add the routes."""
    for provider in _LISTED:
        paths.current("GET", f"{CREDENTIALS}/{provider}/items", list_items, name=f"list_{provider}_items")
    paths.current("GET", f"{CREDENTIALS}/onepassword/status", get_status)
    paths.current("POST", f"{CREDENTIALS}/custom_credential/test_connection", try_connection)
    paths.current("GET", f"{CREDENTIALS}/{{provider}}/get", get_provider)
    paths.current("POST", f"{CREDENTIALS}/{{provider}}/create", create_provider)
    paths.current("DELETE", f"{CREDENTIALS}/{{provider}}", delete_provider)


async def list_items() -> Response:
    """List what an outside vault holds."""
    return reply({"configured": False, "items": []})


async def get_status() -> Response:
    """Tell whether 1Password is set up."""
    return reply({"configured": False, "source": None, "instance_default_available": False, "modified_at": None})


async def try_connection(sent: Whatever = None) -> Response:  # noqa: ARG001 - any body is taken
    """Look whether an outside vault answers."""
    raise not_supported()


async def get_provider(provider: str) -> Response:
    """Show how an outside vault is set up."""
    _require_known(provider)
    raise Told(404, "Organization auth token not found")


async def create_provider(provider: str, sent: Whatever = None) -> Response:  # noqa: ARG001 - any body is taken
    """Set an outside vault up."""
    _require_known(provider)
    raise not_supported()


async def delete_provider(provider: str) -> Response:
    """Forget how an outside vault is set up. A credential's id names no provider, and nothing is deleted."""
    _require_known(provider)
    return reply({"success": True})


def _require_known(provider: str) -> None:
    if provider not in PROVIDERS:
        raise Told(404, "Unsupported organization auth credential provider")
