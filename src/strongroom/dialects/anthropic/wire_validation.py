"""What clients get of a validation (contract anthropic-vaults 5)."""

from typing import Literal

from typing_extensions import TypedDict


class HttpResponse(TypedDict):
    """What a server answered, scrubbed and cut."""

    status_code: int
    content_type: str
    body: str
    body_truncated: bool


class McpProbe(TypedDict):
    """The MCP method that did not succeed."""

    method: str
    http_response: HttpResponse | None


class RefreshTried(TypedDict):
    """What became of the refresh."""

    status: Literal["succeeded", "failed", "connect_error", "no_refresh_token"]
    http_response: HttpResponse | None


class CredentialValidation(TypedDict):
    """All of it."""

    type: Literal["vault_credential_validation"]
    credential_id: str
    vault_id: str
    validated_at: str
    has_refresh_token: bool
    status: Literal["valid", "invalid", "unknown"]
    mcp_probe: McpProbe | None
    refresh: RefreshTried | None
