"""The API's port, put together: every dialect, our own issuer and the gateways, each under its prefix."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from strongroom.assembly.consenting import Public
from strongroom.assembly.signs import Signs
from strongroom.assembly.site import Site
from strongroom.crypto.tokens import PageTokens
from strongroom.dialects import DIALECTS
from strongroom.dialects.front import Front
from strongroom.dialects.mounting import mounted
from strongroom.dialects.options import Options
from strongroom.dialects.rates import Rates, token
from strongroom.dialects.signing_in import signing_in
from strongroom.dialects.well_known import well_known
from strongroom.services.catalogue import Services


def api(site: Site, services: Services, gateways: Mapping[str, ASGIApp], signs: Signs, *, page_key: bytes) -> ASGIApp:
    """Put it together; `gateways` are by path prefix."""
    settings, clock, public = site.settings, site.edge.clock, Public.of(site)
    options = Options(
        clock=clock,
        new_id=site.edge.new_id,
        pages=PageTokens(key=page_key),
        insecure_upstreams=settings.insecure_upstreams,
        strict_beta=settings.strict_beta,
        path_prefix=settings.path_prefix,
        callback_url=public.callback,
        client_url=public.client,
        rates=Rates(
            creates_per_minute=settings.creates_per_minute,
            others_per_minute=settings.requests_per_minute,
            clock=clock,
        ),
        provider_rates=Rates(
            creates_per_minute=settings.provider_requests_per_minute,
            others_per_minute=settings.provider_requests_per_minute,
            clock=clock,
            by=token,
        ),
    )
    return Front(
        apps={
            **mounted(DIALECTS.values(), services, options),
            **well_known(services.identity_keys.issuer, services.identity_keys.key_set),
            **signing_in(services.issuing, options),
            **gateways,
        },
        ready=signs.ready,
        metrics=signs.metrics,
        path_prefix=settings.path_prefix,
    )
