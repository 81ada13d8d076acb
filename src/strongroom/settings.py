"""What the operator decides: read once from options and `STRONGROOM_*` variables, then frozen.

An option wins over its variable. Everything wrong is reported at once, in words that say what is
allowed and never repeat what was given. Only `wiring.py` and the command line see this object;
everything else is handed exactly what it uses.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Self, final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from strongroom.core.failures import Invalid, Unable
from strongroom.core.hosts import HostSet, Pin, canonical_host
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.secret import Secret
from strongroom.custody_settings import CustodySettings, secret

PREFIX = "STRONGROOM_"
MIN_ADMIN_KEY = 20
_GIB = 1024**3
MAX_SESSION_SECONDS = 30 * 24 * 3600
"""As long as any session may live."""
MAX_WORKERS = 64
LOG_LEVELS = ("debug", "info", "warning", "error")
Network = IPv4Network | IPv6Network
_Text = Annotated[str, Field(min_length=1)]

_PATH_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*\Z")
_PUBLIC_URL = "must be a URL such as https://vault.example.com: http or https, a host, and no query"
_ADMIN_KEY = re.compile(rf"[\x21-\x7e]{{{MIN_ADMIN_KEY},}}\Z")  # it has to fit into a header
_RULES = {
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
}
_OURS = "strongroom"


@final
class WrongSettings(Unable):
    """Settings that cannot be used, each with its rule: `options` as they are typed, and `variables`."""

    def __init__(self, *, options: Mapping[str, str], variables: Mapping[str, str]) -> None:
        problems = {**options, **variables}
        super().__init__("; ".join(f"{name}: {rule}" for name, rule in problems.items()))
        self.options = options
        self.variables = variables


def default_data_dir() -> Path:
    """Where everything is kept unless told otherwise."""
    return _path("~/.strongroom")


def _wrong(rule: str) -> PydanticCustomError:
    return PydanticCustomError(_OURS, "{rule}", {"rule": rule})


def _path(given: str | Path) -> Path:
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise _wrong("must be a path without ~, since this user's home directory is not known") from None


def _level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise _wrong("must be debug, info, warning or error")
    return text


def _prefix(text: str) -> str:
    if not _PATH_PREFIX.match(text):
        raise _wrong("must be a path such as /vault: '/' and letters, digits, '.', '_', '~' or '-', no '/' at its end")
    return text


def _public_url(text: str) -> str:
    try:
        url = McpUrl.parse(text, insecure=True)
    except Invalid:
        raise _wrong(_PUBLIC_URL) from None
    if "?" in url.target:
        raise _wrong(_PUBLIC_URL)
    return text.rstrip("/")


def _issuer(text: str | None) -> str | None:
    if text is not None:
        try:
            McpUrl.parse(text, insecure=True)
        except Invalid:
            raise _wrong("must be an absolute URL such as https://login.example.com/realms/main") from None
    return text


def _audience(text: str | None, found: ValidationInfo) -> str | None:
    if text is None and found.data.get("jwt_issuer") is not None:
        raise _wrong("must be given along with the issuer: without it, tokens meant for others would be taken")
    return text


def _networks(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise _wrong("must be networks such as 10.0.0.0/8, separated by commas") from None


def _hosts(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return tuple(map(str, HostSet.parse(part.strip() for part in text.split(",") if part.strip()).patterns))
    except Invalid:
        raise _wrong("must be hosts such as api.example.com or *.example.com, separated by commas") from None


def _pins(text: object) -> object:
    if not isinstance(text, str):
        return text
    pins: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        host, _, address = part.partition("=")
        try:
            pins[canonical_host(host.strip())] = str(Pin.parse(address.strip()))
        except Invalid:
            raise _wrong("must be host=address or host=address:port, separated by commas") from None
    return pins


def _seconds(text: object) -> object:
    if not isinstance(text, str | int):
        return text
    try:
        seconds = int(text)
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= MAX_SESSION_SECONDS:
        raise _wrong(f"must be 1 to {MAX_SESSION_SECONDS} seconds")
    return timedelta(seconds=seconds)


def _admin_key(text: object) -> object:
    if isinstance(text, str) and not _ADMIN_KEY.match(text):
        raise _wrong(f"must have at least {MIN_ADMIN_KEY} characters, all of them visible ASCII and none of them blank")
    return secret(text)


class Settings(CustodySettings):
    """All settings of one server. Each field is an option of `serve` or a variable, or both."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        ser_json_timedelta="float",  # which `_seconds` lets through when a worker reads what the server wrote
    )

    data_dir: Annotated[Path, BeforeValidator(_path)] = Field(default_factory=default_data_dir)
    """Where database, root key and certificates lie."""
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """The address that both doors bind to."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8700
    """The API's port; 0 picks a free one."""
    proxy_port: Annotated[int, Field(ge=0, le=65535)] = 8701
    """The egress proxy's port; 0 picks a free one."""
    advertise_host: str | None = None
    """The name or address that agents reach the proxy at; `host` unless that is a wildcard."""
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    """Where browsers and other servers reach the API, with a path in front of it if there is one."""
    path_prefix: Annotated[str, AfterValidator(_prefix)] = ""
    """A path under which the API is served besides the root."""
    database_url: str | None = None
    """Where the database is; SQLite in the data directory unless told otherwise."""
    root_key: str = "file:"
    """Who holds the root key: `file:[PATH]` or `passphrase:`."""
    root_passphrase: Annotated[Secret | None, BeforeValidator(secret)] = None
    """The passphrase for `passphrase:`, where nobody can type it."""
    admin_key: Annotated[Secret | None, BeforeValidator(_admin_key)] = None
    """The first API key, for installations that bring their own."""
    egress_allow_private: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = ()
    """Private ranges that egress may reach."""
    egress_pass_through: Annotated[tuple[str, ...], BeforeValidator(_hosts)] = ()
    """Hosts whose TLS goes through from end to end, since their clients accept no other certificate."""
    egress_connections: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Client connections that a proxy process takes at one time."""
    egress_session_connections: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    """Of these, how many one session may have."""
    egress_session_concurrent_requests: Annotated[int, Field(ge=1, le=1_000_000)] = 2_000
    """How many requests of one session may be under way."""
    egress_session_requests_per_second: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    """How many requests one session may send in a second."""
    egress_session_bytes_per_minute: Annotated[int, Field(ge=1, le=2**60)] = 100 * _GIB
    """How many bytes may go through for one session in a minute, both directions together."""
    egress_key_connections: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """The same for all sessions together that one API key has opened; likewise the next three."""
    egress_key_concurrent_requests: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    egress_key_requests_per_second: Annotated[int, Field(ge=1, le=10_000_000)] = 1_000_000
    egress_key_bytes_per_minute: Annotated[int, Field(ge=1, le=2**60)] = 1_000 * _GIB
    egress_head_bytes: Annotated[int, Field(ge=1024, le=64 * 1024)] = 64 * 1024
    """The longest request or reply head."""
    egress_request_bytes: Annotated[int, Field(ge=1, le=2**60)] = 64 * _GIB
    """The longest request body."""
    egress_head_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    """How long a client may take to say what it wants."""
    egress_idle_seconds: Annotated[int, Field(ge=1, le=86_400)] = 120
    """How long a client's connection may rest between two requests."""
    egress_connect_seconds: Annotated[int, Field(ge=1, le=600)] = 10
    """How long connecting to an upstream may take, its handshake included."""
    egress_silence_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300
    """How long an exchange may be silent."""
    egress_exchange_seconds: Annotated[int, Field(ge=1, le=30 * 86_400)] = 86_400
    """How long one exchange may take in all."""
    upstream_ca_file: Annotated[Path, BeforeValidator(_path)] | None = None
    """Roots that are trusted for upstreams besides the system's."""
    resolve: Annotated[Mapping[str, str], BeforeValidator(_pins)] = Field(default_factory=dict)
    """Names pinned to addresses, with a port where another is to be dialled."""
    session_lifetime: Annotated[timedelta, BeforeValidator(_seconds)] = timedelta(days=7)
    """How long a session lives unless its creation says otherwise."""
    strict_beta: bool = False
    """Whether the Anthropic dialect insists on its beta header."""
    creates_per_minute: Annotated[int, Field(ge=0)] = 0
    """How many creates an organization may make in a minute, on each node; 0 is without a limit."""
    requests_per_minute: Annotated[int, Field(ge=0)] = 0
    """How many other requests to the API it may make."""
    provider_requests_per_minute: Annotated[int, Field(ge=0)] = 600
    """How many items a provider token may create in a minute, on each node, and how many other requests it may make."""
    insecure_upstreams: bool = False
    """Whether MCP servers may be named by plain http URLs."""
    cloud_inference_hosts: Annotated[tuple[str, ...], BeforeValidator(_hosts)] = ()
    """Hosts, besides the vendors' own, that tokens of clouds may be sent to."""
    ambient_cloud_identity: bool = False
    """Whether connections may act as this server's own identity in a cloud."""
    require_secret_on_host_change: bool = False
    """Whether a connection's secret has to be sent along when it is to go to another host."""
    jwt_issuer: Annotated[str | None, AfterValidator(_issuer)] = None
    """Whose signed tokens are taken, besides our own keys."""
    jwt_audience: Annotated[_Text | None, AfterValidator(_audience), Field(validate_default=True)] = None
    """What those tokens must name as their audience."""
    jwks_url: Annotated[str | None, AfterValidator(_issuer)] = None
    """Where the issuer's keys are; without it, its metadata says so."""
    issues_tokens: bool = True
    """Whether holders of keys can have signed tokens of our own issuer."""
    jwt_organization: _Text | None = None
    """The organization that tokens act in which name none."""
    jwt_new_organizations: bool = True
    """Whether an organization that a token names is made if it is not known."""
    log_level: Annotated[str, AfterValidator(_level)] = "info"
    """What is logged."""
    workers: Annotated[int, Field(ge=1, le=MAX_WORKERS)] = 1
    """How many processes run the egress proxy; one runs it together with the API."""

    @classmethod
    def load(cls, environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Self:
        """Read the variables, then the given options. Raises `WrongSettings` with every problem at once."""
        typed = {name: value for name, value in (overrides or {}).items() if value is not None}
        values: dict[str, Any] = {
            name: environ[PREFIX + name.upper()] for name in cls.model_fields if environ.get(PREFIX + name.upper())
        } | typed
        try:
            return cls.model_validate(values)
        except ValidationError as refused:
            problems = {str(error["loc"][0]): _rule(error["type"], error.get("ctx")) for error in refused.errors()}
        raise WrongSettings(
            options={f"--{name.replace('_', '-')}": rule for name, rule in problems.items() if name in typed},
            variables={PREFIX + name.upper(): rule for name, rule in problems.items() if name not in typed},
        )

    @property
    def agent_host(self) -> str:
        """The host part of the proxy's address as agents see it."""
        if self.advertise_host:
            return self.advertise_host
        return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound


def _rule(kind: str, context: Mapping[str, Any] | None) -> str:
    if kind == _OURS and context:
        return str(context["rule"])
    return _RULES.get(kind, "is not valid").format_map(context or {})
