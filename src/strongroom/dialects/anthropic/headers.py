"""What this dialect asks for in headers, in the contract's order: version, beta, workspace (1.3 to 1.5)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, final

from fastapi import Response
from starlette.datastructures import Headers

from strongroom.core.failures import Failure, Invalid, NotPermitted
from strongroom.core.grants import Principal
from strongroom.dialects.anthropic.errors import STATUSES, Error, refusal
from strongroom.dialects.openapi import Parameter

VERSION = "anthropic-version"
BETA = "anthropic-beta"
WORKSPACE = "anthropic-workspace-id"
REQUIRED_BETA = "managed-agents-2026-04-01"

ORGANIZATION = "anthropic-organization-id"

# Known are 2023-06-01 and 2026-10-21. A later client brings a later one and nothing here would differ.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def owned(principal: Principal) -> Mapping[str, str]:
    """Return what answers say of the key that was known (1.6)."""
    return {ORGANIZATION: principal.organization, WORKSPACE: principal.workspace}


@final
class AnthropicConventions:
    """Headers and refusals as Anthropic's clients know them. `strict_beta` insists on the beta's name."""

    responses: Mapping[int | str, dict[str, Any]] = {
        status: {"model": Error, "description": "Refused" if status < 500 else "Failed"}  # noqa: PLR2004 - HTTP
        for status in STATUSES
    }
    parameters: Sequence[Parameter] = (
        {
            "name": VERSION,
            "in": "header",
            "required": True,
            "description": "A version of the API by its date. All get the same behaviour here.",
            "schema": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "example": "2026-10-21"},
        },
        {
            "name": BETA,
            "in": "header",
            "required": False,
            "description": f"Names of betas, separated by commas; `{REQUIRED_BETA}` where the server insists on it.",
            "schema": {"type": "string"},
        },
        {
            "name": WORKSPACE,
            "in": "header",
            "required": False,
            "description": "The key's workspace. A key is bound to one; if this is sent it must be that one.",
            "schema": {"type": "string"},
        },
    )

    def __init__(self, *, strict_beta: bool) -> None:
        self._strict_beta = strict_beta

    def check(self, headers: Headers, principal: Principal) -> None:
        """Raise `Invalid` for version and beta, `NotPermitted` for another workspace."""
        version = headers.get(VERSION)
        if version is None:
            raise Invalid("header is required", field=VERSION)
        if not _DATE.match(version):
            raise Invalid("must be a date: YYYY-MM-DD", field=VERSION)
        if self._strict_beta and REQUIRED_BETA not in _names(headers):
            raise Invalid(f"must name {REQUIRED_BETA}", field=BETA)
        if headers.get(WORKSPACE, principal.workspace) != principal.workspace:
            raise NotPermitted("this key belongs to another workspace")

    def refusal(self, failure: Failure, request_id: str) -> Response:
        """Answer by the table."""
        return refusal(failure, request_id)


def _names(headers: Headers) -> set[str]:
    return {name.strip() for value in headers.getlist(BETA) for name in value.split(",")}
