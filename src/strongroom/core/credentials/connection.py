"""What all kinds have in common that stand for a connection to a vendor of models.

No agent holds a placeholder for one, and the egress proxy puts none in: their secrets leave through the LLM gateway,
toward their own upstream, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from strongroom.core.llm.upstreams import Upstream
from strongroom.core.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDetails:
    """Where the secret goes. Each kind says its tag."""

    upstream: Upstream

    def unique_key(self) -> None:
        """Any number may lead to one upstream."""

    def variables(self, _named: str, /) -> Mapping[str, str]:
        """Agents hold nothing of these kinds."""
        return {}

    def server(self) -> None:
        """Never added to requests of the egress proxy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionMaterial:
    """What is kept. Each kind says its tag and its fields."""

    def stand_in(self) -> None:
        """Never used by placeholder."""

    def bearer(self) -> None:
        """Never sent by the egress proxy."""

    def signing(self) -> Mapping[str, Secret]:
        """What agents sign is not signed anew with it."""
        return {}
