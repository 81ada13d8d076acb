"""A server with connections to vendors that a test runs, and the vendors' own clients in front of it."""

from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from tests.delivery.llm.vendors import Vendor
from tests.dialects.barndoor.api import PREFIX, Api, api_of
from tests.dialects.stage import Stage, Tenant
from tests.plain_http import UNUSED_TLS

STORED = "sk-stored-0123456789-wxyz"
ROTATED = "sk-rotated-9876543210-abcd"
BODY = {"model": "gpt", "messages": [{"role": "user", "content": "hi"}]}
MESSAGES = {"model": "claude", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
HI: Any = [{"role": "user", "content": "hi"}]


@dataclass(frozen=True, kw_only=True)
class Route:
    """What a test has made."""

    connection: str | None
    provider: str
    mapping: str


@dataclass(frozen=True, kw_only=True)
class Rig:
    """One tenant's gateway."""

    stage: Stage
    tenant: Tenant
    api: Api
    key: str

    @property
    def url(self) -> str:
        return self.tenant.url + PREFIX

    def route(
        self,
        vendor: Vendor | str,
        *,
        alias: str = "gpt",
        model: str = "gpt-up",
        model_provider: str = "openai",
        auth_type: str | None = None,
        settings: Mapping[str, object] | None = None,
        api_key: str | None = STORED,
        connection: str | None = None,
        name: str | None = None,
        **mapping: Any,  # noqa: ANN401 - the fields of a mapping
    ) -> Route:
        """Make a connection (unless there is one), a provider, its model, and an alias of it."""
        base = vendor if isinstance(vendor, str) else vendor.url
        number = len(self.api.got("/providers")) + 1
        passes = api_key is None
        if connection is None and not passes:
            body: dict[str, object] = {"name": f"c{number}", "model_provider": model_provider, "base_url": base}
            body |= {"api_key": api_key, "settings": dict(settings or {})}
            if auth_type is not None:
                body["auth_type"] = auth_type
            connection = self.api.made("/connections", body)["id"]
        provider: dict[str, object] = {
            "name": name or f"p{number}",
            "model_provider": model_provider,
            "models": [model],
        }
        provider |= (
            {"base_url": base, "auth_type": auth_type} if passes else {"base_url": "", "connection_id": connection}
        )
        made = self.api.made("/providers", provider)["id"]
        named = {"provider_id": made, "model_alias": alias, "upstream_model": model, "kind": "route"}
        row = self.api.made("/model-mappings", named, mapping)
        return Route(connection=connection, provider=made, mapping=row["id"])

    def openai(self, **options: Any) -> AsyncOpenAI:  # noqa: ANN401 - whatever the client takes
        """OpenAI's own client, as its pages show it."""
        given = {"max_retries": 0, "http_client": _client(), **options}
        return AsyncOpenAI(base_url=f"{self.url}/v1", api_key=self.key, **given)

    def anthropic(self, **options: Any) -> AsyncAnthropic:  # noqa: ANN401 - as above
        """Anthropic's own client."""
        given = {"max_retries": 0, "http_client": _client(), **options}
        if "auth_token" not in given:
            given["api_key"] = self.key
        return AsyncAnthropic(base_url=self.url, **given)

    async def post(
        self,
        path: str = "/chat/completions",
        body: object = None,
        *,
        content: bytes | AsyncIterable[bytes] | None = None,
        **fields: Any,  # noqa: ANN401 - header fields
    ) -> httpx.Response:
        """Send plain HTTP."""
        headers = {"authorization": f"Bearer {self.key}"}
        headers |= {name.replace("_", "-"): value for name, value in fields.items()}
        headers = {name: value for name, value in headers.items() if value}
        sent: dict[str, Any] = {"content": content} if content is not None else {"json": BODY if body is None else body}
        async with httpx.AsyncClient(trust_env=False, verify=UNUSED_TLS, timeout=20) as http:
            return await http.post(f"{self.url}/v1{path}", headers=headers, **sent)


def rig_of(stage: Stage) -> Rig:
    """Found a tenant with a gateway key."""
    tenant = stage.tenant()
    api = api_of(tenant)
    return Rig(stage=stage, tenant=tenant, api=api, key=api.made("/api-keys", name="k")["key"])


def told(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the error of an answer in OpenAI's dialect."""
    assert answer.status_code == status, answer.text
    assert answer.headers["strongroom-refused"] == code
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"message", "type", "code", "param"}
    assert error["code"] == code
    return error


def _client() -> Any:  # noqa: ANN401 - made by the library that the vendors' clients are built on
    import httpx2  # noqa: PLC0415 - one of two libraries of one family; only here

    return httpx2.AsyncClient(trust_env=False, timeout=20)
