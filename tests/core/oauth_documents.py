"""Metadata as a server that tells the truth writes it, for the tests of discovery and of what follows it."""

import json
from typing import Any

from strongroom.core.calls import ControlUrl, Reply
from strongroom.core.discovery import Issuer, read_issuer
from strongroom.core.documents import Document

SERVER = "https://mcp.test/mcp"
ISSUER = "https://as.test"


def url(text: str) -> ControlUrl:
    return ControlUrl.parse(text, insecure=True)


def reply(fields: object, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(fields).encode())


def document(fields: object) -> Document:
    return Document.read(reply(fields), "the document")


def issuer_fields(**more: object) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/auth",
        "token_endpoint": f"{ISSUER}/token",
        "registration_endpoint": f"{ISSUER}/reg",
        "device_authorization_endpoint": f"{ISSUER}/device",
        "scopes_supported": ["openid", "offline_access"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "none", "private_key_jwt"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    } | more
    return {name: value for name, value in fields.items() if value is not None}


def issuer(**more: object) -> Issuer:
    return read_issuer(document(issuer_fields(**more)), str(more.get("issuer", ISSUER)), insecure=False)
