"""The secret that a caller sends for a connection, read into the material of its scheme (contract 2.2, 3.1).

Rules kept here:
- no message repeats anything of what was sent, names that are not ours included;
- what goes into a header has no control characters;
- of a Google JSON only the key and the account are taken: its other forms can name files, programs and servers.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from strongroom.core.credentials.api_key import ApiKey
from strongroom.core.credentials.aws_role import AwsRole
from strongroom.core.credentials.azure_entra import AzureEntra
from strongroom.core.credentials.base import Material
from strongroom.core.credentials.bedrock_api_key import BedrockApiKey
from strongroom.core.credentials.bedrock_keys import BedrockKeys
from strongroom.core.credentials.google_adc import GoogleAdc
from strongroom.core.credentials.google_impersonation import GoogleImpersonation
from strongroom.core.credentials.google_service_account import GoogleServiceAccount
from strongroom.core.credentials.oauth_passthrough import OAuthPassthrough
from strongroom.core.failures import Invalid
from strongroom.core.llm.schemes import Scheme
from strongroom.core.secret import Secret
from strongroom.core.texts import has_controls

MAX_KEY = 16_384
MAX_CREDENTIALS = 64 * 1024
SHOWN = 4
LEAST_SHOWN_OF = 12
"""Of a shorter key four characters would be much."""

GOOGLE_TOKEN_URIS = frozenset({"https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"})
_GOOGLE_JSON = "service_account_json"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\Z")
"""Becomes a segment of the path at which the authority is asked."""
_BLANKS = " \t\r\n"
"""What may surround a key: a file that it was read from ends in a line's end."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came. An empty `credentials` object is none at all (C14)."""

    api_key: Secret | None = None
    credentials: Mapping[str, Secret] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.api_key is not None or bool(self.credentials)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Material, what belongs into the settings, and the tail by which people tell keys apart."""

    material: Material | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    key_last4: str | None = None


def take(scheme: Scheme, sent: Sent) -> Taken:
    """Read what came for a scheme; without material where nothing came that is one. Raises `Invalid`."""
    if sent.api_key is not None and sent.credentials:
        raise Invalid("must not be sent together with credentials", field="api_key")
    if sum(len(name) + _size(value) for name, value in sent.credentials.items()) > MAX_CREDENTIALS:
        raise Invalid(f"must have at most {MAX_CREDENTIALS} bytes", field="credentials")
    if not sent:
        return Taken(material=_WITHOUT_SECRET.get(scheme))
    if scheme.is_plain_key:
        key = _header_text(sent.api_key, "api_key") if sent.api_key is not None else _required(sent, "key")
        material = ApiKey(key=key) if scheme is Scheme.API_KEY else BedrockApiKey(key=key)
        return Taken(material=material, key_last4=_tail(key))
    if sent.api_key is not None:
        raise Invalid(f"is not what this auth_type takes: send {_WANTED[scheme]}", field="api_key")
    match scheme:
        case Scheme.BEDROCK_KEYS:
            return _aws_keys(sent)
        case Scheme.GOOGLE_SERVICE_ACCOUNT:
            return _service_account(sent)
        case Scheme.AZURE_ENTRA:
            return _application(sent)
        case Scheme.AWS_ROLE:
            return _role(sent)
        case _:
            raise Invalid(
                f"must be left out: this auth_type keeps no secret, and takes {_WANTED[scheme]}", field="credentials"
            )


def require_material(scheme: Scheme, taken: Taken) -> Material:
    """Return the material of a connection that has none yet. Raises `Invalid`."""
    if taken.material is None:
        raise Invalid(f"is required for this auth_type: {_WANTED[scheme]}", field=_PLACE[scheme])
    return taken.material


_WITHOUT_SECRET: Mapping[Scheme, Material] = {
    Scheme.AWS_ROLE: AwsRole(),
    Scheme.GOOGLE_ADC: GoogleAdc(),
    Scheme.GOOGLE_IMPERSONATION: GoogleImpersonation(),
    Scheme.OAUTH_PASSTHROUGH: OAuthPassthrough(),
}

_KEY = "api_key, or credentials with key"
_WANTED: Mapping[Scheme, str] = {
    Scheme.API_KEY: _KEY,
    Scheme.BEDROCK_API_KEY: _KEY,
    Scheme.BEDROCK_KEYS: "credentials with access_key_id and secret_access_key, and session_token if there is one",
    Scheme.GOOGLE_SERVICE_ACCOUNT: "credentials with client_email and private_key, or with service_account_json",
    Scheme.AZURE_ENTRA: "credentials with tenant_id, client_id and client_secret",
    Scheme.AWS_ROLE: "settings with region and iam_role_arn",
    Scheme.GOOGLE_ADC: "settings with project_id and location",
    Scheme.GOOGLE_IMPERSONATION: "settings with project_id, location and target_service_account",
    Scheme.OAUTH_PASSTHROUGH: "nothing: clients bring their own token",
}
_PLACE: Mapping[Scheme, str] = {scheme: "api_key" if scheme.is_plain_key else "credentials" for scheme in Scheme}


def _aws_keys(sent: Sent) -> Taken:
    token = sent.credentials.get("session_token")
    keys = BedrockKeys(
        access_key_id=_required(sent, "access_key_id"),
        secret_access_key=_required(sent, "secret_access_key"),
        session_token=None if token is None else _header_text(token, "credentials.session_token"),
    )
    return Taken(material=keys, key_last4=_tail(keys.access_key_id))


def _application(sent: Sent) -> Taken:
    tenant = _required(sent, "tenant_id")
    if not _TENANT.match(tenant.reveal()):
        raise Invalid("must be the id or a domain of a tenant", field="credentials.tenant_id")
    application = AzureEntra(
        tenant_id=tenant, client_id=_required(sent, "client_id"), client_secret=_required(sent, "client_secret")
    )
    return Taken(material=application)


def _role(sent: Sent) -> Taken:
    """Where a role is named in the credentials, as the vendor's pages show it (C8): nothing of it is secret."""
    names = ("iam_role_arn", "external_id")
    if set(sent.credentials) - set(names):
        raise Invalid(f"must hold {' and '.join(names)} only for this auth_type", field="credentials")
    hoisted = {name: value.reveal() for name, value in sent.credentials.items()}
    return Taken(material=AwsRole(), settings=hoisted)


