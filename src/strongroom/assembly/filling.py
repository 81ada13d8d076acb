"""Puts together what fills logins in browsers."""

from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.public_suffixes import registrable
from strongroom.services.arrived_codes import ArrivedCodes
from strongroom.services.fill import Filling, FillService
from strongroom.services.fill_tokens import FillTokenService


def filling(site: Site, ground: Ground) -> Filling:
    """Return who knows the tokens, and who fills."""
    edge, store = site.edge, ground.store
    tokens = FillTokenService(
        tokens=store.fill_tokens, sessions=store.sessions, gate=ground.gate, clock=edge.clock, entropy=edge.entropy
    )
    fill = FillService(
        fills=store.fills,
        sessions=store.sessions,
        credentials=store.credentials,
        environments=store.environments,
        custodian=ground.custodian,
        arrived=ArrivedCodes(codes=store.pushed_codes, seal=ground.keyring),
        uses=store.uses,
        gate=ground.gate,
        clock=edge.clock,
        entropy=edge.entropy,
        registrable=registrable,
    )
    return Filling(tokens=tokens, fill=fill)
