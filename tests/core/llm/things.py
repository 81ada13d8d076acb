"""Upstreams, connections, providers and mappings to make routes of."""
# ruff: noqa: ANN401 - fields and settings of whatever type

from datetime import UTC, datetime, timedelta
from typing import Any

from strongroom.core.credentials import Credential
from strongroom.core.hosts import HostSet
from strongroom.core.ids import CredentialId, OrganizationId, VaultId, WorkspaceId
from strongroom.core.llm.attribution import Actor, Attribution
from strongroom.core.llm.connections import Connection, details_of
from strongroom.core.llm.mappings import MappingKind, ModelMapping
from strongroom.core.llm.providers import Provider
from strongroom.core.llm.upstreams import Upstream, written
from strongroom.core.networking import Limited

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BY = Actor(user_id="00000000-0000-4000-8000-000000000001")
MADE = Attribution(created_by=BY)
HOME: dict[str, Any] = {"organization": OrganizationId("org_1"), "workspace": WorkspaceId("w_1")}
MODEL = "gpt-4o"


def upstream(
    model_provider: str = "openai", auth_type: str = "api_key", base_url: str = "", **settings: Any
) -> Upstream:
    return Upstream(
        model_provider=model_provider,
        auth_type=auth_type,
        base_url=base_url or "https://api.openai.com/v1",
        settings_json=written(settings),
    )


def connection(of: Upstream | None = None, **changes: Any) -> Connection:
    credential = Credential(
        id=CredentialId("c1"),
        **HOME,
        vault=VaultId("v1"),
        details=details_of(of or upstream()),
        display_name="OpenAI",
        metadata={},
        networking=Limited(HostSet()),
        surfaces=frozenset(),
        created_at=NOW,
        updated_at=NOW,
    )
    return Connection(credential=credential, attribution=MADE, **changes)


def provider(name: str = "OpenAI", **changes: Any) -> Provider:
    known: dict[str, Any] = {
        "id": f"p-{name}",
        "name": name,
        "model_provider": "openai",
        "connection": "c1",
        "auth_type": None,
        "base_url": None,
    }
    return Provider(**HOME, **(known | changes), attribution=MADE, created_at=NOW, updated_at=NOW)


def mapping(
    alias: str = MODEL, model: str = MODEL, of: str = "OpenAI", seconds: int = 0, **changes: Any
) -> ModelMapping:
    route = alias != model
    known: dict[str, Any] = {
        "id": f"m-{of}-{alias}-{model}",
        "provider": f"p-{of}",
        "model_alias": alias,
        "upstream_model": model,
        "kind": MappingKind.ROUTE if route else MappingKind.MODEL,
        "bare_alias": route,
    }
    at = NOW + timedelta(seconds=seconds)
    return ModelMapping(**HOME, **(known | changes), attribution=MADE, created_at=at, updated_at=at)
