"""What the vendor's client can ask for and this server does not have: said once, so that clients do not ask again.

A 501 is what its client does not repeat (contract 1.2).
"""

from typing import Annotated, Any

from fastapi import Body

from strongroom.dialects.barndoor.conventions import NotOffered
from strongroom.dialects.barndoor.paths import ADMIN, Paths

RESOURCES = (
    "agent-runtime-profiles",
    "budgets",
    "client-settings",
    "governance-config",
    "model-access",
    "model-pricing",
    "model-route-groups",
    "model-routes",
    "rate-limits",
    "routing-policies",
    "routing-rules",
)


def add_elsewhere(paths: Paths) -> None:
    """Add the routes."""
    for resource in RESOURCES:
        paths.anything(f"{ADMIN}/{resource}", not_offered)
        paths.anything(f"{ADMIN}/{resource}/{{rest:path}}", not_offered)


Whatever = Annotated[Any, Body()]


async def not_offered(sent: Whatever = None) -> None:  # noqa: ARG001 - read so that any body is taken
    """Say so."""
    raise NotOffered
