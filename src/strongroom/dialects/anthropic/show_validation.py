"""A validation in the vendor's words."""

from strongroom.core.fields import write_time
from strongroom.core.validation import Answered, Validation
from strongroom.dialects.anthropic import wire_validation as shown


def from_core(found: Validation) -> shown.CredentialValidation:
    """Return what a client gets."""
    probe: shown.McpProbe | None = None
    if found.probe is not None:
        probe = {"method": found.probe.method, "http_response": _response(found.probe.answer)}
    refresh: shown.RefreshTried | None = None
    if found.renewal is not None:
        refresh = {"status": found.renewal.status.value, "http_response": _response(found.renewal.answer)}
    return {
        "type": "vault_credential_validation",
        "credential_id": found.credential.id,
        "vault_id": found.credential.vault,
        "validated_at": write_time(found.at),
        "has_refresh_token": found.has_refresh_token,
        "status": found.verdict.value,
        "mcp_probe": probe,
        "refresh": refresh,
    }


def _response(answer: Answered | None) -> shown.HttpResponse | None:
    if answer is None:
        return None
    return {
        "status_code": answer.status,
        "content_type": answer.content_type,
        "body": answer.body,
        "body_truncated": answer.truncated,
    }
