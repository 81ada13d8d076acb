"""What the operator decides: read once from options and `STRONGROOM_*` variables, then frozen.

An option wins over its variable. Everything wrong is reported at once. Only `wiring.py` and the
command line see this object; everything else is handed exactly what it uses.
"""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from strongroom.core.failures import Invalid, NotReady
from strongroom.core.hosts import canonical_host
from strongroom.core.secret import Secret

PREFIX = "STRONGROOM_"
MIN_ADMIN_KEY = 20
Network = IPv4Network | IPv6Network


def default_data_dir() -> Path:
    """Where everything is kept unless told otherwise."""
    return Path("~/.strongroom").expanduser()


def _networks(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _pins(text: object) -> object:
    if not isinstance(text, str):
        return text
    pins: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        host, equals, address = part.partition("=")
        if not equals:
            raise ValueError("must be host=address, separated by commas")
        try:
            pins[canonical_host(host.strip())] = str(ip_address(address.strip()))
        except Invalid as refused:
            raise ValueError(str(refused)) from None
    return pins


def _seconds(text: object) -> object:
    return timedelta(seconds=int(text)) if isinstance(text, str | int) else text


def _secret(text: object) -> object:
    return Secret(text) if isinstance(text, str) else text


class Settings(BaseModel):
    """All settings of one server. Each field is an option of `serve` or a variable, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)

    data_dir: Path = Field(default_factory=default_data_dir)
    """Where database, root key and certificates lie."""
    host: str = "127.0.0.1"
    """The address that both doors bind to."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8700
    """The API's port; 0 picks a free one."""
    proxy_port: Annotated[int, Field(ge=0, le=65535)] = 8701
    """The egress proxy's port; 0 picks a free one."""
    advertise_host: str | None = None
    """The name or address that agents reach the proxy at; `host` unless that is a wildcard."""
    path_prefix: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)*$")] = ""
    """A path under which the API is served besides the root."""
    database_url: str | None = None
    """Where the database is; SQLite in the data directory unless told otherwise."""
    root_key: str = "file:"
    """Who holds the root key: `file:[PATH]` or `passphrase:`."""
    root_passphrase: Annotated[Secret | None, BeforeValidator(_secret)] = None
    """The passphrase for `passphrase:`, where nobody can type it."""
    admin_key: Annotated[Secret | None, BeforeValidator(_secret)] = None
    """The first API key, for installations that bring their own."""
    egress_allow_private: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = ()
    """Private ranges that egress may reach."""
    upstream_ca_file: Path | None = None
    """Roots that are trusted for upstreams besides the system's."""
    resolve: Annotated[Mapping[str, str], BeforeValidator(_pins)] = Field(default_factory=dict)
    """Names pinned to addresses."""
    session_lifetime: Annotated[timedelta, BeforeValidator(_seconds)] = timedelta(days=7)
    """How long a session lives unless its creation says otherwise."""
    strict_beta: bool = False
    """Whether the Anthropic dialect insists on its beta header."""
    creates_per_minute: Annotated[int, Field(ge=0)] = 0
    """How many creates an organization may make in a minute, on each node; 0 is without a limit."""
    requests_per_minute: Annotated[int, Field(ge=0)] = 0
    """How many other requests to the API it may make."""
    insecure_upstreams: bool = False
    """Whether MCP servers may be named by plain http URLs."""
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"
    """What is logged."""

    @classmethod
    def load(cls, environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Self:
        """Read the variables, then the given options. Raises `NotReady` with every problem at once."""
        values: dict[str, Any] = {
            name: environ[PREFIX + name.upper()] for name in cls.model_fields if environ.get(PREFIX + name.upper())
        }
        values |= {name: value for name, value in (overrides or {}).items() if value is not None}
        problems: list[str] = []
        settings = None
        try:
            settings = cls.model_validate(values)
        except ValidationError as refused:
            problems = [f"{PREFIX}{error['loc'][0]}".upper() + f": {error['msg']}" for error in refused.errors()]
        if len(values.get("admin_key", "x" * MIN_ADMIN_KEY)) < MIN_ADMIN_KEY:
            problems.append(f"{PREFIX}ADMIN_KEY: must have at least {MIN_ADMIN_KEY} characters")
        if settings is None or problems:
            raise NotReady("these settings cannot be used: " + "; ".join(problems))
        return settings

    @property
    def agent_host(self) -> str:
        """The host part of the proxy's address as agents see it."""
        if self.advertise_host:
            return self.advertise_host
        return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
