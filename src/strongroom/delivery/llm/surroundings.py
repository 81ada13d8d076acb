"""What all requests share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

from strongroom.core.sources import Clock
from strongroom.delivery.llm.counters import Counters
from strongroom.delivery.llm.health import HealthNotes
from strongroom.delivery.llm.limits import Limits
from strongroom.delivery.llm.ports import Upstream
from strongroom.delivery.llm.resting import Resting
from strongroom.delivery.llm.shaping import Shapes
from strongroom.services.llm_cloud import CloudCredentials
from strongroom.services.llm_routing import Routes, Secrets

Jitter = Callable[[], float]
"""Between 0 and 1: so that those who wait for the same do not come back together."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """One of each for a process."""

    routes: Routes
    secrets: Secrets
    cloud: CloudCredentials
    upstream: Upstream
    counters: Counters
    resting: Resting
    health: HealthNotes
    clock: Clock
    jitter: Jitter
    limits: Limits
    shapes: Shapes = field(default_factory=Shapes)
