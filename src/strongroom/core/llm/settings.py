"""What may stand in a connection's settings, and the form in which they are kept (contract 2.2, 3.4).

Settings are shown to whoever may list connections: nothing in them is secret, and a name that says it is is refused.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from strongroom.core.failures import Invalid
from strongroom.core.llm.schemes import Scheme
from strongroom.core.texts import has_controls

MAX_SETTINGS = 16 * 1024
MAX_DEPTH = 5
ROLE_ARN = re.compile(r"arn:aws[-a-z]*:iam::[0-9]{12}:role/[\x21-\x7e]+\Z")
REGION = re.compile(r"[a-z]{2,8}(-[a-z0-9]+)+-[0-9]+\Z")
EXTERNAL_ID = re.compile(r"[A-Za-z0-9+=,.@:/_-]{2,1224}\Z")  # the STS API reference, AssumeRole
SERVICE_ACCOUNT = re.compile(r"(?:[a-z0-9][a-z0-9-]*@[a-z0-9][a-z0-9.-]*\.gserviceaccount\.com|[0-9]{21})\Z")
"""Its address, or its number. It becomes part of a path that Google is asked for with this server's own token."""
AUTHORITIES = (
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
)
"""The hosts of Microsoft Entra in its clouds: an application's secret is shown to them alone. The first is meant."""
API_FAMILIES = {
    "bedrock": ("bedrock_converse", "anthropic_messages"),
    "vertex": ("vertex_gemini", "anthropic_messages"),
    "custom": ("openai_chat", "anthropic_messages"),
}
"""The values of `model_api_family` by vendor; the first is meant where none is given."""

SECRET_NAMES = frozenset(
    {
        "api_key",
        "key",
        "secret",
        "password",
        "token",
        "access_token",
        "client_secret",
        "secret_access_key",
        "session_token",
        "private_key",
        "credentials",
    }
)
_KNOWN = frozenset(
    {
        "anthropic_version",
        "api_version",
        "authority_host",
        "delegates",
        "deployment",
        "external_id",
        "http_referer",
        "iam_role_arn",
        "location",
        "model_api_family",
        "organization",
        "project",
        "project_id",
        "project_name",
        "region",
        "target_service_account",
        "x_title",
    }
)
"""The names that mean something, to be named in refusals: others may be anything, and are not repeated."""
_SEGMENT_NAMES = ("deployment", "project_name", "project_id", "location")


def checked(settings: object) -> dict[str, Any]:
    """Return settings as they were sent; None are none. Raises `Invalid`."""
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise Invalid("must be an object", field="settings")
    _require_plain(settings, "settings", depth=1)
    if len(json.dumps(settings, ensure_ascii=False).encode("utf-8", "replace")) > MAX_SETTINGS:
        raise Invalid(f"must have at most {MAX_SETTINGS} bytes", field="settings")
    return settings


def merged(stored: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what was sent over what is stored: null takes a key away, but for an external id, which stays (2.3)."""
    kept = {name: value for name, value in stored.items() if sent.get(name, value) is not None}
    if stored.get("external_id") is not None:
        kept["external_id"] = stored["external_id"]
    return kept | {name: value for name, value in sent.items() if value is not None}


def normalised(
    settings: Mapping[str, Any], *, model_provider: str, scheme: Scheme, external_id: Callable[[], str]
) -> dict[str, Any]:
    """Fill in what follows and check what is needed. `external_id` makes one. Raises `Invalid`."""
    result = {name: value for name, value in settings.items() if value is not None}
    if model_provider == "bedrock":
        _bedrock(result, scheme, external_id)
    if model_provider == "vertex":
        _vertex(result, scheme)
    if scheme is Scheme.AZURE_ENTRA:
        authority_of(result)
    families = API_FAMILIES.get(model_provider)
    if families is not None:
        if model_provider == "bedrock":
            result.setdefault("model_api_family", families[0])
        if result.get("model_api_family", families[0]) not in families:
            raise Invalid(f"must be {' or '.join(families)}", field="settings.model_api_family")
    for name in _SEGMENT_NAMES:
        if name in result:
            _require_segment(result[name], name)
    return result


def _bedrock(settings: dict[str, Any], scheme: Scheme, external_id: Callable[[], str]) -> None:
    _require_text(settings, "region", REGION, "must be a region such as us-east-1")
    if scheme is Scheme.AWS_ROLE:
        _require_text(settings, "iam_role_arn", ROLE_ARN, "must be the ARN of a role")
        if "external_id" not in settings:
            settings["external_id"] = external_id()
        _require_text(settings, "external_id", EXTERNAL_ID, "must be 2 to 1224 of the characters that STS takes")


def _vertex(settings: dict[str, Any], scheme: Scheme) -> None:
    if "region" in settings and "location" not in settings:
        settings["location"] = settings.pop("region")
    for name in ("project_id", "location"):
        if not isinstance(settings.get(name), str) or not settings[name]:
            raise Invalid("is required", field=f"settings.{name}")
    if scheme is Scheme.GOOGLE_IMPERSONATION:
        accounts_of(settings)
    if not re.match(r"[a-z0-9-]+\Z", settings["location"]):
        raise Invalid("must be a location such as us-central1 or global", field="settings.location")


def authority_of(settings: Mapping[str, Any]) -> str:
    """Return the host that an application's secret is shown to. Raises `Invalid`."""
    found = settings.get("authority_host", AUTHORITIES[0])
    if found not in AUTHORITIES:
        raise Invalid(f"must be one of {', '.join(AUTHORITIES)}", field="settings.authority_host")
    return str(found)


def accounts_of(settings: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the account that is acted for, and those through which that may be done. Raises `Invalid`."""
    _require_text(settings, "target_service_account", SERVICE_ACCOUNT, _ACCOUNT)
    delegates = settings.get("delegates", [])
    if not isinstance(delegates, list) or not all(_is_account(each) for each in delegates):
        raise Invalid(f"must be a list; each {_ACCOUNT}", field="settings.delegates")
    return settings["target_service_account"], tuple(delegates)


_ACCOUNT = "must be the address or the number of a service account"


def _is_account(value: object) -> bool:
    return isinstance(value, str) and SERVICE_ACCOUNT.match(value) is not None


def _require_text(settings: Mapping[str, Any], name: str, shape: re.Pattern[str], rule: str) -> None:
    value = settings.get(name)
    if value is None:
        raise Invalid("is required", field=f"settings.{name}")
    if not isinstance(value, str) or not shape.match(value):
        raise Invalid(rule, field=f"settings.{name}")


def _require_segment(value: object, name: str) -> None:
    if not isinstance(value, str) or value in {"", ".", ".."}:
        raise Invalid("must be a name that can be one segment of a path", field=f"settings.{name}")


def _require_plain(value: object, where: str, *, depth: int) -> None:
    if isinstance(value, str) and has_controls(value):
        raise Invalid("must not contain control characters", field=where)
    if not isinstance(value, dict | list):
        return
    if depth > MAX_DEPTH:
        raise Invalid(f"must be at most {MAX_DEPTH} deep", field="settings")
    for name, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(name, str):
            if name.casefold() in SECRET_NAMES:
                raise Invalid(
                    f"must not hold {name.casefold()}: settings are shown; send secrets as credentials",
                    field="settings",
                )
            _require_plain(name, "settings", depth=depth)
        inner = f"settings.{name}" if where == "settings" and name in _KNOWN else where
        _require_plain(each, inner, depth=depth + 1)
