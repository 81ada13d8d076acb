"""Sessions on the wire, as far as they bind an agent to vaults and an environment (contract anthropic-vaults 8)."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from strongroom.core.sessions import MAX_VAULTS, McpServer
from strongroom.dialects.anthropic.fields import Metadata, MetadataPatch, Model, Name255, Text, Url, by
from strongroom.dialects.validation import OURS

MAX_SYSTEM = 100_000
MAX_VERSION = 2**31 - 1

Id = Annotated[Text, Field(min_length=1)]
Version = Annotated[int, Field(ge=1, le=MAX_VERSION)]
ServerUrl = Annotated[Url, AfterValidator(by(lambda url: McpServer(name="", url=url).address()))]

Kept = TypeVar("Kept", list[Any], dict[str, Any])


def _empty(value: Kept) -> Kept:
    if value:
        raise PydanticCustomError(OURS, "{rule}", {"rule": "is not supported by this server: leave it out or empty"})
    return value


Unsupported = Annotated[list[Any], Field(json_schema_extra={"maxItems": 0}), AfterValidator(_empty)]
"""What we cannot honour. Ignoring it would only look like support."""
UnsupportedObject = Annotated[dict[str, Any], Field(json_schema_extra={"maxProperties": 0}), AfterValidator(_empty)]
"""As above, for an object."""
Unread = list[dict[str, Any]]
"""What concerns the agent alone; we run none, so it has no effect here and is not kept."""


class McpServerParam(Model):
    """An MCP server that the agent declares."""

    name: Name255
    type: Literal["url"]
    url: ServerUrl


class ModelConfig(Model):
    """The agent's model, by its id; the rest concerns the agent alone."""

    id: Id
    effort: str | dict[str, Any] | None = None
    inference_geo: str | None = None
    speed: str | None = None


class AgentReference(Model):
    """An agent by id."""

    type: Literal["agent"]
    id: Id
    version: Version = 1


class AgentWithOverrides(Model):
    """An agent by id, with what differs for this session."""

    type: Literal["agent_with_overrides"]
    id: Id
    version: Version = 1
    model: Id | ModelConfig | None = None
    system: Annotated[Text, Field(max_length=MAX_SYSTEM)] | None = None
    tools: Unread = Field(default_factory=list)
    mcp_servers: list[McpServerParam] = Field(default_factory=list)
    skills: Unread = Field(default_factory=list)


def _agent_form(agent: object) -> str | None:
    if isinstance(agent, str):
        return "id"
    form = agent.get("type") if isinstance(agent, dict) else getattr(agent, "type", None)
    return form if isinstance(form, str) else None


AgentParam = Annotated[
    Annotated[Id, Tag("id")]
    | Annotated[AgentReference, Tag("agent")]
    | Annotated[AgentWithOverrides, Tag("agent_with_overrides")],
    Discriminator(_agent_form),
]


class NewSession(Model):
    """The body of a create."""

    agent: AgentParam
    environment_id: Id
    vault_ids: Annotated[list[Text], Field(max_length=MAX_VAULTS, default_factory=list)]
    title: Text | None = None
    metadata: Metadata | None = None
    budget: UnsupportedObject | None = None
    initial_events: Unsupported | None = None
    resources: Unsupported | None = None


class AgentUpdate(Model):
    """Whole lists; what is left out stays."""

    tools: Unsupported = Field(default_factory=list)
    mcp_servers: list[McpServerParam] = Field(default_factory=list)


class SessionUpdate(Model):
    """The body of an update; null keeps. The vaults of a session cannot change."""

    agent: AgentUpdate = AgentUpdate()
    budget: None = None
    title: Text | None = None
    metadata: MetadataPatch | None = None


class McpServerShown(TypedDict):
    """An MCP server that the agent declares."""

    name: str
    type: Literal["url"]
    url: str


class ModelShown(TypedDict):
    """The agent's model."""

    id: str


class ExecutionIdentity(TypedDict):
    """Always the same: nobody else is meant."""

    type: Literal["service_account"]


class Agent(TypedDict):
    """What the caller said of the agent, filled in."""

    id: str
    type: Literal["agent"]
    name: str
    version: int
    model: ModelShown
    description: str | None
    system: str | None
    mcp_servers: list[McpServerShown]
    skills: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    multiagent: None
    execution_identity: ExecutionIdentity


class Session(TypedDict):
    """A session."""

    id: str
    type: Literal["session"]
    agent: Agent
    environment_id: str
    vault_ids: list[str]
    title: str | None
    metadata: dict[str, str]
    status: Literal["rescheduling", "running", "idle", "terminated"]
    resources: list[dict[str, Any]]
    outcome_evaluations: list[dict[str, Any]]
    stats: dict[str, Any]
    usage: dict[str, Any]
    budget: None
    deployment_id: None
    created_at: str
    updated_at: str
    archived_at: str | None


class McpAddressShown(TypedDict):
    """Where the agent finds an MCP server if it takes no proxy; `url` is ours and takes the token as a bearer."""

    name: str
    url: str
    mcp_server_url: str
    credential_id: str | None


class EgressShown(TypedDict):
    """What the agent's process needs. It holds the session's token and is shown at creation only."""

    proxy_url: str
    token: str
    env: dict[str, str]
    ca_certificate: str
    mcp_servers: list[McpAddressShown]


class OpenedSession(Session):
    """A session that was just created."""

    egress: EgressShown


class SessionPage(TypedDict):
    """A page, in the order asked for, with ways on and back."""

    data: list[Session]
    next_page: str | None
    prev_page: str | None


class DeletedSession(TypedDict):
    """The answer to a delete."""

    id: str
    type: Literal["session_deleted"]
