"""What a dialect is built with, besides the use cases."""

from dataclasses import dataclass
from typing import final

from strongroom.core.ids import NewId
from strongroom.core.sources import Clock
from strongroom.crypto.tokens import PageTokens
from strongroom.dialects.rates import Rates


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The operator's choices and the sources that front doors need.

    `insecure_upstreams` admits MCP servers on plain http; `strict_beta` refuses Anthropic requests
    without the beta header; `path_prefix` is where the API is reachable besides the root; `rates` are
    shared by all dialects but the provider's, which counts each token by itself. `callback_url` is where browsers bring
    answers of OAuth servers, and `client_url` where those servers can read who we are.
    """

    clock: Clock
    new_id: NewId
    pages: PageTokens
    insecure_upstreams: bool = False
    strict_beta: bool = False
    path_prefix: str = ""
    rates: Rates | None = None
    provider_rates: Rates | None = None
    callback_url: str | None = None
    client_url: str | None = None
