"""What sessions look like on this wire: asked for, opened, shown with their uses, and their events."""

from typing import Annotated, Literal

from pydantic import Field

from strongroom.core.audit import Outcome
from strongroom.core.sessions import MAX_VAULTS, SessionStatus
from strongroom.dialects.native.shapes import Answer, Asked, Metadata, Moment, Text
from strongroom.services.sessions import MAX_LIFETIME

_MAX_TITLE = 1024
_SECONDS = int(MAX_LIFETIME.total_seconds())


class NewSessionBody(Asked):
    """A session to open."""

    vaults: Annotated[list[Text], Field(max_length=MAX_VAULTS)] | None = Field(
        None, description="Ids or names, in search order; [] for none. Without it: `default`, or the only one there is."
    )
    environment: Text | None = Field(
        None, description="Id or name. Without it: the one named `default`, made if missing."
    )
    title: Annotated[Text, Field(max_length=_MAX_TITLE)] | None = None
    expires_in: Annotated[int, Field(ge=1, le=_SECONDS, description="Seconds.")] | None = None
    metadata: Metadata | None = None
    mcp_tools: dict[Text, list[Text]] | None = Field(
        None,
        description="Of which MCP servers only these tools may be used: by the server's URL or the id of a credential.",
    )


class SessionAnswer(Answer):
    """A session."""

    id: str
    type: Literal["session"] = "session"
    status: SessionStatus
    title: str | None
    environment_id: str
    vault_ids: list[str]
    metadata: dict[str, str]
    mcp_tools: dict[str, list[str]] = Field(description="By the server's URL; servers that are missing have no list.")
    opened_by: str
    created_at: Moment
    updated_at: Moment
    expires_at: Moment
    archived_at: Moment | None


class McpServerAnswer(Answer):
    """An MCP server that the session can speak to."""

    name: str
    url: str = Field(description="Ours, for clients that take no proxy: send the session's token as a bearer.")
    mcp_server_url: str
    credential_id: str | None = Field(description="The credential that is added; null for none.")


class EgressAnswer(Answer):
    """What the session's agent needs. Shown this once; it holds the session's token."""

    proxy_url: str
    token: str = Field(description="For the MCP servers' URLs; `proxy_url` holds it too.")
    env: dict[str, str]
    ca_certificate: str
    placeholders: list[str] = Field(description="The variables in `env` that hold placeholders.")
    mcp_servers: list[McpServerAnswer]


class OpenedSession(SessionAnswer):
    """A session that was just opened."""

    egress: EgressAnswer


class UsesAnswer(Answer):
    """How often the session used a credential at a host."""

    credential_id: str
    host: str
    count: int
    last_used_at: Moment


class RefusalsAnswer(Answer):
    """How often the proxy refused the session something for one reason at one host."""

    code: str = Field(description="As in the `strongroom-refused` header.")
    host: str | None = Field(description="null where the request named none, or where there were too many.")
    count: int
    first_at: Moment
    last_at: Moment


class SessionWithUses(SessionAnswer):
    """A session, the MCP servers that it can speak to, what it used, and what it was refused."""

    mcp_servers: list[McpServerAnswer]
    uses: list[UsesAnswer]
    refusals: list[RefusalsAnswer]


class SessionPage(Answer):
    """Sessions, newest first."""

    data: list[SessionAnswer]
    next_page: str | None


class DecisionEvent(Answer):
    """An entry of the audit log: something that was allowed or denied, or a security event that was observed."""

    type: Literal["decision", "security_event"]
    at: Moment
    id: str
    sequence: int
    principal: str
    action: str
    target: str
    outcome: Outcome
    reason: str | None
    facts: dict[str, str | int]


class UseEvent(Answer):
    """Uses of a credential at a host within one second."""

    type: Literal["use"] = "use"
    at: Moment
    credential_id: str
    host: str
    count: int


class RefusalEvent(Answer):
    """Refusals for one reason at one host; `at` is when the last of them was."""

    type: Literal["refusal"] = "refusal"
    at: Moment
    first_at: Moment
    code: str
    host: str | None
    count: int


class EventList(Answer):
    """What a session did, oldest first."""

    data: list[DecisionEvent | UseEvent | RefusalEvent]
