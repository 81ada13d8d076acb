"""Vaults of its own that an organization has set up (contract skyvern-credentials 2.B, B10 to B15).

Nothing that is secret in the settings ever comes back. 1Password keeps no credentials for us: it can be asked about,
and not set up.
"""

from typing import final

from fastapi import Request, Response

from strongroom.core.custodians import Configured, Provider
from strongroom.core.failures import Invalid, NotPermitted, UpstreamFailure
from strongroom.dialects.door import caller
from strongroom.dialects.replies import reply
from strongroom.dialects.skyvern.errors import Told
from strongroom.dialects.skyvern.paths import CREDENTIALS, Paths
from strongroom.dialects.skyvern.routes_unsupported import Whatever, not_supported
from strongroom.dialects.skyvern.wire_custody import (
    AzureRequest,
    BitwardenRequest,
    CustomRequest,
    Done,
    Shown,
    shown,
)
from strongroom.services.provider_settings import ProviderSettingsService

ONEPASSWORD = "onepassword"
PROVIDERS = frozenset({ONEPASSWORD, *Provider})


@final
class CustodyRoutes:
    """Endpoints on an organization's own settings."""

    def __init__(self, *, settings: ProviderSettingsService) -> None:
        self._settings = settings

    def add_to(self, paths: Paths) -> None:
        """Add the table; what has a provider's name in it comes before what takes any."""
        custom = f"{CREDENTIALS}/{Provider.CUSTOM}"
        paths.current("GET", f"{CREDENTIALS}/{ONEPASSWORD}/items", nothing_listed, name="list_onepassword_items")
        paths.current("GET", f"{CREDENTIALS}/{ONEPASSWORD}/status", get_status)
        paths.current("GET", f"{CREDENTIALS}/{Provider.BITWARDEN}/items", self.list_items)
        paths.current("POST", f"{custom}/test_connection", self.try_connection, response_model=Done)
        paths.current("POST", f"{custom}/create", self.set_custom, response_model=Shown)
        paths.current("POST", f"{CREDENTIALS}/{Provider.BITWARDEN}/create", self.set_bitwarden, response_model=Shown)
        paths.current("POST", f"{CREDENTIALS}/{Provider.AZURE}/create", self.set_azure, response_model=Shown)
        paths.current("POST", f"{CREDENTIALS}/{{provider}}/create", refuse_provider, in_document=False)
        paths.current("GET", f"{CREDENTIALS}/{{provider}}/get", self.get_provider, response_model=Shown)
        paths.current("DELETE", f"{CREDENTIALS}/{{provider}}", self.delete_provider, response_model=Done)

    async def get_provider(self, request: Request, provider: str) -> Response:
        """Show how a vault is set up."""
        known = _known(provider)
        settled = None if known is None else await self._settings.get(caller(request), known)
        if settled is None:
            raise Told(404, "Organization auth token not found")
        return reply(shown(settled))

    async def set_custom(self, request: Request, sent: CustomRequest) -> Response:
        """Set a custom credential service up, in the place of the one before."""
        return await self._set(request, Provider.CUSTOM, sent.configured())

    async def set_bitwarden(self, request: Request, sent: BitwardenRequest) -> Response:
        """Set a Bitwarden account up."""
        return await self._set(request, Provider.BITWARDEN, sent.configured())

    async def set_azure(self, request: Request, sent: AzureRequest) -> Response:
        """Set an application of Azure up."""
        return await self._set(request, Provider.AZURE, sent.configured())

    async def delete_provider(self, request: Request, provider: str) -> Response:
        """Forget how a vault is set up. A credential's id names no provider, and nothing is deleted."""
        known = _known(provider)
        if known is not None:
            await self._settings.remove(caller(request), known)
        return reply({"success": True})

    async def try_connection(self, request: Request, sent: CustomRequest) -> Response:
        """Look whether a custom credential service answers (7.6)."""
        principal, service = caller(request), sent.configured()
        check = await self._settings.may_test(principal)
        try:
            await check(service)
        except (UpstreamFailure, NotPermitted, Invalid) as failure:
            raise Told(400, f"Custom credential service connection failed: {failure}") from None
        return reply({"success": True})

    async def list_items(self, request: Request) -> Response:
        """List what the Bitwarden account holds: names, and nothing of what is in them."""
        found = await self._settings.items(caller(request))
        if found is None:
            return await nothing_listed()
        return reply({"configured": True, "items": [dict(item) for item in found]})

    async def _set(self, request: Request, provider: Provider, configured: Configured) -> Response:
        return reply(shown(await self._settings.put(caller(request), provider, configured)))


async def nothing_listed() -> Response:
    """List what a vault holds that is not set up."""
    return reply({"configured": False, "items": []})


async def get_status() -> Response:
    """Tell whether 1Password is set up."""
    return reply({"configured": False, "source": None, "instance_default_available": False, "modified_at": None})


async def refuse_provider(provider: str, sent: Whatever = None) -> None:  # noqa: ARG001 - any body is taken
    """Set up what cannot be."""
    _ = _known(provider)
    raise not_supported()


def _known(provider: str) -> Provider | None:
    """Return a provider that can be set up; None for one that cannot. Raises `Told` for one that there is not."""
    if provider not in PROVIDERS:
        raise Told(404, "Unsupported organization auth credential provider")
    return None if provider == ONEPASSWORD else Provider(provider)
