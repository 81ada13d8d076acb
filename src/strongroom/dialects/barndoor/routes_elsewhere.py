"""What the vendor's client can ask for and this server does not have: said once, so that clients do not ask again.

A 501 is what its client does not repeat (contract 1.2). These want a key first; any other path that is not served here
is answered likewise (`conventions.py`).
"""

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


async def not_offered() -> None:
    """Say so, whatever the body says."""
    raise NotOffered