def _service_account(sent: Sent) -> Taken:
    fields: Mapping[str, Any] = sent.credentials
    if _GOOGLE_JSON in fields:
        fields = _google_json(fields[_GOOGLE_JSON])
    kind = fields.get("type")
    if kind is not None and kind != Secret("service_account"):
        raise Invalid("must be service_account: other Google credentials are not taken", field="credentials.type")
    if (uri := fields.get("token_uri")) is not None and not any(uri == Secret(known) for known in GOOGLE_TOKEN_URIS):
        raise Invalid("must be Google's own token endpoint, or left out", field="credentials.token_uri")
    if (domain := fields.get("universe_domain")) is not None and domain != Secret("googleapis.com"):
        raise Invalid("must be googleapis.com, or left out", field="credentials.universe_domain")
    read = Sent(credentials=fields)
    key = _text(read, "private_key")
    if not key.contains("-----BEGIN ") or not key.contains("PRIVATE KEY-----"):
        raise Invalid("must be a private key in PEM", field="credentials.private_key")
    key_id = fields.get("private_key_id")
    material = GoogleServiceAccount(
        client_email=_required(read, "client_email"),
        private_key=key,
        private_key_id=None if key_id is None else _header_text(key_id, "credentials.private_key_id"),
    )
    project = fields.get("project_id")
    return Taken(material=material, settings={} if project is None else {"project_id": project.reveal()})


def _google_json(text: Secret) -> dict[str, Secret]:
    refused = Invalid("must be the JSON of a service account's key", field=f"credentials.{_GOOGLE_JSON}")
    try:
        plain = json.loads(text.reveal())
    except (ValueError, RecursionError):
        raise refused from None
    if not isinstance(plain, dict) or plain.get("type") != "service_account":
        raise refused
    if not all(isinstance(value, str) for value in plain.values()):
        raise refused
    return {name: Secret(value) for name, value in plain.items()}


def _required(sent: Sent, name: str) -> Secret:
    return _header_text(_text(sent, name), f"credentials.{name}")


def _text(sent: Sent, name: str) -> Secret:
    value = sent.credentials.get(name)
    if value is None:
        raise Invalid("is required", field=f"credentials.{name}")
    return value


def _header_text(secret: Secret, where: str) -> Secret:
    """Return a text without blanks around it that can be in a header."""
    text = secret.reveal().strip(_BLANKS)
    if not text:
        raise Invalid("must not be empty: what is stored stays if it is left out", field=where)
    if len(text.encode("utf-8", "surrogatepass")) > MAX_KEY:
        raise Invalid(f"must have at most {MAX_KEY} bytes", field=where)
    if has_controls(text):
        raise Invalid("must not contain control characters", field=where)
    return Secret(text)


def _tail(key: Secret) -> str | None:
    text = key.reveal()
    return text[-SHOWN:] if len(text) >= LEAST_SHOWN_OF else None


def _size(secret: Secret) -> int:
    return len(secret.reveal().encode("utf-8", "surrogatepass"))
